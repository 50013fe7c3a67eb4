//! The lock of an account: which log-in speaks for it, and through which gateway.
//!
//! Its holder may change the account's data and bring its characters into a world. The lock is identified by the
//! session of a log-in, which is new at every log-in, and by an epoch (a fencing token) that grows whenever the lock
//! changes hands, so that a former holder cannot give it away. Only the *newest* log-in may come to a gateway: the one
//! that the lock waits for, or, while it waits for nobody, the one that holds it.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::timers::{Timers, deadline, is_due};
use super::{BadOwner, StepRefused};

/// Who holds an account lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AccountOwner {
    /// Nobody, and no log-in is waited for.
    None,
    /// A log-in that may come to a gateway, and has not yet.
    LogIn,
    /// A replica's gateway.
    Gateway(String),
}

/// An account's lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountLock {
    /// The lock's holder.
    pub owner: AccountOwner,
    /// The session of the log-in that holds it, or is waited for while no gateway does; `None` if it is free.
    pub session: Option<Uuid>,
    /// The fencing token: grows whenever the lock changes hands, or another log-in is waited for.
    pub epoch: u64,
    /// When it is released unless something happens before, in database time (Unix milliseconds); `None` for never.
    pub deadline_ms: Option<u64>,
    /// While a gateway holds it: a newer log-in that may come and take it, if there is one.
    pub waiting: Option<Waiting>,
}

/// A log-in that may come to a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// The log-in's session.
    pub session: Uuid,
    /// Until when it may come, in database time (Unix milliseconds).
    pub until_ms: u64,
}

/// What may happen to an account lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountStep {
    /// A log-in has succeeded: the lock waits for its gateway socket. A lock that a gateway holds stays there: the
    /// older player is disturbed only when the newer one comes to a gateway.
    LoggedIn {
        /// The session of the new log-in.
        session: Uuid,
    },
    /// A log-in has shown its refresh token: it is waited for anew, unless a newer one is waited for or connected.
    Refreshed {
        /// The log-in's session. Sessions are UUIDs of version 7: an older log-in's is smaller.
        session: Uuid,
    },
    /// A socket of the account has opened at a gateway.
    Claimed {
        /// The session that the socket's token names.
        session: Uuid,
        /// The replica's id.
        gateway: String,
    },
    /// The holder releases the lock: its socket has closed. Its log-in may come back, unless a newer one is waited for.
    Released {
        /// The replica's id.
        gateway: String,
        /// The epoch under which it held the lock.
        epoch: u64,
    },
    /// A log-in has ended: nobody waits for it any more, and it holds nothing any more.
    Ended {
        /// The log-in's session.
        session: Uuid,
    },
    /// Takes the lock from a gateway that does not release it; its log-in is treated as if the gateway had.
    Fenced,
    /// The replica was away and has come back with its cookie: it has a while to reclaim.
    ReplicaReturned {
        /// The replica's id.
        gateway: String,
    },
    /// The replica that held it is gone for good. The log-in it served comes back by a refresh or a new log-in.
    ReplicaGone {
        /// The replica's id.
        gateway: String,
    },
    /// The deadline has passed.
    Expired,
    /// The newer log-in that a held lock waits for has not come in time.
    WaitExpired,
}

impl AccountLock {
    /// A lock that nobody ever held.
    pub const FREE: Self =
        Self { owner: AccountOwner::None, session: None, epoch: 0, deadline_ms: None, waiting: None };

