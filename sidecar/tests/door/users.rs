//! Many clients of many users at once: no answer carries anything of another user.

use axum::http::{Method, StatusCode};
use futures_util::{StreamExt, stream};
use realmgate_platform::testing::soon;

use crate::backends::Player;
use crate::place::{Place, Socket, answer, entry};
use crate::service::Service;

const USERS: usize = 50;
const CLIENTS: usize = 1_000;
/// Clients at once.
const AT_ONCE: usize = 100;

#[tokio::test]
async fn no_answer_of_a_thousand_mixed_clients_carries_another_user() {
    let service = Service::start();
    let services = entry("shop", &service.url(), "max_body_bytes = 200000");
    let place = Place::new(&services).await;
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(place.user(&format!("device {number}")).await);
    }
    let clients = stream::iter(0..CLIENTS).map(|number| client(&place, &users, number));
    let served = clients.buffer_unordered(AT_ONCE).count().await;
    assert_eq!(served, CLIENTS);
    for seen in service.seen() {
        assert_eq!(seen.all("x-user-id").len(), 1, "{seen:?}");
    }
}

/// One client: a request, a request with a body, an event stream or a socket.
async fn client(place: &Place, users: &[Player], number: usize) {
    let user = &users[number % USERS];
    let others = |text: &str| {
        users.iter().any(|other| other.id != user.id && (text.contains(&other.id) || text.contains(&other.access)))
    };
    match number / USERS % 4 {
        0 => {
            let shown = answer(place.get(&format!("/shop/cart?client={number}")).bearer_auth(&user.access)).await;
            assert!(shown.text.contains(&user.id) && !others(&shown.text), "{number}: {}", shown.text);
            assert_eq!(shown.expect(StatusCode::OK)["target"], format!("/cart?client={number}"));
        }
        1 => {
            let body = format!("{number} of {} ", user.id).repeat(1 + number % 7 * 300);
            let call = place.call(Method::POST, "/shop/orders").bearer_auth(&user.access).body(body.clone());
            let shown = answer(call).await;
            assert!(!others(&shown.text), "{number}");
            assert_eq!(shown.expect(StatusCode::OK)["body"], body, "{number}");
        }
        2 => {
            let call = place.get("/shop/events").bearer_auth(&user.access);
            let mut events = soon("the answer", call.send()).await.unwrap();
            assert_eq!(soon("an event", events.chunk()).await.unwrap().unwrap(), format!("data: {}\n\n", user.id));
        }
        _ => {
            let mut socket = Socket::open(place.addr(), "/shop/socket", &user.access).await;
            assert_eq!(socket.text().await, user.id);
            for message in 0..5 {
                let said = format!("{message} of client {number}");
                socket.say(&said).await;
                assert_eq!(socket.text().await, said);
            }
        }
    }
}
