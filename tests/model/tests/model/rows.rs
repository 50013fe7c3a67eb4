//! The rows of the database: the real locks in a form small enough for millions of states. Each function is one
//! conditional update, and each step goes through the machine of `realmgate_sidecar::lock`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use realmgate_protocol::ids::{LockEpoch, ServerId};
use realmgate_sidecar::lock::timers::ID_HELD;
use realmgate_sidecar::lock::{
    AccountLock, AccountOwner, AccountStep, CharacterLock, CharacterOwner, Claim, CookieHash, LockStep, NextClaim,
    ServerLock, Timers, Waiting, WayOut,
};
use uuid::Uuid;

/// When everything but an expiry happens: time is abstract, a timer fires whenever it wants to.
const NOW: u64 = 1_000;
/// When a timer fires.
const LATER: u64 = u64::MAX;

/// The ids of the two map servers. A process that takes the place of another has its id.
static MAPS: LazyLock<[ServerId; 2]> = LazyLock::new(|| ["m0", "m1"].map(|id| id.parse().expect("it is an id")));
const GATEWAYS: [&str; 2] = ["g0", "g1"];
/// Hashed once: there are few cookies, and millions of times one is shown.
static COOKIES: LazyLock<Vec<CookieHash>> =
    LazyLock::new(|| (0..=u8::MAX).map(|number| CookieHash::of(&number.to_string())).collect());

thread_local! {
    /// What the machine has said: the same to the same question, so that it is asked once.
    static STEPS: RefCell<HashMap<(Lock, Step), Option<Lock>>> = RefCell::default();
    static ACCOUNT_STEPS: RefCell<HashMap<(AccountRow, AccountMove), Option<AccountRow>>> = RefCell::default();
    static CLAIMS: RefCell<HashMap<(AccountRow, u8, u8), Next>> = RefCell::default();
    static WAYS_OUT: RefCell<HashMap<Lock, Out>> = RefCell::default();
    static ADMITTED: RefCell<HashMap<(Lock, u8, u8), bool>> = RefCell::default();
}

/// Who owns a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    None,
    LogIn,
    Gateway(u8),
    Map(u8),
}

/// A character's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lock {
    pub owner: Owner,
    pub epoch: u8,
    /// It has a deadline.
    pub timed: bool,
}

impl Lock {
    pub const FREE: Self = Self { owner: Owner::None, epoch: 0, timed: false };

    /// The lock after a step, or `None` where the machine refuses.
    pub fn after(self, step: Step) -> Option<Self> {
        STEPS.with_borrow_mut(|known| *known.entry((self, step)).or_insert_with(|| self.ask(step)))
    }

    fn ask(self, step: Step) -> Option<Self> {
        let now_ms = if step == Step::Expired { LATER } else { NOW };
        let next = self.real().after(&step.real(), now_ms, &Timers::default()).ok()?;
        let owner = match next.owner {
            CharacterOwner::None => Owner::None,
            CharacterOwner::Gateway(id) => Owner::Gateway(u8::from(id == GATEWAYS[1])),
            CharacterOwner::Map(id) => Owner::Map(u8::from(id == MAPS[1])),
        };
        Some(Self { owner, epoch: next.epoch.0 as u8, timed: next.deadline_ms.is_some() })
    }

    /// Whether a map server may write under an epoch.
    pub fn admits(self, server: u8, epoch: u8) -> bool {
        let ask = || self.real().admits(&map(server), LockEpoch(epoch.into()));
        ADMITTED.with_borrow_mut(|known| *known.entry((self, server, epoch)).or_insert_with(ask))
    }

    /// How a character is got out of where it is.
    pub fn way_out(self) -> Out {
        let ask = || match self.real().way_out() {
            WayOut::Clear => Out::Clear,
            WayOut::Fence => Out::Fence,
            WayOut::Kick(server) => Out::Kick(u8::from(server == MAPS[1])),
        };
        WAYS_OUT.with_borrow_mut(|known| *known.entry(self).or_insert_with(ask))
    }

