//! The lock of an account: which log-in speaks for it, and through which gateway.
//!
//! Whoever holds it may change the account's data and bring its characters into a world. It is identified by the session
//! of a log-in, which is another one at every log-in, and by an epoch that grows whenever it changes hands, so that
//! whoever lost it can not give it away.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::timers::{Timers, deadline, is_due};
use super::{BadOwner, StepRefused};

/// Who holds an account lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AccountOwner {
    /// Nobody.
    None,
    /// A log-in that has not come to a gateway yet.
    LogIn,
    /// A replica's gateway.
    Gateway(String),
}

/// An account's lock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountLock {
    /// Who holds it.
    pub owner: AccountOwner,
    /// For which log-in.
    pub session: Option<Uuid>,
    /// Grows whenever it changes hands.
    pub epoch: u64,
    /// When it is released unless something happens before; database time.
    pub deadline_ms: Option<u64>,
}

/// What may happen to an account lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountStep {
    /// Somebody has proved who they are: the lock waits for their gateway socket. One that a gateway holds stays there:
    /// the older player is disturbed only when the newer one comes to a gateway.
    LoggedIn {
        /// The new log-in.
        session: Uuid,
    },
    /// A socket of the account has opened at a gateway.
    Claimed {
        /// The log-in that its token names.
        session: Uuid,
        /// The replica.
        gateway: String,
    },
    /// The holder lets go: its socket has closed.
    Released {
        /// The replica.
        gateway: String,
        /// Under which epoch it held the lock.
        epoch: u64,
    },
    /// Takes the lock from a gateway that does not let go.
    Fenced,
    /// The replica was away and has come back with its cookie: it has a while to reclaim.
    ReplicaReturned {
        /// The replica.
        gateway: String,
    },
    /// The deadline has passed.
    Expired,
}

impl AccountLock {
    /// A lock that nobody ever held.
    pub const FREE: Self = Self { owner: AccountOwner::None, session: None, epoch: 0, deadline_ms: None };

    /// What the lock is after a step.
    pub fn after(&self, step: &AccountStep, now_ms: u64, timers: &Timers) -> Result<Self, StepRefused> {
        use AccountOwner::{Gateway, LogIn, None as Nobody};
        let handed = |owner, session, deadline_ms| {
            let epoch = self.epoch.checked_add(1).ok_or(StepRefused)?;
            Ok(Self { owner, session, epoch, deadline_ms })
        };
        match (step, &self.owner) {
            (AccountStep::LoggedIn { session }, Nobody | LogIn) => {
                handed(LogIn, Some(*session), Some(deadline(now_ms, timers.log_in)))
            }
            (AccountStep::Claimed { session, gateway }, Nobody | LogIn) => {
                handed(Gateway(gateway.clone()), Some(*session), None)
            }
            (AccountStep::Claimed { session, gateway }, Gateway(owner)) if owner == gateway => {
                handed(Gateway(gateway.clone()), Some(*session), None)
            }
            (AccountStep::Released { gateway, epoch }, Gateway(owner)) if owner == gateway && *epoch == self.epoch => {
                handed(Nobody, None, None)
            }
            (AccountStep::Fenced, Gateway(_)) => handed(Nobody, None, None),
            (AccountStep::ReplicaReturned { gateway }, Gateway(owner)) if owner == gateway => {
                Ok(Self { deadline_ms: Some(deadline(now_ms, timers.replica_reclaim)), ..self.clone() })
            }
            (AccountStep::Expired, LogIn | Gateway(_)) if is_due(self.deadline_ms, now_ms) => {
                handed(Nobody, None, None)
            }
            _ => Err(StepRefused),
        }
    }

    /// Whether a log-in may change the account's data now: it holds the lock, or nobody does.
    pub fn admits(&self, session: Uuid) -> bool {
        self.owner == AccountOwner::None || self.session == Some(session)
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
        lock.after(step, now_ms, &Timers::default())
    }

    fn claimed(session: u128, gateway: &str) -> AccountStep {
        AccountStep::Claimed { session: Uuid::from_u128(session), gateway: gateway.to_owned() }
    }

    fn logged_in(session: u128) -> AccountStep {
        AccountStep::LoggedIn { session: Uuid::from_u128(session) }
    }

