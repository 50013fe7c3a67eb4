//! Which requests need a token, and what happens when its login ends.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::soon;
use realmgate_sidecar::config::Settings;
use reqwest::Response;
use serde_json::json;

use crate::backends::{Player, Realm, on_every_backend};
use crate::place::{Socket, answer, client, dictionary, door_of, entry, until};
use crate::service::Service;
use crate::testing::Answer;

fn settings(settings: &mut Settings) {
    let url = Service::start().keep();
    let services = [
        entry("shop", &url, "public = [\"/news/*\", \"GET /prices\"]"),
        entry("open", &url, "http = \"open\"\nsockets = \"open\""),
        entry("off", &url, "http = \"off\"\nsockets = \"off\""),
    ];
    settings.services_file = dictionary(&services.concat());
}

on_every_backend!(settings =>
    missing_token_is_401_and_a_bad_one_498,
    expired_token_is_498,
    login_at_one_replica_is_valid_at_every_door,
    ended_login_is_refused_and_its_streams_and_sockets_close_at_every_door,
    public_routes_and_open_services_need_no_token,
    service_that_is_off_is_not_found,
);

fn doors(realm: &Realm) -> Vec<SocketAddr> {
    let mut doors = Vec::new();
    realm.each(|app| doors.push(door_of(app)));
    doors
}

async fn get(door: SocketAddr, path: &str, token: Option<&str>) -> Answer {
    let call = client().get(format!("http://{door}{path}"));
    answer(match token {
        Some(token) => call.bearer_auth(token),
        None => call,
    })
    .await
}

/// The user whom the service saw in an answer that shows its request.
fn user_in(answer: &Answer) -> Option<String> {
    let shown = answer.expect(StatusCode::OK);
    let headers = shown["headers"].as_array().unwrap();
    let ids: Vec<_> = headers.iter().filter(|header| header[0] == "x-user-id").collect();
    assert!(ids.len() <= 1, "{ids:?}");
    Some(ids.first()?[1].as_str()?.to_owned())
}

async fn missing_token_is_401_and_a_bad_one_498(realm: Realm) {
    let ann = realm.device("ann").await;
    let forged = format!("{}x", ann.access);
    for door in doors(&realm) {
        for path in ["/shop/cart", "/shop/", "/shop"] {
            let problem = get(door, path, None).await.problem(401, "UNAUTHORIZED");
            assert_eq!(problem["title"], "Missing or invalid access token");
            for token in ["a.b.c", "x", &ann.refresh, &forged] {
                get(door, path, Some(token)).await.problem(498, "INVALID_TOKEN");
            }
        }
        let basic = client().get(format!("http://{door}/shop/cart")).basic_auth("ann", Some("secret"));
        answer(basic).await.problem(401, "UNAUTHORIZED");
        let refused = Socket::try_open(door, "/shop/socket", &[]).await.err().unwrap();
        refused.problem(401, "UNAUTHORIZED");
        let refused = Socket::try_open(door, "/shop/socket?token=a.b.c", &[]).await.err().unwrap();
        refused.problem(498, "INVALID_TOKEN");
    }
}

async fn expired_token_is_498(realm: Realm) {
    let ann = realm.device("ann").await;
    for door in doors(&realm) {
        assert_eq!(user_in(&get(door, "/shop/cart", Some(&ann.access)).await), Some(ann.id.clone()));
    }
    realm.each(|app| app.advance(Duration::from_secs(16 * 60)));
    for door in doors(&realm) {
        get(door, "/shop/cart", Some(&ann.access)).await.problem(498, "INVALID_TOKEN");
    }
}

async fn login_at_one_replica_is_valid_at_every_door(realm: Realm) {
    let (ann, ben) = (realm.device("ann").await, realm.device("ben").await);
    for door in doors(&realm) {
        for user in [&ann, &ben] {
            assert_eq!(user_in(&get(door, "/shop/cart", Some(&user.access)).await), Some(user.id.clone()));
            assert_eq!(Socket::open(door, "/shop/socket", &user.access).await.text().await, user.id);
        }
    }
}

