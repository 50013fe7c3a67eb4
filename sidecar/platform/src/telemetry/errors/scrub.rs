//! What is taken out of texts before they leave: addresses of machines and people, and whatever may open something.
//!
//! Our code logs neither, and names what it logs. But the text of an error may come from a library, a database or a script.

use std::net::{IpAddr, SocketAddr};

use uuid::Uuid;

const ADDRESS: &str = "[address]";
const HIDDEN: &str = "[hidden]";
/// What ends a word.
const BETWEEN: &[char] = &['"', '\'', '`', '(', ')', '<', '>', '{', '}', '[', ']', ',', ';', '=', '|', '&', '?'];
/// What is told of under such a name, or behind such a word, is hidden.
const SECRET_LABELS: [&str; 9] =
    ["password", "token", "secret", "authorization", "bearer", "basic", "cookie", "api_key", "apikey"];
const ADDRESSES: [&str; 7] = ["addr", "address", "ip", "peer", "email", "host", "url"];
/// A word of letters and digits that is this long is no word.
const LONG: usize = 20;

/// A text without what is not to leave.
pub(super) fn scrubbed(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut hides_next = false;
    for piece in text.split_inclusive(|char: char| char.is_whitespace() || BETWEEN.contains(&char)) {
        let word = piece.trim_end_matches(|char: char| char.is_whitespace() || BETWEEN.contains(&char));
        let (bare, end) = (word.trim_end_matches(['.', ':', '!']), &piece[word.len()..]);
        let instead = if hides_next && !bare.is_empty() { Some(HIDDEN) } else { replacement(bare) };
        match instead {
            Some(instead) => {
                clean.push_str(instead);
                clean.push_str(&word[bare.len()..]);
            }
            None => clean.push_str(word),
        }
        clean.push_str(end);
        if !bare.is_empty() {
            // Even one that is hidden: what follows it in "authorization: Bearer …" is the secret.
            hides_next = ends_with_any(bare, &SECRET_LABELS);
        }
    }
    clean
}

/// What a field of this name is told as, whatever it holds; `None` where its text is scrubbed.
pub(super) fn hidden(name: &str) -> Option<&'static str> {
    let parts = || name.split(['_', '.', '-']);
    if ends_with_any(name, &SECRET_LABELS) || parts().any(|part| ends_with_any(part, &SECRET_LABELS) || part == "body")
    {
        return Some(HIDDEN);
    }
    parts().any(|part| ADDRESSES.contains(&part)).then_some(ADDRESS)
}

/// Whether a word ends as one of these, in small letters or capitals.
fn ends_with_any(word: &str, known: &[&str]) -> bool {
    let ends = |known: &str| word.len().checked_sub(known.len()).and_then(|at| word.get(at..));
    known.iter().any(|known| ends(known).is_some_and(|end| end.eq_ignore_ascii_case(known)))
}

fn replacement(word: &str) -> Option<&'static str> {
    let is_address = word.contains('@')
        || word.contains("://")
        || word.parse::<IpAddr>().is_ok()
        || word.parse::<SocketAddr>().is_ok()
        || word.rsplit_once(':').is_some_and(|(host, _)| host.parse::<IpAddr>().is_ok())
        || word.split_once('/').is_some_and(|(host, _)| host.parse::<IpAddr>().is_ok());
    if is_address {
        return Some(ADDRESS);
    }
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    let is_long = |part: &str| {
        let any = |is: fn(&u8) -> bool| part.as_bytes().iter().any(is);
        part.len() >= LONG && any(u8::is_ascii_digit) && any(u8::is_ascii_alphabetic) && part.parse::<Uuid>().is_err()
    };
    let is_key =
        (word.len() >= LONG && is_mixed) || word.split(['/', ':', '.']).any(|part| is_long(part) || is_long_hex(part));
    is_key.then_some(HIDDEN)
}

/// Whether it is a number of 16 bytes or more. An id that is written so is no loss.
fn is_long_hex(part: &str) -> bool {
    part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_texts_stay_as_they_are() {
        for text in [
            "",
            "no free database connection: the database is unavailable, or DATABASE_POOL is too small",
            "a call of `register_device` (sidecar/src/service/world/admission.rs:203) took 12.5 s",
            "realmgate_platform::database::connection: UNIQUE constraint failed: accounts.username",
            "InsufficientDatabasePrivileges in what_follows_a_change_comes_before_the_next",
            "account 0193a3f2-7b5e-7c3a-9d5a-4b8f1e6c2d10 of map-server-1",
            "  two  spaces\nand a line ",
        ] {
            assert_eq!(scrubbed(text), text);
        }
    }

    #[test]
    fn addresses_are_taken_out() {
        for (text, clean) in [
            ("from 203.0.113.9: refused", "from [address]: refused"),
            ("203.0.113.9:4001, [2001:db8::1]:443.", "[address], [[address]]:443."),
            ("connect to 10.0.0.1/8", "connect to [address]"),
            ("Key (email)=(ann@example.org) already exists.", "Key (email)=([address]) already exists."),
            ("GET https://user:pass@api.example/a?token=b failed", "GET [address]?token=[hidden] failed"),
        ] {
            assert_eq!(scrubbed(text), clean);
        }
    }

    #[test]
    fn what_may_open_something_is_taken_out() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
        let base64 = "q8/Zr3+0aB/9xKd2/7fQ1+sL==";
        let hex = "0af7651916cd43dd8448eb211c80319c";
        // Each is one by another rule: of small letters and digits, and of the letters of hexadecimal alone.
        let (small, letters) = ("k3y7a9b2c4d6e8f1g5h0", "abcdefabcdefabcdefabcdefabcdefab");
        for secret in [jwt, base64, hex, small, letters, "x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu"] {
            for text in
                [format!("bad {secret}"), format!("\"{secret}\":"), format!("a=({secret})."), format!("/a/{secret}")]
            {
                let clean = scrubbed(&text);
                assert!(!clean.contains(secret.trim_end_matches('=')) && clean.contains(HIDDEN), "{text}: {clean}");
            }
        }
        assert_eq!(scrubbed("Authorization: Basic YTpi, password=short token: 'abc'"), {
            "Authorization: [hidden] [hidden], password=[hidden] token: '[hidden]'"
        });
        assert_eq!(scrubbed("Bearer abc"), "Bearer [hidden]");
        assert_eq!(scrubbed("authorization=Bearer abc refused"), "authorization=[hidden] [hidden] refused");
    }

    #[test]
    fn fields_of_some_names_are_not_told() {
        for name in
            ["password", "refresh_token", "api_key", "ip", "peer_addr", "email", "request_body", "url", "cookie"]
        {
            assert!(hidden(name).is_some(), "{name}");
        }
        for name in ["error", "account", "ships", "description", "call", "why", "server"] {
            assert_eq!(hidden(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn an_address_in_any_text_is_taken_out(text in "\\PC*", host in any::<std::net::Ipv4Addr>()) {
            let clean = scrubbed(&format!("{text} {host} {text}"));
            prop_assert!(!clean.split_whitespace().any(|word| word == host.to_string()));
        }
    }
}
