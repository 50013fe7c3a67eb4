//! A stay on a map server: messages and frames in, what a client knows and sends out.

use std::collections::BTreeSet;

use proptest::prelude::*;
use realmgate_protocol::bits::{BitReader, BitWriter};
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{ItemInfo, MoveSpeed, Rules};
use realmgate_protocol::wire::datagram::{ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{OwnState, SnapshotWriter};

use super::testing::{Shown, inventory, tell, tell_in_parts};
use super::*;
use crate::world::EntityView;

fn welcome() -> ServerMessage {
    testing::welcome(20, vec![0])
}

/// Content that is too long for one message.
fn content() -> ServerMessage {
    let item = |number: u32| ItemInfo {
        id: format!("item_{number}"),
        name: "A thing with quite a long name".to_owned(),
        ..ItemInfo::default()
    };
    ServerMessage::Content {
        classes: Vec::new(),
        abilities: Vec::new(),
        mobs: Vec::new(),
        items: (0..100).map(item).collect(),
        rules: Rules::default(),
    }
}

fn entered() -> Session {
    let mut session = Session::new(Arc::default(), None);
    tell(&mut session, &welcome());
    assert!(!session.is_entered());
    assert_eq!(tell_in_parts(&mut session, &content()), Some(content()));
    tell(&mut session, &inventory());
    assert!(session.is_entered());
    session
}

fn frame(tick: u32, last_command: u32, at: Position) -> Vec<u8> {
    let head = ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 2 };
    let own = EntityView { move_speed: Some(MoveSpeed { units_per_tick: 100 }), ..EntityView::default() };
    Shown { head, at, own, ..Shown::default() }.bytes()
}

/// A frame in which these entities go.
fn frame_without(despawned: &BTreeSet<u32>) -> Vec<u8> {
    let mut out = BitWriter::default();
    ServerFrameHead { tick: Tick(7), last_command: 0, buffered_commands: 2 }.write(&mut out);
    let mut snapshot = SnapshotWriter::own(&mut out, OwnState::default());
    snapshot.despawns(despawned.iter().map(|id| EntityId(*id)));
    snapshot.finish();
    out.into_bytes()
}

#[test]
fn entering_takes_welcome_content_and_inventory() {
    let messages = [welcome(), content(), inventory()];
    for missing in &messages {
        let mut session = Session::new(Arc::default(), None);
        let others = messages.iter().filter(|message| *message != missing);
        others.for_each(|message| assert!(tell_in_parts(&mut session, message).is_some()));
        assert!(!session.is_entered(), "without {}", missing.name());
    }
    let session = entered();
    assert_eq!(session.content.items.len(), 100);
    assert_eq!(session.counters().messages_in, 3);
    assert_eq!(session.pace().interval(), std::time::Duration::from_millis(50));
}

#[test]
fn the_ground_is_learnt_and_walked_on() {
    let mut session = entered();
    assert_eq!(session.grid(), None);
    let grid = CollisionGrid::from_rows(&["....", ".##.", "...."]).unwrap();
    let layout =
        |runs: Vec<u32>| ServerMessage::MapLayout { map: MapId(1), width: 4, height: 3, runs, places: Vec::new() };
    tell_in_parts(&mut session, &layout(grid.to_runs()));
    assert_eq!(session.grid().map(AsRef::as_ref), Some(&grid));
    // One step north of the wall, heading south: the wall stops the body.
    let start = Position { x: 1_536, y: 1_024 - 320 };
    session.receive_frame(&frame(7, 0, start));
    session.tick(Intent { heading: Some(Angle(64)), action: None });
    assert_eq!(session.position(), Some(start));
    session.tick(Intent { heading: Some(Angle(128)), action: None });
    assert_eq!(session.position(), Some(start.offset(-100, 0)), "along the wall the ground is open");
    assert_eq!(session.take_anomalies(), [""; 0]);
    tell_in_parts(&mut session, &layout(vec![1, 2]));
    assert_eq!(session.take_anomalies(), ["the ground of 4 by 3 tiles is not covered by its runs"]);
    assert_eq!(session.grid().map(AsRef::as_ref), Some(&grid), "what is known stays");
}

