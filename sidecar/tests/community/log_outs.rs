//! The log-out over the realtime socket, and the closing of the last socket as one.

use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::json;

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;
use crate::testing::TestApp;

on_every_backend!(a_log_out_over_the_socket_ends_the_login_everywhere);

/// The gateway's socket of a player.
type Gateway = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn gateway(app: &TestApp, player: &Player) -> Gateway {
    let url = format!("ws://{}/ws?token={}", app.state().addrs.gateway, player.access);
    let (mut socket, _) = soon("the gateway", tokio_tungstenite::connect_async(url)).await.unwrap();
    let welcome = soon("the welcome", futures_util::StreamExt::next(&mut socket)).await.unwrap().unwrap();
    assert!(welcome.to_text().unwrap().contains("welcome"), "{welcome}");
    socket
}

/// Reads until the end. Returns the close code.
async fn end_of(mut socket: Gateway) -> Option<u16> {
    let reading = async {
        loop {
            match futures_util::StreamExt::next(&mut socket).await {
                Some(Ok(tokio_tungstenite::tungstenite::Message::Close(frame))) => {
                    return frame.map(|frame| frame.code.into());
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return None,
            }
        }
    };
    soon("the end of the gateway's socket", reading).await
}

/// Whether the player's access token opens calls.
async fn is_logged_in(realm: &Realm, player: &Player) -> bool {
    let answer = realm.app().get("/characters").bearer(&player.access).send().await;
    answer.status == StatusCode::OK
}

async fn a_log_out_over_the_socket_ends_the_login_everywhere(realm: Realm) {
    // The gateway takes the newest login.
    let (other, ann) = (realm.device("ann's").await, realm.device("ann's").await);
    let at_gateway = gateway(realm.app(), &ann).await;
    let (elsewhere, mut stays) = (realm.socket(&ann).await, realm.online(&other).await);
    let mut client = realm.online(&ann).await;
    let reply = client.push(&ann.topic(), "log_out", json!({})).await;
    assert_eq!(reply, json!({"status": "ok", "response": {}}), "the answer comes before the close");
    assert_eq!(client.closed().await, Some(1_000));
    assert_eq!(elsewhere.closed().await, Some(1_000));
    assert_eq!(end_of(at_gateway).await, Some(1_000));
    assert!(!is_logged_in(&realm, &ann).await);
    let refreshed = realm.call("POST", "/refresh", json!({"refresh_token": ann.refresh})).send().await;
    refreshed.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(stays.push(&other.topic(), "x", json!({})).await["response"]["error"], "unknown_event");
    assert!(is_logged_in(&realm, &other).await, "another login's stays");
}

mod by_close {
    use super::*;

    on_every_backend!(settings => the_last_socket_that_closes_ends_the_login, another_socket_keeps_the_login);

    fn settings(settings: &mut Settings) {
        settings.community.log_out_on_socket_close = true;
        settings.community.log_out_grace = Duration::from_millis(50);
    }

    async fn until_logged_out(realm: &Realm, player: &Player) {
        let out = async {
            while is_logged_in(realm, player).await {
                a_moment().await;
            }
        };
        soon("the log-out", out).await;
    }

    async fn the_last_socket_that_closes_ends_the_login(realm: Realm) {
        let (ann, other) = (realm.device("ann's").await, realm.device("ann's").await);
        let (client, _stays) = (realm.online(&ann).await, realm.online(&other).await);
        client.close().await;
        until_logged_out(&realm, &ann).await;
        assert!(is_logged_in(&realm, &other).await, "another login has its own socket");
        let ben = realm.device("ben's").await;
        let mut at_gateway = gateway(realm.app(), &ben).await;
        at_gateway.close(None).await.unwrap();
        until_logged_out(&realm, &ben).await;
    }

    async fn another_socket_keeps_the_login(realm: Realm) {
        let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
        // One after the other: on two replicas, each is at another one.
        let (first, second, at_gateway) =
            (realm.online(&ann).await, realm.online(&ann).await, gateway(realm.app(), &ann).await);
        let bens: Client = realm.online(&ben).await;
        first.close().await;
        second.close().await;
        // Ben's log-out comes after what Ann's closed sockets might have caused.
        bens.close().await;
        until_logged_out(&realm, &ben).await;
        assert!(is_logged_in(&realm, &ann).await, "she is still at a gateway");
        drop(at_gateway);
        until_logged_out(&realm, &ann).await;
    }
}

#[tokio::test]
async fn closing_every_socket_ends_no_login_unless_the_operator_says_so() {
    let realm = Realm::sqlite_with(|settings| settings.community.log_out_grace = Duration::ZERO).await;
    let ann = realm.device("ann's").await;
    realm.online(&ann).await.close().await;
    let again = realm.online(&ann).await;
    again.close().await;
    assert!(is_logged_in(&realm, &ann).await);
}
