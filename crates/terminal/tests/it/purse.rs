//! Software cards, and the host's side of a load as the server plays it.

use epurse::apdu::Command;
use epurse::applications::Aid;
use epurse::keys::{Algorithm, Key};
use epurse::load::{Credit, Initialize, Initialized, Purse, Session};
use epurse::mac::Mac;
use epurse::terminal::TerminalNumber;
use epurse::time::HostTime;
use epurse::{balance, file15};
use link::{Expected, HexBytes, Script, Step};
use terminal::{MasterKeys, SoftCardDefinition, sample_cards};

use crate::server::{Peer, TERMINAL};

pub(crate) const ORDINARY: &str = "4100000099000001";
pub(crate) const FOREIGN: &str = "5100000088000007";

fn keys(byte: u8) -> MasterKeys {
    let key = |role: u8| Key::new([byte, role, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    MasterKeys { mlk: key(1), mpk: key(2), mtk: key(3) }
}

pub(crate) fn cards() -> Vec<SoftCardDefinition> {
    sample_cards(&keys(0x11), &keys(0x77), 2026)
}

/// A script of commands that must all succeed.
pub(crate) fn script(id: &str, tap: u64, commits: bool, commands: &[Command]) -> Script {
    let step = |command: &Command| Step { apdu: command.to_bytes().into(), expect: Expected::Success };
    Script { id: id.into(), tap, commits, limit_ms: 4_000, steps: commands.iter().map(step).collect() }
}

/// Reads who the card is and what is on it.
pub(crate) fn see(id: &str, tap: u64) -> Script {
    script(id, tap, false, &[Aid::CITY.select(), file15::read_command(), balance::read_command(Purse::Ep)])
}

/// A load as the server has it between the card's two answers.
pub(crate) struct Load {
    session: Session,
    card: &'static str,
    pub(crate) genuine: bool,
    pub(crate) credit: Script,
}

impl Load {
    /// INITIALIZE on the card of this tap, and the CREDIT to send next.
    pub(crate) async fn initialize(peer: &mut Peer, tap: u64, card: &'static str, id: &str, amount: u32) -> Self {
        let terminal: TerminalNumber = TERMINAL.parse().unwrap();
        let request = Initialize { purse: Purse::Ep, key_index: 1, amount, terminal };
        let initialize = script(&format!("{id}-init"), tap, false, &[Aid::CITY.select(), request.command()]);
        let answers = peer.complete(&initialize).await;
        let answer = Initialized::parse(data(&answers[1])).unwrap();
        let session = Session::new(&request, &answer);
        let key = session.key(Algorithm::TripleDes, &keys(0x11).mlk.diversify(Algorithm::TripleDes, factor(card)));
        let credit = Credit { time: time(), mac2: session.mac2(&key, time()) };
        let credit = script(id, tap, true, &[credit.command()]);
        Self { session, card, genuine: session.mac1(&key) == answer.mac1, credit }
    }

    /// Whether the card's answer proves that the money arrived.
    pub(crate) fn proven_by(&self, answer: &HexBytes) -> bool {
        let dtk = keys(0x11).mtk.diversify(Algorithm::TripleDes, factor(self.card));
        let expected = self.session.tac(&dtk.tac(Algorithm::TripleDes), time()).unwrap();
        Mac::parse(data(answer)).is_ok_and(|tac| tac == expected)
    }
}

fn factor(card: &str) -> epurse::keys::Diversifier {
    card.parse::<file15::CardNumber>().unwrap().diversifier()
}

fn time() -> HostTime {
    HostTime::from_bcd([0x20, 0x26, 0x11, 0x22, 0x14, 0x32, 0x08]).unwrap()
}

/// An answer without its status word.
pub(crate) fn data(answer: &HexBytes) -> &[u8] {
    &answer.as_ref()[..answer.as_ref().len() - 2]
}
