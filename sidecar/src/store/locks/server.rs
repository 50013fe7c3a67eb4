//! The locks of map servers and of replicas in SQL, and what happens to the locks that one of them held.

use realmgate_platform::database::columns::{number, parsed, to_sql_epoch, to_sql_ms};
use realmgate_platform::database::dialect::{Dialect, Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::{SqlConnection, SqlRow, SqlStore};
use realmgate_protocol::ids::{AccountId, CharacterId, ServerId};
use realmgate_protocol::link::Fence;
use sqlx::{AssertSqlSafe, FromRow, Row};

use super::account::free_accounts;
use crate::lock::{CharacterOwner, CookieHash, ServerKey, ServerLock};

/// A replica or a map server, as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownServer {
    /// Which server it is.
    pub key: ServerKey,
    /// Its server lock.
    pub lock: ServerLock,
    /// For a map server: the replica that has, or last had, its link. For a replica: the place where its process has
    /// its folder locked.
    pub linked_to: Option<String>,
    /// For a replica: whether it shares its directory with others.
    pub shared: bool,
}

/// What a retired server held.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Characters whose locks were fenced.
    pub characters: Vec<(CharacterId, AccountId)>,
    /// Accounts whose locks were freed.
    pub accounts: Vec<AccountId>,
}

/// Server locks: which replicas and map servers there are.
#[derive(Clone)]
pub struct ServerLockStore(pub(in crate::store) SqlStore);

impl<'r> FromRow<'r, SqlRow> for KnownServer {
    fn from_row(row: &'r SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            key: parsed(row, "id")?,
            lock: ServerLock {
                cookie: parsed::<CookieHash>(row, "cookie_hash")?,
                heard_ms: number(row, "heard_ms")?,
                deadline_ms: number(row, "deadline_ms")?,
            },
            linked_to: row.try_get("linked_to")?,
            shared: row.try_get::<i64, _>("shared")? != 0,
        })
    }
}

