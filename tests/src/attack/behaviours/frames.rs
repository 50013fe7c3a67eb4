//! Frames that RFC 6455 forbids, and messages that are too long.

use rand::RngExt;

use super::super::hostile::{Hostile, Responses};
use super::super::raw::{TEXT, frame, is_ended, send};

pub(super) async fn malformed(hostile: &mut Hostile) -> Responses {
    let kinds: [Vec<u8>; 8] = [
        // Reserved opcodes.
        frame(3, b"x"),
        frame(11, b"x"),
        // Not masked.
        vec![0x81, 1, b'x'],
        // A length of 63 bits.
        [&[0x81, 0xff, 0x7f][..], &[0xff; 7], &[0; 4]].concat(),
        // A ping in parts, and a continuation of nothing.
        vec![0x09, 0x80, 0, 0, 0, 0],
        frame(0, b"x"),
        // No UTF-8, and too much of it.
        frame(TEXT, &[0xff, 0xfe]),
        frame(TEXT, &[b'x'; 5_000]),
    ];
    let mut responses = Responses::default();
    let Some(mut socket) = hostile.gateway().await else { return responses };
    let kind = &kinds[hostile.rng.random_range(0..kinds.len())];
    responses.asked += 1;
    let stream = socket.get_mut();
    responses.ended += u64::from(!send(stream, kind).await || is_ended(stream).await);
    responses
}
