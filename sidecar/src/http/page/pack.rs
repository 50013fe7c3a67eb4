//! The small pictures of the world in one answer: a request for each would take a page longer than what is in them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};

/// A larger picture has a request of its own: it is of something that not every map has.
const MAX_PICTURE_BYTES: usize = 12 * 1024;
/// The smallest are in it, as far as they fit.
const MAX_PACK_BYTES: usize = 192 * 1024;
/// Shown before the world: nobody who looks at the first screen waits for all others.
const SHOWN_FIRST: &str = "pictures/ui/";

/// Pictures one behind the other.
pub(super) struct Pack {
    /// What is sent.
    pub(super) bytes: Bytes,
    parts: Vec<(String, usize)>,
}

impl Pack {
    /// Packs what is small of these files; `None` where nothing is.
    pub(super) fn of(files: &BTreeMap<String, Bytes>) -> Option<Self> {
        let is_packed = |name: &str, bytes: &Bytes| {
            name.ends_with(".png") && !name.starts_with(SHOWN_FIRST) && bytes.len() <= MAX_PICTURE_BYTES
        };
        let mut small: Vec<_> = files.iter().filter(|(name, bytes)| is_packed(name, bytes)).collect();
        small.sort_by_key(|(_, bytes)| bytes.len());
        let mut left = MAX_PACK_BYTES;
        small.retain(|(_, bytes)| left.checked_sub(bytes.len()).inspect(|rest| left = *rest).is_some());
        // What is alike stands together, and is compressed better so.
        small.sort();
        let parts: Vec<_> = small.iter().map(|(name, bytes)| ((*name).clone(), bytes.len())).collect();
        let bytes = small.into_iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect();
        (!parts.is_empty()).then_some(Self { bytes, parts })
    }

    /// What the list of files says of it: its address, and the name and the length of each picture, in their order.
    pub(super) fn listed(&self, address: &str) -> Value {
        json!({ "address": address, "parts": self.parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(files: &[(&str, usize)]) -> Option<Pack> {
        let file = |&(name, size): &(&str, usize)| (name.to_owned(), Bytes::from(name.as_bytes().repeat(size)));
        Pack::of(&files.iter().map(file).collect())
    }

    #[test]
    fn it_holds_small_pictures_of_the_world_by_name_and_length() {
        let large = MAX_PICTURE_BYTES;
        let files = [("b.png", 1), ("a.png", 2), ("large.png", large), ("pictures/ui/logo.png", 1), ("1_here.tmx", 1)];
        let pack = pack(&files).expect("two of them are small pictures");
        assert_eq!(&pack.bytes[..], b"a.pnga.pngb.png");
        let listed = json!({ "address": "/there", "parts": [["a.png", 10], ["b.png", 5]] });
        assert_eq!(pack.listed("/there"), listed);
    }

    #[test]
    fn the_smallest_are_in_it_and_it_has_an_end() {
        let most = MAX_PICTURE_BYTES / "000.png".len();
        let names: Vec<_> = (0..64).map(|number| format!("{number:03}.png")).collect();
        let files: Vec<_> = names.iter().enumerate().map(|(number, name)| (name.as_str(), most - number)).collect();
        let pack = pack(&files).expect("all of them are small");
        assert!(pack.bytes.len() <= MAX_PACK_BYTES && pack.parts.len() < files.len(), "{}", pack.bytes.len());
        let has = |name: &str| pack.parts.iter().any(|(known, _)| known == name);
        assert!(has("063.png") && !has("000.png"), "the largest is left out: {:?}", pack.parts);
    }

    #[test]
    fn without_a_small_picture_there_is_none() {
        assert!(pack(&[("1_here.tmx", 1), ("large.png", MAX_PICTURE_BYTES)]).is_none());
    }
}
