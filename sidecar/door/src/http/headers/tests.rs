use axum::http::HeaderMap;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::*;
use crate::testing::service;

fn origin() -> Origin {
    Origin {
        peer: [203, 0, 113, 9].into(),
        is_trusted_proxy: false,
        is_https: true,
        host: Some(HeaderValue::from_static("play.example:3003")),
    }
}

fn user() -> User {
    User { account: AccountId([7; 16]), session: Uuid::max(), role: "player".into() }
}

fn sent(headers: &[(&str, &str)], user: Option<&User>, origin: &Origin) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    let service = service("shop", "http://127.0.0.1:5000");
    let identity =
        IdentityHeaders::new([&HeaderName::from_static("x-user-id"), &HeaderName::from_static("x-user-role")]);
    rewrite_request(&mut map, &service, &identity, user, origin, None);
    map
}

#[test]
fn only_the_door_says_who_the_user_is() {
    for name in ["x-user-id", "X-USER-ID", "x_user_id", "x-user_id", "X_User-Role", "x.user.id", "X!User~Id"] {
        let headers = sent(&[(name, "forged"), (name, "twice")], None, &origin());
        assert!(!headers.values().any(|value| value == "forged" || value == "twice"), "{name}: {headers:?}");
        let headers = sent(&[(name, "forged"), ("connection", "x-user-id")], Some(&user()), &origin());
        let ids: Vec<_> = headers.get_all("x-user-id").iter().collect();
        assert_eq!(ids, [&user().account.to_string()], "{name}");
    }
}

#[test]
fn token_stays_at_the_door() {
    assert!(!sent(&[("authorization", "Bearer x")], Some(&user()), &origin()).contains_key("authorization"));
}

#[test]
fn headers_of_one_hop_stay_there() {
    let hop = [
        ("connection", "close, x-secret"),
        ("x-secret", "1"),
        ("keep-alive", "1"),
        ("te", "trailers"),
        ("trailer", "x"),
        ("upgrade", "h2c"),
        ("transfer-encoding", "chunked"),
        ("proxy-authorization", "Basic x"),
        ("expect", "100-continue"),
        ("content-length", "3"),
    ];
    let headers = sent(&hop, None, &origin());
    for (name, _) in hop {
        assert!(!headers.contains_key(name), "{name}");
    }
    assert_eq!(sent(&[("accept", "text/html")], None, &origin())["accept"], "text/html");
}

#[test]
fn origin_is_what_the_door_saw() {
    let forged = [
        ("x-forwarded-for", "10.0.0.1"),
        ("x_forwarded_for", "10.0.0.2"),
        ("forwarded", "for=10.0.0.1"),
        ("x-real-ip", "10.0.0.1"),
    ];
    let headers = sent(&forged, None, &origin());
    assert_eq!(headers["x-forwarded-for"], "203.0.113.9");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(headers["x-forwarded-host"], "play.example:3003");
    assert_eq!(headers["x-forwarded-prefix"], "/shop");
    assert_eq!(headers["forwarded"], "for=203.0.113.9;proto=https;host=\"play.example:3003\"");
    assert!(!headers.values().any(|value| value.to_str().unwrap().contains("10.0.0")), "{headers:?}");
    let behind = Origin { is_trusted_proxy: true, is_https: false, ..origin() };
    let headers = sent(&[("x-forwarded-for", "198.51.100.7"), ("x-forwarded-proto", "https")], None, &behind);
    assert_eq!(headers["x-forwarded-for"], "198.51.100.7, 203.0.113.9");
    assert_eq!(headers["x-forwarded-proto"], "https");
    assert_eq!(sent(&[("x-forwarded-proto", "gopher")], None, &behind)["x-forwarded-proto"], "http");
    let six = Origin { peer: "2001:db8::1".parse().unwrap(), host: None, ..origin() };
    assert_eq!(sent(&[], None, &six)["forwarded"], "for=\"[2001:db8::1]\";proto=https");
}

#[test]
fn own_cookies_stay_at_the_door() {
    let lines =
        ["a=1; realmgate-admin=secret; b=2", "__Host-realmgate-admin=secret", "c=3"].map(|line| ("cookie", line));
    let headers = sent(&lines, None, &origin());
    let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1; b=2; c=3"]);
}

fn received(headers: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap());
    }
    let service = service("shop", "http://127.0.0.1:5000/api");
    rewrite_response(&mut map, &service, &service.urls[0]);
    map
}

#[test]
fn redirects_lead_through_the_door() {
    for (from, to) in [
        ("/login", "/shop/login"),
        ("/api/login?next=1", "/shop/login?next=1"),
        ("http://127.0.0.1:5000/api/cart", "/shop/cart"),
        ("http://127.0.0.1:5000", "/shop"),
        ("/apis", "/shop/apis"),
        ("http://127.0.0.1:5000.evil.example/", "http://127.0.0.1:5000.evil.example/"),
        ("https://elsewhere.example/", "https://elsewhere.example/"),
        ("//elsewhere.example/", "//elsewhere.example/"),
        ("next", "next"),
    ] {
        assert_eq!(received(&[("location", from)])["location"], to, "{from}");
    }
}

#[test]
fn cookies_of_a_service_are_its_own() {
    for (from, to) in [
        ("a=1; Path=/; HttpOnly", "a=1; HttpOnly; Path=/shop"),
        ("a=1", "a=1; Path=/shop"),
        ("a=1; path=/cart; Domain=example.org", "a=1; Path=/shop/cart"),
    ] {
        assert_eq!(received(&[("set-cookie", from)])["set-cookie"], to);
    }
    assert!(!received(&[("set-cookie", "realmgate-admin=x")]).contains_key("set-cookie"));
}

#[test]
fn answers_lose_what_is_of_their_hop_and_what_the_door_answers() {
    let headers = received(&[
        ("connection", "x-a"),
        ("x-a", "1"),
        ("access-control-allow-origin", "*"),
        ("keep-alive", "1"),
        ("etag", "\"1\""),
    ]);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["etag"]);
    assert!(received(&[("transfer-encoding", "chunked"), ("content-length", "3")]).is_empty());
}
