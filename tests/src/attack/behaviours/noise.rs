//! Datagrams that mean nothing, or pretend to.

use rand::RngExt;

use super::super::hostile::{Hostile, Responses};

const DATAGRAMS: u64 = 100;

pub(super) async fn noise(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let from = hostile.any_source();
    let Some(socket) = hostile.endpoints.knock_from(from).await else { return responses };
    for _ in 0..DATAGRAMS {
        let length = hostile.rng.random_range(0..1_400);
        let mut datagram: Vec<u8> = (0..length).map(|_| hostile.rng.random()).collect();
        if let Some(first) = datagram.first_mut() {
            // Every type there is, with every length of a sequence number.
            *first = hostile.rng.random_range(0..7) | hostile.rng.random_range(0..16) << 4;
        }
        responses.asked += 1;
        // A full buffer loses it, as the network may.
        let _ = socket.send(&datagram).await;
    }
    responses
}
