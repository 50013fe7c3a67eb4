//! What clients are shown of each kind of entity is what the protocol's document says of it.

use std::collections::{BTreeMap, BTreeSet};

use realmgate_engine::channel::ToChannel;
use realmgate_engine::transport::SessionId;
use realmgate_protocol::bits::BitReader;
use realmgate_protocol::ids::{EntityId, LockEpoch};
use realmgate_protocol::link::CharacterLoad;
use realmgate_protocol::movement::Course;
use realmgate_protocol::realm::{Appearance, ComponentValue, EntityKind, document};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::snapshot::{self, OwnState, SnapshotVisitor};
use serde::Deserialize;

use crate::fight::{Fight, Shipped};
use crate::scene::{new_character, session};

/// What the document says of a kind.
#[derive(Debug, Deserialize)]
struct Kind {
    kind: EntityKind,
    components: BTreeSet<String>,
    sometimes: BTreeSet<String>,
    own: BTreeSet<String>,
}

/// A component, of which here only the name matters.
#[derive(Debug, Deserialize)]
struct Component {
    id: u8,
    name: String,
}

/// The kinds, and the names of the components by id.
fn documented() -> (BTreeMap<EntityKind, Kind>, BTreeMap<u8, String>) {
    let mut document = serde_json::to_value(document()).expect("the document is as it is read here");
    let kinds: Vec<Kind> =
        serde_json::from_value(document["entity_kinds"].take()).expect("the document is as it is read here");
    let components: Vec<Component> =
        serde_json::from_value(document["components"].take()).expect("the document is as it is read here");
    let kinds = kinds.into_iter().map(|kind| (kind.kind, kind)).collect();
    (kinds, components.into_iter().map(|component| (component.id, component.name)).collect())
}

/// What a client is shown of an entity.
#[derive(Debug, Default)]
struct Shown {
    kind: Option<EntityKind>,
    /// By id.
    components: BTreeSet<u8>,
    has_course: bool,
}

/// A client that applies every snapshot.
#[derive(Debug, Default)]
struct Client {
    head: ServerFrameHead,
    shown: BTreeMap<EntityId, Shown>,
    /// What the newest snapshot tells of.
    told: Vec<EntityId>,
}

impl Client {
    fn receive(&mut self, frame: &[u8]) {
        let mut from = BitReader::new(frame);
        self.head = ServerFrameHead::read(&mut from, &self.head).expect("a head");
        self.told.clear();
        snapshot::read(&mut from, self).expect("a whole snapshot");
    }
}

impl SnapshotVisitor for Client {
    fn own(&mut self, _: OwnState) {}
    fn despawn(&mut self, entity: EntityId) {
        self.shown.remove(&entity);
    }
    fn entity(&mut self, entity: EntityId, is_new: bool) {
        if is_new {
            self.shown.insert(entity, Shown::default());
        }
        assert!(self.shown.contains_key(&entity), "{entity} is changed before it was shown");
        self.told.push(entity);
    }
    fn course(&mut self, entity: EntityId, _: Course) {
        self.shown.get_mut(&entity).expect("it is shown").has_course = true;
    }
    fn component(&mut self, entity: EntityId, id: u8, from: &mut BitReader<'_>) -> Option<()> {
        let shown = self.shown.get_mut(&entity)?;
        if let ComponentValue::Appearance(Appearance { kind, .. }) = ComponentValue::read(id, from)? {
            shown.kind = Some(kind);
        }
        shown.components.insert(id);
        Some(())
    }
    fn remove(&mut self, entity: EntityId, id: u8) {
        self.shown.get_mut(&entity).expect("it is shown").components.remove(&id);
    }
}

#[test]
fn an_entity_has_the_components_that_the_document_says_of_its_kind() {
    let (kinds, names) = documented();
    let shipped = Shipped::load();
    let mut fight = Fight::start(&shipped, 12, 20, Default::default(), Vec::new());
    // One more, where newcomers and vendors are, with a look.
    let load = CharacterLoad { look: Some("{}".to_owned()), ..new_character(99, "warrior") };
    fight.channel.push(ToChannel::Join { session: session(99), epoch: LockEpoch(1), load });
    let mut clients: BTreeMap<SessionId, Client> = BTreeMap::new();
    let mut seen: BTreeMap<EntityKind, BTreeSet<String>> = BTreeMap::new();
    for _ in 0..200 {
        let (_, frames) = fight.one_tick();
        for (session, frame) in frames.iter() {
            let client = clients.entry(session).or_default();
            client.receive(frame);
            for id in &client.told {
                let Shown { kind, components, has_course } = &client.shown[id];
                let kind = &kinds[&kind.expect("everything has an appearance from its first update")];
                let has: BTreeSet<String> = components.iter().map(|id| names[id].clone()).collect();
                // Only one's own entity comes without a course.
                let own = if *has_course { BTreeSet::new() } else { kind.own.clone() };
                let always = &kind.components | &own;
                assert!(has.is_superset(&always), "{id} has {has:?}, and not all of {kind:?}");
                assert!(has.is_subset(&(&always | &kind.sometimes)), "{id} has {has:?}, and is a {kind:?}");
                seen.entry(kind.kind).or_default().extend(has);
            }
        }
    }
    // And all that it names is there at some time.
    let named = kinds.values().map(|kind| (kind.kind, &(&kind.components | &kind.sometimes) | &kind.own)).collect();
    assert_eq!(seen, named);
}
