//! Log-ins whose refresh token stays the same.

use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::Row as _;
use uuid::Uuid;

use super::super::refresh::{LIVES_MS, fresh};
use super::super::{Failed, State, lock_row};
use super::{live, profile, text};
use crate::seed::hashed;
use crate::tokens::now_ms;

#[derive(Deserialize)]
pub(super) struct Device {
    device_id: String,
}

#[derive(Deserialize)]
pub(super) struct Refresh {
    refresh_token: String,
}

pub(super) async fn by_device(
    axum::extract::State(state): axum::extract::State<State>,
    Json(body): Json<Device>,
) -> Result<Json<Value>, Failed> {
    let device = "SELECT account_id FROM credentials WHERE kind = 'device' AND subject = $1";
    let account: String = sqlx::query_scalar(device).bind(hashed(&body.device_id)).fetch_one(&state.pool).await?;
    let (session, token) = (Uuid::now_v7().to_string(), fresh());
    open(&state, &account, &session, &token).await?;
    expect(&state, &account, &session).await?;
    sqlx::query("UPDATE profiles SET last_seen_ms = $2 WHERE account_id = $1")
        .bind(&account)
        .bind(now_ms() as i64)
        .execute(&state.pool)
        .await?;
    let (_, version) = live(&state.pool, &session).await?;
    Ok(granted(&state, &account, &session, version, token).await?)
}

async fn open(state: &State, account: &str, session: &str, token: &str) -> sqlx::Result<()> {
    let now = now_ms();
    let mut transaction = state.pool.begin().await?;
    lock_row(&mut transaction, "accounts", "id", account).await?;
    sqlx::query("SELECT id FROM accounts WHERE id = $1 AND (activated = 0 OR deleted_at_ms IS NOT NULL)")
        .bind(account)
        .fetch_optional(&mut *transaction)
        .await?;
    sqlx::query(
        "SELECT id FROM sessions WHERE account_id = $1 AND ended_at_ms IS NULL ORDER BY created_at_ms DESC, id DESC",
    )
    .bind(account)
    .fetch_all(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO sessions (id, account_id, created_at_ms, rotates) VALUES ($1, $2, $3, 0)")
        .bind(session)
        .bind(account)
        .bind(now as i64)
        .execute(&mut *transaction)
        .await?;
    sqlx::query("INSERT INTO refresh_tokens (token_hash, session_id, expires_at_ms) VALUES ($1, $2, $3)")
        .bind(hashed(token))
        .bind(session)
        .bind((now + LIVES_MS) as i64)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

/// The account's lock waits for the log-in's socket.
pub async fn expect(state: &State, account: &str, session: &str) -> sqlx::Result<()> {
    let lock = "SELECT lock_owner, lock_session, lock_epoch, lock_deadline_ms, lock_waiting, lock_waiting_until_ms \
                FROM accounts WHERE id = $1";
    let lock = sqlx::query(lock).bind(account).fetch_one(&state.pool).await?;
    let epoch: i64 = lock.try_get("lock_epoch")?;
    sqlx::query(
        "UPDATE accounts SET lock_owner = $4, lock_session = $5, lock_epoch = $6, lock_deadline_ms = $7, \
         lock_waiting = $8, lock_waiting_until_ms = $9 WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3",
    )
    .bind(account)
    .bind(epoch)
    .bind(text(&lock, "lock_owner")?)
    .bind("login")
    .bind(session)
    .bind(epoch + 1)
    .bind((now_ms() + 60_000) as i64)
    .bind(None::<String>)
    .bind(None::<i64>)
    .execute(&state.pool)
    .await
    .map(|_| ())
}

async fn granted(
    state: &State,
    account: &str,
    session: &str,
    version: i64,
    refresh_token: String,
) -> anyhow::Result<Json<Value>> {
    let profile = profile(state, account).await?;
    let data = json!({
        "access_token": state.keys.sign(account, session, version)?, "refresh_token": refresh_token, "expires_in": 900,
        "user_id": account, "username": text(&profile, "username")?, "display_name": text(&profile, "display_name")?,
    });
    Ok(Json(json!({"data": data})))
}

pub(super) async fn refresh(
    axum::extract::State(state): axum::extract::State<State>,
    Json(body): Json<Refresh>,
) -> Result<Json<Value>, Failed> {
    let (session, account, _role, version) = sqlx::query_as::<_, (String, String, String, i64)>(
        "SELECT s.id, a.id, a.role, a.token_version
         FROM refresh_tokens t
         JOIN sessions s ON s.id = t.session_id
         JOIN accounts a ON a.id = s.account_id
         WHERE t.token_hash = $1 AND t.expires_at_ms > $2 AND s.ended_at_ms IS NULL AND s.rotates = 0",
    )
    .bind(hashed(&body.refresh_token))
    .bind(now_ms() as i64)
    .fetch_one(&state.pool)
    .await?;
    expect(&state, &account, &session).await?;
    Ok(granted(&state, &account, &session, version, body.refresh_token).await?)
}
