//! Profiles: what others see of an account.

use realmgate_platform::accounts::{ensure_profile, name_key};
use realmgate_platform::database::columns::{from_sql_ms, parse_id, parsed, to_sql_ms, undecodable};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::{SqlConnection, SqlRow};
use realmgate_platform::hook_subscriptions::Arg;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use sqlx::Row;
use uuid::Uuid;

use super::AccountStore;

/// Rows of older versions that are filled in at once.
const FILLED_AT_ONCE: i64 = 200;
/// The columns of [`ProfileRow`]; `p` is the profile, `a` its account.
pub(super) const COLUMNS: &str = "p.account_id, p.username, p.display_name, p.profile_url, p.metadata, p.last_seen_ms, \
                                  p.show_map, a.activated, a.role, a.lock_owner, \
                                  (SELECT COUNT(*) FROM realtime_accounts r WHERE r.account_id = p.account_id) AS realtime, \
                                  COALESCE(seat.lobby_id, '') AS lobby_id, COALESCE(room.is_hidden, 0) AS lobby_hidden";
/// Where those columns are; goes on with a condition.
pub(super) const TABLES: &str = "profiles p JOIN accounts a ON a.id = p.account_id \
                                 LEFT JOIN lobby_members seat ON seat.account_id = p.account_id \
                                 LEFT JOIN lobbies room ON room.id = seat.lobby_id";
/// Whose names begin with a key: from $1 up to and without $2. Or whose id is $3.
const FOUND: &str = "(p.username_key >= $1 AND p.username_key < $2) OR (p.display_key >= $1 AND p.display_key < $2) \
                     OR p.account_id = $3";

/// What is stored of a user.
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// The account.
    pub account: AccountId,
    /// Its unique name.
    pub username: String,
    /// What it wants to be called.
    pub display_name: String,
    /// Where its picture is.
    pub profile_url: String,
    /// What programs keep with it.
    pub metadata: Map<String, Value>,
    /// When it was here last, in Unix milliseconds; 0 if that is not known.
    pub last_seen_ms: u64,
    /// Whether it may log in.
    pub activated: bool,
    /// Whether it is an administrator.
    pub admin: bool,
    /// Whether it has a socket, a realtime one or one of a gateway.
    pub online: bool,
    /// Whether its friends may see in which map its character is.
    pub show_map: bool,
    /// The lobby that it is in.
    pub lobby: Option<Uuid>,
    /// Whether that is in no list.
    pub lobby_hidden: bool,
}

impl ProfileRow {
    pub(super) fn of(row: &SqlRow) -> sqlx::Result<Self> {
        let (metadata, lobby): (String, String) = (row.try_get("metadata")?, row.try_get("lobby_id")?);
        Ok(Self {
            account: parsed(row, "account_id")?,
            username: row.try_get("username")?,
            display_name: row.try_get("display_name")?,
            profile_url: row.try_get("profile_url")?,
            metadata: serde_json::from_str(&metadata).map_err(undecodable)?,
            last_seen_ms: from_sql_ms(row.try_get("last_seen_ms")?),
            activated: row.try_get::<i64, _>("activated")? != 0,
            admin: row.try_get::<String, _>("role")? == "admin",
            online: row.try_get::<i64, _>("realtime")? > 0
                || row.try_get::<String, _>("lock_owner")?.starts_with("gateway:"),
            show_map: row.try_get::<i64, _>("show_map")? != 0,
            lobby: (!lobby.is_empty()).then(|| parse_id("lobby_id", &lobby)).transpose()?,
            lobby_hidden: row.try_get::<i64, _>("lobby_hidden")? != 0,
        })
    }
}

