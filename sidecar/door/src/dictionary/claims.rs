//! What a service is passed of the user, and in which headers.

use axum::http::HeaderName;

use super::Claim;
use super::table::{Table, Text, quoted};

/// The header of the account's id, which no client can set, also where no service uses it.
pub(super) const USER_ID: HeaderName = HeaderName::from_static("x-user-id");

const CLAIMS: [(&str, Claim); 3] = [("userId", Claim::UserId), ("role", Claim::Role), ("sid", Claim::Session)];

/// Headers that mean something to HTTP or that the door writes itself.
const TAKEN: [&str; 18] = [
    "authorization",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-request-id",
];
const TAKEN_BEGINNINGS: [&str; 4] = ["content-", "proxy-", "sec-", "x-forwarded-"];

/// Reads the claims of a service. Without any, the account's id is passed in `x-user-id`.
pub(super) fn read(service: &mut Table<'_>) -> Vec<(Claim, HeaderName)> {
    let Some(mut table) = service.table("claims") else { return vec![(Claim::UserId, USER_ID)] };
    let mut claims: Vec<(Claim, HeaderName)> = Vec::new();
    for (key, claim) in CLAIMS {
        let Some(Text { text, span }) = table.text(key) else { continue };
        match header(text) {
            Ok(name) if claims.iter().any(|(_, other)| *other == name) => {
                let message = format!("`{key}` is {}, which another claim has", quoted(text));
                table.report().fault(span, message, "a header of its own");
            }
            Ok(name) => claims.push((claim, name)),
            Err(expected) => table.report().fault(span, format!("`{key}` is {}", quoted(text)), expected),
        }
    }
    table.finish();
    claims
}

fn header(text: &str) -> Result<HeaderName, &'static str> {
    // Servers such as those of CGI and WSGI take an underscore for a hyphen, so two spellings would be one header.
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && text.len() <= 64;
    let name = HeaderName::from_bytes(text.as_bytes()).ok().filter(|_| is_plain);
    let name = name.ok_or("a header name such as `x-user-id`: letters, digits and hyphens, at most 64 bytes")?;
    let is_taken =
        TAKEN.contains(&name.as_str()) || TAKEN_BEGINNINGS.iter().any(|with| name.as_str().starts_with(with));
    if is_taken { Err("another header, such as `x-user-id`: HTTP or the door uses this one") } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_plain_and_lower_case() {
        assert_eq!(header("X-User-Id").unwrap(), USER_ID);
        for text in ["", "x_user_id", "x user", "x:user", "x-usér", "x-user\r\n", &"x".repeat(65)] {
            assert!(header(text).unwrap_err().starts_with("a header name"), "{text}");
        }
    }

    #[test]
    fn headers_of_http_and_of_the_door_are_refused() {
        for text in [
            "Connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "host",
            "authorization",
            "cookie",
            "content-length",
            "content-type",
            "x-forwarded-for",
            "X-Forwarded-Proto",
            "forwarded",
            "x-request-id",
            "traceparent",
            "sec-websocket-key",
        ] {
            assert!(header(text).unwrap_err().starts_with("another header"), "{text}");
        }
    }
}
