//! Numbers for what the data defines, and ids that become those numbers when the data is loaded.

use std::borrow::Cow;

use realmgate_protocol::limits::MAX_CONTENT_ID_BYTES;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// The place of a definition among all of its kind, in the order of their ids: its number on the wire.
pub trait ContentIndex: Copy {
    /// What a designer calls this kind of definition.
    const KIND: &'static str;
    /// The index at a place.
    fn at(place: usize) -> Self;
    /// Its place.
    fn place(self) -> usize;
}

macro_rules! content_indices {
    ($($(#[doc = $doc:literal])* $name:ident = $kind:literal),* $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub u16);

        impl ContentIndex for $name {
            const KIND: &'static str = $kind;
            fn at(place: usize) -> Self {
                // A schema lets at most 4,096 definitions pass.
                Self(place as u16)
            }
            fn place(self) -> usize {
                usize::from(self.0)
            }
        }
    )*};
}

content_indices! {
    /// A class.
    ClassIndex = "class",
    /// An ability.
    AbilityIndex = "ability",
    /// A kind of mob.
    MobIndex = "mob",
    /// A kind of item.
    ItemIndex = "item",
    /// A loot table.
    LootIndex = "loot table",
    /// A vendor.
    VendorIndex = "vendor",
    /// A leaderboard.
    BoardIndex = "leaderboard",
}

/// The form of every id in the data.
pub(super) fn id_pattern() -> String {
    format!("^[a-z0-9_]{{1,{MAX_CONTENT_ID_BYTES}}}$")
}

/// The id of another definition; a number from the moment the data is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref<I> {
    id: String,
    index: I,
}

impl<I: ContentIndex> Ref<I> {
    /// The id as the designer wrote it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it names.
    pub fn index(&self) -> I {
        self.index
    }

    pub(super) fn resolve(&mut self, index: I) {
        self.index = index;
    }
}

impl<'de, I: ContentIndex> Deserialize<'de> for Ref<I> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Place 0 stands in until the loader resolves it; nobody sees the data before that.
        Ok(Self { id: String::deserialize(from)?, index: I::at(0) })
    }
}

impl<I: ContentIndex> JsonSchema for Ref<I> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        I::KIND.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": id_pattern() })
    }
}
