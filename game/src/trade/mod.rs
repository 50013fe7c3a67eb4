//! Trades between two players: invitation, answer, offers, confirmation by both, and one event at the store that
//! happens as a whole or not at all.

mod conclude;
mod desk;
mod invite;
mod offer;
mod watch;

use std::collections::BTreeMap;

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_engine::schedule::TickSchedule;
use realmgate_protocol::ids::{EventKey, ItemId, Tick};

use crate::requests::RequestSet;

/// All trades of the channel.
#[derive(Resource, Debug, Default)]
pub struct Trades {
    /// Invitations by the player who asks. A player has one invitation at a time; many may ask the same player.
    invitations: BTreeMap<Entity, Invitation>,
    last_invitation: u64,
    running: BTreeMap<u32, Trade>,
    last: u32,
}

#[derive(Debug, Clone, Copy)]
struct Invitation {
    to: Entity,
    until: Tick,
    /// Counts up with each invitation: the last one is answered first.
    number: u64,
    /// Whether the other player was told. A player who ignores the sender is not asked, and the sender must not notice.
    told: bool,
}

#[derive(Debug)]
struct Trade {
    sides: [Side; 2],
    /// Counts up with every change of an offer. A confirmation is for one revision.
    revision: u32,
    /// Key of the deal, once both have confirmed. From then on nothing can be changed.
    at_store: Option<EventKey>,
}

#[derive(Debug)]
struct Side {
    player: Entity,
    items: Vec<ItemId>,
    gold: u64,
    confirmed: bool,
}

impl Trades {
    /// Whether a player is in a trade.
    pub fn is_trading(&self, player: Entity) -> bool {
        self.trade_of(player).is_some()
    }

    /// The number of a player's trade.
    fn trade_of(&self, player: Entity) -> Option<u32> {
        self.running.iter().find(|(_, trade)| trade.side_of(player).is_some()).map(|(number, _)| *number)
    }

    fn start(&mut self, players: [Entity; 2]) -> u32 {
        let side = |player| Side { player, items: Vec::new(), gold: 0, confirmed: false };
        self.last += 1;
        self.running.insert(self.last, Trade { sides: players.map(side), revision: 1, at_store: None });
        self.last
    }
}

impl Trade {
    fn side_of(&self, player: Entity) -> Option<usize> {
        self.sides.iter().position(|side| side.player == player)
    }

    fn take_back_confirmations(&mut self) {
        self.sides.iter_mut().for_each(|side| side.confirmed = false);
    }
}

/// Adds trades.
pub struct TradePlugin;

impl Plugin for TradePlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Trades>().add_systems(
            TickSchedule,
            (conclude::finish, watch::end_of_returned, watch::watch, desk::answer_requests)
                .chain()
                .in_set(RequestSet::Trade),
        );
    }
}
