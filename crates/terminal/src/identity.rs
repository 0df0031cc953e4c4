//! Who this terminal is: its number and its signing key, and how it gets them.
//!
//! The key is made here and never leaves. It is stored before the server is asked, so that an answer lost on its way
//! back costs nothing: the same code with the same key can be sent again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ed25519_dalek::{Signer as _, SigningKey};
use link::{Enrol, Enrolled, HexBytes};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Error, ServerAddress, durable, tls};

/// The identity of an enrolled terminal, in the state folder.
const FILE: &str = "terminal.json";

/// The key of an enrolment that has not been answered yet.
const PENDING_FILE: &str = "enrolling.json";

/// How long the server may take to answer an enrolment.
const ENROL_LIMIT: Duration = Duration::from_secs(20);

/// An enrolled terminal.
pub(crate) struct Identity {
    /// The terminal number, 12 hexadecimal digits.
    pub(crate) terminal: String,
    key: SigningKey,
}

/// What lies in a state folder, for the doctor.
pub(crate) struct Look {
    /// The enrolment, if there is one.
    pub(crate) enrolled: Option<(Enrolled, Identity)>,
    /// The server that it was enrolled with.
    pub(crate) server: Option<ServerAddress>,
    /// Whether an enrolment was begun and has had no answer yet.
    pub(crate) pending: bool,
}

/// As it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    enrolled: Option<Enrolled>,
    /// Where it was enrolled, so that the doctor need not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// Ed25519 seed, 32 bytes.
    key: HexBytes,
}

/// What the server says when it says no.
#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Identity {
    /// The identity in a state folder, which nobody else can copy or replace.
    pub(crate) fn load(folder: &Path) -> Result<Self, Error> {
        durable::must_be_private(&folder.join(FILE))?;
        match read(&folder.join(FILE))? {
            Some(Kept { enrolled: Some(enrolled), key, .. }) => Ok(Self { terminal: enrolled.terminal, key }),
            Some(_) | None => Err(Error::NotEnrolled(folder.to_owned())),
        }
    }

    /// Looks at a state folder without changing anything, and at one that is open to others too: to say so.
    pub(crate) fn look(folder: &Path) -> Result<Look, Error> {
        let pending = read(&folder.join(PENDING_FILE))?.is_some();
        let Some(Kept { enrolled, key, server }) = read(&folder.join(FILE))? else {
            return Ok(Look { enrolled: None, server: None, pending });
        };
        let identity = |enrolled: Enrolled| (enrolled.clone(), Self { terminal: enrolled.terminal, key });
        Ok(Look { enrolled: enrolled.map(identity), server: server.and_then(|server| server.parse().ok()), pending })
    }

    /// Where the identity lies in a state folder.
    pub(crate) fn file(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    /// A question to the server how this terminal stands, fresh at `now_us` of the server's clock.
    pub(crate) fn ask_standing(&self, now_us: i64) -> link::AskStanding {
        let signature = self.key.sign(&link::standing_text(&self.terminal, now_us)).to_bytes().to_vec().into();
        link::AskStanding { terminal: self.terminal.clone(), now_us, signature }
    }

    /// Ed25519 over what the server challenged this run of the program with.
    pub(crate) fn sign(&self, boot: &str, nonce: &HexBytes) -> HexBytes {
        self.key.sign(&link::proof_text(&self.terminal, boot, nonce)).to_bytes().to_vec().into()
    }
}

/// Trades a one-time code for an enrolment and keeps the identity in `state_dir`.
///
/// An identity that is there already stays in use until the server has answered with a new one.
pub async fn enrol(
    server: &ServerAddress,
    ca_file: Option<&Path>,
    code: &str,
    state_dir: &Path,
    entropy: &mut (dyn CryptoRng + Send),
) -> Result<Enrolled, Error> {
    let _lock = durable::lock(state_dir)?;
    let pending = state_dir.join(PENDING_FILE);
    durable::must_be_private(&pending)?;
    let key = match read(&pending)? {
        Some(kept) => kept.key,
        None => new_key(&pending, entropy)?,
    };
    let request = Enrol { code: code.trim().to_owned(), public_key: key.verifying_key().to_bytes().to_vec().into() };
    let enrolled = ask(server, ca_file, &request).await?;
    write(&state_dir.join(FILE), Some((&enrolled, server)), &key)?;
    std::fs::remove_file(&pending).map_err(Error::file(&pending))?;
    Ok(enrolled)
}

async fn ask(server: &ServerAddress, ca_file: Option<&Path>, request: &Enrol) -> Result<Enrolled, Error> {
    let unreachable = |error: reqwest::Error| Error::Unreachable(chain(&error));
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::client_config(ca_file)?)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ENROL_LIMIT)
        .build()
        .map_err(unreachable)?;
    let answer = client.post(server.enrol()).json(request).send().await.map_err(unreachable)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        serde_json::from_slice(&body).map_err(|error| Error::Unreachable(format!("its answer makes no sense: {error}")))
    } else if let Ok(Refused { error }) = serde_json::from_slice(&body) {
        Err(Error::Refused(error))
    } else {
        Err(Error::Unreachable(format!("it answered {status}; is {server} the right address?")))
    }
}

/// An error with its causes: the outermost alone only says that a request failed.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn new_key(path: &Path, entropy: &mut (dyn CryptoRng + Send)) -> Result<SigningKey, Error> {
    let mut seed = Zeroizing::new([0; 32]);
    entropy.fill_bytes(seed.as_mut_slice());
    let key = SigningKey::from_bytes(&seed);
    write(path, None, &key)?;
    Ok(key)
}

/// As it was read.
struct Kept {
    enrolled: Option<Enrolled>,
    server: Option<String>,
    key: SigningKey,
}

fn read(path: &Path) -> Result<Option<Kept>, Error> {
    let Some(bytes) = durable::read(path)?.map(Zeroizing::new) else { return Ok(None) };
    let damaged = |line, what| Error::Damaged { path: PathBuf::from(path), line, what };
    let stored: Stored =
        serde_json::from_slice(&bytes).map_err(|error| damaged(error.line(), Error::of_json(&error)))?;
    let seed = Zeroizing::new(stored.key.0);
    let seed: &[u8; 32] =
        seed.as_slice().try_into().map_err(|_| damaged(1, "the key is not 32 bytes long".to_owned()))?;
    Ok(Some(Kept { enrolled: stored.enrolled, server: stored.server, key: SigningKey::from_bytes(seed) }))
}

fn write(path: &Path, enrolled: Option<(&Enrolled, &ServerAddress)>, key: &SigningKey) -> Result<(), Error> {
    let stored = Stored {
        enrolled: enrolled.map(|(enrolled, _)| enrolled.clone()),
        server: enrolled.map(|(_, server)| server.to_string()),
        key: key.to_bytes().to_vec().into(),
    };
    // Plain texts cannot fail to serialise.
    let bytes = Zeroizing::new(serde_json::to_vec_pretty(&stored).unwrap_or_default());
    durable::replace(path, &bytes)
}