    #[test]
    fn a_log_in_waits_for_its_gateway_and_no_longer_than_its_timer() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        assert_eq!(waiting.owner, AccountOwner::LogIn);
        assert_eq!(after(&waiting, &AccountStep::Expired, NOW + 29_999), Err(StepRefused));
        let free = after(&waiting, &AccountStep::Expired, NOW + 30_000).unwrap();
        assert_eq!((free.owner, free.session), (AccountOwner::None, None));
    }

    #[test]
    fn coming_to_a_gateway_cancels_the_timer() {
        let waiting = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        let held = after(&waiting, &claimed(1, "a"), NOW + 10).unwrap();
        assert_eq!(held.deadline_ms, None);
        assert_eq!(after(&held, &AccountStep::Expired, u64::MAX), Err(StepRefused));
    }

    #[test]
    fn every_log_in_has_another_session_and_a_newer_epoch() {
        let first = after(&AccountLock::FREE, &logged_in(1), NOW).unwrap();
        let second = after(&first, &logged_in(2), NOW).unwrap();
        assert_eq!(second.session, Some(Uuid::from_u128(2)));
        assert!(second.epoch > first.epoch);
    }

    #[test]
    fn a_gateway_keeps_the_lock_until_it_lets_go_or_is_fenced() {
        let held = after(&AccountLock::FREE, &claimed(1, "a"), NOW).unwrap();
        assert_eq!(after(&held, &logged_in(2), NOW), Err(StepRefused), "a log-in alone disturbs nobody");
        assert_eq!(after(&held, &claimed(2, "b"), NOW), Err(StepRefused), "another gateway has to ask first");
        let fenced = after(&held, &AccountStep::Fenced, NOW).unwrap();
        let newer = after(&fenced, &claimed(2, "b"), NOW).unwrap();
        let late = AccountStep::Released { gateway: "a".to_owned(), epoch: held.epoch };
        assert_eq!(after(&newer, &late, NOW), Err(StepRefused), "who lost the lock can not give it away");
    }

    #[test]
    fn the_end_of_an_older_socket_does_not_end_the_newer_one() {
        let first = after(&AccountLock::FREE, &claimed(1, "a"), NOW).unwrap();
        let second = after(&first, &claimed(1, "a"), NOW).unwrap();
        let late = AccountStep::Released { gateway: "a".to_owned(), epoch: first.epoch };
        assert_eq!(after(&second, &late, NOW), Err(StepRefused));
        let own = AccountStep::Released { gateway: "a".to_owned(), epoch: second.epoch };
        assert_eq!(after(&second, &own, NOW).unwrap().owner, AccountOwner::None);
    }

    #[test]
    fn a_replica_that_returns_reclaims_in_time_or_loses_the_lock() {
        let held = after(&AccountLock::FREE, &claimed(1, "a"), NOW).unwrap();
        let returned = AccountStep::ReplicaReturned { gateway: "a".to_owned() };
        let waiting = after(&held, &returned, NOW).unwrap();
        assert_eq!(after(&waiting, &AccountStep::Expired, NOW + 30_000).unwrap().owner, AccountOwner::None);
        let reclaimed = after(&waiting, &claimed(1, "a"), NOW + 29_999).unwrap();
        assert_eq!(after(&reclaimed, &AccountStep::Expired, u64::MAX), Err(StepRefused));
    }

    #[test]
    fn account_data_is_for_the_holder() {
        let held = after(&AccountLock::FREE, &claimed(1, "a"), NOW).unwrap();
        assert!(AccountLock::FREE.admits(Uuid::from_u128(2)));
        assert!(held.admits(Uuid::from_u128(1)));
        assert!(!held.admits(Uuid::from_u128(2)));
    }

    #[test]
    fn owners_are_read_as_they_are_written() {
        for text in ["none", "login", "gateway:gateway-1"] {
            assert_eq!(text.parse::<AccountOwner>().unwrap().to_string(), text);
        }
        for bad in ["", "map:map-1", "gateway:"] {
            assert!(bad.parse::<AccountOwner>().is_err(), "{bad}");
        }
    }

    fn steps() -> impl Strategy<Value = AccountStep> {
        let gateway = || prop_oneof![Just("a".to_owned()), Just("b".to_owned())];
        prop_oneof![
            (0..4u128).prop_map(logged_in),
            (0..4u128, gateway()).prop_map(|(session, gateway)| claimed(session, &gateway)),
            (gateway(), 0..12u64).prop_map(|(gateway, epoch)| AccountStep::Released { gateway, epoch }),
            Just(AccountStep::Fenced),
            gateway().prop_map(|gateway| AccountStep::ReplicaReturned { gateway }),
            Just(AccountStep::Expired),
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
                }
                lock = next;
            }
        }
    }
}
