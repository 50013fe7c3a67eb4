//! The view of a client whose frames are lost, late or damaged.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::Health;
use realmgate_protocol::wire::WireComponent;
use realmgate_protocol::wire::snapshot::{EntityUpdate, OwnState, SnapshotWriter, write_update};

use super::*;

/// The client's own entity.
const OWN: EntityId = EntityId(9);

/// A position on a line and a health, by entity.
type Entities = BTreeMap<u32, (i32, Option<u16>)>;

/// The server's state for one client: the truth, and the baseline that the client is known to have.
#[derive(Default)]
struct Server {
    truth: Entities,
    known: Entities,
    /// Despawned entities that the client may still show.
    gone: BTreeSet<u32>,
    /// The contents of each snapshot, which become the baseline once it is acknowledged.
    sent: BTreeMap<Tick, (Entities, BTreeSet<u32>)>,
    /// Whether the client has applied any snapshot, and so knows its own entity.
    is_acknowledged: bool,
}

impl Server {
    fn set(&mut self, id: u32, x: i32, health: Option<u16>) {
        self.gone.remove(&id);
        self.truth.insert(id, (x, health));
    }

    fn despawn(&mut self, id: u32) {
        if self.truth.remove(&id).is_some() {
            // An entity that comes back under the same id is new: an acknowledgement of the old one says nothing about
            // it.
            self.known.remove(&id);
            for (held, _) in self.sent.values_mut() {
                held.remove(&id);
            }
            self.gone.insert(id);
        }
    }

    /// A snapshot against the acknowledged baseline. Values are absolute, and repeated until acknowledged.
    fn frame(&mut self, tick: Tick) -> Vec<u8> {
        let mut out = BitWriter::default();
        ServerFrameHead { tick, last_command: 0, buffered_commands: 2 }.write(&mut out);
        let own = OwnState { position: Position { x: tick.0 as i32, y: 7 }, facing: Angle(1) };
        let mut snapshot = SnapshotWriter::own(&mut out, own);
        snapshot.despawns(self.gone.iter().copied().map(EntityId).collect::<Vec<_>>().into_iter());
        let changed: Vec<_> = self.truth.iter().filter(|(id, value)| self.known.get(*id) != Some(*value)).collect();
        for (id, (x, health)) in changed {
            let changed = 1 << Health::ID;
            let there = if health.is_some() { changed } else { 0 };
            let told = EntityUpdate { is_new: !self.known.contains_key(id), has_course: true, changed, there };
            let mut update = BitWriter::default();
            write_update(&mut update, told, &Course::standing(Position { x: *x, y: 0 }, Angle(0)), |_, out| {
                Health { current: health.unwrap(), max: 100 }.write(out);
            });
            assert!(snapshot.entity(EntityId(*id), update.bytes(), update.len_bits(), 1_200));
        }
        snapshot.finish();
        self.sent.insert(tick, (self.truth.clone(), self.gone.clone()));
        out.into_bytes()
    }

    fn acknowledged(&mut self, ack: SnapshotAck) {
        let Some((held, gone)) = self.sent.get(&ack.newest).cloned() else { return };
        self.is_acknowledged = true;
        self.known = held;
        self.gone.retain(|id| !gone.contains(id));
        self.sent.retain(|tick, _| *tick > ack.newest);
    }
}

fn shown(view: &WorldView) -> Entities {
    let values =
        |entity: VisibleEntity<'_>| (entity.position().unwrap().x, entity.health.as_ref().map(|health| health.current));
    let others = view.entities().filter(|(id, _)| *id != OWN);
    others.map(|(id, entity)| (id.0, values(entity))).collect()
}

/// A server with four entities, and a client that has seen them.
fn acquainted() -> (Server, WorldView) {
    let (mut server, mut view) = (Server::default(), WorldView::new(OWN, Tick(39_999)));
    (1..5).for_each(|id| server.set(id, id as i32 * 1_000, Some(50)));
    view.apply(&server.frame(Tick(40_000))).unwrap();
    server.acknowledged(view.ack());
    (server, view)
}

#[derive(Debug, Clone)]
enum Happening {
    Set(u32, i32, Option<u16>),
    Despawn(u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (1u32..6, 0i32..30_000, prop::option::of(0u16..=100)).prop_map(|(id, x, health)| Happening::Set(id, x, health)),
        (1u32..6).prop_map(Happening::Despawn),
    ]
}

