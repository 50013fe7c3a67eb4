//! All definitions of one kind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Index;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use super::reference::{ContentIndex, id_pattern};

/// Maximum number of definitions of one kind: what fits the numbers on the wire with room to spare.
const MOST: usize = 4_096;

/// Definitions by id. The place of a definition is its number on the wire: the order of the ids when the data is loaded. New
/// data of a running world [keeps the numbers](Table::keep_numbers_of), and has retired definitions: those that its files no
/// longer have.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<I, T> {
    ids: Vec<String>,
    rows: Vec<T>,
    /// The place of each id that is not retired.
    places: BTreeMap<String, usize>,
    index: PhantomData<I>,
}

impl<I: ContentIndex, T> Table<I, T> {
    /// The definition with this id; `None` if there is none or it is retired.
    pub fn find(&self, id: &str) -> Option<I> {
        self.places.get(id).copied().map(I::at)
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

    /// Every definition with its number and id, in the order of their numbers, retired ones too.
    pub fn iter(&self) -> impl Iterator<Item = (I, &str, &T)> {
        self.ids.iter().zip(&self.rows).enumerate().map(|(place, (id, row))| (I::at(place), id.as_str(), row))
    }

    /// Every definition that is not retired, with its number and id, in the order of the ids.
    pub fn current(&self) -> impl Iterator<Item = (I, &str, &T)> {
        self.places.iter().map(|(id, place)| (I::at(*place), id.as_str(), &self.rows[*place]))
    }

    /// Every id that is not retired, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.places.keys().map(String::as_str)
    }

    /// The number of each id that is not retired.
    pub(super) fn places(&self) -> &BTreeMap<String, usize> {
        &self.places
    }

    /// Every definition that is not retired.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        let Self { ids, rows, places, .. } = self;
        let all = ids.iter().map(String::as_str).zip(rows);
        all.filter(|(id, _)| places.contains_key(*id))
    }
}

impl<I: ContentIndex, T: Clone> Table<I, T> {
    /// Gives the definitions the numbers that they have in `before`: clients and everything in a world hold them. A definition that
    /// is gone keeps its number and its values, for those that still live by it. New ones get the next numbers.
    ///
    /// Returns false, and changes nothing, if there are too many with the retired ones.
    pub(super) fn keep_numbers_of(&mut self, before: &Self) -> bool {
        let added = self.ids.iter().filter(|id| !before.ids.contains(id)).count();
        if before.ids.len() + added > MOST {
            return false;
        }
        let mut new: BTreeMap<String, T> = self.ids.drain(..).zip(self.rows.drain(..)).collect();
        for (place, (id, row)) in before.ids.iter().zip(&before.rows).enumerate() {
            let current = new.remove(id);
            match current.is_some() {
                true => self.places.insert(id.clone(), place),
                false => self.places.remove(id),
            };
            self.ids.push(id.clone());
            self.rows.push(current.unwrap_or_else(|| row.clone()));
        }
        for (id, row) in new {
            self.places.insert(id.clone(), self.ids.len());
            self.ids.push(id);
            self.rows.push(row);
        }
        true
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
        let (ids, rows): (Vec<String>, Vec<T>) = BTreeMap::<String, T>::deserialize(from)?.into_iter().unzip();
        let places = ids.iter().cloned().zip(0..).collect();
        Ok(Self { ids, rows, places, index: PhantomData })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MobIndex;

    type Mobs = Table<MobIndex, u32>;

    fn table(rows: &[(&str, u32)]) -> Mobs {
        let (ids, values): (Vec<String>, Vec<u32>) = rows.iter().map(|(id, row)| ((*id).to_owned(), *row)).unzip();
        let places = ids.iter().cloned().zip(0..).collect();
        Table { ids, rows: values, places, index: PhantomData }
    }

    fn numbers(table: &Mobs) -> Vec<(u16, &str, u32)> {
        table.iter().map(|(index, id, row)| (index.0, id, *row)).collect()
    }

    #[test]
    fn new_data_keeps_the_numbers_and_adds_at_the_end() {
        let before = table(&[("boar", 1), ("wolf", 2)]);
        let mut new = table(&[("ant", 7), ("boar", 8), ("wolf", 9)]);
        assert!(new.keep_numbers_of(&before));
        assert_eq!(numbers(&new), [(0, "boar", 8), (1, "wolf", 9), (2, "ant", 7)]);
        assert_eq!(new.ids().collect::<Vec<_>>(), ["ant", "boar", "wolf"]);
        assert_eq!(new.find("ant"), Some(MobIndex(2)));
    }

    #[test]
    fn definition_that_is_gone_retires_and_can_come_back() {
        let before = table(&[("boar", 1), ("wolf", 2)]);
        let mut without = table(&[("wolf", 3)]);
        assert!(without.keep_numbers_of(&before));
        assert_eq!(numbers(&without), [(0, "boar", 1), (1, "wolf", 3)]);
        assert_eq!((without.find("boar"), without.find("wolf")), (None, Some(MobIndex(1))));
        assert_eq!(without.iter_mut().map(|(id, _)| id.to_owned()).collect::<Vec<_>>(), ["wolf"]);
        let mut again = table(&[("boar", 4), ("wolf", 3)]);
        assert!(again.keep_numbers_of(&without));
        assert_eq!(numbers(&again), [(0, "boar", 4), (1, "wolf", 3)]);
        assert_eq!(again.find("boar"), Some(MobIndex(0)));
    }

    #[test]
    fn more_definitions_than_there_are_numbers_are_refused() {
        let ids: Vec<String> = (0..MOST).map(|number| format!("mob_{number}")).collect();
        let before = table(&ids.iter().map(|id| (id.as_str(), 0)).collect::<Vec<_>>());
        let mut renamed = table(&[("other", 1)]);
        assert!(!renamed.keep_numbers_of(&before));
        assert_eq!(numbers(&renamed), [(0, "other", 1)]);
    }
}
