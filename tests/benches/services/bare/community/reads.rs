//! What is only read.

use axum::Json;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row as _};

use super::super::{Failed, State};
use super::{caller, number, profile, text};
use crate::ranks::BOARD;

/// Rows of a page.
const PAGE: i64 = 25;
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const LOBBY: &str = "l.id, l.title, COALESCE(l.host_id, '') AS host_id, \
                     COALESCE((SELECT h.display_name FROM profiles h WHERE h.account_id = l.host_id), '') AS host_name, \
                     l.max_users, l.is_hidden, l.is_locked, COALESCE(l.password_hash, '') AS password_hash, \
                     l.slowdown, l.metadata, (SELECT COUNT(DISTINCT s.account_id) FROM lobby_spectators s \
                     WHERE s.lobby_id = l.id AND NOT EXISTS (SELECT 1 FROM lobby_members sm \
                     WHERE sm.lobby_id = l.id AND sm.account_id = s.account_id)) AS spectators";
const LISTED: &str = "FROM lobbies l WHERE ($1 = '' OR (l.title_key >= $1 AND l.title_key < $2)) \
                      AND ($3 = '' OR l.id IN (SELECT f.lobby_id FROM lobby_fields f WHERE f.name = $3 \
                      AND ($4 = '' OR REPLACE(f.value, $4, '') <> f.value))) AND l.is_hidden = 0";
pub(super) const BOARD_COLUMNS: &str = "id, slug, title, description, sort_order, operator, starts_at_ms, ends_at_ms, \
                                        metadata, created_at_ms, updated_at_ms";
pub(super) const RECORD: &str = "r.id, r.leaderboard_id, r.owner, r.score, r.points, r.tie, r.metadata, r.created_at_ms, \
                                 r.updated_at_ms, COALESCE(p.username, '') AS username, \
                                 COALESCE(p.display_name, '') AS display_name \
                                 FROM leaderboard_records r LEFT JOIN profiles p ON p.account_id = r.user_id";

pub(super) async fn me(
    axum::extract::State(state): axum::extract::State<State>,
    headers: HeaderMap,
) -> Result<Json<Value>, Failed> {
    let account = caller(&state, &headers).await?;
    let row = profile(&state, &account).await?;
    let ways: Vec<(String, String, String)> =
        sqlx::query_as("SELECT kind, subject, secret FROM credentials WHERE account_id = $1")
            .bind(&account)
            .fetch_all(&state.pool)
            .await?;
    let has = |kind: &str| ways.iter().any(|(known, ..)| known == kind);
    let metadata: Value = serde_json::from_str(&text(&row, "metadata")?)?;
    Ok(Json(json!({
        "id": account, "email": "", "profile_url": text(&row, "profile_url")?, "metadata": metadata,
        "username": text(&row, "username")?, "display_name": text(&row, "display_name")?,
        "lobby_id": text(&row, "lobby_id")?, "party_id": "", "is_online": number(&row, "realtime")? > 0,
        "last_seen_at": number(&row, "last_seen_ms")?,
        "linked_providers": {"google": has("google"), "facebook": has("facebook"), "discord": has("discord"),
                             "apple": has("apple"), "steam": has("steam"), "device": has("device")},
        "has_password": has("password"), "show_map": number(&row, "show_map")? != 0,
    })))
}

pub(super) async fn lobbies(axum::extract::State(state): axum::extract::State<State>) -> Result<Json<Value>, Failed> {
    let mut db = state.pool.begin_with(SNAPSHOT).await?;
    let rows =
        AssertSqlSafe(format!("SELECT {LOBBY} {LISTED} ORDER BY l.created_at_ms DESC, l.id DESC LIMIT $5 OFFSET $6"));
    let rows =
        sqlx::query(rows).bind("").bind("g").bind("").bind("").bind(PAGE).bind(0_i64).fetch_all(&mut *db).await?;
    let total = AssertSqlSafe(format!("SELECT COUNT(*) {LISTED}"));
    let total: i64 = sqlx::query_scalar(total).bind("").bind("g").bind("").bind("").fetch_one(&mut *db).await?;
    db.rollback().await?;
    let data = rows.iter().map(lobby).collect::<anyhow::Result<Vec<Value>>>()?;
    Ok(Json(json!({"meta": meta(&data, total), "data": data})))
}

