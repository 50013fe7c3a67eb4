//! How lobbies are found.

use realmgate_platform::accounts::name_key;
use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::super::ProfileRow;
use super::super::profiles::{COLUMNS as PROFILE, TABLES as PROFILES};
use super::LobbyStore;
use super::rows::{COLUMNS, LobbyRow, read, text};

/// Lobbies that a player who wants any is tried for.
const MOST_CANDIDATES: i64 = 5;
/// Lobbies that a list or a quick join looks at, however many there are.
const LOOKED_AT: i64 = 1_000;
/// That have a field $3 whose text contains $4.
const HAS_FIELD: &str = "($3 = '' OR EXISTS (SELECT 1 FROM lobby_fields f WHERE f.lobby_id = l.id AND f.name = $3 \
                         AND ($4 = '' OR REPLACE(f.value, $4, '') <> f.value)))";

/// Of players none of whom was here since $1: by a socket, in a world or with a log-in.
const ABANDONED: &str = "l.host_id IS NOT NULL AND l.created_at_ms < $1 AND NOT EXISTS (
    SELECT 1 FROM lobby_members m JOIN profiles p ON p.account_id = m.account_id WHERE m.lobby_id = l.id AND (p.last_seen_ms >= $1
        OR EXISTS (SELECT 1 FROM realtime_accounts r WHERE r.account_id = m.account_id)
        OR EXISTS (SELECT 1 FROM characters c WHERE c.account_id = m.account_id AND c.lock_owner <> 'none')))";
/// Abandoned lobbies that are read at once.
const MOST_ABANDONED: i64 = 100;

/// Which lobbies are listed.
#[derive(Debug, Clone, Default)]
pub struct LobbyFilter {
    /// How its title begins, in any case.
    pub title: String,
    /// Whether it is in no list.
    pub hidden: Option<bool>,
    /// Whether nobody comes in.
    pub locked: Option<bool>,
    /// Whether it has a password.
    pub passworded: Option<bool>,
    /// At least so many places.
    pub min_users: Option<i64>,
    /// At most so many places.
    pub max_users: Option<i64>,
    /// A field that its metadata has; empty for any.
    pub field: String,
    /// What the text of that field contains.
    pub value: String,
}

/// What a player wants of a lobby that it does not name.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// So many places.
    pub max_users: Option<i64>,
    /// Fields of its metadata, each with what its text contains.
    pub metadata: Map<String, Value>,
}

impl LobbyFilter {
    /// The condition. What is no text stands in it as it is. Titles begin with a key: from $1 up to and without $2.
    fn condition(&self) -> String {
        // An index has the order of either. A filter that fits few lobbies does not have all of them read.
        let looked_at = match self.title.is_empty() {
            true => format!("$1 = '' AND $2 <> '' ORDER BY w.created_at_ms DESC, w.id DESC LIMIT {LOOKED_AT}"),
            false => format!("w.title_key >= $1 AND w.title_key < $2 ORDER BY w.title_key LIMIT {LOOKED_AT}"),
        };
        // Those that nobody may see must not take the places of others.
        let listed = if self.hidden == Some(false) { "w.is_hidden = 0 AND " } else { "" };
        let looked_at = format!("SELECT w.id FROM lobbies w WHERE {listed}{looked_at}");
        let mut all = vec![format!("l.id IN ({looked_at})"), HAS_FIELD.to_owned()];
        let flag = |column: &str, flag: Option<bool>| flag.map(|flag| format!("l.{column} = {}", i64::from(flag)));
        all.extend(flag("is_hidden", self.hidden));
        all.extend(flag("is_locked", self.locked));
        all.extend(self.passworded.map(|has| format!("l.password_hash IS {}NULL", if has { "NOT " } else { "" })));
        all.extend(self.min_users.map(|least| format!("l.max_users >= {least}")));
        all.extend(self.max_users.map(|most| format!("l.max_users <= {most}")));
        all.join(" AND ")
    }
}

