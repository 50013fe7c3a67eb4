//! The form of `services.toml`, for editors. The schema is generated from these types.

#![expect(
    dead_code,
    reason = "only their schema is used: the file is read key by key, so that all faults are found at once"
)]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Access;
use super::address::{MAX_NAMESPACE_BYTES, MAX_PATH_BYTES, MAX_URLS};
use super::limits::{
    ANSWER_S, BODY_BYTES, CONNECT_S, FAILURES, IDLE_S, OPEN_S, PACKET_BYTES, REQUESTS, RETRIES, SOCKETS,
};
use super::load::MAX_SERVICES;
use super::public::MAX_ROUTES;

/// The JSON Schema (2020-12) of `services.toml`, for editors.
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FileForm>().to_value()
}

/// The services behind the door.
#[derive(JsonSchema)]
#[schemars(rename = "services.toml", deny_unknown_fields)]
struct FileForm {
    /// The services by name.
    #[schemars(extend(
        "propertyNames" = { "pattern": "^[a-z][a-z0-9-]{0,31}$" },
        "maxProperties" = MAX_SERVICES
    ))]
    services: Option<BTreeMap<String, ServiceForm>>,
}

/// A service behind the door. It needs `url` or `urls`, and `path` or `socket_io`.
#[derive(JsonSchema)]
#[schemars(
    rename = "Service",
    deny_unknown_fields,
    extend(
        "oneOf" = [{ "required": ["url"] }, { "required": ["urls"] }],
        "anyOf" = [{ "required": ["path"] }, { "required": ["socket_io"] }]
    )
)]
struct ServiceForm {
    /// Where the service listens: `http` or `https`, a host, perhaps a port and a path.
    #[schemars(regex(pattern = "^[Hh][Tt][Tt][Pp][Ss]?://[^@?#]+$"))]
    url: Option<String>,
    /// The same for several, between which the door balances.
    #[schemars(length(min = 1, max = MAX_URLS), inner(regex(pattern = "^[Hh][Tt][Tt][Pp][Ss]?://[^@?#]+$")))]
    urls: Option<Vec<String>>,
    /// The path that the service is exposed at, such as `/shop`.
    #[schemars(length(max = MAX_PATH_BYTES), regex(pattern = "^(/[A-Za-z0-9._~-]+)+$"))]
    path: Option<String>,
    /// Whether HTTP requests need a token.
    #[schemars(extend("default" = "token"))]
    http: Option<Access>,
    /// Whether WebSockets and sockets of Socket.IO need a token.
    #[schemars(extend("default" = "token"))]
    sockets: Option<Access>,
    /// Routes below `path` that need no token: `/prices`, `/news/*`, `GET /prices`.
    #[schemars(length(max = MAX_ROUTES), inner(regex(pattern = "^([A-Z]+ )?/")))]
    public: Option<Vec<String>>,
    /// What the service is passed of the user, and in which headers.
    claims: Option<ClaimsForm>,
    /// The path that health checks request. Without it, there are no health checks.
    #[schemars(regex(pattern = "^/"))]
    health: Option<String>,
    /// How long connecting may take, in seconds.
    #[schemars(range(min = CONNECT_S.least, max = CONNECT_S.most), extend("default" = CONNECT_S.default))]
    connect_timeout_s: Option<f64>,
    /// How long the head of a response may take, in seconds.
    #[schemars(range(min = ANSWER_S.least, max = ANSWER_S.most), extend("default" = ANSWER_S.default))]
    timeout_s: Option<f64>,
    /// How long a response or a socket may carry nothing, in seconds.
    #[schemars(range(min = IDLE_S.least, max = IDLE_S.most), extend("default" = IDLE_S.default))]
    idle_timeout_s: Option<f64>,
    /// Maximum size of a request body, in bytes.
    #[schemars(range(min = BODY_BYTES.least, max = BODY_BYTES.most), extend("default" = BODY_BYTES.default))]
    max_body_bytes: Option<u64>,
    /// How often a failed request without a body is repeated, if it is safe to repeat.
    #[schemars(range(min = RETRIES.least, max = RETRIES.most), extend("default" = RETRIES.default))]
    retries: Option<u32>,
    /// Maximum number of requests at once.
    #[schemars(range(min = REQUESTS.least, max = REQUESTS.most), extend("default" = REQUESTS.default))]
    max_requests: Option<u32>,
    /// Maximum number of sockets at once.
    #[schemars(range(min = SOCKETS.least, max = SOCKETS.most), extend("default" = SOCKETS.default))]
    max_sockets: Option<u32>,
    /// The Socket.IO server of the service.
    socket_io: Option<SocketIoForm>,
    /// When the door stops calling a base URL that fails.
    breaker: Option<BreakerForm>,
}

