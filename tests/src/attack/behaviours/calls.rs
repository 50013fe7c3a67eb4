//! Calls below `/api/v1` by everybody who might make them, with values that nobody should send.

use rand::RngExt;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::super::hostile::{Hostile, Responses, any};

/// Calls of one act.
const CALLS: usize = 20;
/// A text of this length is more than any field takes, and fits into a body.
const LONG_BYTES: usize = 12_000;
const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

/// What is read, `{}` being an odd id.
const READ: [&str; 18] = [
    "users",
    "users/{}",
    "lobbies",
    "lobbies/{}",
    "leaderboards",
    "leaderboards/{}",
    "leaderboards/{}/records",
    "leaderboards/kills/records",
    "leaderboards/attacked/records",
    "leaderboards/attacked/records/around/{}",
    "leaderboards/kills/records/me",
    "me",
    "me/friends",
    "me/friend-requests",
    "me/blocked",
    "kv/{}",
    "hooks",
    "auth/session/{}",
];
/// What is written. What would end the account, or change its password, is not among it.
const WRITTEN: [(&str, &str); 27] = [
    ("POST", "login"),
    ("POST", "login/device"),
    ("POST", "refresh"),
    ("POST", "friends"),
    ("DELETE", "friends/{}"),
    ("POST", "friends/{}/accept"),
    ("POST", "friends/{}/block"),
    ("POST", "users/{}/block"),
    ("POST", "users/{}/unblock"),
    ("POST", "lobbies"),
    ("PATCH", "lobbies"),
    ("POST", "lobbies/quick_join"),
    ("POST", "lobbies/kick"),
    ("POST", "lobbies/leave"),
    ("POST", "lobbies/{}/join"),
    ("PATCH", "me/display_name"),
    ("PATCH", "me/username"),
    ("PATCH", "me/show_map"),
    ("PATCH", "me/password"),
    ("PATCH", "me/email"),
    ("POST", "me/device"),
    ("DELETE", "me/device"),
    ("DELETE", "me/providers/{}"),
    ("POST", "leaderboards/resolve"),
    ("POST", "hooks/call"),
    ("POST", "hooks/{}"),
    ("PUT", "me"),
];
const IDS: [&str; 10] =
    [NOBODY, "%00", "..%2f..%2fetc", "-1", "0", "%ff%fe", "%F0%9F%92%A9", "'%20OR%201=1--", "a.b.c", "%25"];
const QUERIES: [&str; 22] = [
    "",
    "page=99999999999999999999",
    "page=-1&page=2&page_size=-5",
    "page=4294967295&page_size=2147483647",
    "page=9223372036854775807&page_size=100",
    "page_size=0",
    "page[]=1&page[a]=2",
    "cursor=AAAA",
    "cursor=%00",
    "cursor=eyJhIjoxfQ&cursor=b",
    "q=%00%00",
    "q=%ff%fe%ff",
    "q=aa&q=bb&q[]=cc",
    "q=%25%25__",
    "title=%00&title=a",
    "metadata_key=%00&metadata_value=%00",
    "metadata_key=a.b%5B0%5D&metadata_value=%25",
    "min_users=NaN&max_users=-9223372036854775809",
    "is_locked=maybe&is_passworded=1&is_passworded=0",
    "starts_after=99999-99-99T99:99:99Z&ends_before=-1&order_by=id%3B--",
    "limit=-9223372036854775808&limit=1",
    "user_id=%00&lobby_id=..&key[]=",
];
const FIELDS: [&str; 21] = [
    "email",
    "password",
    "current_password",
    "device_id",
    "refresh_token",
    "target_user_id",
    "title",
    "max_users",
    "is_hidden",
    "is_locked",
    "metadata",
    "slowdown",
    "host_id",
    "hostless",
    "display_name",
    "username",
    "show_map",
    "slugs",
    "plugin",
    "fn",
    "args",
];

