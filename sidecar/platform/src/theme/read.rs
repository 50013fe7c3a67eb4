//! Reads `theme.toml` and the logo that it names.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use realmgate_protocol::theme::{
    self, Colour, DESCRIPTION, LEAD, MAIL_CLOSING, MAIL_GREETING, MAX_LOGO_BYTES, NAME, NoColour, PLAY, Part, Picture,
    TextRule, is_logo_path,
};
use serde::Deserialize;
use toml::Spanned;

use super::{Logo, Texts, Theme};
use crate::config::ConfigError;

const FILE: &str = "theme.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Option<Spanned<String>>,
    logo: Option<Spanned<String>>,
    logo_says_name: Option<bool>,
    #[serde(default)]
    colours: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    texts: TextsTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextsTable {
    description: Option<Spanned<String>>,
    lead: Option<Spanned<String>>,
    play: Option<Spanned<String>>,
    mail_greeting: Option<Spanned<String>>,
    mail_closing: Option<Spanned<String>>,
}

/// What is wrong, and where in the file.
struct Fault {
    offset: usize,
    why: String,
}

impl Fault {
    fn at<T>(value: &Spanned<T>, why: impl Into<String>) -> Self {
        Self { offset: value.span().start, why: why.into() }
    }
}

impl Theme {
    /// Reads `theme.toml` and the logo that it names. A folder without one has a theme that says nothing.
    ///
    /// # Errors
    /// When the file or the logo cannot be read or used.
    pub fn read(assets_dir: &Path) -> Result<Self, ConfigError> {
        let file = assets_dir.join(FILE);
        let complain = |why: String| ConfigError::new("ASSETS_DIR", format!("{}: {why}", file.display()));
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(complain(error.to_string())),
        };
        let at = |fault: Fault| {
            let line = text.get(..fault.offset).map_or(1, |before| before.matches('\n').count() + 1);
            complain(format!("line {line}: {}", fault.why))
        };
        let parsed: File = toml::from_str(&text).map_err(|error| {
            at(Fault { offset: error.span().map_or(0, |span| span.start), why: error.message().to_owned() })
        })?;
        Self::of(parsed, assets_dir).map_err(at)
    }

    fn of(file: File, assets_dir: &Path) -> Result<Self, Fault> {
        let File { name, logo, logo_says_name, colours, texts } = file;
        let says_name = logo_says_name.unwrap_or(true);
        let logo = logo.map(|path| read_logo(assets_dir, &path, says_name)).transpose()?;
        Ok(Self {
            name: checked("name", name, NAME)?,
            logo,
            colours: read_colours(&colours)?,
            texts: Texts {
                description: checked("description", texts.description, DESCRIPTION)?,
                lead: checked("lead", texts.lead, LEAD)?,
                play: checked("play", texts.play, PLAY)?,
                mail_greeting: checked("mail_greeting", texts.mail_greeting, MAIL_GREETING)?,
                mail_closing: checked("mail_closing", texts.mail_closing, MAIL_CLOSING)?,
            },
        })
    }
}

fn checked(name: &str, text: Option<Spanned<String>>, rule: TextRule) -> Result<Option<String>, Fault> {
    let Some(text) = text else { return Ok(None) };
    match rule.fault(text.get_ref()) {
        Some(fault) => Err(Fault::at(&text, format!("`{name}` {fault}: expected {}", rule.expected()))),
        None => Ok(Some(text.into_inner())),
    }
}

fn read_colours(given: &BTreeMap<Spanned<String>, Spanned<String>>) -> Result<BTreeMap<Part, Colour>, Fault> {
    let mut colours = BTreeMap::new();
    let mut places = BTreeMap::new();
    for (name, written) in given {
        let unknown = |_| {
            let known = Part::ALL.map(Part::as_str).join("`, `");
            Fault::at(name, format!("`{}` is not one of `{known}`", name.get_ref()))
        };
        let part: Part = name.get_ref().parse().map_err(unknown)?;
        let no_colour = |fault: NoColour| Fault::at(written, format!("`{}` {fault}", written.get_ref()));
        colours.insert(part, written.get_ref().parse().map_err(no_colour)?);
        places.insert(part, written);
    }
    // In the order of the file.
    let mut faint = theme::faint(&colours);
    faint.sort_by_key(|fault| places.get(&fault.part).map(|written| written.span().start));
    match faint.first().and_then(|fault| Some((fault, places.get(&fault.part)?))) {
        Some((fault, written)) => Err(Fault::at(written, format!("{}, not {}", fault.message, fault.expected))),
        None => Ok(colours),
    }
}

