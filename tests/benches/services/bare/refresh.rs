//! A refresh token is traded for the next pair.

use axum::Json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::community::expect;
use super::{Failed, State};
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
    let (session, account, token_version) = sqlx::query_as::<_, (String, String, i64)>(
        "UPDATE refresh_tokens SET token_hash = $2, expires_at_ms = $3
         WHERE token_hash = $1 AND used_at_ms IS NULL AND expires_at_ms > $4
           AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = refresh_tokens.session_id
                       AND s.ended_at_ms IS NULL AND s.rotates <> 0)
         RETURNING session_id,
             (SELECT s.account_id FROM sessions s WHERE s.id = refresh_tokens.session_id),
             (SELECT a.token_version FROM sessions s JOIN accounts a ON a.id = s.account_id
              WHERE s.id = refresh_tokens.session_id)",
    )
    .bind(&used)
    .bind(hashed(&next))
    .bind((now + LIVES_MS) as i64)
    .bind(now as i64)
    .fetch_one(&state.pool)
    .await?;
    expect(state, &account, &session).await?;
    let access_token = state.keys.sign(&account, &session, token_version)?;
    Ok(Tokens { access_token, user_id: account, refresh_token: next, expires_in: 900 })
}

pub(super) fn fresh() -> String {
    let bytes = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}
