//! Payloads that are well-formed, and that are not.

use proptest::prelude::*;

use super::*;

fn written(ack: Option<Ack>, messages: &[(u16, &[u8])], section: Section<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, ack);
    for (id, message) in messages {
        assert!(payload.push(*id, message, section.body().len()), "message {id} fits");
    }
    payload.finish(section);
    out
}

#[test]
fn the_layout_is_as_documented() {
    let ack = Ack { next: 0x0102, received_after: 5 };
    let payload = written(Some(ack), &[(0xffff, &[7]), (0, &[8, 9])], Section::Snapshot(&[1, 2, 3]));
    assert_eq!(
        payload,
        [VERSION, 1 | 4 | 8 | 16, 2, 1, 5, 0, 0, 0, 2, 0xff, 0xff, 1, 0, 7, 2, 0, 8, 9, 1, 2, 3],
        "ids wrap, and the snapshot is the rest"
    );
    let opened = open(&payload).unwrap();
    assert_eq!((opened.ack, opened.section), (Some(ack), Section::Snapshot(&[1, 2, 3])));
    assert_eq!((opened.messages.first, opened.messages.len()), (0xffff, 2));
    assert_eq!(opened.messages.iter().collect::<Vec<_>>(), [&[7][..], &[8, 9]]);
    let ack = Ack { next: 0xfffe, received_after: 0 };
    let payload = written(Some(ack), &[], Section::Input(&[6]));
    assert_eq!(payload, [VERSION, 2 | 4, 0xfe, 0xff, 6], "bits that are all 0 are not written");
    let opened = open(&payload).unwrap();
    assert_eq!((opened.ack, opened.section, opened.messages.len()), (Some(ack), Section::Input(&[6]), 0));
}

#[test]
fn what_is_malformed_is_refused_by_its_reason() {
    let refused = |payload: &[u8]| open(payload).unwrap_err();
    assert_eq!(refused(&[]), DatagramError::Length);
    assert_eq!(refused(&[VERSION]), DatagramError::Length);
    let illegal_and_long = |length: usize| [&[VERSION, 3][..], &vec![0; length - 2]].concat();
    assert_eq!(refused(&illegal_and_long(1_201)), DatagramError::Length);
    assert_eq!(refused(&illegal_and_long(1_200)), DatagramError::Flags, "1,200 bytes are not too many");
    assert_eq!(refused(&[VERSION - 1, 1, 0]), DatagramError::Version);
    assert_eq!(refused(&[VERSION + 1, 1, 0]), DatagramError::Version);
    let legal = [1, 2, 4, 5, 6, 12, 13, 14, 16, 17, 18, 20, 21, 22, 28, 29, 30];
    for flags in 0..=u8::MAX {
        let is_refused = open(&[VERSION, flags, 0, 0, 0, 0, 0, 0]) == Err(DatagramError::Flags);
        assert_eq!(is_refused, !legal.contains(&flags), "flags {flags}");
    }
    assert_eq!(refused(&[VERSION, 4, 0]), DatagramError::End, "half an acknowledgement");
    assert_eq!(refused(&[VERSION, 12, 0, 0, 1, 1, 1]), DatagramError::End, "three quarters of the bits");
    assert_eq!(refused(&[VERSION, 4, 0, 0, 0]), DatagramError::End, "a byte that belongs to nothing");
    assert_eq!(refused(&[VERSION, 16]), DatagramError::End);
    assert_eq!(refused(&[VERSION, 16, 0, 0, 0]), DatagramError::Message, "none");
    assert_eq!(refused(&[VERSION, 16, 1, 0, 0, 0, 0]), DatagramError::Message, "an empty one");
    let of_length =
        |length: u16| [&[VERSION, 16, 1, 0, 0][..], &length.to_le_bytes(), &vec![7; length.into()]].concat();
    assert_eq!(refused(&of_length(1_001)), DatagramError::Message);
    assert_eq!(open(&of_length(1_000)).map(|opened| opened.messages.len()), Ok(1));
    assert_eq!(refused(&[VERSION, 16, 2, 0, 0, 1, 0, 7]), DatagramError::End, "the second is missing");
    assert_eq!(refused(&[VERSION, 17, 1, 0, 0, 2, 0, 7]), DatagramError::End, "a snapshot does not fill it up");
    assert_eq!(refused(&[VERSION, 16, 1, 0, 0, 1, 0, 7, 7]), DatagramError::End, "a byte after the last message");
}

#[test]
fn beside_the_longest_section_there_is_room_for_an_acknowledgement_alone() {
    let body = [9; MAX_SECTION_BYTES];
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, Some(Ack { next: 0, received_after: u32::MAX }));
    assert!(!payload.push(0, &[1], body.len()));
    assert_eq!(payload.finish(Section::Input(&body)).len(), MAX_PAYLOAD_BYTES);
}

#[test]
fn only_the_next_id_continues_a_run() {
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, None);
    assert!(payload.is_empty());
    assert!(payload.push(5, &[1], 0) && !payload.push(7, &[1], 0) && payload.push(6, &[1], 0));
    assert!((0..=6).all(|id| !payload.push(id, &[1], 0)), "nor one that is in it, nor one before it");
    (7..260).for_each(|id| assert!(payload.push(id, &[1], 0)));
    assert!(!payload.push(260, &[1], 0), "255 messages are the most");
}

/// Flags, and nearly what they say: messages may be empty or not there, and a rest may belong to nothing.
fn nearly() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let messages = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..4);
    let parts = (0u8..32, any::<[u8; 6]>(), messages, prop::collection::vec(any::<u8>(), 0..3));
    parts.prop_map(|(flags, ack, messages, rest)| {
        let ack_bytes = [0, 2, 0, 6][usize::from(flags / ACK % 4)];
        let mut bytes = ack[..ack_bytes].to_vec();
        if flags & MESSAGES != 0 {
            bytes.extend([messages.len() as u8, ack[0], ack[1]]);
            messages.iter().for_each(|message| bytes.extend([&[message.len() as u8, 0][..], message].concat()));
        }
        bytes.extend(rest);
        (flags, bytes)
    })
}

proptest! {
    #[test]
    fn garbage_is_never_a_panic_and_what_opens_is_whole(
        (flags, bytes) in prop_oneof![
            (0u8..32, prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 0..60)),
            nearly(),
        ],
    ) {
        let _ = open(&bytes);
        let payload: Vec<u8> = [VERSION, flags].into_iter().chain(bytes).collect();
        let Ok(opened) = open(&payload) else { return Ok(()) };
        let messages: Vec<_> = opened.messages.iter().collect();
        prop_assert_eq!(messages.len(), opened.messages.len());
        let numbered: Vec<_> =
            (0u16..).map(|at| opened.messages.first.wrapping_add(at)).zip(messages.iter().copied()).collect();
        let again = written(opened.ack, &numbered, opened.section);
        let is_plain = opened.ack.is_none_or(|ack| (ack.received_after != 0) == (flags & ACK_RECEIVED_AFTER != 0));
        prop_assert_eq!(again == payload, is_plain, "only bits that are all 0 are written shorter");
    }
}
