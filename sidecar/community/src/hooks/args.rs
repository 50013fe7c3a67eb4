//! What a script gives when it asks something.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::accounts::rules::line_fault;
use crate::field_limits::size;
use crate::store::ValueKey;

/// Most characters of a key.
const KEY_CHARS: usize = 128;

/// Why something asked has no answer: words that are raised in the script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) String);

impl From<&str> for Fault {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        tracing::warn!(%error, "database query of a script failed");
        "the database is unavailable".into()
    }
}

/// Arguments, the next one first. What is not given is null.
pub(super) struct Args(std::vec::IntoIter<Value>);

impl Args {
    pub(super) fn of(args: Vec<Value>) -> Self {
        Self(args.into_iter())
    }

    pub(super) fn value(&mut self) -> Value {
        self.0.next().unwrap_or_default()
    }

    /// A text of 1 to so many characters.
    pub(super) fn text(&mut self, name: &str, most: usize) -> Result<String, Fault> {
        match self.value() {
            Value::String(text) if is_text(&text, most) => Ok(text),
            _ => Err(Fault(format!("the {name} must be a string of 1 to {most} characters"))),
        }
    }

    /// A text that others are shown as a line.
    pub(super) fn line(&mut self, name: &str, most: u32) -> Result<String, Fault> {
        let line = self.text(name, size(most))?;
        match line_fault(&line, most) {
            None => Ok(line),
            Some(fault) => Err(Fault(format!("the {name} {fault}"))),
        }
    }

    /// An id, as text.
    pub(super) fn id<T: FromStr>(&mut self, name: &str) -> Result<T, Fault> {
        id(&self.value()).ok_or_else(|| Fault(format!("the {name} must be an id")))
    }

    /// A whole number; Lua may have it as a fraction.
    pub(super) fn number(&mut self, name: &str) -> Result<i64, Fault> {
        let value = self.value();
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        let number = value.as_i64().or_else(|| value.as_f64().and_then(whole));
        number.ok_or_else(|| Fault(format!("the {name} must be an integer")))
    }

    /// A table with names; none is an empty one.
    pub(super) fn table(&mut self, name: &str) -> Result<Map<String, Value>, Fault> {
        match self.value() {
            Value::Null => Ok(Map::new()),
            Value::Object(fields) => Ok(fields),
            _ => Err(Fault(format!("the {name} must be a table with string keys"))),
        }
    }

    /// The key of a value.
    pub(super) fn key(&mut self) -> Result<String, Fault> {
        self.text("key", KEY_CHARS)
    }
}

/// Whether a text may be the key of a value.
pub(crate) fn is_key(text: &str) -> bool {
    is_text(text, KEY_CHARS)
}

/// Whether a text has 1 to so many characters. PostgreSQL takes none with a zero byte.
fn is_text(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.contains('\0')
}

/// Whose value it is, by the fields `user` and `lobby` of a table.
pub(super) fn value_key(key: String, of: &Map<String, Value>) -> Result<ValueKey, Fault> {
    Ok(ValueKey { key, user: owner(of, "user")?, lobby: owner(of, "lobby")? })
}

fn owner<T: FromStr>(of: &Map<String, Value>, name: &str) -> Result<Option<T>, Fault> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => id(value).map(Some).ok_or_else(|| Fault(format!("`{name}` must be an id"))),
    }
}

fn id<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_what_they_have_to_be() {
        let mut args = Args::of(vec![json!("a"), json!(3), json!(4.0), json!({"b": 1})]);
        assert_eq!(args.text("title", 1), Ok("a".to_owned()));
        assert_eq!((args.number("score"), args.number("score")), (Ok(3), Ok(4)));
        assert_eq!(args.table("metadata").unwrap()["b"], 1);
        assert_eq!(
            (args.table("metadata"), args.value()),
            (Ok(Map::new()), Value::Null),
            "what is not given is nothing"
        );
        for bad in [json!(""), json!("ab"), json!("\0"), json!(1), Value::Null] {
            assert!(Args::of(vec![bad.clone()]).text("title", 1).is_err(), "{bad}");
        }
        for bad in [json!("1"), json!(1.5), json!(1e300), Value::Null] {
            assert!(Args::of(vec![bad.clone()]).number("score").is_err(), "{bad}");
        }
        assert!(Args::of(vec![json!([1])]).table("metadata").is_err());
        assert!(Args::of(vec![json!("x")]).id::<uuid::Uuid>("lobby").is_err());
        for whose in [json!({"user": "x"}), json!({"lobby": "x"})] {
            assert!(value_key("k".to_owned(), whose.as_object().unwrap()).is_err(), "{whose}");
        }
        assert_eq!(Args::of(vec![json!("é")]).text("title", 1), Ok("é".to_owned()), "characters, not bytes");
        let id = uuid::Uuid::from_u128(7);
        assert_eq!(Args::of(vec![json!(id.to_string())]).id("lobby"), Ok(id));
    }
}
