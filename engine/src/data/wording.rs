//! What a schema allows, and what a designer wrote, in words a designer knows; long values are cut.

use serde_json::Value;

/// The part of the schema that a JSON pointer leads to, through every `$ref` on the way.
pub(super) fn resolve<'s>(root: &'s Value, pointer: &str) -> &'s Value {
    let mut node = root;
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        if segment == "$ref" {
            node = follow(root, node);
            continue;
        }
        let step = |node: &'s Value| match node {
            Value::Array(items) => segment.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => node.get(&segment),
        };
        match step(node).or_else(|| step(follow(root, node))) {
            Some(next) => node = next,
            None => return &Value::Null,
        }
    }
    node
}

/// The target of a `$ref`; any other node is returned as it is.
pub(super) fn follow<'s>(root: &'s Value, node: &'s Value) -> &'s Value {
    let target = node.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(node)
}

/// The alternatives of a `oneOf` or `anyOf`.
pub(super) fn alternatives(node: &Value) -> Option<&Vec<Value>> {
    node.get("oneOf").or_else(|| node.get("anyOf")).and_then(Value::as_array)
}

/// The literals that a schema allows, if it allows nothing else.
pub(super) fn literals<'s>(root: &'s Value, node: &'s Value) -> Option<Vec<&'s Value>> {
    let node = follow(root, node);
    if let Some(literal) = node.get("const") {
        return Some(vec![literal]);
    }
    if let Some(options) = node.get("enum").and_then(Value::as_array) {
        return Some(options.iter().filter(|option| !option.is_null()).collect());
    }
    let branches = alternatives(node)?.iter().filter(|branch| !is_null(branch));
    branches.map(|branch| literals(root, branch)).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
}

/// The keys that a table schema names, those of its alternatives included.
pub(super) fn keys<'s>(root: &'s Value, node: &'s Value) -> Vec<&'s str> {
    let own = node.get("properties").and_then(Value::as_object);
    let mut keys: Vec<_> = own.into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    if node.get("$ref").is_some() {
        keys.extend(self::keys(root, follow(root, node)));
    }
    for part in ["oneOf", "anyOf", "allOf"] {
        let parts = node.get(part).and_then(Value::as_array);
        parts.into_iter().flatten().for_each(|part| keys.extend(self::keys(root, part)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The value as a designer would write it in TOML, cut where it is long.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "this value".to_owned(),
        Value::Array(_) => "this list".to_owned(),
        Value::Object(_) => "this table".to_owned(),
        Value::String(text) if text.chars().count() > 40 => {
            format!("\"{}…\"", text.chars().take(40).collect::<String>())
        }
        other => other.to_string(),
    }
}

/// What kind of value this is, for "… is a text".
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "a whole number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// What a schema allows: "a whole number from 1 to 60", "one of `melee`, `ranged`".
pub(super) fn describe(root: &Value, node: &Value) -> String {
    let node = follow(root, node);
    if let Some(legal) = literals(root, node) {
        let quoted: Vec<_> = legal.iter().map(|literal| bare(literal)).collect();
        return if let [only] = quoted.as_slice() { only.clone() } else { format!("one of {}", quoted.join(", ")) };
    }
    if let Some(branches) = alternatives(node) {
        let mut parts: Vec<_> = branches.iter().filter(|branch| !is_null(branch)).map(|b| describe(root, b)).collect();
        parts.dedup();
        return parts.join(" or ");
    }
    if let Some([only]) = node.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        return describe(root, only);
    }
    let kinds: Vec<_> = match node.get("type") {
        Some(Value::String(kind)) => vec![kind.as_str()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => return "another value".to_owned(),
    };
    kinds.iter().map(|kind| describe_kind(root, node, kind)).collect::<Vec<_>>().join(" or ")
}

fn describe_kind(root: &Value, node: &Value, kind: &str) -> String {
    match kind {
        "integer" => format!("a whole number{}", number_bounds(node)),
        "number" => format!("a number{}", number_bounds(node)),
        "boolean" => "`true` or `false`".to_owned(),
        "string" => match node.get("pattern").and_then(Value::as_str) {
            Some(pattern) => format!("a string of the form `{pattern}`"),
            None => format!("a string{}", sized(node, "minLength", "maxLength", "characters")),
        },
        "array" => match node.get("items") {
            Some(items) => {
                let size = sized(node, "minItems", "maxItems", "items");
                format!("a list{size}, each {}", describe(root, items))
            }
            None => "a list".to_owned(),
        },
        _ => match node.get("required").and_then(Value::as_array) {
            Some(required) if !required.is_empty() => {
                format!("a table with {}", required.iter().map(bare).collect::<Vec<_>>().join(", "))
            }
            _ => "a table".to_owned(),
        },
    }
}

fn is_null(node: &Value) -> bool {
    node.get("type").and_then(Value::as_str) == Some("null")
}

fn bare(literal: &Value) -> String {
    literal.as_str().map_or_else(|| format!("`{literal}`"), |text| format!("`{text}`"))
}

fn number_bounds(node: &Value) -> String {
    let bound = |key: &str| node.get(key).map(Value::to_string);
    let least = bound("minimum").map(|least| (least, " or more")).or(bound("exclusiveMinimum").map(|l| (l, "above")));
    let most = bound("maximum").map(|most| (most, " or less")).or(bound("exclusiveMaximum").map(|m| (m, "below")));
    let above = |word: &str| word == "above" || word == "below";
    match (least, most) {
        (Some((least, l)), Some((most, m))) if !above(l) && !above(m) => format!(" from {least} to {most}"),
        (Some((least, "above")), None) => format!(" above {least}"),
        (Some((least, "above")), Some((most, _))) => format!(" above {least} and at most {most}"),
        (Some((least, _)), Some((most, _))) => format!(" from {least} and below {most}"),
        (Some((least, word)), None) => format!(" of {least}{word}"),
        (None, Some((most, "below"))) => format!(" below {most}"),
        (None, Some((most, word))) => format!(" of {most}{word}"),
        (None, None) => String::new(),
    }
}

fn sized(node: &Value, least: &str, most: &str, of: &str) -> String {
    let bound = |key: &str| node.get(key).and_then(Value::as_u64);
    match (bound(least), bound(most)) {
        (Some(least), Some(most)) if least == most => format!(" of {least} {of}"),
        (Some(least), Some(most)) => format!(" of {least} to {most} {of}"),
        (Some(least), None) => format!(" of {least} or more {of}"),
        (None, Some(most)) => format!(" of at most {most} {of}"),
        (None, None) => String::new(),
    }
}
