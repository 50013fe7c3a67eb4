//! Background upkeep of characters: those whose deletion is due are deleted, and names that an older sidecar wrote get
//! their keys.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::to_sql_ms;
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::AccountId;
use sqlx::Row;

use super::LookOf;

/// Maximum number of rows in one go.
const AT_ONCE: i64 = 200;
/// How long after an account was deleted its characters are looked for.
const ORPHANS_FOR_MS: u64 = 24 * 60 * 60 * 1_000;

/// The outer condition excludes what was restored or deleted since the inner query looked. `|| ''` keeps SQLite from
/// using the index of owners, by which nearly every character there ever was is free.
pub(in crate::store) const DELETE_DUE: &str = "UPDATE characters SET deleted_at_ms = $1 \
    WHERE deletes_at_ms <= $1 AND deleted_at_ms IS NULL AND lock_owner || '' = 'none' AND id IN ( \
      SELECT id FROM characters WHERE deletes_at_ms <= $1 AND deleted_at_ms IS NULL AND lock_owner || '' = 'none' \
      ORDER BY deletes_at_ms LIMIT $2)";

pub(super) async fn delete_due(db: &mut SqlConnection, now_ms: u64) -> sqlx::Result<u64> {
    let done = sqlx::query(DELETE_DUE).bind(to_sql_ms(now_ms)).bind(AT_ONCE).execute(db).await?;
    Ok(done.rows_affected())
}

pub(super) async fn mark_all(db: &mut SqlConnection, account: AccountId, now_ms: u64) -> sqlx::Result<()> {
    sqlx::query("UPDATE characters SET deletes_at_ms = $2 WHERE account_id = $1 AND deleted_at_ms IS NULL")
        .bind(account.to_string())
        .bind(to_sql_ms(now_ms))
        .execute(db)
        .await
        .map(|_| ())
}

pub(super) async fn mark_orphans(db: &mut SqlConnection, now_ms: u64) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE characters SET deletes_at_ms = $1 WHERE deleted_at_ms IS NULL \
         AND (deletes_at_ms IS NULL OR deletes_at_ms > $1) \
         AND account_id IN (SELECT id FROM accounts WHERE deleted_at_ms > $2)",
    )
    .bind(to_sql_ms(now_ms))
    .bind(to_sql_ms(now_ms.saturating_sub(ORPHANS_FOR_MS)))
    .execute(db)
    .await
    .map(|_| ())
}

/// Runs as one transaction, since each commit waits for the disk. If another sidecar takes the same key at the same
/// moment, PostgreSQL refuses the whole batch, and the next round does it.
pub(super) async fn fill_name_keys(db: &mut SqlConnection, look: LookOf) -> sqlx::Result<u64> {
    const FILL: &str = "UPDATE characters SET name_key = $2 WHERE id = $1 AND name_key IS NULL AND NOT EXISTS \
                        (SELECT 1 FROM characters AS other WHERE other.name_key = $2 AND other.deleted_at_ms IS NULL)";
    let rows = sqlx::query(
        "SELECT id, name FROM characters WHERE name_key IS NULL AND deleted_at_ms IS NULL \
         ORDER BY created_at_ms, id LIMIT $1",
    )
    .bind(AT_ONCE)
    .fetch_all(&mut *db)
    .await?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<sqlx::Result<Vec<String>>>()?;
    lock_rows(db, Rows::Characters, ids).await?;
    for row in &rows {
        let (id, name): (String, String) = (row.try_get("id")?, row.try_get("name")?);
        let key = look(&name);
        // No plain key ends in an id, so with one appended the later of two names gets a key that blocks nobody.
        for key in [&key, &format!("{key}/{id}")] {
            if sqlx::query(FILL).bind(id.clone()).bind(key.clone()).execute(&mut *db).await?.rows_affected() > 0 {
                break;
            }
        }
    }
    Ok(rows.len() as u64)
}
