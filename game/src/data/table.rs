//! All definitions of one kind, in the order of their ids.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Index;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::reference::{ContentIndex, id_pattern};

/// Most definitions of one kind: what fits the numbers on the wire with room to spare.
const MOST: usize = 4_096;

/// Definitions by id. The place of a definition is its number on the wire.
#[derive(Debug, Clone)]
pub struct Table<I, T> {
    ids: Vec<String>,
    rows: Vec<T>,
    index: PhantomData<I>,
}

impl<I: ContentIndex, T> Table<I, T> {
    /// The definition with this id.
    pub fn find(&self, id: &str) -> Option<I> {
        self.ids.binary_search_by(|other| other.as_str().cmp(id)).ok().map(I::at)
    }

    /// The id of a definition.
    pub fn id(&self, index: I) -> &str {
        &self.ids[index.place()]
    }

    /// The definition at a number that came from outside.
    pub fn get(&self, index: I) -> Option<&T> {
        self.rows.get(index.place())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every definition with its number and id, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (I, &str, &T)> {
        self.ids.iter().zip(&self.rows).enumerate().map(|(place, (id, row))| (I::at(place), id.as_str(), row))
    }

    /// Every id, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.ids.iter().map(String::as_str)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.ids.iter().map(String::as_str).zip(&mut self.rows)
    }
}

impl<I: ContentIndex, T> Index<I> for Table<I, T> {
    type Output = T;
    fn index(&self, index: I) -> &T {
        &self.rows[index.place()]
    }
}

impl<'de, I, T: Deserialize<'de>> Deserialize<'de> for Table<I, T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (ids, rows) = BTreeMap::<String, T>::deserialize(from)?.into_iter().unzip();
        Ok(Self { ids, rows, index: PhantomData })
    }
}

impl<I: ContentIndex, T: JsonSchema> JsonSchema for Table<I, T> {
    fn schema_name() -> Cow<'static, str> {
        format!("table of {}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let row = generator.subschema_for::<T>();
        json_schema!({
            "type": "object",
            "propertyNames": { "type": "string", "pattern": id_pattern() },
            "additionalProperties": row,
            "minProperties": 1,
            "maxProperties": MOST,
        })
    }
}
