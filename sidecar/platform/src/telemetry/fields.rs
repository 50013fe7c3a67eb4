//! What spans and events say, as far as it is kept: so many fields, each so long.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};

/// Most fields that are kept.
pub(super) const MAX_FIELDS: usize = 16;
/// Longest text that is kept, in bytes.
pub(super) const MAX_TEXT: usize = 1_024;

/// What a field says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

/// Fields by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(pub(super) Vec<(&'static str, Said)>);

impl Fields {
    /// Keeps a field, in place of an older one of the same name.
    pub(super) fn keep(&mut self, name: &'static str, said: Said) {
        match self.0.iter().position(|(known, _)| *known == name) {
            Some(at) => self.0[at].1 = said,
            None if self.0.len() < MAX_FIELDS => self.0.push((name, said)),
            None => {}
        }
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, said)| match said {
            Said::Text(text) if *known == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// Takes the text of a field out.
    pub(super) fn take_text(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, said)| *known == name && matches!(said, Said::Text(_)))?;
        match self.0.swap_remove(at) {
            (_, Said::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a field says yes.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&(name, Said::Bool(true)))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field.name(), Said::Text(shortened(format_args!("{value:?}"))));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field.name(), Said::Text(shortened(format_args!("{value}"))));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field.name(), Said::Int(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let said = i64::try_from(value).map_or_else(|_| Said::Text(value.to_string()), Said::Int);
        self.keep(field.name(), said);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field.name(), Said::Bool(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field.name(), Said::Float(value));
    }
}

/// The beginning of a text, of at most [`MAX_TEXT`] bytes.
pub(super) fn shortened(text: fmt::Arguments<'_>) -> String {
    let mut short = Short(String::new());
    // An error means that there is more, which is left out.
    let _ = short.write_fmt(text);
    short.0
}

struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_TEXT - self.0.len();
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_end_between_characters() {
        assert_eq!(shortened(format_args!("a{}", 7)), "a7");
        let long = shortened(format_args!("x{}{}", "é".repeat(600), "more"));
        assert_eq!(long.len(), MAX_TEXT - 1, "{long}");
        assert!(long.ends_with('é'));
    }

    #[test]
    fn so_many_fields_are_kept_and_the_newest_of_a_name() {
        let mut fields = Fields::default();
        let names: Vec<&'static str> = "abcdefghijklmnopqrstuvwxyz".split("").filter(|name| !name.is_empty()).collect();
        for name in &names {
            fields.keep(name, Said::Bool(true));
        }
        assert_eq!(fields.0.len(), MAX_FIELDS);
        fields.keep("a", Said::Text("new".to_owned()));
        assert_eq!(fields.text("a"), Some("new"));
    }
}
