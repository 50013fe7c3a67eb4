//! Portals: whoever steps into one goes where it leads.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::{ChannelKey, ChannelMap};
use realmgate_engine::clock::TickClock;
use realmgate_engine::map::Portal;
use realmgate_engine::player::{LinkDead, Player, Travelling};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::Refusal;

use super::{Maps, TravelWanted};
use crate::death::Dead;
use crate::spawn::CharacterReady;
use crate::tell::Tell;
use crate::trade::Trades;

/// How long after its arrival nobody is taken by a portal: who comes out of one may stand in another.
const ARRIVAL_PAUSE_MS: u32 = 1_000;

/// Whether a player stands in a portal, so that only stepping in counts.
#[derive(Component, Debug, Clone, Copy)]
pub(super) struct PortalSense {
    inside: bool,
    /// Until when no portal takes it.
    pub quiet_until: Tick,
}

/// Portals take who steps into them, in [`TickSet::Collide`](realmgate_engine::schedule::TickSet).
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortalSystems;

/// Whoever appears in a portal has not stepped into it.
pub(super) fn sense_portals(
    mut commands: Commands,
    mut ready: MessageReader<CharacterReady>,
    (map, clock): (Res<ChannelMap>, Res<TickClock>),
    bodies: Query<&At>,
) {
    for CharacterReady { player } in ready.read() {
        let Ok(at) = bodies.get(*player) else { continue };
        let quiet_until = clock.now().after(clock.ticks(ARRIVAL_PAUSE_MS));
        commands.entity(*player).insert(PortalSense { inside: map.portal_at(at.0).is_some(), quiet_until });
    }
}

type Walker<'a> = (Entity, &'a mut At, &'a mut PortalSense);
type Walking = (With<Player>, Without<Dead>, Without<LinkDead>, Without<Travelling>);

pub(super) fn enter_portals(
    mut walkers: Query<Walker<'_>, Walking>,
    (map, maps): (Res<ChannelMap>, Option<Res<Maps>>),
    (key, clock, trades): (Res<ChannelKey>, Res<TickClock>, Res<Trades>),
    mut wanted: MessageWriter<TravelWanted>,
    mut tell: Tell<'_, '_>,
) {
    for (player, mut at, mut sense) in &mut walkers {
        let Some(portal) = map.portal_at(at.0) else {
            sense.inside = false;
            continue;
        };
        // Who steps in during a pause or a trade is taken when that is over, and need not step out and in again.
        if sense.inside || clock.now() < sense.quiet_until || trades.is_trading(player) {
            continue;
        }
        sense.inside = true;
        match target(portal, &map, maps.as_deref()) {
            // Another place of this world needs no other connection.
            Some(to) if portal.to_map == key.map => {
                at.0 = to;
                sense.inside = map.portal_at(to).is_some();
            }
            Some(to) => {
                let map = portal.to_map;
                wanted.write(TravelWanted { player, request: "Portal", map, to, channel: None });
            }
            None => tell.refuse(player, "Portal", Refusal::TravelFailed),
        }
    }
}

/// The spawn point that a portal leads to.
fn target(portal: &Portal, here: &ChannelMap, maps: Option<&Maps>) -> Option<Position> {
    let spawn = if portal.to_map == here.id {
        here.spawn_point(&portal.to_spawn)?
    } else {
        maps?.0.get(portal.to_map)?.spawn_point(&portal.to_spawn)?
    };
    Some(spawn.position)
}
