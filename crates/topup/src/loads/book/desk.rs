//! The decisions on a batch of jobs, one after the other, in memory. No database, no clock.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger::{Accounts, Fen, GroupId, Kind, Movement, Rejected};
use store::{Micros, Result};

use super::totals::{Place, Totals};
use super::{Authorised, Disproof, Doubt, Ended, NewLoad, Release, Settled, State};

/// What the queue is asked for.
#[derive(Debug)]
pub(super) enum Job {
    Authorise(Box<Opening>),
    Refuse(Box<Opening>, &'static str),
    Settle(Settled),
    Release(Release),
    Disprove(Disproof),
    Doubt(Doubt),
}

/// What it answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Authorised(Authorised),
    Ended(Ended),
}

/// A new load, with the evidence in the texts that the table keeps: made by the caller, so that the one worker does not
/// have to.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) load: NewLoad,
    pub(super) place: Place,
    pub(super) texts: Option<Texts>,
}

/// Evidence in hex.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) random: String,
    pub(super) mac1: String,
    pub(super) mac2: String,
    pub(super) host_time: String,
}

/// A load as the table has it, or will have it once the batch is written.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) state: State,
    pub(super) amount: Fen,
    pub(super) place: Place,
    /// Opened in this batch.
    pub(super) new: bool,
}

/// A load to insert.
#[derive(Debug)]
pub(super) struct Opened<'j> {
    pub(super) opening: &'j Opening,
    pub(super) state: State,
    pub(super) reason: Option<&'static str>,
    /// The quota before and after the hold.
    pub(super) quota: Option<(Fen, Fen)>,
}

/// What becomes of a load that is in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'j> {
    pub(super) state: State,
    pub(super) reason: Option<&'static str>,
    pub(super) tac: Option<&'j str>,
    pub(super) balance_after: Option<Fen>,
    pub(super) answers: Option<&'j str>,
    /// When it was decided; a doubt decides nothing.
    pub(super) decided_at: Option<Micros>,
    /// The load is opened in this batch, so it has to be in the table first.
    pub(super) of_new: bool,
}

/// The desk at which a batch is decided.
#[derive(Debug)]
pub(super) struct Desk<'j> {
    pub(super) accounts: Accounts,
    known: HashMap<(GroupId, i64), Known>,
    /// Intents that have a load: those looked up, and those of this batch.
    intents: HashSet<(GroupId, &'j str)>,
    pub(super) opened: Vec<Opened<'j>>,
    /// By load, in order: two processes then change loads in the same order too.
    pub(super) changes: BTreeMap<(GroupId, i64), Change<'j>>,
    /// The loads that ended in this batch.
    pub(super) totals: Totals,
}

impl Job {
    /// Whose money it is about.
    pub(super) fn group(&self) -> GroupId {
        match self {
            Self::Authorise(opening) | Self::Refuse(opening, _) => opening.load.group,
            Self::Settle(Settled { group, .. })
            | Self::Release(Release { group, .. })
            | Self::Disprove(Disproof { group, .. })
            | Self::Doubt(Doubt { group, .. }) => *group,
        }
    }

    /// The load it is to end.
    pub(super) fn ends(&self) -> Option<(GroupId, i64)> {
        match self {
            Self::Authorise(_) | Self::Refuse(..) => None,
            Self::Settle(Settled { group, id, .. })
            | Self::Release(Release { group, id, .. })
            | Self::Disprove(Disproof { group, id, .. })
            | Self::Doubt(Doubt { group, id, .. }) => Some((*group, *id)),
        }
    }

    /// The intent it is to open a load for.
    pub(super) fn opens(&self) -> Option<(GroupId, &str)> {
        match self {
            Self::Authorise(opening) | Self::Refuse(opening, _) => Some((opening.load.group, &opening.load.intent)),
            Self::Settle(_) | Self::Release(_) | Self::Disprove(_) | Self::Doubt(_) => None,
        }
    }
}

