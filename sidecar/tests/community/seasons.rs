//! Boards that designers declare: their seasons, and what the world tells them.

use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::backends::Realm;

const BOARDS: &str = "
[week]
title = 'Of the week'
event = 'kills'
operator = 'incr'
season = '0 0 * * 1'
[ever]
title = 'Of all times'
description = 'Since the beginning'
event = 'kills'
operator = 'incr'
";

fn declare(settings: &mut Settings) {
    std::fs::write(settings.assets_dir.join("leaderboards.toml"), BOARDS).unwrap();
}

async fn boards(realm: &Realm, query: &str) -> Vec<Value> {
    let answer = realm.call("GET", &format!("/leaderboards?{query}"), Value::Null).send().await;
    answer.expect(StatusCode::OK)["data"].as_array().unwrap().clone()
}

/// A character has killed, and whoever commits that has written it down.
async fn killed(realm: &Realm) {
    realm
        .execute("INSERT INTO leaderboard_feed (event, character_id, amount) SELECT 'kills', id, 2 FROM characters")
        .await;
}

/// Waits until the active season of a slug has one record with this score.
async fn until_scored(realm: &Realm, slug: &str, score: i64) {
    let scored = async {
        loop {
            let path = format!("/leaderboards/{slug}/records");
            let answer = realm.call("GET", &path, Value::Null).send().await;
            if answer.status == StatusCode::OK && answer.json()["data"][0]["score"] == score {
                return;
            }
            a_moment().await;
        }
    };
    soon("the score", scored).await;
}

async fn seasons_follow_each_other(realm: Realm) {
    let seasons = boards(&realm, "slug=week").await;
    // 2027-01-15 is a Friday. Of two sidecars that start at once, one makes the board.
    assert_eq!(seasons.len(), 1, "{seasons:?}");
    assert_eq!(
        (&seasons[0]["starts_at"], &seasons[0]["ends_at"], &seasons[0]["is_active"]),
        (&json!("2027-01-11T00:00:00Z"), &json!("2027-01-18T00:00:00Z"), &json!(true))
    );
    let ever = boards(&realm, "slug=ever").await;
    assert_eq!((ever.len(), &ever[0]["ends_at"]), (1, &Value::Null));
    assert_eq!((&ever[0]["title"], &ever[0]["description"]), (&json!("Of all times"), &json!("Since the beginning")));

    let ann = realm.device("ann's").await;
    let body = json!({"name": "Ann", "class_id": "mage"});
    realm.app().post("/characters", body).bearer(&ann.access).send().await.expect(StatusCode::CREATED);
    killed(&realm).await;
    until_scored(&realm, "week", 2).await;
    until_scored(&realm, "ever", 2).await;
    realm.each(|app| app.advance(Duration::from_secs(3 * 24 * 60 * 60)));
    let next = async {
        while boards(&realm, "slug=week").await.len() < 2 {
            a_moment().await;
        }
    };
    soon("the next season", next).await;
    killed(&realm).await;
    until_scored(&realm, "ever", 4).await;
    until_scored(&realm, "week", 2).await;
    let seasons = boards(&realm, "slug=week&order_by=inserted_at").await;
    let active: Vec<&Value> = seasons.iter().map(|board| &board["is_active"]).collect();
    assert_eq!(active, [true, false], "{seasons:?}");
    let first = format!("/leaderboards/{}/records", seasons[1]["id"].as_str().unwrap());
    let first = realm.call("GET", &first, Value::Null).send().await.expect(StatusCode::OK);
    assert_eq!(first["data"][0]["score"], 2, "what is over stays as it was");
}

#[tokio::test]
async fn seasons_follow_each_other_on_sqlite() {
    seasons_follow_each_other(Realm::sqlite_with(declare).await).await;
}

#[tokio::test]
async fn seasons_follow_each_other_on_replicas() {
    if let Some(realm) = Realm::replicas_with(declare).await {
        seasons_follow_each_other(realm).await;
    }
}
