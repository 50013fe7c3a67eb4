//! Properties that must hold for any received bytes.

use std::time::Duration;

use super::{HELD_BYTES, Stream, WINDOW_MESSAGES};
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_RELIABLE_BYTES};
use crate::wire::datagram::{self, ClientFrame, MAX_SECTION_BYTES, Section};

/// Messages that the stream has in flight when the bytes arrive.
const UNDER_WAY: u8 = 40;

/// Feeds the bytes to a stream as payloads from a stranger, each after its length in two bytes. For tests and fuzzing.
///
/// # Panics
/// When the stream holds more than it may, or sends something that cannot be read.
pub fn check(bytes: &[u8]) {
    let mut stream = Stream::new(Duration::from_millis(30));
    for number in 1..=UNDER_WAY {
        assert!(stream.queue(vec![number; number.into()]).is_ok(), "a few messages fit");
    }
    let mut now = Duration::ZERO;
    let mut out = Vec::new();
    let mut from = bytes;
    while let Some((length, rest)) = from.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        from = rest;
        now += Duration::from_millis(20);
        take(&mut stream, payload, now);
        let section = [0; MAX_SECTION_BYTES];
        let section = if length % 2 == 0 { Section::Snapshot(&section[..length % 1_024]) } else { Section::None };
        stream.compose(section, now, &mut out, assert_readable);
    }
    let held: Vec<_> = std::iter::from_fn(|| stream.next_message()).collect();
    assert!(held.len() <= WINDOW_MESSAGES, "{} messages were held", held.len());
    assert!(held.iter().map(Vec::len).sum::<usize>() <= HELD_BYTES, "too many bytes were held");
    assert!(held.iter().all(|message| (1..=MAX_RELIABLE_BYTES).contains(&message.len())), "a message of no length");
}

fn take(stream: &mut Stream, payload: &[u8], now: Duration) {
    let Ok(payload) = datagram::open(payload) else { return };
    if let Section::Input(body) = payload.section {
        let _ = ClientFrame::open(body);
    }
    let before = (stream.has_message(), stream.is_acknowledged());
    if stream.receive(&payload, now).is_err() {
        assert_eq!(before, (stream.has_message(), stream.is_acknowledged()), "what is refused changes nothing");
    }
}

fn assert_readable(payload: &[u8]) {
    assert!(payload.len() <= MAX_PAYLOAD_BYTES, "a payload of {} bytes", payload.len());
    assert!(datagram::open(payload).is_ok(), "a payload that cannot be opened");
}
