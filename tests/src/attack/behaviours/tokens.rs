//! A refresh token that two use, and the socket of the log-in that ends for it.

use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Told};

pub(super) async fn reuse(hostile: &mut Hostile) -> Told {
    let mut told = Told::default();
    if !hostile.log_in().await {
        return told;
    }
    let Some(mut socket) = hostile.gateway().await else { return told };
    for _ in 0..2 {
        let body = json!({"refresh_token": hostile.refresh});
        told.answer(hostile.call(Method::POST, "/auth/refresh", Some(body)).await.as_ref());
    }
    told.asked += 1;
    match hostile.ask_in(&mut socket).await {
        Ok(_) => {}
        Err(code) if code == "CLOSED" => told.ended += 1,
        Err(_) => told.refused += 1,
    }
    // Whatever the family became, the next act begins with a log-in that is good.
    hostile.log_in().await;
    told
}
