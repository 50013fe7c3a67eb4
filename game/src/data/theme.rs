//! `theme.toml`: how the realm looks on its pages. The sidecar reads it; the game only checks it with the other data.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use realmgate_engine::data::{Faults, SpannedDocument};
use realmgate_protocol::theme::{
    self, Colour, DESCRIPTION, LEAD, MAIL_CLOSING, MAIL_GREETING, MAX_LOGO_BYTES, NAME, PLAY, Part, Picture,
    is_logo_path,
};
use schemars::JsonSchema;
use serde::Deserialize;

/// How the realm looks. What is not there stays as it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// What the realm is called, where `REALM_NAME` says nothing else.
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    pub name: Option<String>,
    /// A picture below this folder, as `pictures/ui/logo.png`: PNG, JPEG or WebP of at most 256 KiB.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub logo: Option<String>,
    /// Whether the logo says the name: then the name is not written beside it.
    #[serde(default = "says_name")]
    pub logo_says_name: bool,
    /// Colours of the pages.
    #[serde(default)]
    pub colours: ThemeColours,
    /// What the pages and mails say.
    #[serde(default)]
    pub texts: ThemeTexts,
}

/// Colours as `#rrggbb`. What is written can be read on what is behind it: with a contrast of 4.5:1.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeColours {
    /// What is behind everything.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub background: Option<String>,
    /// Bars and cards.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub panel: Option<String>,
    /// What stands on those, and buttons.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub raised: Option<String>,
    /// The borders of fields.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub edge: Option<String>,
    /// What is written.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub text: Option<String>,
    /// What matters less.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub quiet: Option<String>,
    /// Headings, and what buttons say.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub heading: Option<String>,
    /// Links, the realm's name, and lines around cards.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub accent: Option<String>,
    /// The button that is meant to be pressed.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub button: Option<String>,
    /// What that one says.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub button_text: Option<String>,
}

/// Texts. Markup in them is text.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeTexts {
    /// What search engines and shared links say of it.
    #[schemars(length(min = 1, max = 200))]
    pub description: Option<String>,
    /// What stands under the name on the first page.
    #[schemars(length(min = 1, max = 400))]
    pub lead: Option<String>,
    /// The button that leads to the game.
    #[schemars(length(min = 1, max = 24))]
    pub play: Option<String>,
    /// How mails begin.
    #[schemars(length(min = 1, max = 200))]
    pub mail_greeting: Option<String>,
    /// How mails end; may have several lines.
    #[schemars(length(min = 1, max = 600))]
    pub mail_closing: Option<String>,
}

fn says_name() -> bool {
    true
}

impl Theme {
    /// Reports what a schema cannot say. `folder` is where the logo lies.
    pub(super) fn judge(&self, folder: &Path, document: &SpannedDocument, faults: &mut Faults) {
        let ThemeTexts { description, lead, play, mail_greeting, mail_closing } = &self.texts;
        for (at, text, rule) in [
            ("/name", &self.name, NAME),
            ("/texts/description", description, DESCRIPTION),
            ("/texts/lead", lead, LEAD),
            ("/texts/play", play, PLAY),
            ("/texts/mail_greeting", mail_greeting, MAIL_GREETING),
            ("/texts/mail_closing", mail_closing, MAIL_CLOSING),
        ] {
            if let Some(fault) = text.as_ref().and_then(|text| rule.fault(text)) {
                let name = at.rsplit('/').next().unwrap_or_default();
                faults.push(document.fault(at, format!("`{name}` {fault}"), rule.expected()));
            }
        }
        for faint in theme::faint(&self.colours.given()) {
            faults.push(document.fault(&format!("/colours/{}", faint.part), faint.message, faint.expected));
        }
        if let Some((message, expected)) = self.logo.as_ref().and_then(|logo| logo_fault(folder, logo)) {
            faults.push(document.fault("/logo", message, expected));
        }
    }
}

impl ThemeColours {
    fn given(&self) -> BTreeMap<Part, Colour> {
        let of = |part: Part| match part {
            Part::Background => &self.background,
            Part::Panel => &self.panel,
            Part::Raised => &self.raised,
            Part::Edge => &self.edge,
            Part::Text => &self.text,
            Part::Quiet => &self.quiet,
            Part::Heading => &self.heading,
            Part::Accent => &self.accent,
            Part::Button => &self.button,
            Part::ButtonText => &self.button_text,
        };
        let colour = |part: Part| Some((part, of(part).as_ref()?.parse().ok()?));
        Part::ALL.into_iter().filter_map(colour).collect()
    }
}

/// What is wrong with a logo, and what would be right; `None` if it can be shown.
fn logo_fault(folder: &Path, logo: &str) -> Option<(String, String)> {
    let form = "a path below this folder as `pictures/ui/logo.png`, to a .png, .jpg or .webp file".to_owned();
    if !is_logo_path(logo) {
        return Some((format!("`{logo}` is no picture of this folder"), form));
    }
    let file = folder.join(logo);
    let Some(found) = fs::metadata(&file).ok().filter(fs::Metadata::is_file) else {
        return Some((format!("there is no file `{logo}`"), form));
    };
    if found.len() > MAX_LOGO_BYTES {
        return Some((format!("`{logo}` has {} bytes", found.len()), format!("at most {MAX_LOGO_BYTES} bytes")));
    }
    match fs::read(&file) {
        Err(error) => Some((format!("`{logo}` cannot be read: {error}"), form)),
        Ok(bytes) if Picture::of_content(&bytes) != Picture::of_name(logo) => {
            Some((format!("what is in `{logo}` is something else than its name says"), form))
        }
        Ok(_) => None,
    }
}
