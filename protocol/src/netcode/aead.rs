//! ChaCha20-Poly1305 and XChaCha20-Poly1305, in place, as netcode uses them.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use chacha20::{R20, hchacha};

use super::{KEY_BYTES, MAC_BYTES};

/// A key with its cipher set up.
#[derive(Debug)]
pub struct Key(LessSafeKey);

impl Key {
    /// Sets the cipher up.
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let Ok(key) = UnboundKey::new(&CHACHA20_POLY1305, bytes) else {
            unreachable!("the key has the cipher's length")
        };
        Self(LessSafeKey::new(key))
    }

    /// Decrypts what was sealed under this nonce number. `None` if a bit of it is not authentic; the buffer is then
    /// garbage.
    pub fn open<'a>(&self, number: u64, bound_to: &[u8], sealed: &'a mut [u8]) -> Option<&'a mut [u8]> {
        self.0.open_in_place(nonce(number), Aad::from(bound_to), sealed).ok()
    }

    /// Encrypts all but the last [`MAC_BYTES`] of the buffer; those become the MAC. No number may be used twice.
    ///
    /// # Panics
    /// When the buffer is shorter than a MAC.
    pub fn seal(&self, number: u64, bound_to: &[u8], buffer: &mut [u8]) {
        let (plain, mac) = buffer.split_at_mut(buffer.len() - MAC_BYTES);
        let Ok(tag) = self.0.seal_in_place_separate_tag(nonce(number), Aad::from(bound_to), plain) else {
            unreachable!("nothing that fits memory is too long for the cipher")
        };
        mac.copy_from_slice(tag.as_ref());
    }
}

/// The nonce: four zero bytes and the number, little endian.
fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// The key and the nonce number with which the cipher above is XChaCha20-Poly1305 with a nonce of 24 bytes: HChaCha20
/// derives the key from the first 16 bytes, the last 8 are the number.
pub(super) fn extended(key: &[u8; KEY_BYTES], nonce: &[u8; 24]) -> (Key, u64) {
    let (head, tail) = nonce.split_at(16);
    let mut input = [0; 16];
    input.copy_from_slice(head);
    let mut number = [0; 8];
    number.copy_from_slice(tail);
    (Key::new(&hchacha::<R20>(&(*key).into(), &input.into()).into()), u64::from_le_bytes(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn xchacha_matches_the_published_vector() {
        let key: [u8; 32] = std::array::from_fn(|i| 0x80 + i as u8);
        let nonce: [u8; 24] = std::array::from_fn(|i| 0x40 + i as u8);
        let bound_to = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                      sunscreen would be it.";
        let mut buffer = plain.to_vec();
        buffer.extend([0; MAC_BYTES]);
        let (subkey, number) = extended(&key, &nonce);
        subkey.seal(number, &bound_to, &mut buffer);
        assert_eq!(buffer[..8], [0xbd, 0x6d, 0x17, 0x9d, 0x3e, 0x83, 0xd4, 0x3b]);
        let mac = [0xc0, 0x87, 0x59, 0x24, 0xc1, 0xc7, 0x98, 0x79, 0x47, 0xde, 0xaf, 0xd8, 0x78, 0x0a, 0xcf, 0x49];
        assert_eq!(buffer[plain.len()..], mac);
        assert_eq!(subkey.open(number, &bound_to, &mut buffer).unwrap(), plain);
    }

    #[test]
    fn what_is_too_short_or_changed_does_not_open() {
        let open = |key: u8, number, bound_to: &[u8], sealed: &[u8]| {
            Key::new(&[key; 32]).open(number, bound_to, &mut sealed.to_vec()).map(|plain| plain.to_vec())
        };
        let mut sealed = [1; 40];
        Key::new(&[7; 32]).seal(1, b"aad", &mut sealed);
        assert_eq!(open(7, 1, b"aad", &sealed), Some(vec![1; 40 - MAC_BYTES]));
        assert_eq!(open(8, 1, b"aad", &sealed), None, "another key");
        assert_eq!(open(7, 2, b"aad", &sealed), None, "another number");
        assert_eq!(open(7, 1 << 63 | 1, b"aad", &sealed), None, "another number");
        for other in [&b""[..], b"aa", b"aae", b"aaff"] {
            assert_eq!(open(7, 1, other, &sealed), None, "bound to something else");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(7, 1, b"aad", &sealed[..length]), None, "{length} bytes of it");
        }
        for bit in 0..8 * sealed.len() {
            let mut changed = sealed;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(7, 1, b"aad", &changed), None, "bit {bit} is changed");
        }
    }
}
