//! Soft states, written under their locks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{number, parsed, to_sql_epoch};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::rows::{Statement, Values, fetch_in};
use realmgate_protocol::ids::{CharacterId, SaveSequence, ServerId};
use realmgate_protocol::link::Save;

use super::SaveOutcome;
use super::sql::{admits, lock_of};
use crate::lock::{CharacterLock, CharacterOwner, CookieHash};

/// Writes one soft state, if its lock and its sequence number allow it.
pub(super) async fn write(connection: &mut SqlConnection, server: &ServerId, save: &Save) -> sqlx::Result<SaveOutcome> {
    if update(connection, server, None, &[save]).await? == 1 {
        return Ok(SaveOutcome::Written);
    }
    let held = admits(connection, server, save.character, save.epoch).await?;
    Ok(if held { SaveOutcome::Older } else { SaveOutcome::Fenced })
}

/// Writes many soft states in few statements. Returns an outcome for each, as if they were written one after the other.
/// Of several saves of one character only the newest is written.
pub(super) async fn write_all(
    connection: &mut SqlConnection,
    server: &ServerId,
    cookie: &CookieHash,
    saves: &[Save],
) -> sqlx::Result<Vec<SaveOutcome>> {
    let characters: BTreeSet<CharacterId> = saves.iter().map(|save| save.character).collect();
    lock_rows(connection, Rows::Characters, characters.iter().map(ToString::to_string)).await?;
    let mut known = read(connection, &characters).await?;
    let mut newest: BTreeMap<CharacterId, &Save> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(saves.len());
    for save in saves {
        outcomes.push(match known.get_mut(&save.character) {
            Some((lock, last)) if lock.admits(server, save.epoch) => {
                if *last >= save.sequence {
                    SaveOutcome::Older
                } else {
                    *last = save.sequence;
                    newest.insert(save.character, save);
                    SaveOutcome::Written
                }
            }
            _ => SaveOutcome::Fenced,
        });
    }
    let newest: Vec<&Save> = newest.into_values().collect();
    if update(connection, server, Some(cookie), &newest).await? != newest.len() as u64 {
        return Err(sqlx::Error::Protocol("a character changed under its row lock".to_owned()));
    }
    Ok(outcomes)
}

/// The locks of characters, and the sequence numbers of their last saves.
async fn read(
    connection: &mut SqlConnection,
    characters: &BTreeSet<CharacterId>,
) -> sqlx::Result<HashMap<CharacterId, (CharacterLock, SaveSequence)>> {
    let query = "SELECT id, lock_owner, lock_epoch, lock_deadline_ms, save_sequence FROM characters WHERE id IN";
    let rows = fetch_in(connection, query, characters.iter().map(ToString::to_string)).await?;
    rows.iter()
        .map(|row| Ok((parsed(row, "id")?, (lock_of(row)?, SaveSequence(number(row, "save_sequence")?)))))
        .collect()
}

/// Writes soft states whose locks and sequence numbers allow it, and clears their locks' deadlines if the cookie is
/// that of the server's lock. Returns how many were written. No two of them may be of the same character.
async fn update(
    connection: &mut SqlConnection,
    server: &ServerId,
    cookie: Option<&CookieHash>,
    saves: &[&Save],
) -> sqlx::Result<u64> {
    const UPDATE: Values = Values {
        before: "WITH saved (id, owner, epoch, sequence, soft, map, x, y, cookie) AS (",
        columns: 9,
        after: ") UPDATE characters SET soft_state = saved.soft, map_id = saved.map, x = saved.x, y = saved.y, \
                save_sequence = saved.sequence, lock_deadline_ms = CASE WHEN EXISTS (SELECT 1 FROM server_locks \
                 WHERE server_locks.id = saved.owner AND server_locks.cookie_hash = saved.cookie) \
                 THEN NULL ELSE lock_deadline_ms END FROM saved WHERE characters.id = saved.id \
                AND characters.lock_owner = saved.owner AND characters.lock_epoch = saved.epoch \
                AND characters.save_sequence < saved.sequence",
    };
    let owner = CharacterOwner::Map(server.clone()).to_string();
    let cookie = cookie.map_or_else(String::new, ToString::to_string);
    let soft = |save: &&Save| serde_json::to_string(&save.soft).map_err(|error| sqlx::Error::Encode(Box::new(error)));
    let softs: Vec<String> = saves.iter().map(soft).collect::<sqlx::Result<_>>()?;
    let rows: Vec<(&Save, String)> = saves.iter().copied().zip(softs).collect();
    let bind = |statement: Statement, (save, soft): &(&Save, String)| {
        statement
            .bind(save.character.to_string())
            .bind(owner.clone())
            .bind(to_sql_epoch(save.epoch))
            .bind(i64::try_from(save.sequence.0).unwrap_or(i64::MAX))
            .bind(soft.clone())
            .bind(i64::from(save.soft.map.0))
            .bind(i64::from(save.soft.x))
            .bind(i64::from(save.soft.y))
            .bind(cookie.clone())
    };
    UPDATE.execute(connection, &rows, bind).await
}