impl<'j> Desk<'j> {
    /// A desk with the locked accounts, the loads that are to end, and the intents known to have a load.
    pub(super) fn new(
        accounts: Accounts,
        known: HashMap<(GroupId, i64), Known>,
        intents: HashSet<(GroupId, &'j str)>,
    ) -> Self {
        Self { accounts, known, intents, opened: Vec::new(), changes: BTreeMap::new(), totals: Totals::default() }
    }

    /// Decides one job after all those before it.
    pub(super) fn decide(&mut self, job: &'j Job) -> Result<Answer> {
        match job {
            Job::Authorise(opening) => self.authorise(opening).map(Answer::Authorised),
            Job::Refuse(opening, reason) => Ok(Answer::Ended(self.refuse(opening, reason))),
            Job::Settle(Settled { group, id, tac, balance_after, at }) => {
                let change = Change {
                    tac: Some(tac),
                    balance_after: Some(*balance_after),
                    ..Change::to(State::Succeeded, None, Some(*at))
                };
                self.end((*group, *id), change, passage, Some((Kind::OnCards, "load succeeded", *at)))
            }
            Job::Release(Release { group, id, reason, at }) => {
                let change = Change::to(State::Failed, Some(reason), Some(*at));
                self.end((*group, *id), change, passage, Some((Kind::Quota, "load released", *at)))
            }
            Job::Disprove(Disproof { group, id, reason, answers, at }) => {
                let change = Change { answers: Some(answers), ..Change::to(State::Failed, Some(reason), Some(*at)) };
                self.end((*group, *id), change, passage_by_proof, Some((Kind::Quota, "load disproved", *at)))
            }
            Job::Doubt(Doubt { group, id, reason, answers, .. }) => {
                let change = Change { answers: answers.as_deref(), ..Change::to(State::Unknown, Some(reason), None) };
                let load = (*group, *id);
                if answers.is_some() && self.known.get(&load).is_some_and(|load| load.state == State::Unknown) {
                    // One more answer of the card is kept as evidence.
                    self.change(load, change);
                    return Ok(Answer::Ended(Ended::Already));
                }
                self.end(load, change, passage, None)
            }
        }
    }

    fn authorise(&mut self, opening: &'j Opening) -> Result<Authorised> {
        let NewLoad { group, id, amount, at, ref intent, .. } = opening.load;
        if self.intents.contains(&(group, intent.as_str())) {
            return Ok(Authorised::Duplicate);
        }
        let available = self.accounts.balances(group).map_or(Fen::ZERO, |balances| balances.get(Kind::Quota));
        let hold =
            Movement { group, from: Kind::Quota, to: Kind::Held, amount, reason: "load authorised", subject: id, at };
        match self.accounts.post(hold) {
            Ok(posted) => {
                let quota = (available, posted.from_after);
                self.open(Opened { opening, state: State::Authorised, reason: None, quota: Some(quota) });
                Ok(Authorised::Held { quota_before: available, quota_after: posted.from_after })
            }
            Err(Rejected::Short { .. } | Rejected::NoAccounts) => Ok(Authorised::Short { available }),
            Err(rejected @ Rejected::NotAMovement) => Err(impossible(rejected)),
        }
    }

    fn refuse(&mut self, opening: &'j Opening, reason: &'static str) -> Ended {
        if self.intents.contains(&(opening.load.group, opening.load.intent.as_str())) {
            return Ended::Already;
        }
        self.open(Opened { opening, state: State::Failed, reason: Some(reason), quota: None });
        Ended::Now
    }

    fn open(&mut self, opened: Opened<'j>) {
        let load = &opened.opening.load;
        self.intents.insert((load.group, &load.intent));
        // A caller that gave up waiting for the hold may say already that it goes back.
        let place = opened.opening.place.clone();
        self.totals.ended((load.group, load.id), &place, opened.state, load.amount);
        let known = Known { state: opened.state, amount: load.amount, place, new: true };
        self.known.insert((load.group, load.id), known);
        self.opened.push(opened);
    }

    /// Brings a load that is in the table to another state, and its held money to another account.
    fn end(
        &mut self,
        (group, id): (GroupId, i64),
        change: Change<'j>,
        passage: fn(State, State) -> Ended,
        money: Option<(Kind, &'static str, Micros)>,
    ) -> Result<Answer> {
        let Some(load) = self.known.get(&(group, id)) else { return Ok(Answer::Ended(Ended::NoLoad)) };
        let ended = passage(load.state, change.state);
        if ended != Ended::Now {
            return Ok(Answer::Ended(ended));
        }
        if let Some((to, reason, at)) = money {
            let movement = Movement { group, from: Kind::Held, to, amount: load.amount, reason, subject: id, at };
            // The hold was taken when the load was authorised: what is held cannot be too little.
            self.accounts.post(movement).map_err(impossible)?;
        }
        self.change((group, id), change);
        Ok(Answer::Ended(Ended::Now))
    }

    /// Notes what becomes of a load, after what was noted of it before.
    fn change(&mut self, id: (GroupId, i64), change: Change<'j>) {
        let Some(load) = self.known.get_mut(&id) else { return };
        load.state = change.state;
        self.totals.ended(id, &load.place, load.state, load.amount);
        let change = Change { of_new: load.new, ..change };
        self.changes.entry(id).or_insert_with(|| Change::to(change.state, None, None)).follow(change);
    }
}

/// Whether a load goes from one state to another.
fn passage(from: State, to: State) -> Ended {
    match (from, to) {
        (State::Authorised | State::Unknown, State::Succeeded)
        | (State::Authorised, State::Failed | State::Unknown) => Ended::Now,
        (from, to) if from == to => Ended::Already,
        // A doubt about what is decided is no contradiction: the decision came first.
        (State::Succeeded | State::Failed, State::Unknown) => Ended::Already,
        (from, _) => Ended::Contrary(from),
    }
}

/// Whether the card's own proof, or people, bring a load from one state to another: out of the doubt, and nowhere else.
pub(super) fn passage_by_proof(from: State, to: State) -> Ended {
    if from == State::Unknown {
        Ended::Now
    } else if from == to {
        Ended::Already
    } else {
        Ended::Contrary(from)
    }
}

impl Change<'_> {
    fn to(state: State, reason: Option<&'static str>, decided_at: Option<Micros>) -> Self {
        Self { state, reason, tac: None, balance_after: None, answers: None, decided_at, of_new: false }
    }

    /// This change and then `next`, in one.
    fn follow(&mut self, next: Self) {
        let answers = next.answers.or(self.answers);
        *self = Self { answers, ..next };
    }
}

impl From<NewLoad> for Opening {
    fn from(load: NewLoad) -> Self {
        let texts = load.evidence.as_ref().map(|evidence| Texts {
            random: hex::encode_upper(evidence.random),
            mac1: evidence.mac1.to_string(),
            mac2: evidence.mac2.to_string(),
            host_time: evidence.host_time.to_string(),
        });
        let place = Place { operator: load.operator, terminal: load.terminal.as_str().into() };
        Self { load, place, texts }
    }
}

/// The books contradict themselves: nothing of the batch is written, and this job fails alone.
pub(super) fn impossible(rejected: Rejected) -> store::Error {
    sqlx::Error::Protocol(format!("a load's money cannot move: {rejected}")).into()
}