    /// Returns the lock as it is after a step.
    ///
    /// # Errors
    /// [`StepRefused`] when the step does not fit the lock: another holder, session or epoch, or a deadline that has
    /// not passed.
    pub fn after(&self, step: &AccountStep, now_ms: u64, timers: &Timers) -> Result<Self, StepRefused> {
        use AccountOwner::{Gateway, LogIn, None as Nobody};
        let waits_for = |session| Waiting { session, until_ms: deadline(now_ms, timers.log_in) };
        match (step, &self.owner) {
            (AccountStep::LoggedIn { session }, _) => self.expect(waits_for(*session)),
            (AccountStep::Refreshed { session }, _) => self.expect_again(waits_for(*session)),
            (AccountStep::Claimed { session, gateway }, LogIn) if self.newest() == Some(*session) => {
                self.given(Gateway(gateway.clone()), Some(*session), None)
            }
            (AccountStep::Claimed { session, gateway }, Gateway(owner))
                if owner == gateway && self.newest() == Some(*session) =>
            {
                self.given(Gateway(gateway.clone()), Some(*session), None)
            }
            (AccountStep::Released { gateway, epoch }, Gateway(owner)) if owner == gateway && *epoch == self.epoch => {
                self.left_to(self.waiting.or(self.session.map(waits_for)))
            }
            (AccountStep::Ended { session }, LogIn) if self.session == Some(*session) => self.left_to(None),
            (AccountStep::Ended { session }, Gateway(_)) if self.waited_for() == Some(*session) => self.unexpected(),
            (AccountStep::Ended { session }, Gateway(_)) if self.session == Some(*session) => {
                self.left_to(self.waiting)
            }
            (AccountStep::Fenced, Gateway(_)) => self.left_to(self.waiting.or(self.session.map(waits_for))),
            (AccountStep::ReplicaReturned { gateway }, Gateway(owner)) if owner == gateway => {
                Ok(Self { deadline_ms: Some(deadline(now_ms, timers.replica_reclaim)), ..self.clone() })
            }
            (AccountStep::ReplicaGone { gateway }, Gateway(owner)) if owner == gateway => self.left_to(self.waiting),
            (AccountStep::Expired, LogIn | Gateway(_)) if is_due(self.deadline_ms, now_ms) => {
                self.left_to(self.waiting)
            }
            (AccountStep::WaitExpired, Gateway(_)) if is_due(self.waiting.map(|waiting| waiting.until_ms), now_ms) => {
                self.unexpected()
            }
            (_, Nobody | LogIn | Gateway(_)) => Err(StepRefused),
        }
    }

    /// Whether a log-in may change the account's data now: it holds the lock, or is waited for while no gateway holds
    /// it, or the lock is free.
    pub fn admits(&self, session: Uuid) -> bool {
        self.owner == AccountOwner::None || self.session == Some(session)
    }

    /// Whether a log-in holds the lock through this gateway, as it must to bring a character into a world.
    pub fn is_held(&self, session: Uuid, gateway: &str) -> bool {
        self.is_at(gateway) && self.session == Some(session)
    }

    /// Whether this gateway holds the lock, for any log-in.
    pub fn is_at(&self, gateway: &str) -> bool {
        matches!(&self.owner, AccountOwner::Gateway(id) if id == gateway)
    }

    /// The newest log-in: the one that may come to a gateway.
    pub fn newest(&self) -> Option<Uuid> {
        self.waited_for().or(self.session)
    }

    fn waited_for(&self) -> Option<Uuid> {
        self.waiting.map(|waiting| waiting.session)
    }

    /// Waits for a log-in from now on, whether or not a gateway holds the lock.
    fn expect(&self, next: Waiting) -> Result<Self, StepRefused> {
        match self.owner {
            AccountOwner::Gateway(_) => Ok(Self { waiting: Some(next), epoch: self.next_epoch()?, ..self.clone() }),
            AccountOwner::None | AccountOwner::LogIn => self.left_to(Some(next)),
        }
    }

    /// The same for a log-in that comes again: it does not replace a newer one, and one that is connected is not waited
    /// for.
    fn expect_again(&self, next: Waiting) -> Result<Self, StepRefused> {
        let is_known = self.newest() == Some(next.session);
        match self.owner {
            AccountOwner::LogIn if is_known => Ok(Self { deadline_ms: Some(next.until_ms), ..self.clone() }),
            AccountOwner::Gateway(_) if is_known && self.waiting.is_some() => {
                Ok(Self { waiting: Some(next), ..self.clone() })
            }
            _ if self.newest().is_none_or(|newest| newest < next.session) => self.expect(next),
            _ => Err(StepRefused),
        }
    }

    fn given(&self, owner: AccountOwner, session: Option<Uuid>, deadline_ms: Option<u64>) -> Result<Self, StepRefused> {
        Ok(Self { owner, session, epoch: self.next_epoch()?, deadline_ms, waiting: None })
    }

