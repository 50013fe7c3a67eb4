//! Characters as a script wants them.

use realmgate_protocol::ids::{AccountId, CharacterId, ItemId, MapId};
use realmgate_protocol::link::{CharacterLoad, ItemRecord, SoftState};
use realmgate_protocol::movement::Position;

/// A character to be announced. Whole, on level 1 and with nothing, unless said otherwise.
#[derive(Debug, Clone)]
pub struct Character {
    name: String,
    class: String,
    level: u16,
    experience: u64,
    gold: u64,
    items: Vec<(String, u16)>,
    at: Option<Position>,
    map: MapId,
    health: u32,
    resource: u32,
    look: Option<String>,
}

impl Character {
    /// One that was never in a world: it appears where the map says, and gets what its class starts with.
    pub fn newborn(name: &str, class: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: class.to_owned(),
            level: 1,
            experience: 0,
            gold: 0,
            items: Vec::new(),
            at: None,
            map: MapId(1),
            health: 60_000,
            resource: 60_000,
            look: None,
        }
    }

    /// One that was here before, at this place.
    pub fn at(name: &str, class: &str, at: Position) -> Self {
        Self { at: Some(at), ..Self::newborn(name, class) }
    }

    /// On a map other than 1.
    pub fn on_map(self, map: u16) -> Self {
        Self { map: MapId(map), ..self }
    }

    /// On this level.
    pub fn level(self, level: u16) -> Self {
        Self { level, ..self }
    }

    /// With so much experience.
    pub fn experience(self, experience: u64) -> Self {
        Self { experience, ..self }
    }

    /// With so much gold.
    pub fn gold(self, gold: u64) -> Self {
        Self { gold, ..self }
    }

    /// With this item in a slot; worn slots begin at 100.
    pub fn item(mut self, definition: &str, slot: u16) -> Self {
        self.items.push((definition.to_owned(), slot));
        self
    }

    /// With so much health left.
    pub fn health(self, health: u32) -> Self {
        Self { health, ..self }
    }

    /// With so much of its class's resource.
    pub fn resource(self, resource: u32) -> Self {
        Self { resource, ..self }
    }

    /// With what its player says it looks like.
    pub fn look(self, json: &str) -> Self {
        Self { look: Some(json.to_owned()), ..self }
    }

    /// The map it enters.
    pub(super) fn map(&self) -> MapId {
        self.map
    }

    /// The character under an identity. `number` is below 256.
    pub(super) fn load(&self, number: u8) -> CharacterLoad {
        let items = self.items.iter().zip(1u8..).map(|((definition, slot), place)| {
            let mut id = [number; 16];
            id[15] = place;
            id[0] = 0xEE;
            ItemRecord { item: ItemId(id), definition: definition.clone(), slot: *slot }
        });
        let soft = self.at.map(|at| SoftState {
            map: self.map,
            x: at.x,
            y: at.y,
            health: self.health,
            resource: self.resource,
            cooldowns: Vec::new(),
            ..SoftState::default()
        });
        CharacterLoad {
            character: CharacterId([number; 16]),
            account: AccountId([number; 16]),
            name: self.name.clone(),
            class_id: self.class.clone(),
            level: self.level,
            experience: self.experience,
            gold: self.gold,
            items: items.collect(),
            look: self.look.clone(),
            soft,
        }
    }
}
