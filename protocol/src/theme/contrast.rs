//! Which colours a theme has, and what is written on what.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::Colour;

/// The least contrast of a text on what is behind it, by WCAG 2 AA.
const LEAST: f64 = 4.5;
/// How errors are written, whatever the theme.
const ERRORS: Colour = Colour::of(0xff_9c_8c);
/// What fields are filled with, whatever the theme.
const FIELDS: Colour = Colour::of(0x0f_14_1b);

/// What has a colour of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is behind everything.
    Background,
    /// Bars and cards.
    Panel,
    /// What stands on those.
    Raised,
    /// The borders of fields.
    Edge,
    /// What is written.
    Text,
    /// What matters less.
    Quiet,
    /// Headings, and what buttons say.
    Heading,
    /// Links, and the realm's name.
    Accent,
    /// The button that is meant to be pressed.
    Button,
    /// What that one says.
    ButtonText,
}

/// A text that names no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown colour name")]
pub struct UnknownPart;

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Faint {
    /// Whose colour is to be another.
    pub part: Part,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub expected: String,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Background,
        Self::Panel,
        Self::Raised,
        Self::Edge,
        Self::Text,
        Self::Quiet,
        Self::Heading,
        Self::Accent,
        Self::Button,
        Self::ButtonText,
    ];

    /// The name that designers know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Panel => "panel",
            Self::Raised => "raised",
            Self::Edge => "edge",
            Self::Text => "text",
            Self::Quiet => "quiet",
            Self::Heading => "heading",
            Self::Accent => "accent",
            Self::Button => "button",
            Self::ButtonText => "button_text",
        }
    }

    /// The colour that it has where no theme says another.
    pub fn usual(self) -> Colour {
        Colour::of(match self {
            Self::Background => 0x14_1a_22,
            Self::Panel => 0x1d_25_30,
            Self::Raised => 0x2a_35_42,
            Self::Edge => 0x3d_4b_5c,
            Self::Text => 0xec_e5_d3,
            Self::Quiet => 0xb4_ab_97,
            Self::Heading => 0xf0_e4_c6,
            Self::Accent => 0xe5_b9_5c,
            Self::Button => 0xd3_9c_3c,
            Self::ButtonText => 0x2a_1a_05,
        })
    }

    /// The same on the small pages that links in mails lead to.
    fn usual_beside(self) -> Colour {
        match self {
            Self::Background | Self::ButtonText => Colour::of(0x14_12_0f),
            Self::Text => Colour::of(0xe9_e2_d0),
            Self::Accent | Self::Button => Colour::of(0xe0_b0_4a),
            other => other.usual(),
        }
    }
}

impl FromStr for Part {
    type Err = UnknownPart;

