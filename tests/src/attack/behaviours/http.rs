//! Requests that cost more to read than to send.

use rand::RngExt;
use reqwest::Method;

use super::super::hostile::{Hostile, Responses};

const REQUESTS: usize = 20;
const LONG_BODY_BYTES: usize = 1 << 20;
const DEPTH: usize = 20_000;

pub(super) async fn flood(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..REQUESTS {
        let path = ["/auth/login", "/auth/register", "/auth/refresh", "/characters"][hostile.rng.random_range(0..4)];
        let kind = hostile.rng.random_range(0..6);
        let post = |path: &str| hostile.request(Method::POST, path).header("content-type", "application/json");
        let request = match kind {
            0 => post(path).body("[".repeat(DEPTH)),
            1 => post(path).body(format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH))),
            2 => post(path).body(vec![b'x'; LONG_BODY_BYTES]),
            3 => hostile.request(Method::POST, path).header("content-type", "text/plain").body("{}"),
            4 => hostile.request(Method::GET, "/../../etc/passwd?a=%00"),
            _ => hostile.request(Method::PUT, path).header("authorization", "Bearer a.b.c"),
        };
        responses.answer(hostile.send(request).await.as_ref());
    }
    responses
}
