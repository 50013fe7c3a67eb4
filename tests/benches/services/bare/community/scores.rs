//! A score, which an administrator submits: its transaction, and the record of the act around it.

use axum::Json;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::super::{Failed, State};
use super::reads::{BOARD_COLUMNS, RECORD};
use super::{caller, number, text};
use crate::ranks::BOARD;
use crate::tokens::now_ms;

#[derive(Deserialize)]
pub(super) struct Score {
    score: i64,
    user_id: String,
}

/// Where a record stands, or a block begins.
type Place = (i64, String);

pub(super) async fn submit(
    axum::extract::State(state): axum::extract::State<State>,
    headers: HeaderMap,
    Json(body): Json<Score>,
) -> Result<Json<Value>, Failed> {
    let (account, act) = (caller(&state, &headers).await?, Uuid::now_v7().to_string());
    sqlx::query(
        "INSERT INTO admin_acts (id, account_id, method, path, body, status, at_ms) VALUES ($1, $2, $3, $4, $5, 0, $6)",
    )
    .bind(&act)
    .bind(&account)
    .bind("POST")
    .bind(format!("/admin/leaderboards/{BOARD}/records"))
    .bind(format!("{{\"score\":{},\"user_id\":\"{}\"}}", body.score, body.user_id))
    .bind(now_ms() as i64)
    .execute(&state.pool)
    .await?;
    let board = format!("SELECT {BOARD_COLUMNS} FROM leaderboards WHERE id = $1 AND deleted_at_ms IS NULL");
    sqlx::query(AssertSqlSafe(board.clone())).bind(BOARD).fetch_one(&state.pool).await?;
    let mut transaction = state.pool.begin().await?;
    sqlx::query(AssertSqlSafe(format!("{board} FOR KEY SHARE"))).bind(BOARD).fetch_one(&mut *transaction).await?;
    let record = put(&mut transaction, &body).await?;
    transaction.commit().await?;
    sqlx::query("UPDATE admin_acts SET status = $2 WHERE id = $1")
        .bind(&act)
        .bind(200_i64)
        .execute(&state.pool)
        .await?;
    Ok(Json(json!({"data": record})))
}

async fn put(db: &mut PgConnection, score: &Score) -> anyhow::Result<Value> {
    let own = AssertSqlSafe(format!("SELECT {RECORD} WHERE r.leaderboard_id = $1 AND r.owner = $2 FOR UPDATE OF r"));
    let own = sqlx::query(own).bind(BOARD).bind(format!("user:{}", score.user_id)).fetch_one(&mut *db).await?;
    let (id, tie) = (text(&own, "id")?, text(&own, "tie")?);
    let (from, to) = ((number(&own, "points")?, tie.clone()), (-score.score, tie));
    sqlx::query(
        "UPDATE leaderboard_records SET score = $2, points = $3, metadata = $4, updated_at_ms = $5 WHERE id = $1",
    )
    .bind(&id)
    .bind(score.score)
    .bind(-score.score)
    .bind("{}")
    .bind(now_ms() as i64)
    .execute(&mut *db)
    .await?;
    if from != to {
        count(db, from, to).await?;
    }
    let made: i64 = number(&own, "created_at_ms")?;
    Ok(json!({
        "id": id, "leaderboard_id": BOARD, "user_id": score.user_id, "label": null, "score": score.score, "rank": null,
        "metadata": {}, "inserted_at": made, "updated_at": now_ms(),
    }))
}

async fn count(db: &mut PgConnection, from: Place, to: Place) -> sqlx::Result<()> {
    let is_down = from < to;
    let (low, high) = if is_down { (&from, &to) } else { (&to, &from) };
    let mut blocks = Vec::new();
    for suffix in [" FOR UPDATE", ""] {
        for place in [low, high] {
            blocks.push(block(db, place, suffix).await?);
        }
    }
    let [low, high, ..] = &blocks[..] else { return Ok(()) };
    if low == high {
        return Ok(());
    }
    for ((points, tie), by) in [(low, if is_down { -1 } else { 1 }), (high, if is_down { 1 } else { -1 })] {
        sqlx::query(
            "UPDATE leaderboard_blocks SET size = size + $4 WHERE leaderboard_id = $1 AND points = $2 AND tie = $3",
        )
        .bind(BOARD)
        .bind(points)
        .bind(tie)
        .bind(by)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn block(db: &mut PgConnection, (points, tie): &Place, suffix: &str) -> sqlx::Result<Place> {
    let query = AssertSqlSafe(format!(
        "SELECT points, tie, size FROM leaderboard_blocks WHERE leaderboard_id = $1 AND (points, tie) <= ($2, $3) \
         ORDER BY points DESC, tie DESC LIMIT 1{suffix}"
    ));
    let row = sqlx::query(query).bind(BOARD).bind(points).bind(tie).fetch_one(db).await?;
    Ok((row.try_get("points")?, row.try_get("tie")?))
}
