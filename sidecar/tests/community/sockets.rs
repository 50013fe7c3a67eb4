//! Who may open a realtime socket, and what ends one.

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use serde_json::json;

use crate::backends::{Player, Realm, on_every_backend};
use crate::client::Client;

on_every_backend!(
    a_socket_opens_with_an_access_token_alone,
    an_account_has_twenty_sockets,
    a_socket_outlives_its_token,
    the_end_of_a_log_in_closes_its_sockets,
    version_1_speaks_in_objects,
    every_push_has_the_reference_of_its_join,
);

async fn a_socket_opens_with_an_access_token_alone(realm: Realm) {
    let (ann, gone) = (realm.device("ann's").await, realm.device("gone's").await);
    realm.by(&gone, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK);
    for query in [
        "vsn=2.0.0".to_owned(),
        "token=&vsn=2.0.0".to_owned(),
        "token=x&vsn=2.0.0".to_owned(),
        format!("token={}&vsn=2.0.0", ann.refresh),
        format!("token={}&vsn=2.0.0", gone.access),
    ] {
        assert_eq!(open(&realm, &query).await.err(), Some(403), "{query}");
    }
    for query in [format!("token={}", ann.access), format!("vsn=2.0.0&format=protobuf&token={}", ann.access)] {
        assert!(open(&realm, &query).await.is_ok(), "{query}");
    }
    assert_eq!(open(&realm, &format!("token={}&vsn=3.0.0", ann.access)).await.err(), Some(400));
    let plain = realm.app().get("/socket/websocket").send().await;
    assert!(plain.status.is_client_error(), "{}", plain.status);
}

async fn version_1_speaks_in_objects(realm: Realm) {
    let ann = realm.device("ann's").await;
    for query in [format!("token={}", ann.access), format!("token={}&vsn=1.0.0", ann.access)] {
        let mut client = open(&realm, &query).await.unwrap_or_else(|status| panic!("{query}: {status}"));
        let said =
            |topic: &str, event: &str, own: &str| json!({"topic": topic, "event": event, "payload": {}, "ref": own});
        let well = json!({"status": "ok", "response": {}});
        let answered =
            |topic: &str, own: &str| json!({"topic": topic, "event": "phx_reply", "payload": well, "ref": own});
        client.send(said("phoenix", "heartbeat", "1")).await;
        assert_eq!(client.frame().await, answered("phoenix", "1"));
        client.send(said(&ann.topic(), "phx_join", "2")).await;
        assert_eq!(client.frame().await, answered(&ann.topic(), "2"));
        let pushed = client.frame().await;
        let head = (&pushed["topic"], &pushed["event"], &pushed["ref"]);
        assert_eq!(head, (&json!(ann.topic()), &json!("updated"), &json!(null)), "{pushed}");
        assert_eq!(pushed["payload"]["id"], ann.id);
        client.frame().await;
        // An event that goes to sockets of both versions.
        let ben = realm.device("ben's").await;
        client.send(said("lobbies", "phx_join", "3")).await;
        assert_eq!(client.frame().await, answered("lobbies", "3"));
        let made = realm.by(&ben, "POST", "/lobbies", json!({})).await.expect(StatusCode::CREATED);
        let created = json!({"topic": "lobbies", "event": "lobby_created", "payload": made, "ref": null});
        assert_eq!(client.frame().await, created);
        realm.by(&ben, "POST", "/lobbies/leave", json!(null)).await.expect(StatusCode::OK);
        client.close().await;
    }
}

async fn every_push_has_the_reference_of_its_join(realm: Realm) {
    let ann = realm.device("ann's").await;
    let mut client = realm.online(&ann).await;
    for name in ["Ann", "Anna"] {
        let body = json!({"display_name": name});
        realm.by(&ann, "PATCH", "/me/display_name", body).await.expect(StatusCode::OK);
        let frame = client.frame().await;
        assert_eq!((&frame[0], &frame[1], &frame[3]), (&client.join_ref, &json!(null), &json!("updated")), "{frame}");
    }
}

