//! Characters as their players speak through them: which one was used last, and whom they ignore.

use std::collections::BTreeSet;

use realmgate_platform::database::columns::undecodable;
use realmgate_protocol::ids::AccountId;
use serde::Deserialize;

use super::{CharacterRow, CharacterStore, columns};

/// Of a soft state, whom the character ignores.
#[derive(Deserialize)]
struct Ignoring {
    #[serde(default)]
    ignored: Vec<String>,
}

impl CharacterStore {
    /// The account's characters that are not marked for deletion, the one that was used last first. Those that were never used
    /// follow in the order in which they were created.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn by_use(&self, account: AccountId) -> sqlx::Result<Vec<CharacterRow>> {
        let mut db = self.0.read("characters_by_use").await?;
        sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM characters WHERE account_id = $1 AND deleted_at_ms IS NULL AND deletes_at_ms IS NULL \
             ORDER BY lock_since_ms DESC, created_at_ms, id"
        ))
        .bind(account.to_string())
        .fetch_all(&mut *db)
        .await
    }

    /// The names that the account's characters ignore, in small letters, as they were last saved.
    ///
    /// # Errors
    /// When the database cannot be asked or a soft state cannot be decoded.
    pub async fn ignored_names(&self, account: AccountId) -> sqlx::Result<BTreeSet<String>> {
        let query = "SELECT soft_state FROM characters \
                     WHERE account_id = $1 AND deleted_at_ms IS NULL AND soft_state IS NOT NULL";
        let mut db = self.0.read("ignored_names").await?;
        let states: Vec<String> = sqlx::query_scalar(query).bind(account.to_string()).fetch_all(&mut *db).await?;
        let mut names = BTreeSet::new();
        for state in states {
            let Ignoring { ignored } = serde_json::from_str(&state).map_err(undecodable)?;
            names.extend(ignored.into_iter().map(|name| name.to_lowercase()));
        }
        Ok(names)
    }
}
