//! Records that came in the same second, and boards that are not there.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::backends::{Realm, on_every_backend};
use crate::leaderboards::{Boards, names};

on_every_backend!(
    records_of_one_second_have_one_order_everywhere,
    one_that_is_not_there_is_not_found,
    a_label_has_one_record,
);

async fn records_of_one_second_have_one_order_everywhere(realm: Realm) {
    let boards = Boards::of(realm).await;
    let board = boards.board(json!({})).await;
    let mut players = Vec::new();
    for number in 0..5 {
        let player = boards.realm.device(&format!("number {number}")).await;
        let row = boards.score(&board, &player, 7).await;
        players.push((row["id"].as_str().unwrap().to_owned(), player));
    }
    players.sort_by(|a, b| a.0.cmp(&b.0));
    for (rank, (_, player)) in (1..).zip(&players) {
        assert_eq!(boards.mine(&board, player).await, (rank, 7), "by the records' ids");
        let around = boards.get(&format!("/{board}/records/around/{}?limit=1", player.id), 200).await;
        assert_eq!((&around["data"][0]["rank"], &around["data"][0]["user_id"]), (&json!(rank), &json!(player.id)));
    }
    let mut paged = Vec::new();
    for page in 1..=3 {
        let listed = boards.get(&format!("/{board}/records?page={page}&page_size=2"), 200).await;
        let ranks: Vec<i64> = names(&listed["data"]).into_iter().map(|(rank, _)| rank).collect();
        assert_eq!(ranks, (2 * page - 1..=(2 * page).min(5)).collect::<Vec<_>>(), "they go on across pages");
        paged.extend(listed["data"].as_array().unwrap().iter().map(|row| row["user_id"].clone()));
    }
    assert_eq!(paged, players.iter().map(|(_, player)| json!(player.id)).collect::<Vec<_>>());
}

async fn one_that_is_not_there_is_not_found(realm: Realm) {
    let boards = Boards::of(realm).await;
    let ann = boards.realm.device("ann's").await;
    let unknown = "00000000-0000-7000-8000-000000000000";
    for id in ["nowhere", unknown] {
        for path in ["", "/records", &format!("/records/around/{}", ann.id), "/records/me"] {
            let answer = boards.realm.by(&ann, "GET", &format!("/leaderboards/{id}{path}"), Value::Null).await;
            let refused = answer.expect(StatusCode::NOT_FOUND);
            assert_eq!(refused, json!({"error": "Leaderboard not found"}), "{id}{path}");
        }
        for (method, path) in [("PATCH", ""), ("DELETE", ""), ("POST", "/end")] {
            let refused = boards.admin(method, &format!("/{id}{path}"), json!({}), 404).await;
            assert_eq!(refused, json!({"error": "not_found"}), "{method} {id}{path}");
        }
        let score = json!({"label": "x", "score": 1});
        let refused = boards.admin("POST", &format!("/{id}/records"), score, 400).await;
        assert_eq!(refused, json!({"error": "leaderboard_not_found"}), "{id}");
    }
}

async fn a_label_has_one_record(realm: Realm) {
    let boards = Boards::of(realm).await;
    for (operator, scores) in [("set", [5, 3]), ("best", [5, 5]), ("incr", [5, 8]), ("decr", [5, 2])] {
        boards.board(json!({"slug": operator, "operator": operator})).await;
        for (given, there) in [5, 3].into_iter().zip(scores) {
            assert_eq!(boards.label(operator, "The Guild", given).await["score"], there, "{operator}");
        }
        let listed = boards.get(&format!("/{operator}/records"), 200).await;
        assert_eq!(listed["meta"]["total_count"], 1, "{operator}");
        assert_eq!(boards.label(operator, "Another", 5).await["score"], 5, "the first is taken as it is");
    }
}
