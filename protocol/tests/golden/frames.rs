//! Client frames, server frames and acknowledgements.

use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, Health, Label, MoveSpeed, Place, Resource, Status,
};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, OwnState, SentComponents, SnapshotVisitor, SnapshotWriter};
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
        let frame = ClientFrame { ack, commands: commands.iter().copied().collect() };
        let payload = frame.seal();
        let Section::Input(body) = datagram::open(&payload).unwrap().section else { panic!("{name} is no input") };
        assert_eq!(ClientFrame::open(body), Some(frame), "{name} comes back");
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

/// The head that the client applied last, for heads with only the low bits.
const NEWEST: ServerFrameHead = ServerFrameHead { tick: Tick(65_530), last_command: 65_535, buffered_commands: 0 };

struct Frame {
    head: ServerFrameHead,
    whole: bool,
    own: Update,
    own_state: OwnState,
    despawns: Vec<u32>,
    updates: Vec<Update>,
}

#[test]
fn server_frames_are_as_recorded() {
    let own_state = OwnState { position: Position { x: 10_752, y: 5_632 }, facing: Angle(64) };
    let frame = |own| Frame {
        head: ServerFrameHead { tick: Tick(65_538), last_command: 65_541, buffered_commands: 2 },
        whole: false,
        own,
        own_state,
        despawns: Vec::new(),
        updates: Vec::new(),
    };
    let quiet = || frame(update(5, false, vec![]));
    let first = ServerFrameHead { tick: Tick(1), last_command: 0, buffered_commands: 0 };
    let full = ServerFrameHead { tick: Tick(u32::MAX), last_command: u32::MAX, buffered_commands: 15 };
    let many = vec![
        set(&Health { current: 0, max: 120 }),
        removed::<Casting>(),
        set(&Status { flags: 0 }),
        set(&Resource { current: 40, max: 100 }),
    ];
    let mixed = vec![
        update(8, false, vec![walks(10_880)]),
        update(300, false, vec![walks(11_040), set(&Health { current: 80, max: 120 })]),
        update(70_001, true, mob_components()),
        update(3_000_000, false, many),
    ];
    let nothing = Frame { head: full, whole: true, own: update(7, true, vec![]), ..quiet() };
    let unseen = Frame { updates: vec![update(8, true, vec![])], ..nothing };
    let cast_ended = vec![removed::<Casting>(), set(&Status { flags: 0 })];
    check(
        "server_frames",
        &[
            server_frame("quiet", "Nothing has changed.", &quiet()),
            server_frame(
                "own_entity",
                "The first: the player's own entity is new, with all its components.",
                &Frame { head: first, whole: true, own: update(5, true, own_components()), ..quiet() },
            ),
            server_frame(
                "one_walks",
                "An entity the client knows has taken another direction.",
                &Frame { updates: vec![update(70, false, vec![walks(10_880)])], ..quiet() },
            ),
            server_frame(
                "removed",
                "One's own cast has ended: the component is gone.",
                &frame(update(5, false, cast_ended)),
            ),
            server_frame("despawn", "Two entities left the view.", &Frame { despawns: vec![6, 70_000], ..quiet() }),
            server_frame("no_components", "New entities that have nothing to show yet.", &unseen),
            server_frame(
                "mixed",
                "All of it in one snapshot.",
                &Frame { despawns: vec![6, 300], updates: mixed, ..quiet() },
            ),
        ],
    );
}

fn walks(x: i32) -> Encoded {
    set(&Place { course: Course::going(Position { x, y: 5_632 }, Angle(0), 136, 0) })
}

fn own_components() -> Vec<Encoded> {
    vec![
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
        set(&Place { course: Course::standing(Position { x: 12_801, y: 5_633 }, Angle(128)) }),
        set(&Appearance { kind: EntityKind::Mob, definition: 2, level: 4 }),
        set(&Health { current: 200, max: 200 }),
    ]
}

