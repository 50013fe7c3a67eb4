//! `GET /api/docs`: the calls of the OpenAPI document as a page for people, without a script.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use realmgate_platform::http::escaped;
use serde_json::{Map, Value};

use super::Refusal;
use super::openapi::check_published;
use super::pages::paragraph;
use super::published::in_force;
use crate::state::Community;

/// The order of methods on a path.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// How deep bodies are shown: a field of a field.
const DEPTH: usize = 3;

/// Read about every call.
pub(super) async fn docs(State(community): State<Community>) -> Result<Response, Refusal> {
    check_published(&community)?;
    let made = || rendered(&serde_json::to_value(in_force(&community.settings.limits)).unwrap_or_default());
    let page = community.published.page.get_or_init(made);
    Ok(community.pages.page_as(StatusCode::OK, "HTTP routes of this realm", "docs", page))
}

/// The document as markup.
fn rendered(document: &Value) -> String {
    let mut html = paragraph(
        "The community services are HTTP routes below /api/v1. Routes with a key need the access token of a login, as \
         Authorization: Bearer TOKEN. Programs read the same as OpenAPI at /api/openapi.",
    );
    let mut tags: BTreeMap<&str, Vec<(&str, &str, &Value)>> = BTreeMap::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let tag = operation["tags"][0].as_str().unwrap_or("Others");
                tags.entry(tag).or_default().push((method, path, operation));
            }
        }
    }
    for (tag, operations) in tags {
        html.push_str(&format!("<h2>{}</h2>", escaped(tag)));
        for (method, path, operation) in operations {
            // Writing to a text does not fail.
            let _ = call(&mut html, document, (method, path), operation);
        }
    }
    html
}

fn call(html: &mut String, document: &Value, (method, path): (&str, &str), operation: &Value) -> fmt::Result {
    let text = |name: &str| escaped(operation[name].as_str().unwrap_or_default());
    let needs_token = operation["security"].as_array().is_some_and(|ways| {
        !ways.is_empty() && ways.iter().all(|way| way.as_object().is_some_and(|way| !way.is_empty()))
    });
    let key = if needs_token { " <i title=\"needs an access token\">&#128273;</i>" } else { "" };
    write!(
        html,
        "<details id=\"{id}\"><summary><b>{}</b> <code>{}</code>{key} {}</summary><p>Operation <code>{id}</code></p>{}",
        method.to_uppercase(),
        escaped(path),
        text("summary"),
        operation["description"].as_str().map(paragraph).unwrap_or_default(),
        id = text("operationId"),
    )?;
    parameters(html, operation)?;
    for (kind, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        write!(html, "<h3>Body</h3><p><code>{}</code></p>", escaped(kind))?;
        shape(html, document, &body["schema"], DEPTH)?;
    }
    html.push_str("<h3>Responses</h3>");
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let what = answer["description"].as_str().unwrap_or_default();
        write!(html, "<p><b>{}</b> {}</p>", escaped(status), escaped(what))?;
        if status.starts_with('2') {
            shape(html, document, &answer["content"]["application/json"]["schema"], DEPTH)?;
        }
    }
    html.push_str("</details>");
    Ok(())
}

fn parameters(html: &mut String, operation: &Value) -> fmt::Result {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if parameters.is_empty() {
        return Ok(());
    }
    html.push_str("<h3>Parameters</h3><ul>");
    for parameter in parameters {
        let text = |name: &str| escaped(parameter[name].as_str().unwrap_or_default());
        write!(html, "<li><code>{}</code> in the {}: {}</li>", text("name"), text("in"), text("description"))?;
    }
    html.push_str("</ul>");
    Ok(())
}

/// The fields of a schema, and theirs.
fn shape(html: &mut String, document: &Value, schema: &Value, depth: usize) -> fmt::Result {
    let fields = fields(document, schema);
    if fields.is_empty() || depth == 0 {
        return Ok(());
    }
    html.push_str("<ul>");
    for (name, field) in fields {
        let what = field["description"].as_str().unwrap_or_default();
        write!(
            html,
            "<li><code>{}</code> <i>{}</i> {}",
            escaped(&name),
            escaped(&kind(document, &field)),
            escaped(what)
        )?;
        shape(html, document, &field, depth - 1)?;
        html.push_str("</li>");
    }
    html.push_str("</ul>");
    Ok(())
}

