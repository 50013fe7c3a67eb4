//! Which texts may be shown to others: one rule for chat, names and everything else that players write.
//!
//! A line must be what it looks like: it does not spill into other lines, hide anything, or reverse the text beside it.
//! Special characters that scripts and emoji need are allowed where they need them.

use icu_properties::props::{
    BidiControl, DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory,
    PrependedConcatenationMark, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::limits::MAX_MARKS;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// It has more bytes than allowed.
    #[error("is too long")]
    TooLong,
    /// It has nothing visible.
    #[error("is blank")]
    Blank,
    /// It has a control character.
    #[error("has control characters")]
    Control,
    /// It has U+2028 or U+2029, and would be more than one line.
    #[error("has more than one line")]
    Separator,
    /// It has a character that sets or overrides the writing direction.
    #[error("has characters that change the writing direction")]
    Direction,
    /// It has invisible characters: joiners, variation selectors and tags where nothing needs them, fillers and the
    /// like.
    #[error("has invisible characters")]
    Invisible,
    /// It has private-use or unassigned characters.
    #[error("has private-use or unassigned characters")]
    Unassigned,
    /// It has more than [`MAX_MARKS`] combining marks on one letter, or a mark without a letter.
    #[error("has too many marks on one letter")]
    Marks,
}

/// Checks a line that is to be shown to others; `None` if it is fine. Does not allocate.
pub fn fault_of_line(text: &str, most_bytes: usize) -> Option<TextFault> {
    if text.len() > most_bytes {
        return Some(TextFault::TooLong);
    }
    let mut reader = Reader::default();
    let mut seen = false;
    for symbol in text.chars() {
        match reader.read(symbol) {
            Ok(is_visible) => seen |= is_visible,
            Err(fault) => return Some(fault),
        }
    }
    match seen {
        _ if reader.awaits_more() => Some(TextFault::Invisible),
        true => None,
        false => Some(TextFault::Blank),
    }
}

/// What precedes the next character, as far as the rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Before {
    /// Nothing.
    #[default]
    Start,
    /// A character that cannot be joined.
    Plain,
    /// A letter or mark of a script in which joiners change the form of letters.
    Joining,
    /// An emoji that may be part of a longer one.
    Pictograph,
    /// A joiner after such a letter: another one must follow.
    JoinedLetter,
    /// A joiner after an emoji: another emoji must follow.
    JoinedPictograph,
    /// The black flag, followed by this many tags of an unfinished sequence.
    Flag(u8),
}

#[derive(Debug, Default)]
struct Reader {
    before: Before,
    /// Marks since the last letter.
    marks: usize,
    /// Whether a variation selector, which says how an emoji is shown, may follow.
    takes_selector: bool,
}

impl Reader {
    /// Whether a sequence is unfinished.
    fn awaits_more(&self) -> bool {
        match self.before {
            Before::JoinedLetter | Before::JoinedPictograph => true,
            Before::Flag(tags) => tags > 0,
            Before::Start | Before::Plain | Before::Joining | Before::Pictograph => false,
        }
    }

    /// Reads the next character, and returns whether it is visible.
    fn read(&mut self, symbol: char) -> Result<bool, TextFault> {
        match symbol {
            ' '..='~' if !self.awaits_more() => {
                *self = Self { before: Before::Plain, marks: 0, takes_selector: is_emoji(symbol) };
                Ok(symbol != ' ')
            }
            '\u{2028}' | '\u{2029}' => Err(TextFault::Separator),
            '\u{200c}' | '\u{200d}' => self.joiner(symbol),
            '\u{fe0e}' | '\u{fe0f}' if self.takes_selector => {
                self.takes_selector = false;
                Ok(false)
            }
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' | '\u{e007f}' => self.tag(symbol),
            _ if CodePointSetData::new::<BidiControl>().contains(symbol) => Err(TextFault::Direction),
            _ if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(symbol) => Err(TextFault::Invisible),
            _ => self.character(symbol),
        }
    }

    fn joiner(&mut self, symbol: char) -> Result<bool, TextFault> {
        self.before = match self.before {
            Before::Joining => Before::JoinedLetter,
            Before::Pictograph | Before::Flag(0) if symbol == '\u{200d}' => Before::JoinedPictograph,
            _ => return Err(TextFault::Invisible),
        };
        self.takes_selector = false;
        Ok(false)
    }