    /// Takes the lock from its holder: it waits for the next log-in, or is free.
    fn left_to(&self, next: Option<Waiting>) -> Result<Self, StepRefused> {
        match next {
            Some(next) => self.given(AccountOwner::LogIn, Some(next.session), Some(next.until_ms)),
            None => self.given(AccountOwner::None, None, None),
        }
    }

    /// The gateway keeps the lock, and nobody is waited for any more.
    fn unexpected(&self) -> Result<Self, StepRefused> {
        Ok(Self { waiting: None, epoch: self.next_epoch()?, ..self.clone() })
    }

    fn next_epoch(&self) -> Result<u64, StepRefused> {
        self.epoch.checked_add(1).ok_or(StepRefused)
    }
}

impl fmt::Display for AccountOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::LogIn => f.write_str("login"),
            Self::Gateway(id) => write!(f, "gateway:{id}"),
        }
    }
}

impl FromStr for AccountOwner {
    type Err = BadOwner;

    fn from_str(text: &str) -> Result<Self, BadOwner> {
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "login" => Ok(Self::LogIn),
            Some(("gateway", id)) if !id.is_empty() => Ok(Self::Gateway(id.to_owned())),
            _ => Err(BadOwner(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_000_000;

    fn after(lock: &AccountLock, step: &AccountStep, now_ms: u64) -> Result<AccountLock, StepRefused> {
        lock.after(step, now_ms, &Timers::all_different())
    }

    fn claimed(session: u128, gateway: &str) -> AccountStep {
        AccountStep::Claimed { session: Uuid::from_u128(session), gateway: gateway.to_owned() }
    }

    fn logged_in(session: u128) -> AccountStep {
        AccountStep::LoggedIn { session: Uuid::from_u128(session) }
    }

    fn released(gateway: &str, epoch: u64) -> AccountStep {
        AccountStep::Released { gateway: gateway.to_owned(), epoch }
    }

    fn ended(session: u128) -> AccountStep {
        AccountStep::Ended { session: Uuid::from_u128(session) }
    }

    fn refreshed(session: u128) -> AccountStep {
        AccountStep::Refreshed { session: Uuid::from_u128(session) }
    }

    fn returned(gateway: &str) -> AccountStep {
        AccountStep::ReplicaReturned { gateway: gateway.to_owned() }
    }

    /// A lock that a log-in holds through a gateway.
    fn held(session: u128, gateway: &str) -> AccountLock {
        let waiting = after(&AccountLock::FREE, &logged_in(session), NOW).unwrap();
        after(&waiting, &claimed(session, gateway), NOW).unwrap()
    }

    /// The same lock when nobody holds it any more.
    fn freed(before: &AccountLock) -> AccountLock {
        AccountLock { epoch: before.epoch + 1, ..AccountLock::FREE }
    }

    /// The holder, and the log-in that holds the lock or is waited for.
    fn whose(lock: &AccountLock) -> (String, Option<u128>) {
        (lock.owner.to_string(), lock.session.map(|session| session.as_u128()))
    }

    #[test]
    fn a_log_in_waits_for_its_gateway_and_no_longer_than_its_timer() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        assert_eq!((whose(&waiting), waiting.deadline_ms), (("login".to_owned(), Some(1)), Some(NOW + 28_000)));
        assert_eq!(after(&waiting, &AccountStep::Expired, NOW + 27_999), Err(StepRefused));
        let come = after(&waiting, &claimed(1, "a"), NOW + 27_999).unwrap();
        assert_eq!(whose(&come), ("gateway:a".to_owned(), Some(1)));
        let free = after(&waiting, &AccountStep::Expired, NOW + 28_000).unwrap();
        assert_eq!(free, freed(&waiting));
        assert_eq!(after(&free, &claimed(1, "a"), NOW + 28_000), Err(StepRefused), "nobody waits for it any more");
    }

    #[test]
    fn coming_to_a_gateway_cancels_the_timer() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        let returned = after(&held(1, "a"), &returned("a"), NOW).unwrap();
        let beside = after(&held(1, "a"), &logged_in(2), NOW).unwrap();
        let (expired, wait_expired) = (AccountStep::Expired, AccountStep::WaitExpired);
        for (timed, session, ends) in [(waiting, 1, &expired), (returned, 1, &expired), (beside, 2, &wait_expired)] {
            assert_ne!(after(&timed, ends, u64::MAX), Err(StepRefused), "it has a timer: {timed:?}");
            let held = after(&timed, &claimed(session, "a"), NOW).unwrap();
            assert_eq!((held.deadline_ms, held.waiting), (None, None), "after {timed:?}");
            for step in [&expired, &wait_expired] {
                assert_eq!(after(&held, step, u64::MAX), Err(StepRefused), "{step:?} after {timed:?}");
            }
        }
    }

    #[test]
    fn every_log_in_has_another_session_and_a_newer_epoch() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        let beside = after(&held(1, "a"), &logged_in(1), NOW).unwrap();
        for before in [AccountLock::FREE, waiting, held(1, "a"), beside] {
            let next = after(&before, &logged_in(2), NOW).unwrap();
            assert_eq!(next.newest(), Some(Uuid::from_u128(2)), "after {before:?}");
            assert!(next.epoch > before.epoch, "after {before:?}");
        }
    }

