//! The lock of a character: who may change it.
//!
//! A lock is an owner and an epoch, a fencing token that only grows. Every write for a character names the epoch, and
//! the store refuses a write whose owner or epoch is not the lock's. So timers decide only when somebody else may try,
//! and never whether a write is safe. The one rule that everything rests on: **an epoch has at most one map server**,
//! ever.

use realmgate_protocol::ids::{LockEpoch, ServerId};

use super::timers::{ID_HELD, Timers, deadline, is_due};
use super::{CharacterOwner, StepRefused};

/// A character's lock: who may change the character, and under which fencing token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CharacterLock {
    /// The owner, who may write.
    pub owner: CharacterOwner,
    /// The fencing token; it only grows.
    pub epoch: LockEpoch,
    /// When it is released unless something happens before, in database time (Unix milliseconds); `None` for never.
    pub deadline_ms: Option<u64>,
}

/// What may happen to a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockStep {
    /// A player wants to enter: a gateway takes a free lock.
    Enter {
        /// The gateway's id.
        gateway: String,
    },
    /// The map server that was asked expects the character: it owns the lock from now on, and the player has a while to
    /// come.
    Prepared {
        /// The map server's id.
        server: ServerId,
    },
    /// The player has come, or the map server has saved the character, which shows that it has.
    Arrived {
        /// The map server's id.
        server: ServerId,
    },
    /// The character was sent to a map server without a link: the gateway keeps the lock for as long as that server's
    /// heartbeats renew it.
    Lent {
        /// The gateway's id.
        gateway: String,
    },
    /// The map server refused, did not answer in time, or the player went away: the lock is free again.
    Abandoned,
    /// The map server has let the character go, or its player never came.
    Released {
        /// The map server's id.
        server: ServerId,
    },
    /// The character leaves a map server for another one, by way of this gateway.
    Travel {
        /// The map server it leaves.
        server: ServerId,
        /// The gateway's id.
        gateway: String,
    },
    /// The journey failed: the old map server goes on, under a new epoch since the target may have heard of the epoch
    /// of the failed journey.
    TravelFailed {
        /// The map server it stays with.
        server: ServerId,
    },
    /// Takes the lock from an owner that does not answer. Its writes are refused from now on.
    Fenced,
    /// The map server was away and has come back with its cookie: it has a while to reclaim the lock.
    ServerReturned {
        /// The map server's id.
        server: ServerId,
    },
    /// The map server that came back still has the character.
    Reclaimed {
        /// The map server's id.
        server: ServerId,
        /// The epoch under which it has the character.
        epoch: LockEpoch,
    },
    /// The deadline has passed.
    Expired,
}

impl CharacterLock {
    /// A lock that nobody ever held.
    pub const FREE: Self = Self { owner: CharacterOwner::None, epoch: LockEpoch(0), deadline_ms: None };

    /// Returns the lock as it is after a step.
    ///
    /// # Errors
    /// [`StepRefused`] when the step does not fit the lock: another owner or epoch, or a deadline that has not passed.
    pub fn after(&self, step: &LockStep, now_ms: u64, timers: &Timers) -> Result<Self, StepRefused> {
        use CharacterOwner::{Gateway, Map};
        let within = |time| Some(deadline(now_ms, time));
        let kept = |owner, deadline_ms| Ok(Self { owner, epoch: self.epoch, deadline_ms });
        let grown = |owner, deadline_ms| {
            let epoch = LockEpoch(self.epoch.0.checked_add(1).ok_or(StepRefused)?);
            Ok(Self { owner, epoch, deadline_ms })
        };
        let same = || self.owner.clone();
        match (step, &self.owner) {
            (LockStep::Enter { gateway }, CharacterOwner::None) => {
                grown(Gateway(gateway.clone()), within(timers.passage))
            }
            (LockStep::Prepared { server }, Gateway(_)) => kept(Map(server.clone()), within(timers.arrival)),
            (LockStep::Arrived { server }, Map(owner)) if server == owner => kept(same(), None),
            (LockStep::Lent { gateway }, Gateway(owner)) if gateway == owner => kept(same(), within(ID_HELD)),
            (LockStep::Abandoned, Gateway(_)) => kept(CharacterOwner::None, None),
            (LockStep::Released { server }, Map(owner)) if server == owner => kept(CharacterOwner::None, None),
            (LockStep::Travel { server, gateway }, Map(owner)) if server == owner => {
                grown(Gateway(gateway.clone()), within(timers.passage))
            }
            (LockStep::TravelFailed { server }, Gateway(_)) => grown(Map(server.clone()), within(timers.arrival)),
            (LockStep::Fenced, Gateway(_) | Map(_)) => grown(CharacterOwner::None, None),
            (LockStep::ServerReturned { server }, Map(owner)) if server == owner => {
                kept(same(), within(timers.map_reclaim))
            }
            (LockStep::Reclaimed { server, epoch }, Map(owner)) if server == owner && *epoch == self.epoch => {
                kept(same(), None)
            }
            (LockStep::Expired, Gateway(_) | Map(_)) if is_due(self.deadline_ms, now_ms) => {
                grown(CharacterOwner::None, None)
            }
            _ => Err(StepRefused),
        }
    }

