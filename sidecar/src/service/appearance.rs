//! What a character looks like, as its player describes it. Clients decide how to show it; the rules here keep it small
//! and harmless.

use realmgate_protocol::limits::MAX_LOOK_BYTES;
use realmgate_protocol::text::fault_of_line;
use serde_json::{Map, Value};

/// What is wrong with an appearance, if anything. It has to be flat, so that every client can read all of it.
pub fn fault(appearance: &Map<String, Value>) -> Option<&'static str> {
    let is_shown = |text: &str| fault_of_line(text, MAX_LOOK_BYTES).is_none();
    let is_plain = |value: &Value| match value {
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_shown(text),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    if !appearance.keys().all(|key| is_shown(key)) || !appearance.values().all(is_plain) {
        Some("must contain only visible texts, numbers, true and false")
    } else if written(appearance).is_some_and(|text| text.len() > MAX_LOOK_BYTES) {
        Some("must have at most 128 bytes as JSON without spaces")
    } else {
        None
    }
}

/// The appearance as it is stored and sent; `None` for an empty one.
pub fn written(appearance: &Map<String, Value>) -> Option<String> {
    (!appearance.is_empty()).then(|| Value::from(appearance.clone()).to_string())
}

/// Parses a stored appearance. One that cannot be parsed is empty.
pub fn read(kept: Option<&str>) -> Map<String, Value> {
    kept.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("{value} is no object") };
        map
    }

    #[test]
    fn it_is_flat_small_and_harmless() {
        for good in [json!({}), json!({"hair": "red", "height": 1.8, "beard": true})] {
            assert_eq!(fault(&object(good.clone())), None, "{good}");
        }
        for bad in [
            json!({"beard": true, "hair": {"colour": "red"}, "skin": 3}),
            json!({"beard": true, "hair": ["red"], "skin": 3}),
            json!({"beard": true, "hair": null, "skin": 3}),
            json!({"beard": true, "hair": "re\u{202e}d", "skin": 3}),
            json!({"beard": true, "ha\nir": "red", "skin": 3}),
        ] {
            let wanted = Some("must contain only visible texts, numbers, true and false");
            assert_eq!(fault(&object(bad.clone())), wanted, "{bad}");
        }
        for (symbol, most) in [("x", 117), ("xö", 39)] {
            let of = |times| fault(&object(json!({"hair": symbol.repeat(times)})));
            assert_eq!(of(most), None, "exactly 128 bytes");
            assert_eq!(of(most + 1), Some("must have at most 128 bytes as JSON without spaces"), "{symbol}");
        }
    }

    #[test]
    fn it_comes_back_as_it_was() {
        let look = object(json!({"hair": "röt", "skin": 3, "height": 1.8, "beard": false}));
        assert_eq!(read(written(&look).as_deref()), look);
        assert_eq!(written(&Map::new()), None);
        for nothing in [None, Some("garbage")] {
            assert_eq!(read(nothing), Map::new(), "{nothing:?}");
        }
    }
}
