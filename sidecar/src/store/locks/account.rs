//! The locks of accounts in SQL.

use realmgate_platform::database::columns::{from_sql_ms, number, parsed, to_sql_ms, undecodable};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::{SqlConnection, SqlRow, SqlStore};
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::server::owns_server_lock;
use super::sql::change;
use crate::lock::{AccountLock, AccountOwner, CharacterLock, CookieHash, ServerKey, Waiting};

/// Account locks: which log-in speaks for an account.
#[derive(Clone)]
pub struct AccountLockStore(pub(in crate::store) SqlStore);

/// A character that enters a world.
#[derive(Debug)]
pub struct Entering<'a> {
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns it.
    pub account: AccountId,
    /// The session of the log-in that must hold the account's lock.
    pub session: Uuid,
    /// The gateway through which it must hold it.
    pub gateway: &'a str,
    /// The character's lock before.
    pub from: &'a CharacterLock,
    /// The character's lock after.
    pub to: &'a CharacterLock,
}

/// The columns of an account's lock.
pub(super) const LOCK: &str =
    "lock_owner, lock_session, lock_epoch, lock_deadline_ms, lock_waiting, lock_waiting_until_ms";

/// Reads the account lock from a row.
pub(super) fn account_lock_of(row: &SqlRow) -> sqlx::Result<AccountLock> {
    let session = |column| -> sqlx::Result<Option<Uuid>> {
        let text: Option<String> = row.try_get(column)?;
        text.map(|text| Uuid::parse_str(&text)).transpose().map_err(undecodable)
    };
    let owner: AccountOwner = parsed(row, "lock_owner")?;
    // An older program that hands the lock over does not clear who was waited for.
    let waiting = session("lock_waiting")?.filter(|_| matches!(owner, AccountOwner::Gateway(_)));
    let until_ms = row.try_get::<Option<i64>, _>("lock_waiting_until_ms")?.map_or(0, from_sql_ms);
    Ok(AccountLock {
        owner,
        session: session("lock_session")?,
        epoch: number(row, "lock_epoch")?,
        deadline_ms: row.try_get::<Option<i64>, _>("lock_deadline_ms")?.map(from_sql_ms),
        waiting: waiting.map(|session| Waiting { session, until_ms }),
    })
}

impl AccountLockStore {
    /// Reads the lock of an account; `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn account_lock(&self, account: AccountId) -> sqlx::Result<Option<AccountLock>> {
        read(&mut *self.0.read("account_lock").await?, account).await
    }

    /// Reads the lock of an account, and whether a log-in of it still lives; `None` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn account_lock_and_log_in(
        &self,
        account: AccountId,
        log_in: Uuid,
    ) -> sqlx::Result<Option<(AccountLock, bool)>> {
        let mut db = self.0.read("account_lock_and_log_in").await?;
        let query = format!(
            "SELECT {LOCK}, (SELECT COUNT(*) FROM sessions \
             WHERE id = $2 AND account_id = $1 AND ended_at_ms IS NULL) AS live FROM accounts WHERE id = $1"
        );
        let row = sqlx::query(AssertSqlSafe(query)).bind(account.to_string()).bind(log_in.to_string());
        let row = row.fetch_optional(&mut *db).await?;
        row.map(|row| Ok((account_lock_of(&row)?, row.try_get::<i64, _>("live")? > 0))).transpose()
    }

    /// Replaces `from` by `to` (compare-and-swap by owner and epoch). Returns false, and changes nothing, if the lock
    /// is not `from` any more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn change_account_lock(
        &self,
        account: AccountId,
        from: &AccountLock,
        to: &AccountLock,
    ) -> sqlx::Result<bool> {
        change_account(&mut *self.0.write("change_account_lock").await?, account, from, to).await
    }

    /// The same for a gateway that takes or releases the lock, but only while it still holds its own server lock.
    /// Otherwise nobody would end the account's lock if the gateway died, and a gateway that was cut off would give
    /// away what its successor holds.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn claim_account(
        &self,
        account: AccountId,
        from: &AccountLock,
        to: &AccountLock,
        (key, cookie): (&ServerKey, &CookieHash),
    ) -> sqlx::Result<bool> {
        retried!("claim_account", async {
            let mut transaction = self.0.begin_write("claim_account").await?;
            let changed = owns_server_lock(&mut transaction, key, cookie).await?
                && change_account(&mut transaction, account, from, to).await?;
            transaction.commit().await?;
            Ok(changed)
        })
    }

    /// Changes a character's lock for a log-in that holds its account's lock through a gateway, if no other character
    /// of the account is locked. Otherwise returns false and changes nothing.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn enter(&self, entering: &Entering<'_>, now_ms: u64) -> sqlx::Result<bool> {
        retried!("enter", async {
            let mut transaction = self.0.begin_write("enter").await?;
            lock_rows(&mut transaction, Rows::Accounts, [entering.account.to_string()]).await?;
            let lock = read(&mut transaction, entering.account).await?;
            let held = lock.is_some_and(|lock| lock.is_held(entering.session, entering.gateway));
            let alone = held && !has_other(&mut transaction, entering).await?;
            let changed =
                alone && change(&mut transaction, entering.character, entering.from, entering.to, now_ms).await?;
            transaction.commit().await?;
            Ok(changed)
        })
    }

    /// The accounts whose locks a gateway holds.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn held_by_gateway(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
        let mut db = self.0.read("accounts_of_gateway").await?;
        let rows = sqlx::query("SELECT id FROM accounts WHERE lock_owner = $1 AND lock_owner <> 'none'")
            .bind(owner(gateway))
            .fetch_all(&mut *db)
            .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    /// Ends every account lock that a gateway holds. Returns the accounts.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn free_accounts_of(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
        retried!("free_accounts_of", async {
            let mut transaction = self.0.begin_write("free_accounts_of").await?;
            let freed = free_accounts(&mut transaction, gateway).await?;
            transaction.commit().await?;
            Ok(freed)
        })
    }

    /// Sets the deadline of every account lock that a gateway holds. Returns how many there are.
    ///
    /// # Errors
    /// When the database cannot be asked, or the transaction still loses to others after five retries.
    pub async fn set_account_deadlines(&self, gateway: &str, deadline_ms: u64) -> sqlx::Result<u64> {
        retried!("set_account_deadlines", async {
            let mut transaction = self.0.begin_write("set_account_deadlines").await?;
            lock_rows(&mut transaction, Rows::AccountsOfOwner, [owner(gateway)]).await?;
            let result = sqlx::query("UPDATE accounts SET lock_deadline_ms = $2 WHERE lock_owner = $1")
                .bind(owner(gateway))
                .bind(to_sql_ms(deadline_ms))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok(result.rows_affected())
        })
    }
}

