//! Whole numbers in JSON, which has one kind of number: `7` and `7.0` are the same, and some clients write the latter.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Above this, an `f64` cannot represent every whole number.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// For `#[serde(deserialize_with)]` of an unsigned number.
///
/// # Errors
/// When the value is not a whole number, or does not fit into `T`.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(Whole(PhantomData))
}

/// As [`whole`], for a list.
///
/// # Errors
/// When the value is not a list, or [`whole`] refuses one of its items.
pub fn wholes<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<Vec<T>, D::Error> {
    Vec::<Item<T>>::deserialize(from).map(|items| items.into_iter().map(|item| item.0).collect())
}

struct Item<T>(T);

impl<'de, T: TryFrom<u64>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        whole(from).map(Self)
    }
}

struct Whole<T>(PhantomData<T>);

impl<T: TryFrom<u64>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer in range")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        if number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number) {
            self.visit_u64(number as u64)
        } else {
            Err(E::invalid_value(Unexpected::Float(number), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u16> {
        whole(&mut serde_json::Deserializer::from_str(text)).ok()
    }

    #[test]
    fn both_ways_of_writing_are_read() {
        assert_eq!((read("7"), read("7.0"), read("0.0"), read("65535.0")), (Some(7), Some(7), Some(0), Some(65_535)));
        for bad in ["7.5", "-1", "-1.0", "65536", "65536.0", "1e300", "\"7\"", "null", "[7]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let list: Vec<u16> = wholes(&mut serde_json::Deserializer::from_str("[1, 2.0]")).unwrap();
        assert_eq!(list, [1, 2]);
    }
}
