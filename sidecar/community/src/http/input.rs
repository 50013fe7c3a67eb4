//! What a call says: its query and its body as one map, in which the body goes first.
//!
//! Clients send bare keys for what they do not mean (`?page&q=`), empty bodies as JSON, and forms. Nothing of that is an
//! error: an empty query value is absent, and so is an empty body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::parts;
use super::refusal::Refusal;

/// Query and body of a call.
#[derive(Debug, Default)]
pub struct Input(Map<String, Value>);

impl From<Map<String, Value>> for Input {
    fn from(said: Map<String, Value>) -> Self {
        Self(said)
    }
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let kind = content_type(request.headers()).to_owned();
        let bytes = Bytes::from_request(request, state).await.map_err(|refused| match refused.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::detail(StatusCode::PAYLOAD_TOO_LARGE),
            _ => Refusal::bad_request(),
        })?;
        Self::read(&query, &kind, &bytes)
    }
}

/// The content type of a request; empty where it has none.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

impl Input {
    /// Reads a query and a body of this content type.
    ///
    /// # Errors
    /// 400 for what cannot be read, 415 for another type.
    pub(super) fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let mut all = pairs(query.as_bytes());
        all.retain(|_, value| value.as_str() != Some(""));
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*kind {
            _ if body.is_empty() => {}
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(said)) => all.extend(said),
                Ok(Value::Null) => {}
                // Without names, nothing of it can be asked for.
                Ok(_) | Err(_) => return Err(Refusal::bad_request()),
            },
            "application/x-www-form-urlencoded" => all.extend(pairs(body)),
            "multipart/form-data" => {
                let said = parts::boundary(content_type).and_then(|boundary| parts::fields(body, boundary));
                all.extend(said.ok_or_else(Refusal::bad_request)?);
            }
            "" => {}
            _ => return Err(Refusal::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        }
        // PostgreSQL takes no text with a zero byte.
        match all.iter().any(|(name, value)| name.contains('\0') || has_zero(value)) {
            true => Err(Refusal::bad_request()),
            false => Ok(Self(all)),
        }
    }

    /// All of it, by name.
    pub(super) fn said(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All of it, as the fields of a struct; those that it does not have are left out.
    ///
    /// # Errors
    /// [`Refusal::bad_request`] when a field is missing that is not optional, or is of another type.
    pub fn fields<T: DeserializeOwned>(self) -> Result<T, Refusal> {
        serde_json::from_value(Value::Object(self.0)).map_err(|_| Refusal::bad_request())
    }

    /// Whether a value was given under this name; null counts as none.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A value under this name, whatever it is; null counts as none.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A value under this name, even null: `None` only where nothing was said.
    pub fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A whole number: of a text, the digits it begins with.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => {
                let sign = usize::from(text.starts_with('-'));
                let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
                text[..sign + digits].parse().ok()
            }
            _ => None,
        }
    }

    /// `true` or `false`, as such or as text in any case; anything else is none.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.0.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

fn pairs(encoded: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(encoded).map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
}

fn has_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_zero),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_zero(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(query: &str, body: &str) -> Input {
        Input::read(query, "application/json", body.as_bytes()).unwrap()
    }

    #[test]
    fn empty_query_values_are_absent_and_empty_body_values_are_not() {
        let input = json("page&q=&size=7", r#"{"name": ""}"#);
        assert!(!input.has("page") && !input.has("q"));
        assert_eq!((input.number("size"), input.text("name")), (Some(7), Some("")));
    }

    #[test]
    fn an_empty_body_of_any_kind_says_nothing() {
        for kind in ["application/json", "", "text/plain", "multipart/form-data"] {
            assert!(Input::read("", kind, b"").is_ok_and(|input| input.0.is_empty()), "{kind}");
        }
    }

    #[test]
    fn the_body_goes_before_the_query() {
        let input = json("a=query&b=query", r#"{"a": "body"}"#);
        assert_eq!((input.text("a"), input.text("b")), (Some("body"), Some("query")));
        let form = Input::read("a=query&c=query", "application/x-www-form-urlencoded", b"a=x+y&b=%C3%A4").unwrap();
        assert_eq!(["a", "b", "c"].map(|name| form.text(name)), [Some("x y"), Some("\u{e4}"), Some("query")]);
        let parts = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbody\r\n--x--";
        let parts = Input::read("a=query&c=query", "multipart/form-data; boundary=x", parts).unwrap();
        assert_eq!((parts.text("a"), parts.text("c")), (Some("body"), Some("query")));
    }

    #[test]
    fn numbers_are_the_digits_that_a_text_begins_with() {
        for (text, number) in [("12", Some(12)), ("7x", Some(7)), ("-3", Some(-3)), ("x", None), ("-", None)] {
            assert_eq!(json(&format!("n={text}"), "").number("n"), number, "{text}");
        }
        assert_eq!(json("n=99999999999999999999", "").number("n"), None);
        assert_eq!(json("", r#"{"n": 5}"#).number("n"), Some(5));
    }

    #[test]
    fn flags_are_words_in_any_case() {
        let input = json("a=TRUE&b=False&c=yes", r#"{"d": true}"#);
        assert_eq!(
            ["a", "b", "c", "d", "e"].map(|name| input.flag(name)),
            [Some(true), Some(false), None, Some(true), None]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (kind, body) in [
            ("application/json", &b"{"[..]),
            ("application/json", b"{\"a\": \"\\u0000\"}"),
            ("application/json", b"{\"a\": [{\"\\u0000\": 1}]}"),
            ("application/x-www-form-urlencoded", b"a=%00"),
            ("multipart/form-data", b"--x--"),
            ("multipart/form-data; boundary=x", b"x"),
            ("text/plain", b"x"),
        ] {
            assert!(Input::read("", kind, body).is_err(), "{kind} {body:?}");
        }
        assert!(Input::read("a=%00", "", b"").is_err());
    }
}
