//! Who is logged in, read from the locks.

use realmgate_platform::database::columns::{number, parsed};
use realmgate_platform::database::{SqlRow, SqlStore};
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, ServerId};
use sqlx::{FromRow, Row};

use crate::lock::{AccountOwner, CharacterOwner};

/// Reads the list of who is logged in.
#[derive(Clone)]
pub struct OnlineStore(pub(super) SqlStore);

/// Selects a page of the list: which accounts, and how many.
#[derive(Debug, Clone, Default)]
pub struct OnlinePage {
    /// Only accounts with a greater id than this; `None` starts at the first.
    pub after: Option<AccountId>,
    /// Maximum number of rows.
    pub limit: u32,
    /// Only characters that were last saved on this map or never saved; `None` for all.
    pub map: Option<MapId>,
    /// Only characters whose lock this map server holds; `None` for all.
    pub server: Option<ServerId>,
}

/// An account that is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineRow {
    /// The account.
    pub account: AccountId,
    /// The user name as its owner wrote it; `None` for an account without a password.
    pub username: Option<String>,
    /// The gateway that it is connected to, or came in by; `None` where its socket is closed and no lock names the
    /// gateway.
    pub gateway: Option<String>,
    /// Its character that is in the world or on its way there, if any.
    pub character: Option<OnlineCharacter>,
}

/// A character that is in the world, or on its way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineCharacter {
    /// The character's id.
    pub id: CharacterId,
    /// Its name.
    pub name: String,
    /// The map where it was last saved; `None` if it was never in a world.
    pub map: Option<MapId>,
    /// The x coordinate in 1/1,024 tile.
    pub x: i32,
    /// The y coordinate in 1/1,024 tile.
    pub y: i32,
    /// The owner of its lock, who may write it.
    pub owner: CharacterOwner,
    /// The epoch of its lock: a fencing token that only grows.
    pub epoch: LockEpoch,
    /// Since when its lock is this owner's, in Unix milliseconds.
    pub since_ms: u64,
}

impl OnlineCharacter {
    /// The map server that holds it; `None` while it is on its way.
    pub fn map_server(&self) -> Option<&ServerId> {
        self.owner.map_server()
    }
}

impl<'r> FromRow<'r, SqlRow> for OnlineRow {
    fn from_row(row: &'r SqlRow) -> sqlx::Result<Self> {
        let is_in_world = row.try_get::<Option<String>, _>("id")?.is_some();
        let character = if is_in_world { Some(character(row)?) } else { None };
        let connected_to = match parsed(row, "account_owner")? {
            AccountOwner::Gateway(id) => Some(id),
            AccountOwner::None | AccountOwner::LogIn => None,
        };
        let brought_by = match character.as_ref().map(|character| &character.owner) {
            Some(CharacterOwner::Gateway(id)) => Some(id.clone()),
            _ => None,
        };
        Ok(Self {
            account: parsed(row, "account_id")?,
            username: row.try_get("username")?,
            gateway: brought_by.or(connected_to),
            character,
        })
    }
}

fn character(row: &SqlRow) -> sqlx::Result<OnlineCharacter> {
    let map: u16 = number(row, "map_id")?;
    Ok(OnlineCharacter {
        id: parsed(row, "id")?,
        name: row.try_get("name")?,
        map: (map != 0).then_some(MapId(map)),
        x: number(row, "x")?,
        y: number(row, "y")?,
        owner: parsed(row, "lock_owner")?,
        epoch: LockEpoch(number(row, "lock_epoch")?),
        since_ms: number(row, "lock_since_ms")?,
    })
}

impl OnlineStore {
    /// Reads a page of the list, ordered by account id.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn online(&self, page: &OnlinePage) -> sqlx::Result<Vec<OnlineRow>> {
        let mut db = self.0.read("online").await?;
        let server = page.server.clone().map(|server| CharacterOwner::Map(server).to_string());
        sqlx::query_as(
            "SELECT a.id AS account_id, a.lock_owner AS account_owner, c.id, c.name, c.map_id, c.x, c.y, c.lock_owner, \
               c.lock_epoch, c.lock_since_ms, \
               (SELECT MIN(display) FROM credentials WHERE account_id = a.id AND kind = 'password') AS username \
             FROM accounts AS a LEFT JOIN characters AS c \
               ON c.account_id = a.id AND c.lock_owner <> 'none' AND c.deleted_at_ms IS NULL \
             WHERE (c.id IS NOT NULL OR a.lock_owner LIKE 'gateway:%') AND a.id > $1 \
               AND ($2 = 0 OR c.map_id IN ($2, 0)) AND ($3 = '' OR c.lock_owner = $3) ORDER BY a.id, c.id LIMIT $4",
        )
        .bind(page.after.map(|account| account.to_string()).unwrap_or_default())
        .bind(i64::from(page.map.map_or(0, |map| map.0)))
        .bind(server.unwrap_or_default())
        .bind(i64::from(page.limit))
        .fetch_all(&mut *db)
        .await
    }
}
