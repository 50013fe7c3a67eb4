//! Players who come back to their bodies over other connections: the fight goes on, and the client gets everything again.

use realmgate_engine::channel::ToChannel;
use realmgate_engine::player::LinkDead;
use realmgate_game::combat::InCombat;
use realmgate_game::death::Dead;
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{FromMap, LeaveReason, PartyMember, SocialEvent};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, TradeEnd, protocol_hash};
use realmgate_protocol::wire::Aim;

use crate::scene::{EAST, Scene, TICK_HZ, session, tile};

const FIELD: [&str; 3] = ["..........", "S.........", ".........."];
const ANN: CharacterId = CharacterId([1; 16]);
/// As whom the scene knows the next connection of the first player.
const BACK: u8 = 9;

/// A fighter that has just hit a post: in combat for three seconds.
fn fighting() -> Scene {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    let post = scene.mob("post");
    scene.act(1, 0, Aim::Entity(scene.id(post)));
    scene.hear(1);
    scene.link.clear();
    scene
}

fn lose(scene: &mut Scene) {
    scene.channel.push(ToChannel::Lost { session: session(1) });
}

fn announce(scene: &mut Scene) {
    scene.channel.push(ToChannel::Awaited { character: ANN });
}

/// The player connects again, and sends nothing.
fn connect(scene: &mut Scene) {
    scene.channel.push(ToChannel::Return { session: session(BACK), character: ANN });
    scene.tick();
}

/// The whole way back: what its client is told.
fn come_back(scene: &mut Scene) -> Vec<ServerMessage> {
    announce(scene);
    connect(scene);
    scene.say(BACK, ClientMessage::Hello { protocol_hash: protocol_hash() });
    scene.ticks(2);
    scene.hear(BACK)
}

fn released(scene: &Scene) -> Option<LeaveReason> {
    scene.link.iter().find_map(|message| match message {
        FromMap::Released { reason, .. } => Some(*reason),
        _ => None,
    })
}

