//! Profiles: what others see of an account.

use std::collections::{HashMap, HashSet};

use realmgate_platform::accounts::{ensure_profile, name_key};
use realmgate_platform::bans::Ban;
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
                                  p.show_map, a.activated, a.banned, a.ban_reason, a.ban_until_ms, a.muted_until_ms, a.role, \
                                  a.lock_owner, \
                                  (SELECT COUNT(*) FROM realtime_accounts r WHERE r.account_id = p.account_id) AS realtime, \
                                  COALESCE(seat.lobby_id, '') AS lobby_id, COALESCE(room.is_hidden, 0) AS lobby_hidden";
/// Where those columns are; goes on with a condition.
pub(super) const TABLES: &str = "profiles p JOIN accounts a ON a.id = p.account_id \
                                 LEFT JOIN lobby_members seat ON seat.account_id = p.account_id \
                                 LEFT JOIN lobbies room ON room.id = seat.lobby_id";
/// Users that a search finds at most. Further pages are empty: a longer text finds others.
pub const MOST_FOUND: i64 = 1_000;

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
    /// Its ban, if an administrator has banned it.
    pub ban: Option<Ban>,
    /// Until when it may not chat in the world, in Unix milliseconds; `None` if it was not muted.
    pub muted_until_ms: Option<u64>,
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
            ban: if row.try_get::<i64, _>("banned")? == 0 { None } else { Some(ban(row)?) },
            muted_until_ms: row.try_get::<Option<i64>, _>("muted_until_ms")?.map(from_sql_ms),
            admin: row.try_get::<String, _>("role")? == "admin",
            online: row.try_get::<i64, _>("realtime")? > 0
                || row.try_get::<String, _>("lock_owner")?.starts_with("gateway:"),
            show_map: row.try_get::<i64, _>("show_map")? != 0,
            lobby: (!lobby.is_empty()).then(|| parse_id("lobby_id", &lobby)).transpose()?,
            lobby_hidden: row.try_get::<i64, _>("lobby_hidden")? != 0,
        })
    }
}

fn ban(row: &SqlRow) -> sqlx::Result<Ban> {
    let until: Option<i64> = row.try_get("ban_until_ms")?;
    Ok(Ban { reason: row.try_get("ban_reason")?, until_ms: until.map(from_sql_ms) })
}

/// Moves the password of an account from its old name to a new one, if it stands under the old one. Returns `false` where another account
/// logs in by the new name.
async fn move_password(db: &mut SqlConnection, account: AccountId, name: &str) -> sqlx::Result<bool> {
    let taken = "SELECT COUNT(*) FROM credentials WHERE kind = 'password' AND subject = $1 AND account_id <> $2";
    let taken: i64 = sqlx::query_scalar(taken).bind(name).bind(account.to_string()).fetch_one(&mut *db).await?;
    if taken > 0 {
        return Ok(false);
    }
    let follow = "UPDATE credentials SET subject = $2, display = $2 WHERE account_id = $1 AND kind = 'password'
                  AND subject = (SELECT username FROM profiles WHERE account_id = $1)";
    sqlx::query(follow).bind(account.to_string()).bind(name).execute(db).await?;
    Ok(true)
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

    /// A page of the users whose id a text is, whose name begins with it, or whose display name does, in that order and in any
    /// case; and how many there are, up to [`MOST_FOUND`]. Whatever the text, this reads at most twice as many rows of an index,
    /// and the rows of the page.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn search(&self, text: &str, limit: i64, offset: i64) -> sqlx::Result<(Vec<ProfileRow>, i64)> {
        let mut db = self.0.begin_read("search_users").await?;
        let mut found = Vec::new();
        if let Ok(id) = text.parse::<Uuid>() {
            let query = "SELECT account_id FROM profiles WHERE account_id = $1";
            found.extend(sqlx::query_scalar::<_, String>(query).bind(id.to_string()).fetch_optional(&mut *db).await?);
        }
        let from = name_key(text);
        // Whatever begins with the key and goes on in hexadecimal is before this.
        let until = format!("{from}g");
        for key in ["username_key", "display_key"] {
            let query = format!(
                "SELECT account_id FROM profiles WHERE {key} >= $1 AND {key} < $2 ORDER BY {key} LIMIT {MOST_FOUND}"
            );
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(&from).bind(&until);
            let ids: Vec<String> = query.fetch_all(&mut *db).await?;
            found.extend(ids);
            if found.len() >= count(MOST_FOUND) {
                break;
            }
        }
        let mut seen = HashSet::new();
        found.retain(|id| seen.insert(id.clone()));
        found.truncate(count(MOST_FOUND));
        let page = found.iter().skip(count(offset)).take(count(limit));
        let rows = rows_of(&mut db, page).await?;
        Ok((rows, i64::try_from(found.len()).unwrap_or(MOST_FOUND)))
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

    /// Sets an account's unique name, and logs in by it from now on where the old one was its log-in. Returns `false` if another account
    /// has the name, or logs in by it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_username(&self, account: AccountId, name: &str) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("set_username").await?;
        lock_rows(&mut tx, Rows::Accounts, [account.to_string()]).await?;
        if !move_password(&mut tx, account, name).await? {
            return Ok(false);
        }
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

/// A number of rows, as iterators count them.
fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or_default()
}

/// The profiles of these accounts, in this order.
async fn rows_of(
    db: &mut SqlConnection,
    accounts: impl Iterator<Item = &String> + Clone,
) -> sqlx::Result<Vec<ProfileRow>> {
    let Some(first) = accounts.clone().next() else { return Ok(Vec::new()) };
    // A power of two, so that few statement texts are prepared.
    let places = accounts.clone().count().next_power_of_two();
    let ids = accounts.clone().chain(std::iter::repeat(first)).take(places);
    let numbers: Vec<String> = (1..=places).map(|number| format!("${number}")).collect();
    let query = format!("SELECT {COLUMNS} FROM {TABLES} WHERE p.account_id IN ({})", numbers.join(", "));
    let query = ids.fold(sqlx::query(sqlx::AssertSqlSafe(query)), |query, id| query.bind(id));
    let rows = query.fetch_all(db).await?;
    let rows = rows.iter().map(|row| Ok((row.try_get::<String, _>("account_id")?, ProfileRow::of(row)?)));
    let mut rows: HashMap<String, ProfileRow> = rows.collect::<sqlx::Result<_>>()?;
    Ok(accounts.filter_map(|id| rows.remove(id)).collect())
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
