//! The description of the calls as this realm publishes it: with the limits in force.

use std::sync::OnceLock;

use axum::body::Bytes;
use utoipa::Number;
use utoipa::openapi::schema::{Object, Schema};
use utoipa::openapi::{OpenApi, RefOr};

use super::openapi::document;
use crate::field_limits::{FieldLimits, size};

/// Made once: anybody may ask, as often as they like.
#[derive(Default)]
pub(crate) struct Published {
    /// As programs read it.
    pub(super) json: OnceLock<Bytes>,
    /// As people read it.
    pub(super) page: OnceLock<String>,
}

/// The document with the limits in force.
pub(super) fn in_force(limits: &FieldLimits) -> OpenApi {
    let mut document = document();
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::Object(schema)) = schema else { continue };
        for (name, property) in &mut schema.properties {
            if let RefOr::T(Schema::Object(property)) = property {
                bound(name, property, limits);
            }
        }
    }
    document
}

/// Bounds one field, which its name and its usual bound tell from others.
fn bound(name: &str, field: &mut Object, limits: &FieldLimits) {
    let longest = match (name, field.max_length) {
        ("description", Some(1_000)) => limits.max_leaderboard_description,
        ("device_id", Some(256)) => limits.max_device_id,
        ("display_name", Some(80)) => limits.max_display_name,
        ("email", Some(160)) => limits.max_email,
        ("password", Some(128)) => limits.max_lobby_password,
        ("title", Some(80)) => limits.max_lobby_title,
        ("title", Some(255)) => limits.max_leaderboard_title,
        ("username", Some(32)) => {
            field.min_length = Some(size(limits.min_username));
            limits.max_username
        }
        ("max_users", None) if field.maximum.is_some() => {
            field.maximum = Some(Number::UInt(size(limits.max_lobby_users)));
            return;
        }
        _ => return,
    };
    field.max_length = Some(size(longest));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn properties(document: &OpenApi) -> Value {
        let document = json!(document);
        let schemas = document["components"]["schemas"].as_object().unwrap().iter();
        schemas.map(|(name, schema)| (name.clone(), schema["properties"].clone())).collect()
    }

    #[test]
    fn the_usual_limits_are_those_of_the_document() {
        assert_eq!(json!(in_force(&FieldLimits::default())), json!(document()));
    }

    #[test]
    fn each_field_has_the_limit_of_its_kind() {
        let limits = FieldLimits {
            max_display_name: 101,
            min_username: 2,
            max_username: 33,
            max_email: 102,
            max_device_id: 103,
            max_lobby_title: 104,
            max_lobby_users: 105,
            max_lobby_password: 106,
            max_leaderboard_title: 107,
            max_leaderboard_description: 108,
            ..FieldLimits::default()
        };
        let fields = properties(&in_force(&limits));
        for (path, bounds) in [
            ("/DisplayName/display_name", json!({"maxLength": 101})),
            ("/Username/username", json!({"minLength": 2, "maxLength": 33})),
            ("/SignUp/email", json!({"maxLength": 102})),
            ("/Device/device_id", json!({"maxLength": 103})),
            ("/NewLobby/title", json!({"maxLength": 104})),
            ("/NewLobby/max_users", json!({"maximum": 105})),
            ("/NewLobby/password", json!({"maxLength": 106})),
            ("/NewLeaderboard/title", json!({"maxLength": 107})),
            ("/LeaderboardEdit/description", json!({"maxLength": 108})),
            ("/SignUp/password", json!({"minLength": 8, "maxLength": 72})),
        ] {
            for (bound, value) in bounds.as_object().unwrap() {
                assert_eq!(fields.pointer(path).unwrap()[bound], *value, "{path} {bound}");
            }
        }
        let usual = properties(&document());
        let all = |fields: &Value| -> BTreeSet<String> {
            let schemas = fields.as_object().unwrap().iter();
            schemas
                .flat_map(|(schema, fields)| fields.as_object().into_iter().flatten().map(move |field| (schema, field)))
                .map(|(schema, (name, field))| format!("{schema}.{name}: {field}"))
                .collect()
        };
        let changed = all(&fields).difference(&all(&usual)).count();
        assert_eq!(changed, 19, "each of them wherever it stands, and nothing else");
    }
}
