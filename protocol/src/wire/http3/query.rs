//! The first bytes of the session's stream in the query of the request, from clients that may open no stream before it is answered.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The name that they have in the query.
const NAME: &str = "stream";

/// A path whose query holds these bytes in base64url.
pub fn with_stream(path: &str, bytes: &[u8]) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{NAME}={}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The bytes in the query of a path: none where it does not name them, and `None` where they cannot be read.
pub fn stream_in(path: &str) -> Option<Vec<u8>> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let named = query.split('&').find_map(|part| part.strip_prefix(NAME)?.strip_prefix('='));
    URL_SAFE_NO_PAD.decode(named.unwrap_or_default()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_without_them_has_none_and_one_that_cannot_be_read_is_none() {
        for path in ["/play", "/play?", "/play?x=1&streams=AA", "/stream=AA", "/play?stream"] {
            assert_eq!(stream_in(path), Some(Vec::new()), "{path}");
        }
        for path in ["/play?stream=A", "/play?stream=AA==", "/play?stream=+/8", "/play?x=1&stream=é"] {
            assert_eq!(stream_in(path), None, "{path}");
        }
        assert_eq!(stream_in("/play?stream=AQI"), Some(vec![1, 2]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(path in "/[a-z]{0,9}([?]x=[0-9]{0,9})?", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(stream_in(&with_stream(&path, &bytes)), Some(bytes));
        }
    }
}
