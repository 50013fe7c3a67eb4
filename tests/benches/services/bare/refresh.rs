//! A refresh token is traded for the next pair.

use anyhow::ensure;
use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Failed, State, lock_row};
use crate::seed::hashed;
use crate::tokens::now_ms;

pub(super) const LIVES_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

#[derive(Deserialize)]
pub struct Refresh {
    refresh_token: String,
}

#[derive(Serialize)]
pub struct Tokens {
    access_token: String,
    user_id: String,
    refresh_token: String,
    expires_in: u64,
}

pub async fn refresh(
    axum::extract::State(state): axum::extract::State<State>,
    Json(body): Json<Refresh>,
) -> Result<Json<Tokens>, Failed> {
    Ok(Json(traded(&state, &body.refresh_token).await?))
}

async fn traded(state: &State, token: &str) -> anyhow::Result<Tokens> {
    let (used, next) = (hashed(token), fresh());
    let now = now_ms();
    let mut transaction = state.pool.begin().await?;
    lock_row(&mut transaction, "refresh_tokens", "token_hash", &used).await?;
    let (session, expires_at_ms, used_at_ms, account, token_version) =
        sqlx::query_as::<_, (String, i64, Option<i64>, String, i64)>(
            "SELECT t.session_id, t.expires_at_ms, t.used_at_ms, a.id, a.token_version
             FROM refresh_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN accounts a ON a.id = s.account_id
             WHERE t.token_hash = $1 AND s.ended_at_ms IS NULL",
        )
        .bind(&used)
        .fetch_one(&mut *transaction)
        .await?;
    ensure!(used_at_ms.is_none() && expires_at_ms.unsigned_abs() > now, "the token is dead");
    sqlx::query("UPDATE refresh_tokens SET used_at_ms = $2 WHERE token_hash = $1")
        .bind(&used)
        .bind(now as i64)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("INSERT INTO refresh_tokens (token_hash, session_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(hashed(&next))
        .bind(&session)
        .bind((now + LIVES_MS) as i64)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let access_token = state.keys.sign(&account, &session, token_version)?;
    Ok(Tokens { access_token, user_id: account, refresh_token: next, expires_in: 900 })
}

pub(super) fn fresh() -> String {
    let bytes = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}