/// Ends every account lock that a gateway holds, as [`crate::lock::AccountStep::ReplicaGone`] does. Returns the
/// accounts.
pub(super) async fn free_accounts(connection: &mut SqlConnection, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
    lock_rows(connection, Rows::AccountsOfOwner, [owner(gateway)]).await?;
    let rows = sqlx::query(
        "UPDATE accounts SET lock_owner = CASE WHEN lock_waiting IS NULL THEN 'none' ELSE 'login' END, \
         lock_session = lock_waiting, lock_epoch = lock_epoch + 1, lock_deadline_ms = lock_waiting_until_ms, \
         lock_waiting = NULL, lock_waiting_until_ms = NULL WHERE lock_owner = $1 RETURNING id",
    )
    .bind(owner(gateway))
    .fetch_all(&mut *connection)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// Replaces `from` by `to`, if `from` is still the lock: a compare-and-swap by owner and epoch.
pub(super) async fn change_account(
    connection: &mut SqlConnection,
    account: AccountId,
    from: &AccountLock,
    to: &AccountLock,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE accounts SET lock_owner = $4, lock_session = $5, lock_epoch = $6, lock_deadline_ms = $7, \
         lock_waiting = $8, lock_waiting_until_ms = $9 WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3",
    )
    .bind(account.to_string())
    .bind(epoch(from.epoch))
    .bind(from.owner.to_string())
    .bind(to.owner.to_string())
    .bind(to.session.map(|session| session.to_string()))
    .bind(epoch(to.epoch))
    .bind(to.deadline_ms.map(to_sql_ms))
    .bind(to.waiting.map(|waiting| waiting.session.to_string()))
    .bind(to.waiting.map(|waiting| to_sql_ms(waiting.until_ms)))
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether a log-in may change the account's data: the lock is free or belongs to it. The account's row stays locked
/// until the transaction ends.
pub(crate) async fn admits_session(
    connection: &mut SqlConnection,
    account: AccountId,
    session: Uuid,
) -> sqlx::Result<bool> {
    lock_rows(connection, Rows::Accounts, [account.to_string()]).await?;
    Ok(read(connection, account).await?.is_some_and(|lock| lock.admits(session)))
}

pub(super) async fn read(connection: &mut SqlConnection, account: AccountId) -> sqlx::Result<Option<AccountLock>> {
    let query = format!("SELECT {LOCK} FROM accounts WHERE id = $1");
    let row = sqlx::query(AssertSqlSafe(query)).bind(account.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(account_lock_of).transpose()
}

/// Whether another character of the account is in a world or on its way there.
async fn has_other(connection: &mut SqlConnection, entering: &Entering<'_>) -> sqlx::Result<bool> {
    let other = "SELECT 1 FROM characters WHERE account_id = $1 AND lock_owner <> 'none' AND id <> $2 LIMIT 1";
    let row = sqlx::query(other).bind(entering.account.to_string()).bind(entering.character.to_string());
    Ok(row.fetch_optional(connection).await?.is_some())
}

fn owner(gateway: &str) -> String {
    AccountOwner::Gateway(gateway.to_owned()).to_string()
}

fn epoch(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(i64::MAX)
}
