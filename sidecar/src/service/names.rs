//! Names of characters: what is allowed, and which of them are the same to readers.
//!
//! Follows Unicode's UTS 39: normal form NFKC, characters that identifiers may have, one script, and of all names that
//! look alike only one.

use realmgate_protocol::text::fault_of_line;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{GeneralSecurityProfile, MixedScript, skeleton};

/// Allowed lengths of a name, in characters.
pub const LENGTH: std::ops::RangeInclusive<usize> = 3..=24;
/// Longest name in bytes: what fits into a replicated label.
const MOST_BYTES: usize = 63;
/// Longest text that is parsed, in bytes.
const MOST_WRITTEN_BYTES: usize = 256;
/// Names for those who run the world only, alone or as a word of a name.
const RESERVED: [&str; 11] = [
    "admin",
    "administrator",
    "gamemaster",
    "gm",
    "mod",
    "moderator",
    "realmgate",
    "server",
    "staff",
    "support",
    "system",
];

/// A name that a character may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name as it is shown.
    pub shown: String,
    /// The name as it is looked up: [`folded`].
    pub folded: String,
    /// What the name looks like: [`look`].
    pub key: String,
}

impl Name {
    /// Parses the name that a player wrote.
    ///
    /// # Errors
    /// The rule that the name breaks.
    pub fn parse(written: &str) -> Result<Self, &'static str> {
        let shown = if written.len() > MOST_WRITTEN_BYTES { String::new() } else { written.nfkc().collect() };
        match fault(&shown) {
            Some(fault) => Err(fault),
            None => Ok(Self { folded: folded(&shown), key: look(&shown), shown }),
        }
    }
}

/// The name as it is looked up: in lower case, and the same however its characters are composed.
pub fn folded(name: &str) -> String {
    name.nfkc().collect::<String>().to_lowercase()
}

/// What the name looks like in any case, by the table of confusable characters: equal for names that readers would
/// mistake for each other. Only for comparing, never shown.
pub fn look(name: &str) -> String {
    skeleton(name).collect::<String>().to_lowercase()
}

fn fault(name: &str) -> Option<&'static str> {
    let is_separator = |symbol: char| matches!(symbol, ' ' | '\'' | '-');
    let is_letter = |symbol: char| symbol.is_alphabetic() || is_combining_mark(symbol);
    let legal = |symbol: char| {
        is_separator(symbol) || symbol.is_ascii_digit() || is_letter(symbol) && symbol.identifier_allowed()
    };
    if !LENGTH.contains(&name.chars().count()) {
        Some("has 3 to 24 characters")
    } else if name.len() > MOST_BYTES {
        Some("has at most 63 bytes of UTF-8")
    } else if !name.chars().all(legal) {
        Some("has letters in common use, digits 0 to 9, spaces, ' and - only")
    } else if !name.starts_with(char::is_alphabetic) {
        Some("begins with a letter")
    } else if name.split(' ').any(str::is_empty) {
        Some("has single spaces only, and none at its end")
    } else if !name.is_single_script() {
        Some("has letters of one script only")
    } else if fault_of_line(name, MOST_BYTES).is_some() {
        Some("has at most 4 marks on a letter")
    } else if is_reserved(name, is_separator) {
        Some("has a word that only those may use who run this world")
    } else {
        None
    }
}

fn is_reserved(name: &str, is_separator: impl Fn(char) -> bool + Copy) -> bool {
    let whole: String = name.chars().filter(|symbol| !is_separator(*symbol)).collect();
    let is_one = |word: &str| {
        let bare = word.trim_matches(|symbol: char| symbol.is_ascii_digit());
        // The table confuses capitals with other characters than small letters.
        let looks = [plain_look(bare), plain_look(&bare.to_lowercase())];
        RESERVED.iter().any(|reserved| looks.contains(&plain_look(reserved)))
    };
    is_one(&whole) || name.split(is_separator).any(is_one)
}

/// The look, with `i` as `l` too, as in many fonts.
fn plain_look(word: &str) -> String {
    look(word).replace('i', "l")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(name: &str) -> String {
        Name::parse(name).unwrap_or_else(|fault| panic!("{name}: {fault}")).key
    }

    #[test]
    fn names_are_readable() {
        for good in
            ["Ann", "Ann the Third", "O'Brien", "Jean-Luc", "Zoë", "Дмитрий", "R2D2", "さくら子", "विक्रम", "Zxadmin"]
        {
            assert_eq!(Name::parse(good).err(), None, "{good}");
        }
        for bad in ["", "ab", " Ann", "Ann ", "A  nn", "Ann\u{200b}a", "<b>Ann", "123", "Ann\n", &"x".repeat(25)] {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Name::parse(&"木".repeat(22)).is_err(), "more than a label holds");
        assert!(Name::parse(&"x".repeat(100_000)).is_err());
    }

    #[test]
    fn what_can_not_be_seen_or_mixes_scripts_is_refused() {
        let marks = format!("Ann{}", "\u{325}".repeat(5));
        for bad in
            ["\u{3164}\u{3164}\u{3164}", "Zxadmin\u{3164}", "Zxadmin\u{ffa0}", "Аnn", "Annα", "An\u{202e}n", &marks]
        {
            assert!(Name::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_that_are_composed_otherwise_are_the_same() {
        for (one, other) in [("Zoë", "Zoe\u{308}"), ("Ann", "Ａｎｎ"), ("ZOË", "zoë")] {
            assert_eq!(Name::parse(one).unwrap().folded, Name::parse(other).unwrap().folded, "{one} {other}");
        }
        assert_eq!(Name::parse("Ａｎｎ").unwrap().shown, "Ann");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        for (one, other) in [("Iris", "lris"), ("Arne", "Ame"), ("cope", "СОРЕ"), ("Bo0b", "BoOb"), ("Al1", "All")]
        {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("Mia"), key("Mla"), "these are told apart");
    }

    #[test]
    fn who_runs_the_world_is_not_imitated() {
        for bad in ["Admin", "ADMIN1", "adm1n", "Game Master", "GM-Ann", "Ann the Moderator", "Systern", "Sуstem"] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
        for good in ["Zxadmin", "Modesty", "Servera", "Gmork"] {
            assert_eq!(Name::parse(good).err(), None, "{good}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_not(written in "\\PC{0,30}") {
            let Ok(name) = Name::parse(&written) else { return Ok(()) };
            let again = Name::parse(&name.shown);
            prop_assert_eq!(again.as_ref(), Ok(&name), "what is shown is the same name");
            prop_assert!(name.shown.chars().all(|symbol| symbol.identifier_allowed() || " '-".contains(symbol)));
        }
    }
}
