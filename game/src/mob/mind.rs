//! What a mob is up to.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use crate::path::Route;
use crate::threat::ThreatTable;

/// A mob's mind.
#[derive(Component, Debug, Clone)]
#[require(Route, ThreatTable)]
pub struct Mind {
    /// What it is up to.
    pub mood: Mood,
    /// Where it returns to: where it was when it left its peace.
    pub home: Position,
    /// Whom it fights.
    pub enemy: Option<Entity>,
    /// Whether it came because another called: then it calls nobody itself.
    pub(super) called: bool,
    /// Since when it gets no nearer to where it wants.
    pub(super) stuck_since: Option<Tick>,
}

/// What a mob is up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Stands around.
    Idle {
        /// Until when.
        until: Tick,
    },
    /// Takes a walk.
    Wander {
        /// Where to.
        to: Position,
    },
    /// Fights the worst of its enemies.
    Fight,
    /// Runs from them.
    Flee {
        /// Until when.
        until: Tick,
        /// Its health when it last felt a blow.
        health: u16,
    },
    /// Goes home, and nothing harms it.
    Return,
}

impl Mind {
    /// A peaceful mind.
    pub fn at_home(home: Position) -> Self {
        let mood = Mood::Idle { until: Tick(0) };
        Self { mood, home, enemy: None, called: false, stuck_since: None }
    }

    /// Makes it one that was called: it calls nobody else.
    pub fn answers_call(&mut self) {
        self.called = true;
    }

    /// Whether it fights nobody and goes nowhere in particular.
    pub fn is_peaceful(&self) -> bool {
        matches!(self.mood, Mood::Idle { .. } | Mood::Wander { .. })
    }
}