fn lobby(row: &PgRow) -> anyhow::Result<Value> {
    let metadata: Value = serde_json::from_str(&text(row, "metadata")?)?;
    Ok(json!({
        "id": text(row, "id")?, "title": text(row, "title")?, "host_id": text(row, "host_id")?,
        "host_name": text(row, "host_name")?, "hostless": false, "max_users": number(row, "max_users")?,
        "is_hidden": number(row, "is_hidden")? != 0, "is_locked": number(row, "is_locked")? != 0, "metadata": metadata,
        "is_passworded": !text(row, "password_hash")?.is_empty(), "slowdown": number(row, "slowdown")?,
    }))
}

pub(super) async fn records(axum::extract::State(state): axum::extract::State<State>) -> Result<Json<Value>, Failed> {
    let board =
        AssertSqlSafe(format!("SELECT {BOARD_COLUMNS} FROM leaderboards WHERE id = $1 AND deleted_at_ms IS NULL"));
    sqlx::query(board).bind(BOARD).fetch_one(&state.pool).await?;
    let mut db = state.pool.begin_with(SNAPSHOT).await?;
    let (rows, total) = page(&mut db).await?;
    db.commit().await?;
    let data = rows.iter().zip(1..).map(record).collect::<anyhow::Result<Vec<Value>>>()?;
    let next = rows.last().map(|row| text(row, "tie")).transpose()?;
    Ok(Json(json!({"meta": meta(&data, total), "data": data, "next_cursor": next})))
}

async fn page(db: &mut PgConnection) -> sqlx::Result<(Vec<PgRow>, i64)> {
    let total = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM leaderboard_blocks WHERE leaderboard_id = $1";
    let total: i64 = sqlx::query_scalar(total).bind(BOARD).fetch_one(&mut *db).await?;
    let block = sqlx::query(
        "SELECT points, tie, before FROM \
           (SELECT points, tie, CAST(SUM(size) OVER (ORDER BY points, tie) - size AS BIGINT) AS before \
            FROM leaderboard_blocks WHERE leaderboard_id = $1) AS sums \
         WHERE before <= $2 ORDER BY before DESC, points DESC, tie DESC LIMIT 1",
    );
    let block = block.bind(BOARD).bind(0_i64).fetch_one(&mut *db).await?;
    let rows = AssertSqlSafe(format!(
        "SELECT {RECORD} WHERE r.leaderboard_id = $1 AND (r.points, r.tie) >= ($2, $3) \
         ORDER BY r.points, r.tie LIMIT $4 OFFSET $5"
    ));
    let rows = sqlx::query(rows).bind(BOARD).bind(block.try_get::<i64, _>("points")?).bind(text(&block, "tie")?);
    Ok((rows.bind(PAGE).bind(0_i64).fetch_all(db).await?, total))
}

fn record((row, rank): (&PgRow, i64)) -> anyhow::Result<Value> {
    let metadata: Value = serde_json::from_str(&text(row, "metadata")?)?;
    Ok(json!({
        "rank": rank, "user_id": text(row, "owner")?, "username": text(row, "username")?,
        "display_name": text(row, "display_name")?, "score": number(row, "score")?, "metadata": metadata,
        "updated_at": number(row, "updated_at_ms")?,
    }))
}

fn meta(data: &[Value], total: i64) -> Value {
    json!({
        "page": 1, "page_size": PAGE, "count": data.len(), "total_count": total, "total_pages": (total + PAGE - 1) / PAGE,
        "has_more": total > PAGE,
    })
}
