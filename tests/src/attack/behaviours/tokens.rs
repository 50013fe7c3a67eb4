//! A refresh token that two use, and the socket of the log-in that ends for it.

use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Responses};

pub(super) async fn reuse(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.log_in().await {
        return responses;
    }
    let Some(mut socket) = hostile.gateway().await else { return responses };
    // The first token comes back after its successor was used.
    let mut token = hostile.refresh.clone();
    for _ in 0..2 {
        let answer = hostile.call(Method::POST, "/auth/refresh", Some(json!({"refresh_token": token}))).await;
        responses.answer(answer.as_ref());
        let next = answer.and_then(|(_, body)| body["refresh_token"].as_str().map(str::to_owned));
        token = next.unwrap_or(token);
    }
    let body = json!({"refresh_token": hostile.refresh});
    responses.answer(hostile.call(Method::POST, "/auth/refresh", Some(body)).await.as_ref());
    responses.asked += 1;
    match hostile.ask_in(&mut socket).await {
        Ok(_) => {}
        Err(code) if code == "CLOSED" => responses.ended += 1,
        Err(_) => responses.refused += 1,
    }
    // Whatever the family became, the next act begins with a log-in that is good.
    hostile.log_in().await;
    responses
}
