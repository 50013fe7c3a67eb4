//! Portals and channels: who is taken, and what is refused.

use std::sync::Arc;

use realmgate_engine::body::At;
use realmgate_engine::channel::{ChannelState, ToChannel};
use realmgate_engine::map::SpawnPoint;
use realmgate_game::combat::InCombat;
use realmgate_game::death::Dead;
use realmgate_game::maps::sketch;
use realmgate_game::travel::Maps;
use realmgate_protocol::ids::{ChannelId, LockEpoch, MapId, Tick};
use realmgate_protocol::link::{FromMap, LeaveReason, Save};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{Answers, ChannelInfo, ClientMessage, Refusal, ServerMessage};

use crate::scene::{Scene, character, kit, session};

const HERE: Position = Position::tile_centre(3, 1);
const HOME: Position = Position::tile_centre(12, 1);
const AWAY: Position = Position::tile_centre(12, 3);

/// The other map.
fn maps() -> Maps {
    let mut elsewhere = sketch(MapId(2), &["....", "....", ".S..", "...."]).expect("a small map");
    // The spawn point that the portal names is not the first.
    let mut spawns = vec![SpawnPoint::new("first", Position::tile_centre(3, 3))];
    spawns.extend_from_slice(elsewhere.spawn_points());
    elsewhere.set(spawns);
    Maps(Arc::new([elsewhere].into_iter().collect()))
}

fn scene() -> Scene {
    let maps = maps();
    let mut scene = Scene::with(move |app| {
        app.insert_resource(maps.clone());
    });
    let channel = |channel| ChannelState { channel: ChannelId(channel), players: channel, capacity: 50 };
    scene.channel.push(ToChannel::Directory { channels: vec![channel(1), channel(2)] });
    scene.enter(1, kit(&[], 0), HERE);
    scene.ticks(31);
    scene
}

/// The travel requests sent to the sidecar since the last call.
fn asked(scene: &mut Scene) -> Vec<(Save, Option<ChannelId>)> {
    let travel = |message| match message {
        FromMap::Travel { save, channel, .. } => Some((save, channel)),
        _ => None,
    };
    std::mem::take(&mut scene.link).into_iter().filter_map(travel).collect()
}

/// What the sidecar gives for a player, who can read it.
const GRANT: &str = r#"{"map_id":2}"#;

fn refuse_travel(scene: &mut Scene) -> Vec<ServerMessage> {
    let (character, epoch) = (character(1), LockEpoch(2));
    scene.channel.push(ToChannel::TravelRefused { character, epoch, code: "MAP_NOT_FOUND".to_owned() });
    scene.tick();
    scene.hear(1)
}

#[test]
fn a_portal_leads_to_the_spawn_point_of_the_other_map() {
    let mut scene = scene();
    scene.put(1, At(AWAY));
    scene.tick();
    let asked = asked(&mut scene);
    let [(save, None)] = asked.as_slice() else { panic!("expected one question, got {asked:?}") };
    let arrival = Position { x: save.soft.x, y: save.soft.y };
    assert_eq!((save.soft.map, arrival), (MapId(2), Position { x: 1_536, y: 2_560 }));
    let grant = GRANT.to_owned();
    scene.channel.push(ToChannel::TravelGranted { character: character(1), grant: grant.clone() });
    scene.tick();
    assert_eq!(scene.hear(1), [ServerMessage::Travel { grant }]);
    assert_eq!(scene.disconnected, [session(1)]);
}

#[test]
fn only_stepping_in_counts_and_not_at_once_after_a_refusal() {
    let mut scene = scene();
    scene.put(1, At(AWAY));
    scene.tick();
    assert_eq!(asked(&mut scene).len(), 1);
    let refused = ServerMessage::Refused {
        request: "Portal".to_owned(),
        answers: Answers::Nothing,
        reason: Refusal::TravelFailed,
    };
    assert_eq!(refuse_travel(&mut scene), [refused]);
    for (what, place) in [("stands", AWAY), ("steps out", HERE), ("steps in at once", AWAY), ("steps out", HERE)] {
        scene.put(1, At(place));
        scene.tick();
        assert!(asked(&mut scene).is_empty(), "nobody is taken who {what}");
    }
    scene.ticks(31);
    scene.put(1, At(AWAY));
    scene.tick();
    assert_eq!(asked(&mut scene).len(), 1, "a second later it is open again");
    refuse_travel(&mut scene);
    scene.ticks(61);
    assert!(asked(&mut scene).is_empty(), "who only stands there is not taken when the pause is over");
}

#[test]
fn who_steps_in_during_a_pause_is_taken_when_it_is_over() {
    let mut scene = scene();
    scene.enter(2, kit(&[], 0), HERE);
    scene.tick();
    scene.put(2, At(AWAY));
    scene.tick();
    scene.ticks(26);
    assert!(asked(&mut scene).is_empty(), "nobody is taken in the second after arriving");
    scene.tick();
    assert_eq!(asked(&mut scene).len(), 1, "and nobody is left standing in a portal");
}

