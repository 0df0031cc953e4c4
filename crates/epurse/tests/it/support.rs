//! A card of an issuer with the master keys of vector V6, and a host that holds them too.

use epurse::apdu::{Answer, Command, SendError, Status, send};
use epurse::applications::Aid;
use epurse::card::{CardKeys, Profile, Quirks, Removed, SoftCard, State};
use epurse::file15::{File15, Layout};
use epurse::keys::{Algorithm, Key};
use epurse::load::{Counter, Credit, Initialize, Initialized, Purse, Session};
use epurse::mac::Mac;
use epurse::purchase;
use epurse::terminal::TerminalNumber;
use epurse::time::{Date, HostTime};

pub(crate) const TERMINAL: TerminalNumber = TerminalNumber([0x11, 0x22, 0x33, 0x44, 0x55, 0x66]);
pub(crate) const QUIRKS: [Quirks; 2] = [Quirks::FIELD, Quirks::APPLET];

pub(crate) fn array<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

pub(crate) fn time() -> HostTime {
    "20261122010203".parse().unwrap()
}

pub(crate) fn file15(layout: Layout) -> File15 {
    let number = match layout {
        Layout::Mohurd => "4100000099000001",
        Layout::Pboc | Layout::TUnion => "00004100000099000001",
    };
    let (start, expiry) = (Date::new(2020, 1, 1).unwrap(), Date::new(2038, 8, 8).unwrap());
    File15::new(layout, [0x07, 0x31, 0x41, 0, 0, 0, 0, 0], number.parse().unwrap(), start, expiry).unwrap()
}

pub(crate) fn keys(algorithm: Algorithm) -> CardKeys {
    let [mlk, mpk, mtk]: [Key; 3] =
        ["0123456789ABCDEFFEDCBA9876543210", "A0A1A2A3A4A5A6A7B0B1B2B3B4B5B6B7", "00112233445566778899AABBCCDDEEFF"]
            .map(|key| key.parse().unwrap());
    CardKeys::of_masters(algorithm, &mlk, &mpk, &mtk, file15(Layout::Mohurd).diversifier())
}

pub(crate) fn profile() -> Profile {
    Profile::new(file15(Layout::Mohurd), keys(Algorithm::TripleDes))
}

/// A card in the reader with its application selected.
pub(crate) fn ready(profile: Profile, state: State) -> SoftCard {
    let mut card = SoftCard::new(profile, state);
    enter(&mut card).unwrap();
    card
}

/// Resets the card and selects its application.
pub(crate) fn enter(card: &mut SoftCard) -> Result<(), Removed> {
    card.power_on();
    let aid = card.profile().aid;
    ask(card, &aid.select()).map(|answer| assert!(matches!(answer.status, Status::Success | Status::Invalidated)))
}

pub(crate) fn ask(card: &mut SoftCard, command: &Command) -> Result<Answer, Removed> {
    send(card, command).map_err(|error| match error {
        SendError::Transmit(removed) => removed,
        SendError::Exchange(broken) => panic!("{broken}"),
    })
}

/// The status of a raw APDU given in hexadecimal.
pub(crate) fn status(card: &mut SoftCard, apdu: &str) -> u16 {
    Answer::parse(&card.transmit(&hex::decode(apdu).unwrap()).unwrap()).unwrap().status.raw()
}

pub(crate) fn initialize(amount: u32) -> Initialize {
    Initialize { purse: Purse::Ep, key_index: 0x01, amount, terminal: TERMINAL }
}

/// INITIALIZE FOR LOAD, with the card's MAC1 verified.
pub(crate) fn open_load(card: &mut SoftCard, amount: u32) -> Result<Result<Session, Status>, Removed> {
    let request = initialize(amount);
    Ok(ask(card, &request.command())?.success().map(|data| {
        let answer = Initialized::parse(&data).unwrap();
        let session = Session::new(&request, &answer);
        assert_eq!(session.mac1(&session.key(Algorithm::TripleDes, &keys(Algorithm::TripleDes).dlk)), answer.mac1);
        session
    }))
}

/// CREDIT FOR LOAD with the right MAC2.
pub(crate) fn credit(session: &Session) -> Command {
    let key = session.key(Algorithm::TripleDes, &keys(Algorithm::TripleDes).dlk);
    Credit { time: time(), mac2: session.mac2(&key, time()) }.command()
}

pub(crate) fn tac(session: &Session) -> Mac {
    session.tac(&keys(Algorithm::TripleDes).dtk.tac(Algorithm::TripleDes), time()).unwrap()
}

/// A whole load; the TAC is verified.
pub(crate) fn load(card: &mut SoftCard, amount: u32) -> Result<Result<Session, Status>, Removed> {
    let session = match open_load(card, amount)? {
        Ok(session) => session,
        Err(status) => return Ok(Err(status)),
    };
    Ok(ask(card, &credit(&session))?.success().map(|data| {
        assert_eq!(Mac::parse(&data).unwrap(), tac(&session));
        session
    }))
}

/// A whole purchase; the card's MAC2 and TAC are verified.
pub(crate) fn buy(card: &mut SoftCard, amount: u32) -> Result<Result<Counter, Status>, Removed> {
    let request = purchase::Initialize { key_index: 0x01, amount, terminal: TERMINAL };
    let data = match ask(card, &request.command())?.success() {
        Ok(data) => data,
        Err(status) => return Ok(Err(status)),
    };
    let opened = purchase::Initialized::parse(&data).unwrap();
    let session = purchase::Session {
        transaction_type: purchase::EP_PURCHASE,
        amount,
        terminal: TERMINAL,
        terminal_sequence: 1,
        counter: opened.counter,
        random: opened.random,
        time: time(),
        auth: card.profile().security_code,
    };
    let keys = keys(Algorithm::TripleDes);
    let key = session.key(Algorithm::TripleDes, &keys.dpk);
    let debit = purchase::Debit { terminal_sequence: 1, time: time(), mac1: session.mac1(&key) };
    Ok(ask(card, &debit.command())?.success().map(|data| {
        let debited = purchase::Debited::parse(&data).unwrap();
        assert_eq!(debited.mac2, session.mac2(&key));
        assert_eq!(debited.tac, session.tac(&keys.dtk.tac(Algorithm::TripleDes)));
        opened.counter
    }))
}

pub(crate) fn select_text(aid: Aid) -> String {
    hex::encode_upper(aid.select().to_bytes())
}
