//! Who is whose friend, who asks to be, and who is blocked. Every change locks the accounts of both, so that of two at once the
//! second sees what the first has done.

use realmgate_platform::database::columns::to_sql_ms;
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::{SqlConnection, SqlStore};
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::friendship::{Friendship, Limit, Outcome, Status, Step};
use crate::field_limits::FieldLimits;

/// Most accounts that an account blocks.
const MOST_BLOCKS: i64 = 1_000;

/// Friendships, requests and blocks.
#[derive(Clone)]
pub struct FriendStore {
    pub(super) sql: SqlStore,
    limits: FieldLimits,
}

impl FriendStore {
    /// The friendships of a database.
    pub fn new(sql: SqlStore, limits: FieldLimits) -> Self {
        Self { sql, limits }
    }

    /// `from` wants to be a friend of `to`. Where `to` has asked already, that is accepted instead.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn ask(&self, from: AccountId, to: AccountId, at_ms: u64) -> sqlx::Result<Outcome> {
        let mut tx = self.sql.begin_write("ask_friend").await?;
        let pair = Pair::lock(&mut tx, from, to).await?;
        if !is_there(&mut tx, to).await? {
            return Ok(Outcome::NotFound);
        }
        let rows = [pair.forth, pair.back].into_iter().flatten();
        let has = |status| rows.clone().any(|row| row.status == status);
        if has(Status::Blocked) {
            return Ok(Outcome::Blocked);
        }
        if has(Status::Accepted) || pair.forth.is_some_and(|row| row.status == Status::Pending) {
            return Ok(Outcome::Already);
        }
        let outcome = match pair.back.filter(|row| row.status == Status::Pending) {
            Some(asked) => self.accept(&mut tx, asked, at_ms).await?,
            None => self.insert_request(&mut tx, from, to, at_ms).await?,
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// Whether it is a new request if `from` asks `to`: nothing stands between them but what was declined.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn is_news(&self, from: AccountId, to: AccountId) -> sqlx::Result<bool> {
        let mut db = self.sql.read("friendship").await?;
        let rows = [between(&mut db, from, to).await?, between(&mut db, to, from).await?];
        Ok(rows.into_iter().flatten().all(|row| row.status == Status::Rejected))
    }

    /// `caller` takes a step with a friendship.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn step(&self, id: Uuid, caller: AccountId, step: Step, at_ms: u64) -> sqlx::Result<Outcome> {
        let mut tx = self.sql.begin_write("change_friendship").await?;
        let Some(seen) = find(&mut tx, id).await? else { return Ok(Outcome::NotFound) };
        lock_both(&mut tx, seen.requester, seen.target).await?;
        // Now that nobody else can change it.
        let Some(row) = find(&mut tx, id).await? else { return Ok(Outcome::NotFound) };
        let (asks, asked) = (row.requester == caller, row.target == caller);
        let may = match step {
            Step::Accept | Step::Reject => asked && row.status == Status::Pending,
            Step::Block => asked && matches!(row.status, Status::Pending | Status::Rejected),
            Step::Unblock => asked && row.status == Status::Blocked,
            Step::Remove => match row.status {
                Status::Pending => asks,
                Status::Accepted => asks || asked,
                Status::Rejected | Status::Blocked => false,
            },
        };
        if !may {
            return Ok(Outcome::NotAllowed);
        }
        let outcome = match step {
            Step::Accept => self.accept(&mut tx, row, at_ms).await?,
            Step::Reject => Outcome::Done(set(&mut tx, row, Status::Rejected, at_ms).await?),
            Step::Block => block(&mut tx, row.requester, row.target, at_ms).await?,
            Step::Unblock | Step::Remove => {
                delete(&mut tx, row.requester, row.target).await?;
                Outcome::Done(row)
            }
        };
        tx.commit().await?;
        Ok(outcome)
    }

    /// `caller` blocks `other`, whatever they were to each other.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn block(&self, caller: AccountId, other: AccountId, at_ms: u64) -> sqlx::Result<Outcome> {
        let mut tx = self.sql.begin_write("block_user").await?;
        let pair = Pair::lock(&mut tx, other, caller).await?;
        if !is_there(&mut tx, other).await? {
            return Ok(Outcome::NotFound);
        }
        if pair.forth.is_some_and(|row| row.status == Status::Blocked) {
            return Ok(Outcome::Already);
        }
        let outcome = block(&mut tx, other, caller, at_ms).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    /// `caller` blocks `other` no more.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn unblock(&self, caller: AccountId, other: AccountId) -> sqlx::Result<Outcome> {
        let mut tx = self.sql.begin_write("unblock_user").await?;
        let pair = Pair::lock(&mut tx, other, caller).await?;
        let Some(row) = pair.forth.filter(|row| row.status == Status::Blocked) else { return Ok(Outcome::NotFound) };
        delete(&mut tx, other, caller).await?;
        tx.commit().await?;
        Ok(Outcome::Done(row))
    }

    async fn insert_request(
        &self,
        db: &mut SqlConnection,
        from: AccountId,
        to: AccountId,
        at_ms: u64,
    ) -> sqlx::Result<Outcome> {
        if count_friends(db, from).await? >= i64::from(self.limits.max_friends_per_user) {
            return Ok(Outcome::TooMany(Limit::Friends));
        }
        let waiting = "SELECT COUNT(*) FROM friendships WHERE requester_id = $1 AND status = 'pending'";
        let waiting: i64 = sqlx::query_scalar(waiting).bind(from.to_string()).fetch_one(&mut *db).await?;
        if waiting >= i64::from(self.limits.max_pending_friend_requests) {
            return Ok(Outcome::TooMany(Limit::Requests));
        }
        // What was declined before is asked anew.
        delete(db, from, to).await?;
        Ok(Outcome::Done(insert(db, from, to, Status::Pending, at_ms).await?))
    }

    async fn accept(&self, db: &mut SqlConnection, asked: Friendship, at_ms: u64) -> sqlx::Result<Outcome> {
        for side in [asked.requester, asked.target] {
            if count_friends(db, side).await? >= i64::from(self.limits.max_friends_per_user) {
                return Ok(Outcome::TooMany(Limit::Friends));
            }
        }
        // What was declined the other way round is over.
        delete(db, asked.target, asked.requester).await?;
        Ok(Outcome::Done(set(db, asked, Status::Accepted, at_ms).await?))
    }
}

