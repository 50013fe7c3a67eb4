//! Control frames without end over sockets whose answers nobody reads.

use super::super::hostile::{Hostile, Responses};
use super::super::raw::{PING, PONG, frame, is_ended, send};

/// Frames sent in one go.
const BLOCK: usize = 500;
/// Bytes of pings, unless the socket is closed before: what a server without a bound would keep.
const FLOOD_BYTES: usize = 64 << 20;
const PONGS: usize = 100_000;

pub(super) async fn flood(hostile: &mut Hostile) -> Responses {
    let ping = frame(PING, &[7; 125]);
    let blocks = FLOOD_BYTES / (BLOCK * ping.len());
    control_frames(hostile, &ping, blocks).await
}

pub(super) async fn pongs(hostile: &mut Hostile) -> Responses {
    control_frames(hostile, &frame(PONG, b""), PONGS / BLOCK).await
}

async fn control_frames(hostile: &mut Hostile, frame: &[u8], blocks: usize) -> Responses {
    let mut responses = Responses::default();
    let Some(mut socket) = hostile.gateway().await else { return responses };
    let (stream, block) = (socket.get_mut(), frame.repeat(BLOCK));
    for _ in 0..blocks {
        responses.asked += BLOCK as u64;
        if !send(stream, &block).await {
            responses.ended += 1;
            return responses;
        }
    }
    responses.ended += u64::from(is_ended(stream).await);
    responses
}
