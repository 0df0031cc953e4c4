//! Readers and the card that lies on one of them. Nothing is changed on it: it is selected and its public file is read.

use std::sync::Arc;
use std::time::Duration;

use epurse::apdu::{Answer, Command};
use epurse::applications::Aid;
use epurse::file15::{self, File15, Layout};
use link::{Reader, Tap};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::seen::{CardSeen, ReadersSeen};
use crate::{Card, CardLost, Health, Readers};

/// How long the readers have to show themselves: the service is asked again within this time when it does not answer.
const SHOW: Duration = Duration::from_secs(3);

/// How long a card may take for all of it.
const CARD: Duration = Duration::from_secs(8);

/// The applications of the field: what each is called, what must be selected first, and how its file 15 is laid out.
/// For the last digits of the number it does not matter which of the two layouts of a city card it is.
const APPLICATIONS: [(&str, Option<Aid>, Aid, Layout); 2] =
    [("city", Some(Aid::CITY_DIRECTORY), Aid::CITY, Layout::Mohurd), ("t-union", None, Aid::T_UNION, Layout::TUnion)];

/// Looks at the readers, and at a card unless the terminal runs and has it to itself.
pub(super) async fn look(readers: Option<Arc<dyn Readers>>, running: bool, wait: Duration) -> (ReadersSeen, CardSeen) {
    let Some(readers) = readers else { return (ReadersSeen::NotBuilt, CardSeen::NoReaders) };
    let mut health = readers.health();
    let health = *match timeout(SHOW, health.wait_for(|health| *health != Health::Unknown)).await {
        Ok(Ok(health)) => health,
        Ok(Err(_)) | Err(_) => return (ReadersSeen::Silent, CardSeen::NoReaders),
    };
    let mut lies = readers.watch();
    let names: Vec<String> = lies.borrow().iter().map(|reader| reader.name.clone()).collect();
    match (health, running) {
        (Health::NoService, _) => return (ReadersSeen::NoService, CardSeen::NoReaders),
        (Health::Forbidden, _) => return (ReadersSeen::Forbidden, CardSeen::NoReaders),
        (Health::Unknown | Health::NoReader, _) => return (ReadersSeen::There { names }, CardSeen::NoReaders),
        (Health::MuteCard | Health::Ready, true) => return (ReadersSeen::There { names }, CardSeen::LeftAlone),
        (Health::MuteCard | Health::Ready, false) => {}
    }
    let card = match put_down(&mut lies, wait).await {
        Some(tap) => read(readers, tap).await,
        None if health == Health::MuteCard => CardSeen::Mute,
        None => CardSeen::None,
    };
    (ReadersSeen::There { names }, card)
}

/// The card that lies there, or comes in time.
async fn put_down(lies: &mut watch::Receiver<Vec<Reader>>, wait: Duration) -> Option<Tap> {
    let tap = |readers: &Vec<Reader>| readers.iter().find_map(|reader| reader.tap.clone());
    let found = timeout(wait, lies.wait_for(|readers| tap(readers).is_some())).await;
    match found {
        Ok(Ok(readers)) => tap(&readers),
        Ok(Err(_)) | Err(_) => None,
    }
}

async fn read(readers: Arc<dyn Readers>, tap: Tap) -> CardSeen {
    let reader = tap.reader.clone();
    let reading = spawn_blocking(move || {
        let mut card = readers.connect(tap.tap)?;
        ask(&mut *card, &tap)
    });
    match timeout(CARD, reading).await {
        Ok(Ok(Ok(seen))) => seen,
        Ok(Ok(Err(CardLost)) | Err(_)) | Err(_) => CardSeen::Lost { reader },
    }
}

/// Asks the card for each application in turn.
fn ask(card: &mut dyn Card, tap: &Tap) -> Result<CardSeen, CardLost> {
    let (reader, atr) = (tap.reader.clone(), tap.atr.to_string());
    let mut answers = Vec::new();
    for (application, directory, aid, layout) in APPLICATIONS {
        if let Some(directory) = directory {
            send(card, &directory.select())?;
        }
        let selected = send(card, &aid.select())?;
        if !selected.status.is_success() {
            answers.push(format!("{application}: {}", selected.status));
            continue;
        }
        let file = send(card, &file15::read_command())?;
        let tail = match file
            .success()
            .map_err(|status| status.to_string())
            .and_then(|data| File15::parse(layout, &data).map_err(|why| why.to_string()))
        {
            Ok(file) => tail(&file.number().to_string()),
            Err(why) => return Ok(CardSeen::Strange { reader, atr, why }),
        };
        return Ok(CardSeen::Ours { reader, atr, application: application.to_owned(), tail });
    }
    Ok(CardSeen::Foreign { reader, atr, answers })
}

/// An answer that is no answer counts as a card that left.
fn send(card: &mut dyn Card, command: &Command) -> Result<Answer, CardLost> {
    Answer::parse(&card.transmit(&command.to_bytes())?).map_err(|_| CardLost)
}

fn tail(number: &str) -> String {
    number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}