fn read_logo(assets_dir: &Path, path: &Spanned<String>, says_name: bool) -> Result<Logo, Fault> {
    let name = path.get_ref();
    let refuse = |why: String| Fault::at(path, format!("`{name}` {why}"));
    if !is_logo_path(name) {
        return Err(refuse("is not a path below this folder to a .png, .jpg or .webp file".to_owned()));
    }
    let file = assets_dir.join(name);
    let unreadable = |error: std::io::Error| refuse(format!("cannot be read: {error}"));
    let found = fs::metadata(&file).map_err(unreadable)?;
    if !found.is_file() || found.len() > MAX_LOGO_BYTES {
        return Err(refuse(format!("is not a file of at most {MAX_LOGO_BYTES} bytes")));
    }
    let bytes = fs::read(&file).map_err(unreadable)?;
    match Picture::of_content(&bytes).filter(|kind| Picture::of_name(name) == Some(*kind)) {
        Some(kind) => Ok(Logo { bytes, kind, says_name }),
        None => Err(refuse("has content of another type than its name says".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nmore";

    /// A folder with this theme, and with a logo.
    fn folder(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), text).unwrap();
        fs::write(dir.path().join("logo.png"), PNG).unwrap();
        fs::write(dir.path().join("fake.png"), "<svg/>").unwrap();
        fs::write(dir.path().join("large.png"), vec![0; MAX_LOGO_BYTES as usize + 1]).unwrap();
        dir
    }

    fn read(text: &str) -> Result<Theme, ConfigError> {
        Theme::read(folder(text).path())
    }

    #[test]
    fn a_theme_says_what_is_written_and_nothing_else() {
        let theme = read(
            "name = 'Testland'\nlogo = 'logo.png'\nlogo_says_name = false\n[colours]\nbackground = '#101820'\n[texts]\nplay = 'Go'",
        );
        let theme = theme.unwrap();
        let logo = theme.logo.as_ref().unwrap();
        assert_eq!((theme.name.as_deref(), logo.kind, logo.says_name), (Some("Testland"), Picture::Png, false));
        assert_eq!((theme.texts.play.as_deref(), &theme.texts.lead), (Some("Go"), &None));
        assert_eq!(theme.background(), "#101820".parse().ok());
        assert_eq!(theme.logo_file().map(|file| (file.name, file.bytes)), Some(("logo.png".to_owned(), PNG.to_vec())));
        let usual = read("logo = 'logo.png'").unwrap().logo.unwrap();
        assert!(usual.says_name, "a logo says the name where nothing else is written");

        for nothing in [read("").unwrap(), Theme::read(Path::new("/nonexistent")).unwrap()] {
            assert!(nothing.name.is_none() && nothing.style().is_none() && nothing.logo_file().is_none());
        }
    }

    #[test]
    fn faults_are_named_with_file_and_line() {
        for (text, fault) in [
            ("\nname = \"a\\nb\"", "/theme.toml: line 2: `name` has control characters"),
            ("slogan = 'x'", "/theme.toml: line 1: unknown field `slogan`"),
            ("[colours]\nsky = '#101820'", "/theme.toml: line 2: `sky` is not one of `background`, `panel`"),
            ("[colours]\n\ntext = 'white'", "/theme.toml: line 3: `white` is not a colour such as `#1d2530`"),
            (
                "[colours]\npanel = '#1d2530'\ntext = '#555555'",
                "/theme.toml: line 3: `text` (#555555) on `background` (#141a22) has a contrast of 2.3:1, not 4.5:1",
            ),
            ("logo = '../logo.png'", "/theme.toml: line 1: `../logo.png` is not a path below this folder"),
            ("logo = 'none.png'", "/theme.toml: line 1: `none.png` cannot be read: No such file"),
            ("logo = 'fake.png'", "/theme.toml: line 1: `fake.png` has content of another type than its name says"),
            ("logo = 'large.png'", "/theme.toml: line 1: `large.png` is not a file of at most 262144 bytes"),
            ("[texts]\nplay = 'Play it now, all of you!!'", "/theme.toml: line 2: `play` has 25 characters"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.key == "ASSETS_DIR" && error.why.contains(fault), "{text}: {error}");
        }
    }
}
