//! Whatever comes: there is no panic, and no session changes.

use proptest::prelude::*;
use realmgate_engine::netcode::fuzzing;

/// A datagram in the encoding of [`fuzzing::check`]: the real one it starts from, its sender, its changes.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let place = prop_oneof![0u16..3, 0u16..40, 0u16..330, 0u16..1_300];
    let change = (place, any::<u8>()).prop_map(|(at, xor)| [at.to_le_bytes()[0], at.to_le_bytes()[1], xor]);
    (0u8..8, 0u8..5, prop::collection::vec(change, 0..12)).prop_map(|(base, whose, changes)| {
        let mut bytes = vec![whose << 4 | base, changes.len() as u8];
        bytes.extend(changes.concat());
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn changed_packets_change_nothing(datagrams in prop::collection::vec(datagram(), 1..12)) {
        fuzzing::check(&datagrams.concat());
    }

    #[test]
    fn any_bytes_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..800)) {
        fuzzing::check(&bytes);
    }
}

#[test]
fn the_packets_that_end_stock_renetcode() {
    // A prefix of 9 to 15 sequence bytes, from the address of a connected and of a pending client; then 18 bytes that
    // claim 8 sequence bytes.
    for whose in [1u8, 2] {
        for nibble in 9..=15u8 {
            fuzzing::check(&[whose << 4 | 6, 2, 0, 0, nibble << 4 | 5, 39, 0, 0]);
        }
        fuzzing::check(&[whose << 4 | 6, 2, 0, 0, 0x85, 17, 0, 0]);
        fuzzing::check(&[whose << 4 | 6, 2, 0, 0, 0x83, 17, 0, 0]);
    }
}