/// The rows between two accounts, in either direction.
struct Pair {
    forth: Option<Friendship>,
    back: Option<Friendship>,
}

impl Pair {
    async fn lock(db: &mut SqlConnection, from: AccountId, to: AccountId) -> sqlx::Result<Self> {
        lock_both(db, from, to).await?;
        Ok(Self { forth: between(db, from, to).await?, back: between(db, to, from).await? })
    }
}

async fn lock_both(db: &mut SqlConnection, one: AccountId, other: AccountId) -> sqlx::Result<()> {
    lock_rows(db, Rows::Accounts, [one.to_string(), other.to_string()]).await
}

async fn is_there(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<bool> {
    let there = "SELECT p.account_id FROM profiles p JOIN accounts a ON a.id = p.account_id
                 WHERE p.account_id = $1 AND a.deleted_at_ms IS NULL";
    let there: Option<String> = sqlx::query_scalar(there).bind(account.to_string()).fetch_optional(db).await?;
    Ok(there.is_some())
}

async fn find(db: &mut SqlConnection, id: Uuid) -> sqlx::Result<Option<Friendship>> {
    let query = "SELECT id AS friendship_id, requester_id, target_id, status FROM friendships WHERE id = $1";
    let row = sqlx::query(query).bind(id.to_string()).fetch_optional(db).await?;
    row.as_ref().map(Friendship::of).transpose()
}

async fn between(db: &mut SqlConnection, requester: AccountId, target: AccountId) -> sqlx::Result<Option<Friendship>> {
    let query = "SELECT id AS friendship_id, requester_id, target_id, status FROM friendships
                 WHERE requester_id = $1 AND target_id = $2";
    let row = sqlx::query(query).bind(requester.to_string()).bind(target.to_string()).fetch_optional(db).await?;
    row.as_ref().map(Friendship::of).transpose()
}

/// `target` blocks `requester`: in place of whatever they were to each other, but for the other's own block.
async fn block(db: &mut SqlConnection, requester: AccountId, target: AccountId, at_ms: u64) -> sqlx::Result<Outcome> {
    let blocks = "SELECT COUNT(*) FROM friendships WHERE target_id = $1 AND status = 'blocked'";
    let blocks: i64 = sqlx::query_scalar(blocks).bind(target.to_string()).fetch_one(&mut *db).await?;
    if blocks >= MOST_BLOCKS {
        return Ok(Outcome::TooMany(Limit::Blocks));
    }
    sqlx::query("DELETE FROM friendships WHERE requester_id = $1 AND target_id = $2 AND status <> 'blocked'")
        .bind(target.to_string())
        .bind(requester.to_string())
        .execute(&mut *db)
        .await?;
    match between(db, requester, target).await? {
        Some(row) => Ok(Outcome::Done(set(db, row, Status::Blocked, at_ms).await?)),
        None => Ok(Outcome::Done(insert(db, requester, target, Status::Blocked, at_ms).await?)),
    }
}

async fn insert(
    db: &mut SqlConnection,
    requester: AccountId,
    target: AccountId,
    status: Status,
    at_ms: u64,
) -> sqlx::Result<Friendship> {
    let row = Friendship { id: Uuid::now_v7(), requester, target, status };
    sqlx::query(
        "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms)
         VALUES ($1, $2, $3, $4, $5, $5)",
    )
    .bind(row.id.to_string())
    .bind(requester.to_string())
    .bind(target.to_string())
    .bind(status.as_str())
    .bind(to_sql_ms(at_ms))
    .execute(db)
    .await?;
    Ok(row)
}

async fn set(db: &mut SqlConnection, row: Friendship, status: Status, at_ms: u64) -> sqlx::Result<Friendship> {
    sqlx::query("UPDATE friendships SET status = $2, changed_at_ms = $3 WHERE id = $1")
        .bind(row.id.to_string())
        .bind(status.as_str())
        .bind(to_sql_ms(at_ms))
        .execute(db)
        .await?;
    Ok(Friendship { status, ..row })
}

async fn delete(db: &mut SqlConnection, requester: AccountId, target: AccountId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM friendships WHERE requester_id = $1 AND target_id = $2")
        .bind(requester.to_string())
        .bind(target.to_string())
        .execute(db)
        .await
        .map(|_| ())
}

async fn count_friends(db: &mut SqlConnection, account: AccountId) -> sqlx::Result<i64> {
    let count = "SELECT COUNT(*) FROM friendships WHERE (requester_id = $1 OR target_id = $1) AND status = 'accepted'";
    sqlx::query_scalar(count).bind(account.to_string()).fetch_one(db).await
}

#[cfg(test)]
mod tests;
