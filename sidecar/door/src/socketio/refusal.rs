//! CONNECT_ERROR packets of the door itself.

use realmgate_platform::error::ErrorCode;
use realmgate_platform::http::status_of;
use serde_json::json;

use super::packet::{self, Kind};

/// The packet that refuses a namespace to a client, which sees `connect_error` with `data.code` and `data.status`.
pub(super) fn write(namespace: &str, code: ErrorCode) -> String {
    let data = json!({"code": code.as_str(), "status": status_of(code).as_u16()});
    let payload = json!({"message": message(code), "data": data}).to_string();
    packet::write("", Kind::ConnectError, namespace, &payload)
}

/// For people.
const fn message(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::Unauthorized => "Log in first.",
        ErrorCode::InvalidToken => "The login has expired. Log in again.",
        ErrorCode::NotFound => "There is no such namespace.",
        ErrorCode::ServiceUnreachable => "The service cannot be reached now. Try again later.",
        ErrorCode::ServiceTimeout => "The service did not answer in time. Try again later.",
        ErrorCode::ServiceUnavailable => "The service is not available now. Try again later.",
        ErrorCode::PayloadTooLarge => "The auth object is too large.",
        ErrorCode::RateLimited => "This connection has joined too many namespaces.",
        _ => "The server cannot do this now. Try again later.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_has_message_code_and_status() {
        let text = write("/shop", ErrorCode::InvalidToken);
        let (head, payload) = text.split_once(',').unwrap();
        assert_eq!(head, "4/shop");
        let payload: serde_json::Value = serde_json::from_str(payload).unwrap();
        assert_eq!(payload["data"], json!({"code": "INVALID_TOKEN", "status": 498}));
        assert_eq!(payload["message"], "The login has expired. Log in again.");
    }
}
