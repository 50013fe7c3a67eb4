//! The rows of lobbies.

use realmgate_platform::accounts::name_key;
use realmgate_platform::database::columns::{parse_id, parsed, to_sql_ms, undecodable};
use realmgate_platform::database::dialect::Dialect;
use realmgate_platform::database::rows::{Values, execute_in};
use realmgate_platform::database::{SqlConnection, SqlRow};
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::seats::NewLobby;

/// The columns of [`LobbyRow`]; `l` is the lobby.
pub(super) const COLUMNS: &str = "l.id, l.title, COALESCE(l.host_id, '') AS host_id, \
                                  COALESCE((SELECT h.display_name FROM profiles h WHERE h.account_id = l.host_id), '') AS host_name, \
                                  l.max_users, l.is_hidden, l.is_locked, COALESCE(l.password_hash, '') AS password_hash, \
                                  l.slowdown, l.metadata, (SELECT COUNT(DISTINCT s.account_id) FROM lobby_spectators s \
                                  WHERE s.lobby_id = l.id AND NOT EXISTS (SELECT 1 FROM lobby_members sm \
                                  WHERE sm.lobby_id = l.id AND sm.account_id = s.account_id)) AS spectators";

/// What a lobby's host says of it.
#[derive(Debug, Clone)]
pub struct LobbySettings {
    /// What it is called.
    pub title: String,
    /// Most members.
    pub max_users: i64,
    /// Whether it is in no list.
    pub hidden: bool,
    /// Whether nobody comes in.
    pub locked: bool,
    /// The hash of its password, if it has one.
    pub password: Option<String>,
    /// How many seconds members wait between two lines that they say.
    pub slowdown: i64,
    /// What programs keep with it.
    pub metadata: Map<String, Value>,
}

/// What is stored of a lobby.
#[derive(Debug, Clone)]
pub struct LobbyRow {
    /// Its id.
    pub id: Uuid,
    /// Who decides in it; `None` where every member does.
    pub host: Option<AccountId>,
    /// What the host wants to be called.
    pub host_name: String,
    /// What its host says of it.
    pub settings: LobbySettings,
    /// How many watch it without being members.
    pub spectators: i64,
}

impl LobbyRow {
    /// What scripts are told of a lobby that is gone.
    pub(super) fn outline(&self) -> Value {
        json!({
            "id": self.id.to_string(), "title": self.settings.title, "host_id": self.host.map(|host| host.to_string()),
            "metadata": self.settings.metadata,
        })
    }

    pub(super) fn of(row: &SqlRow) -> sqlx::Result<Self> {
        let (host, password, metadata): (String, String, String) =
            (row.try_get("host_id")?, row.try_get("password_hash")?, row.try_get("metadata")?);
        let host = (!host.is_empty()).then(|| parse_id("host_id", &host)).transpose()?;
        Ok(Self {
            id: parsed(row, "id")?,
            host,
            host_name: row.try_get("host_name")?,
            settings: LobbySettings {
                title: row.try_get("title")?,
                max_users: row.try_get("max_users")?,
                hidden: row.try_get::<i64, _>("is_hidden")? != 0,
                locked: row.try_get::<i64, _>("is_locked")? != 0,
                password: Some(password).filter(|hash| !hash.is_empty()),
                slowdown: row.try_get("slowdown")?,
                metadata: serde_json::from_str(&metadata).map_err(undecodable)?,
            },
            spectators: row.try_get("spectators")?,
        })
    }
}

/// A lobby's row.
pub(super) async fn read(db: &mut SqlConnection, id: Uuid) -> sqlx::Result<Option<LobbyRow>> {
    let query = AssertSqlSafe(format!("SELECT {COLUMNS} FROM lobbies l WHERE l.id = $1"));
    let row = sqlx::query(query).bind(id.to_string()).fetch_optional(db).await?;
    row.as_ref().map(LobbyRow::of).transpose()
}

/// A lobby's row, for this transaction alone.
pub(in super::super) async fn lock(db: &mut SqlConnection, id: Uuid) -> sqlx::Result<Option<LobbyRow>> {
    let query = AssertSqlSafe(format!("SELECT id FROM lobbies WHERE id = $1{}", Dialect::of(db).for_update()));
    let there: Option<String> = sqlx::query_scalar(query).bind(id.to_string()).fetch_optional(&mut *db).await?;
    // Read only now that nobody else can change it.
    if there.is_none() { Ok(None) } else { read(db, id).await }
}

