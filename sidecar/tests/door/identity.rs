//! What a service is sent of a user and of a request's origin: what the door sets, and what no client can set.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::by_hand::{exchange, statuses};
use crate::place::{Place, Socket, answer, entry};
use crate::service::{Seen, Service};

/// A door in front of one service at `/shop`, which is passed all claims, and of another one.
async fn door_of_shop(service: &Service) -> Place {
    let claims = r#"claims = { userId = "x-user-id", role = "x-user-role", sid = "x-login" }
        public = ["/news/*"]"#;
    let other = entry("other", &service.url(), r#"claims = { userId = "x-player" }"#);
    Place::new(&[entry("shop", &service.url(), claims), other].concat()).await
}

fn last(service: &Service) -> Seen {
    service.seen().pop().expect("the service has received a request")
}

fn session_of(token: &str) -> String {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    payload["sid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn service_is_passed_the_claims_that_it_names() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    // The first account of a realm is its administrator.
    let (owner, ann) = (place.user("owner").await, place.user("ann").await);
    answer(place.get("/shop/cart").bearer_auth(&owner.access)).await.expect(StatusCode::OK);
    assert_eq!(last(&service).all("x-user-role"), ["admin"]);
    answer(place.get("/shop/cart?a=1").bearer_auth(&ann.access)).await.expect(StatusCode::OK);
    let seen = last(&service);
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/cart?a=1"));
    assert_eq!(seen.all("x-user-id"), [&ann.id]);
    assert_eq!(seen.all("x-user-role"), ["player"]);
    assert_eq!(seen.all("x-login"), [&session_of(&ann.access)]);
    answer(place.get("/other/cart").bearer_auth(&ann.access)).await.expect(StatusCode::OK);
    let seen = last(&service);
    assert_eq!((seen.all("x-player"), seen.all("x-user-id")), (vec![&*ann.id], vec![]));
    let mut socket = Socket::open(place.addr(), "/shop/socket", &ann.access).await;
    assert_eq!(socket.text().await, ann.id);
    assert_eq!(last(&service).all("x-login"), [&session_of(&ann.access)]);
}

#[tokio::test]
async fn identity_header_of_a_client_never_arrives_in_any_spelling() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let ann = place.user("ann").await;
    let spellings = [
        "x-user-id",
        "X-User-Id",
        "X-USER-ID",
        "x_user_id",
        "X_USER-id",
        "x-user_id",
        "x.user.id",
        "x-user.id",
        "x~user!id",
        "X-User-Role",
        "x_user_role",
        "x-login",
        "X_Login",
        "x-player",
        "X_Player",
    ];
    for (path, is_known) in [("/shop/cart", true), ("/shop/news/today", false), ("/other/cart", true)] {
        let listed = |name: &str| ["close".to_owned(), format!("close, {name}, x-user-id")];
        for (name, connection) in spellings.iter().flat_map(|name| listed(name).map(|listed| (name, listed))) {
            let authorization =
                if is_known { format!("Authorization: Bearer {}\r\n", ann.access) } else { String::new() };
            let request = format!(
                "GET {path} HTTP/1.1\r\n{name}: forged\r\nHost: localhost\r\n{authorization}{name}: forged-again\r\n\
                 Connection: {connection}\r\n\r\n"
            );
            let before = service.seen().len();
            let received = exchange(place.addr(), request).await;
            assert_eq!(statuses(&received), [200], "{name}: {received}");
            let seen = service.seen().split_off(before);
            assert_eq!(seen.len(), 1);
            assert!(
                !seen[0].headers.values().any(|value| value.as_bytes().starts_with(b"forged")),
                "{name}: {:?}",
                seen[0]
            );
            let ids = seen[0].all(if path.starts_with("/other") { "x-player" } else { "x-user-id" });
            assert_eq!(ids, if is_known { vec![&*ann.id] } else { vec![] }, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn identity_header_with_a_space_or_a_folded_line_is_no_request() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let ann = place.user("ann").await;
    for line in [
        "X-User-Id : forged",
        "X-User-Id\t: forged",
        " X-User-Id: forged",
        "X-A: b\r\n X-User-Id: forged",
        "X-User\0-Id: forged",
    ] {
        let token = &ann.access;
        let request = format!(
            "GET /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{line}\r\n\
             Connection: close\r\n\r\n"
        );
        let received = exchange(place.addr(), request).await;
        assert_eq!(statuses(&received), [400], "{line:?}: {received}");
    }
    assert!(service.seen().is_empty(), "{:?}", service.seen());
}

#[tokio::test]
async fn identity_header_in_trailers_does_not_arrive() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let ann = place.user("ann").await;
    let request = format!(
        "POST /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\
         TE: trailers\r\n\
         Trailer: x-user-id\r\nConnection: close\r\n\r\n\
         5\r\nhello\r\n0\r\nX-User-Id: forged\r\nX-Login: forged\r\n\r\n",
        ann.access
    );
    let received = exchange(place.addr(), request).await;
    assert_eq!(statuses(&received), [200], "{received}");
    assert!(received.contains(r#""body":"hello""#), "{received}");
    assert!(!received.contains("forged"), "{received}");
    let seen = last(&service);
    assert_eq!(seen.all("x-user-id"), [&ann.id]);
    assert!(!seen.headers.contains_key("trailer") && !seen.headers.contains_key("te"), "{seen:?}");
}

#[tokio::test]
async fn token_and_own_cookies_stay_at_the_door() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let ann = place.user("ann").await;
    let cookies = "a=1; realmgate-admin=secret; __Host-realmgate-admin=secret; b=2";
    for path in ["/shop/cart", "/shop/news/today"] {
        let call = place
            .get(path)
            .bearer_auth(&ann.access)
            .header("cookie", cookies)
            .header("proxy-authorization", "Basic secret");
        answer(call).await.expect(StatusCode::OK);
        let seen = last(&service);
        assert_eq!(seen.all("cookie"), ["a=1; b=2"], "{path}");
        let has_secret = |text: &[u8]| {
            String::from_utf8_lossy(text).contains("secret") || String::from_utf8_lossy(text).contains(&ann.access)
        };
        assert!(!seen.headers.values().any(|value| has_secret(value.as_bytes())), "{path}: {seen:?}");
    }
    answer(place.get("/shop/news/today").bearer_auth("an.expired.token")).await.expect(StatusCode::OK);
    assert!(!last(&service).headers.contains_key("authorization"));
}

#[tokio::test]
async fn cookie_lines_of_a_client_are_one_line_for_the_service() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let request = "GET /shop/news/x HTTP/1.1\r\nHost: localhost\r\nCookie: a=1\r\nCookie: realmgate-admin=x; b=2\r\n\
                   Connection: close\r\n\r\n";
    assert_eq!(statuses(&exchange(place.addr(), request).await), [200]);
    // RFC 9113, section 8.2.3: HTTP/2 clients send a line for each cookie, and HTTP/1.1 has one.
    assert_eq!(last(&service).all("cookie"), ["a=1; b=2"]);
}

#[tokio::test]
async fn origin_is_what_the_door_saw() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let host = place.addr().to_string();
    let mut call = place.get("/shop/news/today");
    for name in [
        "forwarded",
        "x-forwarded-for",
        "x_forwarded_for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-prefix",
        "x-real-ip",
        "x-forwarded-port",
        "x-forwarded-user",
    ] {
        call = call.header(name, "for=10.9.8.7");
    }
    answer(call).await.expect(StatusCode::OK);
    let seen = last(&service);
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.all("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.all("x-forwarded-host"), [&*host]);
    assert_eq!(seen.all("x-forwarded-prefix"), ["/shop"]);
    assert_eq!(seen.all("forwarded"), [format!("for=127.0.0.1;proto=http;host=\"{host}\"")]);
    assert!(!seen.headers.values().any(|value| value == "for=10.9.8.7"), "{seen:?}");
    assert_eq!(format!("http://{}", seen.all("host")[0]), service.url());
}

#[tokio::test]
async fn origin_that_a_trusted_proxy_saw_is_passed_on() {
    let service = Service::start();
    let services = entry("shop", &service.url(), "http = \"open\"");
    let place = Place::with(&services, |settings| settings.edge.trusted_proxies = Some("127.0.0.1".to_owned())).await;
    let call = place.get("/shop/").header("x-forwarded-for", "198.51.100.7").header("x-forwarded-proto", "https");
    answer(call.header("x-forwarded-host", "play.example")).await.expect(StatusCode::OK);
    let seen = last(&service);
    assert_eq!(seen.all("x-forwarded-for"), ["198.51.100.7, 127.0.0.1"]);
    assert_eq!(seen.all("x-forwarded-proto"), ["https"]);
    assert_eq!(seen.all("x-forwarded-host"), ["play.example"]);
    answer(place.get("/shop/").header("x-forwarded-proto", "gopher")).await.expect(StatusCode::OK);
    assert_eq!(last(&service).all("x-forwarded-proto"), ["http"]);
}

#[tokio::test]
async fn request_id_and_trace_are_the_same_on_both_sides() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let call = place.get("/shop/news/today").header("traceparent", parent).header("tracestate", "a=b");
    let answered = answer(call).await;
    let seen = last(&service);
    assert_eq!(answered.header("x-request-id"), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(seen.all("x-request-id"), ["0af7651916cd43dd8448eb211c80319c"]);
    assert_eq!((seen.all("traceparent"), seen.all("tracestate")), (vec![parent], vec!["a=b"]));
    let answered = answer(place.get("/shop/news/today").header("x-request-id", "web-17")).await;
    assert_eq!(answered.header("x-request-id"), Some("web-17"));
    assert_eq!(last(&service).all("x-request-id"), ["web-17"]);
    let answered = answer(place.get("/shop/news/today").header("x-request-id", "two words\u{e9}")).await;
    let made = answered.header("x-request-id").unwrap();
    assert!(made.len() == 32 && last(&service).all("x-request-id") == [made], "{made}");
    let refused = answer(place.get("/shop/cart").header("x-request-id", "web-18")).await;
    refused.problem(401, "UNAUTHORIZED");
    assert_eq!(refused.header("x-request-id"), Some("web-18"));
}

#[tokio::test]
async fn cookies_and_redirects_of_a_service_lead_through_the_door() {
    let routes = Router::new()
        .route("/cookies", get(cookies_of))
        .route("/here", get(|| async { Redirect::to("/cart?a=1") }))
        .route("/elsewhere", get(|| async { Redirect::to("https://elsewhere.example/") }));
    let service = Service::with(routes);
    let place = Place::new(&entry("shop", &service.url(), "http = \"open\"")).await;
    let answered = answer(place.get("/shop/cookies")).await;
    let set: Vec<_> = answered.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set, ["a=1; HttpOnly; Path=/shop", "b=2; Path=/shop/cart"]);
    for (path, location) in [("/shop/here", "/shop/cart?a=1"), ("/shop/elsewhere", "https://elsewhere.example/")] {
        let answered = answer(place.get(path)).await;
        assert_eq!((answered.status.as_u16(), answered.header("location")), (303, Some(location)));
    }
}

async fn cookies_of() -> Response {
    let mut answer = "set".into_response();
    for cookie in ["a=1; Path=/; HttpOnly", "b=2; Domain=example.org; Path=/cart", "realmgate-admin=x"] {
        answer.headers_mut().append("set-cookie", cookie.parse().unwrap());
    }
    answer
}

#[tokio::test]
async fn pipelined_requests_of_one_connection_keep_their_users() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let users = [place.user("ann").await, place.user("ben").await];
    let request = |headers: String| format!("GET /shop/cart HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    let authorized = |token: &str| request(format!("Authorization: Bearer {token}\r\n"));
    let [first, second] = [&users[0], &users[1]].map(|user| authorized(&user.access));
    let all = [
        first.clone(),
        second.clone(),
        request(String::new()),
        first,
        second,
        request("Connection: close\r\n".to_owned()),
    ];
    let received = exchange(place.addr(), all.concat()).await;
    assert_eq!(statuses(&received), [200, 200, 401, 200, 200, 401], "{received}");
    let ids: Vec<_> = service.seen().iter().map(|seen| seen.all("x-user-id").join(" and ")).collect();
    assert_eq!(ids, [&users[0].id, &users[1].id, &users[0].id, &users[1].id].map(String::as_str));
}

#[tokio::test]
async fn first_of_several_tokens_counts_and_none_is_passed_on() {
    let service = Service::start();
    let place = door_of_shop(&service).await;
    let (ann, ben) = (place.user("ann").await, place.user("ben").await);
    let request = format!(
        "GET /shop/cart HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nAuthorization: Bearer {}\r\n\
         Connection: close, authorization\r\n\r\n",
        ann.access, ben.access
    );
    let received = exchange(place.addr(), request).await;
    assert_eq!(statuses(&received), [200], "{received}");
    assert_eq!(last(&service).all("x-user-id"), [&ann.id]);
    assert!(!received.contains(&ben.access) && !received.contains(&ann.access), "{received}");
}