pub(super) async fn odd(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    for _ in 0..CALLS {
        let request = if hostile.rng.random() { read(hostile) } else { write(hostile) };
        let request = match hostile.rng.random_range(0..4) {
            0 => request,
            1 => request.bearer_auth(hostile.ended.as_deref().unwrap_or("a.b.c")),
            _ => request.bearer_auth(&hostile.access),
        };
        responses.answer(hostile.send(request).await.as_ref());
    }
    responses
}

fn read(hostile: &mut Hostile) -> RequestBuilder {
    let id = *any(&mut hostile.rng, &IDS);
    let path = any(&mut hostile.rng, &READ).replace("{}", id);
    let query = any(&mut hostile.rng, &QUERIES);
    hostile.request(Method::GET, &format!("/api/v1/{path}?{query}"))
}

fn write(hostile: &mut Hostile) -> RequestBuilder {
    let (method, path) = *any(&mut hostile.rng, &WRITTEN);
    let id = *any(&mut hostile.rng, &IDS);
    let path = path.replace("{}", id);
    let request = hostile.request(method.parse().unwrap_or(Method::POST), &format!("/api/v1/{path}"));
    let form = "application/x-www-form-urlencoded";
    let odd = odd_value(hostile);
    let all = FIELDS.iter().map(|field| ((*field).to_owned(), odd.clone())).collect();
    match hostile.rng.random_range(0..8) {
        0 => request.header("content-type", form).body("title=a&title=b&title[c]=d&password=%00&email=%ff"),
        1 => request.header("content-type", form).body("a=1&".repeat(LONG_BYTES / 4)),
        2 => request.header("content-type", "multipart/form-data; boundary=x").body("--x\r\n\r\n--x\r\n--x"),
        3 => request.header("content-type", "application/json").body(r#"{"title":"a","title":{"title":[]},"args":1}"#),
        4 => request.header("content-type", "application/json").body("\u{feff}{\"title\":\"\\ud800\"}"),
        5 => {
            let field = *any(&mut hostile.rng, &FIELDS);
            request.json(&json!({field: odd}))
        }
        6 => request.json(&odd),
        // What is large fits into one field alone.
        _ if odd.to_string().len() < 1_000 => request.json(&Value::Object(all)),
        _ => request.json(&json!({"metadata": odd})),
    }
}

pub(super) fn odd_value(hostile: &mut Hostile) -> Value {
    match hostile.rng.random_range(0..12) {
        0 => Value::Null,
        1 => json!(-1),
        2 => json!(u64::MAX),
        3 => json!(1e308),
        4 => json!("\u{0}"),
        5 => json!("x".repeat(LONG_BYTES)),
        6 => json!([[[[[[[[]]]]]]]]),
        7 => json!({"\u{0}": {"__proto__": [null]}}),
        8 => json!("\u{202e}\u{200b}\u{feff}"),
        9 => json!(vec![NOBODY; 300]),
        10 => json!(true),
        _ => (0..200).map(|number| (format!("k{number}"), json!("v".repeat(40)))).collect(),
    }
}

pub(super) async fn ended_log_in(hostile: &mut Hostile) -> Responses {
    let mut responses = Responses::default();
    if !hostile.is_logged_in().await {
        return responses;
    }
    let Some(ended) = hostile.end_log_in().await else { return responses };
    for (method, path) in
        [(Method::GET, "/characters"), (Method::POST, "/characters"), (Method::GET, "/api/v1/admin/users")]
    {
        let request = hostile.request(method.clone(), path).bearer_auth(&ended).json(&json!({"name": "Gone"}));
        let answer = hostile.send(request).await;
        responses.answer(answer.as_ref());
        if let Some((200..300, _)) = answer {
            hostile.endpoints.breaches.note(format!("a log-in that has ended opens {method} {path}"));
        }
    }
    let good = std::mem::replace(&mut hostile.access, ended);
    responses.asked += 1;
    match hostile.realtime("2.0.0").await {
        Some(_) => hostile.endpoints.breaches.note("a log-in that has ended opens the realtime socket".to_owned()),
        None => responses.refused += 1,
    }
    hostile.access = good;
    responses
}
