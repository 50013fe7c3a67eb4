//! How the realm looks on its pages and in its mails. Designers write it in `theme.toml`; the game checks it with the other data,
//! by the same rules. Where a theme says nothing, everything is as it is without one.

mod read;
mod style;

use std::collections::BTreeMap;

use realmgate_protocol::theme::{Colour, Part, Picture};

use crate::http::content_hash;

/// How the realm looks.
#[derive(Debug, Clone, Default)]
pub struct Theme {
    /// What the realm is called, where the settings say nothing else.
    pub name: Option<String>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// What the pages and mails say.
    pub texts: Texts,
    colours: BTreeMap<Part, Colour>,
}

/// A realm's logo.
#[derive(Debug, Clone)]
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// What kind of picture it is.
    pub kind: Picture,
    /// Whether it says the realm's name.
    pub says_name: bool,
}

/// What the pages and mails say; `None` for what they say without a theme.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    /// What search engines and shared links say of the realm.
    pub description: Option<String>,
    /// What stands under its name on the first page.
    pub lead: Option<String>,
    /// The button that leads to the game.
    pub play: Option<String>,
    /// How mails begin.
    pub mail_greeting: Option<String>,
    /// How mails end.
    pub mail_closing: Option<String>,
}

/// A file that pages load for their theme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThemeFile {
    /// Its name in the address.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Theme {
    /// The style of the realm's own pages; `None` where neither a colour nor a logo is given.
    pub fn style(&self) -> Option<ThemeFile> {
        let style = style::of_pages(&self.colours, self.logo.is_some())?;
        Some(ThemeFile { name: "page.css".to_owned(), bytes: style.into_bytes() })
    }

    /// That of the small pages that links in mails and providers lead to.
    pub fn style_beside(&self) -> Option<ThemeFile> {
        let style = (!self.colours.is_empty()).then(|| style::of_pages_beside(&self.colours))?;
        Some(ThemeFile { name: "beside.css".to_owned(), bytes: style.into_bytes() })
    }

    /// The logo.
    pub fn logo_file(&self) -> Option<ThemeFile> {
        let logo = self.logo.as_ref()?;
        Some(ThemeFile { name: format!("logo.{}", logo.kind.extension()), bytes: logo.bytes.clone() })
    }

    /// What is behind everything, for browsers that colour their own bars by it.
    pub fn background(&self) -> Option<Colour> {
        self.colours.get(&Part::Background).copied()
    }
}

impl ThemeFile {
    /// Its address: it changes with what is in the file, so that browsers keep it for good.
    pub fn address(&self) -> String {
        format!("/theme/{}/{}", self.hash(), self.name)
    }

    /// The part of the address that changes.
    pub fn hash(&self) -> String {
        content_hash([&self.bytes[..]])
    }
}
