//! The timers, by a clock: an owner that is in time keeps its lock, the dead lose theirs. The other model lets a timer
//! fire whenever it wants to; here it fires when it is due, deadlines are numbers, and renewals are under way for a while.

mod store;
mod world;

use stateright::{Checker, HasDiscoveries, Model, Property};

use store::Kind;
use world::{Link, World};

/// One server, one thing that it holds, two sidecars.
#[derive(Debug, Clone, Copy)]
pub struct Clocked {
    kind: Kind,
    /// The last tick.
    horizon: u8,
    /// Links that break, sidecars that die, outages of the database.
    faults: u8,
    rules: Rules,
}

/// Rules of the services and of the store. Without one of them somebody who is in time loses its lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// After an outage deadlines are put off.
    pub grace_after_outage: bool,
    /// What a sweeper ends must have the deadline that it has read.
    pub timers_look_twice: bool,
    /// Whoever comes back is late only when a timer has ended its lock, not when its deadline has passed.
    pub only_timers_end: bool,
    /// A renewal that was under way for long does not bring a deadline forward.
    pub renewals_only_extend: bool,
}

const EVERY: Rules =
    Rules { grace_after_outage: true, timers_look_twice: true, only_timers_end: true, renewals_only_extend: true };

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Tick,
    Renew,
    RenewalLands,
    Sweep { at: usize },
    Fire { at: usize },
    Greet { at: usize },
    Meet,
    Reclaim,
    Down { at: usize },
    Up { at: usize },
    Stall,
    Resume,
    Die,
    LinkBreaks,
}

const IN_TIME: &str = "an owner that is in time never loses its lock to a timer";
const NOT_FOR_EVER: &str = "the lock of the dead ends in time";

impl Model for Clocked {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self.kind, self.faults)]
    }

    fn actions(&self, _: &World, actions: &mut Vec<Action>) {
        use Action::*;
        actions.extend([Tick, Renew, RenewalLands, Meet, Reclaim, Stall, Resume, Die, LinkBreaks]);
        for at in 0..2 {
            actions.extend([Sweep { at }, Fire { at }, Greet { at }, Down { at }, Up { at }]);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        world.after(action, self)?;
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(IN_TIME, |_, world: &World| !world.robbed),
            Property::always(NOT_FOR_EVER, |_, world: &World| !world.is_haunted()),
            Property::sometimes("a dead server loses its lock", |_, world: &World| {
                world.died.is_some() && !world.store.held
            }),
            Property::sometimes("a server that is late loses its lock", |_, world: &World| {
                world.died.is_none() && !world.store.held
            }),
            Property::sometimes("a server comes back after a long outage and keeps its lock", |_, world: &World| {
                world.graced && world.store.held && matches!(world.link, Link::Open(_)) && world.reclaim_until.is_none()
            }),
        ]
    }

    fn within_boundary(&self, world: &World) -> bool {
        world.now <= self.horizon
    }
}

fn search(horizon: u8, faults: u8) {
    for kind in [Kind::Map, Kind::Replica] {
        let checker = Clocked { kind, horizon, faults, rules: EVERY }.checker().threads(2).spawn_dfs().join();
        println!("{kind:?}, {horizon} ticks, {faults} faults: {} states", checker.unique_state_count());
        checker.assert_properties();
    }
}

#[test]
fn owners_in_time_keep_their_locks_and_the_dead_lose_theirs() {
    search(7, 1);
}

/// Takes long, as its namesake beside it.
#[cfg(feature = "long-model")]
#[test]
fn owners_in_time_keep_their_locks_and_the_dead_lose_theirs_for_long() {
    search(9, 2);
}

/// Each rule that is left out robs somebody.
#[test]
fn without_one_rule_of_the_clock_somebody_in_time_loses_its_lock() {
    for rules in [
        Rules { grace_after_outage: false, ..EVERY },
        Rules { timers_look_twice: false, ..EVERY },
        Rules { only_timers_end: false, ..EVERY },
        Rules { renewals_only_extend: false, ..EVERY },
    ] {
        let model = Clocked { kind: Kind::Map, horizon: 9, faults: 2, rules };
        let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let path = checker.discovery(IN_TIME).unwrap_or_else(|| panic!("{rules:?} robs nobody"));
        println!("{rules:?}: {:?}", path.into_actions());
    }
}
