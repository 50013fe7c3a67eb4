//! A player who steps into a portal travels to its target.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::{LinkDead, Player, Travelling};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::Refusal;

use super::portal::{Portal, Portals};
use super::{Maps, TravelWanted};
use crate::death::Dead;
use crate::requests::Asked;
use crate::session::LoggingOut;
use crate::spawn::CharacterReady;
use crate::tell::Tell;
use crate::trade::Trades;

/// Milliseconds after arrival in which no portal takes a player: the arrival point may be inside another portal.
const ARRIVAL_PAUSE_MS: u32 = 1_000;

/// Whether a player stands in a portal, so that only stepping in counts.
#[derive(Component, Debug, Clone, Copy)]
pub(super) struct PortalSense {
    inside: bool,
    /// Tick until which no portal takes the player.
    pub quiet_until: Tick,
}

/// Takes players who step into portals, in [`TickSet::Collide`](realmgate_engine::schedule::TickSet).
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PortalSystems;

/// The portals of this map, and where they lead.
#[derive(SystemParam)]
pub(super) struct Ways<'w> {
    portals: Res<'w, Portals>,
    here: Res<'w, ChannelMap>,
    maps: Option<Res<'w, Maps>>,
}

impl Ways<'_> {
    /// The portal that a position is in.
    fn at(&self, position: Position) -> Option<&Portal> {
        self.portals.at(position)
    }

    /// Whether a portal leads to a place of this map.
    fn leads_within(&self, portal: &Portal) -> bool {
        portal.to_map == self.here.id
    }

    /// The spawn point that a portal leads to.
    fn target(&self, portal: &Portal) -> Option<Position> {
        let spawn = if self.leads_within(portal) {
            self.here.spawn_point(&portal.to_spawn)?
        } else {
            self.maps.as_deref()?.0.get(portal.to_map)?.spawn_point(&portal.to_spawn)?
        };
        Some(spawn.position)
    }
}

/// Marks new characters that appear inside a portal: they have not stepped into it.
pub(super) fn sense_portals(
    mut ready: PopulatedMessageReader<CharacterReady>,
    mut commands: Commands,
    ways: Ways<'_>,
    clock: Res<TickClock>,
    bodies: Query<&At>,
) {
    for CharacterReady { player } in ready.read() {
        let Ok(at) = bodies.get(*player) else { continue };
        let quiet_until = clock.now().after(clock.ticks(ARRIVAL_PAUSE_MS));
        commands.entity(*player).insert(PortalSense { inside: ways.at(at.0).is_some(), quiet_until });
    }
}

type Walker<'a> = (Entity, &'a At, &'a mut PortalSense);
/// Players that a portal takes. Players in combat count too, since a portal has to be reached on foot, under attack.
/// Players who are logging out do not.
type Walking = (With<Player>, Without<Dead>, Without<LinkDead>, Without<Travelling>, Without<LoggingOut>);

pub(super) fn enter_portals(
    mut commands: Commands,
    mut walkers: Query<Walker<'_>, Walking>,
    ways: Ways<'_>,
    clock: Res<TickClock>,
    trades: Res<Trades>,
    mut wanted: MessageWriter<TravelWanted>,
    mut tell: Tell<'_, '_>,
) {
    for (player, at, mut sense) in &mut walkers {
        let Some(portal) = ways.at(at.0) else {
            sense.inside = false;
            continue;
        };
        // A player who steps in during a pause or a trade is taken when that is over, without stepping in again.
        if sense.inside || clock.now() < sense.quiet_until || trades.is_trading(player) {
            continue;
        }
        sense.inside = true;
        match ways.target(portal) {
            // The target is in this world: no new connection is needed.
            Some(to) if ways.leads_within(portal) => {
                commands.entity(player).insert(At(to));
                sense.inside = ways.at(to).is_some();
            }
            Some(to) => {
                let map = portal.to_map;
                wanted.write(TravelWanted { player, asked: Asked::PORTAL, map, to, channel: None });
            }
            None => tell.refuse(player, Asked::PORTAL, Refusal::TravelFailed),
        }
    }
}
