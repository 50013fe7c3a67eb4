//! Whom a player uses which ability on.

use realmgate_client::session::Session;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::EntityKind;

use super::mind::Mind;
use super::scene::{Scenario, Scene, units};

/// How far off somebody may be.
const AIM_TILES: f64 = 9.0;

/// The slot of an ability, one after the other by turns, and the nearest whom it may be used on. `places` is where all players
/// are, for one that keeps nothing but itself.
pub fn next(
    mind: &Mind,
    scene: &Scene,
    at: Position,
    turn: u32,
    places: &[(EntityId, Position)],
) -> Option<(u8, Option<EntityId>)> {
    let slot = turn.checked_rem(mind.slots() as u32)?;
    let target = match mind {
        Mind::Deep(session) => {
            let kind = used_on(session, scene, slot)?;
            let others = session.world.entities().filter(|(_, view)| view.kind() == Some(kind) && !view.is_dead());
            nearest(at, mind.own(), others.filter_map(|(id, view)| Some((id, view.position()?))))
        }
        // In a brawl everybody sees everybody, and nobody dies.
        Mind::Light(_) => nearest(at, mind.own(), places.iter().copied()),
    };
    Some((slot as u8, target))
}

/// On whom the ability in this slot is used.
fn used_on(session: &Session, scene: &Scene, slot: u32) -> Option<EntityKind> {
    let ability = session.content.ability(*session.welcome()?.slots.get(slot as usize)?)?;
    let is_on_players = ability.friendly || scene.scenario == Scenario::Brawl;
    Some(if is_on_players { EntityKind::Player } else { EntityKind::Mob })
}

/// The nearest within reach who is not oneself.
fn nearest(at: Position, own: Option<EntityId>, all: impl Iterator<Item = (EntityId, Position)>) -> Option<EntityId> {
    let near = all.filter(|(id, to)| Some(*id) != own && to.within(at, units(AIM_TILES)));
    near.min_by_key(|(id, to)| (to.distance_squared(at), *id)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::codec::encode_reliable;
    use realmgate_protocol::ids::{ChannelId, CharacterId, MapId, Tick};
    use realmgate_protocol::realm::ServerMessage;

    use super::*;

    const OWN: EntityId = EntityId(7);

    fn tiles(x: f64) -> Position {
        Position { x: units(x), y: 0 }
    }

    #[test]
    fn who_keeps_nothing_but_itself_aims_at_who_is_nearest() {
        let (mut mind, scene) = (Mind::new(false), Scene::new(Scenario::Brawl, 3));
        let places =
            [(EntityId(1), tiles(20.0)), (EntityId(2), tiles(23.0)), (OWN, tiles(22.0)), (EntityId(3), tiles(40.0))];
        assert_eq!(next(&mind, &scene, tiles(22.0), 0, &places), None, "it knows no ability yet");
        let welcome = ServerMessage::Welcome {
            protocol_hash: 0,
            entity: OWN,
            character: CharacterId([0; 16]),
            map: MapId(1),
            channel: ChannelId(1),
            tick: Tick(1),
            tick_hz: 20,
            body_radius: 0,
            slots: vec![4, 9],
        };
        mind.hear(&encode_reliable(&welcome).unwrap());
        let aimed = |at, turn| next(&mind, &scene, tiles(at), turn, &places);
        assert_eq!(aimed(22.0, 4), Some((0, Some(EntityId(2)))), "not at itself");
        assert_eq!(aimed(21.0, 5), Some((1, Some(EntityId(1)))), "the next ability, at who is nearer now");
        assert_eq!(aimed(49.1, 6), Some((0, None)), "nobody is in reach");
    }
}
