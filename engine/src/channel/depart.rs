//! How players leave a world: for good, or to another one.

use bevy_app::{App, Plugin};
use bevy_ecs::prelude::*;
use realmgate_protocol::ids::RequestId;
use realmgate_protocol::link::{FromMap, LeaveReason};

use super::ChannelKey;
use super::receive::EnterWorld;
use super::save::{SaveSoftState, save_of};
use crate::clock::TickClock;
use crate::outbox::Outbox;
use crate::persist::PersistPort;
use crate::player::{
    Departing, LeaveGranted, Player, PlayerLeaving, Players, TravelAnswered, TravelRequested, Travelling,
};
use crate::schedule::{TickSchedule, TickSet};

/// How long a travelling player waits for the answer, far longer than the sidecar takes to give one.
const MAX_TRAVEL_MS: u32 = 20_000;

/// How long a leaving player waits for the outcome of its pending events.
const MAX_SETTLE_MS: u32 = 2_000;

/// The player leaves at the end of this tick.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(storage = "SparseSet")]
pub(super) enum Leaving {
    /// Saved and released.
    Released(LeaveReason),
    /// Its lock moved to another server with the travel.
    Travelled,
    /// Its lock is lost; nothing is written.
    Dropped(LeaveReason),
}

/// The set that announces leaving players. The game's own systems of [`TickSet::Lifecycle`] run after it.
#[derive(SystemSet, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnnounceLeaving;

pub(super) struct DepartPlugin;

impl Plugin for DepartPlugin {
    fn build(&self, app: &mut App) {
        app.add_message::<PlayerLeaving>()
            .add_systems(TickSchedule, give_up_travel.in_set(TickSet::Receive).after(EnterWorld))
            .add_message::<TravelRequested>()
            .add_systems(TickSchedule, announce_leaving.in_set(TickSet::Lifecycle).in_set(AnnounceLeaving))
            .add_systems(TickSchedule, (ask_to_travel, depart).chain().in_set(TickSet::Persist).after(SaveSoftState));
    }
}

type Leaver<'a> = (Entity, &'a Player, Option<&'a Leaving>, Option<&'a Departing>);

fn announce_leaving(
    mut commands: Commands,
    (clock, port): (Res<TickClock>, Res<PersistPort>),
    mut requests: MessageReader<LeaveGranted>,
    players: Query<Leaver<'_>>,
    mut leaving: MessageWriter<PlayerLeaving>,
) {
    // While the store is unreachable nobody waits for it: pending events are safe with the host.
    let is_settled = |known: &Player| port.is_away() || port.pending_of(known.character) == 0;
    for (player, known, reason, departing) in &players {
        let reason = match (reason, departing) {
            (Some(Leaving::Dropped(reason)), _) => Some(*reason),
            (Some(Leaving::Released(_) | Leaving::Travelled), _) => None,
            (None, Some(Departing { reason, since })) => {
                if !is_settled(known) && clock.now().since(*since) < clock.ticks(MAX_SETTLE_MS) {
                    continue;
                }
                commands.entity(player).insert(Leaving::Released(*reason));
                Some(*reason)
            }
            (None, None) => continue,
        };
        leaving.write(PlayerLeaving { player, character: known.character, reason });
    }
    let mut asked: Vec<Entity> = Vec::new();
    for LeaveGranted { player, reason } in requests.read().copied() {
        let Ok((_, known, None, None)) = players.get(player) else { continue };
        if asked.contains(&player) {
            continue;
        }
        asked.push(player);
        let mut leaver = commands.entity(player);
        leaver.insert(Departing { reason, since: clock.now() });
        if is_settled(known) {
            leaver.insert(Leaving::Released(reason));
            leaving.write(PlayerLeaving { player, character: known.character, reason: Some(reason) });
        }
    }
}

/// Drops travelling players whose request stays unanswered for too long, except while the store is unreachable, since
/// no answer can come then.
fn give_up_travel(
    mut commands: Commands,
    (clock, port): (Res<TickClock>, Res<PersistPort>),
    travellers: Query<(Entity, &Travelling), Without<Leaving>>,
) {
    if port.is_away() {
        return;
    }
    for (player, travelling) in &travellers {
        if clock.now().since(travelling.since) > clock.ticks(MAX_TRAVEL_MS) {
            commands.entity(player).insert(Leaving::Dropped(LeaveReason::Replaced));
        }
    }
}

/// The error code with which travel requests are refused while the store is unreachable.
pub const STORE_AWAY: &str = "STORE_AWAY";

/// Sends the travel requests, each with the player's last save. While the store is unreachable they are refused: the
/// player would stand frozen until the store is back.
fn ask_to_travel(
    world: &mut World,
    mut asked: Local<u32>,
    mut cursor: Local<bevy_ecs::message::MessageCursor<TravelRequested>>,
) {
    let requests: Vec<TravelRequested> = {
        let messages = world.resource::<Messages<TravelRequested>>();
        cursor.read(messages).cloned().collect()
    };
    for request in requests {
        let Ok(entity) = world.get_entity(request.player) else { continue };
        if !entity.contains::<Player>() || entity.contains::<Travelling>() || entity.contains::<Leaving>() {
            continue;
        }
        if world.resource::<PersistPort>().is_away() {
            world.write_message(TravelAnswered { player: request.player, answer: Err(STORE_AWAY.to_owned()) });
            continue;
        }
        let Some(mut save) = save_of(world, request.player) else { continue };
        save.soft = request.arrival;
        *asked += 1;
        let key = *world.resource::<ChannelKey>();
        let request_id = RequestId(u64::from(key.map.0) << 48 | u64::from(key.channel.0) << 32 | u64::from(*asked));
        let since = world.resource::<TickClock>().now();
        world.entity_mut(request.player).insert(Travelling { request: request_id, since });
        let travel = FromMap::Travel { request: request_id, save, channel: request.channel };
        world.resource_mut::<Outbox>().link.push(travel);
    }
}

fn depart(
    world: &mut World,
    mut leavers: Local<Vec<(Entity, Leaving)>>,
    mut query: Local<Option<QueryState<(Entity, &'static Leaving)>>>,
) {
    let query = query.get_or_insert_with(|| world.query());
    leavers.extend(query.iter(world).map(|(entity, leaving)| (entity, *leaving)));
    for (entity, leaving) in leavers.drain(..) {
        let save = match leaving {
            Leaving::Released(reason) => save_of(world, entity).map(|save| FromMap::Released { save, reason }),
            Leaving::Travelled | Leaving::Dropped(_) => None,
        };
        let Some(player) = world.get::<Player>(entity).cloned() else { continue };
        world.resource_mut::<Players>().remove(player.session, player.character);
        let mut outbox = world.resource_mut::<Outbox>();
        outbox.link.extend(save);
        outbox.disconnects.push(player.session);
        world.despawn(entity);
    }
}
