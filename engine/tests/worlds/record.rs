//! Recordings replay to equal hashes, and say where they do not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bevy_app::App;
use realmgate_engine::channel::BuildWorld;
use realmgate_engine::host::{LinkNews, RecordInto};
use realmgate_engine::map::Map;
use realmgate_engine::record::{Recorder, RecordingEnd, Replay, ReplayError, Replayed, Source};
use realmgate_engine::schedule::{TickSchedule, TickSet};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::Stepper;
use crate::test_game::build_world;
use crate::wire::Wire;

fn map() -> Map {
    Map::sketch(MapId(1), &["..........", "..S..#....", ".....#....", ".........."]).unwrap()
}

fn sources() -> Vec<Source> {
    vec![Source { file: "1_test.tmx".to_owned(), digest: 7 }]
}

fn server(folder: &Path, channels: u16) -> Stepper {
    let into = RecordInto { folder: folder.to_owned(), sources: sources() };
    Stepper::on(&[Wire::Memory], map(), channels, Some(into))
}

fn file(folder: &Path, channel: u16) -> PathBuf {
    folder.join(format!("map-server-1-1-{channel}.rec"))
}

/// Plays a while with two players in channel 1, and one more in each further channel.
fn record(folder: &Path, channels: u16) -> Vec<u8> {
    let mut stepper = server(folder, channels);
    let mut anna = stepper.join(Position::tile_centre(2, 1), 1);
    let mut bert = stepper.join(Position::tile_centre(7, 2), 1);
    let mut others: Vec<_> = (2..=channels).map(|at| stepper.join(Position::tile_centre(1, 2), at)).collect();
    for turn in 0..200u32 {
        anna.command(Some(Angle((turn * 7) as u8)));
        // Into the wall first, then around.
        bert.command(Some(if turn < 60 { Angle(128) } else { Angle((turn * 13) as u8) }));
        others.iter_mut().for_each(|other| other.command(Some(Angle((turn * 5) as u8))));
        if turn % 20 == 0 {
            bert.link.send_message(b"spawn".to_vec());
        }
        // An outage is part of what enters a world: without it more events would be submitted, and a player would
        // travel.
        match turn {
            100 => stepper.news(LinkNews::Lost),
            101..180 => anna.link.send_message(vec![b'$', turn as u8]),
            185 => bert.link.send_message(b"travel".to_vec()),
            190 => stepper.news(LinkNews::Up { resumed: true }),
            _ => {}
        }
        let mut all: Vec<_> = [&mut anna, &mut bert].into_iter().chain(&mut others).collect();
        stepper.step(&mut all);
    }
    assert_eq!(anna.messages.len(), 15, "64 may wait");
    drop(stepper);
    std::fs::read(file(folder, 1)).unwrap()
}

fn replay_on(bytes: &[u8], map: Map, build: &BuildWorld) -> Result<Replayed, ReplayError> {
    Replay::open(bytes)?.run(Arc::new(map), build, |_| {})
}

fn replay(bytes: &[u8]) -> Result<Replayed, ReplayError> {
    replay_on(bytes, map(), &build_world())
}

#[test]
fn a_recorded_run_replays_to_the_same_hash_twice() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path(), 1);
    let first = replay(&bytes).unwrap();
    // Two for those who come, and those in which they play.
    assert_eq!((first.ticks, &first.end, first.last.is_some()), (202, &RecordingEnd::Whole, true));
    assert_eq!(first, replay(&bytes).unwrap());
}

#[test]
fn channels_that_ticked_side_by_side_replay_alone_on_one_thread_and_on_two() {
    let dir = tempfile::tempdir().unwrap();
    record(dir.path(), 2);
    let recordings = [1, 2].map(|channel| std::fs::read(file(dir.path(), channel)).unwrap());
    let alone = recordings.each_ref().map(|bytes| replay(bytes).unwrap());
    assert!(alone.iter().all(|one| one.ticks > 200 && one.end == RecordingEnd::Whole), "{alone:?}");
    assert_ne!(alone[0].last, alone[1].last, "they are two worlds");
    let beside = std::thread::scope(|scope| {
        let both = recordings.each_ref().map(|bytes| scope.spawn(|| replay(bytes).unwrap()));
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(alone, beside);
}

#[test]
fn a_recording_on_another_map_diverges_and_says_in_what() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path(), 1);
    let open = Map::sketch(MapId(1), &["..........", "..S.......", "..........", ".........."]).unwrap();
    let error = replay_on(&bytes, open, &build_world()).unwrap_err();
    let ReplayError::Diverged { parts, .. } = &error else { panic!("the wall made a difference: {error}") };
    // Bert is the second entity, and the only one that the wall stopped.
    assert_eq!(parts[0], "component Place (of entity 2 alone)", "{error}");
}