    #[test]
    fn only_the_newest_log_in_comes_to_a_gateway() {
        let second = after(&after(&AccountLock::FREE, &logged_in(1), NOW).unwrap(), &logged_in(2), NOW).unwrap();
        assert_eq!(after(&second, &claimed(1, "a"), NOW), Err(StepRefused), "a newer log-in is on its way");
        assert_eq!(whose(&after(&second, &claimed(2, "a"), NOW).unwrap()), ("gateway:a".to_owned(), Some(2)));

        let beside = after(&held(1, "a"), &logged_in(2), NOW).unwrap();
        assert_eq!(whose(&beside), ("gateway:a".to_owned(), Some(1)), "it disturbs nobody yet");
        assert_eq!(after(&beside, &claimed(1, "a"), NOW), Err(StepRefused), "but it is remembered");
        let newer = after(&beside, &claimed(2, "a"), NOW).unwrap();
        assert_eq!((whose(&newer), newer.waiting), (("gateway:a".to_owned(), Some(2)), None));
        assert_eq!(after(&newer, &claimed(1, "a"), NOW), Err(StepRefused));
        for lock in [AccountLock::FREE, second, beside, newer] {
            assert_eq!(after(&lock, &claimed(3, "a"), NOW), Err(StepRefused), "it is no log-in of {lock:?}");
        }
    }

    #[test]
    fn a_log_in_that_is_waited_for_beside_a_gateway_has_its_timer_too() {
        let beside = after(&held(1, "a"), &logged_in(2), NOW).unwrap();
        assert_eq!(after(&beside, &AccountStep::WaitExpired, NOW + 27_999), Err(StepRefused));
        let alone = after(&beside, &AccountStep::WaitExpired, NOW + 28_000).unwrap();
        assert_eq!((whose(&alone), alone.waiting), (("gateway:a".to_owned(), Some(1)), None));
        assert_eq!(after(&alone, &claimed(2, "a"), NOW + 28_000), Err(StepRefused), "too late");
        let anew = after(&alone, &claimed(1, "a"), NOW + 28_000).unwrap();
        assert_eq!(whose(&anew), ("gateway:a".to_owned(), Some(1)), "its own socket opens anew");
    }

    #[test]
    fn a_gateway_keeps_the_lock_until_it_lets_go_or_is_fenced() {
        let held = after(&held(1, "a"), &logged_in(2), NOW).unwrap();
        assert_eq!(after(&held, &claimed(2, "b"), NOW), Err(StepRefused), "another gateway has to ask first");
        let gone = AccountStep::ReplicaGone { gateway: "b".to_owned() };
        for foreign in [released("b", held.epoch), gone, returned("b"), AccountStep::Expired] {
            assert_eq!(after(&held, &foreign, u64::MAX), Err(StepRefused), "{foreign:?} is not its own");
        }
        let left = after(&held, &released("a", held.epoch), NOW).unwrap();
        assert_eq!(whose(&after(&left, &claimed(2, "b"), NOW).unwrap()), ("gateway:b".to_owned(), Some(2)));
        let fenced = after(&held, &AccountStep::Fenced, NOW).unwrap();
        let newer = after(&fenced, &claimed(2, "b"), NOW).unwrap();
        assert_eq!(whose(&newer), ("gateway:b".to_owned(), Some(2)));
        assert_eq!(after(&newer, &released("a", held.epoch), NOW), Err(StepRefused), "who lost it cannot give it away");
    }