async fn an_account_has_twenty_sockets(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let (app, query) = (realm.app(), format!("token={}", ann.access));
    let open = || Client::try_open(app.state().addrs.api, &query);
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(open().await.unwrap_or_else(|status| panic!("{status}")));
    }
    assert_eq!(open().await.err(), Some(403));
    realm.socket(&ben).await;
    if let Some(client) = clients.pop() {
        client.close().await;
    }
    // Its place is free once the server has seen the end.
    let again = async {
        while open().await.is_err() {
            a_moment().await;
        }
    };
    soon("a place", again).await;
}

async fn a_socket_outlives_its_token(realm: Realm) {
    let ann = realm.device("ann's").await;
    let mut client = realm.online(&ann).await;
    realm.each(|app| app.advance(std::time::Duration::from_secs(901)));
    realm.by(&ann, "GET", "/me", json!(null)).await.expect(StatusCode::UNAUTHORIZED);
    assert_eq!(open(&realm, &format!("token={}", ann.access)).await.err(), Some(403));
    assert_eq!(client.push(&ann.topic(), "x", json!({})).await["response"]["error"], "unknown_event");
    let again = realm.device("ann's").await;
    let named = realm.by(&again, "PATCH", "/me/display_name", json!({"display_name": "Ann"})).await;
    named.expect(StatusCode::OK);
    // That the account was seen may be told before, where the socket's own arrival is told late.
    while client.event("updated").await["display_name"] != "Ann" {}
}

async fn the_end_of_a_log_in_closes_its_sockets(realm: Realm) {
    let admin = realm.device("the administrator's").await;
    let (ann, other) = (realm.device("ann's").await, realm.device("ann's").await);
    let mut stays = realm.online(&other).await;
    let clients = [realm.online(&ann).await, realm.socket(&ann).await, realm.socket(&ann).await];
    realm.by(&ann, "DELETE", "/logout", json!(null)).await.expect(StatusCode::OK);
    for client in clients {
        assert_eq!(client.closed().await, Some(1_000));
    }
    assert_eq!(stays.push(&other.topic(), "x", json!({})).await["status"], "error", "another log-in's is open");
    // A ban.
    let path = format!("/admin/users/{}", ann.id);
    realm.by(&admin, "PATCH", &path, json!({"is_activated": false})).await.expect(StatusCode::OK);
    assert_eq!(stays.closed().await, Some(1_000));
    // A new password, and the account's end.
    let ben = realm.device("ben's").await;
    let client = realm.socket(&ben).await;
    realm.by(&ben, "PATCH", "/me/password", json!({"password": "a long password"})).await.expect(StatusCode::OK);
    assert_eq!(client.closed().await, Some(1_000));
    let ben = realm.device("ben's").await;
    let client = realm.online(&ben).await;
    realm.by(&ben, "DELETE", "/me", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(client.closed().await, Some(1_000));
    // The world's own log-out.
    let zoe = realm.app().register("zoe").await;
    let client = Client::open(realm.app(), &zoe.access).await;
    let body = json!({"refresh_token": zoe.refresh});
    realm.app().post("/auth/logout", body).bearer(&zoe.access).send().await;
    assert_eq!(client.closed().await, Some(1_000));
}

async fn open(realm: &Realm, query: &str) -> Result<Client, u16> {
    Client::try_open(realm.app().state().addrs.api, query).await
}

#[tokio::test]
async fn pages_of_other_sites_may_not_open_one() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let (addr, query) = (realm.app().state().addrs.api, format!("token={}", ann.access));
    let open = async |origin: &str| Client::try_open_from(addr, &query, Some(origin)).await.err();
    assert_eq!(open("https://elsewhere.example").await, Some(403));
    assert_eq!(open("http://localhost:3000").await, None);
}

