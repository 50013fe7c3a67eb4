//! What is due: locks whose deadlines have passed, in database time, and the grace period after an outage.

use realmgate_platform::database::columns::{from_sql_ms, parsed, to_sql_epoch, to_sql_ms};
use realmgate_platform::database::dialect::{Dialect, Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::{SqlConnection, SqlRow, SqlStore};
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::{AssertSqlSafe, FromRow, Row};

use super::LockedCharacter;
use super::account::{LOCK, account_lock_of, change_account, read};
use super::server::KnownServer;
use super::sql::locked_columns;
use crate::lock::timers::{grace_after_outage, no_outage_since};
use crate::lock::{AccountLock, CharacterLock, CharacterOwner, Timers};

/// Maximum number of locks of a kind that are handled in one go; the rest is still due the next time.
const AT_ONCE: i64 = 200;

/// Which accounts have a lock that is due at `$1`.
const ACCOUNT_IS_DUE: &str = "lock_deadline_ms <= $1 OR (lock_waiting_until_ms <= $1 AND lock_owner LIKE 'gateway:%')";

/// Locks whose deadlines have passed.
#[derive(Debug, Default)]
pub struct Due {
    /// Account locks.
    pub accounts: Vec<(AccountId, AccountLock)>,
    /// Characters with their locks, each with the timer that its deadline belongs to.
    pub characters: Vec<(LockedCharacter, CharacterTimer)>,
    /// Server locks of replicas and map servers.
    pub servers: Vec<KnownServer>,
}

/// A timer of a character's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterTimer {
    /// A gateway brings it into a world, or from one to another.
    Passage,
    /// The lock is lent to a map server without a link, for as long as that is heard of.
    Lent,
    /// Its map server expects it to arrive.
    Arrival,
    /// Its map server was away and is back, and has to reclaim it.
    MapReclaim,
}

impl CharacterTimer {
    /// The timer's name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passage => "passage",
            Self::Lent => "lent",
            Self::Arrival => "arrival",
            Self::MapReclaim => "map_reclaim",
        }
    }

    fn of(row: &SqlRow, owner: &CharacterOwner) -> sqlx::Result<Self> {
        let is_reclaim = row.try_get::<i64, _>("lock_reclaim")? != 0;
        let is_lent = row.try_get::<Option<String>, _>("lent_to")?.is_some();
        Ok(match owner {
            CharacterOwner::Map(_) if is_reclaim => Self::MapReclaim,
            CharacterOwner::Map(_) => Self::Arrival,
            CharacterOwner::Gateway(_) | CharacterOwner::None if is_lent => Self::Lent,
            CharacterOwner::Gateway(_) | CharacterOwner::None => Self::Passage,
        })
    }
}

/// The deadlines of locks.
#[derive(Clone)]
pub struct DeadlineStore(pub(in crate::store) SqlStore);

