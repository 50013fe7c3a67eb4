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

/// Appearance of the realm. Missing keys keep the default.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// Name of the realm, unless `REALM_NAME` is set.
    #[serde(default)]
    #[schemars(length(min = 1, max = 40))]
    pub name: Option<String>,
    /// Path of a picture below this folder, such as `pictures/ui/logo.png`: PNG, JPEG or WebP of at most 256 KiB.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub logo: Option<String>,
    /// Whether the logo contains the name; then the name is not shown beside it.
    #[serde(default = "says_name")]
    pub logo_says_name: bool,
    /// Colours of the pages.
    #[serde(default)]
    pub colours: ThemeColours,
    /// Texts of the pages and mails.
    #[serde(default)]
    pub texts: ThemeTexts,
}

/// Colours as `#rrggbb`. Text needs a contrast of at least 4.5:1 to its background.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeColours {
    /// Background of the page.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub background: Option<String>,
    /// Bars and cards.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub panel: Option<String>,
    /// Elements on bars and cards, and buttons.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub raised: Option<String>,
    /// The borders of fields.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub edge: Option<String>,
    /// Text.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub text: Option<String>,
    /// Secondary text.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub quiet: Option<String>,
    /// Headings, and text of other buttons.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub heading: Option<String>,
    /// Links, the realm's name, and borders of cards.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub accent: Option<String>,
    /// The primary button.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub button: Option<String>,
    /// Text of the primary button.
    #[schemars(regex(pattern = r"^#[0-9a-fA-F]{6}$"))]
    pub button_text: Option<String>,
}

/// Texts. Markup is shown as text.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThemeTexts {
    /// Description for search engines and shared links.
    #[schemars(length(min = 1, max = 200))]
    pub description: Option<String>,
    /// Text below the name on the first page.
    #[schemars(length(min = 1, max = 400))]
    pub lead: Option<String>,
    /// Label of the button that starts the game.
    #[schemars(length(min = 1, max = 24))]
    pub play: Option<String>,
    /// Greeting of mails.
    #[schemars(length(min = 1, max = 200))]
    pub mail_greeting: Option<String>,
    /// Closing of mails; can have several lines.
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
    let form = "the path of a .png, .jpg or .webp file below this folder, such as `pictures/ui/logo.png`".to_owned();
    if !is_logo_path(logo) {
        return Some((format!("`{logo}` is not a picture below this folder"), form));
    }
    let file = folder.join(logo);
    let Some(found) = fs::metadata(&file).ok().filter(fs::Metadata::is_file) else {
        return Some((format!("there is no file `{logo}`"), form));
    };
    if found.len() > MAX_LOGO_BYTES {
        return Some((format!("`{logo}` has {} bytes", found.len()), format!("at most {MAX_LOGO_BYTES} bytes")));
    }
    match fs::read(&file) {
        Err(error) => Some((format!("cannot read `{logo}`: {error}"), form)),
        Ok(bytes) if Picture::of_content(&bytes) != Picture::of_name(logo) => {
            Some((format!("the content of `{logo}` does not match its extension"), form))
        }
        Ok(_) => None,
    }
}