impl ServerLockStore {
    /// Finds a server that is alive or may come back.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn server(&self, key: &ServerKey) -> sqlx::Result<Option<KnownServer>> {
        let mut db = self.0.read("server_lock").await?;
        sqlx::query_as(
            "SELECT id, cookie_hash, heard_ms, deadline_ms, linked_to, shared FROM server_locks WHERE id = $1",
        )
        .bind(key.to_string())
        .fetch_optional(&mut *db)
        .await
    }

    /// Every replica that is alive or may come back, by id.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn replicas(&self) -> sqlx::Result<Vec<KnownServer>> {
        let mut db = self.0.read("replica_locks").await?;
        sqlx::query_as(
            "SELECT id, cookie_hash, heard_ms, deadline_ms, linked_to, shared FROM server_locks \
             WHERE id LIKE 'gateway:%' ORDER BY id",
        )
        .fetch_all(&mut *db)
        .await
    }

    /// Replaces the lock `from`, or no lock, by a server's (compare-and-swap). Returns false, and changes nothing, if
    /// another process was faster.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn claim_server(&self, from: Option<&ServerLock>, to: &KnownServer) -> sqlx::Result<bool> {
        let mut transaction = self.0.begin_write("claim_server").await?;
        // Waits for transactions that take a lock in the name of the old cookie: see `owns_server_lock`.
        let alone = format!("SELECT 1 FROM server_locks WHERE id = $1{}", Dialect::of(&transaction).for_update());
        sqlx::query(AssertSqlSafe(alone)).bind(to.key.to_string()).execute(&mut *transaction).await?;
        // Without a lock to replace, the cookie compared with is one that no server has.
        let (cookie, heard_ms) = from.map_or((String::new(), 0), |lock| (lock.cookie.to_string(), lock.heard_ms));
        let result = sqlx::query(
            "INSERT INTO server_locks (id, cookie_hash, heard_ms, deadline_ms, linked_to, shared) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET cookie_hash = excluded.cookie_hash, \
             heard_ms = excluded.heard_ms, deadline_ms = excluded.deadline_ms, linked_to = excluded.linked_to, \
             shared = excluded.shared WHERE server_locks.cookie_hash = $7 AND server_locks.heard_ms = $8",
        )
        .bind(to.key.to_string())
        .bind(to.lock.cookie.to_string())
        .bind(to_sql_ms(to.lock.heard_ms))
        .bind(to_sql_ms(to.lock.deadline_ms))
        .bind(to.linked_to.clone())
        .bind(i64::from(to.shared))
        .bind(cookie)
        .bind(to_sql_ms(heard_ms))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(result.rows_affected() == 1)
    }

    /// Renews the locks of servers that were heard of. Returns those that do not belong to these processes any more.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn renew_servers(&self, servers: &[(ServerKey, ServerLock)]) -> sqlx::Result<Vec<ServerKey>> {
        retried!("renew_servers", async {
            let mut transaction = self.0.begin_write("renew_servers").await?;
            let mut lost = Vec::new();
            // In the same order everywhere, that of `lock_rows`, since other replicas renew too.
            let mut servers: Vec<_> = servers.iter().collect();
            servers.sort_by_cached_key(|(key, _)| key.to_string());
            for (key, lock) in servers {
                // A renewal that was delayed brings no deadline forward, least of all one that was put off after an
                // outage.
                let result = sqlx::query(
                    "UPDATE server_locks SET heard_ms = CASE WHEN heard_ms < $3 THEN $3 ELSE heard_ms END, \
                     deadline_ms = CASE WHEN deadline_ms < $4 THEN $4 ELSE deadline_ms END \
                     WHERE id = $1 AND cookie_hash = $2",
                )
                .bind(key.to_string())
                .bind(lock.cookie.to_string())
                .bind(to_sql_ms(lock.heard_ms))
                .bind(to_sql_ms(lock.deadline_ms))
                .execute(&mut *transaction)
                .await?;
                if result.rows_affected() == 0 {
                    lost.push(key.clone());
                }
            }
            transaction.commit().await?;
            Ok(lost)
        })
    }

    /// Records which replica has the link of a map server. Returns false if the server's cookie is another one by now.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn link_server(&self, server: &ServerId, lock: &ServerLock, replica: &str) -> sqlx::Result<bool> {
        let mut db = self.0.write("link_server").await?;
        let result = sqlx::query(
            "UPDATE server_locks SET linked_to = $3, heard_ms = $4, deadline_ms = $5 \
             WHERE id = $1 AND cookie_hash = $2",
        )
        .bind(CharacterOwner::Map(server.clone()).to_string())
        .bind(lock.cookie.to_string())
        .bind(replica)
        .bind(to_sql_ms(lock.heard_ms))
        .bind(to_sql_ms(lock.deadline_ms))
        .execute(&mut *db)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Deletes a server, if its lock is still the same and was not renewed, and releases all it held, both or neither.
    /// Returns what it held, or `None` if the server stays.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn retire_server(
        &self,
        key: &ServerKey,
        lock: &ServerLock,
        now_ms: u64,
    ) -> sqlx::Result<Option<Retired>> {
        retried!("retire_server", async {
            let mut transaction = self.0.begin_write("retire_server").await?;
            let delete = "DELETE FROM server_locks WHERE id = $1 AND cookie_hash = $2 AND deadline_ms <= $3";
            let result = sqlx::query(delete)
                .bind(key.to_string())
                .bind(lock.cookie.to_string())
                .bind(to_sql_ms(lock.deadline_ms))
                .execute(&mut *transaction)
                .await?;
            if result.rows_affected() == 0 {
                return Ok(None);
            }
            let retired = match key {
                ServerKey::Map(server) => {
                    let owner = CharacterOwner::Map(server.clone());
                    let characters = fence_where(&mut transaction, &owner, "1 = 1", now_ms).await?;
                    Retired { characters, accounts: Vec::new() }
                }
                ServerKey::Replica(id) => {
                    let accounts = free_accounts(&mut transaction, id).await?;
                    let owner = CharacterOwner::Gateway(id.clone());
                    Retired { characters: fence_where(&mut transaction, &owner, NOT_LENT, now_ms).await?, accounts }
                }
            };
            transaction.commit().await?;
            Ok(Some(retired))
        })
    }

    /// Sets the deadline of every character lock that a map server holds, until which it may reclaim them. Returns how
    /// many there are.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn set_character_deadlines(&self, server: &ServerId, deadline_ms: u64) -> sqlx::Result<u64> {
        let owner = CharacterOwner::Map(server.clone()).to_string();
        retried!("set_character_deadlines", async {
            let mut transaction = self.0.begin_write("set_character_deadlines").await?;
            lock_rows(&mut transaction, Rows::CharactersOfOwner, [owner.clone()]).await?;
            let result =
                sqlx::query("UPDATE characters SET lock_deadline_ms = $2, lock_reclaim = 1 WHERE lock_owner = $1")
                    .bind(owner.clone())
                    .bind(to_sql_ms(deadline_ms))
                    .execute(&mut *transaction)
                    .await?;
            transaction.commit().await?;
            Ok(result.rows_affected())
        })
    }

    /// Clears the deadline of the lock of a character that has entered a world, if the map server that says so still
    /// has its own server lock. Returns false if nothing changed.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn arrive(&self, server: &ServerId, cookie: &CookieHash, who: &Fence) -> sqlx::Result<bool> {
        let mut db = self.0.write("arrive").await?;
        let result = sqlx::query(
            "UPDATE characters SET lock_deadline_ms = NULL WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 \
             AND EXISTS (SELECT 1 FROM server_locks WHERE server_locks.id = $3 AND cookie_hash = $4)",
        )
        .bind(who.character.to_string())
        .bind(to_sql_epoch(who.epoch))
        .bind(CharacterOwner::Map(server.clone()).to_string())
        .bind(cookie.to_string())
        .execute(&mut *db)
        .await?;
        Ok(result.rows_affected() == 1)
    }

    /// Clears the deadline of those locks of `fences` that the map server still holds. Returns the fences that it does
    /// not hold: all of them if its server lock has another cookie.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn reclaim(&self, server: &ServerId, cookie: &CookieHash, fences: &[Fence]) -> sqlx::Result<Vec<Fence>> {
        retried!("reclaim", async {
            let mut transaction = self.0.begin_write("reclaim").await?;
            if !owns_server_lock(&mut transaction, &ServerKey::Map(server.clone()), cookie).await? {
                return Ok(fences.to_vec());
            }
            let characters = fences.iter().map(|fence| fence.character.to_string());
            lock_rows(&mut transaction, Rows::Characters, characters).await?;
            let mut lost = Vec::new();
            for fence in fences {
                let result = sqlx::query(
                    "UPDATE characters SET lock_deadline_ms = NULL WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3",
                )
                .bind(fence.character.to_string())
                .bind(to_sql_epoch(fence.epoch))
                .bind(CharacterOwner::Map(server.clone()).to_string())
                .execute(&mut *transaction)
                .await?;
                if result.rows_affected() == 0 {
                    lost.push(*fence);
                }
            }
            transaction.commit().await?;
            Ok(lost)
        })
    }

    /// Fences every lock of a map server that it did not reclaim. Returns the characters and their accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn fence_unclaimed(&self, server: &ServerId, now_ms: u64) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
        fence_all_where(
            &self.0,
            "fence_unclaimed",
            &CharacterOwner::Map(server.clone()),
            "lock_deadline_ms IS NOT NULL",
            now_ms,
        )
        .await
    }

    /// Renews the locks that were lent to a map server without a link. Returns how many there are.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn renew_lent(&self, server: &ServerId, deadline_ms: u64) -> sqlx::Result<u64> {
        retried!("renew_lent", async {
            let mut transaction = self.0.begin_write("renew_lent").await?;
            lock_rows(&mut transaction, Rows::CharactersLentTo, [server.to_string()]).await?;
            let result = sqlx::query("UPDATE characters SET lock_deadline_ms = $2 WHERE lent_to = $1")
                .bind(server.as_str())
                .bind(to_sql_ms(deadline_ms))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(result.rows_affected())
        })
    }

    /// Records that a gateway's lock is lent to a map server without a link. Returns false if the lock has changed.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn lend(&self, lent: &Fence, gateway: &str, server: &ServerId, deadline_ms: u64) -> sqlx::Result<bool> {
        let mut db = self.0.write("lend").await?;
        let result = sqlx::query(
            "UPDATE characters SET lent_to = $4, lock_deadline_ms = $5 \
             WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3",
        )
        .bind(lent.character.to_string())
        .bind(to_sql_epoch(lent.epoch))
        .bind(CharacterOwner::Gateway(gateway.to_owned()).to_string())
        .bind(server.as_str())
        .bind(to_sql_ms(deadline_ms))
        .execute(&mut *db)
        .await?;
        Ok(result.rows_affected() == 1)
    }
}

