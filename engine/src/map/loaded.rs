//! A map as it is loaded: pure data, shared by all channels of the map.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::CollisionGrid;

use super::drawn::DrawnMap;
use super::{MapObject, SpawnPoint};
use crate::data::{Fault, SourceText};

/// A map: where one can walk, and the objects that designers placed on it.
#[derive(Debug, Clone)]
pub struct Map {
    /// The number in front of the file's name.
    pub id: MapId,
    /// The rest of the file's name: `greenvale` of `1_greenvale.tmx`.
    pub name: String,
    /// Which tiles are solid.
    pub grid: CollisionGrid,
    /// A `Vec<T>` for each type `T`. Only looked up, never gone through: type ids have no lasting order.
    objects: BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>,
    origin: Origin,
}

/// Where the map's objects and their properties are written, so that checks against other data (does this mob exist?)
/// can point into the file too. Of each object by class and name: its own place under `""`, and its properties'.
#[derive(Debug, Clone)]
struct Origin {
    source: SourceText,
    spans: BTreeMap<(&'static str, String, &'static str), Range<usize>>,
}

impl Map {
    /// A map without objects. Places in its file are those of the objects that are drawn on it.
    pub(super) fn new(drawn: &DrawnMap, grid: CollisionGrid) -> Self {
        let mut spans = BTreeMap::new();
        for object in drawn.objects.iter().flatten() {
            let key = |property| (object.class.name, object.name.clone(), property);
            spans.insert(key(""), object.span.clone());
            spans.extend(object.properties.iter().map(|(property, written)| (key(property), written.span.clone())));
        }
        let origin = Origin { source: drawn.source.clone(), spans };
        Self { id: drawn.id, name: drawn.name.clone(), grid, objects: BTreeMap::new(), origin }
    }

    /// All objects of a type, in the order of the file. For the start of a world: what a tick needs, a feature copies.
    pub fn all<T: MapObject>(&self) -> &[T] {
        let list = self.objects.get(&TypeId::of::<T>()).and_then(|list| list.downcast_ref::<Vec<T>>());
        list.map_or(&[], Vec::as_slice)
    }

    /// Replaces all objects of a type: for maps that are made in code.
    pub fn set<T: MapObject>(&mut self, objects: Vec<T>) {
        self.objects.insert(TypeId::of::<T>(), Arc::new(objects));
    }

    /// Adds an object: for maps that are made in code.
    pub fn add<T: MapObject>(&mut self, object: T) {
        let mut objects = self.all::<T>().to_vec();
        objects.push(object);
        self.set(objects);
    }

    /// Where characters appear; at least one.
    pub fn spawn_points(&self) -> &[SpawnPoint] {
        self.all()
    }

    /// A spawn point by name; `None` if there is none.
    pub fn spawn_point(&self, name: &str) -> Option<&SpawnPoint> {
        self.spawn_points().iter().find(|spawn| spawn.name == name)
    }

    /// A fault at one property of a named object, for checks against other data: `map.fault::<MobArea>(&area.name,
    /// "mob", …)`. At the object where the property is left to its default.
    pub fn fault<T: MapObject>(
        &self,
        object: &str,
        property: &'static str,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) -> Fault {
        let find = |property: &'static str| self.origin.spans.get(&(T::CLASS.name, object.to_owned(), property));
        let span = find(property).or_else(|| find("")).cloned().unwrap_or(0..0);
        self.origin.source.fault(span, message, expected)
    }
}
