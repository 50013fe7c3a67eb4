//! Handles requests about trades, in the order in which they arrived.

use std::collections::BTreeSet;

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::At;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{LinkDead, Player, Travelling};
use realmgate_engine::replication::{NetEntities, NetEntity};
use realmgate_protocol::realm::{ClientMessage, OfferView, Refusal, ServerMessage, TradeEnd};

use super::{Side, Trades};
use crate::data::Data;
use crate::death::Dead;
use crate::ignore::Ears;
use crate::inventory::Ledger;
use crate::requests::Request;
use crate::session::Session;
use crate::tell::Tell;

/// Players that can trade: alive, connected and not travelling.
type Able = (With<Player>, Without<Dead>, Without<LinkDead>, Without<Travelling>);

/// Everything needed for trading.
#[derive(SystemParam)]
pub(super) struct Desk<'w, 's> {
    pub trades: ResMut<'w, Trades>,
    pub ledger: Ledger<'w, 's>,
    pub tell: Tell<'w, 's>,
    pub ids: Res<'w, NetEntities>,
    pub clock: Res<'w, TickClock>,
    pub data: Res<'w, Data>,
    pub sessions: Query<'w, 's, &'static mut Session>,
    pub ears: Ears<'w, 's>,
    able: Query<'w, 's, (&'static At, &'static NetEntity), Able>,
}

pub(super) fn answer_requests(mut requests: PopulatedMessageReader<Request>, mut desk: Desk<'_, '_>) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let answer = match message {
            ClientMessage::TradeRequest { with } => desk.invite(*player, *with),
            ClientMessage::TradeAnswer { accept } => desk.answer(*player, *accept),
            ClientMessage::TradeOffer { items, gold } => desk.offer(*player, items, *gold),
            ClientMessage::TradeConfirm { revision } => desk.confirm(*player, *revision),
            ClientMessage::TradeCancel => desk.cancel(*player),
            _ => continue,
        };
        match answer {
            Ok(()) => {}
            Err(Refusal::RateLimited) => {
                let Ok(mut session) = desk.sessions.get_mut(*player) else { continue };
                session.refuse_limited(*player, request.into(), &desk.clock, &mut desk.tell);
            }
            Err(refusal) => desk.tell.refuse(*player, request, refusal),
        }
    }
}

impl Desk<'_, '_> {
    /// Whether a player can trade now.
    pub fn is_able(&self, player: Entity) -> bool {
        self.able.contains(player)
    }

    /// Whether two players can trade now and are in range of each other.
    pub fn are_together(&self, one: Entity, other: Entity) -> bool {
        let range = self.data.world.goods.trade_range_tiles.units();
        let at = |player| self.able.get(player).map(|(at, _)| at.0);
        matches!((at(one), at(other)), (Ok(one), Ok(other)) if one.within(other, range))
    }

    /// The entity id of a player, as known to clients.
    pub fn net(&self, player: Entity) -> Option<realmgate_protocol::ids::EntityId> {
        self.able.get(player).ok().map(|(_, net)| net.0)
    }

    /// The number of a player's trade, if its offers can still be changed.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoTrade`] if the player is in no trade, [`Refusal::TradeBusy`] if the trade is already at the store.
    pub fn open_trade_of(&self, player: Entity) -> Result<u32, Refusal> {
        let number = self.trades.trade_of(player).ok_or(Refusal::NoTrade)?;
        if self.trades.running[&number].at_store.is_some() { Err(Refusal::TradeBusy) } else { Ok(number) }
    }

    /// Sends the state of the trade to both sides.
    pub fn show(&mut self, number: u32) {
        let Some(trade) = self.trades.running.get(&number) else { return };
        let views = [self.view(&trade.sides[0]), self.view(&trade.sides[1])];
        let revision = trade.revision;
        let players = [trade.sides[0].player, trade.sides[1].player];
        for (me, them) in [(0, 1), (1, 0)] {
            let Some(with) = self.net(players[them]) else { continue };
            let (mine, theirs) = (views[me].clone(), views[them].clone());
            self.tell.send(players[me], &ServerMessage::TradeState { with, revision, mine, theirs });
        }
    }

    fn view(&self, side: &Side) -> OfferView {
        let inventory = self.ledger.owner(side.player).map(|(_, inventory)| inventory);
        let view = |item| inventory.and_then(|inventory| Some(inventory.get(item)?.view(item)));
        OfferView {
            items: side.items.iter().filter_map(|item| view(*item)).collect(),
            gold: side.gold,
            confirmed: side.confirmed,
        }
    }

    /// Ends a trade: frees what was set aside, and tells both sides.
    pub fn end(&mut self, number: u32, end: TradeEnd) {
        let Some(trade) = self.trades.running.remove(&number) else { return };
        for side in &trade.sides {
            self.ledger.set_aside(side.player, BTreeSet::new(), 0);
        }
        self.tell.send_all(trade.sides.iter().map(|side| side.player), &ServerMessage::TradeEnded { end });
    }
}
