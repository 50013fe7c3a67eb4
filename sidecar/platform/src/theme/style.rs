//! A theme's colours as style sheets, in the variables and classes of the page (`clients/page/css/base.css`) and of the small
//! pages. They come after the page's own, and say only what the theme says.

use std::collections::BTreeMap;
use std::fmt::Write;

use realmgate_protocol::theme::{Colour, Part};

type Colours = BTreeMap<Part, Colour>;

/// What is themed: pages without a game on them, and the cards that stand before the game.
const SCOPE: &str = ":root:not(:has(.play)),#stage>.card";

/// Logos are of any shape, and the button below is to be seen.
const LOGO: &str =
    "#logo,.title .logo{max-height:30vh;object-fit:contain}\n@media(min-width:1100px){#logo{object-position:0}}\n";

/// The style of the page, of `/admin` and of what is before the game at `/play`; `None` where there is nothing to say.
pub(super) fn of_pages(colours: &Colours, has_logo: bool) -> Option<String> {
    let logo = if has_logo { LOGO } else { "" };
    let all = if colours.is_empty() { logo.to_owned() } else { of_colours(colours) + logo };
    (!all.is_empty()).then_some(all)
}

fn of_colours(colours: &Colours) -> String {
    let mut css = format!("{SCOPE}{{{}}}\n#stage>.card{{color:var(--text)}}\n", variables(colours));
    let of = |part: Part| colours.get(&part).copied();
    let or_usual = |part: Part| of(part).unwrap_or_else(|| part.usual());
    if let Some(text) = of(Part::Text) {
        rule(&mut css, ".lead", &format!("color:{text}"));
    }
    if let Some(quiet) = of(Part::Quiet) {
        rule(&mut css, ".world .quiet", &format!("color:{quiet}"));
    }
    if let Some(accent) = of(Part::Accent) {
        let (dark, deep) = shades(accent);
        rule(&mut css, ".hero h1", &format!("text-shadow:0 3px 0 {dark},0 6px 0 {deep},0 9px 18px #000a"));
        rule(&mut css, "#stage>.card .title", &format!("text-shadow:0 2px 0 {dark},0 4px 0 var(--ink)"));
    }
    if of(Part::Panel).is_some() || of(Part::Raised).is_some() {
        let fill = format!("background:linear-gradient(180deg,{},{})", or_usual(Part::Raised), or_usual(Part::Panel));
        rule(&mut css, ":root:not(:has(.play)) .card,#stage>.card,.map", &fill);
    }
    if let Some(raised) = of(Part::Raised) {
        // As weak as the rule that it replaces, so that buttons of their own kind stay as they are.
        rule(&mut css, &format!(":where({SCOPE}) button"), &button(raised, None));
    }
    if of(Part::Button).is_some() || of(Part::ButtonText).is_some() {
        let text = or_usual(Part::ButtonText);
        let face = of(Part::Button).map_or_else(|| format!("color:{text}"), |face| button(face, Some(text)));
        let primary = format!(":where({SCOPE}) .primary");
        rule(&mut css, &primary, &face);
        rule(&mut css, &format!("{primary}:disabled"), &format!("color:{text}"));
        rule(&mut css, &format!("{primary}:focus-visible"), &format!("outline-color:{text}"));
    }
    css
}

/// The style of the small pages, which have variables for what they share with the page.
pub(super) fn of_pages_beside(colours: &Colours) -> String {
    format!(":root{{{}}}\n", variables(colours))
}

fn variables(colours: &Colours) -> String {
    let mut all = String::new();
    for (part, colour) in colours {
        let (dark, deep) = shades(*colour);
        // Writing to a text does not fail.
        let _ = match part {
            Part::Background => write!(all, "--slate-1:{colour};"),
            Part::Panel => write!(all, "--slate-2:{colour};"),
            Part::Raised => write!(all, "--slate-3:{colour};"),
            Part::Edge => write!(all, "--slate-4:{colour};"),
            Part::Text => write!(all, "--text:{colour};"),
            Part::Quiet => write!(all, "--quiet:{colour};--parchment-dim:{colour};"),
            Part::Heading => write!(all, "--parchment:{colour};"),
            Part::Accent => write!(all, "--gold:{colour};--gold-dark:{dark};--gold-deep:{deep};"),
            Part::Button => write!(all, "--button:{colour};"),
            Part::ButtonText => write!(all, "--button-text:{colour};"),
        };
    }
    all
}

/// What is drawn in the shadow of a colour: a line, and one that is nearly gone.
fn shades(colour: Colour) -> (Colour, Colour) {
    (colour.towards(Colour::BLACK, 40), colour.towards(Colour::BLACK, 60))
}

/// A button that stands out: light from above, in the shade below.
fn button(face: Colour, text: Option<Colour>) -> String {
    let [from, to] = face.button_face();
    let (light, shade) = (face.towards(Colour::WHITE, 35), face.towards(Colour::BLACK, 40));
    let text = text.map(|text| format!("color:{text};")).unwrap_or_default();
    format!(
        "{text}background:linear-gradient(180deg,{from},{to});\
         box-shadow:inset 0 0 0 2px var(--ink),inset 0 4px 0 0 {light},inset 0 -5px 0 0 {shade}"
    )
}

fn rule(css: &mut String, selector: &str, says: &str) {
    let _ = writeln!(css, "{selector}{{{says}}}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(given: &[(Part, u32)]) -> Colours {
        given.iter().map(|(part, rgb)| (*part, Colour::of(*rgb))).collect()
    }

    #[test]
    fn only_what_is_given_is_different() {
        let background = colours(&[(Part::Background, 0x10_18_20)]);
        let css = of_pages(&background, false).unwrap();
        let expected = ":root:not(:has(.play)),#stage>.card{--slate-1:#101820;}\n#stage>.card{color:var(--text)}\n";
        assert_eq!(css, expected);
        assert_eq!(of_pages(&background, true), Some(format!("{css}{LOGO}")));
        assert_eq!((of_pages(&Colours::new(), true).as_deref(), of_pages(&Colours::new(), false)), (Some(LOGO), None));
        assert_eq!(of_pages_beside(&colours(&[(Part::Text, 0xff_ee_dd)])), ":root{--text:#ffeedd;}\n");
    }

    #[test]
    fn every_part_is_somewhere_and_rules_are_closed() {
        let given: Vec<(Part, u32)> = Part::ALL.into_iter().zip(0x11_11_11..).collect();
        for css in [of_colours(&colours(&given)), of_pages_beside(&colours(&given))] {
            for (part, rgb) in &given {
                assert!(css.contains(&Colour::of(*rgb).to_string()), "{part} in {css}");
            }
            assert_eq!(css.matches('{').count(), css.matches('}').count(), "{css}");
        }
    }
}