fn told(Update { is_new, components, .. }: &Update) -> SentComponents {
    let mask = |mask: u16, component: &Encoded| mask | 1 << component.id;
    let there = components.iter().filter(|component| component.value.is_some());
    SentComponents { is_new: *is_new, changed: components.iter().fold(0, mask), there: there.fold(0, mask) }
}

fn write_value(Update { components, .. }: &Update, id: u8, out: &mut BitWriter) {
    let component = components.iter().find(|component| component.id == id);
    let (_, bits) = component.and_then(|component| component.value.as_ref()).unwrap();
    out.put_bits(bits.bytes(), bits.len_bits());
}

fn server_frame(name: &str, what: &str, frame: &Frame) -> Vector {
    let Frame { head, whole, own, own_state, despawns, updates } = frame;
    let mut out = BitWriter::default();
    head.write(&mut out, *whole);
    let write_own = |id: u8, out: &mut BitWriter| write_value(own, id, out);
    let mut snapshot = SnapshotWriter::own(&mut out, EntityId(own.id), *own_state, told(own), write_own);
    snapshot.despawns(despawns.iter().copied().map(EntityId).collect::<Vec<_>>().into_iter());
    for update in updates {
        assert!(snapshot.entity(EntityId(update.id), told(update), 1_200, |id, out| write_value(update, id, out)));
    }
    snapshot.finish();
    let payload = datagram::seal(Section::Snapshot(out.bytes()));
    let value = json!({
        "newest": { "tick": NEWEST.tick, "last_command": NEWEST.last_command },
        "is_whole": whole,
        "tick": head.tick,
        "last_command": head.last_command,
        "buffered_commands": head.buffered_commands,
        "own": json_of_own(own.is_new.then_some(own.id), own_state, own),
        "despawns": despawns,
        "entities": updates.iter().map(json_of_update).collect::<Vec<_>>(),
    });
    assert_eq!(read(&payload, *whole), value, "{name} comes back as it was");
    Vector::new(name, what, value, &payload)
}

fn json_of_own(new: Option<u32>, state: &OwnState, update: &Update) -> Value {
    json!({
        "new": new,
        "position": state.position,
        "facing": state.facing,
        "components": json_of_update(update)["components"],
    })
}

/// Components by name; removed ones are null.
fn json_of_update(Update { id, is_new, components }: &Update) -> Value {
    let values = components.iter().map(|component| {
        let value = component.value.as_ref().map_or(Value::Null, |(value, _)| value.clone());
        (component.name.to_owned(), value)
    });
    json!({ "entity": id, "is_new": is_new, "components": values.collect::<Map<_, _>>() })
}

fn read(payload: &[u8], whole: bool) -> Value {
    #[derive(Default)]
    struct Seen {
        own: Value,
        despawns: Vec<u32>,
        entities: Vec<Value>,
    }
    impl Seen {
        fn put(&mut self, name: &str, value: Value) {
            let last = self.entities.last_mut().unwrap_or(&mut self.own);
            last["components"][name] = value;
        }
    }
    impl SnapshotVisitor for Seen {
        fn own(&mut self, new: Option<EntityId>, state: OwnState) -> Option<EntityId> {
            self.own = json_of_own(new.map(|id| id.0), &state, &update(0, false, vec![]));
            Some(EntityId(5))
        }
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
    let Section::Snapshot(body) = datagram::open(payload).unwrap().section else { panic!("no snapshot") };
    let mut from = BitReader::new(body);
    let head = ServerFrameHead::read(&mut from, &NEWEST).unwrap();
    let mut seen = Seen::default();
    snapshot::read(&mut from, &mut seen).unwrap();
    json!({
        "newest": { "tick": NEWEST.tick, "last_command": NEWEST.last_command },
        "is_whole": whole,
        "tick": head.tick,
        "last_command": head.last_command,
        "buffered_commands": head.buffered_commands,
        "own": seen.own,
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
