//! The state machine of a mob.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::path::Route;
use crate::threat::ThreatTable;

/// The state of a mob's behaviour.
#[derive(Component, Debug, Clone)]
#[require(Route, ThreatTable)]
pub struct Mind {
    /// What it does now.
    pub mood: Mood,
    /// Where it returns to: its position when its last fight began.
    pub home: Position,
    /// The entity it fights.
    pub enemy: Option<Entity>,
    /// Whether it joined because another mob called: then it does not call for help itself.
    pub(super) called: bool,
    /// Tick since which it makes no progress, `None` if it does.
    pub(super) stuck_since: Option<Tick>,
}

/// What a mob does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Stands still.
    Idle {
        /// Tick at which it starts to wander.
        until: Tick,
    },
    /// Walks to a random place of its spawn area.
    Wander {
        /// Destination.
        to: Position,
    },
    /// Fights the enemy with the most threat.
    Fight,
    /// Runs from its last enemy.
    Flee {
        /// Tick at which it turns home.
        until: Tick,
        /// Its health when the flight started; less than this starts it anew.
        health: u16,
    },
    /// Goes home; it cannot be harmed on the way.
    Return,
}

impl Mind {
    /// Creates a peaceful mind.
    pub fn at_home(home: Position) -> Self {
        let mood = Mood::Idle { until: Tick(0) };
        Self { mood, home, enemy: None, called: false, stuck_since: None }
    }

    /// Marks it as called by another mob: it does not call for help itself.
    pub fn answers_call(&mut self) {
        self.called = true;
    }

    /// Whether it is idle or wandering.
    pub fn is_peaceful(&self) -> bool {
        matches!(self.mood, Mood::Idle { .. } | Mood::Wander { .. })
    }
}