    /// The lock when its player does not want in any more.
    pub fn called_off(self) -> Option<Self> {
        self.after(match self.real().called_off() {
            LockStep::Released { server } => Step::Released(u8::from(server == MAPS[1])),
            _ => Step::Abandoned,
        })
    }

    fn real(self) -> CharacterLock {
        let owner = match self.owner {
            Owner::Gateway(id) => CharacterOwner::Gateway(gateway(id)),
            Owner::Map(id) => CharacterOwner::Map(map(id)),
            Owner::None | Owner::LogIn => CharacterOwner::None,
        };
        CharacterLock { owner, epoch: LockEpoch(self.epoch.into()), deadline_ms: self.timed.then_some(NOW) }
    }
}

/// How a character is got out: by asking this map server, for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Out {
    Clear,
    Fence,
    Kick(u8),
}

/// What a gateway does for a socket that wants its account's lock; to oust is to ask this gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Next {
    Take(AccountRow),
    Oust(u8),
    Refuse,
}

/// A step of a character's lock; numbers are ids of gateways or map servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Enter(u8),
    Prepared(u8),
    Arrived(u8),
    Abandoned,
    Released(u8),
    /// From a map server, by way of a gateway.
    Travel(u8, u8),
    TravelFailed(u8),
    Fenced,
    ServerReturned(u8),
    /// With the epoch.
    Reclaimed(u8, u8),
    Expired,
}

impl Step {
    fn real(self) -> LockStep {
        match self {
            Self::Enter(id) => LockStep::Enter { gateway: gateway(id) },
            Self::Prepared(id) => LockStep::Prepared { server: map(id) },
            Self::Arrived(id) => LockStep::Arrived { server: map(id) },
            Self::Abandoned => LockStep::Abandoned,
            Self::Released(id) => LockStep::Released { server: map(id) },
            Self::Travel(from, by) => LockStep::Travel { server: map(from), gateway: gateway(by) },
            Self::TravelFailed(id) => LockStep::TravelFailed { server: map(id) },
            Self::Fenced => LockStep::Fenced,
            Self::ServerReturned(id) => LockStep::ServerReturned { server: map(id) },
            Self::Reclaimed(id, epoch) => LockStep::Reclaimed { server: map(id), epoch: LockEpoch(epoch.into()) },
            Self::Expired => LockStep::Expired,
        }
    }
}

/// An account's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountRow {
    pub owner: Owner,
    /// Of the log-in; 0 for none.
    pub session: u8,
    pub epoch: u8,
    /// It has a deadline.
    pub timed: bool,
    /// The newer log-in that is waited for; 0 for none.
    pub waiting: u8,
}

impl AccountRow {
    pub const FREE: Self = Self { owner: Owner::None, session: 0, epoch: 0, timed: false, waiting: 0 };

    /// The lock after a step, or `None` where the machine refuses.
    pub fn after(self, step: AccountMove) -> Option<Self> {
        ACCOUNT_STEPS.with_borrow_mut(|known| *known.entry((self, step)).or_insert_with(|| self.ask(step)))
    }

    fn ask(self, step: AccountMove) -> Option<Self> {
        let now_ms = if matches!(step, AccountMove::Expired | AccountMove::WaitExpired) { LATER } else { NOW };
        self.real().after(&step.real(), now_ms, &Timers::default()).ok().map(Self::of)
    }

    /// What a gateway does for a socket of a log-in.
    pub fn next_claim(self, number: u8, id: u8) -> Next {
        let ask = || match self.real().next_claim(session(number), GATEWAYS[usize::from(id)], NOW, &Timers::default()) {
            NextClaim::Take(taken) => Next::Take(Self::of(taken)),
            NextClaim::Oust(other) => Next::Oust(u8::from(other == GATEWAYS[1])),
            NextClaim::Refuse(_) => Next::Refuse,
        };
        CLAIMS.with_borrow_mut(|known| *known.entry((self, number, id)).or_insert_with(ask))
    }

