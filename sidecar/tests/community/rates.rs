//! How often anybody may call, by address and by account.

use axum::http::StatusCode;
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Realm, on_every_backend};
use crate::client::Client;
use crate::testing::Answer;

on_every_backend!(
    of_few_calls =>
    calls_are_limited_by_address_and_by_account,
    refused_sockets_use_up_nobodys_calls,
);

const MOST: usize = 3;

fn of_few_calls(settings: &mut Settings) {
    settings.calls_per_min = MOST as u32;
    // Whoever calls in these tests is a proxy, which says for whom.
    settings.edge.trusted_proxies = Some("127.0.0.1".to_owned());
}

fn is_limited(answer: &Answer, what: &str) {
    assert_eq!(answer.expect(StatusCode::TOO_MANY_REQUESTS), json!({"error": "Too Many Requests"}), "{what}");
    let wait: u64 = answer.header("retry-after").unwrap_or_else(|| panic!("{what}")).parse().unwrap();
    assert!((1..=61).contains(&wait), "{what}: {wait}");
}

async fn calls_are_limited_by_address_and_by_account(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let unknown = "00000000-0000-7000-8000-000000000000";
    // Each for somebody else.
    for (number, (method, path, body)) in [
        ("GET", "/health", Value::Null),
        ("POST", "/login", json!({"email": "nobody", "password": "x"})),
        ("POST", "/login/device", json!({"device_id": "ann's"})),
        ("POST", "/refresh", json!({"refresh_token": "x"})),
        ("POST", "/register", json!({})),
        ("GET", "/auth/myspace", Value::Null),
        ("GET", "/auth/session/x", Value::Null),
        ("POST", "/auth/steam/callback", json!({})),
        ("GET", "/users?q=a", Value::Null),
        ("GET", &format!("/users/{unknown}"), Value::Null),
        ("GET", "/lobbies", Value::Null),
        ("GET", "/leaderboards", Value::Null),
        ("POST", "/leaderboards/resolve", json!({"slugs": []})),
        ("GET", "/leaderboards/x/records", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let call = async |last: usize| {
            let from = format!("203.0.113.{last}");
            realm.call(method, path, body.clone()).header("x-forwarded-for", &from).send().await
        };
        for _ in 0..MOST {
            assert_ne!(call(number + 1).await.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        }
        is_limited(&call(number + 1).await, path);
        assert_ne!(call(100 + number).await.status, StatusCode::TOO_MANY_REQUESTS, "{path} for another");
    }
    // With a token it is the account that counts, wherever it calls from.
    for number in 0..MOST {
        let call = realm.call("GET", "/me", Value::Null).bearer(&ann.access);
        let from = format!("198.51.100.{number}");
        call.header("x-forwarded-for", &from).send().await.expect(StatusCode::OK);
    }
    is_limited(&realm.by(&ann, "GET", "/lobbies/x", Value::Null).await, "an account");
    realm.by(&ben, "GET", "/me", Value::Null).await.expect(StatusCode::OK);
}

/// A page whose log-in has ended tries again for as long as it is open.
async fn refused_sockets_use_up_nobodys_calls(realm: Realm) {
    let (ann, gone) = (realm.device("ann's").await, realm.device("gone's").await);
    realm.by(&gone, "DELETE", "/logout", Value::Null).await.expect(StatusCode::OK);
    let open = async |token: &str, last: u8| {
        let (addr, from) = (realm.app().state().addrs.api, format!("203.0.113.{last}"));
        Client::try_open_with(addr, &format!("token={token}&vsn=2.0.0"), Some(("x-forwarded-for", &from))).await.err()
    };
    for token in [&gone.access, "x", &gone.access] {
        assert_eq!(open(token, 1).await, Some(403));
    }
    assert_eq!(open(&gone.access, 1).await, Some(429));
    assert_eq!(open(&gone.access, 2).await, Some(403), "another address");
    for _ in 0..MOST {
        let call = realm.call("GET", "/lobbies", Value::Null).header("x-forwarded-for", "203.0.113.1");
        call.send().await.expect(StatusCode::OK);
    }
    assert_eq!(open(&ann.access, 1).await, None, "a logged-in user gets in");
}
