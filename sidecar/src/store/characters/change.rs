//! Deletes, restores and changes characters: only for a log-in that may change the account, and never in a world.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{from_sql_ms, parsed, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::Row;
use uuid::Uuid;

use super::{Change, CharacterChange, Deletion, columns};
use crate::lock::CharacterOwner;
use crate::store::locks::admits_session;

/// Whether another living character has a name, or one that looks alike. `deleted_at_ms IS NULL` is repeated for each
/// of the two, or SQLite uses neither of the indexes, which have living characters only, and scans the table.
pub(in crate::store) const TAKEN: &str = "SELECT 1 FROM characters WHERE ((name_folded = $2 AND deleted_at_ms IS NULL) \
     OR (name_key = $3 AND deleted_at_ms IS NULL)) AND id <> $1 LIMIT 1";

/// The character, the account that must own it, and the session of the log-in that asks.
pub(super) type Asked = (CharacterId, AccountId, Uuid);

/// Deletes a character at a time.
pub(super) const DELETE: &str = "UPDATE characters SET deleted_at_ms = $3 \
    WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL AND lock_owner = 'none'";
/// Marks a character for deletion at a time.
pub(super) const MARK: &str = "UPDATE characters SET deletes_at_ms = COALESCE(deletes_at_ms, $3) \
    WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL AND lock_owner = 'none'";

/// Ends a character by [`DELETE`] or [`MARK`].
pub(super) async fn end(
    tx: &mut SqlConnection,
    (character, account, session): Asked,
    set: &'static str,
    at_ms: u64,
) -> sqlx::Result<Deletion> {
    if !admits_session(tx, account, session).await? {
        return Ok(Deletion::AccountHeld);
    }
    let update = sqlx::query(set).bind(character.to_string()).bind(account.to_string()).bind(to_sql_ms(at_ms));
    let done = update.execute(tx).await?;
    Ok(if done.rows_affected() > 0 { Deletion::Deleted } else { Deletion::InWorld })
}

pub(super) async fn restore(tx: &mut SqlConnection, (character, account, session): Asked) -> sqlx::Result<Change> {
    if !admits_session(tx, account, session).await? {
        return Ok(Change::AccountHeld);
    }
    let row = sqlx::query_as(concat!(
        "UPDATE characters SET deletes_at_ms = NULL WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL RETURNING ",
        columns!()
    ))
    .bind(character.to_string())
    .bind(account.to_string())
    .fetch_optional(tx)
    .await?;
    Ok(row.map_or(Change::Gone, |row| Change::Done(Box::new(row))))
}

pub(super) async fn change(tx: &mut SqlConnection, change: &CharacterChange<'_>) -> sqlx::Result<Change> {
    if !admits_session(tx, change.account, change.session).await? {
        return Ok(Change::AccountHeld);
    }
    if let Some(refusal) = refusal(tx, change).await? {
        return Ok(refusal);
    }
    if let Some(rename) = &change.rename {
        sqlx::query(
            "UPDATE characters SET name = $2, name_folded = $3, name_key = $4, renamed_at_ms = $5 \
             WHERE id = $1 AND name <> $2",
        )
        .bind(change.character.to_string())
        .bind(rename.name)
        .bind(rename.folded)
        .bind(rename.key)
        .bind(to_sql_ms(rename.at_ms))
        .execute(&mut *tx)
        .await?;
    }
    if let Some(appearance) = change.appearance {
        sqlx::query("UPDATE characters SET appearance = $2 WHERE id = $1")
            .bind(change.character.to_string())
            .bind(appearance)
            .execute(&mut *tx)
            .await?;
    }
    let row = sqlx::query_as(concat!("SELECT ", columns!(), " FROM characters WHERE id = $1"))
        .bind(change.character.to_string())
        .fetch_one(tx)
        .await?;
    Ok(Change::Done(Box::new(row)))
}

/// Why the change is refused, if it is. The character's row stays locked until the transaction ends.
async fn refusal(tx: &mut SqlConnection, change: &CharacterChange<'_>) -> sqlx::Result<Option<Change>> {
    lock_rows(tx, Rows::Characters, [change.character.to_string()]).await?;
    let query = "SELECT name, lock_owner, renamed_at_ms, deletes_at_ms FROM characters \
                 WHERE id = $1 AND account_id = $2 AND deleted_at_ms IS NULL";
    let row = sqlx::query(query)
        .bind(change.character.to_string())
        .bind(change.account.to_string())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = row else { return Ok(Some(Change::Gone)) };
    if parsed::<CharacterOwner>(&row, "lock_owner")? != CharacterOwner::None {
        return Ok(Some(Change::InWorld));
    }
    if row.try_get::<Option<i64>, _>("deletes_at_ms")?.is_some() {
        return Ok(Some(Change::Marked));
    }
    let Some(rename) = &change.rename else { return Ok(None) };
    let renamed_at = row.try_get::<Option<i64>, _>("renamed_at_ms")?.map(from_sql_ms);
    if let Some(renamed_at) = renamed_at.filter(|at| *at > rename.not_since_ms)
        && row.try_get::<String, _>("name")? != rename.name
    {
        return Ok(Some(Change::Renamed(renamed_at)));
    }
    let taken = sqlx::query(TAKEN).bind(change.character.to_string()).bind(rename.folded).bind(rename.key);
    Ok(taken.fetch_optional(tx).await?.map(|_| Change::NameTaken))
}
