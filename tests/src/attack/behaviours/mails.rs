//! Mails to few addresses, asked for by many, and links that no mail has.

use rand::RngExt;
use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Responses, any, letters};

/// Calls of one act.
const CALLS: usize = 12;
/// Addresses that the whole adversary writes to.
const ADDRESSES: u32 = 8;

pub(super) async fn links(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..CALLS {
        let email = format!("victim{}@realm.example", hostile.rng.random_range(0..ADDRESSES));
        let odd = *any(
            &mut hostile.rng,
            &["", "a@b", "a\r\nBcc: b@c.example", "\u{0}@a.example", "a@a.example, b@b.example"],
        );
        let token = letters("", &mut hostile.rng, 43);
        let password = hostile.password.clone();
        let form = "application/x-www-form-urlencoded";
        let kind = hostile.rng.random_range(0..9);
        let post = |path: &str| hostile.request(Method::POST, path);
        let (request, is_made_up) = match kind {
            0 | 1 => (post("/api/v1/register").json(&json!({"email": email})), false),
            2 | 3 => (post("/api/v1/password/forgot").json(&json!({"email": email})), false),
            4 => (post("/api/v1/register").json(&json!({"email": odd})), false),
            5 => (post("/api/v1/confirm").json(&json!({"token": token, "password": password})), true),
            6 => (post("/api/v1/password/reset").json(&json!({"token": token, "password": password})), true),
            7 => (
                post("/account/forgot").header("content-type", form).body(format!("email={email}&email={email}")),
                false,
            ),
            _ => (hostile.request(Method::GET, &format!("/account/link?token={token}&token=%00")), false),
        };
        let answer = hostile.send(request).await;
        responses.answer(answer.as_ref());
        if is_made_up && matches!(answer, Some((200..300, _))) {
            hostile.endpoints.breaches.note("a link that no mail has was taken".to_owned());
        }
    }
    let body = json!({"email": "victim0@realm.example", "current_password": hostile.password});
    responses.answer(hostile.call(Method::PATCH, "/api/v1/me/email", Some(body)).await.as_ref());
    responses
}
