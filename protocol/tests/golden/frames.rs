//! Client frames, server frames and acknowledgements.

use realmgate_protocol::bits::{BitField, BitReader, BitWriter};
use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::{Angle, Course, Position};
use realmgate_protocol::realm::{
    Appearance, Casting, ComponentValue, Cooldowns, EntityKind, Health, Label, MoveSpeed, Resource, Status,
};
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, ServerFrameHead, SnapshotAck};
use realmgate_protocol::wire::snapshot::{self, EntityUpdate, OwnState, SnapshotVisitor, SnapshotWriter, write_update};
use realmgate_protocol::wire::{Action, Aim, InputCommand, Seen};
use serde_json::{Map, Value, json};

use crate::components::{Encoded, json_of, removed, set};
use crate::vectors::{Vector, check};

#[test]
fn client_frames_are_as_recorded() {
    let act = |number, slot, aim| InputCommand { number, heading: None, action: Some(Action::new(slot, aim)) };
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
    let saw = |number, tick, part| {
        let action = Action { seen: Some(Seen { tick: Tick(tick), part }), ..Action::new(1, Aim::None) };
        InputCommand { number, heading: None, action: Some(action) }
    };
    let longest = (1..=7u32).map(|number| InputCommand {
        number: u32::MAX - 7 + number,
        heading: Some(Angle(255)),
        action: Some(Action {
            seen: Some(Seen { tick: Tick(u32::MAX), part: 7 }),
            ..Action::new(7, Aim::Entity(EntityId(u32::MAX)))
        }),
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
            frame(
                "what_was_seen",
                "Abilities used on others who were shown before the newest snapshot, and beyond it.",
                some,
                vec![saw(3, 97, 4), saw(4, 101, 3)],
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
    course: Option<Course>,
    components: Vec<Encoded>,
}

fn update(id: u32, components: Vec<Encoded>) -> Update {
    Update { id, is_new: false, course: None, components }
}

/// The head that the client applied last.
const NEWEST: ServerFrameHead = ServerFrameHead { tick: Tick(65_530), last_command: 65_535, buffered_commands: 0 };

struct Frame {
    head: ServerFrameHead,
    own: OwnState,
    despawns: Vec<u32>,
    updates: Vec<Update>,
}

#[test]
fn server_frames_are_as_recorded() {
    let own = OwnState { position: Position { x: 10_752, y: 5_632 }, facing: Angle(64) };
    let head = ServerFrameHead { tick: Tick(65_538), last_command: 65_541, buffered_commands: 2 };
    let quiet = || Frame { head, own, despawns: Vec::new(), updates: Vec::new() };
    let with = |updates| Frame { updates, ..quiet() };
    let many = vec![
        set(&Health { current: 0, max: 120 }),
        set(&Status { flags: 0 }),
        removed::<Casting>(),
        set(&Resource { current: 40, max: 100 }),
    ];
    let walk_and_health = vec![set(&Health { current: 80, max: 120 })];
    let mixed = vec![
        Update { course: Some(walks(10_880)), ..update(8, vec![]) },
        Update { course: Some(walks(11_040)), ..update(300, walk_and_health) },
        mob(70_001),
        update(3_000_000, many),
    ];
    let cast_ended = vec![set(&Status { flags: 0 }), removed::<Casting>()];
    let own_entity = Update { is_new: true, ..update(5, own_components()) };
    check(
        "server_frames",
        &[
            server_frame("quiet", "Nothing has changed.", &quiet()),
            server_frame(
                "own_entity",
                "The player's own entity is new, with all its components. It never has a course.",
                &with(vec![own_entity]),
            ),
            server_frame(
                "one_walks",
                "An entity the client knows has taken another direction.",
                &with(vec![Update { course: Some(walks(10_880)), ..update(70, vec![]) }]),
            ),
            server_frame("removed", "A cast has ended: the component is gone.", &with(vec![update(5, cast_ended)])),
            server_frame("despawn", "Two entities left the view.", &Frame { despawns: vec![6, 70_000], ..quiet() }),
            server_frame(
                "no_components",
                "A new entity that has nothing to show yet.",
                &with(vec![Update { is_new: true, ..update(8, vec![]) }]),
            ),
            server_frame(
                "mixed",
                "All of it in one snapshot.",
                &Frame { despawns: vec![6, 300], updates: mixed, ..quiet() },
            ),
        ],
    );
}

fn walks(x: i32) -> Course {
    Course::going(Position { x, y: 5_632 }, Angle(0), 136, 0)
}

fn own_components() -> Vec<Encoded> {
    vec![
        set(&Health { current: 87, max: 120 }),
        set(&Status { flags: 1 }),
        set(&Casting { ability: 3, until_tick: 130 }),
        set(&Resource { current: 40, max: 100 }),
        set(&Cooldowns { ready_at: vec![0, 190, 0] }),
        set(&MoveSpeed { units_per_tick: 136 }),
        set(&Appearance { kind: EntityKind::Player, definition: 1, level: 3 }),
        set(&Label { name: "Jörg".to_owned() }),
    ]
}

fn mob(id: u32) -> Update {
    let components = vec![
        set(&Health { current: 200, max: 200 }),
        set(&Appearance { kind: EntityKind::Mob, definition: 2, level: 4 }),
    ];
    let course = Some(Course::standing(Position { x: 12_801, y: 5_633 }, Angle(128)));
    Update { id, is_new: true, course, components }
}

fn encoded(update: &Update) -> BitWriter {
    let Update { is_new, course, components, .. } = update;
    let mask = |mask: u16, component: &Encoded| mask | 1 << component.id;
    let there = components.iter().filter(|component| component.value.is_some());
    let parts = EntityUpdate {
        is_new: *is_new,
        has_course: course.is_some(),
        changed: components.iter().fold(0, mask),
        there: there.fold(0, mask),
    };
    let mut out = BitWriter::default();
    write_update(&mut out, parts, &course.unwrap_or_default(), |id, out| {
        let component = components.iter().find(|component| component.id == id);
        let (_, bits) = component.and_then(|component| component.value.as_ref()).unwrap();
        out.put_bits(bits.bytes(), bits.len_bits());
    });
    out
}

fn server_frame(name: &str, what: &str, frame: &Frame) -> Vector {
    let Frame { head, own, despawns, updates } = frame;
    let mut out = BitWriter::default();
    head.write(&mut out);
    let mut snapshot = SnapshotWriter::own(&mut out, *own);
    snapshot.despawns(despawns.iter().copied().map(EntityId).collect::<Vec<_>>().into_iter());
    for update in updates {
        let encoded = encoded(update);
        assert!(snapshot.entity(EntityId(update.id), encoded.bytes(), encoded.len_bits(), 1_200));
    }
    snapshot.finish();
    let payload = datagram::seal(Section::Snapshot(out.bytes()));
    let entities = updates.iter().map(json_of_update).collect();
    let value = json_of_frame(head, own, despawns, entities);
    assert_eq!(read(&payload), value, "{name} comes back as it was");
    Vector::new(name, what, value, &payload)
}

fn json_of_frame(head: &ServerFrameHead, own: &OwnState, despawns: &[u32], entities: Vec<Value>) -> Value {
    json!({
        "newest": { "tick": NEWEST.tick, "last_command": NEWEST.last_command },
        "tick": head.tick,
        "last_command": head.last_command,
        "buffered_commands": head.buffered_commands,
        "own": { "position": own.position, "facing": own.facing },
        "despawns": despawns,
        "entities": entities,
    })
}

/// Components by name; removed ones are null.
fn json_of_update(Update { id, is_new, course, components }: &Update) -> Value {
    let values = components.iter().map(|component| {
        let value = component.value.as_ref().map_or(Value::Null, |(value, _)| value.clone());
        (component.name.to_owned(), value)
    });
    let components = values.collect::<Map<_, _>>();
    json!({ "entity": id, "is_new": is_new, "course": course, "components": components })
}

fn read(payload: &[u8]) -> Value {
    #[derive(Default)]
    struct Seen {
        own: OwnState,
        despawns: Vec<u32>,
        entities: Vec<Value>,
    }
    impl Seen {
        fn put(&mut self, name: &str, value: Value) {
            self.entities.last_mut().unwrap()["components"][name] = value;
        }
    }
    impl SnapshotVisitor for Seen {
        fn own(&mut self, state: OwnState) {
            self.own = state;
        }
        fn despawn(&mut self, entity: EntityId) {
            self.despawns.push(entity.0);
        }
        fn entity(&mut self, entity: EntityId, is_new: bool) {
            let entity = json!({ "entity": entity.0, "is_new": is_new, "course": null, "components": {} });
            self.entities.push(entity);
        }
        fn course(&mut self, _: EntityId, course: Course) {
            self.entities.last_mut().unwrap()["course"] = json!(course);
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
    json_of_frame(&head, &seen.own, &seen.despawns, seen.entities)
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
        bits.put(ack.before.into(), 32);
        let acknowledged: Vec<Tick> = ack.ticks().collect();
        let value = json!({
            "applied": applied, "newest": ack.newest, "before": ack.before, "acknowledged": acknowledged,
        });
        Vector::new(name, what, value, bits.bytes())
    })
    .collect();
    check("acknowledgements", &made);
}
