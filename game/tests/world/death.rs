//! Death, respawn, and bodies without a player.

use realmgate_engine::channel::ToChannel;
use realmgate_engine::replication::Replicated;
use realmgate_game::death::Dead;
use realmgate_game::mob::Mind;
use realmgate_protocol::ids::{ChannelId, CharacterId, EntityId, ItemId, MapId};
use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::realm::{ClientMessage, Health, Refusal, ServerMessage};
use realmgate_protocol::wire::Aim;

use crate::scene::{EAST, Scene, TICK_HZ, session, tile};

const FIELD: [&str; 3] = ["S...............", "................", "................"];

fn slain() -> Scene {
    let mut scene = Scene::new(&FIELD, &[("killer", (6, 1))]);
    scene.enter(1, "fighter", tile(8, 1));
    let me = scene.player(1);
    scene.until("the killer kills", 4, |scene| scene.has::<Dead>(me));
    scene
}

#[test]
fn the_dead_are_told_and_can_do_nothing() {
    let mut scene = slain();
    let (me, killer) = (scene.player(1), scene.mob("killer"));
    let by = Some(scene.id(killer));
    let heard = scene.hear(1);
    assert!(heard.contains(&ServerMessage::Died { by }), "{heard:?}");
    let at = scene.at(me);
    scene.walk(1, EAST, 10);
    assert_eq!(scene.at(me), at);
    scene.act(1, 0, Aim::Entity(scene.id(killer)));
    assert_eq!(scene.refusals(1), [Refusal::Dead]);
    for message in what_needs_life() {
        scene.say(1, message);
        scene.tick();
        assert_eq!(scene.hear(1), [scene.refusal(1, Refusal::Dead)]);
    }
    scene.ticks(5 * TICK_HZ);
    assert!(scene.get::<Mind>(killer).is_peaceful(), "the dead are left alone");
    assert_eq!(scene.health(me), 0);
}

/// Each request that only the living may make.
fn what_needs_life() -> Vec<ClientMessage> {
    let (entity, item) = (EntityId(1), ItemId([1; 16]));
    vec![
        ClientMessage::PickUp { entity },
        ClientMessage::DropItem { item },
        ClientMessage::Equip { item },
        ClientMessage::Unequip { item },
        ClientMessage::UseItem { item },
        ClientMessage::VendorList { vendor: entity },
        ClientMessage::VendorBuy { vendor: entity, definition: "pebble".to_owned(), price: 1 },
        ClientMessage::VendorSell { vendor: entity, item },
        ClientMessage::TradeRequest { with: entity },
        ClientMessage::TradeAnswer { accept: true },
        ClientMessage::TradeOffer { items: vec![item], gold: 0 },
        ClientMessage::TradeConfirm { revision: 1 },
        ClientMessage::SwitchChannel { channel: ChannelId(2) },
    ]
}

#[test]
fn who_asks_returns_at_the_safe_zone_with_part_of_its_health() {
    let mut scene = slain();
    scene.hear(1);
    scene.say(1, ClientMessage::Respawn);
    scene.ticks(1);
    let me = scene.player(1);
    assert_eq!(scene.hear(1), [ServerMessage::Respawned]);
    assert!(!scene.has::<Dead>(me));
    assert_eq!(scene.at(me), tile(0, 0));
    assert_eq!(scene.get::<Replicated<Health>>(me).0, Health { current: 50, max: 100 });
    scene.say(1, ClientMessage::Respawn);
    scene.ticks(1);
    assert_eq!(scene.refusals(1), [Refusal::NotDead]);
}

#[test]
fn a_dead_mob_lies_a_while_and_another_is_born() {
    let mut scene = Scene::new(&FIELD, &[("weakling", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    let first = scene.mob("weakling");
    let id = scene.id(first);
    scene.act(1, 0, Aim::Entity(id));
    scene.ticks(TICK_HZ / 2 - 1);
    assert_eq!(scene.mobs("weakling"), [first]);
    assert!(scene.has::<Dead>(first));
    scene.tick();
    assert_eq!(scene.mobs("weakling"), [], "half a second it lay there");
    scene.ticks(3 * TICK_HZ / 2 - 1);
    assert_eq!(scene.mobs("weakling"), [], "two seconds are not over");
    scene.tick();
    let second = scene.mob("weakling");
    assert_ne!(scene.id(second), id, "an id is never used again");
    assert_eq!(scene.get::<Replicated<Health>>(second).0, Health { current: 2, max: 2 });
}

#[test]
fn a_body_without_a_player_stays_a_while_then_leaves_saved() {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "fighter", tile(5, 1));
    scene.channel.push(ToChannel::Lost { session: session(1) });
    scene.ticks(TICK_HZ);
    let me = scene.player(1);
    assert!(scene.channel.world().get_entity(me).is_ok(), "one second is not over");
    scene.tick();
    assert!(scene.channel.world().get_entity(me).is_err());
    let released = scene.link.iter().find_map(|message| match message {
        FromMap::Released { save, reason } => Some((save.character, save.soft.clone(), *reason)),
        _ => None,
    });
    let Some((character, soft, LeaveReason::ConnectionLost)) = released else { panic!("{released:?}") };
    assert_eq!((character, soft.map, soft.health), (CharacterId([1; 16]), MapId(1), 100));
    assert_eq!((soft.x, soft.y), (tile(5, 1).x, tile(5, 1).y));
}

#[test]
fn nobody_escapes_a_fight_by_pulling_the_plug() {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    let (me, post) = (scene.player(1), scene.mob("post"));
    scene.act(1, 0, Aim::Entity(scene.id(post)));
    scene.channel.push(ToChannel::Lost { session: session(1) });
    scene.ticks(3 * TICK_HZ - 1);
    assert!(scene.channel.world().get_entity(me).is_ok(), "in combat it stays three seconds");
    scene.tick();
    assert!(scene.channel.world().get_entity(me).is_err());
}
