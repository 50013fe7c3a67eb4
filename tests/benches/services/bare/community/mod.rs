//! What goes on around the worlds: log-ins by a device, one's own account, lobbies, a leaderboard and its scores.

mod log_in;
mod reads;
mod scores;

pub(super) use log_in::expect;

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Executor, Postgres, Row as _};

use super::State;
use crate::ranks::BOARD;

/// The columns of a profile and where they come from.
const PROFILE: &str = "p.account_id, p.username, p.display_name, p.profile_url, p.metadata, p.last_seen_ms, \
                       p.show_map, a.activated, a.role, a.lock_owner, \
                       (SELECT COUNT(*) FROM realtime_accounts r WHERE r.account_id = p.account_id) AS realtime, \
                       COALESCE(seat.lobby_id, '') AS lobby_id, COALESCE(room.is_hidden, 0) AS lobby_hidden \
                       FROM profiles p JOIN accounts a ON a.id = p.account_id \
                       LEFT JOIN lobby_members seat ON seat.account_id = p.account_id \
                       LEFT JOIN lobbies room ON room.id = seat.lobby_id";

/// Its routes.
pub(super) fn routes() -> Router<State> {
    let records = format!("/api/v1/leaderboards/{BOARD}/records");
    Router::new()
        .route("/api/v1/login/device", post(log_in::by_device))
        .route("/api/v1/refresh", post(log_in::refresh))
        .route("/api/v1/me", get(reads::me))
        .route("/api/v1/lobbies", get(reads::lobbies))
        .route(&records, get(reads::records))
        .route(&format!("/api/v1/admin/leaderboards/{BOARD}/records"), post(scores::submit))
}

/// The account of an access token.
async fn caller(state: &State, headers: &HeaderMap) -> anyhow::Result<String> {
    let token = headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let claims = token.and_then(|token| state.keys.open(token)).context("no good token")?;
    let (account, version) = live(&state.pool, &claims.sid).await?;
    ensure!(account == claims.user_id && version == claims.ver, "the token is revoked");
    Ok(account)
}

/// The account of a log-in that has not ended, and its token version.
async fn live(db: impl Executor<'_, Database = Postgres>, session: &str) -> sqlx::Result<(String, i64)> {
    let (account, _role, version) = sqlx::query_as::<_, (String, String, i64)>(
        "SELECT a.id, a.role, a.token_version
         FROM sessions s JOIN accounts a ON a.id = s.account_id
         WHERE s.id = $1 AND s.ended_at_ms IS NULL",
    )
    .bind(session)
    .fetch_one(db)
    .await?;
    Ok((account, version))
}

async fn profile(state: &State, account: &str) -> sqlx::Result<PgRow> {
    let query = AssertSqlSafe(format!("SELECT {PROFILE} WHERE p.account_id = $1"));
    sqlx::query(query).bind(account).fetch_one(&state.pool).await
}

fn text(row: &PgRow, column: &str) -> sqlx::Result<String> {
    row.try_get(column)
}

fn number(row: &PgRow, column: &str) -> sqlx::Result<i64> {
    row.try_get(column)
}
