//! A colour, and how well another one stands out from it.

use std::fmt;
use std::str::FromStr;

/// A colour, as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// A text that is no colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a colour such as `#1d2530`")]
pub struct NoColour;

impl Colour {
    /// Black.
    pub const BLACK: Self = Self::of(0x00_00_00);
    /// White.
    pub const WHITE: Self = Self::of(0xff_ff_ff);

    /// The colour of a number, as `0x1d2530`.
    pub const fn of(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self([red, green, blue])
    }

    /// How well one stands out from the other, 1 to 21: the contrast ratio of WCAG 2.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// So many hundredths of the way to another colour.
    pub fn towards(self, other: Self, per_cent: u8) -> Self {
        let share = u16::from(per_cent.min(100));
        let mixed = |from: u8, to: u8| {
            let sum = u16::from(from) * (100 - share) + u16::from(to) * share;
            (sum / 100) as u8
        };
        let ([r, g, b], [to_r, to_g, to_b]) = (self.0, other.0);
        Self([mixed(r, to_r), mixed(g, to_g), mixed(b, to_b)])
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// A channel of sRGB as light.
#[expect(clippy::disallowed_methods, reason = "pages are no simulation, and nobody sees a last bit of a contrast")]
fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
}

impl FromStr for Colour {
    type Err = NoColour;

    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NoColour)?;
        // A sign would pass as part of a number.
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoColour);
        }
        u32::from_str_radix(digits, 16).map(Self::of).map_err(|_| NoColour)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_six_digits() {
        for (text, shown) in [("#1d2530", "#1d2530"), ("#FFaa00", "#ffaa00")] {
            assert_eq!(text.parse::<Colour>().map(|colour| colour.to_string()), Ok(shown.to_owned()));
        }
        for bad in
            ["", "#", "1d2530", "#1d253", "#1d25300", "#fff", "red", "#+1d253", "#1d253g", "#1d253\u{e4}", "##d2530"]
        {
            assert_eq!(bad.parse::<Colour>(), Err(NoColour), "{bad}");
        }
    }

    #[test]
    fn contrasts_are_those_of_the_standard() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        // The grey that just passes on white, and the one beside it.
        for (grey, passes) in [(0x76_76_76, true), (0x77_77_77, false)] {
            let ratio = Colour::of(grey).contrast(Colour::WHITE);
            assert_eq!(ratio >= 4.5, passes, "{ratio}");
            assert_eq!(ratio, Colour::WHITE.contrast(Colour::of(grey)), "whichever stands on the other");
        }
        // Red, green and blue are not as bright as each other.
        for (colour, expected) in [(0xff_00_00, 3.998), (0x00_ff_00, 1.372), (0x00_00_ff, 8.592)] {
            let ratio = Colour::of(colour).contrast(Colour::WHITE);
            assert!((ratio - expected).abs() < 1e-3, "{ratio} for {colour:06x}");
        }
    }

    #[test]
    fn colours_mix() {
        let (from, to) = (Colour::of(0x10_20_30), Colour::WHITE);
        assert_eq!((from.towards(to, 0), from.towards(to, 100)), (from, to));
        assert_eq!(Colour::BLACK.towards(Colour::of(0x64_c8_00), 50).to_string(), "#326400");
        assert_eq!(Colour::of(0x64_c8_00).towards(Colour::BLACK, 25).to_string(), "#4b9600");
    }
}