impl AccountStore {
    /// The profile of an account that is there; one is made where an older version has made the account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn profile(&self, account: AccountId) -> sqlx::Result<Option<ProfileRow>> {
        if let Some(found) = self.find_profile(account).await? {
            return Ok(Some(found));
        }
        // Anybody may ask for any id: the writer is only taken where there is something to write.
        if !is_there(&mut *self.0.read("find_account").await?, account).await? {
            return Ok(None);
        }
        let mut tx = self.0.begin_write("make_profile").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        if !is_there(&mut tx, account).await? {
            return Ok(None);
        }
        ensure_profile(&mut tx, account).await?;
        tx.commit().await?;
        self.find_profile(account).await
    }

    async fn find_profile(&self, account: AccountId) -> sqlx::Result<Option<ProfileRow>> {
        let mut db = self.0.read("find_profile").await?;
        let query = sqlx::AssertSqlSafe(format!("SELECT {COLUMNS} FROM {TABLES} WHERE p.account_id = $1"));
        let row = sqlx::query(query).bind(account.to_string()).fetch_optional(&mut *db).await?;
        row.as_ref().map(ProfileRow::of).transpose()
    }

    /// The users whose name or display name begins with a text, in any case, or whose id it is, which comes first; and
    /// how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn search(&self, text: &str, limit: i64, offset: i64) -> sqlx::Result<(Vec<ProfileRow>, i64)> {
        let mut db = self.0.begin_read("search_users").await?;
        let (from, id) = (name_key(text), text.parse::<Uuid>().map(|id| id.to_string()).unwrap_or_default());
        // Whatever begins with the key and goes on in hexadecimal is before this.
        let until = format!("{from}g");
        let rows = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE {FOUND} \
             ORDER BY CASE WHEN p.account_id = $3 THEN 0 ELSE 1 END, p.username_key, p.account_id LIMIT $4 OFFSET $5"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(rows)).bind(&from).bind(&until).bind(&id).bind(limit).bind(offset);
        let rows = rows.fetch_all(&mut *db).await?;
        let total = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM profiles p WHERE {FOUND}"));
        let total: i64 = sqlx::query_scalar(total).bind(&from).bind(&until).bind(&id).fetch_one(&mut *db).await?;
        Ok((rows.iter().map(ProfileRow::of).collect::<sqlx::Result<_>>()?, total))
    }

    /// Records that an account is here.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn seen(&self, account: AccountId, at_ms: u64) -> sqlx::Result<()> {
        let mut db = self.0.write("user_seen").await?;
        sqlx::query("UPDATE profiles SET last_seen_ms = $2 WHERE account_id = $1")
            .bind(account.to_string())
            .bind(to_sql_ms(at_ms))
            .execute(&mut *db)
            .await
            .map(|_| ())
    }

    /// Sets what an account wants to be called.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_display_name(&self, account: AccountId, name: &str) -> sqlx::Result<()> {
        let mut tx = self.0.begin_write("set_display_name").await?;
        sqlx::query("UPDATE profiles SET display_name = $2, display_key = $3 WHERE account_id = $1")
            .bind(account.to_string())
            .bind(name)
            .bind(name_key(name))
            .execute(&mut *tx)
            .await?;
        self.0.hook_subscriptions().note(&mut tx, "after_user_updated", &[Arg::user(account)]).await?;
        tx.commit().await
    }

    /// Sets whether an account's friends may see in which map its character is.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_show_map(&self, account: AccountId, show: bool) -> sqlx::Result<()> {
        let mut db = self.0.write("set_show_map").await?;
        sqlx::query("UPDATE profiles SET show_map = $2 WHERE account_id = $1")
            .bind(account.to_string())
            .bind(i64::from(show))
            .execute(&mut *db)
            .await
            .map(|_| ())
    }

    /// Sets an account's unique name. Returns `false` if another has it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_username(&self, account: AccountId, name: &str) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("set_username").await?;
        let done = sqlx::query("UPDATE profiles SET username = $2, username_key = $3 WHERE account_id = $1")
            .bind(account.to_string())
            .bind(name)
            .bind(name_key(name))
            .execute(&mut *tx)
            .await;
        match done {
            Ok(_) => {
                self.0.hook_subscriptions().note(&mut tx, "after_user_updated", &[Arg::user(account)]).await?;
                tx.commit().await?;
                Ok(true)
            }
            // The index decides, whoever asks at the same time.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fills in the keys of names that were there before keys were. Returns how many it did; 0 when all have them.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn fill_name_keys(&self) -> sqlx::Result<usize> {
        let mut tx = self.0.begin_write("fill_profiles").await?;
        let lacking = "SELECT account_id, username, display_name FROM profiles WHERE username_key IS NULL LIMIT $1";
        let rows: Vec<(String, String, String)> =
            sqlx::query_as(lacking).bind(FILLED_AT_ONCE).fetch_all(&mut *tx).await?;
        for (id, username, display) in &rows {
            sqlx::query(
                "UPDATE profiles SET username_key = $2, display_key = $3 WHERE account_id = $1 AND username_key IS NULL",
            )
            .bind(id)
            .bind(name_key(username))
            .bind(name_key(display))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(rows.len())
    }
}

/// What programs keep with a user; `None` where there is none.
pub(super) async fn metadata(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<Option<Map<String, Value>>> {
    let query = "SELECT metadata FROM profiles WHERE account_id = $1";
    let text: Option<String> = sqlx::query_scalar(query).bind(account.to_string()).fetch_optional(db).await?;
    text.map(|text| serde_json::from_str(&text).map_err(undecodable)).transpose()
}

/// Sets what programs keep with a user.
pub(super) async fn set_metadata(db: &mut SqlConnection, account: AccountId, metadata: &Value) -> sqlx::Result<()> {
    let set = "UPDATE profiles SET metadata = $2 WHERE account_id = $1";
    sqlx::query(set).bind(account.to_string()).bind(metadata.to_string()).execute(db).await.map(|_| ())
}

/// Whether there is such an account.
pub(super) async fn is_there(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<bool> {
    let there = "SELECT id FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL";
    let there = sqlx::query_scalar::<_, String>(there).bind(account.to_string()).fetch_optional(db).await?;
    Ok(there.is_some())
}