    /// Whether a log-in may bring a character in through a gateway.
    pub fn is_held(self, number: u8, id: u8) -> bool {
        self.real().is_held(session(number), GATEWAYS[usize::from(id)])
    }

    fn of(lock: AccountLock) -> Self {
        let owner = match lock.owner {
            AccountOwner::None => Owner::None,
            AccountOwner::LogIn => Owner::LogIn,
            AccountOwner::Gateway(id) => Owner::Gateway(u8::from(id == GATEWAYS[1])),
        };
        let number = |session: Option<Uuid>| session.map_or(0, |session| session.as_u128() as u8);
        let waiting = number(lock.waiting.map(|waiting| waiting.session));
        let timed = lock.deadline_ms.is_some();
        Self { owner, session: number(lock.session), epoch: lock.epoch as u8, timed, waiting }
    }

    fn real(self) -> AccountLock {
        let owner = match self.owner {
            Owner::LogIn => AccountOwner::LogIn,
            Owner::Gateway(id) => AccountOwner::Gateway(gateway(id)),
            Owner::None | Owner::Map(_) => AccountOwner::None,
        };
        let some = |number: u8| (number != 0).then(|| session(number));
        let waiting = some(self.waiting).map(|session| Waiting { session, until_ms: NOW });
        let deadline_ms = self.timed.then_some(NOW);
        AccountLock { owner, session: some(self.session), epoch: self.epoch.into(), deadline_ms, waiting }
    }
}

/// A step of an account's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountMove {
    /// By a session.
    LoggedIn(u8),
    /// By a session.
    Refreshed(u8),
    /// At a gateway, under an epoch.
    Released(u8, u8),
    Fenced,
    ReplicaReturned(u8),
    ReplicaGone(u8),
    Expired,
    WaitExpired,
}

impl AccountMove {
    fn real(self) -> AccountStep {
        match self {
            Self::LoggedIn(number) => AccountStep::LoggedIn { session: session(number) },
            Self::Refreshed(number) => AccountStep::Refreshed { session: session(number) },
            Self::Released(id, epoch) => AccountStep::Released { gateway: gateway(id), epoch: epoch.into() },
            Self::Fenced => AccountStep::Fenced,
            Self::ReplicaReturned(id) => AccountStep::ReplicaReturned { gateway: gateway(id) },
            Self::ReplicaGone(id) => AccountStep::ReplicaGone { gateway: gateway(id) },
            Self::Expired => AccountStep::Expired,
            Self::WaitExpired => AccountStep::WaitExpired,
        }
    }
}

fn map(id: u8) -> ServerId {
    MAPS[usize::from(id)].clone()
}

fn gateway(id: u8) -> String {
    GATEWAYS[usize::from(id)].to_owned()
}

fn session(number: u8) -> Uuid {
    Uuid::from_u128(number.into())
}

/// What a server gets that asks for its lock, when the one that has it was silent for as long as it takes for its id to
/// be given away: the strongest adversary.
pub fn claim(row: Option<u8>, shown: Option<u8>) -> Claim {
    ServerLock::claim(server_lock(row).as_ref(), hash(shown), NOW + millis(ID_HELD))
}

/// The same for a replica; the process that has the lock is known to be gone, or was silent for as long.
pub fn claim_replica(row: Option<u8>, shown: Option<u8>, is_known_gone: bool, is_silent: bool) -> Claim {
    let now_ms = if is_silent { NOW + millis(ID_HELD) } else { NOW };
    ServerLock::claim_replica(server_lock(row).as_ref(), hash(shown), is_known_gone, now_ms)
}

fn hash(cookie: Option<u8>) -> Option<&'static CookieHash> {
    cookie.map(|cookie| &COOKIES[usize::from(cookie)])
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn server_lock(row: Option<u8>) -> Option<ServerLock> {
    let deadline_ms = NOW + millis(Duration::from_secs(600));
    row.map(|cookie| ServerLock { cookie: COOKIES[usize::from(cookie)], heard_ms: NOW, deadline_ms })
}
