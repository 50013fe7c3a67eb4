//! `services.toml` that changes while the door runs.

use axum::http::StatusCode;
use realmgate_platform::testing::a_moment;

use crate::place::{Place, Socket, answer, entry, until};
use crate::service::Service;

#[tokio::test]
async fn changed_services_are_used_and_sockets_of_the_others_stay_open() {
    let (shop, forum) = (Service::start(), Service::start());
    let kept = entry("shop", &shop.url(), "http = \"open\"\nsockets = \"open\"");
    let of_forum = |keys: &str| entry("forum", &forum.url(), keys);
    let place = Place::new(&[kept.clone(), of_forum("http = \"open\"")].concat()).await;
    let (mut socket, _) =
        Socket::try_open(place.addr(), "/shop/socket", &[]).await.unwrap_or_else(|refused| panic!("{refused:?}"));
    socket.text().await;
    let status = |path: &'static str| async { answer(place.get(path)).await.status.as_u16() };
    assert_eq!((status("/shop/x").await, status("/forum/x").await, status("/blog/x").await), (200, 200, 404));

    place.write(&[kept.clone(), of_forum("")].concat());
    until("the token that is needed now", || async { status("/forum/x").await == 401 }).await;
    place.write(&[kept.clone(), entry("blog", &forum.url(), "http = \"open\"")].concat());
    until("the new service", || async { status("/blog/x").await == 200 }).await;
    assert_eq!((status("/shop/x").await, status("/forum/x").await), (200, 404));
    socket.say("still open").await;
    assert_eq!(socket.text().await, "still open");
}

#[tokio::test]
async fn faulty_services_change_nothing() {
    let shop = Service::start();
    let good = entry("shop", &shop.url(), "http = \"open\"");
    let place = Place::new(&good).await;
    let get = async || answer(place.get("/shop/x")).await.expect(StatusCode::OK);
    get().await;
    place.write(&format!("{good}[services.blog]\nurl = 7\n"));
    // The door reads the file each second, twice before it uses it.
    let over = tokio::time::Instant::now() + std::time::Duration::from_secs(4);
    while tokio::time::Instant::now() < over {
        get().await;
        a_moment().await;
    }
    place.write(&[good.clone(), entry("blog", &shop.url(), "http = \"open\"")].concat());
    until("the file without the fault", || async { answer(place.get("/blog/x")).await.status == 200 }).await;
}