#[test]
fn who_comes_back_in_a_fight_fights_on_with_the_same_body() {
    let mut scene = Scene::new(&FIELD, &[("boar", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    let me = scene.player(1);
    let whole = scene.health(me);
    scene.until("the boar has hurt it", 10, |scene| scene.health(me) < whole);
    lose(&mut scene);
    scene.ticks(TICK_HZ);
    let (hurt, fight) = (scene.health(me), scene.get::<InCombat>(me));
    assert!(scene.has::<LinkDead>(me));
    announce(&mut scene);
    connect(&mut scene);
    assert_eq!(scene.player(1), me);
    assert!(!scene.has::<LinkDead>(me));
    assert!(scene.health(me) <= hurt && scene.get::<InCombat>(me).until >= fight.until, "nothing was forgiven");
    scene.until("the boar hurts it again", 10, |scene| scene.health(me) < hurt);
    assert_eq!(released(&scene), None);

    // Its client counts its commands from 1 again.
    let before = scene.at(me);
    scene.command(BACK, Some(EAST), None);
    scene.command(BACK, Some(EAST), None);
    assert_ne!(scene.at(me), before);
}

#[test]
fn who_comes_back_is_told_all_that_a_newcomer_is_told() {
    let mut scene = fighting();
    scene.say(1, ClientMessage::Ignore { name: "Bert".to_owned() });
    let members = vec![PartyMember { character: ANN, name: "Player1".to_owned(), online: true }];
    let event = SocialEvent::PartyState { party: 7, members: members.clone() };
    scene.channel.push(ToChannel::Social { character: ANN, event });
    scene.tick();
    lose(&mut scene);
    scene.ticks(2);
    let heard = come_back(&mut scene);
    let me = scene.id(scene.player(1));
    let welcomes: Vec<_> = heard.iter().filter(|told| matches!(told, ServerMessage::Welcome { .. })).collect();
    assert!(matches!(welcomes[..], [ServerMessage::Welcome { entity, .. }] if *entity == me), "{heard:?}");
    let told = |is_it: fn(&ServerMessage) -> bool| heard.iter().filter(|told| is_it(told)).count();
    assert_eq!(told(|told| matches!(told, ServerMessage::Inventory { .. })), 1, "{heard:?}");
    assert_eq!(told(|told| matches!(told, ServerMessage::Died { .. })), 0, "{heard:?}");
    assert!(heard.contains(&ServerMessage::Ignored { names: vec!["Bert".to_owned()] }), "{heard:?}");
    assert!(heard.contains(&ServerMessage::Party { party: 7, members }), "{heard:?}");
}

#[test]
fn who_comes_back_to_a_dead_body_is_told_so_and_can_stand_up() {
    let mut scene = fighting();
    let me = scene.player(1);
    scene.set_health(me, 0);
    scene.tick();
    assert!(scene.has::<Dead>(me));
    assert!(come_back(&mut scene).contains(&ServerMessage::Died { by: None }));
    scene.say(BACK, ClientMessage::Respawn);
    scene.tick();
    assert!(scene.hear(BACK).contains(&ServerMessage::Respawned));
}

#[test]
fn coming_back_takes_back_what_had_asked_it_to_leave() {
    for reason in [LeaveReason::Replaced, LeaveReason::Logout, LeaveReason::Abuse] {
        let mut scene = fighting();
        scene.channel.push(ToChannel::Kick { character: ANN, reason });
        scene.ticks(TICK_HZ);
        come_back(&mut scene);
        scene.ticks(10 * TICK_HZ);
        assert_eq!(released(&scene), None, "{reason:?}: it is connected, and wants to be here");
    }
}

#[test]
fn what_asks_it_to_leave_after_it_wanted_back_counts() {
    let mut scene = fighting();
    announce(&mut scene);
    scene.tick();
    scene.channel.push(ToChannel::Kick { character: ANN, reason: LeaveReason::Logout });
    scene.tick();
    connect(&mut scene);
    scene.until("it is let go", 4, |scene| released(scene) == Some(LeaveReason::Logout));
}

#[test]
fn a_body_whose_player_is_on_its_way_back_waits_anew() {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "fighter", tile(5, 1));
    lose(&mut scene);
    // A second without a connection is the most out of combat.
    scene.ticks(TICK_HZ - 1);
    announce(&mut scene);
    scene.ticks(TICK_HZ - 1);
    assert_eq!(released(&scene), None);
    connect(&mut scene);
    scene.ticks(3 * TICK_HZ);
    assert_eq!(released(&scene), None, "it is back");

    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "fighter", tile(5, 1));
    lose(&mut scene);
    scene.tick();
    announce(&mut scene);
    scene.ticks(TICK_HZ + 1);
    assert_eq!(released(&scene), Some(LeaveReason::ConnectionLost), "but not for ever");
}

#[test]
fn the_connection_before_is_told_who_has_its_body_and_has_no_say_any_more() {
    let mut scene = fighting();
    scene.enter(2, "fighter", tile(4, 1));
    scene.hear(1);
    announce(&mut scene);
    scene.tick();
    scene.say(1, ClientMessage::Chat { text: "a last word".to_owned() });
    connect(&mut scene);
    let gone = ServerMessage::Leave { reason: LeaveReason::Replaced };
    assert_eq!(scene.hear(1), [gone], "the old one is told why it ends");
    assert_eq!(scene.hear(BACK), [], "nothing is answered to the new one that it did not say");
    assert_eq!(scene.hear(2), [], "what came too late is not said");
    scene.say(1, ClientMessage::Logout);
    scene.ticks(5 * TICK_HZ);
    assert_eq!(released(&scene), None);
    scene.say(BACK, ClientMessage::Logout);
    scene.tick();
    assert_eq!(scene.hear(BACK), [scene.refusal(BACK, Refusal::HelloFirst)], "its first message, as of a newcomer");
}

#[test]
fn a_trade_ends_when_one_side_comes_back_over_another_connection() {
    let mut scene = Scene::new(&FIELD, &[]);
    scene.enter(1, "fighter", tile(5, 1));
    scene.enter(2, "fighter", tile(6, 1));
    let one = scene.id(scene.player(1));
    scene.say(2, ClientMessage::TradeRequest { with: one });
    scene.tick();
    scene.say(1, ClientMessage::TradeAnswer { accept: true });
    scene.tick();
    assert!(scene.hear(2).iter().any(|told| matches!(told, ServerMessage::TradeState { .. })), "they trade");
    announce(&mut scene);
    connect(&mut scene);
    assert!(scene.hear(2).contains(&ServerMessage::TradeEnded { end: TradeEnd::Apart }));
}