    /// Whether a map server may write under an epoch: it owns the lock, and the epoch is the lock's.
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

    const NOW: u64 = 1_000_000;

    fn at(lock: &CharacterLock, step: &LockStep, now_ms: u64) -> Result<CharacterLock, StepRefused> {
        lock.after(step, now_ms, &Timers::all_different())
    }

    /// A step at [`NOW`].
    fn after(lock: &CharacterLock, step: &LockStep) -> Result<CharacterLock, StepRefused> {
        at(lock, step, NOW)
    }

    fn inside(epoch: u64) -> CharacterLock {
        CharacterLock { owner: CharacterOwner::Map(server(1)), epoch: LockEpoch(epoch), deadline_ms: None }
    }

    fn free(epoch: u64) -> CharacterLock {
        CharacterLock { epoch: LockEpoch(epoch), ..CharacterLock::FREE }
    }

    /// On the way into a world, by the gateway `g`.
    fn entering() -> CharacterLock {
        after(&CharacterLock::FREE, &LockStep::Enter { gateway: "g".to_owned() }).unwrap()
    }

    /// From a map server to another one, by the gateway `g`.
    fn travel(from: ServerId) -> LockStep {
        LockStep::Travel { server: from, gateway: "g".to_owned() }
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
            map().prop_map(|server| LockStep::Arrived { server }),
            gateway().prop_map(|gateway| LockStep::Lent { gateway }),
            map().prop_map(|server| LockStep::ServerReturned { server }),
            (map(), 0..9u64).prop_map(|(server, epoch)| LockStep::Reclaimed { server, epoch: LockEpoch(epoch) }),
            Just(LockStep::Expired),
        ]
    }

    #[test]
    fn entering_and_leaving_keeps_the_epoch_of_the_stay() {
        assert_eq!(entering().epoch, LockEpoch(1));
        let inside = after(&entering(), &LockStep::Prepared { server: server(1) }).unwrap();
        assert!(inside.admits(&server(1), LockEpoch(1)), "the map server writes under the epoch it was prepared with");
        let outside = after(&inside, &LockStep::Released { server: server(1) }).unwrap();
        assert_eq!(outside, free(1), "this stay keeps its own epoch");
        let again = after(&outside, &LockStep::Enter { gateway: "g".to_owned() }).unwrap();
        assert_eq!(again.epoch, LockEpoch(2), "the next one is under a newer epoch");
        assert!(!outside.admits(&server(1), LockEpoch(1)), "nothing is written after the release");
    }

    #[test]
    fn a_failed_journey_goes_back_under_a_newer_epoch() {
        let moving = after(&inside(4), &travel(server(1))).unwrap();
        let back = after(&moving, &LockStep::TravelFailed { server: server(1) }).unwrap();
        let given_back = CharacterLock { deadline_ms: Some(NOW + 40_000), ..inside(6) };
        assert_eq!(back, given_back, "it has a while to go on");
        assert!(back.admits(&server(1), LockEpoch(6)));
    }

    #[test]
    fn a_player_who_does_not_come_loses_the_lock_and_one_who_comes_keeps_it() {
        let expected = after(&entering(), &LockStep::Prepared { server: server(1) }).unwrap();
        assert_eq!(at(&expected, &LockStep::Expired, NOW + 39_999), Err(StepRefused));
        assert_eq!(at(&expected, &LockStep::Expired, NOW + 40_000), Ok(free(2)));
        assert_eq!(after(&expected, &LockStep::Arrived { server: server(2) }), Err(StepRefused), "not its server");
        let arrived = after(&expected, &LockStep::Arrived { server: server(1) }).unwrap();
        assert_eq!(arrived, inside(1), "the server keeps it");
        assert_eq!(at(&arrived, &LockStep::Expired, u64::MAX), Err(StepRefused));
    }

    #[test]
    fn a_gateway_that_dies_on_the_way_does_not_keep_the_lock() {
        let travelling = after(&inside(4), &travel(server(1))).unwrap();
        for (moving, freed) in [(entering(), free(2)), (travelling, free(6))] {
            assert_eq!(at(&moving, &LockStep::Expired, NOW + 14_999), Err(StepRefused), "{moving:?}");
            assert_eq!(at(&moving, &LockStep::Expired, NOW + 15_000), Ok(freed), "{moving:?}");
        }
    }

    #[test]
    fn a_lent_lock_lives_by_its_servers_heartbeats() {
        let heartbeat = |gateway: &str| LockStep::Lent { gateway: gateway.to_owned() };
        let lent = after(&entering(), &heartbeat("g")).unwrap();
        assert_eq!(lent, CharacterLock { deadline_ms: Some(NOW + 30_000), ..entering() });
        assert_eq!(after(&lent, &heartbeat("h")), Err(StepRefused), "another gateway's");
        let renewed = at(&lent, &heartbeat("g"), NOW + 15_000).unwrap();
        assert_eq!(renewed, CharacterLock { deadline_ms: Some(NOW + 45_000), ..entering() });
        assert_eq!(at(&renewed, &LockStep::Expired, NOW + 44_999), Err(StepRefused));
        assert_eq!(at(&renewed, &LockStep::Expired, NOW + 45_000), Ok(free(2)), "without a heartbeat it ends");
    }

    #[test]
    fn a_server_that_returns_reclaims_in_time_or_loses_the_lock() {
        let other = LockStep::ServerReturned { server: server(2) };
        assert_eq!(after(&inside(4), &other), Err(StepRefused), "another server");
        let returned = after(&inside(4), &LockStep::ServerReturned { server: server(1) }).unwrap();
        assert_eq!(returned, CharacterLock { deadline_ms: Some(NOW + 35_000), ..inside(4) });
        assert_eq!(at(&returned, &LockStep::Expired, NOW + 34_999), Err(StepRefused));
        assert_eq!(at(&returned, &LockStep::Expired, NOW + 35_000), Ok(free(5)));
        let reclaimed = after(&returned, &LockStep::Reclaimed { server: server(1), epoch: LockEpoch(4) }).unwrap();
        assert_eq!(reclaimed, inside(4), "as if nothing had happened");
        for (other, epoch) in [(1, 3), (1, 5), (2, 4)] {
            let foreign = LockStep::Reclaimed { server: server(other), epoch: LockEpoch(epoch) };
            assert_eq!(after(&returned, &foreign), Err(StepRefused), "{foreign:?}");
        }
    }

    #[test]
    fn only_the_owner_releases_or_travels() {
        let steps = |number| [LockStep::Released { server: server(number) }, travel(server(number))];
        for (lock, number) in [(inside(4), 2), (entering(), 1), (free(4), 1)] {
            for step in steps(number) {
                assert_eq!(after(&lock, &step), Err(StepRefused), "{step:?} of {lock:?}");
            }
        }
        let gateway = CharacterOwner::Gateway("g".to_owned());
        let travelling = CharacterLock { owner: gateway, epoch: LockEpoch(5), deadline_ms: Some(NOW + 15_000) };
        assert_eq!(steps(1).map(|step| after(&inside(4), &step)), [Ok(free(4)), Ok(travelling)]);
    }

    proptest! {
        #[test]
        fn an_epoch_only_grows_and_has_at_most_one_map_server(
            steps in prop::collection::vec((steps(), 0..60_000u64), 0..60),
        ) {
            let mut lock = CharacterLock::FREE;
            let mut holders: HashMap<LockEpoch, ServerId> = HashMap::new();
            let mut now_ms = NOW;
            for (step, wait_ms) in steps {
                now_ms += wait_ms;
                let Ok(next) = at(&lock, &step, now_ms) else { continue };
                prop_assert!(next.epoch >= lock.epoch, "{step:?} took {lock:?} back to {next:?}");
                if let Some(server) = next.owner.map_server() {
                    let first = holders.entry(next.epoch).or_insert_with(|| server.clone());
                    prop_assert_eq!(&*first, server, "two map servers under one epoch");
                }
                lock = next;
            }
        }

        #[test]
        fn what_was_fenced_never_writes_again(steps in prop::collection::vec((steps(), 0..60_000u64), 0..60)) {
            let held = CharacterLock { owner: CharacterOwner::Map(server(0)), ..inside(1) };
            prop_assert!(held.admits(&server(0), LockEpoch(1)), "it wrote until it was fenced");
            let mut lock = after(&held, &LockStep::Fenced).unwrap();
            prop_assert_eq!(&lock, &free(2));
            let mut now_ms = NOW;
            for (step, wait_ms) in steps {
                now_ms += wait_ms;
                lock = at(&lock, &step, now_ms).unwrap_or(lock);
                prop_assert!(!lock.admits(&server(0), LockEpoch(1)));
            }
        }
    }
}
