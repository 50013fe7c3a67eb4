//! What spectators may say and are told, and that a recording is the same, byte for byte, whoever watches.

use realmgate_engine::channel::{Channel, ToChannel};
use realmgate_engine::clock::TickClock;
use realmgate_engine::record::{Recorder, RecordingHeader};
use realmgate_engine::spectator::SpectatorOutput;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::ids::{EntityId, LockEpoch};
use realmgate_protocol::link::{LeaveReason, SoftState};
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{Answers, ClientMessage, Refusal, ServerMessage, protocol_hash};
use realmgate_protocol::wire::parts::Reassembly;
use realmgate_protocol::wire::{Action, Aim, InputCommand};

use crate::scene::{DATA, Scene, new_character, session, settings, tile};

const FIELD: [&str; 6] = [
    "S...............",
    "................",
    "....##..........",
    "................",
    "..........#.....",
    "................",
];
const MOBS: [(&str, (i32, i32)); 4] = [("boar", (8, 2)), ("wolf", (9, 5)), ("archer", (13, 1)), ("rabbit", (3, 5))];

fn watcher(number: u64) -> SessionId {
    SessionId::from(1_000 + number)
}

fn say(channel: &mut Channel, who: SessionId, message: &ClientMessage) {
    channel.hear_spectator(who, encode_reliable(message).expect("the message is short"));
}

/// The messages of an output, whole again.
fn heard(output: SpectatorOutput) -> Vec<ServerMessage> {
    let mut reassembly = Reassembly::default();
    let mut messages = Vec::new();
    for message in output.messages {
        match decode_reliable(&message.bytes).expect("a message") {
            ServerMessage::Part { index, count, bytes } => {
                let whole = reassembly.take(index, count, &bytes).expect("parts are in order");
                messages
                    .extend(whole.map(|whole| realmgate_protocol::codec::decode_split(&whole).expect("it decodes")));
            }
            other => messages.push(other),
        }
    }
    messages
}

fn hello() -> ClientMessage {
    ClientMessage::Hello { protocol_hash: protocol_hash() }
}

#[test]
fn a_spectator_is_told_the_world_and_nothing_of_a_character() {
    let mut scene = Scene::new(&FIELD, &MOBS);
    scene.channel.watch(watcher(0));
    say(&mut scene.channel, watcher(0), &ClientMessage::Look { x: 0, y: 0, follow: None });
    scene.channel.tick().unwrap();
    let refused = ServerMessage::Refused {
        request: "Look".to_owned(),
        answers: Answers::Message { id: 0 },
        reason: Refusal::HelloFirst,
    };
    assert_eq!(heard(scene.channel.take_spectator_output()), [refused]);
    say(&mut scene.channel, watcher(0), &hello());
    scene.channel.tick().unwrap();
    let told = heard(scene.channel.take_spectator_output());
    let names: Vec<_> = told.iter().map(ServerMessage::name).collect();
    assert_eq!(names, ["Welcome", "Content", "MapLayout"]);
    let ServerMessage::Welcome { entity, slots, tick_hz, .. } = &told[0] else { panic!("no welcome") };
    assert_eq!((*entity, slots.len(), *tick_hz), (EntityId(0), 0, 30), "it has no entity and no abilities");
}

#[test]
fn what_only_players_may_ask_is_a_breach_and_so_is_a_players_look() {
    let mut scene = Scene::new(&FIELD, &MOBS);
    scene.channel.watch(watcher(0));
    say(&mut scene.channel, watcher(0), &hello());
    scene.channel.tick().unwrap();
    scene.channel.take_spectator_output();
    let chat = ClientMessage::Chat { text: "boo".to_owned() };
    for message in [chat, ClientMessage::Logout, ClientMessage::ListChannels, hello()] {
        say(&mut scene.channel, watcher(0), &message);
    }
    scene.channel.hear_spectator(watcher(0), vec![255; 40]);
    scene.channel.tick().unwrap();
    let output = scene.channel.take_spectator_output();
    assert_eq!(output.violations, [watcher(0); 5]);
    let told = heard(output);
    let is_refused =
        |message: &ServerMessage| matches!(message, ServerMessage::Refused { reason: Refusal::BadMessage, .. });
    assert!(told.len() == 5 && told.iter().all(is_refused), "{told:?}");
    scene.enter(1, "fighter", tile(6, 4));
    scene.say(1, ClientMessage::Look { x: 0, y: 0, follow: None });
    scene.channel.tick().unwrap();
    let outbox = scene.channel.take_outbox();
    let told: Vec<ServerMessage> =
        outbox.messages.iter().map(|message| decode_reliable(&message.bytes).expect("a message")).collect();
    assert_eq!((told, outbox.violations), (vec![scene.refusal(1, Refusal::BadMessage)], vec![session(1)]));
}

