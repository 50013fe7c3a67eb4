//! A table of the file, read key by key. Serde stops at the first fault; this finds all of them.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::de::{Deserialize, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Report;
use super::nearest::one_of;

/// The maximum length of a text, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 1024;

/// A number of the file: its default and its bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<N> {
    pub(super) default: N,
    pub(super) least: N,
    pub(super) most: N,
}

impl<N: Copy> Bounds<N> {
    fn range(self) -> RangeInclusive<N> {
        self.least..=self.most
    }
}

/// A text of the file, and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Text<'t> {
    pub(super) text: &'t str,
    pub(super) span: Range<usize>,
}

/// A table that is being read.
pub(super) struct Table<'t> {
    report: &'t Report<'t>,
    entries: &'t DeTable<'t>,
    /// Where the table is written; the header of one that has a header.
    pub(super) span: Range<usize>,
    /// How messages name it: empty for the whole file.
    name: String,
    /// The keys that this program knows.
    known: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// The whole file.
    pub(super) fn root(report: &'t Report<'t>, entries: &'t DeTable<'t>) -> Self {
        Self { report, entries, span: 0..0, name: String::new(), known: Vec::new() }
    }

    /// Where faults are noted.
    pub(super) fn report(&self) -> &'t Report<'t> {
        self.report
    }

    /// Whether the key is there, with any value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The text of a key.
    pub(super) fn text(&mut self, key: &'static str) -> Option<Text<'t>> {
        let value = self.get(key)?;
        as_text(self.report, key, value)
    }

    /// The texts of a list that has a number of items in `count`.
    pub(super) fn texts(&mut self, key: &'static str, count: RangeInclusive<usize>) -> Option<Vec<Text<'t>>> {
        let value = self.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.report.fault(value.span(), format!("`{key}` is {}", shown(value)), "a list of texts");
            return None;
        };
        if !count.contains(&items.len()) {
            let message = format!("`{key}` has {} items", items.len());
            self.report.fault(value.span(), message, format!("{} to {}", count.start(), count.end()));
        }
        let items = items.iter().take(*count.end());
        Some(items.filter_map(|item| as_text(self.report, key, item)).collect())
    }

    /// A whole number, or its default.
    pub(super) fn whole<N>(&mut self, key: &'static str, bounds: Bounds<N>) -> N
    where
        N: TryFrom<u64> + PartialOrd + Display + Copy,
    {
        let Some(value) = self.get(key) else { return bounds.default };
        let number = match value.get_ref() {
            DeValue::Integer(integer) => u64::from_str_radix(integer.as_str(), integer.radix()).ok(),
            _ => None,
        };
        let number = number.and_then(|number| N::try_from(number).ok());
        number.filter(|number| bounds.range().contains(number)).unwrap_or_else(|| {
            let expected = format!("a whole number from {} to {}", bounds.least, bounds.most);
            self.report.fault(value.span(), format!("`{key}` is {}", shown(value)), expected);
            bounds.default
        })
    }

    /// A duration in seconds, or its default.
    pub(super) fn seconds(&mut self, key: &'static str, bounds: Bounds<f64>) -> Duration {
        let given = self.get(key).and_then(|value| {
            let number = match value.get_ref() {
                DeValue::Integer(integer) => {
                    i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64)
                }
                DeValue::Float(float) => float.as_str().parse().ok(),
                _ => None,
            };
            let in_bounds = number.filter(|number| bounds.range().contains(number));
            if in_bounds.is_none() {
                let expected = format!("a number of seconds from {} to {}", bounds.least, bounds.most);
                self.report.fault(value.span(), format!("`{key}` is {}", shown(value)), expected);
            }
            in_bounds
        });
        Duration::from_secs_f64(given.unwrap_or(bounds.default))
    }

    /// One of the names in `legal`, as the type that serde makes of it.
    pub(super) fn choice<T: Deserialize<'t>>(&mut self, key: &'static str, legal: &[&str], default: T) -> T {
        let Some(Text { text, span }) = self.text(key) else { return default };
        let named: StrDeserializer<'t, ValueError> = text.into_deserializer();
        T::deserialize(named).unwrap_or_else(|_| {
            self.report.fault(span, format!("`{key}` is {}", quoted(text)), one_of(text, legal));
            default
        })
    }

    /// The table of a key.
    pub(super) fn table(&mut self, key: &'static str) -> Option<Self> {
        let value = self.get(key)?;
        self.inner(key, value)
    }

    /// All tables of this one by their keys, in the order of the file.
    pub(super) fn tables(&self) -> Vec<(Text<'t>, Self)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let tables = entries.into_iter().filter_map(|(key, value)| {
            let table = self.inner(key.get_ref(), value)?;
            Some((Text { text: key.get_ref(), span: key.span() }, table))
        });
        tables.collect()
    }

    /// Reports the keys that were not read: this program does not know them.
    pub(super) fn finish(self) {
        for (key, _) in self.entries {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let place = if self.name.is_empty() { String::new() } else { format!(" in `{}`", self.name) };
                let message = format!("unknown key {}{place}", quoted(name));
                self.report.fault(key.span(), message, one_of(name, &self.known));
            }
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.push(key);
        self.entries.get(key)
    }

    fn inner(&self, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Self> {
        let key = cut(key).escape_debug().to_string();
        let name = if self.name.is_empty() { key } else { format!("{}.{key}", self.name) };
        let DeValue::Table(entries) = value.get_ref() else {
            self.report.fault(value.span(), format!("`{name}` is {}", shown(value)), "a table");
            return None;
        };
        Some(Self { report: self.report, entries, span: value.span(), name, known: Vec::new() })
    }
}

fn as_text<'t>(report: &Report<'_>, key: &str, value: &'t Spanned<DeValue<'t>>) -> Option<Text<'t>> {
    match value.get_ref() {
        DeValue::String(text) if text.len() <= MAX_TEXT_BYTES => Some(Text { text, span: value.span() }),
        DeValue::String(text) => {
            let message = format!("`{key}` has a text of {} bytes", text.len());
            report.fault(value.span(), message, format!("at most {MAX_TEXT_BYTES}"));
            None
        }
        _ => {
            report.fault(value.span(), format!("`{key}` is {}", shown(value)), "a text");
            None
        }
    }
}

/// A text in quotation marks, escaped and cut, so that a message stays one short line.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", cut(text))
}

fn cut(text: &str) -> String {
    const MOST: usize = 60;
    let end = text.char_indices().nth(MOST).map(|(at, _)| at);
    end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

/// A value as messages show it.
fn shown(value: &Spanned<DeValue<'_>>) -> String {
    match value.get_ref() {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => cut(&number.to_string()),
        DeValue::Float(number) => cut(&number.to_string()),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
