//! Which classes of objects there are on the maps of a game.

use std::collections::BTreeMap;

use realmgate_protocol::ids::MapId;

use super::drawn::DrawnMap;
use super::{DrawnObject, Map, MapObject, ObjectCheck, ObjectClass, SpawnPoint};
use crate::data::{Fault, Faults};

/// The classes of objects that the maps of a game can have: a plain value, since maps are read before there is any
/// world. [`MapSet`](super::MapSet) has an example.
#[derive(Debug, Clone)]
pub struct MapObjects {
    registered: Vec<Registered>,
}

/// A class, and what the type behind it does with its objects.
#[derive(Debug, Clone, Copy)]
struct Registered {
    class: &'static ObjectClass,
    check: fn(&DrawnObject, &mut ObjectCheck<'_>),
    load: fn(&DrawnMap, &mut Map) -> Result<(), Fault>,
}

impl MapObjects {
    /// The one class that every game has: [`SpawnPoint`].
    #[expect(clippy::new_without_default, reason = "it is not empty")]
    pub fn new() -> Self {
        Self { registered: Vec::new() }.register::<SpawnPoint>()
    }

    /// Adds a class.
    ///
    /// # Panics
    /// When there is a class of this name already.
    #[must_use]
    pub fn register<T: MapObject>(mut self) -> Self {
        assert!(self.class(T::CLASS.name).is_none(), "two types have the class `{}`", T::CLASS.name);
        self.registered.push(Registered { class: T::CLASS, check: T::check, load: load::<T> });
        self
    }

    /// All classes, in the order in which they were registered.
    pub(super) fn classes(&self) -> impl Iterator<Item = &'static ObjectClass> + Clone {
        self.registered.iter().map(|registered| registered.class)
    }

    pub(super) fn class(&self, name: &str) -> Option<&'static ObjectClass> {
        self.classes().find(|class| class.name == name)
    }

    /// Lets every type check its objects on a map.
    pub(super) fn check(&self, map: &DrawnMap, maps: &BTreeMap<MapId, DrawnMap>, faults: &mut Faults) {
        for object in map.objects.iter().flatten() {
            let of_class = self.registered.iter().find(|registered| registered.class.name == object.class.name);
            if let Some(registered) = of_class {
                (registered.check)(object, &mut ObjectCheck::new(map, maps, faults));
            }
        }
    }

    /// Makes a map that has passed the check, and all of its objects.
    pub(super) fn load(&self, mut drawn: DrawnMap) -> Result<Map, Fault> {
        let grid = drawn.grid.take();
        let unknown = || Fault::of_file(drawn.source.file(), "the map has no tiles", "a map saved by Tiled");
        let mut map = Map::new(&drawn, grid.ok_or_else(unknown)?);
        self.registered.iter().try_for_each(|registered| (registered.load)(&drawn, &mut map))?;
        Ok(map)
    }
}

fn load<T: MapObject>(drawn: &DrawnMap, map: &mut Map) -> Result<(), Fault> {
    let build = |object: &DrawnObject| {
        let message = || format!("the {} `{}` cannot be built from its properties", T::CLASS.noun, object.name);
        T::build(object).ok_or_else(|| drawn.fault(object, "", message(), String::new()))
    };
    let built: Result<Vec<T>, Fault> = drawn.all::<T>().map(build).collect();
    map.set(built?);
    Ok(())
}