    #[test]
    fn the_end_of_an_older_socket_does_not_end_the_newer_one() {
        let first = held(1, "a");
        let second = after(&first, &claimed(1, "a"), NOW).unwrap();
        assert_eq!(after(&second, &released("a", first.epoch), NOW), Err(StepRefused));
        let ended = after(&second, &released("a", second.epoch), NOW).unwrap();
        assert_eq!(whose(&ended), ("login".to_owned(), Some(1)), "its own end does");
    }

    #[test]
    fn whose_socket_closes_may_come_back_unless_a_newer_one_is_waited_for() {
        let held = held(1, "a");
        let dropped = after(&held, &released("a", held.epoch), NOW).unwrap();
        assert_eq!((whose(&dropped), dropped.deadline_ms), (("login".to_owned(), Some(1)), Some(NOW + 28_000)));
        let back = after(&dropped, &claimed(1, "b"), NOW + 27_999).unwrap();
        assert_eq!(whose(&back), ("gateway:b".to_owned(), Some(1)), "at any gateway, without a refresh");

        let beside = after(&held, &logged_in(2), NOW - 5).unwrap();
        for step in [released("a", beside.epoch), AccountStep::Fenced] {
            let left = after(&beside, &step, NOW).unwrap();
            assert_eq!((whose(&left), left.deadline_ms), (("login".to_owned(), Some(2)), Some(NOW + 27_995)));
            assert_eq!(left.waiting, None);
            assert_eq!(after(&left, &claimed(1, "a"), NOW), Err(StepRefused), "a newer one is waited for");
        }
    }

    #[test]
    fn a_refresh_is_the_log_in_coming_again_and_never_takes_a_newer_ones_place() {
        let anew = after(&AccountLock::FREE, &refreshed(1), NOW).unwrap();
        assert_eq!((whose(&anew), anew.deadline_ms), (("login".to_owned(), Some(1)), Some(NOW + 28_000)));
        let longer = AccountLock { deadline_ms: Some(NOW + 28_007), ..anew.clone() };
        assert_eq!(after(&anew, &refreshed(1), NOW + 7), Ok(longer));
        let second = after(&anew, &refreshed(2), NOW).unwrap();
        assert_eq!(whose(&second), ("login".to_owned(), Some(2)), "it takes an older one's place");
        assert_eq!(after(&second, &refreshed(1), NOW), Err(StepRefused), "a newer one is waited for");
        assert_eq!(after(&held(2, "a"), &refreshed(1), NOW), Err(StepRefused), "a newer one is connected");
        assert_eq!(after(&held(2, "a"), &refreshed(2), NOW), Err(StepRefused), "it is connected itself");
        let beside = after(&held(1, "a"), &refreshed(2), NOW).unwrap();
        let until = |until_ms| Some(Waiting { session: Uuid::from_u128(2), until_ms });
        assert_eq!(whose(&beside), ("gateway:a".to_owned(), Some(1)));
        assert_eq!(beside.waiting, until(NOW + 28_000), "the newer one comes again");
        let longer = AccountLock { waiting: until(NOW + 28_007), ..beside.clone() };
        assert_eq!(after(&beside, &refreshed(2), NOW + 7), Ok(longer));
        assert_eq!(after(&beside, &refreshed(1), NOW), Err(StepRefused), "a newer one is waited for beside it");
        let third = after(&held(1, "a"), &logged_in(3), NOW).unwrap();
        assert_eq!(after(&third, &refreshed(2), NOW), Err(StepRefused), "newer only than the one that is connected");
    }

