//! A short session, payload by payload, as both ends send it: for readers of docs/protocol.md.

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::{ChannelId, EntityId, MapId, Tick};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{Appearance, ClientMessage, EntityKind, Health, MoveSpeed, ServerMessage};
use realmgate_protocol::wire::datagram::{Ack, ClientFrame, PayloadWriter, Section, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};
use realmgate_protocol::wire::{InputCommand, WireComponent};
use serde_json::json;

use crate::samples::{LARGE, character};
use crate::vectors::{Vector, check};

const OWN: EntityId = EntityId(5);
const START: Position = Position { x: 10_752, y: 5_632 };

#[test]
fn a_short_session_is_as_recorded() {
    let hello = encode_reliable(&ClientMessage::Hello { protocol_hash: LARGE }).unwrap();
    let welcome = encode_reliable(&ServerMessage::Welcome {
        protocol_hash: LARGE,
        entity: OWN,
        character: character(1),
        map: MapId(1),
        channel: ChannelId(1),
        tick: Tick(900),
        tick_hz: 30,
        body_radius: 320,
        slots: vec![0],
    })
    .unwrap();
    let logout = encode_reliable(&ClientMessage::Logout).unwrap();
    let leave = encode_reliable(&ServerMessage::Leave { reason: LeaveReason::Logout }).unwrap();
    let walk = |number| InputCommand { number, heading: Some(Angle(64)), action: None };
    let none = SnapshotAck::default();
    let applied = |newest, before| SnapshotAck { newest: Tick(newest), before };
    let moved = START.offset(0, 136);
    let made = [
        client("1_hello", "Client: `Hello`, and no command yet.", None, Some((0, &hello)), none, &[]),
        server("2_welcome", "Server: has it, and says `Welcome`.", Some(1), Some((0, &welcome)), None),
        server("3_first_snapshot", "Server: tick 901; the own entity is new.", None, None, Some((901, 0, START))),
        client(
            "4_walk",
            "Client: applied 901, has `Welcome`, walks south.",
            Some(1),
            None,
            applied(901, 0),
            &[walk(1)],
        ),
        client("5_walk", "Client: still south; both commands.", Some(1), None, applied(901, 0), &[walk(1), walk(2)]),
        server("6_walked", "Server: tick 902; command 1 is applied.", None, None, Some((902, 1, moved))),
        client("7_logout", "Client: applied 902, and `Logout`.", None, Some((1, &logout)), applied(902, 1), &[walk(2)]),
        server("8_leave", "Server: has that, and says `Leave`.", Some(2), Some((1, &leave)), None),
        client("9_seen", "Client: has `Leave`. Then both end the connection.", Some(2), None, applied(902, 1), &[]),
    ];
    check("session", &made);
}

/// A payload of an acknowledgement, a message under its id, and a section.
fn payload(ack: Option<u16>, message: Option<(u16, &Vec<u8>)>, section: Section<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, ack.map(|next| Ack { next, received_after: 0 }));
    if let Some((id, message)) = message {
        assert!(payload.push(id, message, section.body().len()));
    }
    payload.finish(section).to_vec()
}

fn client(
    name: &str,
    what: &str,
    ack: Option<u16>,
    message: Option<(u16, &Vec<u8>)>,
    applied: SnapshotAck,
    commands: &[InputCommand],
) -> Vector {
    let mut body = BitWriter::default();
    ClientFrame { ack: applied, commands: commands.iter().copied().collect() }.write(&mut body);
    Vector::new(name, what, json!({ "from": "client" }), &payload(ack, message, Section::Input(body.bytes())))
}

fn server(
    name: &str,
    what: &str,
    ack: Option<u16>,
    message: Option<(u16, &Vec<u8>)>,
    snapshot: Option<(u32, u32, Position)>,
) -> Vector {
    let body = snapshot.map(|(tick, last_command, position)| snapshot_of(tick, last_command, position));
    let section = body.as_ref().map_or(Section::None, |body| Section::Snapshot(body.bytes()));
    Vector::new(name, what, json!({ "from": "server" }), &payload(ack, message, section))
}

fn snapshot_of(tick: u32, last_command: u32, position: Position) -> BitWriter {
    let mut out = BitWriter::default();
    ServerFrameHead { tick: Tick(tick), last_command, buffered_commands: 0 }.write(&mut out);
    let mut snapshot = SnapshotWriter::own(&mut out, OwnState { position, facing: Angle(64) });
    snapshot.despawns([].into_iter());
    if last_command == 0 {
        let own = own_entity();
        assert!(snapshot.entity(OWN, own.bytes(), own.len_bits(), 1_192));
    }
    snapshot.finish();
    out
}

fn own_entity() -> BitWriter {
    let mask = 1 << Health::ID | 1 << MoveSpeed::ID | 1 << Appearance::ID;
    let update = EntityUpdate { is_new: true, has_course: false, changed: mask, there: mask };
    let mut out = BitWriter::default();
    write_update(&mut out, update, &Default::default(), |id, out| match id {
        Health::ID => Health { current: 120, max: 120 }.write(out),
        MoveSpeed::ID => MoveSpeed { units_per_tick: 136 }.write(out),
        _ => Appearance { kind: EntityKind::Player, definition: 1, level: 1 }.write(out),
    });
    out
}
