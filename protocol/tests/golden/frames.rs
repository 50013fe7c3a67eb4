//! Client frames, server frames and acknowledgements.

use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, Facing, Health, Label, MoveSpeed, Place, Resource,
    Status,
};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Kind, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, COUNT_BITS, SnapshotVisitor, write_entity_head};
use realmgate_protocol::wire::{Action, Aim, InputCommand};
use serde_json::{Map, Value, json};

use crate::components::{Encoded, json_of, removed, set};
use crate::vectors::{Vector, check};

#[test]
fn client_frames_are_as_recorded() {
    let act = |number, slot, aim| InputCommand { number, heading: None, action: Some(Action { slot, aim }) };
    let walk = |number, heading| InputCommand { number, heading: Some(Angle(heading)), action: None };
    let stand = |number| InputCommand { number, ..InputCommand::default() };
    let none = SnapshotAck::default();
    let some = SnapshotAck { newest: Tick(100), before: 0b101 };
    let point = Aim::Point(Position { x: 10_752, y: 5_632 });
    let both = InputCommand { heading: Some(Angle(192)), ..act(4, 7, Aim::Direction(Angle(128))) };
    let frame = |name: &str, what: &str, ack, commands: Vec<InputCommand>| {
        let frame = ClientFrame { ack, commands };
        let payload = frame.seal();
        let (kind, body) = datagram::open(&payload).unwrap();
        assert_eq!((kind, ClientFrame::open(body)), (Kind::ClientFrame, Some(frame.clone())), "{name} comes back");
        Vector::new(name, what, json!({ "ack": frame.ack, "commands": frame.commands }), &payload)
    };
    let longest = (1..=7u32).map(|number| InputCommand {
        heading: Some(Angle(255)),
        ..act(u32::MAX - 7 + number, 7, Aim::Entity(EntityId(u32::MAX)))
    });
    check(
        "client_frames",
        &[
            frame("nothing_yet", "Nothing applied, nothing wanted.", none, vec![]),
            frame("walk_south", "The first command ever: to the south.", none, vec![walk(1, 64)]),
            frame("stand", "Standing still is a command too.", some, vec![stand(7)]),
            frame(
                "three_commands",
                "The newest and two that may have been lost.",
                some,
                vec![walk(5, 0), stand(6), act(7, 2, Aim::None)],
            ),
            frame(
                "every_aim",
                "Each kind of aim, and walking while acting.",
                some,
                vec![act(1, 0, Aim::None), act(2, 1, Aim::Entity(EntityId(300))), act(3, 2, point), both],
            ),
            frame("longest", "As long as a frame can be.", SnapshotAck { newest: Tick(u32::MAX), before: u32::MAX }, {
                longest.collect()
            }),
        ],
    );
}

struct Update {
    id: u32,
    is_new: bool,
    components: Vec<Encoded>,
}

fn update(id: u32, is_new: bool, components: Vec<Encoded>) -> Update {
    Update { id, is_new, components }
}

#[test]
fn server_frames_are_as_recorded() {
    let head = |tick| ServerFrameHead { tick: Tick(tick), last_command: 41, buffered_commands: 2 };
    let start = ServerFrameHead { tick: Tick(1), last_command: 0, buffered_commands: 0 };
    let full = ServerFrameHead { tick: Tick(u32::MAX), last_command: u32::MAX, buffered_commands: 15 };
    let place = |x, y| set(&Place { position: Position { x, y } });
    check(
        "server_frames",
        &[
            server_frame("empty", "Nothing has changed.", start, &[], &[]),
            server_frame(
                "own_entity",
                "The player's own entity, new: all its components.",
                head(100),
                &[],
                &[update(5, true, own_components())],
            ),
            server_frame(
                "one_change",
                "An entity the client knows has moved.",
                head(101),
                &[],
                &[update(5, false, vec![place(10_888, 5_632), set(&Facing { angle: Angle(0) })])],
            ),
            server_frame(
                "removed",
                "A cast has ended: the component is gone.",
                head(102),
                &[],
                &[update(5, false, vec![removed::<Casting>(), set(&Status { flags: 0 })])],
            ),
            server_frame("despawn", "Two entities left the view.", head(103), &[6, 70_000], &[]),
            server_frame(
                "no_components",
                "A new entity that has nothing to show yet.",
                full,
                &[],
                &[update(7, true, vec![])],
            ),
            server_frame(
                "mixed",
                "All of it in one snapshot.",
                head(104),
                &[6, 300],
                &[
                    update(5, false, vec![place(10_888, 5_768), removed::<Casting>()]),
                    update(70_001, true, mob_components()),
                    update(8, false, vec![set(&Health { current: 0, max: 120 })]),
                ],
            ),
        ],
    );
}

fn own_components() -> Vec<Encoded> {
    vec![
        set(&Place { position: Position { x: 10_752, y: 5_632 } }),
        set(&Facing { angle: Angle(64) }),
        set(&Appearance { kind: EntityKind::Player, definition: 1, level: 3 }),
        set(&Label { name: "Jörg".to_owned() }),
        set(&Health { current: 87, max: 120 }),
        set(&Casting { ability: 3, until_tick: 130 }),
        set(&Status { flags: 1 }),
        set(&Resource { current: 40, max: 100 }),
        set(&Cooldowns { ready_at: vec![0, 190, 0] }),
        set(&MoveSpeed { units_per_tick: 136 }),
    ]
}

