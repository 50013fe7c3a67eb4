use proptest::prelude::*;
use realmgate_protocol::limits::MAX_PAYLOAD_BYTES;
use realmgate_protocol::wire::datagram::HEADER_BYTES;

use super::*;

const TICK: Duration = Duration::from_millis(33);

/// One tick of both sides; `lose` decides about each packet. Counts the packets sent by each.
fn tick(sides: &mut [ReliableChannel; 2], mut lose: impl FnMut() -> bool) -> [usize; 2] {
    let mut sent = [0; 2];
    for from in 0..2 {
        sides[from].advance(TICK);
        for packet in sides[from].packets().unwrap() {
            assert!(packet.len() + HEADER_BYTES <= MAX_PAYLOAD_BYTES, "{} bytes are no payload", packet.len());
            sent[from] += 1;
            if !lose() {
                sides[1 - from].receive(&packet).unwrap();
            }
        }
    }
    sent
}

fn drain(side: &mut ReliableChannel) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| side.next_message()).collect()
}

#[test]
fn silence_is_kept_when_there_is_nothing_to_say() {
    let mut sides = <[ReliableChannel; 2]>::default();
    sides[0].send(vec![1, 2, 3]).unwrap();
    assert_eq!(tick(&mut sides, || false), [1, 1], "the message, and its acknowledgement");
    for _ in 0..100 {
        assert_eq!(tick(&mut sides, || false), [0, 0], "acknowledgements are not acknowledged");
    }
    assert!(sides[0].is_quiet());
    assert_eq!(drain(&mut sides[1]), [[1, 2, 3]]);
}

#[test]
fn slices_and_unreliable_packets_are_not_taken() {
    let mut side = ReliableChannel::default();
    for kind in [1, 2, 3, 5, 255] {
        assert_eq!(side.receive(&[kind, 0, 0, 0]), Err(ReliableError::Kind(kind)));
    }
    assert_eq!(side.receive(&[]), Err(ReliableError::Empty));
    assert!(matches!(side.receive(&[0, 0]), Err(ReliableError::Broken(_))), "renet can not go on after garbage");
}

proptest! {
    #[test]
    fn messages_arrive_once_and_in_order_whatever_is_lost(
        lengths in prop::collection::vec(1usize..1_000, 1..40),
        losses in prop::collection::vec(prop::bool::weighted(0.3), 1..200),
    ) {
        let mut sides = <[ReliableChannel; 2]>::default();
        let messages: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(i, length)| vec![i as u8; *length]).collect();
        for message in &messages {
            sides[0].send(message.clone()).unwrap();
        }
        let mut losses = losses.into_iter();
        let mut arrived = Vec::new();
        for _ in 0..2_000 {
            tick(&mut sides, || losses.next().unwrap_or(false));
            arrived.extend(drain(&mut sides[1]));
        }
        prop_assert_eq!(arrived, messages);
        prop_assert!(sides[0].is_quiet());
    }

    #[test]
    fn garbage_is_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_200), kind in any::<bool>()) {
        let mut side = ReliableChannel::default();
        let mut packet = vec![if kind { MESSAGES } else { ACKNOWLEDGEMENTS }];
        packet.extend(bytes);
        let _ = side.receive(&packet);
        let _ = drain(&mut side);
    }
}
