//! Values that scripts keep under keys.

use std::str::FromStr;

use realmgate_platform::database::columns::{parsed, to_sql_ms, undecodable};
use realmgate_platform::database::dialect::Dialect;
use realmgate_platform::database::{SqlConnection, SqlRow};
use realmgate_protocol::ids::AccountId;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::ScriptStore;

/// Under what a value is kept: a key, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueKey {
    /// The key.
    pub key: String,
    /// The user whose it is, if any.
    pub user: Option<AccountId>,
    /// The lobby whose it is, if any.
    pub lobby: Option<Uuid>,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it is.
    pub value: Value,
    /// Which players may read it.
    pub access: Access,
}

/// Which players may read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Every one who is logged in.
    Public,
    /// The user whose it is.
    OwnerOnly,
    /// Members of the lobby whose it is.
    LobbyMembersOnly,
    /// Either.
    OwnerOrLobbyMember,
    /// Administrators.
    AdminOnly,
    /// None: only scripts.
    ServerOnly,
}

/// A word that is none of [`Access`].
#[derive(Debug, thiserror::Error)]
#[error("access must be one of public, owner_only, lobby_members_only, owner_or_lobby_member, admin_only, server_only")]
pub struct NoAccess;

const ACCESS: [(&str, Access); 6] = [
    ("public", Access::Public),
    ("owner_only", Access::OwnerOnly),
    ("lobby_members_only", Access::LobbyMembersOnly),
    ("owner_or_lobby_member", Access::OwnerOrLobbyMember),
    ("admin_only", Access::AdminOnly),
    ("server_only", Access::ServerOnly),
];

impl Access {
    fn as_str(self) -> &'static str {
        ACCESS.iter().find(|(_, access)| *access == self).map_or("server_only", |(word, _)| word)
    }
}

impl FromStr for Access {
    type Err = NoAccess;

    fn from_str(word: &str) -> Result<Self, NoAccess> {
        ACCESS.iter().find(|(known, _)| *known == word).map(|(_, access)| *access).ok_or(NoAccess)
    }
}

impl ValueKey {
    /// As a row has it: an id that is not there is empty.
    fn columns(&self) -> [String; 3] {
        let user = self.user.map(|user| user.to_string()).unwrap_or_default();
        [self.key.clone(), user, self.lobby.map(|lobby| lobby.to_string()).unwrap_or_default()]
    }
}

impl Kept {
    fn of(row: &SqlRow) -> sqlx::Result<Self> {
        let value: String = row.try_get("value")?;
        Ok(Self { value: serde_json::from_str(&value).map_err(undecodable)?, access: parsed(row, "access")? })
    }
}

impl ScriptStore {
    /// The value under a key; `None` where there is none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn value(&self, key: &ValueKey) -> sqlx::Result<Option<Kept>> {
        find(&mut *self.sql.read("script_value").await?, key, "").await
    }
}

/// The value under a key, for this transaction alone.
pub(super) async fn lock(db: &mut SqlConnection, key: &ValueKey) -> sqlx::Result<Option<Kept>> {
    let suffix = Dialect::of(db).for_update();
    find(db, key, suffix).await
}

async fn find(db: &mut SqlConnection, key: &ValueKey, suffix: &str) -> sqlx::Result<Option<Kept>> {
    let query = "SELECT value, access FROM script_values WHERE key = $1 AND user_id = $2 AND lobby_id = $3";
    let [key, user, lobby] = key.columns();
    let query = AssertSqlSafe(format!("{query}{suffix}"));
    let row = sqlx::query(query).bind(key).bind(user).bind(lobby).fetch_optional(db).await?;
    row.as_ref().map(Kept::of).transpose()
}

/// Writes a value, whether there is one or not. With `only_new`, not over one that is there. Returns whether it is written.
pub(super) async fn put(
    db: &mut SqlConnection,
    key: &ValueKey,
    kept: &Kept,
    only_new: bool,
    at_ms: u64,
) -> sqlx::Result<bool> {
    let there = match only_new {
        true => "DO NOTHING",
        false => {
            "DO UPDATE SET value = excluded.value, access = excluded.access, changed_at_ms = excluded.changed_at_ms"
        }
    };
    let insert = "INSERT INTO script_values (key, user_id, lobby_id, value, access, changed_at_ms)
                  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key, user_id, lobby_id)";
    let [key, user, lobby] = key.columns();
    let insert = sqlx::query(AssertSqlSafe(format!("{insert} {there}"))).bind(key).bind(user).bind(lobby);
    let insert = insert.bind(kept.value.to_string()).bind(kept.access.as_str()).bind(to_sql_ms(at_ms));
    Ok(insert.execute(db).await?.rows_affected() > 0)
}

/// Removes a value, if there is one.
pub(super) async fn remove(db: &mut SqlConnection, key: &ValueKey) -> sqlx::Result<()> {
    let delete = "DELETE FROM script_values WHERE key = $1 AND user_id = $2 AND lobby_id = $3";
    let [key, user, lobby] = key.columns();
    sqlx::query(delete).bind(key).bind(user).bind(lobby).execute(db).await.map(|_| ())
}
