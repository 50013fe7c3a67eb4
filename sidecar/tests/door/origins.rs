//! Pages of other origins: the door answers for all services, by `ALLOWED_ORIGINS`.

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::get;

use crate::place::{Place, Socket, answer, entry};
use crate::service::Service;

const ALLOWED: &str = "https://play.example";
const FOREIGN: &str = "https://evil.example";

async fn shop() -> (Service, Place) {
    let careless = [("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")];
    let service = Service::with(Router::new().route("/cart", get(move || async move { (careless, "cart") })));
    let services = entry("shop", &service.url(), "");
    let place = Place::with(&services, |settings| settings.allowed_origins = Some(ALLOWED.to_owned())).await;
    (service, place)
}

#[tokio::test]
async fn preflight_is_answered_at_the_door() {
    let (service, place) = shop().await;
    let ask = |origin: &'static str| {
        let call = place.call(Method::OPTIONS, "/shop/cart").header("origin", origin);
        answer(call.header("access-control-request-method", "PUT").header("access-control-request-headers", "x-own"))
    };
    let allowed = ask(ALLOWED).await;
    assert_eq!(allowed.status, StatusCode::OK);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(ALLOWED));
    assert_eq!(allowed.header("access-control-allow-methods"), Some("PUT"));
    assert_eq!(allowed.header("access-control-allow-headers"), Some("x-own"));
    assert_eq!(ask(FOREIGN).await.header("access-control-allow-origin"), None);
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn answer_names_the_origins_of_the_door_and_not_those_of_the_service() {
    let (_service, place) = shop().await;
    let token = place.user("ann").await.access;
    for (origin, allowed) in [(ALLOWED, Some(ALLOWED)), (FOREIGN, None)] {
        let answered = answer(place.get("/shop/cart").bearer_auth(&token).header("origin", origin)).await;
        assert_eq!((answered.status, &*answered.text), (StatusCode::OK, "cart"));
        assert_eq!(answered.header("access-control-allow-origin"), allowed);
        assert_eq!(answered.header("access-control-allow-credentials"), None);
    }
    // Pages can read why they are refused.
    let refused = answer(place.get("/shop/cart").header("origin", ALLOWED)).await;
    refused.problem(401, "UNAUTHORIZED");
    assert_eq!(refused.header("access-control-allow-origin"), Some(ALLOWED));
}

#[tokio::test]
async fn socket_of_an_allowed_origin_opens() {
    let (_service, place) = shop().await;
    let path = format!("/shop/socket?token={}", place.user("ann").await.access);
    assert!(Socket::try_open(place.addr(), &path, &[("origin", ALLOWED)]).await.is_ok());
    let refused = Socket::try_open(place.addr(), &path, &[("origin", FOREIGN)]).await.err().unwrap();
    refused.problem(403, "FORBIDDEN");
}
