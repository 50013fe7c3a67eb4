//! Log-ins by other providers that are begun and never ended, and ways back that no provider has sent.

use rand::RngExt;
use reqwest::Method;
use serde_json::json;

use super::super::hostile::{Hostile, Responses, any, letters};

/// Flows of one act.
const FLOWS: usize = 10;
/// Ways back of one act.
const WAYS_BACK: usize = 20;

pub(super) async fn begun(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    for _ in 0..FLOWS {
        let provider = *any(&mut hostile.rng, &["discord", "discord", "google", "steam", "%00", "apple"]);
        let query = *any(&mut hostile.rng, &["", "?browser=true", "?browser=true&browser=%00"]);
        let request = hostile.request(Method::GET, &format!("/api/v1/auth/{provider}{query}"));
        let request = if hostile.rng.random() { request.bearer_auth(&hostile.access) } else { request };
        let answer = hostile.send(request).await;
        responses.answer(answer.as_ref());
        let Some((200, begun)) = answer else { continue };
        let session = begun["session_id"].as_str().unwrap_or_default();
        let state = hostile.send(hostile.request(Method::GET, &format!("/api/v1/auth/session/{session}"))).await;
        responses.answer(state.as_ref());
        if let Some((200, state)) = state
            && state["status"] == "completed"
        {
            hostile.endpoints.breaches.note("a flow was completed that no provider has ended".to_owned());
        }
    }
    responses
}

pub(super) async fn forged(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    let begun = hostile.send(hostile.request(Method::GET, "/api/v1/auth/discord")).await;
    let url = begun.as_ref().and_then(|(_, begun)| begun["authorization_url"].as_str()).unwrap_or_default();
    // The true state of a flow, whose code is made up.
    let state = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap_or("none").to_owned();
    for _ in 0..WAYS_BACK {
        let made_up = letters("", &mut hostile.rng, 43);
        let state = if hostile.rng.random_bool(0.3) { &state } else { &made_up };
        let queries = [
            format!("state={state}&code={made_up}"),
            format!("state={state}&code=a&code=b"),
            format!("state={state}&state={made_up}&code=a"),
            format!("state[]={state}&code[a]=%00&error=access_denied"),
            format!("state={state}&error=%ff&error_description={}", "x".repeat(8_000)),
            "a=1&".repeat(200),
        ];
        let query = any(&mut hostile.rng, &queries).clone();
        let provider = *any(&mut hostile.rng, &["discord", "google", "steam", "..%2f", "nobody"]);
        let form = "application/x-www-form-urlencoded";
        let request = match hostile.rng.random_range(0..7) {
            0 => hostile.request(Method::GET, &format!("/auth/{provider}/callback?{query}")),
            1 => hostile
                .request(Method::POST, &format!("/auth/{provider}/callback"))
                .header("content-type", form)
                .body(query),
            2 => hostile.request(Method::GET, &format!("/auth/success?session_id={made_up}")),
            3 => {
                let answer = format!("session_id={made_up}&answer=yes&answer=no");
                hostile.request(Method::POST, "/auth/success").header("content-type", form).body(answer)
            }
            4 => hostile.request(Method::GET, &format!("/api/v1/auth/session/{made_up}")),
            5 => {
                let request = hostile.request(Method::POST, &format!("/api/v1/auth/{provider}/callback"));
                request.json(&json!({"code": made_up, "state": state}))
            }
            _ => {
                let token = format!("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.{made_up}");
                hostile.request(Method::POST, "/api/v1/auth/google/id_token").json(&json!({"id_token": token}))
            }
        };
        let answer = hostile.send(request).await;
        responses.answer(answer.as_ref());
        if answer.is_some_and(|(_, said)| said["data"]["access_token"].is_string()) {
            hostile.endpoints.breaches.note("a way back that was made up is a log-in".to_owned());
        }
    }
    responses
}
