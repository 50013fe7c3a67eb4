use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use realmgate_engine::host::LinkNews;
use realmgate_engine::map::Map;
use realmgate_engine::record::{ReplayError, replay};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::Stepper;
use crate::test_game::build_world;
use crate::wire::Wire;

fn map() -> Map {
    Map::sketch(MapId(1), &["..........", "..S..#....", ".....#....", ".........."]).unwrap()
}

fn record(dir: &std::path::Path) -> Vec<u8> {
    let mut stepper = Stepper::on(Wire::Memory, map(), 1, Some(dir.to_owned()));
    let mut anna = stepper.join(Position::tile_centre(2, 1), 1);
    let mut bert = stepper.join(Position::tile_centre(7, 2), 1);
    for turn in 0..200u32 {
        anna.command(Some(Angle((turn * 7) as u8)));
        // Into the wall first, then around.
        bert.command(Some(if turn < 60 { Angle(128) } else { Angle((turn * 13) as u8) }));
        if turn % 20 == 0 {
            bert.link.send_message(b"spawn".to_vec());
        }
        // An outage is part of what enters a world: without it more would be asked of the store, and somebody would travel.
        match turn {
            100 => stepper.news(LinkNews::Lost),
            101..180 => anna.link.send_message(vec![b'$', turn as u8]),
            185 => bert.link.send_message(b"travel".to_vec()),
            190 => stepper.news(LinkNews::Up { resumed: true }),
            _ => {}
        }
        stepper.step(&mut [&mut anna, &mut bert]);
    }
    assert_eq!(anna.messages.len(), 15, "64 may wait");
    drop(stepper);
    std::fs::read(dir.join("map-server-1-1-1.rec")).unwrap()
}

#[test]
fn a_recorded_run_replays_to_the_same_hash_twice() {
    let dir = tempfile::tempdir().unwrap();
    record(dir.path());
    for _ in 0..2 {
        let file = BufReader::new(File::open(dir.path().join("map-server-1-1-1.rec")).unwrap());
        let ticks = replay(file, Arc::new(map()), &build_world()).unwrap();
        assert!(ticks > 200, "{ticks} ticks were replayed");
    }
}

#[test]
fn a_recording_on_another_map_diverges_and_says_where() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = record(dir.path());
    let open = Map::sketch(MapId(1), &["..........", "..S.......", "..........", ".........."]).unwrap();
    let result = replay(bytes.as_slice(), Arc::new(open), &build_world());
    assert!(matches!(result, Err(ReplayError::Diverged { .. })), "the wall made a difference: {result:?}");
}

#[test]
fn what_is_no_recording_is_refused() {
    let result = replay(&[9u8, 0, 0, 0, 1, 2][..], Arc::new(map()), &build_world());
    assert!(result.is_err(), "{result:?}");
}
