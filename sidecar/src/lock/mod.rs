//! The lock of a character: who may change it, as a state machine without I/O and without a clock.
//!
//! A lock is an owner and an epoch that only grows. Whoever writes for a character names its epoch, and the store
//! refuses a write whose owner or epoch is not the lock's, so that timers decide only when somebody else may try and
//! never whether a write is safe. The one rule everything rests on: **an epoch has at most one map server**, ever.
//!
//! [`CharacterLock::after`] says what a lock becomes; `store::locks` applies it with one conditional UPDATE.

mod owner;

pub use owner::{BadOwner, LockOwner};

use realmgate_protocol::ids::{LockEpoch, ServerId};

/// Who may change a character, and for the how-manieth time it changed hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharacterLock {
    /// Who may write.
    pub owner: LockOwner,
    /// Only grows.
    pub epoch: LockEpoch,
}

/// What may happen to a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockStep {
    /// A player wants in: a gateway takes a free lock.
    Enter {
        /// The gateway.
        gateway: String,
    },
    /// The map server that was asked expects the character: it owns it from now on.
    Prepared {
        /// The map server.
        server: ServerId,
    },
    /// The map server refused, did not answer in time, or the player went away: the lock is free again.
    Abandoned,
    /// The map server has let the character go, or its player never came.
    Released {
        /// The map server.
        server: ServerId,
    },
    /// The character leaves a map server for another one, by way of this gateway.
    Travel {
        /// The map server it leaves.
        server: ServerId,
        /// The gateway.
        gateway: String,
    },
    /// The journey came to nothing: the old map server goes on, under a new epoch since the target may have heard of
    /// the one that failed.
    TravelFailed {
        /// The map server it stays with.
        server: ServerId,
    },
    /// Takes the lock from an owner that does not answer. What it still writes is refused from now on.
    Fenced,
}

/// The step does not fit the lock: somebody else was faster, or the one who asks is not its owner any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lock is not in a state that allows this step")]
pub struct StepRefused;

impl CharacterLock {
    /// A lock that nobody ever held.
    pub const FREE: Self = Self { owner: LockOwner::None, epoch: LockEpoch(0) };

    /// What the lock is after a step.
    pub fn after(&self, step: &LockStep) -> Result<Self, StepRefused> {
        use LockOwner::{Gateway, Map};
        let kept = |owner| Ok(Self { owner, epoch: self.epoch });
        let grown = |owner| Ok(Self { owner, epoch: LockEpoch(self.epoch.0.checked_add(1).ok_or(StepRefused)?) });
        match (step, &self.owner) {
            (LockStep::Enter { gateway }, LockOwner::None) => grown(Gateway(gateway.clone())),
            (LockStep::Prepared { server }, Gateway(_)) => kept(Map(server.clone())),
            (LockStep::Abandoned, Gateway(_)) => kept(LockOwner::None),
            (LockStep::Released { server }, Map(owner)) if server == owner => kept(LockOwner::None),
            (LockStep::Travel { server, gateway }, Map(owner)) if server == owner => grown(Gateway(gateway.clone())),
            (LockStep::TravelFailed { server }, Gateway(_)) => grown(Map(server.clone())),
            (LockStep::Fenced, Gateway(_) | Map(_)) => grown(LockOwner::None),
            _ => Err(StepRefused),
        }
    }

    /// Whether a map server may write under an epoch.
    pub fn admits(&self, server: &ServerId, epoch: LockEpoch) -> bool {
        self.epoch == epoch && self.owner.map_server() == Some(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn server(number: u8) -> ServerId {
        format!("map-server-{number}").parse().unwrap()
    }

    fn steps() -> impl Strategy<Value = LockStep> {
        let gateway = || (0..2u8).prop_map(|number| format!("gateway-{number}"));
        let map = || (0..3u8).prop_map(server);
        prop_oneof![
            gateway().prop_map(|gateway| LockStep::Enter { gateway }),
            map().prop_map(|server| LockStep::Prepared { server }),
            Just(LockStep::Abandoned),
            map().prop_map(|server| LockStep::Released { server }),
            (map(), gateway()).prop_map(|(server, gateway)| LockStep::Travel { server, gateway }),
            map().prop_map(|server| LockStep::TravelFailed { server }),
            Just(LockStep::Fenced),
        ]
    }

    #[test]
    fn entering_and_leaving_keeps_the_epoch_of_the_stay() {
        let entering = CharacterLock::FREE.after(&LockStep::Enter { gateway: "g".to_owned() }).unwrap();
        assert_eq!(entering.epoch, LockEpoch(1));
        let inside = entering.after(&LockStep::Prepared { server: server(1) }).unwrap();
        assert!(inside.admits(&server(1), LockEpoch(1)), "the map server writes under the epoch it was prepared with");
        let outside = inside.after(&LockStep::Released { server: server(1) }).unwrap();
        assert!(!outside.admits(&server(1), LockEpoch(1)), "nothing is written after the release");
    }

    #[test]
    fn a_failed_journey_goes_back_under_a_newer_epoch() {
        let inside = CharacterLock { owner: LockOwner::Map(server(1)), epoch: LockEpoch(4) };
        let moving = inside.after(&LockStep::Travel { server: server(1), gateway: "g".to_owned() }).unwrap();
        let back = moving.after(&LockStep::TravelFailed { server: server(1) }).unwrap();
        assert!(back.admits(&server(1), LockEpoch(6)));
    }

    #[test]
    fn only_the_owner_releases_or_travels() {
        let inside = CharacterLock { owner: LockOwner::Map(server(1)), epoch: LockEpoch(4) };
        assert_eq!(inside.after(&LockStep::Released { server: server(2) }), Err(StepRefused));
        let theft = LockStep::Travel { server: server(2), gateway: "g".to_owned() };
        assert_eq!(inside.after(&theft), Err(StepRefused));
    }

    proptest! {
        #[test]
        fn an_epoch_only_grows_and_has_at_most_one_map_server(steps in prop::collection::vec(steps(), 0..60)) {
            let mut lock = CharacterLock::FREE;
            let mut holders: HashMap<LockEpoch, ServerId> = HashMap::new();
            for step in steps {
                let Ok(next) = lock.after(&step) else { continue };
                prop_assert!(next.epoch >= lock.epoch, "{step:?} took {lock:?} back to {next:?}");
                if let Some(server) = next.owner.map_server() {
                    let first = holders.entry(next.epoch).or_insert_with(|| server.clone());
                    prop_assert_eq!(&*first, server, "two map servers under one epoch");
                }
                lock = next;
            }
        }

        #[test]
        fn what_was_fenced_never_writes_again(steps in prop::collection::vec(steps(), 0..60)) {
            let mut lock = CharacterLock { owner: LockOwner::Map(server(0)), epoch: LockEpoch(1) };
            lock = lock.after(&LockStep::Fenced).unwrap();
            for step in steps {
                lock = lock.after(&step).unwrap_or(lock);
                prop_assert!(!lock.admits(&server(0), LockEpoch(1)));
            }
        }
    }
}
