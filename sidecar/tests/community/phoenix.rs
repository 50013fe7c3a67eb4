//! The official JavaScript client of the channel protocol, unchanged: it joins, hears of friends, and comes again after a
//! restart.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Stdio;

use axum::http::StatusCode;
use realmgate_platform::testing::soon;
use realmgate_skip::skip;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::backends::{Player, Realm};
use crate::lobbies::{join, make};

/// What the script ends with where the client is missing.
const MISSING: i32 = 77;

/// The client in a process of its own.
struct Driver {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    /// Starts it; `None`, with a message, where Node or the client is missing.
    async fn start(api: SocketAddr, player: &Player) -> Option<Self> {
        let mut node = Command::new("node");
        node.envs(realmgate_services::run().environment());
        node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/community/phoenix.mjs"));
        node.arg(format!("ws://{api}/socket")).args([&player.access, &player.id]);
        let mut child = match node.stdout(Stdio::piped()).kill_on_drop(true).spawn() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                skip("node (Node.js) is not installed: nobody spoke as the official client does");
                return None;
            }
            child => child.unwrap(),
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the first line", lines.next_line()).await.unwrap().unwrap_or_default();
        if !first.starts_with('{') {
            assert_eq!(soon("the end", child.wait()).await.unwrap().code(), Some(MISSING), "{first}");
            skip(format!("{first}: nobody spoke as the official client does"));
            return None;
        }
        assert_eq!(serde_json::from_str::<Value>(&first).unwrap(), json!({"socket": "open"}));
        Some(Self { child, lines })
    }

    /// What it says next.
    async fn next(&mut self) -> Value {
        let line = soon("a line", self.lines.next_line()).await.unwrap().expect("it goes on");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// The payload of the event that it says next.
    async fn event(&mut self, event: &str) -> Value {
        let next = self.next().await;
        assert_eq!(next["event"], event, "{next}");
        next["payload"].clone()
    }

    /// It joins its topic, is refused at another's, and is told how things stand. The order of the two topics is the
    /// client's own.
    async fn joins(&mut self, also: Option<Value>, notifications: usize) -> Value {
        let mut told = Vec::new();
        while told.len() < 3 + notifications + usize::from(also.is_some()) {
            told.push(self.next().await);
        }
        if let Some(also) = also {
            told.remove(told.iter().position(|line| *line == also).unwrap_or_else(|| panic!("{told:?}")));
        }
        assert_eq!(told[0], json!({"joined": {}}), "{told:?}");
        assert_eq!([&told[1]["event"], &told[2]["event"]], ["updated", "friend_updated"], "{told:?}");
        assert!(told[3..].iter().all(|line| line["event"] == "notification_created"), "{told:?}");
        told[2]["payload"]["friends"].clone()
    }
}

#[tokio::test]
async fn the_official_client_hears_of_friends_and_comes_again() {
    let realm = Realm::sqlite().await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let api = realm.app().state().addrs.api;
    let Some(mut driver) = Driver::start(api, &ann).await else { return };
    assert_eq!(driver.joins(Some(json!({"other": "unauthorized"})), 0).await, json!({}));

    let ask = |from: &Player, to: &Player| {
        let (from, body) = (from.clone(), json!({"target_user_id": to.id}));
        let realm = &realm;
        async move { realm.by(&from, "POST", "/friends", body).await.expect(StatusCode::CREATED) }
    };
    ask(&ben, &ann).await;
    let request = driver.event("incoming_request").await;
    assert_eq!((&request["requester_id"], &request["status"]), (&json!(ben.id), &json!("pending")));
    assert_eq!(driver.event("notification_created").await["metadata"]["type"], "friend_request");
    ask(&ann, &ben).await;
    assert_eq!(driver.event("friend_accepted").await["id"], request["id"]);
    let at_ben = realm.online_with(&ben, 1).await;
    assert_eq!(driver.event("friend_updated").await["friends"][&ben.id]["is_online"], true);
    at_ben.close().await;
    assert_eq!(driver.event("friend_updated").await["friends"][&ben.id]["is_online"], false);
    name(&realm, &ann, "push").await;
    assert_eq!(driver.event("updated").await["display_name"], "push");
    assert_eq!(driver.next().await, json!({"push": "unknown_event"}));
    name(&realm, &ann, "hook").await;
    assert_eq!(driver.event("updated").await["display_name"], "hook");
    assert_eq!(driver.next().await, json!({"hook": ["hi"]}));
    name(&realm, &ann, "Ann").await;
    assert_eq!(driver.event("updated").await["display_name"], "Ann");

    // The server goes away, and comes back at the same address.
    let realm = realm.restarted_with(|settings| settings.api_addr = api).await;
    assert_eq!(driver.next().await, json!({"socket": "closed", "code": 1_001}));
    let again = loop {
        match driver.next().await {
            line if line == json!({"socket": "open"}) => break driver.joins(None, 1).await,
            line => assert_eq!(line["socket"], "closed", "it tries until the server is back: {line}"),
        }
    };
    assert_eq!(again[&ben.id]["friendship_id"], request["id"]);
    let at_ben = realm.online_with(&ben, 1).await;
    assert_eq!(driver.event("friend_updated").await["friends"][&ben.id]["is_online"], true);
    name(&realm, &ann, "leave").await;
    assert_eq!(driver.event("updated").await["display_name"], "leave");
    assert_eq!(driver.next().await, json!({"left": true}));
    at_ben.close().await;
    // Whatever else it says now is about its end, which it reaches by itself.
    while let Some(line) = soon("its end", driver.lines.next_line()).await.unwrap() {
        assert!(line.contains("disconnected") || line.contains("closed"), "{line}");
    }
    assert!(soon("its end", driver.child.wait()).await.unwrap().success());
}

