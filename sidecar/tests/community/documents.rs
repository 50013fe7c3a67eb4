//! The OpenAPI documents, as far as programs that make clients of them need.

use std::collections::BTreeMap;

use serde_json::Value;

/// Both documents, by name.
fn documents() -> [(&'static str, Value); 2] {
    [
        ("community", serde_json::to_value(realmgate_community::http::document()).unwrap()),
        ("worlds", serde_json::to_value(realmgate_sidecar::http::document()).unwrap()),
    ]
}

/// The calls of a document.
fn calls(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter().filter(|(_, call)| call.is_object());
        methods.map(move |(method, call)| (format!("{method} {path}"), call))
    })
}

#[test]
fn every_answer_is_described_and_a_server_is_named() {
    for (name, document) in documents() {
        assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:3000", "{name}");
        for (call, operation) in calls(&document) {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let text = answer["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{name}: {call} {status}");
            }
        }
    }
}

#[test]
fn every_call_has_a_name_of_its_own() {
    for (name, document) in documents() {
        let mut seen = BTreeMap::new();
        for (call, operation) in calls(&document) {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name}: {call} has no name"));
            let other = seen.insert(id.to_owned(), call.clone());
            assert_eq!(other, None, "{name}: {call} is called {id} too");
        }
    }
}

#[test]
fn no_two_schemas_differ_in_case_alone() {
    for (name, document) in documents() {
        let mut seen = BTreeMap::new();
        for schema in document["components"]["schemas"].as_object().unwrap().keys() {
            let other = seen.insert(schema.to_lowercase(), schema);
            assert_eq!(other, None, "{name}: a file system or a class path takes {schema} for it");
        }
    }
}

#[test]
fn request_bodies_are_optional_and_named_after_their_calls() {
    let document = &documents()[0].1;
    for (call, operation) in calls(document).filter(|(_, operation)| operation["requestBody"].is_object()) {
        let body = &operation["requestBody"];
        assert_ne!(body["required"], true, "{call}");
        let words = operation["operationId"].as_str().unwrap().split('_');
        let words = words.map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
        let schema = format!("#/components/schemas/{}Request", words.collect::<String>());
        assert_eq!(body["content"]["application/json"]["schema"]["$ref"], schema, "{call}");
    }
    for name in ["DeviceLoginRequest", "RefreshTokenRequest", "CreateLobbyRequest", "UpdateLobbyRequest"] {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn fields_and_paths_that_clients_meet_are_described() {
    let [(_, community), (_, worlds)] = documents();
    for field in ["max", "max_bytes"] {
        assert!(community["components"]["schemas"]["Refused"]["properties"][field].is_object(), "{field}");
    }
    let page = include_str!("../../../docs/community.md");
    // Other names of routes that the document has.
    for path in ["/me/friend_requests", "/auth/session/"] {
        assert!(
            page.contains(&format!("* `{path}`")),
            "docs/community.md does not say that {path} is not in the document"
        );
    }
    // Administrators' routes of the worlds are in the other document.
    for path in ["characters", "characters/{id}", "characters/{id}/gold", "items/{id}/ledger", "servers", "settings"] {
        let path = format!("/api/v1/admin/{path}");
        assert!(worlds["paths"][&path].is_object() && community["paths"][&path].is_null(), "{path}");
    }
    assert!(page.contains("(openapi.json)"), "docs/community.md links to it");
}

#[test]
fn every_schema_that_is_referred_to_is_there() {
    for (name, document) in documents() {
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let schema = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"][schema].is_object(), "{name}: {schema}");
        }
    }
}
