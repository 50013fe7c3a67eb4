//! Which paths the door takes. A service may decode a path once more than we do: one that means another path after that is refused.

use axum::http::{Request, Version};

/// Why a request's target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// The absolute form `GET http://host/path`, which is for forward proxies.
    #[error("The request target must be a path, not a URL")]
    Absolute,
    /// A `.` or `..` segment, an empty segment, a backslash, a control character, or one of these encoded, once or twice.
    #[error("The path must have no dot segments, empty segments, backslashes or encoded slashes")]
    Ambiguous,
    /// A percent sign without two hexadecimal digits.
    #[error("The path has a percent sign that encodes nothing")]
    Encoding,
}

/// Checks the target of a request.
///
/// # Errors
/// When it is in absolute form, or its path could mean another path to a service.
pub fn check<B>(request: &Request<B>) -> Result<(), BadTarget> {
    // HTTP/2 has no other form: its authority is a header of its own.
    let is_http1 = request.version() <= Version::HTTP_11;
    if is_http1 && request.uri().authority().is_some() {
        return Err(BadTarget::Absolute);
    }
    check_path(request.uri().path())
}

/// Checks a path, encoded as it was received.
///
/// # Errors
/// When it could mean another path to a service.
pub fn check_path(path: &str) -> Result<(), BadTarget> {
    if !path.starts_with('/') {
        return Err(BadTarget::Absolute);
    }
    if !path.contains('%') {
        return check_segments(path.as_bytes());
    }
    let once = decode(path.as_bytes());
    if once.is_malformed {
        return Err(BadTarget::Encoding);
    }
    // An encoded slash is a slash to some services, and a part of a name to others.
    if slashes(path.as_bytes()) != slashes(&once.bytes) {
        return Err(BadTarget::Ambiguous);
    }
    check_segments(&once.bytes)?;
    // A service may decode a second time, and leave as it is what is no encoding.
    let twice = decode(&once.bytes);
    if slashes(&once.bytes) != slashes(&twice.bytes) {
        return Err(BadTarget::Ambiguous);
    }
    check_segments(&twice.bytes)
}

fn slashes(path: &[u8]) -> usize {
    path.iter().filter(|byte| **byte == b'/').count()
}

fn check_segments(path: &[u8]) -> Result<(), BadTarget> {
    let is_bad_byte = |byte: &u8| *byte == b'\\' || byte.is_ascii_control();
    if path.iter().any(is_bad_byte) {
        return Err(BadTarget::Ambiguous);
    }
    let mut segments = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        // `/shop;x/..;x` is `/shop/..` to servers with path parameters.
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        if matches!(name, b"." | b"..") || (name.is_empty() && !(is_last && segment.is_empty())) {
            return Err(BadTarget::Ambiguous);
        }
    }
    Ok(())
}

/// What a percent-encoded text stands for.
struct Decoded {
    bytes: Vec<u8>,
    /// Whether a percent sign encodes nothing. It is left as it is.
    is_malformed: bool,
}

fn decode(text: &[u8]) -> Decoded {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let encoded = |rest: &[u8]| match rest {
        [b'%', high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    let (mut bytes, mut is_malformed, mut rest) = (Vec::with_capacity(text.len()), false, text);
    while let Some(&byte) = rest.first() {
        let read = encoded(rest);
        is_malformed |= byte == b'%' && read.is_none();
        bytes.push(read.unwrap_or(byte));
        rest = &rest[if read.is_some() { 3 } else { 1 }..];
    }
    Decoded { bytes, is_malformed }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_paths_pass() {
        for path in [
            "/",
            "/shop",
            "/shop/",
            "/shop/items/7",
            "/shop/a.b/..c/...",
            "/shop/%C3%A9",
            "/shop/100%25",
            "/shop/a%20b",
            "/shop/a;v=1",
            "/shop/%2520",
            "/shop/50%25%20off",
        ] {
            assert_eq!(check_path(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn paths_with_two_meanings_are_refused() {
        for path in [
            "/shop/../admin",
            "/shop/..",
            "/..",
            "/./shop",
            "/shop//admin",
            "//evil.example/",
            "/shop/%2e%2e/admin",
            "/shop/.%2E/admin",
            "/shop/%252e%252e/admin",
            "/shop%2f..%2fadmin",
            "/shop%2Fadmin",
            "/shop/%252fadmin",
            "/shop\\admin",
            "/shop/%5c..",
            "/shop/%255cadmin",
            "/shop/%00",
            "/shop/%0d%0aX: y",
            "/shop/..;/admin",
            "/shop/..;x=1/admin",
            "/shop/%2e%2e%3bx/admin",
            "/shop/%252/%252e/x",
        ] {
            assert_eq!(check_path(path), Err(BadTarget::Ambiguous), "{path}");
        }
        for path in ["/shop/%", "/shop/%2", "/shop/%zz"] {
            assert_eq!(check_path(path), Err(BadTarget::Encoding), "{path}");
        }
        for path in ["shop", "*", "http://evil.example/"] {
            assert_eq!(check_path(path), Err(BadTarget::Absolute), "{path}");
        }
    }

    #[test]
    fn absolute_form_is_refused_over_http1_alone() {
        let request = |version| Request::get("http://shop.example/items").version(version).body(()).unwrap();
        assert_eq!(check(&request(Version::HTTP_11)), Err(BadTarget::Absolute));
        assert_eq!(check(&request(Version::HTTP_2)), Ok(()));
    }

    proptest! {
        #[test]
        fn accepted_paths_stay_below_their_start_however_often_they_are_decoded(path in "/(shop|%2e|%2f|%25|\\.|/|;|a|\\\\){0,12}") {
            if check_path(&path).is_ok() {
                let mut bytes = path.into_bytes();
                for _ in 0..2 {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    prop_assert!(!text.split('/').any(|segment| matches!(segment, "." | "..")), "{text}");
                    bytes = decode(&bytes).bytes;
                }
            }
        }

        #[test]
        fn arbitrary_text_never_panics(path in ".*") {
            let _ = check_path(&path);
        }
    }
}