/// The fields of an object, of the objects that it is made of, or of those in a list.
fn fields(document: &Value, schema: &Value) -> Map<String, Value> {
    let schema = resolved(document, schema);
    let mut all = schema["properties"].as_object().cloned().unwrap_or_default();
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|parts| schema[*parts].as_array()).flatten() {
        all.extend(fields(document, part));
    }
    if schema["items"].is_object() {
        all.extend(fields(document, &schema["items"]));
    }
    all
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    name.and_then(|path| document.pointer(path)).unwrap_or(schema)
}

/// What a field is, in a word.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = resolved(document, schema);
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(document, schema)),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => String::new(),
    }
}

fn kind_of_items(document: &Value, schema: &Value) -> String {
    Some(kind(document, &schema["items"])).filter(|kind| !kind.is_empty()).unwrap_or_else(|| "anything".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of a body's fields, read apart from what makes the page.
    fn names<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a str> {
        if let Some(path) = schema["$ref"].as_str() {
            return names(document, document.pointer(&path[1..]).unwrap());
        }
        let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|parts| schema[parts].as_array()).flatten();
        own.chain(parts.flat_map(|part| names(document, part))).collect()
    }

    #[test]
    fn every_call_is_on_the_page_with_what_is_sent() {
        let document = serde_json::to_value(super::super::document()).unwrap();
        let html = rendered(&document);
        let items = document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap());
        let (mut calls, mut in_addresses, mut in_bodies) = (0, 0, 0);
        for (_, operation) in items {
            let id = operation["operationId"].as_str().unwrap();
            let (_, part) = html.split_once(&format!("<details id=\"{id}\">")).expect(id);
            let (part, _) = part.split_once("</details>").expect(id);
            // Answers have fields too.
            let (sent, _) = part.split_once("<h3>Responses</h3>").expect(id);
            calls += 1;
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let (name, place) = (parameter["name"].as_str().unwrap(), parameter["in"].as_str().unwrap());
                assert!(sent.contains(&format!("<code>{name}</code> in the {place}: ")), "{id} has no {name}: {sent}");
                in_addresses += 1;
            }
            for (_, body) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                for name in names(&document, &body["schema"]) {
                    assert!(sent.contains(&format!("<code>{name}</code> <i>")), "{id} has no {name}: {sent}");
                    in_bodies += 1;
                }
            }
        }
        assert!(calls > 60 && in_addresses > 70 && in_bodies > 70, "{calls}, {in_addresses}, {in_bodies}");
        assert!(html.contains("<code>has_more</code> <i>boolean</i>"), "and what answers are made of");
        assert_eq!(html.matches("<details").count(), html.matches("</details>").count());
    }

    #[test]
    fn texts_are_no_markup() {
        let document =
            serde_json::json!({"paths": {"/a<b>": {"get": {"operationId": "x", "summary": "1 < 2 & 'so'"}}}});
        let html = rendered(&document);
        assert!(html.contains("/a&lt;b&gt;") && html.contains("1 &lt; 2 &amp; &#39;so&#39;"), "{html}");
        // Nor is any other: tag, id (twice), description, three of a parameter, four of a body, two of an answer.
        let text = "<u>";
        let field = serde_json::json!({"type": text, "description": text});
        let operation = serde_json::json!({
            "operationId": text, "tags": [text], "description": text,
            "parameters": [{"name": text, "in": text, "description": text}],
            "requestBody": {"content": {text: {"schema": {"properties": {text: field}}}}},
            "responses": {text: {"description": text}},
        });
        let html = rendered(&serde_json::json!({"paths": {"/a": {"get": operation}}}));
        assert_eq!((html.matches("<u>").count(), html.matches("&lt;u&gt;").count()), (0, 13), "{html}");
    }
}
