//! What the doctor sees: facts and figures, without a judgement. Nothing secret is among them.

use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

/// Everything that was seen.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Seen {
    pub(super) here: Here,
    pub(super) folder: Folder,
    pub(super) readers: ReadersSeen,
    pub(super) card: CardSeen,
    /// None if nobody said where the server is.
    pub(super) server: Option<ServerSeen>,
    /// None if there is no server to ask.
    pub(super) standing: Option<StandingSeen>,
}

/// This program and the computer it runs on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Here {
    pub(super) program: String,
    pub(super) link: u16,
    /// As Rust names it: `linux`, `windows`, `macos`.
    pub(super) system: String,
    pub(super) machine: String,
}

impl Here {
    pub(super) fn new() -> Self {
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            link: link::VERSION,
            system: std::env::consts::OS.to_owned(),
            machine: std::env::consts::ARCH.to_owned(),
        }
    }
}

/// The terminal's folder.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Folder {
    pub(super) path: String,
    /// Whether the terminal program runs on it.
    pub(super) running: bool,
    pub(super) identity: IdentitySeen,
    pub(super) journal: JournalSeen,
    pub(super) disk: DiskSeen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum IdentitySeen {
    /// No folder, or nothing in it.
    None,
    /// An enrolment was begun and not answered.
    Pending,
    /// This user may not read it.
    Forbidden,
    /// It does not read as an identity, or cannot be read.
    Damaged { why: String },
    Enrolled {
        number: String,
        name: String,
        /// Who may read the key file, as the system writes it (`640`), if others than its user may.
        open_to: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum JournalSeen {
    None,
    Forbidden,
    Damaged { why: String },
    Good { owed: Vec<String> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DiskSeen {
    /// There is no folder yet.
    None,
    Unwritable {
        why: String,
    },
    Writable {
        free_bytes: Option<u64>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadersSeen {
    /// This program was built without PC/SC.
    NotBuilt,
    /// The service does not answer.
    NoService,
    Forbidden,
    /// The service has not said anything in time.
    Silent,
    There {
        names: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CardSeen {
    /// No readers to look on.
    NoReaders,
    /// The terminal program runs and has the card to itself.
    LeftAlone,
    None,
    Mute,
    /// It left while it was read, or kept silent.
    Lost {
        reader: String,
    },
    Foreign {
        reader: String,
        atr: String,
        /// What it answered when it was asked for our applications.
        answers: Vec<String>,
    },
    /// An application of ours whose data makes no sense.
    Strange {
        reader: String,
        atr: String,
        why: String,
    },
    Ours {
        reader: String,
        atr: String,
        application: String,
        /// The last four digits of its number.
        tail: String,
    },
}

/// The way to the server, step by step; a step is not taken when the one before failed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ServerSeen {
    pub(super) address: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// What the environment says of proxies, without passwords. The terminal asks none of them.
    pub(super) proxies: Vec<String>,
    pub(super) reach: Reach,
    pub(super) tls: TlsSeen,
    pub(super) answer: AnswerSeen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reach {
    /// Its name leads nowhere.
    NoName {
        why: String,
    },
    /// None of its addresses takes a connection.
    NoWay {
        tried: Vec<Tried>,
    },
    Reached {
        at: SocketAddr,
        all: Vec<IpAddr>,
        connect_us: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Tried {
    pub(super) at: SocketAddr,
    pub(super) why: Why,
}

/// Why a connection was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// The computer there says no: nothing listens on that port, or a firewall says so.
    Refused,
    /// Nothing came back.
    Silent,
    /// No way leads there.
    Unreachable,
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TlsSeen {
    NotReached,
    /// On this machine, without TLS.
    Plain,
    /// This computer trusts nobody.
    NoAuthorities,
    /// The file with the authorities cannot be used.
    AuthorityFile {
        why: String,
    },
    /// What answers does not speak TLS.
    NotTls,
    Failed {
        why: String,
    },
    Shown {
        certificate: CertificateSeen,
        verdict: Trust,
    },
}

/// The certificate that the server showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct CertificateSeen {
    pub(super) issuer: String,
    /// What it is for: names and addresses.
    pub(super) names: Vec<String>,
    pub(super) from: String,
    pub(super) until: String,
    /// By this computer's clock; below zero when it is over.
    pub(super) days_left: i64,
}

/// What this computer makes of the certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trust {
    Good,
    /// Not valid at the time that this computer's clock shows. `otherwise_good`: at another time it would be.
    OutOfTime {
        otherwise_good: bool,
    },
    UnknownIssuer {
        own_file: bool,
    },
    WrongName,
    Other {
        why: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AnswerSeen {
    NotAsked,
    Failed {
        why: String,
    },
    /// Something else than our server.
    Strange {
        status: u16,
        clock: Option<ClockSeen>,
    },
    Ours {
        program: String,
        link: u16,
        clock: ClockSeen,
        /// There and back, the median of a few.
        trip_us: u64,
    },
}

/// This computer's clock beside the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ClockSeen {
    /// Ahead of the server's; below zero when behind.
    pub(super) ahead_ms: i64,
    /// Known to the second only.
    pub(super) coarse: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StandingSeen {
    /// There is nobody to ask about, or the server could not be asked.
    NotAsked,
    Failed {
        why: String,
    },
    Good {
        name: String,
        connected: bool,
    },
    Revoked,
    Unknown,
}
