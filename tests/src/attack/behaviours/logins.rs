//! One account logs in many times at once.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Responses};

const AT_ONCE: usize = 10;

pub(super) async fn parallel(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let attempts = (0..AT_ONCE).map(|turn| {
        let password = if turn % 2 == 0 { &hostile.password } else { "a wrong password" };
        let body = json!({"username": hostile.name, "password": password});
        hostile.call(Method::POST, "/auth/login", Some(body))
    });
    for answer in join_all(attempts).await {
        responses.answer(answer.as_ref());
    }
    responses
}
