//! What administrators alone may call: by others, and with odd values by an administrator.

use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::super::hostile::{Hostile, Responses, any, letters};
use super::super::surroundings::{ADMINISTRATOR, PASSWORD};
use super::calls::odd_value;

/// Calls of one act.
const CALLS: usize = 20;

/// What administrators alone may call, `{}` being the hostile's own id.
const CALLED: [(&str, &str); 35] = [
    ("GET", "acts"),
    ("GET", "hooks"),
    ("POST", "hooks/reload"),
    ("GET", "users"),
    ("GET", "users/{}"),
    ("PATCH", "users/{}"),
    ("DELETE", "users/{}"),
    ("GET", "users/{}/log_ins"),
    ("DELETE", "users/{}/log_ins"),
    ("GET", "users/{}/characters"),
    ("GET", "characters?name=aa"),
    ("GET", "characters/{}"),
    ("GET", "characters/{}/gold"),
    ("GET", "items/{}/ledger"),
    ("GET", "servers"),
    ("GET", "settings"),
    ("GET", "lobbies"),
    ("PATCH", "lobbies/{}"),
    ("DELETE", "lobbies/{}"),
    ("POST", "leaderboards"),
    ("PATCH", "leaderboards/attacked"),
    ("POST", "leaderboards/attacked/end"),
    ("DELETE", "leaderboards/attacked"),
    ("DELETE", "leaderboards/kills"),
    ("GET", "overview"),
    ("POST", "announcements"),
    ("POST", "users/{}/kick"),
    ("POST", "lobbies"),
    ("GET", "leaderboards/kills/records"),
    ("POST", "leaderboards/kills/records"),
    ("PATCH", "leaderboards/kills/records/{}"),
    ("DELETE", "leaderboards/kills/records/{}"),
    ("DELETE", "leaderboards/kills/records/user/{}"),
    ("GET", "acts?before=%00"),
    ("GET", "users?q=%00&q=a"),
];

/// What an administrator calls whose values nobody has checked. No account is deleted or made an administrator.
const ALLOWED: [(&str, &str); 27] = [
    ("GET", "overview"),
    ("POST", "announcements"),
    ("GET", "acts?before=99999999999999999999"),
    ("GET", "users?q=%00&q=a"),
    ("GET", "users?page=4294967295&page_size=2147483647"),
    ("GET", "users/{}"),
    ("GET", "users/{}/characters"),
    ("GET", "users/{}/log_ins"),
    ("DELETE", "users/{}/log_ins"),
    ("POST", "users/{}/kick"),
    ("PATCH", "users/{}"),
    ("GET", "characters?name=%25"),
    ("GET", "characters?name=h"),
    ("GET", "characters/{}"),
    ("GET", "characters/{}/gold"),
    ("GET", "items/{}/ledger"),
    ("GET", "lobbies?page=4294967295"),
    ("POST", "lobbies"),
    ("PATCH", "lobbies/{}"),
    ("POST", "leaderboards"),
    ("PATCH", "leaderboards/attacked"),
    ("GET", "leaderboards/attacked/records?page=4294967295&page_size=2147483647"),
    ("POST", "leaderboards/attacked/records"),
    ("PATCH", "leaderboards/attacked/records/{}"),
    ("DELETE", "leaderboards/attacked/records/{}"),
    ("DELETE", "leaderboards/attacked/records/user/{}"),
    ("POST", "hooks/reload"),
];
const FIELDS: [&str; 18] = [
    "ban_reason",
    "banned_until",
    "description",
    "display_name",
    "ends_at",
    "is_hidden",
    "is_locked",
    "max_users",
    "metadata",
    "muted_until",
    "operator",
    "password",
    "score",
    "slug",
    "sort_order",
    "text",
    "title",
    "user_id",
];

pub(super) async fn refused(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    for _ in 0..CALLS {
        let (method, path) = *any(&mut hostile.rng, &CALLED);
        let path = format!("/api/v1/admin/{}", path.replace("{}", &hostile.user_id));
        let request = hostile.request(method.parse().unwrap_or(Method::GET), &path);
        let request = match hostile.rng.random_range(0..5) {
            0 => request,
            1 => request.bearer_auth(hostile.ended.as_deref().unwrap_or("a.b.c")),
            2 => request.header("cookie", "realmgate_admin=a.b.c").header("x-realmgate-admin", "1"),
            _ => request.bearer_auth(&hostile.access),
        };
        let body = json!({"is_admin": true, "slug": "mine", "title": "Mine", "score": 1, "user_id": hostile.user_id});
        let answer = hostile.send(request.json(&body)).await;
        responses.answer(answer.as_ref());
        if let Some((200..300, said)) = &answer {
            hostile.endpoints.breaches.note(format!("a player may {method} {path}: {said}"));
        }
    }
    responses
}

/// An administrator's log-in, with values that its program has not checked.
pub(super) async fn allowed(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let body = json!({"username": ADMINISTRATOR, "password": PASSWORD});
    let log_in = hostile.send(hostile.request(Method::POST, "/auth/login").json(&body)).await;
    let Some((200, tokens)) = log_in else { return responses };
    let access = tokens["access_token"].as_str().unwrap_or_default();
    for _ in 0..CALLS {
        let (method, path) = *any(&mut hostile.rng, &ALLOWED);
        let id = if hostile.rng.random() { hostile.user_id.clone() } else { letters("%00", &mut hostile.rng, 4) };
        let path = format!("/api/v1/admin/{}", path.replace("{}", &id));
        let body = odd_body(hostile);
        let request = hostile.request(method.parse().unwrap_or(Method::GET), &path).bearer_auth(access);
        responses.answer(hostile.send(request.json(&body)).await.as_ref());
    }
    // What became of the hostile's own account is taken back.
    let path = format!("/api/v1/admin/users/{}", hostile.user_id);
    let request = hostile.request(Method::PATCH, &path).bearer_auth(access);
    let back = hostile.send(request.json(&json!({"is_activated": true}))).await;
    if let Some((400..500, said)) = &back {
        hostile.endpoints.breaches.note(format!("an administrator may not change an account: {said}"));
    }
    responses
}

/// Some fields as they should be, and one that is odd.
fn odd_body(hostile: &mut Hostile) -> Value {
    let slug = letters("odd", &mut hostile.rng, 6);
    let mut body = json!({
        "slug": slug, "title": "Odd", "text": "odd", "score": 1, "user_id": hostile.user_id, "is_activated": hostile.rng.random::<bool>(),
    });
    let field = *any(&mut hostile.rng, &FIELDS);
    body[field] = odd_value(hostile);
    body
}
