//! The rate limits of the door, which are those of our own routes.

use axum::http::StatusCode;

use crate::place::{Place, Socket, answer, entry};
use crate::service::Service;

const MOST: u32 = 5;

#[tokio::test]
async fn user_with_too_many_requests_is_refused_and_others_are_not() {
    let service = Service::start();
    let services = [entry("shop", &service.url(), ""), entry("open", &service.url(), "http = \"open\"")];
    let place = Place::with(&services.concat(), |settings| settings.calls_per_min = MOST).await;
    let (ann, ben) = (place.user("ann").await, place.user("ben").await);
    for _ in 0..MOST {
        answer(place.get("/shop/cart").bearer_auth(&ann.access)).await.expect(StatusCode::OK);
    }
    for path in ["/shop/cart", "/open/x"] {
        let refused = answer(place.get(path).bearer_auth(&ann.access)).await;
        refused.problem(429, "RATE_LIMITED");
        assert!(refused.header("retry-after").is_some());
    }
    let path = format!("/shop/socket?token={}", ann.access);
    Socket::try_open(place.addr(), &path, &[]).await.err().unwrap().problem(429, "RATE_LIMITED");
    assert_eq!(service.seen().len(), MOST as usize);
    answer(place.get("/shop/cart").bearer_auth(&ben.access)).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn source_with_too_many_requests_without_a_user_is_refused() {
    let service = Service::start();
    let services = entry("shop", &service.url(), "public = [\"/news/*\"]");
    let place = Place::with(&services, |settings| {
        settings.calls_per_min = MOST;
        settings.edge.trusted_proxies = Some("127.0.0.1".to_owned());
    });
    let place = place.await;
    let from = |source: &str, path: &str| place.get(path).header("x-forwarded-for", source);
    let mut refused = 0;
    for path in ["/shop/cart", "/nowhere", "/shop/news/today"].into_iter().cycle().take(5 * MOST as usize) {
        refused += u32::from(answer(from("198.51.100.7", path)).await.status == 429);
    }
    assert_eq!(refused, 4 * MOST);
    answer(from("198.51.100.8", "/shop/news/today")).await.expect(StatusCode::OK);
}