impl Driver {
    /// What it says next of its lobby.
    async fn lobby(&mut self, event: &str) -> Value {
        let next = self.next().await;
        assert_eq!(next["lobby"], event, "{next}");
        next["payload"].clone()
    }
}

#[tokio::test]
async fn the_official_client_hears_of_its_lobby() {
    let realm = Realm::sqlite().await;
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let api = realm.app().state().addrs.api;
    let Some(mut at_ann) = Driver::start(api, &ann).await else { return };
    let Some(mut at_ben) = Driver::start(api, &ben).await else { return };
    for driver in [&mut at_ann, &mut at_ben] {
        driver.joins(Some(json!({"other": "unauthorized"})), 0).await;
    }
    let mut at_list = realm.socket(&ann).await;
    at_list.join("lobbies").await;
    let id = make(&realm, &ann, json!({"title": "Tower"})).await;
    // The list is told last: nothing of the making is told after it.
    at_list.told("lobbies", "lobby_created").await;
    assert_eq!(at_ann.event("updated").await["lobby_id"], json!(id));
    let state = at_ann.lobby("updated").await;
    assert_eq!((&state["title"], &state["spectator"]), (&json!("Tower"), &json!(false)));
    let enter = async |at_ann: &mut Driver, at_ben: &mut Driver, is_first: bool| {
        join(&realm, &ben, &id, json!({})).await.expect(StatusCode::OK);
        assert_eq!(at_ben.event("updated").await["lobby_id"], json!(id));
        assert_eq!(at_ben.lobby("updated").await["members"].as_array().map(Vec::len), Some(2));
        if is_first {
            // Whoever was quick to join has been told of itself before.
            while at_ann.lobby("user_updated").await["user_id"] != json!(ben.id) {}
        }
        assert_eq!(at_ann.lobby("user_joined").await["user_id"], json!(ben.id));
    };
    enter(&mut at_ann, &mut at_ben, true).await;
    let body = json!({"target_user_id": ben.id});
    realm.by(&ann, "POST", "/lobbies/kick", body).await.expect(StatusCode::OK);
    assert_eq!(at_ann.lobby("user_kicked").await["user_id"], json!(ben.id));
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(at_ben.next().await);
    }
    // The notification goes its own way.
    told.retain(|line| line["event"] != "notification_created");
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!((&told[0]["event"], &told[0]["payload"]["lobby_id"]), (&json!("updated"), &json!("")));
    assert_eq!([&told[1]["lobby"], &told[2]["lobby"]], ["user_kicked", "closed"]);
    // What was told of Ben before is not told again.
    enter(&mut at_ann, &mut at_ben, false).await;
    realm.by(&ann, "POST", "/lobbies/leave", json!(null)).await.expect(StatusCode::OK);
    assert_eq!(at_ann.event("updated").await["lobby_id"], "");
    for driver in [&mut at_ann, &mut at_ben] {
        driver.lobby("user_left").await;
        assert_eq!(driver.lobby("host_changed").await["new_host_id"], json!(ben.id));
    }
    at_ann.lobby("closed").await;
}

async fn name(realm: &Realm, player: &Player, name: &str) {
    let named = realm.by(player, "PATCH", "/me/display_name", json!({"display_name": name})).await;
    named.expect(StatusCode::OK);
}
