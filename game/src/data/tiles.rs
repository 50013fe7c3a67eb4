//! Lengths as designers write them.

use std::borrow::Cow;

use realmgate_protocol::limits::MAX_MAP_TILES;
use realmgate_protocol::movement::UNITS_PER_TILE;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A length that is written in tiles (`2.5`) and kept in 1/1,024 tile; per second where a key says `_per_s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tiles(i32);

impl Tiles {
    /// The length in 1/1,024 tile.
    pub fn units(self) -> i32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Tiles {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The only place where a fraction exists: from here on all is whole units.
        let tiles = f64::deserialize(from)?.clamp(0.0, f64::from(MAX_MAP_TILES));
        Ok(Self((tiles * f64::from(UNITS_PER_TILE)).round() as i32))
    }
}

impl JsonSchema for Tiles {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Tiles".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": MAX_MAP_TILES })
    }
}