    fn from_str(text: &str) -> Result<Self, UnknownPart> {
        Self::ALL.into_iter().find(|part| part.as_str() == text).ok_or(UnknownPart)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Colour {
    /// The lightest and the darkest of what a button of this colour is filled with.
    pub fn button_face(self) -> [Self; 2] {
        [self.towards(Self::WHITE, 15), self.towards(Self::BLACK, 10)]
    }
}

/// What could not be read by the colours that a theme gives, the others being the usual ones.
pub fn faint(given: &BTreeMap<Part, Colour>) -> Vec<Faint> {
    let mut found: Vec<Faint> = Vec::new();
    for usual in [Part::usual, Part::usual_beside] {
        let of = |part: Part| given.get(&part).copied().unwrap_or_else(|| usual(part));
        let mut judge = |text: Option<Part>, on: Option<Part>, written: Colour, behind: Colour| {
            let ratio = written.contrast(behind);
            // Whoever is given is to be another; of both, what is written.
            let Some(part) = [text, on].into_iter().flatten().find(|part| given.contains_key(part)) else { return };
            if ratio < LEAST && !found.iter().any(|fault| fault.part == part) {
                // What is filled with a lighter shade is called by the colour that was given.
                found.push(fault(part, (text, written), (on, on.map_or(behind, of)), ratio));
            }
        };
        for text in [Part::Text, Part::Quiet, Part::Heading, Part::Accent] {
            for on in [Part::Background, Part::Panel, Part::Raised] {
                judge(Some(text), Some(on), of(text), of(on));
            }
            judge(Some(text), None, of(text), FIELDS);
        }
        for on in [Part::Background, Part::Panel, Part::Raised] {
            judge(None, Some(on), ERRORS, of(on));
        }
        // Buttons are a little lighter than what stands on bars.
        judge(Some(Part::Heading), Some(Part::Raised), of(Part::Heading), of(Part::Raised).button_face()[0]);
        for behind in of(Part::Button).button_face() {
            judge(Some(Part::ButtonText), Some(Part::Button), of(Part::ButtonText), behind);
        }
    }
    found
}

fn fault(part: Part, text: (Option<Part>, Colour), on: (Option<Part>, Colour), ratio: f64) -> Faint {
    let named = |(part, colour): (Option<Part>, Colour), other: &str| match part {
        Some(part) => format!("`{part}` ({colour})"),
        None => format!("{other} ({colour})"),
    };
    // Not 4.5 for what is a little less.
    let shown = (ratio * 10.0).floor() / 10.0;
    let message = format!("{} on {} has a contrast of {shown}:1", named(text, "errors"), named(on, "fields"));
    let expected = match text.0.and(on.0) {
        Some(_) => format!("{LEAST}:1 or more"),
        // What has a colour of its own is that of a dark page.
        None => format!("{LEAST}:1 or more: light texts on dark colours"),
    };
    Faint { part, message, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(given: &[(Part, u32)]) -> Vec<(Part, String)> {
        let given = given.iter().map(|(part, rgb)| (*part, Colour::of(*rgb))).collect();
        faint(&given).into_iter().map(|fault| (fault.part, fault.message)).collect()
    }

    #[test]
    fn the_usual_colours_can_be_read_on_each_other() {
        for usual in [Part::usual, Part::usual_beside] {
            let all: Vec<(Part, Colour)> = Part::ALL.into_iter().map(|part| (part, usual(part))).collect();
            assert_eq!(faint(&all.into_iter().collect()), []);
        }
        assert_eq!(faults(&[]), []);
        for part in Part::ALL {
            assert_eq!(part.as_str().parse(), Ok(part));
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_contrast() {
        assert_eq!(
            faults(&[(Part::Text, 0x55_55_55)]),
            [(Part::Text, "`text` (#555555) on `background` (#141a22) has a contrast of 2.3:1".to_owned())]
        );
        let on_what_is_given = faults(&[(Part::Panel, 0x80_80_80)]);
        assert_eq!(on_what_is_given.len(), 1, "{on_what_is_given:?}");
        assert!(on_what_is_given[0].1.starts_with("`text` (#ece5d3) on `panel` (#808080)"), "{on_what_is_given:?}");
        let button = faults(&[(Part::Button, 0x22_22_22)]);
        assert!(button[0].1.starts_with("`button_text` (#2a1a05) on `button`"), "{button:?}");
        assert_eq!(faults(&[(Part::Button, 0x22_22_88), (Part::ButtonText, 0xff_ff_ff)]), []);
        // White can be read on it: errors cannot, nor can a button's heading, which has 4.48 on a lighter shade.
        let white = [Part::Text, Part::Quiet, Part::Heading, Part::Accent].map(|part| (part, 0xff_ff_ff));
        let expected = [
            (Part::Raised, "errors (#ff9c8c) on `raised` (#606060) has a contrast of 3.1:1"),
            (Part::Heading, "`heading` (#ffffff) on `raised` (#606060) has a contrast of 4.4:1"),
        ];
        let found = faults(&[&white[..], &[(Part::Raised, 0x60_60_60)]].concat());
        assert_eq!(found, expected.map(|(part, message)| (part, message.to_owned())));
    }

    #[test]
    fn a_light_theme_is_none() {
        let light = [(Part::Background, 0xff_ff_ff), (Part::Panel, 0xee_ee_ee), (Part::Raised, 0xdd_dd_dd)];
        let texts = [Part::Text, Part::Quiet, Part::Heading, Part::Accent].map(|part| (part, 0x11_11_11));
        let found = faults(&[&light[..], &texts].concat());
        assert!(found.iter().any(|(part, message)| *part == Part::Text && message.contains("fields")), "{found:?}");
    }

    #[test]
    fn another_dark_theme_is_one() {
        let violet = [
            (Part::Background, 0x18_10_28),
            (Part::Panel, 0x24_18_3c),
            (Part::Raised, 0x34_24_54),
            (Part::Edge, 0x50_40_70),
            (Part::Text, 0xee_e8_ff),
            (Part::Quiet, 0xbc_b0_d8),
            (Part::Heading, 0xff_f0_ff),
            (Part::Accent, 0xd0_a0_ff),
            (Part::Button, 0x8a_5c_d6),
            (Part::ButtonText, 0xff_ff_ff),
        ];
        let wrong: Vec<Part> = faults(&violet).into_iter().map(|(part, _)| part).collect();
        assert_eq!(wrong, [Part::ButtonText], "the button is too light for white");
        let darker = violet.map(|(part, rgb)| (part, if part == Part::Button { 0x5a_34_a0 } else { rgb }));
        assert_eq!(faults(&darker), []);
    }
}
