//! How a realm looks on its pages, as designers write it in `theme.toml`: the rules that the check of their data and the sidecar
//! judge by alike. A theme is dark: what stands on it is light, as are the pictures behind it dark.

mod colour;
mod contrast;
mod logo;

pub use colour::{Colour, NoColour};
pub use contrast::{Faint, Part, UnknownPart, faint};
pub use logo::{MAX_LOGO_BYTES, Picture, is_logo_path};

use crate::text::fault_of_line;

/// A text of a theme: how long it may be, and whether it has one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRule {
    /// Most characters.
    pub most: usize,
    /// Whether it may have several lines.
    pub has_lines: bool,
}

/// What the realm is called.
pub const NAME: TextRule = TextRule { most: 40, has_lines: false };
/// What search engines and shared links say of it.
pub const DESCRIPTION: TextRule = TextRule { most: 200, has_lines: false };
/// What stands under its name on the first page.
pub const LEAD: TextRule = TextRule { most: 400, has_lines: false };
/// The button that leads to the game.
pub const PLAY: TextRule = TextRule { most: 24, has_lines: false };
/// How mails begin.
pub const MAIL_GREETING: TextRule = TextRule { most: 200, has_lines: false };
/// How mails end.
pub const MAIL_CLOSING: TextRule = TextRule { most: 600, has_lines: true };

impl TextRule {
    /// What is wrong with a text; `None` if it may be shown.
    pub fn fault(self, text: &str) -> Option<String> {
        let count = text.chars().count();
        if count > self.most {
            return Some(format!("has {count} characters"));
        }
        if text.trim().is_empty() {
            return Some("is blank".to_owned());
        }
        let mut lines: Vec<&str> = if self.has_lines { text.lines().collect() } else { vec![text] };
        lines.retain(|line| !(self.has_lines && line.trim().is_empty()));
        lines.into_iter().find_map(|line| fault_of_line(line, line.len())).map(|fault| fault.to_string())
    }

    /// What would be right.
    pub fn expected(self) -> String {
        let lines = if self.has_lines { "lines" } else { "one line" };
        format!("{lines} of at most {} visible characters in total", self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_they_look_like() {
        for good in ["Testland", "M\u{f6}rderland <3 & more", &"\u{e4}".repeat(40)] {
            assert_eq!(NAME.fault(good), None, "{good}");
        }
        let bad = [
            ("", "is blank"),
            ("  ", "is blank"),
            (&"x".repeat(41) as &str, "has 41 characters"),
            ("a\nb", "has control characters"),
            ("a\u{202e}b", "has characters that change the writing direction"),
            ("a\u{200b}b", "has invisible characters"),
        ];
        for (text, fault) in bad {
            assert_eq!(NAME.fault(text).as_deref(), Some(fault), "{text:?}");
        }
        assert_eq!(MAIL_CLOSING.fault("Yours,\n\nthe people\r\nof Testland\n"), None);
        assert_eq!(MAIL_CLOSING.fault("Yours,\n\u{7}").as_deref(), Some("has control characters"));
        assert_eq!(MAIL_CLOSING.fault("\n\n").as_deref(), Some("is blank"));
    }
}
