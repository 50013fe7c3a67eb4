//! A client of the realtime socket that says nothing. It has a minute; here it has less.

use std::time::Duration;

use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::{Realm, on_every_backend};

on_every_backend!(impatient => who_says_nothing_is_closed_and_who_does_is_not);

fn impatient(settings: &mut Settings) {
    assert_eq!(settings.community.realtime_idle, Duration::from_secs(60), "what clients count on");
    settings.community.realtime_idle = Duration::from_secs(3);
}

async fn who_says_nothing_is_closed_and_who_does_is_not(realm: Realm) {
    let (ann, ben) = (realm.device("ann's").await, realm.device("ben's").await);
    let mut talks = realm.online(&ben).await;
    let silent = realm.online(&ann).await;
    let closed = silent.closed();
    tokio::pin!(closed);
    let mut beats = tokio::time::interval(Duration::from_millis(100));
    let code = loop {
        tokio::select! {
            code = &mut closed => break code,
            _ = beats.tick() => {
                // As clients say that they are there.
                let own = talks.count();
                talks.send(json!([null, own, "phoenix", "heartbeat", {}])).await;
                let answer = json!([null, own, "phoenix", "phx_reply", {"status": "ok", "response": {}}]);
                assert_eq!(talks.frame().await, answer);
            }
        }
    };
    assert_eq!(code, Some(1_001), "not 1000, after which clients do not come again");
    assert_eq!(talks.push(&ben.topic(), "x", json!({})).await["response"]["error"], "unknown_event", "it is open");
    let seen = realm.by(&ben, "GET", &format!("/users/{}", ann.id), Value::Null).await.json();
    assert_eq!(seen["id"], ann.id);
}
