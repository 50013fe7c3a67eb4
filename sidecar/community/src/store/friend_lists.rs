//! Lists of friends, requests and blocks, with the profiles of those on the other side.

use realmgate_platform::database::SqlRow;
use realmgate_platform::database::columns::{from_sql_ms, parse_id};
use realmgate_protocol::ids::AccountId;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::ProfileRow;
use super::friendship::Friendship;
use super::friendships::FriendStore;
use super::profiles::{COLUMNS, TABLES};
use crate::field_limits::MOST_FRIENDS;

/// What of a friendship every list has.
const FRIENDSHIP: &str = "f.id AS friendship_id, f.requester_id, f.target_id, f.status, f.created_at_ms";
/// The friendships of $1.
const OF_ACCOUNT: &str = "(f.requester_id = $1 OR f.target_id = $1) AND f.status = 'accepted'";

/// A friend, or somebody who is blocked.
#[derive(Debug, Clone)]
pub struct FriendRow {
    /// The friendship's id.
    pub friendship: Uuid,
    /// Who is on the other side.
    pub profile: ProfileRow,
}

/// A request that waits for an answer.
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// The request.
    pub friendship: Friendship,
    /// Who is on the other side.
    pub profile: ProfileRow,
    /// When it was made, in Unix milliseconds.
    pub created_ms: u64,
}

/// Which side of a friendship a list is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Those who asked the account.
    Incoming,
    /// Those whom the account has asked.
    Outgoing,
}

impl FriendStore {
    /// A page of an account's friends, the newest first, and how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn friends(&self, account: AccountId, limit: i64, offset: i64) -> sqlx::Result<(Vec<FriendRow>, i64)> {
        let mut db = self.sql.begin_read("list_friends").await?;
        let rows = format!(
            "SELECT {FRIENDSHIP}, {COLUMNS} FROM friendships f, {TABLES}
             WHERE p.account_id = CASE WHEN f.requester_id = $1 THEN f.target_id ELSE f.requester_id END
               AND {OF_ACCOUNT} ORDER BY f.changed_at_ms DESC, f.id DESC LIMIT $2 OFFSET $3"
        );
        let rows = sqlx::query(AssertSqlSafe(rows)).bind(account.to_string()).bind(limit).bind(offset);
        let rows = rows.fetch_all(&mut *db).await?;
        let total = AssertSqlSafe(format!("SELECT COUNT(*) FROM friendships f WHERE {OF_ACCOUNT}"));
        let total: i64 = sqlx::query_scalar(total).bind(account.to_string()).fetch_one(&mut *db).await?;
        Ok((rows.iter().map(FriendRow::of).collect::<sqlx::Result<_>>()?, total))
    }

    /// All friends of an account.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn all_friends(&self, account: AccountId) -> sqlx::Result<Vec<FriendRow>> {
        Ok(self.friends(account, MOST_FRIENDS.into(), 0).await?.0)
    }

    /// The ids of an account's friends, each with the friendship's.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn friend_ids(&self, account: AccountId) -> sqlx::Result<Vec<(AccountId, Uuid)>> {
        let mut db = self.sql.read("friend_ids").await?;
        let query = format!("SELECT f.id, f.requester_id, f.target_id FROM friendships f WHERE {OF_ACCOUNT}");
        let rows: Vec<(String, String, String)> =
            sqlx::query_as(AssertSqlSafe(query)).bind(account.to_string()).fetch_all(&mut *db).await?;
        let own = account.to_string();
        rows.into_iter()
            .map(|(id, requester, target)| {
                let friend = if requester == own { target } else { requester };
                Ok((parse_id("account_id", &friend)?, parse_id("id", &id)?))
            })
            .collect()
    }

    /// A page of the requests of one side, the newest first, and how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn requests(
        &self,
        account: AccountId,
        side: Side,
        limit: i64,
        offset: i64,
    ) -> sqlx::Result<(Vec<RequestRow>, i64)> {
        let mut db = self.sql.begin_read("list_requests").await?;
        let (own, other) = match side {
            Side::Incoming => ("f.target_id", "f.requester_id"),
            Side::Outgoing => ("f.requester_id", "f.target_id"),
        };
        let rows = format!(
            "SELECT {FRIENDSHIP}, {COLUMNS} FROM friendships f, {TABLES}
             WHERE p.account_id = {other} AND {own} = $1 AND f.status = 'pending' ORDER BY f.created_at_ms DESC, f.id DESC LIMIT $2 OFFSET $3"
        );
        let rows = sqlx::query(AssertSqlSafe(rows)).bind(account.to_string()).bind(limit).bind(offset);
        let rows = rows.fetch_all(&mut *db).await?;
        let total = format!("SELECT COUNT(*) FROM friendships f WHERE {own} = $1 AND f.status = 'pending'");
        let total: i64 = sqlx::query_scalar(AssertSqlSafe(total)).bind(account.to_string()).fetch_one(&mut *db).await?;
        Ok((rows.iter().map(RequestRow::of).collect::<sqlx::Result<_>>()?, total))
    }

    /// A page of those whom an account blocks, the newest first, and how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn blocked(&self, account: AccountId, limit: i64, offset: i64) -> sqlx::Result<(Vec<FriendRow>, i64)> {
        let mut db = self.sql.begin_read("list_blocked").await?;
        let rows = format!(
            "SELECT {FRIENDSHIP}, {COLUMNS} FROM friendships f, {TABLES}
             WHERE p.account_id = f.requester_id AND f.target_id = $1 AND f.status = 'blocked' ORDER BY f.changed_at_ms DESC, f.id DESC LIMIT $2 OFFSET $3"
        );
        let rows = sqlx::query(AssertSqlSafe(rows)).bind(account.to_string()).bind(limit).bind(offset);
        let rows = rows.fetch_all(&mut *db).await?;
        let total = "SELECT COUNT(*) FROM friendships WHERE target_id = $1 AND status = 'blocked'";
        let total: i64 = sqlx::query_scalar(total).bind(account.to_string()).fetch_one(&mut *db).await?;
        Ok((rows.iter().map(FriendRow::of).collect::<sqlx::Result<_>>()?, total))
    }
}

impl FriendRow {
    fn of(row: &SqlRow) -> sqlx::Result<Self> {
        Ok(Self { friendship: Friendship::of(row)?.id, profile: ProfileRow::of(row)? })
    }
}

impl RequestRow {
    fn of(row: &SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            friendship: Friendship::of(row)?,
            profile: ProfileRow::of(row)?,
            created_ms: from_sql_ms(row.try_get("created_at_ms")?),
        })
    }
}
