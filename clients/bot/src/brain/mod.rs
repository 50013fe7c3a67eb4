//! What a bot does: a pure decision every tick, from what it sees, what it knows and its random numbers.

mod bag;
mod fight;
mod loot;
mod objective;
mod phrases;
mod requests;
mod route;
mod senses;
mod steering;
mod talk;
mod trading;
mod wander;

pub use senses::{Me, Senses};

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_client::session::Intent;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_protocol::wire::Action;

use bag::Bag;
use fight::Fight;
use loot::Loot;
use objective::Objectives;
use requests::Requests;
use steering::Steering;
use talk::Talk;
use trading::{Stance, Trading};
use wander::Wander;

/// Interval between two respawn requests.
const RESPAWN_EVERY: Duration = Duration::from_secs(2);

/// The character traits of a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temper {
    /// Walks to portals, and stops for nothing on the way.
    pub is_traveller: bool,
    /// Never heals itself: sooner or later it dies.
    pub is_reckless: bool,
}

/// What a bot wants to do this tick.
#[derive(Debug, Default, PartialEq)]
pub struct Decision {
    /// Walking and abilities.
    pub intent: Intent,
    /// Requests to the server.
    pub asks: Vec<ClientMessage>,
}

/// A bot's mind.
#[derive(Debug)]
pub struct Brain {
    rng: Pcg64,
    temper: Temper,
    respawn_at: Option<Duration>,
    requests: Requests,
    fight: Fight,
    loot: Loot,
    bag: Bag,
    objectives: Objectives,
    trading: Trading,
    talk: Talk,
    wander: Wander,
    steering: Steering,
}

impl Brain {
    /// A mind that takes its random numbers from `rng`.
    pub fn new(mut rng: Pcg64, temper: Temper, now: Duration) -> Self {
        Self {
            temper,
            respawn_at: None,
            requests: Requests::default(),
            fight: Fight::default(),
            loot: Loot::default(),
            bag: Bag::default(),
            objectives: Objectives::new(temper.is_traveller, now, &mut rng),
            trading: Trading::new(now, &mut rng),
            talk: Talk::new(now, &mut rng),
            wander: Wander::default(),
            steering: Steering::default(),
            rng,
        }
    }

    /// The bot has entered a world, its first or another one. What it knew about places and entities is discarded.
    pub fn arrive(&mut self, now: Duration) {
        self.respawn_at = None;
        self.requests = Requests::default();
        self.fight = Fight::default();
        self.loot = Loot::default();
        self.wander = Wander::default();
        self.steering = Steering::default();
        self.objectives.arrive(now, &mut self.rng);
        self.trading.arrive(now, &mut self.rng);
    }

    /// Takes a message from the server, after the session has. Returns whether it means that loot was picked up.
    pub fn hear(&mut self, message: &ServerMessage, senses: &Senses<'_>) -> bool {
        self.fight.on_refused(message, senses);
        self.bag.hear(message, self.requests.pending(), senses.now);
        self.loot.hear(message, self.requests.pending(), senses);
        self.objectives.hear(message);
        self.trading.hear(message, senses, &mut self.rng);
        self.talk.take_invitation(message, senses);
        self.requests.hear(message)
    }

    /// Whether a pick-up is still unanswered.
    pub fn has_open_pick_up(&self) -> bool {
        self.requests.pending().is_some_and(|pending| matches!(pending.ask, ClientMessage::PickUp { .. }))
    }

    /// Decides what to do this tick.
    pub fn decide(&mut self, senses: &Senses<'_>) -> Decision {
        let mut asks = Vec::new();
        self.talk.step(senses, &mut self.rng, &mut asks);
        let Some(me) = Me::of(senses) else { return Decision { asks, ..Decision::default() } };
        if me.is_dead() {
            self.lie_dead(senses.now, &mut asks);
            return Decision { asks, ..Decision::default() };
        }
        self.respawn_at = None;
        let intent = self.live(senses, &me, &mut asks);
        Decision { intent, asks }
    }

    fn live(&mut self, senses: &Senses<'_>, me: &Me<'_>, asks: &mut Vec<ClientMessage>) -> Intent {
        let stance = self.trading.step(senses, me, &mut self.rng, asks);
        if stance == Stance::Stand {
            return Intent::default();
        }
        let is_reckless = self.temper.is_reckless;
        self.bag.step(senses, me, is_reckless, &mut self.requests, asks);
        if self.objectives.is_leaving(senses)
            && let Some(portal) = self.objectives.step(senses, me, &mut self.requests, &mut self.rng, asks)
        {
            return self.walk(senses, me, portal, None);
        }
        let combat = self.fight.step(senses, me, is_reckless, &mut self.rng);
        if combat.is_holding {
            return Intent { heading: None, action: combat.action };
        }
        // Loot on the ground comes before the next fight, but not before the current one.
        let goal = combat
            .goal
            .filter(|_| me.in_combat())
            .or_else(|| self.loot.step(senses, me, &mut self.requests, asks))
            .or_else(|| self.objectives.step(senses, me, &mut self.requests, &mut self.rng, asks))
            .or(match stance {
                Stance::Seek(partner) => Some(partner),
                Stance::Free | Stance::Stand => None,
            })
            .or(combat.goal)
            .unwrap_or_else(|| self.wander.goal(senses, me, &mut self.rng));
        self.walk(senses, me, goal, combat.action)
    }

    fn walk(&mut self, senses: &Senses<'_>, me: &Me<'_>, goal: Position, action: Option<Action>) -> Intent {
        let grid = senses.session.grid().map(AsRef::as_ref);
        let heading = self.steering.toward(me.at, goal, grid, senses.now, &mut self.rng);
        Intent { heading, action }
    }

    fn lie_dead(&mut self, now: Duration, asks: &mut Vec<ClientMessage>) {
        self.trading.cancel();
        match self.respawn_at {
            None => self.respawn_at = Some(now + Duration::from_millis(self.rng.random_range(500..2_500))),
            Some(at) if now >= at => {
                asks.push(ClientMessage::Respawn);
                self.respawn_at = Some(now + RESPAWN_EVERY);
            }
            Some(_) => {}
        }
    }
}

/// The time a random number of milliseconds from now, drawn from the range.
fn later(now: Duration, range_ms: std::ops::Range<u64>, rng: &mut Pcg64) -> Duration {
    now + Duration::from_millis(rng.random_range(range_ms))
}

#[cfg(test)]
mod stage;
#[cfg(test)]
mod tests;