/// The header of each claim that a service is passed. By default only the account's id, in `x-user-id`.
#[derive(JsonSchema)]
#[schemars(rename = "Claims", deny_unknown_fields)]
struct ClaimsForm {
    /// The header of the account's id.
    #[schemars(rename = "userId", length(max = 64), regex(pattern = "^[A-Za-z0-9-]+$"))]
    user_id: Option<String>,
    /// The header of the account's role, `player` or `admin`.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9-]+$"))]
    role: Option<String>,
    /// The header of the id of the login.
    #[schemars(length(max = 64), regex(pattern = "^[A-Za-z0-9-]+$"))]
    sid: Option<String>,
}

/// The Socket.IO server of a service.
#[derive(JsonSchema)]
#[schemars(rename = "SocketIo", deny_unknown_fields)]
struct SocketIoForm {
    /// The namespace at the door.
    #[schemars(length(max = MAX_NAMESPACE_BYTES), regex(pattern = "^(/|(/[A-Za-z0-9_-]+)+)$"))]
    namespace: String,
    /// The namespace at the service.
    #[schemars(length(max = MAX_NAMESPACE_BYTES), regex(pattern = "^(/|(/[A-Za-z0-9_-]+)+)$"))]
    #[schemars(extend("default" = "/"))]
    service_namespace: Option<String>,
    /// The path of the service's Engine.IO.
    #[schemars(regex(pattern = "^(/[A-Za-z0-9._~-]+)+/?$"), extend("default" = "/socket.io/"))]
    path: Option<String>,
    /// Maximum size of a packet with its attachments, in bytes.
    #[schemars(range(min = PACKET_BYTES.least, max = PACKET_BYTES.most), extend("default" = PACKET_BYTES.default))]
    max_packet_bytes: Option<u32>,
}

/// The circuit breaker of each base URL.
#[derive(JsonSchema)]
#[schemars(rename = "Breaker", deny_unknown_fields)]
struct BreakerForm {
    /// How many failures in a row open it.
    #[schemars(range(min = FAILURES.least, max = FAILURES.most), extend("default" = FAILURES.default))]
    failures: Option<u32>,
    /// How long it stays open, in seconds.
    #[schemars(range(min = OPEN_S.least, max = OPEN_S.most), extend("default" = OPEN_S.default))]
    open_s: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SHOP, faults};
    use super::*;

    #[test]
    fn the_schema_names_the_keys_that_are_read() {
        let schema = schema();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let of = |pointer: &str| {
            let table = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing in {schema:#}"));
            assert_eq!(table["additionalProperties"], false, "{pointer}");
            let mut keys: Vec<_> = table["properties"].as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        for (pointer, table) in [
            ("", ""),
            ("/$defs/Service", ""),
            ("/$defs/Claims", "claims"),
            ("/$defs/SocketIo", "socket_io"),
            ("/$defs/Breaker", "breaker"),
        ] {
            // The fault of an unknown key lists those that are known.
            let text = match (pointer, table) {
                ("", _) => "xxxxxxxxxxx = 1".to_owned(),
                (_, "") => format!("{SHOP}xxxxxxxxxxx = 1"),
                _ => format!("{SHOP}{table}.xxxxxxxxxxx = 1"),
            };
            let fault = faults(&text).into_iter().find(|fault| fault.contains("unknown key")).unwrap();
            let listed = fault.split("expected ").nth(1).unwrap().split('`').skip(1).step_by(2);
            let mut known: Vec<_> = listed.map(str::to_owned).collect();
            known.sort();
            assert_eq!(of(pointer), known, "{pointer}");
        }
    }

    #[test]
    fn the_schema_has_the_bounds_and_defaults_of_the_messages() {
        let schema = schema();
        for (table, key) in [
            ("Service", "connect_timeout_s"),
            ("Service", "timeout_s"),
            ("Service", "idle_timeout_s"),
            ("Service", "max_body_bytes"),
            ("Service", "retries"),
            ("Service", "max_requests"),
            ("Service", "max_sockets"),
            ("SocketIo", "max_packet_bytes"),
            ("Breaker", "failures"),
            ("Breaker", "open_s"),
        ] {
            let rule = &schema["$defs"][table]["properties"][key];
            let number =
                |name: &str| rule[name].as_f64().unwrap_or_else(|| panic!("{table}.{key} has no {name}: {rule:#}"));
            assert!(number("minimum") <= number("default") && number("default") <= number("maximum"), "{rule:#}");
            let inner = match table {
                "SocketIo" => "socket_io.",
                "Breaker" => "breaker.",
                _ => "",
            };
            let found = faults(&format!("{SHOP}{inner}{key} = -1"));
            let bounds = format!(" from {} to {}", number("minimum"), number("maximum"));
            assert!(found.iter().any(|fault| fault.ends_with(&bounds)), "{bounds}: {found:?}");
        }
        assert_eq!(schema["$defs"]["Access"]["oneOf"].as_array().map(Vec::len), Some(3));
        assert_eq!(schema["$defs"]["SocketIo"]["required"], Value::from(vec!["namespace"]));
    }
}