    /// The flag of a country's subdivision is spelled with at most six tags.
    fn tag(&mut self, symbol: char) -> Result<bool, TextFault> {
        self.before = match (self.before, symbol) {
            (Before::Flag(2..), '\u{e007f}') => Before::Plain,
            (Before::Flag(tags @ 0..6), _) if symbol != '\u{e007f}' => Before::Flag(tags + 1),
            _ => return Err(TextFault::Invisible),
        };
        self.takes_selector = false;
        Ok(false)
    }

    fn character(&mut self, symbol: char) -> Result<bool, TextFault> {
        use GeneralCategory as Is;
        let category = CodePointMapData::<GeneralCategory>::new().get(symbol);
        match category {
            Is::Control => return Err(TextFault::Control),
            Is::Unassigned | Is::PrivateUse | Is::Surrogate => return Err(TextFault::Unassigned),
            Is::Format if !CodePointSetData::new::<PrependedConcatenationMark>().contains(symbol) => {
                return Err(TextFault::Invisible);
            }
            Is::NonspacingMark | Is::EnclosingMark | Is::SpacingMark => {
                return self.mark(symbol, category == Is::SpacingMark);
            }
            _ => {}
        }
        let is_pictograph = CodePointSetData::new::<ExtendedPictographic>().contains(symbol);
        let before = match symbol {
            '\u{1f3f4}' => Before::Flag(0),
            _ if is_pictograph => Before::Pictograph,
            _ if self.before == Before::Pictograph && is_modifier(symbol) => Before::Pictograph,
            _ if is_of_a_joining_script(symbol) => Before::Joining,
            _ => Before::Plain,
        };
        let fits = match self.before {
            Before::JoinedLetter => before == Before::Joining,
            Before::JoinedPictograph => is_pictograph,
            _ => !self.awaits_more(),
        };
        if !fits {
            return Err(TextFault::Invisible);
        }
        *self = Self { before, marks: 0, takes_selector: is_emoji(symbol) };
        // The blank Braille pattern is not a space by category, but shows nothing.
        Ok(category != Is::SpaceSeparator && symbol != '\u{2800}')
    }

    fn mark(&mut self, symbol: char, has_width: bool) -> Result<bool, TextFault> {
        match self.before {
            // At the start it would sit on whatever is shown before the text.
            Before::Start => return Err(TextFault::Marks),
            Before::JoinedLetter if is_of_a_joining_script(symbol) => self.before = Before::Joining,
            _ if self.awaits_more() => return Err(TextFault::Invisible),
            _ => {}
        }
        self.takes_selector = false;
        self.marks += usize::from(!has_width);
        if self.marks > MAX_MARKS { Err(TextFault::Marks) } else { Ok(has_width) }
    }
}

fn is_emoji(symbol: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(symbol)
}

fn is_modifier(symbol: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(symbol)
}

