//! What bots are called: a given name, and a byname of two or three parts, as people of the realm are.

use rand::RngExt;
use rand_pcg::Pcg64;

const GIVEN: [&str; 60] = [
    "Aldwin", "Alys", "Anselm", "Asta", "Bertram", "Brida", "Brom", "Cedric", "Clemence", "Corin", "Dagny", "Darrow",
    "Doran", "Edda", "Edric", "Eira", "Elspeth", "Emeric", "Enid", "Faye", "Fenn", "Finnian", "Freya", "Gareth",
    "Gisela", "Greta", "Gunnar", "Hal", "Hedda", "Hugo", "Idris", "Ilse", "Ingrid", "Ivo", "Joss", "Kara", "Kendrick",
    "Leif", "Linnea", "Lorcan", "Mabel", "Mirelle", "Nessa", "Odo", "Orla", "Osric", "Perrin", "Petra", "Quill",
    "Ragna", "Rosalind", "Runa", "Sabine", "Sorrel", "Tamsin", "Theobald", "Ulric", "Vesna", "Wilmot", "Ysolde",
];
const FIRST: [&str; 40] = [
    "Amber", "Ash", "Birch", "Black", "Bram", "Bright", "Brook", "Cold", "Copper", "Crow", "Dawn", "Deer", "Dusk",
    "Elder", "Elm", "Fair", "Fern", "Fox", "Frost", "Gold", "Green", "Hawk", "Hazel", "Heath", "High", "Iron", "Lark",
    "Long", "Marsh", "Mill", "Moss", "North", "Oak", "Raven", "Reed", "Stone", "Storm", "Swift", "Thorn", "Winter",
];
/// Most bynames do without.
const MIDDLE: [&str; 8] = ["", "", "", "", "en", "er", "a", "le"];
const LAST: [&str; 40] = [
    "bank", "born", "brook", "brow", "burn", "by", "cairn", "combe", "cote", "croft", "dale", "down", "fall", "fell",
    "field", "ford", "garth", "gate", "grove", "hall", "helm", "hill", "hurst", "land", "ley", "lock", "mark", "mere",
    "moor", "more", "ridge", "shaw", "side", "stead", "thorpe", "ton", "ward", "water", "well", "wood",
];

/// A name of at most 24 letters with one space, which any server's rule for names allows. Two of ten thousand are seldom
/// the same: for another name, call it again.
pub fn any(rng: &mut Pcg64) -> String {
    let mut of = |parts: &[&'static str]| parts[rng.random_range(0..parts.len())];
    format!("{} {}{}{}", of(&GIVEN), of(&FIRST), of(&MIDDLE), of(&LAST))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn names_are_names_and_seldom_the_same() {
        let mut rng = Pcg64::seed_from_u64(1);
        let names: BTreeSet<String> = (0..1_000).map(|_| any(&mut rng)).collect();
        assert!(names.len() > 980, "{} of 1,000", names.len());
        for name in &names {
            assert!((3..=24).contains(&name.len()), "{name}");
            assert!(
                name.split(' ').count() == 2 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' ')
            );
        }
    }

    #[test]
    fn the_longest_name_is_no_longer_than_a_server_allows() {
        let longest = |parts: &[&str]| parts.iter().map(|part| part.len()).max().unwrap_or_default();
        assert!(longest(&GIVEN) + 1 + longest(&FIRST) + longest(&MIDDLE) + longest(&LAST) <= 24);
    }
}
