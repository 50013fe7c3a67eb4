//! From TOML text to JSON values with spans.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::spanned::{SpannedDocument, Spans, member};
use super::{Faults, SourceText};

/// Parses as much as possible, and reports what could not be parsed.
pub(super) fn parse(source: SourceText) -> (SpannedDocument, Faults) {
    let text = source.shared_text();
    let (root, errors) = DeTable::parse_recoverable(&text);
    let mut tree = Tree { source: &source, spans: BTreeMap::new(), faults: Faults::new() };
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let (message, expected) = worded(error.message());
        tree.faults.push(source.fault(span, message, expected));
    }
    tree.spans.insert(String::new(), Spans { key: None, value: 0..0 });
    let value = tree.table(root.get_ref(), "");
    let Tree { spans, faults, .. } = tree;
    (SpannedDocument { source, value, spans }, faults)
}

/// Splits the parser's message into a message and what would be right.
fn worded(message: &str) -> (&str, &str) {
    match message.split_once(", expected ") {
        Some((message, "nothing")) => (message, ""),
        Some(parts) => parts,
        None if message == "duplicate key" => ("duplicate key", "each key and table header only once"),
        None => (message, ""),
    }
}

struct Tree<'s> {
    source: &'s SourceText,
    spans: BTreeMap<String, Spans>,
    faults: Faults,
}

impl Tree<'_> {
    fn table(&mut self, table: &DeTable<'_>, pointer: &str) -> Value {
        let members = table.iter().map(|(key, value)| {
            let pointer = member(pointer, key.get_ref());
            (key.get_ref().to_string(), self.value(value, pointer, Some(key.span())))
        });
        Value::Object(members.collect::<Map<_, _>>())
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, pointer: String, key: Option<Range<usize>>) -> Value {
        let span = value.span();
        let json = match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Datetime(moment) => Value::String(moment.to_string()),
            DeValue::Integer(integer) => self.integer(integer, &span),
            DeValue::Float(float) => self.float(float.as_str(), &span),
            DeValue::Table(table) => self.table(table, &pointer),
            DeValue::Array(items) => {
                let items = items.iter().enumerate();
                items.map(|(index, item)| self.value(item, format!("{pointer}/{index}"), None)).collect()
            }
        };
        self.spans.insert(pointer, Spans { key, value: span });
        json
    }

    fn integer(&mut self, integer: &DeInteger<'_>, span: &Range<usize>) -> Value {
        match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::Number(number.into()),
            Err(_) => {
                let expected = format!("a whole number from {} to {}", i64::MIN, i64::MAX);
                self.faults.push(self.source.fault(span.clone(), format!("{integer} is out of range"), expected));
                Value::Null
            }
        }
    }

    fn float(&mut self, written: &str, span: &Range<usize>) -> Value {
        match written.parse().ok().and_then(Number::from_f64) {
            Some(number) => Value::Number(number),
            None => {
                self.faults.push(self.source.fault(
                    span.clone(),
                    format!("{written} is not a finite number"),
                    "a finite number",
                ));
                Value::Null
            }
        }
    }
}