/// Whether a server's lock still has this cookie; it stays so until the transaction ends. The row lock is shared, and
/// does not hold up renewals of the server lock: every socket that opens or closes at a gateway asks for its one row.
pub(super) async fn owns_server_lock(
    connection: &mut SqlConnection,
    key: &ServerKey,
    cookie: &CookieHash,
) -> sqlx::Result<bool> {
    let shared = Dialect::of(connection).for_key_share();
    let row = format!("SELECT 1 FROM server_locks WHERE id = $1 AND cookie_hash = $2{shared}");
    let row = sqlx::query(AssertSqlSafe(row)).bind(key.to_string()).bind(cookie.to_string());
    Ok(row.fetch_optional(connection).await?.is_some())
}

/// As [`fence_where`], in a transaction of its own.
pub(super) async fn fence_all_where(
    sql: &SqlStore,
    call: &'static str,
    owner: &CharacterOwner,
    which: &'static str,
    now_ms: u64,
) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
    retried!(call, async {
        let mut transaction = sql.begin_write(call).await?;
        let fenced = fence_where(&mut transaction, owner, which, now_ms).await?;
        transaction.commit().await?;
        Ok(fenced)
    })
}

/// A SQL condition: of the locks that a gateway holds, those of characters on their way into a world.
pub(super) const NOT_LENT: &str = "lent_to IS NULL";

/// Fences the locks of an owner that `which`, a part of a SQL condition, is true of. Returns the characters and their
/// accounts.
async fn fence_where(
    connection: &mut SqlConnection,
    owner: &CharacterOwner,
    which: &'static str,
    now_ms: u64,
) -> sqlx::Result<Vec<(CharacterId, AccountId)>> {
    lock_rows(connection, Rows::CharactersOfOwner, [owner.to_string()]).await?;
    let update = format!(
        "UPDATE characters SET lock_owner = 'none', lock_epoch = lock_epoch + 1, lock_since_ms = $2, \
         lock_deadline_ms = NULL, lent_to = NULL, save_sequence = 0 \
         WHERE lock_owner = $1 AND {which} RETURNING id, account_id"
    );
    let rows = sqlx::query(AssertSqlSafe(update))
        .bind(owner.to_string())
        .bind(to_sql_ms(now_ms))
        .fetch_all(&mut *connection)
        .await?;
    rows.iter().map(|row| Ok((parsed(row, "id")?, parsed(row, "account_id")?))).collect()
}