proptest! {
    #[test]
    fn the_view_converges_whatever_is_lost_or_late(
        ticks in prop::collection::vec((prop::collection::vec(happening(), 0..3), 0u8..4, any::<bool>()), 1..80),
    ) {
        let (mut server, mut view) = (Server::default(), WorldView::new(OWN, Tick(0)));
        let mut late = Vec::new();
        let mut tick = Tick(0);
        let mut sets = 0;
        for (happenings, fate, ack_lost) in ticks {
            for happening in happenings {
                match happening {
                    Happening::Set(id, x, health) => {
                        // No value comes again: this server tells what has changed by comparing values.
                        sets += 1;
                        server.set(id, x - x % 256 + sets, health);
                    }
                    Happening::Despawn(id) => server.despawn(id),
                }
            }
            tick = tick.after(1);
            let frame = server.frame(tick);
            match fate {
                0 => {}
                1 => late.push(frame),
                _ => {
                    prop_assert!(view.apply(&frame).unwrap().is_some());
                    let own = view.entity(OWN).and_then(|own| own.position());
                    prop_assert_eq!(own, Some(Position { x: tick.0 as i32, y: 7 }), "its own place is in every frame");
                    prop_assert_eq!(shown(&view), server.truth.clone(), "an applied frame shows the truth of its tick");
                    for old in late.drain(..) {
                        prop_assert!(view.apply(&old).unwrap().is_none(), "older frames are not applied");
                    }
                    prop_assert_eq!(shown(&view), server.truth.clone());
                }
            }
            if !ack_lost {
                server.acknowledged(view.ack());
            }
        }
        view.apply(&server.frame(tick.after(1))).unwrap();
        prop_assert_eq!(shown(&view), server.truth);
        prop_assert_eq!(view.unknown_entities(), 0);
    }

    #[test]
    fn garbage_is_never_a_panic_and_changes_nothing(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for mut view in [WorldView::default(), acquainted().1] {
            let before = view.clone();
            // What happens to be a newer frame is no garbage.
            if !matches!(view.apply(&body), Ok(Some(_))) {
                prop_assert_eq!(view, before);
            }
        }
    }

    #[test]
    fn a_damaged_frame_is_never_a_panic(at in any::<prop::sample::Index>(), value in any::<u8>(), cut in 0usize..60) {
        let (mut server, mut view) = acquainted();
        server.despawn(1);
        (2..7).for_each(|id| server.set(id, id as i32 * 1_500, None));
        let mut body = server.frame(Tick(40_008));
        let at = at.index(body.len());
        body[at] = value;
        body.truncate(body.len().saturating_sub(cut));
        let _ = WorldView::default().apply(&body);
        let before = view.clone();
        if view.apply(&body).is_err() {
            prop_assert_eq!(&view, &before, "what cannot be read changes nothing");
        }
        // What it says of entities can be read, whatever it is.
        for (id, _) in view.entities() {
            let _ = view.entity(id).map(|entity| (entity.position_at(Tick(40_099)), entity.facing(), entity.kind()));
        }
    }
}

#[test]
fn an_entity_that_was_never_announced_is_counted() {
    let mut server = Server::default();
    server.set(1, 5, None);
    server.known.insert(1, (4, None));
    server.set(2, 5, None);
    server.known.insert(2, (4, None));
    let mut view = WorldView::new(OWN, Tick(0));
    view.apply(&server.frame(Tick(1))).unwrap();
    assert_eq!(view.unknown_entities(), 2);
}

#[test]
fn what_goes_is_shown_on_its_course_until_it_is_told_anew() {
    let frame = |tick: u32, course: Option<Course>| {
        let mut out = BitWriter::default();
        ServerFrameHead { tick: Tick(tick), last_command: 0, buffered_commands: 2 }.write(&mut out);
        let mut snapshot = SnapshotWriter::own(&mut out, OwnState::default());
        snapshot.despawns([].into_iter());
        let told = EntityUpdate { is_new: tick == 1, has_course: true, ..EntityUpdate::default() };
        if let Some(course) = course {
            let mut update = BitWriter::default();
            write_update(&mut update, told, &course, |_, _| {});
            assert!(snapshot.entity(EntityId(3), update.bytes(), update.len_bits(), 1_200));
        }
        snapshot.finish();
        out.into_bytes()
    };
    let start = Position { x: 16_000, y: 32_000 };
    let stop = Position { x: 16_333, y: 32_001 };
    let mut view = WorldView::new(OWN, Tick(0));
    view.apply(&frame(1, Some(Course::going(start, Angle(0), 100, 0)))).unwrap();
    view.apply(&frame(3, None)).unwrap();
    let shown = |view: &WorldView| view.entity(EntityId(3)).unwrap().position().unwrap();
    assert_eq!(shown(&view), start.offset(200, 0));
    assert_eq!(view.entity(EntityId(3)).unwrap().position_at(Tick(5)), Some(start.offset(400, 0)));
    view.apply(&frame(4, Some(Course::standing(stop, Angle(0))))).unwrap();
    view.apply(&frame(9, None)).unwrap();
    assert_eq!(shown(&view), stop, "what stands is shown exactly");
}
