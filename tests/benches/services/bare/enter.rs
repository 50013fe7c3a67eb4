//! A character enters the world: the statements of the sidecar in its order, with one round trip where that asks the map
//! server. No ticket is made.

use anyhow::ensure;
use axum::Json;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use super::{Failed, State, lock_row};
use crate::seed::GATEWAY;
use crate::tokens::now_ms;

/// How long the hand-over may take.
const HANDOVER_MS: i64 = 30_000;

#[derive(Deserialize)]
pub struct Enter {
    character_id: String,
    session: String,
}

/// A character's lock, before.
struct Found {
    account: String,
    owner: String,
    epoch: i64,
}

pub async fn enter(
    axum::extract::State(state): axum::extract::State<State>,
    Json(body): Json<Enter>,
) -> Result<Json<Value>, Failed> {
    Ok(Json(entered(&state, &body).await?))
}

async fn entered(state: &State, body: &Enter) -> anyhow::Result<Value> {
    let who = &body.character_id;
    let found = find(&mut *state.pool.acquire().await?, who).await?;
    let log_in = sqlx::query(
        "SELECT lock_owner, lock_session, (SELECT COUNT(*) FROM sessions \
         WHERE id = $2 AND account_id = $1 AND ended_at_ms IS NULL) AS live FROM accounts WHERE id = $1",
    );
    let log_in = log_in.bind(&found.account).bind(&body.session).fetch_one(&state.pool).await?;
    ensure!(log_in.try_get::<i64, _>("live")? == 1, "the log-in has ended");
    let held = sqlx::query(
        "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch, lock_deadline_ms FROM characters \
         WHERE account_id = $1 AND lock_owner <> 'none'",
    );
    let held = held.bind(&found.account).fetch_all(&state.pool).await?;
    ensure!(held.is_empty(), "already in the world");
    let gateway = format!("gateway:{GATEWAY}");
    take(state, who, &body.session, &found, &gateway).await?;
    let soft = load(state, who).await?;
    state.echo.ask().await?;
    let mut writer = state.pool.acquire().await?;
    let (from, to) = ((gateway.as_str(), found.epoch + 1), ("map:bench-enter", found.epoch + 1));
    ensure!(change(&mut writer, who, from, to).await? == 1, "somebody was faster");
    Ok(json!({"event": "enter_world_success", "data": {"soft": soft}}))
}

async fn find(connection: &mut PgConnection, who: &str) -> anyhow::Result<Found> {
    let row = sqlx::query(
        "SELECT id, account_id, name, map_id, x, y, lock_owner, lock_epoch, lock_deadline_ms FROM characters \
         WHERE id = $1 AND deleted_at_ms IS NULL",
    )
    .bind(who)
    .fetch_one(connection)
    .await?;
    Ok(Found {
        account: row.try_get("account_id")?,
        owner: row.try_get("lock_owner")?,
        epoch: row.try_get("lock_epoch")?,
    })
}

/// The gateway's lock, under the account's.
async fn take(state: &State, who: &str, session: &str, found: &Found, gateway: &str) -> anyhow::Result<()> {
    let mut transaction = state.pool.begin().await?;
    lock_row(&mut transaction, "accounts", "id", &found.account).await?;
    let lock = "SELECT lock_owner, lock_session, lock_epoch, lock_deadline_ms FROM accounts WHERE id = $1";
    let row: PgRow = sqlx::query(lock).bind(&found.account).fetch_one(&mut *transaction).await?;
    ensure!(row.try_get::<String, _>("lock_owner")? == gateway, "the account is not here");
    ensure!(row.try_get::<String, _>("lock_session")? == session, "another log-in has the account");
    let other = "SELECT 1 FROM characters WHERE account_id = $1 AND lock_owner <> 'none' AND id <> $2 LIMIT 1";
    let other = sqlx::query(other).bind(&found.account).bind(who).fetch_optional(&mut *transaction).await?;
    ensure!(other.is_none(), "another character is in the world");
    let changed = change(&mut transaction, who, (&found.owner, found.epoch), (gateway, found.epoch + 1)).await?;
    ensure!(changed == 1, "somebody was faster");
    Ok(transaction.commit().await?)
}

/// All that a map server is told.
async fn load(state: &State, who: &str) -> anyhow::Result<Option<Value>> {
    let mut transaction = state.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
    let row = sqlx::query(
        "SELECT account_id, name, class_id, level, experience, soft_state FROM characters \
         WHERE id = $1 AND deleted_at_ms IS NULL",
    )
    .bind(who)
    .fetch_one(&mut *transaction)
    .await?;
    let soft: Option<String> = row.try_get("soft_state")?;
    let owner = format!("character:{who}");
    let gold = sqlx::query("SELECT balance FROM gold_balances WHERE owner = $1").bind(&owner);
    let _gold: i64 = gold.fetch_one(&mut *transaction).await?.try_get("balance")?;
    let items = sqlx::query("SELECT id, definition, slot FROM items WHERE owner = $1 ORDER BY slot, id");
    let items = items.bind(&owner).fetch_all(&mut *transaction).await?;
    for item in &items {
        let _item: (String, String, i64) = (item.try_get("id")?, item.try_get("definition")?, item.try_get("slot")?);
    }
    transaction.commit().await?;
    Ok(soft.map(|soft| serde_json::from_str(&soft)).transpose()?)
}

/// The conditional UPDATE of every hand-over.
async fn change(
    connection: &mut PgConnection,
    who: &str,
    (from, from_epoch): (&str, i64),
    (to, to_epoch): (&str, i64),
) -> sqlx::Result<u64> {
    let now = now_ms() as i64;
    let result = sqlx::query(
        "UPDATE characters SET lock_owner = $4, lock_epoch = $5, lock_since_ms = $6, lock_deadline_ms = $7, \
         lent_to = NULL, \
         save_sequence = CASE WHEN lock_epoch = $5 THEN save_sequence ELSE 0 END \
         WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND deleted_at_ms IS NULL",
    )
    .bind(who)
    .bind(from_epoch)
    .bind(from)
    .bind(to)
    .bind(to_epoch)
    .bind(now)
    .bind(now + HANDOVER_MS)
    .execute(connection)
    .await?;
    Ok(result.rows_affected())
}
