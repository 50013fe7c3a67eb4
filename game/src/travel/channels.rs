//! The channels of this map: listing them, and switching to another.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel::{ChannelDirectory, ChannelKey};
use realmgate_engine::clock::TickClock;
use realmgate_engine::player::Players;
use realmgate_protocol::realm::{ChannelInfo, ClientMessage, Refusal, ServerMessage};

use super::TravelWanted;
use crate::combat::InCombat;
use crate::requests::Request;
use crate::tell::Tell;

pub(super) fn list_channels(
    mut requests: PopulatedMessageReader<Request>,
    directory: Res<ChannelDirectory>,
    key: Res<ChannelKey>,
    players: Res<Players>,
    mut tell: Tell<'_, '_>,
) {
    for Request { player, message, .. } in requests.read() {
        if *message != ClientMessage::ListChannels {
            continue;
        }
        let known = directory.channels.iter();
        let mut channels: Vec<ChannelInfo> = known
            .map(|state| ChannelInfo { channel: state.channel, players: state.players, capacity: state.capacity })
            .collect();
        if channels.is_empty() {
            // In its first second a world knows only itself, and not its capacity.
            let here = players.len() as u16;
            channels.push(ChannelInfo { channel: key.channel, players: here, capacity: here });
        }
        tell.send(*player, &ServerMessage::Channels { channels });
    }
}

pub(super) fn switch_channel(
    mut requests: PopulatedMessageReader<Request>,
    directory: Res<ChannelDirectory>,
    key: Res<ChannelKey>,
    clock: Res<TickClock>,
    travellers: Query<(&At, Option<&InCombat>)>,
    mut wanted: MessageWriter<TravelWanted>,
    mut tell: Tell<'_, '_>,
) {
    for request in requests.read() {
        let Request { player, message, .. } = request;
        let ClientMessage::SwitchChannel { channel } = message else { continue };
        let Ok((at, combat)) = travellers.get(*player) else { continue };
        let there = *channel != key.channel && directory.channels.iter().any(|state| state.channel == *channel);
        if combat.is_some_and(|combat| combat.is(clock.now())) {
            tell.refuse(*player, request, Refusal::InCombat);
        } else if !there {
            tell.refuse(*player, request, Refusal::NoSuchChannel);
        } else {
            let (asked, map, to) = (request.into(), key.map, at.0);
            wanted.write(TravelWanted { player: *player, asked, map, to, channel: Some(*channel) });
        }
    }
}