#[tokio::test]
async fn a_browser_sends_its_token_as_a_subprotocol() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    let addr = realm.app().state().addrs.api;
    let open =
        async |offered: &str| Client::try_open_with(addr, "vsn=2.0.0", Some(("sec-websocket-protocol", offered))).await;
    let mut client = open(&format!("bearer, {}", ann.access)).await.unwrap_or_else(|status| panic!("{status}"));
    client.join(&ann.topic()).await;
    assert_eq!(open("bearer, x").await.err(), Some(403));
}

#[tokio::test]
async fn what_is_no_message_ends_the_socket() {
    let realm = Realm::sqlite().await;
    let ann = realm.device("ann's").await;
    for (text, code) in [
        ("{".to_owned(), 1_007),
        ("{}".to_owned(), 1_007),
        (json!(["1", "2", "t", "e"]).to_string(), 1_007),
        (json!(["1", "2", "x".repeat(300), "e", {}]).to_string(), 1_007),
        (json!(["1", "2", "t", "e", {"a": "x".repeat(131_073)}]).to_string(), 1_009),
    ] {
        let mut client = realm.socket(&ann).await;
        client.send_text(text).await;
        assert_eq!(client.closed().await, Some(code));
    }
    let mut client = realm.socket(&ann).await;
    client.send_binary().await;
    assert_eq!(client.closed().await, Some(1_007));
    let mut client = realm.socket(&ann).await;
    let large = json!(["1", "2", "t", "e", {"a": "x".repeat(131_000)}]);
    client.send(large).await;
    assert_eq!(client.frame().await[3], "phx_reply", "one that is just within the bounds is read");
}

#[tokio::test]
async fn who_says_too_much_is_refused_and_then_left() {
    let realm = Realm::sqlite_with(|settings| settings.realtime_messages_per_10s = 5).await;
    let ann = realm.device("ann's").await;
    let mut client = realm.online(&ann).await;
    for _ in 0..4 {
        assert_eq!(client.push(&ann.topic(), "x", json!({})).await["response"]["error"], "unknown_event");
    }
    let join_ref = client.join_ref.clone();
    assert_eq!(client.push(&ann.topic(), "x", json!({})).await["response"], json!({"error": "rate_limited"}));
    client.closed_channel(&join_ref, &ann.topic()).await;
    let rejoin = client.try_join(&ann.topic()).await;
    assert_eq!(rejoin, json!({"status": "error", "response": {"reason": "rate_limited"}}));
    let other = realm.device("ben's").await;
    realm.online(&other).await;
    realm.app().advance(std::time::Duration::from_secs(10));
    client.join(&ann.topic()).await;
    client.event("updated").await;
    client.event("friend_updated").await;
    // Heartbeats are not counted for the account, but for the socket.
    for beat in 0..300 {
        client.send(json!([null, beat.to_string(), "phoenix", "heartbeat", {}])).await;
    }
    assert_eq!(client.closed().await, Some(1_008));
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    // Every change is sent, so that the socket's buffers are full soon.
    let realm = Realm::sqlite_with(|settings| settings.community.realtime_debounce_ms = 0).await;
    let (admin, ann) = (realm.device("the administrator's").await, realm.device("ann's").await);
    let client = realm.online(&ann).await;
    let path = format!("/admin/users/{}", ann.id);
    let is_online = async || {
        let user = realm.call("GET", &format!("/users/{}", ann.id), json!(null)).send().await;
        user.expect(StatusCode::OK)["is_online"] == true
    };
    let mut number = 0;
    let flood = async {
        while is_online().await {
            let metadata = json!({"number": number, "text": "x".repeat(16_000)});
            realm.by(&admin, "PATCH", &path, json!({"metadata": metadata})).await.expect(StatusCode::OK);
            number += 1;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), flood).await.expect("it is cut off");
    let _: Option<u16> = client.closed().await;
    let ann: Player = realm.device("ann's").await;
    realm.online(&ann).await;
}
