//! Safe zones of a map.

use bevy_ecs::prelude::*;
use realmgate_engine::body::At;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::player::Player;

use super::InSafeZone;

type Walker<'a> = (Entity, &'a At, Has<InSafeZone>);

/// Marks players that have entered a safe zone, and unmarks those that have left it.
pub(super) fn mark_safe(
    mut commands: Commands<'_, '_>,
    map: Res<ChannelMap>,
    moved: Query<Walker<'_>, (With<Player>, Changed<At>)>,
) {
    for (player, at, marked) in &moved {
        match (map.is_safe(at.0), marked) {
            (true, false) => {
                commands.entity(player).insert(InSafeZone);
            }
            (false, true) => {
                commands.entity(player).remove::<InSafeZone>();
            }
            _ => {}
        }
    }
}