impl LobbyStore {
    /// Some of the lobbies of players none of whom was here since `since_ms`, by id, after one of them.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn abandoned(&self, since_ms: u64, after: Option<Uuid>) -> sqlx::Result<Vec<Uuid>> {
        let mut db = self.0.read("abandoned_lobbies").await?;
        let query =
            format!("SELECT l.id FROM lobbies l WHERE l.id > $2 AND {ABANDONED} ORDER BY l.id LIMIT {MOST_ABANDONED}");
        let after = after.map_or_else(String::new, |id| id.to_string());
        let query = sqlx::query_scalar(AssertSqlSafe(query)).bind(to_sql_ms(since_ms)).bind(after);
        let ids: Vec<String> = query.fetch_all(&mut *db).await?;
        ids.iter().map(|id| parse_id("lobbies.id", id)).collect()
    }

    /// A page of the lobbies that a filter lets pass, the newest first, and how many there are in all: of the 1,000 newest or, with
    /// a title, of the first 1,000 whose titles begin so.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn list(&self, filter: &LobbyFilter, limit: i64, offset: i64) -> sqlx::Result<(Vec<LobbyRow>, i64)> {
        let (from, condition) = (name_key(&filter.title), filter.condition());
        // Whatever begins with the key and goes on in hexadecimal is before this.
        let until = format!("{from}g");
        let mut db = self.0.begin_read("list_lobbies").await?;
        let rows = format!(
            "SELECT {COLUMNS} FROM lobbies l WHERE {condition} ORDER BY l.created_at_ms DESC, l.id DESC LIMIT $5 OFFSET $6"
        );
        let rows = sqlx::query(AssertSqlSafe(rows)).bind(&from).bind(&until).bind(&filter.field).bind(&filter.value);
        let rows = rows.bind(limit).bind(offset).fetch_all(&mut *db).await?;
        let total = AssertSqlSafe(format!("SELECT COUNT(*) FROM lobbies l WHERE {condition}"));
        let total = sqlx::query_scalar(total).bind(&from).bind(&until).bind(&filter.field).bind(&filter.value);
        let total: i64 = total.fetch_one(&mut *db).await?;
        Ok((rows.iter().map(LobbyRow::of).collect::<sqlx::Result<_>>()?, total))
    }

    /// A lobby; `None` where there is none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find(&self, id: Uuid) -> sqlx::Result<Option<LobbyRow>> {
        read(&mut *self.0.read("find_lobby").await?, id).await
    }

    /// A lobby with its members, those first whose accounts are oldest.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn with_members(&self, id: Uuid) -> sqlx::Result<Option<(LobbyRow, Vec<ProfileRow>)>> {
        let mut db = self.0.begin_read("lobby_members").await?;
        let Some(lobby) = read(&mut db, id).await? else { return Ok(None) };
        let members = format!(
            "SELECT {PROFILE} FROM lobby_members m, {PROFILES} WHERE p.account_id = m.account_id AND m.lobby_id = $1
             ORDER BY a.created_at_ms, p.account_id"
        );
        let members = sqlx::query(AssertSqlSafe(members)).bind(id.to_string()).fetch_all(&mut *db).await?;
        Ok(Some((lobby, members.iter().map(ProfileRow::of).collect::<sqlx::Result<_>>()?)))
    }

    /// The lobby that an account is in.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn of(&self, account: AccountId) -> sqlx::Result<Option<Uuid>> {
        super::seats::seat_of(&mut *self.0.read("lobby_of").await?, account).await
    }

    /// The oldest lobbies that a player may come into who wants this.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn candidates(&self, wish: &Wish) -> sqlx::Result<Vec<Uuid>> {
        candidates(&mut *self.0.read("quick_join").await?, wish).await
    }
}

impl Wish {
    /// The same for wishes that are equal.
    pub(super) fn key(&self) -> i64 {
        let text = serde_json::json!([self.max_users, self.metadata]).to_string();
        let digest = Sha256::digest(text);
        digest.iter().take(8).fold(0, |key, byte| (key << 8) | i64::from(*byte))
    }
}

/// The oldest lobbies that a player may come into who wants this.
pub(super) async fn candidates(db: &mut SqlConnection, wish: &Wish) -> sqlx::Result<Vec<Uuid>> {
    let mut fields: Vec<(&String, String)> = wish.metadata.iter().map(|(name, value)| (name, text(value))).collect();
    // A power of two, so that few statement texts are prepared.
    if let Some(last) = fields.last().cloned() {
        fields.resize(fields.len().next_power_of_two(), last);
    }
    let wanted: Vec<String> =
        (0..fields.len()).map(|field| format!("(${}, ${})", 2 * field + 2, 2 * field + 3)).collect();
    let has_all = match wanted.is_empty() {
        true => String::new(),
        false => format!(
            "AND NOT EXISTS (SELECT 1 FROM (VALUES {}) AS w WHERE NOT EXISTS (SELECT 1 FROM lobby_fields f \
                 WHERE f.lobby_id = l.id AND f.name = w.column1 \
                 AND (w.column2 = '' OR REPLACE(f.value, w.column2, '') <> f.value)))",
            wanted.join(", ")
        ),
    };
    // One index or the other has the order.
    let of_size = if wish.max_users.is_some() { "w.max_users = $1" } else { "$1 = 0" };
    let query = format!(
        "SELECT l.id FROM lobbies l WHERE l.id IN (SELECT w.id FROM lobbies w \
                 WHERE w.is_hidden = 0 AND w.is_locked = 0 AND w.password_hash IS NULL AND {of_size} \
                 ORDER BY w.created_at_ms, w.id LIMIT {LOOKED_AT}) {has_all} \
             AND (SELECT COUNT(*) FROM lobby_members m WHERE m.lobby_id = l.id) < l.max_users \
             ORDER BY l.created_at_ms, l.id LIMIT {MOST_CANDIDATES}"
    );
    let query = sqlx::query_scalar(AssertSqlSafe(query)).bind(wish.max_users.unwrap_or(0));
    let query = fields.into_iter().fold(query, |query, (name, value)| query.bind(name.clone()).bind(value));
    let found: Vec<String> = query.fetch_all(db).await?;
    found.iter().map(|id| parse_id("id", id)).collect()
}
