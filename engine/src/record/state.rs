//! The state of a world after a tick, as hashes: one of everything, and one of each part, so that a difference has a
//! name.

use bevy_ecs::prelude::*;
use realmgate_protocol::ids::EntityId;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};

use crate::outbox::Outbox;
use crate::persist::PersistPort;
use crate::random::ChannelRandom;
use crate::replication::{Encoded, NetEntity};
use crate::transport::SessionId;

/// A hash (XXH3) of a world's state and output: every replicated component of every entity, the state of its random number
/// generators, and everything in its outbox. What a world keeps to itself (who owns what, what waits for the store)
/// shows in its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateHash(pub u64);

impl StateHash {
    pub(crate) fn of_world(world: &mut World) -> Self {
        State::of(world).hash()
    }
}

impl std::fmt::Display for StateHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

/// The part that is not a component and comes first.
const ENTITIES: &str = "which entities there are";
/// The other parts that are not components, causes before their effects.
const OTHERS: [&str; 7] = [
    "the state of chance",
    "owned events",
    "messages for the map link",
    "messages for clients",
    "ended connections",
    "counted violations",
    "snapshots for clients",
];
/// Most parts that a recording may name.
const MAX_PARTS: usize = 256;

/// The hash of one part.
///
/// For entities and components it is a sum over entities, so that their order does not matter, and the same sum
/// weighted by each entity's number. If a single entity differs, the two differences tell its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Part {
    sum: u64,
    weighted: u64,
}

impl Part {
    fn add(&mut self, entity: EntityId, hash: u64) {
        self.sum = self.sum.wrapping_add(hash);
        self.weighted = self.weighted.wrapping_add(hash.wrapping_mul(u64::from(entity.0)));
    }

    /// What a recording keeps: the low halves, for which the relation of the two sums still holds.
    fn digest(self) -> PartDigest {
        PartDigest { sum: (self.sum as u32).to_le_bytes(), weighted: (self.weighted as u32).to_le_bytes() }
    }
}

/// A part as a recording keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct PartDigest {
    sum: [u8; 4],
    weighted: [u8; 4],
}

/// The state of a world after a tick: first the parts that are not components, then the components by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    parts: Vec<(&'static str, Part)>,
}

impl State {
    /// The state of a world whose outbox has not been emptied since its last tick.
    pub fn of(world: &mut World) -> Self {
        let mut parts = vec![(ENTITIES, Part::default())];
        parts.extend(OTHERS.into_iter().zip(others(world).map(|sum| Part { sum, weighted: 0 })));
        let components = parts.len();
        // Components come in the same order for every entity, so the next one is mostly found at the first try.
        let mut next = components;
        each_component(world, |entity, component| match component {
            None => {
                parts[0].1.add(entity, xxh3_64(&entity.0.to_le_bytes()));
                next = components;
            }
            Some((name, bits, bytes)) => {
                if parts.get(next).is_none_or(|(known, _)| *known != name) {
                    next = index_of(&mut parts, components, name);
                }
                let whose = u64::from(entity.0) | (bits as u64) << 32;
                parts[next].1.add(entity, xxh3_64_with_seed(bytes, whose));
                next += 1;
            }
        });
        parts[components..].sort_unstable_by_key(|(name, _)| *name);
        Self { parts }
    }

    /// The hash of everything.
    pub fn hash(&self) -> StateHash {
        let mut hasher = Xxh3Default::new();
        for (name, part) in &self.parts {
            add_bytes(&mut hasher, name.as_bytes());
            hasher.update(&part.sum.to_le_bytes());
            hasher.update(&part.weighted.to_le_bytes());
        }
        StateHash(hasher.digest())
    }

    fn digest_of(&self, name: &str) -> PartDigest {
        let found = self.parts.iter().find(|(known, _)| *known == name);
        found.map_or(PartDigest::default(), |(_, part)| part.digest())
    }
}

/// The index of a component among the parts; a new one is added at the end.
fn index_of(parts: &mut Vec<(&'static str, Part)>, components: usize, name: &'static str) -> usize {
    let known = parts[components..].iter().position(|(known, _)| *known == name);
    known.map(|index| components + index).unwrap_or_else(|| {
        parts.push((name, Part::default()));
        parts.len() - 1
    })
}

/// The one place that knows how components are stored. Calls `each` with `None` once for each entity, then with each of
/// its components as (name, bits, bytes).
fn each_component(world: &mut World, mut each: impl FnMut(EntityId, Option<(&'static str, usize, &[u8])>)) {
    let mut entities = world.query::<(&NetEntity, &Encoded)>();
    for (id, encoded) in entities.iter(world) {
        each(id.0, None);
        encoded.values().for_each(|value| each(id.0, Some(value)));
    }
}

/// The hashes of the parts of [`OTHERS`], in their order.
fn others(world: &World) -> [u64; OTHERS.len()] {
    let outbox = world.resource::<Outbox>();
    let messages = outbox.messages.iter().map(|message| (message.session, message.bytes.as_slice()));
    [
        world.resource::<ChannelRandom>().peek(),
        serialized(&world.resource::<PersistPort>().submitted()),
        serialized(&outbox.link),
        said(messages),
        sessions(&outbox.disconnects),
        sessions(&outbox.violations),
        said(outbox.frames.iter()),
    ]
}

fn serialized(value: &impl Serialize) -> u64 {
    xxh3_64(&bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap_or_default())
}

fn said<'a>(what: impl Iterator<Item = (SessionId, &'a [u8])>) -> u64 {
    let mut hasher = Xxh3Default::new();
    for (session, bytes) in what {
        hasher.update(&session.client.0.to_le_bytes());
        add_bytes(&mut hasher, bytes);
    }
    hasher.digest()
}

fn sessions(whose: &[SessionId]) -> u64 {
    let mut hasher = Xxh3Default::new();
    whose.iter().for_each(|session| hasher.update(&session.client.0.to_le_bytes()));
    hasher.digest()
}

/// Adds bytes and their count, so that nothing of what follows can take their place.
fn add_bytes(hasher: &mut Xxh3Default, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// A part that differs from the tick before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// Parts are numbered in the order in which a recording first names them.
    part: u16,
    /// Its name, when the recording names it for the first time.
    name: Option<String>,
    digest: PartDigest,
}

/// Every part that a recording has named, with its latest digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Digests {
    known: Vec<(String, PartDigest)>,
}

