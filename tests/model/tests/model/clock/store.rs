//! The rows that have deadlines, by a clock that counts in ticks: the lock of one server, and the lock of one thing that
//! it holds. Every step and every deadline is that of `realmgate_sidecar::lock`.

use std::sync::LazyLock;
use std::time::Duration;

use realmgate_protocol::ids::{LockEpoch, ServerId};
use realmgate_sidecar::lock::timers::{OUTAGE_AFTER, grace_after_outage};
use realmgate_sidecar::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, Claim, CookieHash, LockStep, ServerKey,
    ServerLock, Timers,
};
use uuid::Uuid;

use super::Rules;

/// As long as nobody may be asleep: with a sweep in every tick there is no outage, without one there is.
const TICK: Duration = OUTAGE_AFTER;
/// For how many ticks a server may be silent.
pub const PATIENCE: u8 = 3;
/// How many ticks a server that came back has to reclaim.
pub const RECLAIM: u8 = 2;
/// How many ticks owners have after an outage.
pub const GRACE: u8 = 2;

const GATEWAY: &str = "g0";
static MAP: LazyLock<ServerId> = LazyLock::new(|| "m0".parse().expect("it is an id"));
static COOKIE: LazyLock<CookieHash> = LazyLock::new(|| CookieHash::of("the cookie"));

/// Whose lock it is, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A map server that has a character.
    Map,
    /// A replica that speaks for an account.
    Replica,
}

/// What the database has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Store {
    /// The server's lock, until a timer ends it.
    pub row: Option<Row>,
    /// Whether the server holds the thing.
    pub held: bool,
    /// Until when it has to be reclaimed.
    pub reclaim_by: Option<u8>,
    /// When timers were last fired.
    pub swept: u8,
}

/// A server's lock, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    pub heard: u8,
    pub deadline: u8,
}

/// What a sweeper has read, and when: its end is another statement, and much may come between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Due {
    pub at: u8,
    pub row: Option<Row>,
    pub reclaim_by: Option<u8>,
}

impl Store {
    /// A server is heard of at this moment, and holds its thing.
    pub fn new(kind: Kind, now: u8) -> Self {
        Self { row: Some(heard(kind, now)), held: true, reclaim_by: None, swept: now }
    }

    /// A renewal that was made out at this moment; false where the server is not known any more.
    pub fn renew(&mut self, kind: Kind, at: u8, rules: Rules) -> bool {
        let Some(row) = &mut self.row else { return false };
        let new = heard(kind, at);
        let is_later = new.deadline >= row.deadline || !rules.renewals_only_extend;
        *row = if is_later { new } else { *row };
        true
    }

    /// The server comes back with its cookie; whether it may reclaim.
    pub fn meet(&mut self, kind: Kind, now: u8, rules: Rules) -> bool {
        let Some(row) = self.row else { return false };
        let is_late = !rules.only_timers_end && real(row).is_over(ms(now));
        if is_late || ServerLock::claim(Some(&real(row)), Some(&COOKIE), ms(now)) != Claim::Returned {
            return false;
        }
        self.step(kind, now, Step::Returned);
        self.row = Some(heard(kind, now));
        true
    }

    /// The server names the thing; whether it has it still.
    pub fn reclaim(&mut self, kind: Kind, now: u8) -> bool {
        self.row.is_some() && self.step(kind, now, Step::Reclaimed)
    }

    /// Somebody begins to fire timers; until when everybody has a grace, if nobody did so for too long.
    pub fn watch(&mut self, now: u8, rules: Rules) -> Option<u8> {
        let until = self.grace(now).filter(|_| rules.grace_after_outage);
        if let Some(until) = until {
            self.reclaim_by = self.reclaim_by.map(|by| by.max(until));
            self.row = self.row.map(|row| Row { deadline: row.deadline.max(until), ..row });
        }
        self.swept = self.swept.max(now);
        until
    }

    /// The grace that the next sweep would give.
    pub fn grace(&self, now: u8) -> Option<u8> {
        grace_after_outage(ms(self.swept), ms(now), &timers()).map(ticks)
    }