#[test]
fn who_arrives_in_a_portal_is_not_sent_on() {
    let mut scene = scene();
    scene.enter(2, kit(&[], 0), AWAY);
    scene.ticks(60);
    scene.put(2, At(AWAY.offset(10, 0)));
    scene.tick();
    assert!(asked(&mut scene).is_empty());
}

#[test]
fn the_dead_do_not_travel() {
    let mut scene = scene();
    scene.put(1, Dead { since: Tick(1) });
    scene.put(1, At(AWAY));
    scene.tick();
    assert!(asked(&mut scene).is_empty());
    scene.refused(1, ClientMessage::SwitchChannel { channel: ChannelId(2) }, Refusal::Dead);
}

#[test]
fn a_portal_within_the_map_needs_no_journey() {
    let mut scene = scene();
    scene.put(1, At(HOME));
    scene.tick();
    let at = scene.channel.world().get::<At>(scene.entity(1)).expect("players are somewhere").0;
    assert_eq!(at, Position::tile_centre(1, 3));
    assert!(asked(&mut scene).is_empty());
}

#[test]
fn a_portal_to_nowhere_says_so() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.ticks(31);
    scene.put(1, At(AWAY));
    scene.tick();
    let refused = ServerMessage::Refused {
        request: "Portal".to_owned(),
        answers: Answers::Nothing,
        reason: Refusal::TravelFailed,
    };
    assert_eq!((scene.hear(1), asked(&mut scene)), (vec![refused], vec![]));
}

#[test]
fn channels_are_listed() {
    let mut scene = scene();
    let info = |channel| ChannelInfo { channel: ChannelId(channel), players: channel, capacity: 50 };
    let heard = scene.ask(1, ClientMessage::ListChannels);
    assert_eq!(heard, [ServerMessage::Channels { channels: vec![info(1), info(2)] }]);
}

#[test]
fn another_channel_is_a_journey_to_the_same_place() {
    let mut scene = scene();
    scene.ask(1, ClientMessage::SwitchChannel { channel: ChannelId(2) });
    let asked = asked(&mut scene);
    let [(save, Some(ChannelId(2)))] = asked.as_slice() else { panic!("expected one question, got {asked:?}") };
    assert_eq!((save.soft.map, save.soft.x, save.soft.y), (MapId(1), HERE.x, HERE.y));
    assert_eq!(scene.ask(1, ClientMessage::ListChannels), [], "who is on its way asks for nothing more");
    let refused = scene.refusal(1, "SwitchChannel", Refusal::TravelFailed);
    assert_eq!(refuse_travel(&mut scene), [refused]);
}

#[test]
fn who_asks_to_leave_on_the_way_leaves_when_the_journey_fails() {
    let mut scene = scene();
    scene.ask(1, ClientMessage::SwitchChannel { channel: ChannelId(2) });
    assert_eq!(scene.ask(1, ClientMessage::Logout), [], "the answer to the journey comes first");
    let refused = scene.refusal(1, "SwitchChannel", Refusal::TravelFailed);
    let goodbye = ServerMessage::Leave { reason: LeaveReason::Logout };
    assert_eq!(refuse_travel(&mut scene), [refused, goodbye]);
    assert_eq!(scene.disconnected, [session(1)]);
}

#[test]
fn channels_that_one_can_not_go_to() {
    let mut scene = scene();
    scene.refused(1, ClientMessage::SwitchChannel { channel: ChannelId(1) }, Refusal::NoSuchChannel);
    scene.refused(1, ClientMessage::SwitchChannel { channel: ChannelId(3) }, Refusal::NoSuchChannel);
    scene.put(1, InCombat { until: Tick(9_999) });
    scene.refused(1, ClientMessage::SwitchChannel { channel: ChannelId(2) }, Refusal::InCombat);
    assert_eq!(asked(&mut scene), []);
}

#[test]
fn a_portal_takes_who_fights_but_not_who_is_to_leave() {
    let mut scene = scene();
    scene.put(1, InCombat { until: Tick(9_999) });
    scene.put(1, At(AWAY));
    scene.tick();
    assert_eq!(asked(&mut scene).len(), 1, "a portal is reached on foot, under blows");

    let mut scene = self::scene();
    scene.put(1, InCombat { until: Tick(9_999) });
    scene.ask(1, ClientMessage::Logout);
    scene.put(1, At(AWAY));
    scene.tick();
    assert_eq!(asked(&mut scene).len(), 0, "its body stays where it fought");
    scene.put(1, InCombat::default());
    scene.tick();
    assert_eq!(scene.hear(1).last(), Some(&ServerMessage::Leave { reason: LeaveReason::Logout }));
}
