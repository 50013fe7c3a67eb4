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
        Some("must have 3 to 24 characters")
    } else if name.len() > MOST_BYTES {
        Some("must have at most 63 bytes of UTF-8")
    } else if !name.chars().all(legal) {
        Some("must contain only letters in common use, digits 0 to 9, spaces, ' and -")
    } else if !name.starts_with(char::is_alphabetic) {
        Some("must begin with a letter")
    } else if name.split(' ').any(str::is_empty) {
        Some("must have only single spaces, and none at its end")
    } else if !name.is_single_script() {
        Some("must have letters of one script only")
    } else if fault_of_line(name, MOST_BYTES).is_some() {
        Some("must have at most 4 marks on a letter")
    } else if is_reserved(name, is_separator) {
        Some("must not contain a word that is reserved for the operators of this world")
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

    const CHARACTERS: &str = "must have 3 to 24 characters";
    const SYMBOLS: &str = "must contain only letters in common use, digits 0 to 9, spaces, ' and -";
    const SPACES: &str = "must have only single spaces, and none at its end";
    const SCRIPTS: &str = "must have letters of one script only";
    const IMITATES: &str = "must not contain a word that is reserved for the operators of this world";
    /// Names, however their characters are composed. None has the letters of a reserved word.
    const NAMES: &str = "[A-L](e\u{308}|[a-lt-z]|[ａ-ｌ]|[0-9０-９]){2,20}";

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
        for (bad, fault) in [
            ("", CHARACTERS),
            ("ab", CHARACTERS),
            (" Ann", "must begin with a letter"),
            ("123", "must begin with a letter"),
            ("Ann ", SPACES),
            ("A  nn", SPACES),
            ("Ann\u{200b}a", SYMBOLS),
            ("<b>Ann", SYMBOLS),
            ("Ann\n", SYMBOLS),
        ] {
            assert_eq!(Name::parse(bad), Err(fault), "{bad:?}");
        }
        let fault = |symbol: &str, times| Name::parse(&symbol.repeat(times)).err();
        assert_eq!(
            [3, 24, 25, 100_000].map(|times| fault("x", times)),
            [None, None, Some(CHARACTERS), Some(CHARACTERS)]
        );
        let label = Some("must have at most 63 bytes of UTF-8");
        assert_eq!([fault("木", 21), fault("木", 22)], [None, label], "more than a label holds");
        assert_eq!(Name::parse(&format!("{}1", "木".repeat(21))).err(), label, "by one byte");
    }

    #[test]
    fn what_can_not_be_seen_or_mixes_scripts_is_refused() {
        for bad in ["\u{3164}\u{3164}\u{3164}", "Zxadmin\u{3164}", "Zxadmin\u{ffa0}", "An\u{202e}n"] {
            assert_eq!(Name::parse(bad), Err(SYMBOLS), "{bad:?}");
        }
        for bad in ["Аnn", "Annα"] {
            assert_eq!(Name::parse(bad), Err(SCRIPTS), "{bad:?}");
        }
        let marked = |marks| Name::parse(&format!("Annx{}", "\u{301}".repeat(marks))).err();
        assert_eq!([4, 5].map(marked), [None, Some("must have at most 4 marks on a letter")]);
    }

    #[test]
    fn names_that_are_composed_otherwise_are_the_same() {
        let names = [
            ("Zoë", "Zoe\u{308}", "zoë"),
            ("Ann", "Ａｎｎ", "ann"),
            ("ZOË", "zoë", "zoë"),
            ("ZOE\u{308}", "zoë", "zoë"),
        ];
        for (one, other, same) in names {
            // As it is looked up, and as it is kept.
            assert_eq!([one, other].map(folded), [same; 2], "{one} {other}");
            assert_eq!([one, other].map(|name| Name::parse(name).unwrap().folded), [same; 2], "{one} {other}");
        }
        assert_eq!(Name::parse("Zoe\u{308}"), Name::parse("Zoë"));
        assert_eq!(Name::parse("Ａｎｎ").unwrap().shown, "Ann");
        assert_eq!(Name::parse("Zoe").unwrap().folded, "zoe", "this one is another");
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        // The superscript n is one to normal forms alone, and not in the table.
        for (one, other) in
            [("Iris", "lris"), ("Arne", "Ame"), ("cope", "СОРЕ"), ("Bo0b", "BoOb"), ("Al1", "All"), ("Arⁿe", "Ame")]
        {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("Mia"), key("Mla"), "these are told apart");
    }

    #[test]
    fn who_runs_the_world_is_not_imitated() {
        let words = "admin administrator gamemaster gm mod moderator realmgate server staff support system";
        for word in words.split(' ') {
            for bad in [format!("{word}1"), format!("{} Ann", word.to_uppercase()), format!("Ann-{word}")] {
                assert_eq!(Name::parse(&bad), Err(IMITATES), "{bad}");
            }
        }
        for bad in ["Admin", "ADMIN1", "adm1n", "Game Master", "GM-Ann", "Ann the Moderator", "Systern"] {
            assert_eq!(Name::parse(bad), Err(IMITATES), "{bad}");
        }
        assert_eq!(Name::parse("Sуstem"), Err(SCRIPTS));
        for good in ["Zxadmin", "Modesty", "Servera", "Gmork"] {
            assert_eq!(Name::parse(good).err(), None, "{good}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_of_a_name_is_the_same_name(written in NAMES) {
            let name = Name::parse(&written).map_err(TestCaseError::fail)?;
            prop_assert_eq!(Name::parse(&name.shown), Ok(name));
        }

        #[test]
        fn no_text_is_a_name_with_what_identifiers_may_not_have(
            // Any text, names, and words with letters that only phoneticians use.
            written in prop_oneof!["\\PC{0,30}", NAMES, "[A-L][a-lɐ-ʯ]{2,8}"],
        ) {
            let Ok(name) = Name::parse(&written) else { return Ok(()) };
            prop_assert!(name.shown.chars().all(|symbol| symbol.identifier_allowed() || " '-".contains(symbol)));
        }
    }
}