/// A user's event stream and socket at one door.
async fn connect(door: SocketAddr, user: &Player) -> (Response, Socket) {
    let call = client().get(format!("http://{door}/shop/events")).bearer_auth(&user.access);
    let mut events = call.send().await.unwrap();
    let first = soon("an event", events.chunk()).await.unwrap().unwrap();
    assert_eq!(first, format!("data: {}\n\n", user.id));
    let mut socket = Socket::open(door, "/shop/socket", &user.access).await;
    assert_eq!(socket.text().await, user.id);
    (events, socket)
}

async fn ended_login_is_refused_and_its_streams_and_sockets_close_at_every_door(realm: Realm) {
    let (ann, ben) = (realm.device("ann").await, realm.device("ben").await);
    let (mut of_ann, mut of_ben) = (Vec::new(), Vec::new());
    for door in doors(&realm) {
        of_ann.push(connect(door, &ann).await);
        of_ben.push(connect(door, &ben).await);
    }
    // At one of the replicas.
    let app = realm.app();
    let ended = client().post(format!("http://{}/auth/logout", app.state().addrs.api)).bearer_auth(&ann.access);
    answer(ended.json(&json!({}))).await.expect(StatusCode::NO_CONTENT);
    for (mut events, mut socket) in of_ann {
        assert!(soon("the end of the stream", events.chunk()).await.is_err(), "it breaks off");
        assert_eq!(socket.next().await, None);
    }
    for door in doors(&realm) {
        until("the refusal", || async { get(door, "/shop/cart", Some(&ann.access)).await.status.as_u16() == 498 })
            .await;
        let refused = Socket::try_open(door, &format!("/shop/socket?token={}", ann.access), &[]).await.err().unwrap();
        refused.problem(498, "INVALID_TOKEN");
    }
    for (_events, socket) in &mut of_ben {
        socket.say("still open").await;
        assert_eq!(socket.text().await, "still open");
    }
    for door in doors(&realm) {
        assert_eq!(user_in(&get(door, "/shop/cart", Some(&ben.access)).await), Some(ben.id.clone()));
    }
}

async fn public_routes_and_open_services_need_no_token(realm: Realm) {
    let ann = realm.device("ann").await;
    for door in doors(&realm) {
        for path in ["/shop/news/today", "/shop/prices", "/open", "/open/any/thing?a=1"] {
            for token in [None, Some("a.b.c")] {
                assert_eq!(user_in(&get(door, path, token).await), None, "{path}");
            }
            assert_eq!(user_in(&get(door, path, Some(&ann.access)).await), Some(ann.id.clone()), "{path}");
        }
        for path in ["/shop/news", "/shop/newspaper", "/shop/prices/1", "/shop/Prices"] {
            get(door, path, None).await.problem(401, "UNAUTHORIZED");
        }
        let post = client().post(format!("http://{door}/shop/prices"));
        answer(post).await.problem(401, "UNAUTHORIZED");
        let (mut socket, _) =
            Socket::try_open(door, "/open/socket", &[]).await.unwrap_or_else(|refused| panic!("{refused:?}"));
        assert_eq!(socket.text().await, "");
    }
}

async fn service_that_is_off_is_not_found(realm: Realm) {
    let ann = realm.device("ann").await;
    for door in doors(&realm) {
        for (path, token) in
            [("/off/x", None), ("/off/x", Some(&*ann.access)), ("/elsewhere", None), ("/", Some(&*ann.access))]
        {
            get(door, path, token).await.problem(404, "NOT_FOUND");
        }
        let refused = Socket::try_open(door, &format!("/off/socket?token={}", ann.access), &[]).await.err().unwrap();
        refused.problem(404, "NOT_FOUND");
    }
}