fn is_of_a_joining_script(symbol: char) -> bool {
    matches!(
        CodePointMapData::<Script>::new().get(symbol),
        Script::Arabic
            | Script::Syriac
            | Script::Mongolian
            | Script::Devanagari
            | Script::Bengali
            | Script::Gurmukhi
            | Script::Gujarati
            | Script::Oriya
            | Script::Tamil
            | Script::Telugu
            | Script::Kannada
            | Script::Malayalam
            | Script::Sinhala
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::MAX_CHAT_BYTES;

    fn fault(text: &str) -> Option<TextFault> {
        fault_of_line(text, MAX_CHAT_BYTES)
    }

    #[test]
    fn what_people_write_is_shown() {
        let lines = [
            "hello, wörld",
            "Привет",
            "שלום",
            "مرحبا بالعالم",
            "می\u{200c}خواهم",
            "क्\u{200d}ष and श्\u{200c}र",
            "ශ්\u{200d}රී",
            // Bengali, Gurmukhi, Gujarati, Oriya, Tamil, Telugu, Kannada, Malayalam, Syriac, Mongolian.
            "\u{995}\u{9cd}\u{200d}\u{9b7}",
            "\u{a15}\u{a4d}\u{200d}\u{a30}",
            "\u{a95}\u{acd}\u{200d}\u{ab7}",
            "\u{b15}\u{b4d}\u{200d}\u{b37}",
            "\u{b95}\u{bcd}\u{200c}\u{bb7}",
            "\u{c15}\u{c4d}\u{200c}\u{c37}",
            "\u{c95}\u{ccd}\u{200d}\u{cb7}",
            "\u{d15}\u{d4d}\u{200c}\u{d37}",
            "\u{712}\u{200c}\u{713}",
            "\u{182e}\u{200d}\u{182d}",
            // The Arabic number sign stands before its digits.
            "\u{600}\u{661}\u{662}",
            "日本語\u{3000}です",
            "한국어",
            "ภาษาไทย น้ำ",
            "Việt",
            "e\u{301}\u{328}",
            "👩🏽\u{200d}🚀",
            "👨\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "🏴\u{200d}☠\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            // The flags of Texas, and of a part of France whose code has digits.
            "🏴\u{e0075}\u{e0073}\u{e0074}\u{e0078}\u{e007f}",
            "🏴\u{e0066}\u{e0072}\u{e0032}\u{e0030}\u{e0072}\u{e007f}",
            "1\u{fe0f}\u{20e3} 🇩🇪 ☺\u{fe0e}",
            // A mark right behind a joiner, and five marks of which only two have no width.
            "\u{9b0}\u{200d}\u{9cd}\u{9af}",
            "\u{101c}\u{103b}\u{103e}\u{1031}\u{102c}\u{1037}",
        ];
        for line in lines {
            assert_eq!(fault(line), None, "{line:?}");
        }
        assert_eq!(fault(&"x".repeat(MAX_CHAT_BYTES)), None);
        let as_marked_as_may_be = format!("e{}", "\u{301}".repeat(MAX_MARKS));
        assert_eq!(fault(&as_marked_as_may_be.repeat(3)), None);
        // The first and the last of the digits, and of the letters.
        let flag = |tags: &str| format!("🏴{tags}\u{e007f}");
        assert_eq!(fault(&flag("\u{e0030}\u{e0039}\u{e0061}\u{e007a}")), None);
        assert_eq!(fault(&flag("\u{e0061}\u{e0062}")), None, "two tags are as few as there may be");
        assert_eq!(fault(&flag(&"\u{e0061}".repeat(6))), None, "six tags are as many as there may be");
    }

    #[test]
    fn what_fools_readers_is_not() {
        use TextFault::*;
        let marks = format!("a{}", "\u{301}".repeat(MAX_MARKS + 1));
        let lines = [
            ("", Blank),
            ("   ", Blank),
            ("\u{3000}", Blank),
            ("\u{a0}", Blank),
            ("\u{2800}", Blank),
            ("two\nlines", Control),
            ("bell\u{7}", Control),
            ("gone\u{7f}", Control),
            ("next\u{85}line", Control),
            ("me\u{2028}Admin: hello", Separator),
            ("me\u{2029}Admin: hello", Separator),
            ("a\u{202e}txt.exe", Direction),
            ("a\u{2066}b\u{2069}", Direction),
            ("a\u{200f}b", Direction),
            ("a\u{61c}b", Direction),
            ("\u{200b}", Invisible),
            ("a\u{200d}b", Invisible),
            ("می\u{200c}", Invisible),
            ("می\u{200c}\u{200c}خ", Invisible),
            ("می\u{200c}a", Invisible),
            ("می\u{200c}é", Invisible),
            ("می\u{200c}\u{301}", Invisible),
            ("👩\u{200c}🚀", Invisible),
            ("👩\u{200d}", Invisible),
            ("👩\u{200d}a", Invisible),
            ("\u{feff}hello", Invisible),
            ("hid\u{ad}den", Invisible),
            ("\u{3164}", Invisible),
            ("a\u{fe0f}", Invisible),
            ("é\u{fe0f}", Invisible),
            ("👩\u{200d}\u{fe0f}🚀", Invisible),
            ("☺\u{fe0f}\u{fe0f}", Invisible),
            ("a\u{e0100}", Invisible),
            ("hidden\u{e0068}\u{e0069}", Invisible),
            ("🏴\u{e0067}\u{e0062}", Invisible),
            ("🏴\u{e0067}\u{e0062} hi", Invisible),
            ("🏴\u{e0067}\u{e007f}", Invisible),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e0061}\u{e0062}\u{e007f}", Invisible),
            ("a\u{fff9}b\u{fffb}", Invisible),
            ("\u{e000}", Unassigned),
            ("\u{10ffff}", Unassigned),
            ("a\u{378}b", Unassigned),
            ("\u{301}a", Marks),
            (&marks, Marks),
        ];
        for (line, wrong) in lines {
            assert_eq!(fault(line), Some(wrong), "{line:?}");
        }
        assert_eq!(fault(&"x".repeat(MAX_CHAT_BYTES + 1)), Some(TooLong));
    }

    /// Characters that no line may have, whatever stands beside them: from the first to the last.
    #[rustfmt::skip]
    const NEVER_SHOWN: [(char, char); 20] = [
        ('\0', '\u{1f}'), ('\u{7f}', '\u{9f}'), ('\u{ad}', '\u{ad}'), ('\u{34f}', '\u{34f}'), ('\u{61c}', '\u{61c}'),
        ('\u{115f}', '\u{1160}'), ('\u{180b}', '\u{180f}'), ('\u{200b}', '\u{200b}'), ('\u{200e}', '\u{200f}'),
        ('\u{2028}', '\u{202e}'), ('\u{2060}', '\u{206f}'), ('\u{3164}', '\u{3164}'), ('\u{e000}', '\u{f8ff}'),
        ('\u{fe00}', '\u{fe0d}'), ('\u{feff}', '\u{feff}'), ('\u{ffa0}', '\u{ffa0}'), ('\u{fff0}', '\u{fffb}'),
        ('\u{e0000}', '\u{e002f}'), ('\u{e0080}', '\u{effff}'), ('\u{f0000}', '\u{10ffff}'),
    ];

    fn is_never_shown(symbol: char) -> bool {
        NEVER_SHOWN.iter().any(|(first, last)| (*first..=*last).contains(&symbol))
    }

    #[test]
    fn each_that_is_never_shown_is_found() {
        for symbol in ('\0'..=char::MAX).filter(|symbol| is_never_shown(*symbol)) {
            assert!(fault(&format!("a{symbol}b")).is_some(), "{symbol:?}");
        }
    }

    fn never_shown() -> impl Strategy<Value = char> {
        prop::sample::select(&NEVER_SHOWN[..]).prop_flat_map(|(first, last)| prop::char::range(first, last))
    }

    /// Parts of lines, with characters that matter to the rule more often than by chance.
    fn part() -> impl Strategy<Value = String> {
        let fine = "a| |1|#|e\u{301}|👩\u{200d}🚀|1\u{fe0f}\u{20e3}|क्\u{200d}ष|ی|🏴|👩\u{1f3fd}";
        let special =
            "\u{200c}\u{200d}\u{fe0f}\u{301}\u{20e3}\u{e0067}\u{e007f}\u{1f3f4}\u{1f3fd}\u{94d}\u{202e}\u{3164}";
        let special: Vec<char> = special.chars().collect();
        prop_oneof![
            12 => prop::sample::select(fine.split('|').collect::<Vec<_>>()).prop_map(str::to_owned),
            2 => prop::sample::select(special).prop_map(String::from),
            1 => any::<char>().prop_map(String::from),
        ]
    }

    proptest! {
        #[test]
        fn what_is_shown_has_nothing_that_is_never_shown(parts in prop::collection::vec(part(), 1..12)) {
            let line = parts.concat();
            // Too many that are not shown would fail the test.
            prop_assume!(fault(&line).is_none());
            prop_assert!(!line.trim().is_empty());
            prop_assert!(!line.chars().any(is_never_shown), "{line:?}");
            prop_assert!(!line.contains(&"\u{301}".repeat(MAX_MARKS + 1)), "{line:?}");
            // Two legal lines together are a legal line: neither reaches beyond its end.
            let twice = format!("{line} {line}");
            prop_assert_eq!(fault(&twice), None);
        }

        #[test]
        fn more_marks_than_a_letter_may_have_are_found_anywhere(
            before in "[a-z]{0,8}",
            letter in prop::sample::select(vec!['e', 'é', 'ی', 'क', '日']),
            more in 1..40usize,
        ) {
            let marked = |count| format!("{before}{letter}{} z", "\u{301}".repeat(count));
            prop_assert_eq!(fault(&marked(MAX_MARKS + more)), Some(TextFault::Marks));
            prop_assert_eq!(fault(&marked(MAX_MARKS)), None);
        }

        #[test]
        fn one_that_is_never_shown_is_found_anywhere(before in "\\PC{0,8}", at in never_shown(), after in "\\PC{0,8}") {
            let without = format!("a{before}{after}");
            // Too many lines with another fault would fail the test.
            prop_assume!(fault(&without).is_none());
            let line = format!("a{before}{at}{after}");
            prop_assert!(fault(&line).is_some(), "{line:?}");
        }
    }
}