#[test]
fn frames_move_the_player_and_are_acknowledged() {
    let mut session = entered();
    let start = Position { x: 9_000, y: 9_000 };
    assert!(session.receive_frame(&frame(7, 0, start)));
    let east = Intent { heading: Some(Angle(0)), action: None };
    let sent = session.tick(east);
    assert_eq!((sent.ack.newest, sent.commands.len()), (Tick(7), 1));
    assert_eq!(session.position(), Some(start.offset(100, 0)));
    assert!(!session.receive_frame(&frame(6, 0, start)), "an older frame is not applied");
    assert!(session.receive_frame(&frame(8, 1, start.offset(100, 0))));
    let sent = session.tick(east);
    assert_eq!(sent.ack, SnapshotAck { newest: Tick(8), before: 1 });
    assert_eq!(sent.commands.iter().map(|command| command.number).collect::<Vec<_>>(), [2]);
    assert_eq!(session.position(), Some(start.offset(200, 0)));
    assert_eq!((session.corrections(), session.counters().stale_frames), (0, 1));
    assert!(session.receive_frame(&frame(9, 2, start.offset(700, 300))));
    assert_eq!((session.position(), session.corrections()), (Some(start.offset(700, 300)), 1), "the server is right");
}

#[test]
fn frames_before_the_welcome_are_neither_shown_nor_acknowledged() {
    let mut session = Session::new(Arc::default(), None);
    let early = frame(7, 0, Position { x: 9_000, y: 9_000 });
    assert!(!session.receive_frame(&early));
    assert_eq!((session.world.entities().count(), session.position()), (0, None));
    assert_eq!(session.tick(Intent::default()).ack.newest, Tick(0));
    tell(&mut session, &welcome());
    assert!(session.receive_frame(&early), "it may come again");
    assert_eq!((session.world.entities().count(), session.tick(Intent::default()).ack.newest), (1, Tick(7)));
}

#[test]
fn parts_that_do_not_fit_are_an_error_and_the_next_message_is_read() {
    let mut session = entered();
    let begun = ServerMessage::Part { index: 0, count: 9, bytes: vec![1] };
    assert_eq!(tell(&mut session, &begun), None);
    let stray = ServerMessage::Part { index: 3, count: 9, bytes: vec![1] };
    assert_eq!(tell(&mut session, &stray), None);
    let nested = encode_reliable(&ServerMessage::Part { index: 0, count: 1, bytes: vec![0] }).unwrap();
    assert_eq!(tell(&mut session, &ServerMessage::Part { index: 0, count: 1, bytes: nested }), None);
    assert_eq!(session.counters().decode_errors, 2);
    assert_eq!(tell_in_parts(&mut session, &content()), Some(content()));
}

#[test]
fn a_travel_carries_what_is_owned_and_compares() {
    let mut session = Session::new(Arc::default(), Some(entered().possessions));
    tell(&mut session, &welcome());
    tell_in_parts(&mut session, &content());
    assert!(!session.is_entered(), "what was owned before is not what this server told");
    tell(&mut session, &ServerMessage::Gold { total: 3 });
    tell(&mut session, &inventory());
    assert_eq!(session.take_anomalies(), [""; 0]);

    let mut robbed = Session::new(Arc::default(), Some(session.possessions));
    tell(&mut robbed, &welcome());
    tell(&mut robbed, &ServerMessage::Inventory { items: Vec::new(), gold: 2, experience: 0, level: 1, bag_slots: 20 });
    assert_eq!(robbed.take_anomalies(), ["3 gold before the travel, 2 after it"]);
}

proptest! {
    #[test]
    fn garbage_is_counted_and_never_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        gains in prop::collection::vec((any::<u64>(), any::<u64>()), 2..5),
        despawned in prop::collection::btree_set(1u32..8, 0..7),
    ) {
        let mut session = entered();
        let is_part = matches!(decode_reliable(&bytes), Ok(ServerMessage::Part { .. }));
        let message = session.receive_message(&bytes);
        let errors = session.counters().decode_errors;
        prop_assert!(is_part || errors == u64::from(message.is_none()), "{errors} errors for {message:?}");
        let head = ServerFrameHead::read(&mut BitReader::new(&bytes), &session.world.head());
        let is_late = head.is_some_and(|head| head.tick <= session.world.tick());
        let applied = session.receive_frame(&bytes);
        let counters = session.counters();
        let counted = (counters.snapshots, counters.stale_frames, counters.decode_errors - errors);
        let expected = (u64::from(applied), u64::from(is_late), u64::from(!applied && !is_late));
        prop_assert_eq!(counted, expected);

        // What is well formed, and makes no sense.
        let mut session = entered();
        for (gained, total) in gains {
            tell(&mut session, &ServerMessage::Experience { gained, total, level: 1 });
        }
        // 5 is the own entity.
        prop_assert!(session.receive_frame(&frame_without(&despawned)));
        session.tick(Intent::default());
        prop_assert_eq!(session.counters().decode_errors, 0);
    }
}
