//! Ranks from Redis: the same as SQL's, and SQL's where Redis has lost them.

use std::time::Duration;

use realmgate_platform::testing::{a_moment, soon};
use serde_json::{Value, json};

use crate::backends::Realm;
use crate::leaderboards::{Boards, names};

const PLAYERS: i64 = 12;

/// A board with [`PLAYERS`] labels, the first best; the set that Redis has of it is there.
async fn indexed() -> Option<(Boards, String)> {
    let boards = Boards::of(Realm::replicas().await?).await;
    let board = boards.board(json!({})).await;
    for number in 1..=PLAYERS {
        boards.label(&board, &format!("l{number:02}"), -number).await;
    }
    built(&boards, &board).await;
    Some((boards, board))
}

/// The name of the board's set, once it is whole.
async fn built(boards: &Boards, board: &str) -> String {
    let there = async {
        for look in 0_u64.. {
            // Whoever asks, and finds none, has it built.
            if look % 10 == 0 {
                boards.get(&format!("/{board}/records?page_size=1"), 200).await;
            }
            let mut keys = boards.realm.redis().keys().into_iter();
            if let Some(key) = keys.find(|key| key.ends_with(board)) {
                return key;
            }
            a_moment().await;
        }
        unreachable!("it looks until it is there")
    };
    soon("the ranks in Redis", there).await
}

fn all() -> Vec<(i64, String)> {
    (1..=PLAYERS).map(|number| (number, format!("l{number:02}"))).collect()
}

#[tokio::test]
async fn redis_says_where_a_record_stands() {
    let Some((boards, board)) = indexed().await else { return };
    let ann = boards.realm.device("ann's").await;
    boards.score(&board, &ann, -6).await;
    // If SQL were asked now, it would count wrongly.
    boards.realm.execute("UPDATE leaderboard_blocks SET size = size + 1000").await;
    let another = "INSERT INTO leaderboard_blocks (leaderboard_id, points, tie, size) \
                   SELECT id, -9000, '', 500 FROM leaderboards";
    boards.realm.execute(another).await;
    assert_eq!(boards.mine(&board, &ann).await, (7, -6), "after the other, who was there first");
    let page = boards.get(&format!("/{board}/records?page=2&page_size=5"), 200).await;
    assert_eq!(page["meta"]["total_count"], PLAYERS + 1);
    let ranks = |rows: &Value| names(rows).into_iter().map(|(rank, _)| rank).collect::<Vec<_>>();
    assert_eq!(ranks(&page["data"]), [6, 7, 8, 9, 10]);
    let around = boards.get(&format!("/{board}/records/around/{}?limit=3", ann.id), 200).await;
    assert_eq!(ranks(&around["data"]), [6, 7, 8]);
    // She moves up and goes, and Redis hears of it.
    boards.score(&board, &ann, 0).await;
    assert_eq!(boards.mine(&board, &ann).await, (1, 0));
    boards.admin("DELETE", &format!("/{board}/records/user/{}", ann.id), Value::Null, 200).await;
    let page = boards.get(&format!("/{board}/records"), 200).await;
    assert_eq!((names(&page["data"]), &page["meta"]["total_count"]), (all(), &json!(PLAYERS)));
}

#[tokio::test]
async fn what_redis_lost_is_answered_by_sql_and_built_again() {
    let Some((boards, board)) = indexed().await else { return };
    for _ in 0..2 {
        boards.realm.redis().flush();
        boards.label(&board, "l01", -1).await;
        let page = boards.get(&format!("/{board}/records"), 200).await;
        assert_eq!((names(&page["data"]), &page["meta"]["total_count"]), (all(), &json!(PLAYERS)), "at once");
        built(&boards, &board).await;
        let page = boards.get(&format!("/{board}/records"), 200).await;
        assert_eq!(names(&page["data"]), all(), "and when it is there again");
    }
}

#[tokio::test]
async fn what_redis_was_not_told_it_hears_later() {
    let Some((boards, board)) = indexed().await else { return };
    let ann = boards.realm.device("ann's").await;
    boards.realm.redis().let_in(false);
    boards.score(&board, &ann, 100).await;
    boards.label(&board, "l12", 50).await;
    assert_eq!(boards.mine(&board, &ann).await, (1, 100), "SQL answers");
    boards.realm.redis().let_in(true);
    let set = built(&boards, &board).await;
    // Changes are told again once whoever made them cannot be at it any more.
    boards.realm.each(|app| app.advance(Duration::from_secs(4)));
    let mut redis = boards.realm.redis().plain();
    let heard = async {
        loop {
            let best = redis::cmd("ZRANGE").arg(&set).arg(1).arg(2).arg("WITHSCORES").query(&mut redis);
            let best: Vec<(String, f64)> = best.unwrap();
            if best.iter().map(|(_, points)| *points as i64).collect::<Vec<_>>() == [-100, -50] {
                return;
            }
            a_moment().await;
        }
    };
    soon("the changes in Redis", heard).await;
    assert_eq!(boards.mine(&board, &ann).await, (1, 100));
    let page = boards.get(&format!("/{board}/records?page_size=2"), 200).await;
    assert_eq!(names(&page["data"])[1], (2, "l12".to_owned()));
}

#[tokio::test]
async fn a_set_that_is_not_sqls_is_not_believed() {
    let Some((boards, board)) = indexed().await else { return };
    let ann = boards.realm.device("ann's").await;
    boards.score(&board, &ann, 100).await;
    let set = built(&boards, &board).await;
    // As if a change had been missed: she is last there, and a stranger is first.
    let mut redis = boards.realm.redis().plain();
    let members: Vec<String> = redis::cmd("ZRANGE").arg(&set).arg(1).arg(1).query(&mut redis).unwrap();
    redis::cmd("ZADD").arg(&set).arg(5_000).arg(&members[0]).exec(&mut redis).unwrap();
    redis::cmd("ZADD").arg(&set).arg(-9_000).arg("0000000000").exec(&mut redis).unwrap();
    assert_eq!(boards.mine(&board, &ann).await, (1, 100));
    let page = boards.get(&format!("/{board}/records?page_size=2"), 200).await;
    assert_eq!(names(&page["data"])[1], (2, "l01".to_owned()));
    assert_eq!(page["meta"]["total_count"], PLAYERS + 1);
}
