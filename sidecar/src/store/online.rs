//! Who is logged in, by the locks.

use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, MapId, ServerId};
use sqlx::{FromRow, Row};

use super::columns::{number, parsed};
use super::{SqlRow, SqlStore};
use crate::lock::{AccountOwner, LockOwner};

/// Reads the list of who is logged in.
#[async_trait::async_trait]
pub trait OnlineStore: Send + Sync {
    /// A page of the list, by account.
    async fn online(&self, page: &OnlinePage) -> sqlx::Result<Vec<OnlineRow>>;
}

/// Which part of the list.
#[derive(Debug, Clone, Default)]
pub struct OnlinePage {
    /// Accounts beyond this one.
    pub after: Option<AccountId>,
    /// Most rows.
    pub limit: u32,
    /// Characters last saved on this map only.
    pub map: Option<MapId>,
    /// Characters that this map server holds only.
    pub server: Option<ServerId>,
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineRow {
    /// The account.
    pub account: AccountId,
    /// Its name as its owner wrote it; `None` for one without a password.
    pub username: Option<String>,
    /// The gateway where its socket is, or was while its character is in the world.
    pub gateway: Option<String>,
    /// The character that is in the world, or on its way there.
    pub character: Option<OnlineCharacter>,
}

/// A character that is in the world, or on its way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineCharacter {
    /// Who.
    pub id: CharacterId,
    /// Its name.
    pub name: String,
    /// Where it was last saved; `None` for one that was never in a world.
    pub map: Option<MapId>,
    /// x in 1/1,024 tile.
    pub x: i32,
    /// y in 1/1,024 tile.
    pub y: i32,
    /// Who may write it.
    pub owner: LockOwner,
    /// For the how-manieth time it changed hands.
    pub epoch: LockEpoch,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
}

impl<'r> FromRow<'r, SqlRow> for OnlineRow {
    fn from_row(row: &'r SqlRow) -> sqlx::Result<Self> {
        let is_in_world = row.try_get::<Option<String>, _>("id")?.is_some();
        Ok(Self {
            account: parsed(row, "account_id")?,
            username: row.try_get("username")?,
            gateway: match parsed(row, "account_owner")? {
                AccountOwner::Gateway(id) => Some(id),
                AccountOwner::None | AccountOwner::LogIn => None,
            },
            character: if is_in_world { Some(character(row)?) } else { None },
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

#[async_trait::async_trait]
impl OnlineStore for SqlStore {
    async fn online(&self, page: &OnlinePage) -> sqlx::Result<Vec<OnlineRow>> {
        let mut db = self.read("online").await?;
        let server = page.server.clone().map(|server| LockOwner::Map(server).to_string());
        sqlx::query_as(
            "SELECT a.id AS account_id, a.lock_owner AS account_owner, c.id, c.name, c.map_id, c.x, c.y, c.lock_owner, \
               c.lock_epoch, c.lock_since_ms, \
               (SELECT MIN(display) FROM credentials WHERE account_id = a.id AND kind = 'password') AS username \
             FROM accounts AS a LEFT JOIN characters AS c \
               ON c.account_id = a.id AND c.lock_owner <> 'none' AND c.deleted_at_ms IS NULL \
             WHERE (c.id IS NOT NULL OR a.lock_owner LIKE 'gateway:%') AND a.id > $1 \
               AND ($2 = 0 OR c.map_id = $2) AND ($3 = '' OR c.lock_owner = $3) ORDER BY a.id, c.id LIMIT $4",
        )
        .bind(page.after.map(|account| account.to_string()).unwrap_or_default())
        .bind(i64::from(page.map.map_or(0, |map| map.0)))
        .bind(server.unwrap_or_default())
        .bind(i64::from(page.limit))
        .fetch_all(&mut *db)
        .await
    }
}
