//! How a directory proves that it knows the service token, before a map server sends it the token.
//!
//! The map server asks with a nonce of its own. The answer covers the address at which the directory was reached, so a
//! man in the middle that relays the question gets an answer for the wrong address.

use core::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a nonce. It is written in base64url without padding.
pub const NONCE_BYTES: usize = 32;

/// Proves knowledge of `token`: an HMAC-SHA256 of the nonce and the address, in base64url without padding.
pub fn prove(token: &str, nonce: &[u8; NONCE_BYTES], address: SocketAddr) -> String {
    URL_SAFE_NO_PAD.encode(mac(token, nonce, address).finalize().into_bytes())
}

/// Whether `proof` is valid for this token, nonce and address, compared in constant time. An empty token proves
/// nothing.
pub fn is_proven(token: &str, nonce: &[u8; NONCE_BYTES], address: SocketAddr, proof: &str) -> bool {
    let Ok(proof) = URL_SAFE_NO_PAD.decode(proof) else { return false };
    !token.is_empty() && mac(token, nonce, address).verify_slice(&proof).is_ok()
}

/// Reads a nonce from its text form; `None` if the text is not one.
pub fn parse_nonce(text: &str) -> Option<[u8; NONCE_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Writes a nonce in its text form.
pub fn write_nonce(nonce: &[u8; NONCE_BYTES]) -> String {
    URL_SAFE_NO_PAD.encode(nonce)
}

fn mac(token: &str, nonce: &[u8; NONCE_BYTES], address: SocketAddr) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(token.as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
    mac.chain_update(b"realmgate directory proof 1").chain_update(nonce).chain_update(address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_for_one_token_one_question_and_one_place() {
        let place = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (here, nonce) = (place("127.0.0.1:3001"), [7; NONCE_BYTES]);
        let proof = prove("token", &nonce, here);
        assert!(is_proven("token", &nonce, here, &proof));
        assert!(is_proven("token", &nonce, place("[::ffff:127.0.0.1]:3001"), &proof), "the same place");
        for other in ["127.0.0.1:3002", "127.0.0.2:3001", "[::1]:3001"] {
            assert!(!is_proven("token", &nonce, place(other), &proof), "{other} is another place");
        }
        for other in ["other", "toke", "token2", ""] {
            assert!(!is_proven(other, &nonce, here, &proof), "{other:?} is another token");
        }
        for at in 0..NONCE_BYTES {
            let mut other = nonce;
            other[at] ^= 1;
            assert!(!is_proven("token", &other, here, &proof), "byte {at} makes it another question");
        }
        for length in 0..proof.len() {
            assert!(!is_proven("token", &nonce, here, &proof[..length]), "{length} characters of it");
        }
        assert!(!is_proven("token", &nonce, here, "%"));
        assert!(!is_proven("", &nonce, here, &prove("", &nonce, here)), "an empty token proves nothing");
    }

    #[test]
    fn a_nonce_is_read_as_it_is_written() {
        let nonce = std::array::from_fn(|at| 200 + at as u8);
        let text = write_nonce(&nonce);
        assert_eq!(text, "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc", "base64url without padding");
        assert_eq!(parse_nonce(&text), Some(nonce));
        assert_eq!(parse_nonce(&"A".repeat(43)), Some([0; NONCE_BYTES]));
        let (a_byte_less, a_byte_more) = ("A".repeat(42), "A".repeat(44));
        for bad in ["", "short", &a_byte_less, &a_byte_more, &format!("{text}="), "%"] {
            assert_eq!(parse_nonce(bad), None, "{bad}");
        }
    }
}