fn mob_components() -> Vec<Encoded> {
    vec![
        set(&Place { position: Position { x: 12_800, y: 5_632 } }),
        set(&Facing { angle: Angle(128) }),
        set(&Appearance { kind: EntityKind::Mob, definition: 2, level: 4 }),
        set(&Health { current: 200, max: 200 }),
    ]
}

fn server_frame(name: &str, what: &str, head: ServerFrameHead, despawns: &[u32], updates: &[Update]) -> Vector {
    let mut out = BitWriter::default();
    head.write(&mut out);
    out.put(despawns.len() as u64, COUNT_BITS);
    despawns.iter().for_each(|id| EntityId(*id).write(&mut out));
    out.put(updates.len() as u64, COUNT_BITS);
    for Update { id, is_new, components } in updates {
        let mask = components.iter().fold(0, |mask, component| mask | 1 << component.id);
        write_entity_head(&mut out, EntityId(*id), *is_new, mask);
        for component in components {
            out.put(u64::from(component.value.is_some()), 1);
            if let Some((_, bits)) = &component.value {
                out.put_bits(bits.bytes(), bits.len_bits());
            }
        }
    }
    let payload = datagram::seal(Kind::ServerFrame, out.bytes());
    let value = json!({
        "tick": head.tick,
        "last_command": head.last_command,
        "buffered_commands": head.buffered_commands,
        "despawns": despawns,
        "entities": updates.iter().map(json_of_update).collect::<Vec<_>>(),
    });
    assert_eq!(read(&payload), value, "{name} comes back as it was");
    Vector::new(name, what, value, &payload)
}

/// Components by name; those that are gone are null.
fn json_of_update(Update { id, is_new, components }: &Update) -> Value {
    let values = components.iter().map(|component| {
        let value = component.value.as_ref().map_or(Value::Null, |(value, _)| value.clone());
        (component.name.to_owned(), value)
    });
    json!({ "entity": id, "is_new": is_new, "components": values.collect::<Map<_, _>>() })
}

fn read(payload: &[u8]) -> Value {
    #[derive(Default)]
    struct Seen {
        despawns: Vec<u32>,
        entities: Vec<Value>,
    }
    impl Seen {
        fn put(&mut self, name: &str, value: Value) {
            self.entities.last_mut().unwrap()["components"][name] = value;
        }
    }
    impl SnapshotVisitor for Seen {
        fn despawn(&mut self, entity: EntityId) {
            self.despawns.push(entity.0);
        }
        fn entity(&mut self, entity: EntityId, is_new: bool) {
            self.entities.push(json!({ "entity": entity.0, "is_new": is_new, "components": {} }));
        }
        fn component(&mut self, _: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
            let (name, value) = json_of(&ComponentValue::read(id, from)?);
            self.put(name, value);
            Some(())
        }
        fn remove(&mut self, _: EntityId, id: u8) {
            let components = realmgate_protocol::realm::schema().components;
            let component = components.iter().find(|component| component.id == u32::from(id)).unwrap();
            self.put(&component.name, Value::Null);
        }
    }
    let (kind, body) = datagram::open(payload).unwrap();
    assert_eq!(kind, Kind::ServerFrame);
    let mut from = BitReader::new(body);
    let head = ServerFrameHead::read(&mut from).unwrap();
    let mut seen = Seen::default();
    snapshot::read(&mut from, &mut seen).unwrap();
    json!({
        "tick": head.tick,
        "last_command": head.last_command,
        "buffered_commands": head.buffered_commands,
        "despawns": seen.despawns,
        "entities": seen.entities,
    })
}

#[test]
fn acknowledgements_are_as_recorded() {
    let made: Vec<Vector> = [
        ("none", "Nothing was applied yet.", vec![]),
        ("first", "The first snapshot.", vec![10]),
        ("gaps", "Two ticks were lost in between.", vec![10, 11, 14, 15]),
        ("window_edge", "The oldest that still has a bit: 32 ticks before the newest.", vec![10, 42]),
        ("beyond_window", "One tick farther, and it has none.", vec![10, 43]),
        ("after_a_stall", "A long gap forgets all before it.", vec![10, 11, 12, 500, 501]),
    ]
    .into_iter()
    .map(|(name, what, applied)| {
        let mut ack = SnapshotAck::default();
        applied.iter().for_each(|tick| ack.note(Tick(*tick)));
        let mut bits = BitWriter::default();
        ack.newest.0.write(&mut bits);
        ack.before.write(&mut bits);
        let acknowledged: Vec<Tick> = ack.ticks().collect();
        let value = json!({
            "applied": applied, "newest": ack.newest, "before": ack.before, "acknowledged": acknowledged,
        });
        Vector::new(name, what, value, bits.bytes())
    })
    .collect();
    check("acknowledgements", &made);
}
