//! Whatever comes: there is no panic, no session changes, and no handshake is lost.

use proptest::prelude::*;
use realmgate_engine::netcode::fuzzing;
use realmgate_engine::netcode::peer::Said;

use crate::lane::{Event, Lane, address, peer};

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
    fn changed_packets_change_no_session(datagrams in prop::collection::vec(datagram(), 1..12)) {
        fuzzing::check(&datagrams.concat());
    }

    #[test]
    fn any_bytes_change_no_session(bytes in prop::collection::vec(any::<u8>(), 0..800)) {
        fuzzing::check(&bytes);
    }

    /// The request and the response of a client, with some bytes changed, from its own address.
    #[test]
    fn changed_handshakes_cost_a_client_nothing(
        changes in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), 1u8..), 1..20),
    ) {
        let mut lane = Lane::new(8);
        let mut client = peer(1);
        prop_assert_eq!(lane.receive(&client.request(), address(1)), Ok(Event::Answered));
        prop_assert_eq!(lane.heard_by(&mut client), [Said::Challenge]);
        let honest = [client.request(), client.response().unwrap()];
        for (is_response, at, xor) in changes {
            let mut datagram = honest[usize::from(is_response)].clone();
            let at = at.index(datagram.len());
            datagram[at] ^= xor;
            let received = lane.receive(&datagram, address(1));
            let is_harmless = matches!(received, Err(_) | Ok(Event::Answered));
            prop_assert!(is_harmless, "byte {} is another: {:?}", at, received);
        }
        let event = lane.receive(&client.response().unwrap(), address(1));
        prop_assert_eq!(event, Ok(Event::Connected { slot: 0, client_id: 1, user_data: 1, replaces: None }));
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
