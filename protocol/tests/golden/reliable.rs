//! Payloads with reliable messages and acknowledgements, and the state of an end that receives them.

use std::time::Duration;

use realmgate_protocol::wire::datagram::{self, Ack, PayloadWriter, Section};
use realmgate_protocol::wire::stream::Stream;
use serde_json::json;

use crate::vectors::{Vector, check, hex};

fn written(ack: Option<Ack>, first: u16, messages: &[&[u8]], section: Section<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, ack);
    for (at, message) in messages.iter().enumerate() {
        assert!(payload.push(first.wrapping_add(at as u16), message, section.body().len()), "it fits");
    }
    payload.finish(section);
    out
}

#[test]
fn payloads_are_as_recorded() {
    let payload = |name: &str, what: &str, ack: Option<(u16, u32)>, first: u16, said: &[&[u8]], section| {
        let ack = ack.map(|(next, received_after)| Ack { next, received_after });
        let bytes = written(ack, first, said, section);
        let opened = datagram::open(&bytes).unwrap();
        assert_eq!((opened.ack, opened.section), (ack, section), "{name} comes back");
        assert_eq!(opened.messages.iter().collect::<Vec<_>>(), said, "{name} comes back");
        let (snapshot, input) = match section {
            Section::None => (None, None),
            Section::Snapshot(body) => (Some(hex(body)), None),
            Section::Input(body) => (None, Some(hex(body))),
        };
        let value = json!({
            "ack": ack.map(|ack| json!({ "next": ack.next, "gaps": ack.received_after })),
            "first": (!said.is_empty()).then_some(first),
            "messages": said.iter().map(|message| hex(message)).collect::<Vec<_>>(),
            "snapshot": snapshot,
            "input": input,
        });
        Vector::new(name, what, value, &bytes)
    };
    let long = [7; 300];
    let none = Section::None;
    check(
        "reliable",
        &[
            payload("first_message", "The first message of a connection, alone: Logout.", None, 0, &[&[1]], none),
            payload(
                "two_messages",
                "Messages 3 and 4, and of the other end 0 to 8.",
                Some((9, 0)),
                3,
                &[&[1], &[20, 7]],
                none,
            ),
            payload("acknowledged", "0 to 8 have arrived, nothing else.", Some((9, 0)), 0, &[], none),
            payload("gaps", "0 to 8 have arrived, and 10, 12 and 41.", Some((9, 0x8000_0005)), 0, &[], none),
            payload(
                "wrapped",
                "Message 65,535 and the one after it.",
                Some((u16::MAX, 1)),
                u16::MAX,
                &[&[1], &[2]],
                none,
            ),
            payload("beside_input", "A message before an input.", None, 1, &[&[2]], Section::Input(&[0; 9])),
            payload("long_message", "A length in two bytes.", None, 300, &[&long], none),
            payload(
                "beside_snapshot",
                "Everything before a snapshot.",
                Some((2, 2)),
                7,
                &[&[20, 7]],
                Section::Snapshot(&[5, 6]),
            ),
        ],
    );
}

/// An end that has received this many messages of one byte, and whose caller has taken them.
fn advanced(to: u64) -> Stream {
    let mut stream = Stream::new(Duration::ZERO);
    for id in 0..to {
        take(&mut stream, &written(None, id as u16, &[&[0]], Section::None));
        assert!(stream.next_message().is_some());
    }
    stream
}

fn take(stream: &mut Stream, payload: &[u8]) {
    stream.receive(&datagram::open(payload).unwrap(), Duration::ZERO).unwrap();
}

#[test]
fn receiving_is_as_recorded() {
    let received = |name: &str, what: &str, before: u64, payloads: &[(u16, &[&[u8]])]| {
        let mut stream = advanced(before);
        let payloads: Vec<_> =
            payloads.iter().map(|(first, messages)| written(None, *first, messages, Section::None)).collect();
        payloads.iter().for_each(|payload| take(&mut stream, payload));
        let handed_on: Vec<_> = std::iter::from_fn(|| stream.next_message()).map(|message| hex(&message)).collect();
        let mut answer = Vec::new();
        stream.compose(Section::None, Duration::ZERO, &mut Vec::new(), |payload| answer.extend_from_slice(payload));
        let value = json!({
            "before": before,
            "received": payloads.iter().map(|payload| hex(payload)).collect::<Vec<_>>(),
            "handed_on": handed_on,
        });
        Vector::new(name, what, value, &answer)
    };
    check(
        "reliable_receiving",
        &[
            received("in_order", "Two payloads in order.", 0, &[(0, &[&[1]]), (1, &[&[2], &[3]])]),
            received("repeated", "The second repeats the first: acknowledged again.", 0, &[(0, &[&[1]]), (0, &[&[1]])]),
            received("missing", "Message 1 is missing: 2 and 3 wait.", 0, &[(0, &[&[1]]), (2, &[&[3], &[4]])]),
            received("filled", "Message 0 comes last.", 0, &[(2, &[&[3]]), (1, &[&[2]]), (0, &[&[1]])]),
            received(
                "far",
                "What the gaps cannot name is kept too.",
                0,
                &[(32, &[&[1]]), (33, &[&[2]]), (63, &[&[3]])],
            ),
            received("around", "Ids go on after 65,535.", 65_534, &[(0, &[&[3]]), (65_534, &[&[1], &[2]])]),
        ],
    );
}
