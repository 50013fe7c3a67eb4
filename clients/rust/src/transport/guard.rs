//! Checks each datagram before `renetcode` sees it.
//!
//! `renetcode` 2 panics, before any authentication, on a sequence of more than 8 bytes, on a packet too short for its
//! authentication code, and (in debug builds) on a sequence near the end of its range. An attacker that can forge our
//! server's address could otherwise crash the program.

const MAC_BYTES: usize = 16;
const MAX_SEQUENCE_BYTES: usize = 8;
/// The last accepted sequence number. The replay window of `renetcode` adds 256 to it.
const LAST_SEQUENCE: u64 = u64::MAX - 1_024;

/// Whether a datagram from the server may be passed to `renetcode`.
pub(super) fn is_sound(datagram: &[u8]) -> bool {
    let Some((prefix, rest)) = datagram.split_first() else { return false };
    let (kind, sequence_bytes) = (prefix & 15, usize::from(prefix >> 4));
    if kind == 0 || sequence_bytes > MAX_SEQUENCE_BYTES || datagram.len() > renetcode::NETCODE_MAX_PACKET_BYTES {
        return false;
    }
    // Two bytes more than the code itself, as `renetcode` also requires.
    if rest.len() < (sequence_bytes + MAC_BYTES).max(1 + MAC_BYTES) {
        return false;
    }
    let sequence = rest[..sequence_bytes].iter().rev().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    sequence <= LAST_SEQUENCE
}

#[cfg(test)]
mod tests {
    use crate::token::testing::token;
    use crate::transport::{Connection, Framing};

    /// Whether a connection hands a datagram to `renetcode`; it counts what it does not.
    fn passes(datagram: &[u8]) -> bool {
        let token = token(7, vec!["127.0.0.1:4001".parse().unwrap()], &[9; 32]);
        let mut connection = Connection::new(token, Framing::Own).unwrap();
        connection.receive(&mut datagram.to_vec());
        connection.traffic().bad_datagrams == 0
    }

    #[test]
    fn what_makes_renetcode_panic_is_held_back() {
        let datagram = |prefix: u8, length: usize, fill: u8| {
            let mut bytes = vec![fill; length];
            bytes[0] = prefix;
            bytes
        };
        for sequence_bytes in 9..=15u8 {
            assert!(!passes(&datagram(sequence_bytes << 4 | 5, 40, 0)), "a sequence of {sequence_bytes} bytes");
        }
        for sequence_bytes in 0..=8u8 {
            let (prefix, least) = (sequence_bytes << 4 | 5, 17 + usize::from(sequence_bytes.max(1)));
            assert!(passes(&datagram(prefix, least, 0)), "{least} bytes");
            assert!(!passes(&datagram(prefix, least - 1, 0)), "no room for the authentication code in {least} - 1");
        }
        let of_sequence = |sequence: u64| [&[0x85][..], &sequence.to_le_bytes(), &[0; 31]].concat();
        assert!(passes(&of_sequence(u64::MAX - 1_024)));
        assert!(!passes(&of_sequence(u64::MAX - 1_023)) && !passes(&of_sequence(u64::MAX)), "the last sequences");
        let [longest, longer] = [0, 1].map(|more| datagram(0x15, renetcode::NETCODE_MAX_PACKET_BYTES + more, 0));
        assert!(passes(&longest) && !passes(&longer));
        assert!(!passes(&datagram(0x00, 1_078, 0)), "a connection request is never for a client");
        assert!(!passes(&[]) && !passes(&[0x15]));
        assert!(passes(&datagram(0x15, 18, 0)) && passes(&datagram(0x05, 18, 0)));
    }
}
