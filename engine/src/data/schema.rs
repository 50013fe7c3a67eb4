//! Validation against a JSON Schema. Each error is reported where the designer can fix it.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::nearest::one_of;
use super::spanned::{SpannedDocument, member};
use super::wording::{describe, follow, keys, kind_of, literals, resolve, shown};
use super::{Fault, Faults, choice};

const MISSING: &str = "missing key ";

/// Whether a fault says that a key is missing.
pub(super) fn is_missing_key(fault: &Fault) -> bool {
    fault.message.starts_with(MISSING)
}

/// Checks a document and finds all errors.
pub(super) fn check(document: &SpannedDocument, schema: &Value) -> Faults {
    let validator = match jsonschema::validator_for(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("the schema of this file is invalid: {error}");
            return Fault::of_file(document.source.file(), message, "a valid JSON Schema").into();
        }
    };
    let mut report = Report { document, schema, faults: Faults::new() };
    for error in validator.iter_errors(&document.value) {
        report.explain(&error);
    }
    report.faults
}

/// The document that is being checked, and its faults so far.
pub(super) struct Report<'d> {
    pub(super) document: &'d SpannedDocument,
    pub(super) schema: &'d Value,
    pub(super) faults: Faults,
}

impl Report<'_> {
    /// Turns an error of the validator into faults.
    pub(super) fn explain(&mut self, error: &ValidationError<'_>) {
        let at = error.instance_path().as_str();
        // The error's path ends in the keyword; the schema that holds the keyword says what would be right.
        let path = error.evaluation_path().as_str();
        let rule = resolve(self.schema, path.rsplit_once('/').map_or("", |(holder, _)| holder));
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let legal = keys(self.schema, rule);
                unexpected.iter().for_each(|key| self.unknown_key(at, key, &legal));
            }
            Kind::Required { property } => self.missing_key(at, property.as_str().unwrap_or_default(), rule),
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => choice::explain(self, at, rule, context),
            Kind::PropertyNames { error: inner } => self.bad_key(at, inner),
            _ => self.bad_value(at, rule, error),
        }
    }

    pub(super) fn unknown_key(&mut self, table: &str, key: &str, legal: &[&str]) {
        let expected = if legal.is_empty() { "no key".to_owned() } else { one_of(key, legal.iter().copied()) };
        self.faults.push(self.document.key_fault(&member(table, key), format!("unknown key `{key}`"), expected));
    }

    pub(super) fn missing_key(&mut self, table: &str, key: &str, rule: &Value) {
        let value = follow(self.schema, rule).get("properties").and_then(|properties| properties.get(key));
        let what = value.map(|value| format!(": {}", describe(self.schema, value))).unwrap_or_default();
        let expected = format!("`{key}`{what}");
        self.faults.push(self.document.fault(table, format!("{MISSING}`{key}`{}", in_table(table)), expected));
    }

    fn bad_key(&mut self, table: &str, inner: &ValidationError<'_>) {
        let key = inner.instance().as_str().unwrap_or_default();
        let path = inner.schema_path().as_str();
        let rule = resolve(self.schema, path.rsplit_once('/').map_or("", |(holder, _)| holder));
        let message = format!("`{key}` is not a valid key");
        self.faults.push(self.document.key_fault(&member(table, key), message, describe(self.schema, rule)));
    }

    fn bad_value(&mut self, at: &str, rule: &Value, error: &ValidationError<'_>) {
        let value = error.instance();
        let name = called(at);
        let message = match error.kind() {
            Kind::Type { .. } => format!("{name} is {}", kind_of(value)),
            Kind::MinItems { .. } | Kind::MaxItems { .. } => {
                format!("{name} has {} items", value.as_array().map_or(0, Vec::len))
            }
            Kind::MinLength { .. } | Kind::MaxLength { .. } => {
                format!("{name} has {} characters", value.as_str().map_or(0, |text| text.chars().count()))
            }
            Kind::UniqueItems => format!("{name} has the same item twice"),
            _ => format!("{name} is {}", shown(value)),
        };
        let expected = match (error.kind(), literals(self.schema, rule), value.as_str()) {
            (Kind::UniqueItems, ..) => "different items".to_owned(),
            (Kind::MinProperties { limit }, ..) => format!("a table of {limit} or more keys"),
            (Kind::MaxProperties { limit }, ..) => format!("a table of at most {limit} keys"),
            (_, Some(legal), Some(text)) => {
                one_of(text, legal.iter().filter_map(|literal| literal.as_str()).collect::<Vec<_>>())
            }
            _ => describe(self.schema, rule),
        };
        self.faults.push(self.document.fault(at, message, expected));
    }
}

/// How messages name a value: `health`, or item 2 of `tags`.
pub(super) fn called(pointer: &str) -> String {
    let mut parts = pointer.rsplit('/');
    let last = parts.next().unwrap_or_default();
    match (last.parse::<usize>(), parts.next()) {
        (Ok(index), Some(list)) => format!("item {} of `{}`", index + 1, unescaped(list)),
        _ => format!("`{}`", unescaped(last)),
    }
}

fn unescaped(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

fn in_table(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" in {}", called(pointer)) }
}
