//! The locks of accounts in SQL.

use async_trait::async_trait;
use realmgate_protocol::ids::{AccountId, CharacterId};
use sqlx::Row;
use uuid::Uuid;

use super::server::owns_server_lock;
use super::sql::change;
use crate::lock::{AccountLock, AccountOwner, CharacterLock, CookieHash, ServerKey};
use crate::store::columns::{from_sql_ms, number, parsed, to_sql_ms, undecodable};
use crate::store::dialect::{Rows, lock_rows};
use crate::store::{SqlConnection, SqlRow, SqlStore};

/// Who speaks for an account.
#[async_trait]
pub trait AccountLockStore: Send + Sync {
    /// The lock of an account; `None` where there is no such account.
    async fn account_lock(&self, account: AccountId) -> sqlx::Result<Option<AccountLock>>;

    /// Puts `to` in the place of `from`; false, and nothing changed, where the lock is not `from` any more.
    async fn change_account_lock(&self, account: AccountId, from: &AccountLock, to: &AccountLock)
    -> sqlx::Result<bool>;

    /// The same for a gateway that takes the lock: only while its own server lock is its own. Else nobody would end the
    /// account's lock if it died.
    async fn claim_account(
        &self,
        account: AccountId,
        from: &AccountLock,
        to: &AccountLock,
        gateway: (&ServerKey, &CookieHash),
    ) -> sqlx::Result<bool>;

