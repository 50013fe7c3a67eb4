//! Ways to leave a world, none of which is a way out of a fight.

use realmgate_engine::channel::ToChannel;
use realmgate_game::combat::InCombat;
use realmgate_protocol::ids::{CharacterId, LockEpoch};
use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_protocol::wire::Aim;

use crate::scene::{Scene, TICK_HZ, session, tile};

const FIELD: [&str; 3] = ["..........", "S.........", ".........."];

/// A fighter that has just hit a post: in combat for three seconds.
fn fighting() -> Scene {
    let mut scene = Scene::new(&FIELD, &[("post", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    hit(&mut scene);
    scene.hear(1);
    scene.link.clear();
    scene
}

fn hit(scene: &mut Scene) {
    let post = scene.mob("post");
    scene.act(1, 0, Aim::Entity(scene.id(post)));
}

fn kick(scene: &mut Scene, reason: LeaveReason) {
    scene.channel.push(ToChannel::Kick { character: CharacterId([1; 16]), reason });
}

fn released(scene: &Scene) -> Option<LeaveReason> {
    scene.link.iter().find_map(|message| match message {
        FromMap::Released { reason, .. } => Some(*reason),
        _ => None,
    })
}

#[test]
fn nobody_escapes_a_fight_by_logging_out() {
    let mut scene = fighting();
    scene.say(1, ClientMessage::Logout);
    scene.ticks(3 * TICK_HZ - 1);
    assert_eq!(released(&scene), None, "its body stays while it fights");
    scene.tick();
    assert_eq!(released(&scene), Some(LeaveReason::Logout), "three seconds after the last blow there is peace");
}

#[test]
fn nobody_escapes_a_fight_by_code() {
    for reason in [LeaveReason::Logout, LeaveReason::Replaced, LeaveReason::Abuse] {
        let mut scene = fighting();
        kick(&mut scene, reason);
        scene.ticks(3 * TICK_HZ - 1);
        assert_eq!(released(&scene), None, "{reason:?}: its body stays while it fights");
        scene.tick();
        assert_eq!(released(&scene), Some(reason));
    }
}

#[test]
fn who_logs_out_in_a_fight_is_told_how_long_it_stays() {
    let mut scene = fighting();
    scene.ticks(TICK_HZ - 1);
    scene.say(1, ClientMessage::Logout);
    scene.tick();
    assert_eq!(scene.hear(1), [ServerMessage::LeavingIn { ms: 2_000, at_most_ms: 3_000 }]);
    assert!(lingers(&scene).is_empty(), "the sidecar has not asked");
    scene.ticks(2 * TICK_HZ - 1);
    assert_eq!(scene.hear(1), []);
    scene.tick();
    assert_eq!(scene.hear(1), [ServerMessage::Leave { reason: LeaveReason::Logout }], "after 2,000 ms, as it was told");
}

#[test]
fn who_fights_on_is_let_go_when_its_time_is_up() {
    let mut scene = fighting();
    scene.say(1, ClientMessage::Logout);
    let began = scene.now();
    scene.until("it is let go", 5, |scene| {
        hit(scene);
        released(scene).is_some()
    });
    let stayed = scene.now().since(began);
    assert_eq!(stayed, 1 + 3 * TICK_HZ, "the rules say three seconds, from the tick in which it is heard");
}

#[test]
fn the_sidecar_hears_how_long_whom_it_asks_for_stays() {
    let mut scene = fighting();
    kick(&mut scene, LeaveReason::Logout);
    scene.ticks(TICK_HZ);
    kick(&mut scene, LeaveReason::Replaced);
    scene.tick();
    assert_eq!(lingers(&scene), [3_000, 2_000], "asking again does not begin anew");
    scene.say(1, ClientMessage::Logout);
    scene.ticks(2 * TICK_HZ);
    assert_eq!(released(&scene), Some(LeaveReason::Replaced), "it still makes way for the newer one");
}

#[test]
fn pulling_the_plug_after_logging_out_changes_nothing() {
    let mut scene = fighting();
    scene.say(1, ClientMessage::Logout);
    scene.tick();
    scene.channel.push(ToChannel::Lost { session: session(1) });
    scene.ticks(3 * TICK_HZ - 2);
    assert_eq!(released(&scene), None);
    scene.tick();
    assert_eq!(released(&scene), Some(LeaveReason::Logout), "when its fight is over, as before");
}

#[test]
fn who_comes_in_again_after_losing_its_connection_has_waited_since_then() {
    let mut scene = fighting();
    scene.channel.push(ToChannel::Lost { session: session(1) });
    scene.ticks(2 * TICK_HZ);
    fight_on(&mut scene);
    kick(&mut scene, LeaveReason::Replaced);
    scene.tick();
    assert_eq!(lingers(&scene), [1_000], "three seconds from when it was lost");
    scene.ticks(TICK_HZ - 1);
    assert_eq!(released(&scene), None);
    scene.tick();
    assert_eq!(released(&scene), Some(LeaveReason::Replaced));
}

/// Keeps the fight going.
fn fight_on(scene: &mut Scene) {
    let until = scene.now().after(10 * TICK_HZ);
    scene.put(scene.player(1), InCombat { until });
}

#[test]
fn who_lingers_can_die_and_leaves_dead() {
    let mut scene = Scene::new(&FIELD, &[("boar", (6, 1))]);
    scene.enter(1, "fighter", tile(5, 1));
    let me = scene.player(1);
    scene.until("the boar has come", 10, |scene| scene.get::<InCombat>(me).is(scene.now()));
    scene.set_health(me, 1);
    scene.say(1, ClientMessage::Logout);
    scene.until("it is let go", 5, |scene| released(scene).is_some());
    let saved = scene.link.iter().find_map(|message| match message {
        FromMap::Released { save, .. } => Some(save.soft.health),
        _ => None,
    });
    assert_eq!(saved, Some(0), "the boar was faster");
}

#[test]
fn a_server_that_closes_or_an_operator_waits_for_no_fight() {
    for reason in [LeaveReason::ServerClosing, LeaveReason::StoreAway, LeaveReason::Kicked] {
        let mut scene = fighting();
        kick(&mut scene, reason);
        scene.tick();
        assert_eq!(released(&scene), Some(reason));
    }
}

/// The times that a player stays, as told to the sidecar, in milliseconds.
fn lingers(scene: &Scene) -> Vec<u32> {
    let who = (CharacterId([1; 16]), LockEpoch(1));
    let told = scene.link.iter().filter_map(|message| match message {
        FromMap::Lingers { character, epoch, ms } if (*character, *epoch) == who => Some(*ms),
        _ => None,
    });
    told.collect()
}