/// Inserts a lobby.
pub(in super::super) async fn insert(db: &mut SqlConnection, new: &NewLobby) -> sqlx::Result<()> {
    let NewLobby { id, host, settings, at_ms } = new;
    sqlx::query(
        "INSERT INTO lobbies (id, title, title_key, host_id, max_users, is_hidden, is_locked, password_hash, slowdown,
             metadata, created_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id.to_string())
    .bind(settings.title.clone())
    .bind(name_key(&settings.title))
    .bind(host.map(|host| host.to_string()))
    .bind(settings.max_users)
    .bind(i64::from(settings.hidden))
    .bind(i64::from(settings.locked))
    .bind(settings.password.clone())
    .bind(settings.slowdown)
    .bind(Value::Object(settings.metadata.clone()).to_string())
    .bind(to_sql_ms(*at_ms))
    .execute(&mut *db)
    .await?;
    insert_fields(db, *id, &settings.metadata).await
}

/// Writes a lobby's row again, with this host.
pub(super) async fn update(
    db: &mut SqlConnection,
    id: Uuid,
    host: Option<AccountId>,
    settings: &LobbySettings,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE lobbies SET title = $2, title_key = $3, host_id = $4, max_users = $5, is_hidden = $6, is_locked = $7,
             password_hash = $8, slowdown = $9, metadata = $10 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(settings.title.clone())
    .bind(name_key(&settings.title))
    .bind(host.map(|host| host.to_string()))
    .bind(settings.max_users)
    .bind(i64::from(settings.hidden))
    .bind(i64::from(settings.locked))
    .bind(settings.password.clone())
    .bind(settings.slowdown)
    .bind(Value::Object(settings.metadata.clone()).to_string())
    .execute(db)
    .await
    .map(|_| ())
}

/// Sets what programs keep with a lobby that is locked.
pub(in super::super) async fn set_metadata(
    db: &mut SqlConnection,
    id: Uuid,
    metadata: &Map<String, Value>,
) -> sqlx::Result<()> {
    let set = "UPDATE lobbies SET metadata = $2 WHERE id = $1";
    let text = Value::Object(metadata.clone()).to_string();
    sqlx::query(set).bind(id.to_string()).bind(text).execute(&mut *db).await?;
    replace_fields(db, id, metadata).await
}

/// Writes the fields of a lobby's metadata in place of those that were there.
pub(super) async fn replace_fields(
    db: &mut SqlConnection,
    id: Uuid,
    metadata: &Map<String, Value>,
) -> sqlx::Result<()> {
    execute_in(db, "DELETE FROM lobby_fields WHERE lobby_id IN", [id.to_string()]).await?;
    insert_fields(db, id, metadata).await
}

async fn insert_fields(db: &mut SqlConnection, id: Uuid, metadata: &Map<String, Value>) -> sqlx::Result<()> {
    let insert = Values { before: "INSERT INTO lobby_fields (lobby_id, name, value)", columns: 3, after: "" };
    let fields: Vec<(String, String)> = metadata.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let bound = insert.execute(db, &fields, |statement, (name, value)| {
        statement.bind(id.to_string()).bind(name.clone()).bind(value.clone())
    });
    bound.await.map(|_| ())
}

/// A value as text, as lobbies are found by it.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Deletes a lobby that is locked, with all that is its own.
pub(super) async fn delete(db: &mut SqlConnection, id: Uuid) -> sqlx::Result<()> {
    for delete in [
        "DELETE FROM lobby_members WHERE lobby_id = $1",
        "DELETE FROM lobby_fields WHERE lobby_id = $1",
        "DELETE FROM lobby_spectators WHERE lobby_id = $1",
        "DELETE FROM script_values WHERE lobby_id = $1",
        "DELETE FROM lobbies WHERE id = $1",
    ] {
        sqlx::query(delete).bind(id.to_string()).execute(&mut *db).await?;
    }
    Ok(())
}