impl DeadlineStore {
    /// Records that timers are fired now. If nobody did so for a while, every deadline that would pass before the end
    /// of the grace period is put off until then. Returns whether that was so: false in a database in which nobody ever
    /// fired timers, since there was no outage.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn watch(&self, now_ms: u64, timers: &Timers) -> sqlx::Result<bool> {
        retried!("watch_timers", async {
            if self.watch_as_ever(now_ms).await? {
                return Ok(false);
            }
            let mut transaction = self.0.begin_write("watch_timers").await?;
            lock_rows(&mut transaction, Rows::TimerWatch, ["1".to_owned()]).await?;
            let swept: i64 = sqlx::query_scalar("SELECT swept_ms FROM timer_watch WHERE one = 1")
                .fetch_one(&mut *transaction)
                .await?;
            let until = grace_after_outage(from_sql_ms(swept), now_ms, timers);
            if let Some(until_ms) = until {
                // Nobody else fires timers meanwhile: everybody needs the row lock that this transaction holds.
                put_off(&mut transaction, "server_locks", &["deadline_ms"], until_ms).await?;
                put_off(&mut transaction, "accounts", &["lock_deadline_ms", "lock_waiting_until_ms"], until_ms).await?;
                put_off(&mut transaction, "characters", &["lock_deadline_ms"], until_ms).await?;
            }
            sqlx::query("UPDATE timer_watch SET swept_ms = $1 WHERE one = 1 AND swept_ms < $1")
                .bind(to_sql_ms(now_ms))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(until.is_some() && swept > 0)
        })
    }

    /// Records that timers are fired now, in one statement, if somebody did so a moment ago. Returns whether that was so.
    async fn watch_as_ever(&self, now_ms: u64) -> sqlx::Result<bool> {
        let noted = sqlx::query("UPDATE timer_watch SET swept_ms = $1 WHERE one = 1 AND swept_ms BETWEEN $2 AND $1")
            .bind(to_sql_ms(now_ms))
            .bind(to_sql_ms(no_outage_since(now_ms)))
            .execute(&mut *self.0.write("watch_timers").await?)
            .await?;
        Ok(noted.rows_affected() > 0)
    }

    /// The locks that are due, a limited number of each kind.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn due(&self, now_ms: u64) -> sqlx::Result<Due> {
        let mut db = self.0.read("due_locks").await?;
        if !any_is_due(&mut db, now_ms).await? {
            return Ok(Due::default());
        }
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, {LOCK} FROM accounts WHERE {ACCOUNT_IS_DUE} ORDER BY lock_deadline_ms LIMIT $2"
        )))
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let accounts =
            rows.iter().map(|row| Ok((parsed(row, "id")?, account_lock_of(row)?))).collect::<sqlx::Result<_>>()?;
        let characters = sqlx::query(concat!(
            "SELECT ",
            locked_columns!(),
            ", lock_reclaim, lent_to FROM characters WHERE lock_deadline_ms <= $1 ORDER BY lock_deadline_ms LIMIT $2"
        ))
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let servers = sqlx::query_as(
            "SELECT id, cookie_hash, heard_ms, deadline_ms, linked_to, shared FROM server_locks \
             WHERE deadline_ms <= $1 ORDER BY deadline_ms LIMIT $2",
        )
        .bind(to_sql_ms(now_ms))
        .bind(AT_ONCE)
        .fetch_all(&mut *db)
        .await?;
        let timed = |row: &SqlRow| {
            let found = LockedCharacter::from_row(row)?;
            let timer = CharacterTimer::of(row, &found.lock.owner)?;
            Ok((found, timer))
        };
        let characters = characters.iter().map(timed).collect::<sqlx::Result<_>>()?;
        Ok(Due { accounts, characters, servers })
    }

    /// Frees a character's lock whose deadline has passed. Returns false if it was renewed or changed hands in the
    /// meantime.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn expire(
        &self,
        character: CharacterId,
        from: &CharacterLock,
        to: &CharacterLock,
        now_ms: u64,
    ) -> sqlx::Result<bool> {
        let mut transaction = self.0.begin_write("expire_lock").await?;
        lock_rows(&mut transaction, Rows::Characters, [character.to_string()]).await?;
        let still = sqlx::query(
            "SELECT 1 FROM characters WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3 AND lock_deadline_ms = $4",
        )
        .bind(character.to_string())
        .bind(to_sql_epoch(from.epoch))
        .bind(from.owner.to_string())
        .bind(from.deadline_ms.map(to_sql_ms))
        .fetch_optional(&mut *transaction)
        .await?
        .is_some();
        let changed = still && super::sql::change(&mut transaction, character, from, to, now_ms).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// The same for an account's lock.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn expire_account(&self, account: AccountId, from: &AccountLock, to: &AccountLock) -> sqlx::Result<bool> {
        let mut transaction = self.0.begin_write("expire_account_lock").await?;
        lock_rows(&mut transaction, Rows::Accounts, [account.to_string()]).await?;
        let still = read(&mut transaction, account).await?.is_some_and(|lock| lock == *from);
        let changed = still && change_account(&mut transaction, account, from, to).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

/// Whether any lock is due, in one statement: twice a second, mostly none is.
async fn any_is_due(connection: &mut SqlConnection, now_ms: u64) -> sqlx::Result<bool> {
    let found = sqlx::query(AssertSqlSafe(format!(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM accounts WHERE {ACCOUNT_IS_DUE}) \
         OR EXISTS (SELECT 1 FROM characters WHERE lock_deadline_ms <= $1) \
         OR EXISTS (SELECT 1 FROM server_locks WHERE deadline_ms <= $1)"
    )))
    .bind(to_sql_ms(now_ms))
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Puts off every deadline of a table that would pass before this moment. On PostgreSQL the rows are locked first, in
/// the order of their ids as in [`lock_rows`]: row locks in another order may end in a deadlock.
async fn put_off(connection: &mut SqlConnection, table: &str, deadlines: &[&str], until_ms: u64) -> sqlx::Result<()> {
    if Dialect::of(connection) == Dialect::Postgres {
        let due: Vec<String> = deadlines.iter().map(|column| format!("{column} < $1")).collect();
        let lock =
            format!("SELECT 1 FROM {table} WHERE {} ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE", due.join(" OR "));
        sqlx::query(AssertSqlSafe(lock)).bind(to_sql_ms(until_ms)).execute(&mut *connection).await?;
    }
    for column in deadlines {
        let update = format!("UPDATE {table} SET {column} = $1 WHERE {column} < $1");
        sqlx::query(AssertSqlSafe(update)).bind(to_sql_ms(until_ms)).execute(&mut *connection).await?;
    }
    Ok(())
}