#[test]
fn a_spectator_with_another_protocol_is_sent_away_and_a_flood_is_answered_once() {
    let mut scene = Scene::new(&FIELD, &MOBS);
    scene.channel.watch(watcher(0));
    scene.channel.watch(watcher(1));
    say(&mut scene.channel, watcher(0), &ClientMessage::Hello { protocol_hash: 1 });
    say(&mut scene.channel, watcher(1), &hello());
    scene.channel.tick().unwrap();
    let output = scene.channel.take_spectator_output();
    assert_eq!(output.ended, [watcher(0)]);
    let leave = ServerMessage::Leave { reason: LeaveReason::Kicked };
    assert!(heard(output).contains(&leave));
    for place in 0..1_000 {
        say(&mut scene.channel, watcher(1), &ClientMessage::Look { x: place, y: 0, follow: None });
    }
    scene.channel.tick().unwrap();
    let told = heard(scene.channel.take_spectator_output());
    let is_limited =
        |message: &ServerMessage| matches!(message, ServerMessage::Refused { reason: Refusal::RateLimited, .. });
    assert!(told.len() == 1 && is_limited(&told[0]), "{told:?}");
}

/// Both fighters go at this tick,
const GONE: u32 = 400;
/// and come back when the channel has been at rest for a while.
const BACK: u32 = 2_000;
const END: u32 = 2_100;

/// A fight as a recording, and another after a rest, while so many watch, move about, follow the fighters and break rules.
fn recording(watchers: u64) -> Vec<u8> {
    let settings = settings(&FIELD, &MOBS);
    let build = realmgate_game::build_world(DATA.clone(), Default::default());
    let header = RecordingHeader::of(&settings, protocol_hash(), Vec::new());
    let mut channel = Channel::new(settings, &build);
    let mut recorder = Recorder::start(Vec::new(), &header).expect("a vector takes all");
    let (mut sent, mut passed_by) = (0, 0);
    for tick in 0..END {
        // Before anything else: whatever they took of the world would be missing for everybody who comes later.
        if tick == 0 {
            (0..watchers).for_each(|number| channel.watch(watcher(number)));
        }
        for number in 0..watchers {
            let message = match tick {
                1 => hello(),
                _ if tick % 7 == 0 => ClientMessage::Logout,
                _ => ClientMessage::Look { x: tick as i32 * 99, y: 0, follow: Some(EntityId(1 + tick % 9)) },
            };
            say(&mut channel, watcher(number), &message);
        }
        let inbox = inbox(tick);
        recorder.enters(&inbox).expect("a vector takes all");
        inbox.into_iter().for_each(|event| channel.push(event));
        channel.tick().expect("it does not panic");
        recorder.ticked(&mut channel).expect("a vector takes all");
        channel.take_outbox();
        channel.take_events();
        sent += channel.take_spectator_output().frames.len() as u64;
        passed_by += u32::from(channel.world().resource::<TickClock>().is_passed_by());
    }
    assert_eq!(sent, u64::from(END) * watchers, "they watched");
    assert!(passed_by > 300, "the channel rested for {passed_by} ticks");
    recorder.finish().expect("a vector takes all")
}

/// What two fighters do.
fn inbox(tick: u32) -> Vec<ToChannel> {
    let command = |player: u8| {
        let action =
            (tick % 20 == 5).then_some(Action { slot: 0, aim: Aim::Direction(Angle((tick / 3) as u8)), seen: None });
        let heading = Some(Angle((tick / 2 + u32::from(player) * 90) as u8));
        let commands = [InputCommand { number: tick, heading, action }].into_iter().collect();
        ToChannel::Frame { session: session(player), ack: Default::default(), commands }
    };
    let join = |player: u8| {
        let (at, map) = (tile(7, 3), realmgate_protocol::ids::MapId(1));
        let soft = SoftState { map, x: at.x, y: at.y, health: 60_000, resource: 100, ..SoftState::default() };
        let load = realmgate_protocol::link::CharacterLoad { soft: Some(soft), ..new_character(player, "fighter") };
        ToChannel::Join { session: session(player), epoch: LockEpoch(1), load }
    };
    let leave = |player: u8| {
        let character = new_character(player, "fighter").character;
        ToChannel::Kick { character, reason: LeaveReason::Kicked }
    };
    match tick {
        0 | BACK => vec![join(1), join(2)],
        GONE => vec![leave(1), leave(2)],
        _ if (GONE..BACK).contains(&tick) => Vec::new(),
        _ => vec![command(1), command(2)],
    }
}

#[test]
fn a_recording_is_the_same_byte_for_byte_whoever_watches() {
    let alone = recording(0);
    assert!(alone.len() > 10_000, "something happens: {} bytes", alone.len());
    assert!(alone == recording(8), "who watches has changed the world, or what players are sent");
}