#[test]
fn a_rule_that_is_another_shows_as_the_component_that_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path(), 1);
    let build = build_world();
    let other: BuildWorld = Arc::new(move |app: &mut App| {
        use crate::test_game::Score;
        use bevy_ecs::prelude::*;
        use realmgate_engine::clock::TickClock;
        use realmgate_engine::replication::Replicated;
        build(app);
        let cheat = |clock: Res<TickClock>, mut scores: Query<&mut Replicated<Score>>| {
            if clock.now().0 == 50 {
                scores.iter_mut().for_each(|mut score| score.0.0 += 1);
            }
        };
        app.add_systems(TickSchedule, cheat.in_set(TickSet::Combat));
    });
    let error = replay_on(&bytes, map(), &other).unwrap_err();
    let ReplayError::Diverged { tick: 50, parts, .. } = &error else { panic!("{error}") };
    assert_eq!(parts[0], "component Score (of several entities)", "{error}");
}

#[test]
fn other_files_and_another_protocol_are_said_before_anything_is_played() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path(), 1);
    let recording = Replay::open(bytes.as_slice()).unwrap();
    assert!(recording.check(1, &sources()).is_ok());
    let other = [Source { digest: 8, ..sources()[0].clone() }];
    let error = recording.check(1, &other).unwrap_err();
    assert!(matches!(&error, ReplayError::OtherData(files) if files == &["1_test.tmx has changed"]), "{error}");
    let error = recording.check(1, &[]).unwrap_err();
    assert!(matches!(&error, ReplayError::OtherData(files) if files == &["1_test.tmx is missing"]), "{error}");
    let more = [sources(), vec![Source { file: "2_new.tmx".to_owned(), digest: 7 }]].concat();
    let error = recording.check(1, &more).unwrap_err();
    assert!(matches!(&error, ReplayError::OtherData(files) if files == &["2_new.tmx is new"]), "{error}");
    let error = recording.check(2, &sources()).unwrap_err();
    assert!(matches!(error, ReplayError::OtherProtocol { recorded: 1, here: 2 }), "{error}");
}

#[test]
fn a_recording_that_ends_within_a_tick_replays_up_to_the_last_whole_one() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path(), 1);
    let whole = replay(&bytes).unwrap();
    let begin = last_entry(&bytes);
    let before = replay(&bytes[..begin]).unwrap();
    assert_eq!((before.ticks + 1, &before.end), (whole.ticks, &RecordingEnd::Whole), "it ends with a whole tick");
    // Within the entry's length, and within what follows it.
    for at in [begin + 1, begin + 3, begin + 4, begin + 5, bytes.len() - 1] {
        let cut = replay(&bytes[..at]).unwrap();
        assert_eq!((cut.ticks + 1, cut.last), (whole.ticks, before.last), "up to the last whole tick");
        assert_eq!(cut.end, RecordingEnd::CutOff, "cut {} bytes into it", at - begin);
    }
}

/// Where the last entry of a recording begins: each is its length in four bytes, and that many bytes.
fn last_entry(bytes: &[u8]) -> usize {
    let mut begin = 8;
    loop {
        let length = u32::from_le_bytes(bytes[begin..begin + 4].try_into().unwrap()) as usize;
        let next = begin + 4 + length;
        if next == bytes.len() {
            return begin;
        }
        begin = next;
    }
}

#[test]
fn what_made_a_world_panic_is_in_its_recording() {
    let dir = tempfile::tempdir().unwrap();
    let mut stepper = server(dir.path(), 1);
    let mut anna = stepper.join(Position::tile_centre(2, 1), 1);
    stepper.steps(5, &mut [&mut anna]);
    anna.link.send_message(b"panic".to_vec());
    stepper.steps(5, &mut [&mut anna]);
    drop(stepper);
    let replayed = replay(&std::fs::read(file(dir.path(), 1)).unwrap()).unwrap();
    assert!(matches!(&replayed.end, RecordingEnd::Panicked(panic) if panic.0 == "as asked"), "{replayed:?}");
}

#[test]
fn what_is_no_recording_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = record(dir.path(), 1);
    let refused = |bytes: &[u8], why: &str| {
        let said = replay(bytes).unwrap_err().to_string();
        assert_eq!(said, format!("not a recording of this version: {why}"));
    };
    refused(&bytes[..20], "missing header");
    refused(&[9, 0, 0, 0, 1, 2], "wrong file header");
    refused(&[&[bytes[0] ^ 1][..], &bytes[1..]].concat(), "wrong file header");
    refused(&[&bytes[..7], &[bytes[7] + 1][..], &bytes[8..]].concat(), "wrong file header");
    let mut header = Replay::open(bytes.as_slice()).unwrap().header().clone();
    header.sources.extend(sources());
    let named_twice = Recorder::start(Vec::new(), &header).unwrap().finish().unwrap();
    refused(&named_twice, "it lists 1_test.tmx twice");
    let header_bytes = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize;
    let longer = (header_bytes as u32 + 1).to_le_bytes();
    refused(&[&bytes[..8], &longer[..], &bytes[12..]].concat(), "an entry has trailing bytes");
    // The length of a tick's entry.
    bytes[12 + header_bytes..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    refused(&bytes, "an entry of 4294967295 bytes is too long");
}