    #[test]
    fn the_end_of_a_log_in_frees_all_it_has() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        for before in [waiting, held(1, "a")] {
            assert_eq!(after(&before, &ended(1), NOW), Ok(freed(&before)));
            assert_eq!(after(&before, &ended(2), NOW), Err(StepRefused), "another one's end");
        }
        let beside = after(&held(1, "a"), &logged_in(2), NOW - 5).unwrap();
        let left = after(&beside, &ended(1), NOW).unwrap();
        assert_eq!((whose(&left), left.deadline_ms), (("login".to_owned(), Some(2)), Some(NOW + 27_995)));
        let alone = after(&beside, &ended(2), NOW).unwrap();
        assert_eq!((whose(&alone), alone.waiting), (("gateway:a".to_owned(), Some(1)), None));
        assert_eq!(after(&beside, &ended(3), NOW), Err(StepRefused), "another one's end");
    }

    #[test]
    fn a_replica_that_returns_reclaims_in_time_or_loses_the_lock() {
        let held = held(1, "a");
        assert_eq!(after(&held, &returned("b"), NOW), Err(StepRefused), "another one holds the lock");
        let waiting = after(&held, &returned("a"), NOW).unwrap();
        assert_eq!(waiting, AccountLock { deadline_ms: Some(NOW + 20_000), ..held }, "it has 20 seconds");
        assert_eq!(after(&waiting, &AccountStep::Expired, NOW + 19_999), Err(StepRefused));
        assert_eq!(after(&waiting, &AccountStep::Expired, NOW + 20_000), Ok(freed(&waiting)));
        let reclaimed = after(&waiting, &claimed(1, "a"), NOW + 19_999).unwrap();
        assert_eq!(whose(&reclaimed), ("gateway:a".to_owned(), Some(1)));
        assert_eq!(after(&reclaimed, &AccountStep::Expired, u64::MAX), Err(StepRefused));
    }

    #[test]
    fn account_data_is_for_the_holder() {
        let held = after(&held(1, "a"), &logged_in(2), NOW).unwrap();
        assert!(AccountLock::FREE.admits(Uuid::from_u128(2)));
        assert!(held.admits(Uuid::from_u128(1)));
        assert!(!held.admits(Uuid::from_u128(2)), "a newer log-in that has not come yet");
        let left = after(&held, &released("a", held.epoch), NOW).unwrap();
        assert!(left.admits(Uuid::from_u128(2)) && !left.admits(Uuid::from_u128(1)));
    }

    #[test]
    fn owners_are_read_as_they_are_written() {
        for text in ["none", "login", "gateway:gateway-1"] {
            assert_eq!(text.parse::<AccountOwner>().unwrap().to_string(), text);
        }
        for bad in ["", "nobody", "map:map-1", "gateway:", "none:a", "login:a"] {
            assert_eq!(bad.parse::<AccountOwner>(), Err(BadOwner(bad.to_owned())));
        }
    }

    fn steps() -> impl Strategy<Value = AccountStep> {
        let gateway = || prop_oneof![Just("a".to_owned()), Just("b".to_owned())];
        prop_oneof![
            (0..4u128).prop_map(logged_in),
            (0..4u128).prop_map(refreshed),
            (0..4u128).prop_map(ended),
            (0..4u128, gateway()).prop_map(|(session, gateway)| claimed(session, &gateway)),
            (gateway(), 0..12u64).prop_map(|(gateway, epoch)| AccountStep::Released { gateway, epoch }),
            Just(AccountStep::Fenced),
            gateway().prop_map(|gateway| AccountStep::ReplicaReturned { gateway }),
            gateway().prop_map(|gateway| AccountStep::ReplicaGone { gateway }),
            Just(AccountStep::Expired),
            Just(AccountStep::WaitExpired),
        ]
    }

    proptest! {
        #[test]
        fn an_epoch_belongs_to_one_holder(steps in prop::collection::vec((steps(), 0..20_000u64), 0..60)) {
            let (mut lock, mut now_ms) = (AccountLock::FREE, NOW);
            for (step, wait_ms) in steps {
                now_ms += wait_ms;
                let Ok(next) = after(&lock, &step, now_ms) else { continue };
                prop_assert!(next.epoch >= lock.epoch);
                if next.epoch == lock.epoch {
                    prop_assert_eq!((&next.owner, next.session), (&lock.owner, lock.session));
                    prop_assert_eq!(next.newest(), lock.newest());
                }
                prop_assert!(next.waiting.is_none() || matches!(next.owner, AccountOwner::Gateway(_)));
                lock = next;
            }
        }
    }
}
