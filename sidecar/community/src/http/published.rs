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

/// The extension of a field that names the settings which bound it: `min` and `max`.
const LIMITS: &str = "x-limits";

/// The document with the limits in force.
pub(super) fn in_force(limits: &FieldLimits) -> OpenApi {
    let mut document = document();
    let schemas = document.components.iter_mut().flat_map(|components| components.schemas.values_mut());
    for schema in schemas {
        let RefOr::T(Schema::Object(schema)) = schema else { continue };
        for property in schema.properties.values_mut() {
            if let RefOr::T(Schema::Object(property)) = property {
                bound(property, limits);
            }
        }
    }
    document
}

/// Bounds a field as the settings that it names say: a text's length, or a number.
fn bound(field: &mut Object, limits: &FieldLimits) {
    let limit = |which| {
        let setting = field.extensions.as_ref()?.get(LIMITS)?.get(which)?.as_str()?;
        limit_of(setting, limits).map(size)
    };
    let (least, most) = (limit("min"), limit("max"));
    if field.maximum.is_some() {
        field.maximum = most.map(Number::UInt).or(field.maximum.take());
    } else {
        (field.min_length, field.max_length) = (least.or(field.min_length), most.or(field.max_length));
    }
}

fn limit_of(setting: &str, limits: &FieldLimits) -> Option<u32> {
    Some(match setting {
        "LIMIT_MAX_DEVICE_ID" => limits.max_device_id,
        "LIMIT_MAX_DISPLAY_NAME" => limits.max_display_name,
        "LIMIT_MAX_EMAIL" => limits.max_email,
        "LIMIT_MAX_LEADERBOARD_DESCRIPTION" => limits.max_leaderboard_description,
        "LIMIT_MAX_LEADERBOARD_SLUG" => limits.max_leaderboard_slug,
        "LIMIT_MAX_LEADERBOARD_TITLE" => limits.max_leaderboard_title,
        "LIMIT_MAX_LOBBY_PASSWORD" => limits.max_lobby_password,
        "LIMIT_MAX_LOBBY_TITLE" => limits.max_lobby_title,
        "LIMIT_MAX_LOBBY_USERS" => limits.max_lobby_users,
        "LIMIT_MAX_USERNAME" => limits.max_username,
        "LIMIT_MIN_USERNAME" => limits.min_username,
        _ => return None,
    })
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
            max_leaderboard_slug: 109,
            ..FieldLimits::default()
        };
        let fields = properties(&in_force(&limits));
        for (path, bounds) in [
            ("/UpdateCurrentUserDisplayNameRequest/display_name", json!({"maxLength": 101})),
            ("/UpdateCurrentUserUsernameRequest/username", json!({"minLength": 2, "maxLength": 33})),
            ("/RegisterRequest/email", json!({"maxLength": 102})),
            ("/DeviceLoginRequest/device_id", json!({"maxLength": 103})),
            ("/CreateLobbyRequest/title", json!({"maxLength": 104})),
            ("/CreateLobbyRequest/max_users", json!({"maximum": 105})),
            ("/CreateLobbyRequest/password", json!({"maxLength": 106})),
            ("/AdminCreateLeaderboardRequest/title", json!({"maxLength": 107})),
            ("/AdminUpdateLeaderboardRequest/description", json!({"maxLength": 108})),
            ("/AdminCreateLeaderboardRequest/slug", json!({"maxLength": 109})),
            ("/ResetPasswordRequest/password", json!({"minLength": 8, "maxLength": 72})),
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
        assert_eq!(changed, 26, "each of them wherever it stands, and nothing else");
    }
}
