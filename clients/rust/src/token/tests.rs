use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use renetcode::ConnectToken;

use super::testing::{standard_bytes, standard_text, ticket, token};
use super::{TokenError, decode};

const KEY: [u8; 32] = [7; 32];

#[test]
fn a_standard_token_becomes_what_renetcode_made() {
    let made = token(42, vec!["127.0.0.1:4001".parse().unwrap(), "10.1.2.3:5".parse().unwrap()], &KEY);
    let decoded = decode(&standard_text(&made), &ticket(42)).unwrap();
    assert_eq!(decoded, made);
    // With IPv4 addresses, renetcode's own form of it is the same bytes behind the client id.
    let mut written = Vec::new();
    decoded.write(&mut written).unwrap();
    assert_eq!(written[..8], 42u64.to_le_bytes());
    assert_eq!(written[8..], standard_bytes(&made)[..written.len() - 8]);
    assert_eq!(ConnectToken::read(&mut written.as_slice()).unwrap(), decoded);
}

#[test]
fn addresses_of_version_6_are_little_endian_groups() {
    let made = token(1, vec!["[2001:db8::1:2]:4001".parse().unwrap()], &KEY);
    let bytes = standard_bytes(&made);
    let groups_at = 13 + 8 + 8 + 8 + 24 + 1_024 + 4 + 4 + 1;
    assert_eq!(bytes[groups_at..groups_at + 4], [0x01, 0x20, 0xb8, 0x0d]);
    assert_eq!(decode(&standard_text(&made), &ticket(1)).unwrap().server_addresses, made.server_addresses);
}

#[test]
fn what_is_no_token_is_refused_by_name() {
    let made = token(1, vec!["127.0.0.1:4001".parse().unwrap()], &KEY);
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = standard_bytes(&made);
        change(&mut bytes);
        decode(&URL_SAFE_NO_PAD.encode(bytes), &ticket(1)).unwrap_err()
    };
    assert_eq!(with(&|bytes| bytes.truncate(2_047)), TokenError::Length(2_047));
    assert_eq!(with(&|bytes| bytes[0] = b'X'), TokenError::Version);
    assert!(matches!(with(&|bytes| bytes[13] ^= 1), TokenError::Protocol(_)));
    assert_eq!(with(&|bytes| bytes[29..37].fill(0)), TokenError::Times);
    assert_eq!(with(&|bytes| bytes[1_089] = 0), TokenError::Addresses);
    assert_eq!(with(&|bytes| bytes[1_089] = 33), TokenError::Addresses);
    assert_eq!(with(&|bytes| bytes[1_093] = 3), TokenError::Addresses);
    assert_eq!(decode("not base64!", &ticket(1)), Err(TokenError::Encoding));
    assert!(matches!(decode(&standard_text(&made), "nonsense"), Err(TokenError::Ticket(_))));
}

proptest! {
    #[test]
    fn garbage_is_never_a_panic(changes in prop::collection::vec((0usize..2_048, any::<u8>()), 0..20)) {
        let mut bytes = standard_bytes(&token(1, vec!["127.0.0.1:4001".parse().unwrap()], &KEY));
        for (at, value) in changes {
            bytes[at] = value;
        }
        let _ = decode(&URL_SAFE_NO_PAD.encode(bytes), &ticket(1));
    }
}