    /// What is due.
    pub fn due(&self, now: u8) -> Due {
        let row = self.row.filter(|row| real(*row).is_over(ms(now)));
        let reclaim_by = self.reclaim_by.filter(|by| *by <= now);
        Due { at: now, row, reclaim_by }
    }

    /// Ends what was due, if it is so still; whether the server has lost its thing by it.
    pub fn fire(&mut self, kind: Kind, due: Due, rules: Rules) -> bool {
        let held = self.held;
        if due.reclaim_by.is_some() && (due.reclaim_by == self.reclaim_by || !rules.timers_look_twice) {
            self.step(kind, due.at, Step::Expired);
        }
        if let (Some(read), Some(row)) = (due.row, self.row)
            && (row.deadline <= read.deadline || !rules.timers_look_twice)
        {
            self.row = None;
            self.step(kind, due.at, Step::Fenced);
        }
        held && !self.held
    }

    /// One step of the lock of the thing, by the real machine; false where it refuses.
    fn step(&mut self, kind: Kind, now: u8, step: Step) -> bool {
        if !self.held {
            return false;
        }
        let deadline_ms = self.reclaim_by.map(ms);
        let after = match kind {
            Kind::Map => {
                let lock = CharacterLock { owner: CharacterOwner::Map(MAP.clone()), epoch: LockEpoch(1), deadline_ms };
                let next = lock.after(&step.of_character(), ms(now), &timers());
                next.map(|next| (next.owner == lock.owner, next.deadline_ms))
            }
            Kind::Replica => {
                let owner = AccountOwner::Gateway(GATEWAY.to_owned());
                let lock = AccountLock { owner, session: Some(Uuid::nil()), epoch: 1, deadline_ms, waiting: None };
                let next = lock.after(&step.of_account(), ms(now), &timers());
                next.map(|next| (next.owner == lock.owner, next.deadline_ms))
            }
        };
        let Ok((held, deadline_ms)) = after else { return false };
        (self.held, self.reclaim_by) = (held, deadline_ms.map(ticks));
        true
    }
}

/// What happens to the lock of the thing.
#[derive(Debug, Clone, Copy)]
enum Step {
    Returned,
    Reclaimed,
    Expired,
    Fenced,
}

impl Step {
    fn of_character(self) -> LockStep {
        match self {
            Self::Returned => LockStep::ServerReturned { server: MAP.clone() },
            Self::Reclaimed => LockStep::Reclaimed { server: MAP.clone(), epoch: LockEpoch(1) },
            Self::Expired => LockStep::Expired,
            Self::Fenced => LockStep::Fenced,
        }
    }

    fn of_account(self) -> AccountStep {
        let gateway = || GATEWAY.to_owned();
        match self {
            Self::Returned => AccountStep::ReplicaReturned { gateway: gateway() },
            Self::Reclaimed => AccountStep::Claimed { session: Uuid::nil(), gateway: gateway() },
            Self::Expired => AccountStep::Expired,
            Self::Fenced => AccountStep::Fenced,
        }
    }
}

fn timers() -> Timers {
    let (patience, reclaim) = (TICK * PATIENCE.into(), TICK * RECLAIM.into());
    Timers {
        map_reconnect: patience,
        replica_reconnect: patience,
        map_reclaim: reclaim,
        replica_reclaim: reclaim,
        outage_grace: TICK * GRACE.into(),
        ..Timers::default()
    }
}

fn heard(kind: Kind, now: u8) -> Row {
    let key = match kind {
        Kind::Map => ServerKey::Map(MAP.clone()),
        Kind::Replica => ServerKey::Replica(GATEWAY.to_owned()),
    };
    let lock = ServerLock::heard(&key, *COOKIE, ms(now), &timers());
    Row { heard: ticks(lock.heard_ms), deadline: ticks(lock.deadline_ms) }
}

fn real(row: Row) -> ServerLock {
    ServerLock { cookie: *COOKIE, heard_ms: ms(row.heard), deadline_ms: ms(row.deadline) }
}

fn ms(ticks: u8) -> u64 {
    u64::from(ticks) * TICK.as_millis() as u64
}

fn ticks(ms: u64) -> u8 {
    (ms / TICK.as_millis() as u64) as u8
}