impl Digests {
    /// Takes the next state and returns what it changes.
    pub fn change(&mut self, state: &State) -> Vec<Change> {
        let mut changes = Vec::new();
        for (part, (name, known)) in self.known.iter_mut().enumerate() {
            let digest = state.digest_of(name);
            if digest != *known {
                *known = digest;
                changes.push(Change { part: part as u16, name: None, digest });
            }
        }
        for (name, part) in &state.parts {
            if !self.known.iter().any(|(known, _)| known == name) {
                let digest = part.digest();
                changes.push(Change { part: self.known.len() as u16, name: Some((*name).to_owned()), digest });
                self.known.push(((*name).to_owned(), digest));
            }
        }
        changes
    }

    /// Applies changes that [`Self::change`] has returned; `None` if they do not fit what came before.
    pub fn apply(&mut self, changes: &[Change]) -> Option<()> {
        for Change { part, name, digest } in changes {
            match name {
                Some(name) if usize::from(*part) == self.known.len() && self.known.len() < MAX_PARTS => {
                    self.known.push((name.clone(), *digest));
                }
                Some(_) => return None,
                None => self.known.get_mut(usize::from(*part))?.1 = *digest,
            }
        }
        Some(())
    }

    /// The parts in which a world differs from what was recorded, causes before their effects, each with its entity if
    /// only one differs.
    pub fn differences(&self, found: &State) -> Vec<String> {
        let recorded = |name: &str| {
            self.known.iter().find(|(known, _)| known == name).map_or_else(Default::default, |known| known.1)
        };
        let new =
            found.parts.iter().map(|(name, _)| *name).filter(|name| !self.known.iter().any(|known| known.0 == *name));
        let names = self.known.iter().map(|(name, _)| name.as_str()).chain(new);
        let mut differing: Vec<&str> = names.filter(|name| recorded(name) != found.digest_of(name)).collect();
        differing.sort_by_key(|name| (rank(name), *name));
        differing.into_iter().map(|name| describe(name, recorded(name), found.digest_of(name))).collect()
    }
}

/// 0 for entities, 1 for components, then the others in their order.
fn rank(name: &str) -> usize {
    let other = OTHERS.iter().position(|other| *other == name);
    other.map_or(usize::from(name != ENTITIES), |index| index + 2)
}

fn describe(name: &str, recorded: PartDigest, found: PartDigest) -> String {
    let what = match rank(name) {
        0 => name.to_owned(),
        1 => format!("component {name}"),
        _ => return name.to_owned(),
    };
    match one_entity(recorded, found) {
        Some(entity) => format!("{what} (of entity {entity} alone)"),
        None => format!("{what} (of several entities)"),
    }
}

/// Entities are numbered from 1 without reuse; one with a higher number is not looked for.
const MAX_ENTITY: u32 = 1 << 22;

/// The entity that makes the whole difference: the number by which the plain difference must be multiplied to give the
/// weighted one.
fn one_entity(recorded: PartDigest, found: PartDigest) -> Option<u32> {
    let apart = |recorded, found| u32::from_le_bytes(found).wrapping_sub(u32::from_le_bytes(recorded));
    let (sum, weighted) = (apart(recorded.sum, found.sum), apart(recorded.weighted, found.weighted));
    (1..=MAX_ENTITY).find(|entity| sum.wrapping_mul(*entity) == weighted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(values: &[(u32, u64)]) -> PartDigest {
        let mut part = Part::default();
        values.iter().for_each(|(entity, value)| part.add(EntityId(*entity), xxh3_64(&value.to_le_bytes())));
        part.digest()
    }

    #[test]
    fn the_one_entity_that_differs_is_found_and_several_are_not_taken_for_one() {
        let all: Vec<(u32, u64)> = (1..=500).map(|entity| (entity, u64::from(entity) * 7)).collect();
        for index in [0, 1, 77, 499] {
            let mut other = all.clone();
            other[index].1 += 1;
            assert_eq!(one_entity(part(&all), part(&other)), Some(all[index].0));
            other.remove(index);
            assert_eq!(one_entity(part(&all), part(&other)), Some(all[index].0), "it is not there at all");
        }
        let mut other = all.clone();
        (other[3].1, other[4].1) = (1, 2);
        assert_eq!(one_entity(part(&all), part(&other)), None);
        let looked_for = [MAX_ENTITY, MAX_ENTITY + 1].map(|entity| one_entity(part(&[]), part(&[(entity, 1)])));
        assert_eq!(looked_for, [Some(MAX_ENTITY), None], "the last that is looked for");
    }

    #[test]
    fn a_swap_of_values_between_entities_is_a_difference() {
        assert_ne!(part(&[(1, 10), (2, 20)]), part(&[(1, 20), (2, 10)]));
    }
}