    /// Changes a character's lock for a log-in that holds its account's lock through a gateway, if no other character of
    /// the account is locked; false, and nothing changed, otherwise.
    async fn enter(&self, entering: &Entering<'_>, now_ms: u64) -> sqlx::Result<bool>;

    /// The accounts whose locks a gateway holds.
    async fn held_by_gateway(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>>;

    /// Ends every account lock that a gateway holds; whose they were.
    async fn free_accounts_of(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>>;

    /// Sets the deadline of every account lock that a gateway holds; how many.
    async fn set_account_deadlines(&self, gateway: &str, deadline_ms: u64) -> sqlx::Result<u64>;
}

/// A character that comes into a world.
#[derive(Debug)]
pub struct Entering<'a> {
    /// Who.
    pub character: CharacterId,
    /// Whose.
    pub account: AccountId,
    /// The log-in that must hold the account's lock.
    pub session: Uuid,
    /// The gateway through which it must.
    pub gateway: &'a str,
    /// The character's lock before.
    pub from: &'a CharacterLock,
    /// And after.
    pub to: &'a CharacterLock,
}

/// The account lock in a row.
pub(super) fn account_lock_of(row: &SqlRow) -> sqlx::Result<AccountLock> {
    let session: Option<String> = row.try_get("lock_session")?;
    Ok(AccountLock {
        owner: parsed(row, "lock_owner")?,
        session: session.map(|text| Uuid::parse_str(&text)).transpose().map_err(undecodable)?,
        epoch: number(row, "lock_epoch")?,
        deadline_ms: row.try_get::<Option<i64>, _>("lock_deadline_ms")?.map(from_sql_ms),
    })
}

#[async_trait]
impl AccountLockStore for SqlStore {
    async fn account_lock(&self, account: AccountId) -> sqlx::Result<Option<AccountLock>> {
        read(&mut *self.read("account_lock").await?, account).await
    }

    async fn change_account_lock(
        &self,
        account: AccountId,
        from: &AccountLock,
        to: &AccountLock,
    ) -> sqlx::Result<bool> {
        change_account(&mut *self.write("change_account_lock").await?, account, from, to).await
    }

    async fn claim_account(
        &self,
        account: AccountId,
        from: &AccountLock,
        to: &AccountLock,
        (key, cookie): (&ServerKey, &CookieHash),
    ) -> sqlx::Result<bool> {
        let mut transaction = self.begin_write("claim_account").await?;
        let changed = owns_server_lock(&mut transaction, key, cookie).await?
            && change_account(&mut transaction, account, from, to).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn enter(&self, entering: &Entering<'_>, now_ms: u64) -> sqlx::Result<bool> {
        let mut transaction = self.begin_write("enter").await?;
        lock_rows(&mut transaction, Rows::Accounts, [entering.account.to_string()]).await?;
        let held = read(&mut transaction, entering.account).await?.is_some_and(|lock| {
            lock.owner == AccountOwner::Gateway(entering.gateway.to_owned()) && lock.session == Some(entering.session)
        });
        let alone = held && !has_other(&mut transaction, entering).await?;
        let changed = alone && change(&mut transaction, entering.character, entering.from, entering.to, now_ms).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn held_by_gateway(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
        let mut db = self.read("accounts_of_gateway").await?;
        let rows = sqlx::query("SELECT id FROM accounts WHERE lock_owner = $1 AND lock_owner <> 'none'")
            .bind(owner(gateway))
            .fetch_all(&mut *db)
            .await?;
        rows.iter().map(|row| parsed(row, "id")).collect()
    }

    async fn free_accounts_of(&self, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
        let mut transaction = self.begin_write("free_accounts_of").await?;
        let freed = free_accounts(&mut transaction, gateway).await?;
        transaction.commit().await?;
        Ok(freed)
    }

    async fn set_account_deadlines(&self, gateway: &str, deadline_ms: u64) -> sqlx::Result<u64> {
        let mut transaction = self.begin_write("set_account_deadlines").await?;
        lock_rows(&mut transaction, Rows::AccountsOfOwner, [owner(gateway)]).await?;
        let result = sqlx::query("UPDATE accounts SET lock_deadline_ms = $2 WHERE lock_owner = $1")
            .bind(owner(gateway))
            .bind(to_sql_ms(deadline_ms))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(result.rows_affected())
    }
}

/// Ends every account lock that a gateway holds; whose they were.
pub(super) async fn free_accounts(connection: &mut SqlConnection, gateway: &str) -> sqlx::Result<Vec<AccountId>> {
    lock_rows(connection, Rows::AccountsOfOwner, [owner(gateway)]).await?;
    let rows = sqlx::query(
        "UPDATE accounts SET lock_owner = 'none', lock_session = NULL, lock_epoch = lock_epoch + 1, \
         lock_deadline_ms = NULL WHERE lock_owner = $1 RETURNING id",
    )
    .bind(owner(gateway))
    .fetch_all(&mut *connection)
    .await?;
    rows.iter().map(|row| parsed(row, "id")).collect()
}

/// Puts `to` in the place of `from`, if that is still the lock.
async fn change_account(
    connection: &mut SqlConnection,
    account: AccountId,
    from: &AccountLock,
    to: &AccountLock,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE accounts SET lock_owner = $4, lock_session = $5, lock_epoch = $6, lock_deadline_ms = $7 \
         WHERE id = $1 AND lock_epoch = $2 AND lock_owner = $3",
    )
    .bind(account.to_string())
    .bind(epoch(from.epoch))
    .bind(from.owner.to_string())
    .bind(to.owner.to_string())
    .bind(to.session.map(|session| session.to_string()))
    .bind(epoch(to.epoch))
    .bind(to.deadline_ms.map(to_sql_ms))
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Whether the account's data may be changed by a log-in: it holds the lock, or nobody does. The row stays as it is until
/// the transaction ends.
pub(crate) async fn admits_session(
    connection: &mut SqlConnection,
    account: AccountId,
    session: Uuid,
) -> sqlx::Result<bool> {
    lock_rows(connection, Rows::Accounts, [account.to_string()]).await?;
    Ok(read(connection, account).await?.is_some_and(|lock| lock.admits(session)))
}

async fn read(connection: &mut SqlConnection, account: AccountId) -> sqlx::Result<Option<AccountLock>> {
    let query = "SELECT lock_owner, lock_session, lock_epoch, lock_deadline_ms FROM accounts WHERE id = $1";
    let row = sqlx::query(query).bind(account.to_string()).fetch_optional(connection).await?;
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
