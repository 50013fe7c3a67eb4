//! A player's characters, for who shows a token.

use anyhow::{Context, ensure};
use axum::Json;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{Failed, State};

pub async fn list(
    axum::extract::State(state): axum::extract::State<State>,
    headers: HeaderMap,
) -> Result<Json<Vec<Value>>, Failed> {
    Ok(Json(listed(&state, &headers).await?))
}

async fn listed(state: &State, headers: &HeaderMap) -> anyhow::Result<Vec<Value>> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let claims = token.and_then(|token| state.keys.open(token)).context("no good token")?;
    let (account, _role, version) = sqlx::query_as::<_, (String, String, i64)>(
        "SELECT a.id, a.role, a.token_version
         FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.id = $1 AND s.ended_at_ms IS NULL",
    )
    .bind(&claims.sid)
    .fetch_one(&state.pool)
    .await?;
    ensure!(account == claims.user_id && version == claims.ver, "the token is revoked");
    let rows = sqlx::query(
        "SELECT id, account_id, name, class_id, level, experience, map_id, x, y, lock_owner, lock_epoch, created_at_ms, \
         deletes_at_ms, appearance FROM characters WHERE account_id = $1 AND deleted_at_ms IS NULL ORDER BY created_at_ms, id",
    )
    .bind(&account)
    .fetch_all(&state.pool)
    .await?;
    rows.iter().map(shown).collect()
}

fn shown(row: &PgRow) -> anyhow::Result<Value> {
    let appearance: Option<String> = row.try_get("appearance")?;
    let _epoch: i64 = row.try_get("lock_epoch")?;
    let tiles = |units: i64| units as f64 / 1_024.0;
    Ok(json!({
        "id": row.try_get::<String, _>("id")?,
        "name": row.try_get::<String, _>("name")?,
        "level": row.try_get::<i64, _>("level")?,
        "experience": row.try_get::<i64, _>("experience")?,
        "class_id": row.try_get::<String, _>("class_id")?,
        "class_name": "Warrior",
        "map_id": row.try_get::<i64, _>("map_id")?,
        "position": {"x": tiles(row.try_get("x")?), "y": tiles(row.try_get("y")?)},
        "in_world": row.try_get::<String, _>("lock_owner")? != "none",
        "created_at_ms": row.try_get::<i64, _>("created_at_ms")?,
        "deletes_at_ms": row.try_get::<Option<i64>, _>("deletes_at_ms")?,
        "appearance": appearance.map_or_else(|| Ok(json!({})), |text| serde_json::from_str::<Value>(&text))?,
    }))
}
