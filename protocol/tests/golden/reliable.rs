//! Packets of the reliable layer: the little of `renet` 2.0 that is used, written down independently of it.

use realmgate_protocol::wire::datagram::{self, Kind};
use serde_json::json;

use crate::vectors::{Vector, check, hex};

/// Sequence and (message id, message).
fn messages(sequence: u64, messages: &[(u64, &[u8])]) -> Vec<u8> {
    let mut packet = vec![0];
    put(&mut packet, sequence);
    packet.push(0);
    packet.extend_from_slice(&(messages.len() as u16).to_be_bytes());
    for (id, message) in messages {
        put(&mut packet, *id);
        put(&mut packet, message.len() as u64);
        packet.extend_from_slice(message);
    }
    packet
}

/// Sequence and the acknowledged ranges, both ends included, the newest first.
fn acknowledgements(sequence: u64, ranges: &[(u64, u64)]) -> Vec<u8> {
    let mut packet = vec![4];
    let (first, newest) = ranges[0];
    [sequence, newest, newest - first, ranges.len() as u64 - 1].into_iter().for_each(|number| put(&mut packet, number));
    for pair in ranges.windows(2) {
        let ((above, _), (first, last)) = (pair[0], pair[1]);
        put(&mut packet, above - last - 2);
        put(&mut packet, last - first);
    }
    packet
}

/// QUIC's variable-length integer: the two highest bits of the first byte say 1, 2, 4 or 8 bytes, big endian.
fn put(out: &mut Vec<u8>, number: u64) {
    match number {
        0..0x40 => out.push(number as u8),
        0x40..0x4000 => out.extend_from_slice(&(number as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => out.extend_from_slice(&(number as u32 | 0x8000_0000).to_be_bytes()),
        _ => out.extend_from_slice(&(number | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

#[test]
fn reliable_packets_are_as_recorded() {
    let with_messages = |name: &str, what: &str, sequence, said: &[(u64, &[u8])]| {
        let listed: Vec<_> = said.iter().map(|(id, bytes)| json!({ "id": id, "bytes": hex(bytes) })).collect();
        let value = json!({ "sequence": sequence, "messages": listed });
        Vector::new(name, what, value, &datagram::seal(Kind::Reliable, &messages(sequence, said)))
    };
    let with_acks = |name: &str, what: &str, sequence, ranges: &[(u64, u64)]| {
        let value = json!({ "sequence": sequence, "ranges": ranges });
        Vector::new(name, what, value, &datagram::seal(Kind::Reliable, &acknowledgements(sequence, ranges)))
    };
    let long = [7; 100];
    check(
        "reliable",
        &[
            with_messages("first_message", "The first packet of a connection: message 0, Logout.", 0, &[(0, &[1])]),
            with_messages("two_messages", "Two messages in one packet.", 5, &[(3, &[1]), (4, &[20, 7])]),
            with_messages("long_numbers", "Numbers of 2, 4 and 8 bytes.", 300, &[(70_000, &long), (1 << 40, &[1])]),
            with_acks("one_packet", "Packet 0 has arrived.", 0, &[(0, 0)]),
            with_acks("a_range", "Packets 10 to 20 have arrived.", 9, &[(10, 20)]),
            with_acks("three_ranges", "Packets 8, 11 to 17, and 20 have arrived.", 64, &[(20, 20), (11, 17), (8, 8)]),
        ],
    );
}
