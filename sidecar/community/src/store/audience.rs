//! The users that whispers and invitations reach: by their names, by their realtime sockets, and by their blocks.

use std::collections::BTreeSet;

use realmgate_platform::accounts::name_key;
use realmgate_platform::database::SqlStore;
use realmgate_platform::database::columns::{from_sql_ms, parse_id, parsed};
use realmgate_protocol::ids::AccountId;
use sqlx::{AssertSqlSafe, Row};

/// Most accounts in one question.
const AT_ONCE: usize = 64;
/// A user; goes on with a condition.
const USERS: &str = "SELECT p.account_id, p.username, p.display_name, a.muted_until_ms FROM profiles p
                     JOIN accounts a ON a.id = p.account_id WHERE a.deleted_at_ms IS NULL AND ";

/// Users, as far as others reach them.
#[derive(Clone)]
pub struct Audience(SqlStore);

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The account.
    pub account: AccountId,
    /// Its unique name.
    pub username: String,
    /// What it wants to be called; may be empty.
    pub display_name: String,
    /// Until when it may not chat, in Unix milliseconds; 0 if it was not muted.
    pub muted_until_ms: u64,
}

impl Audience {
    /// The users of a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// A user by its id.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find(&self, account: AccountId) -> sqlx::Result<Option<Reached>> {
        Ok(self.find_by("p.account_id = $1", account.to_string()).await?.pop())
    }

    /// A user by its unique name, in any case.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn by_username(&self, name: &str) -> sqlx::Result<Option<Reached>> {
        Ok(self.find_by("p.username = $1", name.to_lowercase()).await?.pop())
    }

    /// The users with a display name, in any case; two at most.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn by_display_name(&self, name: &str) -> sqlx::Result<Vec<Reached>> {
        self.find_by("p.display_key = $1", name_key(name)).await
    }

    /// Those of the accounts that have joined their topics on a realtime socket, at any sidecar.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn on_sockets(&self, accounts: &BTreeSet<AccountId>) -> sqlx::Result<BTreeSet<AccountId>> {
        let mut here = BTreeSet::new();
        let accounts: Vec<AccountId> = accounts.iter().copied().collect();
        for some in accounts.chunks(AT_ONCE) {
            // A power of two, so that few statement texts are prepared.
            let places: Vec<String> = (1..=some.len().next_power_of_two()).map(|number| format!("${number}")).collect();
            let query = format!(
                "SELECT DISTINCT account_id FROM realtime_accounts WHERE account_id IN ({})",
                places.join(", ")
            );
            let ids = some.iter().chain(std::iter::repeat(&some[0])).take(places.len());
            let query =
                ids.fold(sqlx::query_scalar(AssertSqlSafe(query)), |query, account| query.bind(account.to_string()));
            let mut db = self.0.read("on_sockets").await?;
            let found: Vec<String> = query.fetch_all(&mut *db).await?;
            for id in found {
                here.insert(parse_id("account_id", &id)?);
            }
        }
        Ok(here)
    }

    /// Whether one of both accounts blocks the other.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn is_blocked(&self, one: AccountId, other: AccountId) -> sqlx::Result<bool> {
        let query = "SELECT COUNT(*) FROM friendships WHERE status = 'blocked'
                     AND ((requester_id = $1 AND target_id = $2) OR (requester_id = $2 AND target_id = $1))";
        let mut db = self.0.read("is_blocked").await?;
        let blocks: i64 =
            sqlx::query_scalar(query).bind(one.to_string()).bind(other.to_string()).fetch_one(&mut *db).await?;
        Ok(blocks > 0)
    }

    /// The accounts that an account blocks.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn blocked_by(&self, account: AccountId) -> sqlx::Result<BTreeSet<AccountId>> {
        let query = "SELECT requester_id FROM friendships WHERE target_id = $1 AND status = 'blocked'";
        let mut db = self.0.read("blocked_by").await?;
        let blocked: Vec<String> = sqlx::query_scalar(query).bind(account.to_string()).fetch_all(&mut *db).await?;
        blocked.iter().map(|id| parse_id("requester_id", id)).collect()
    }

    /// Two rows are enough to see that a name is ambiguous.
    async fn find_by(&self, condition: &'static str, value: String) -> sqlx::Result<Vec<Reached>> {
        let mut db = self.0.read("find_reached").await?;
        let rows = sqlx::query(AssertSqlSafe(format!("{USERS}{condition} LIMIT 2"))).bind(value);
        let rows = rows.fetch_all(&mut *db).await?;
        rows.iter()
            .map(|row| {
                Ok(Reached {
                    account: parsed(row, "account_id")?,
                    username: row.try_get("username")?,
                    display_name: row.try_get("display_name")?,
                    muted_until_ms: row.try_get::<Option<i64>, _>("muted_until_ms")?.map_or(0, from_sql_ms),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::{TestSql, on_backends};

    use super::*;

    const ANN: AccountId = AccountId([1; 16]);
    const BEN: AccountId = AccountId([2; 16]);

    async fn bench(sql: TestSql) -> (TestSql, Audience) {
        sql.execute(
            "INSERT INTO accounts (id, created_at_ms) VALUES
             ('01010101-0101-0101-0101-010101010101', 0), ('02020202-0202-0202-0202-020202020202', 0)",
        )
        .await;
        sql.execute(
            "INSERT INTO profiles (account_id, username, display_name, display_key) VALUES
             ('01010101-0101-0101-0101-010101010101', 'ann', 'The Smith', '74686520736d697468'),
             ('02020202-0202-0202-0202-020202020202', 'ben', 'the smith', '74686520736d697468')",
        )
        .await;
        let audience = Audience::new(sql.sql.clone());
        (sql, audience)
    }

    async fn users_are_found_by_each_of_their_names((sql, audience): (TestSql, Audience)) {
        let ann = audience.find(ANN).await.unwrap().unwrap();
        assert_eq!((ann.username.as_str(), ann.muted_until_ms), ("ann", 0));
        assert_eq!(audience.by_username("ANN").await.unwrap(), Some(ann.clone()));
        assert_eq!(audience.by_username("an").await.unwrap(), None);
        assert_eq!(audience.by_display_name("THE smith").await.unwrap().len(), 2);
        assert_eq!(audience.by_display_name("the").await.unwrap(), []);
        sql.execute("UPDATE accounts SET deleted_at_ms = 1 WHERE id = '02020202-0202-0202-0202-020202020202'").await;
        assert_eq!(audience.by_display_name("The Smith").await.unwrap(), [ann]);
        assert_eq!(audience.find(BEN).await.unwrap(), None);
    }

    async fn blocks_and_sockets_are_found((sql, audience): (TestSql, Audience)) {
        assert!(!audience.is_blocked(ANN, BEN).await.unwrap());
        sql.execute(
            "INSERT INTO friendships (id, requester_id, target_id, status, created_at_ms, changed_at_ms) VALUES
             ('x', '02020202-0202-0202-0202-020202020202', '01010101-0101-0101-0101-010101010101', 'blocked', 0, 0)",
        )
        .await;
        assert!(audience.is_blocked(ANN, BEN).await.unwrap() && audience.is_blocked(BEN, ANN).await.unwrap());
        assert_eq!(audience.blocked_by(ANN).await.unwrap(), BTreeSet::from([BEN]));
        assert_eq!(audience.blocked_by(BEN).await.unwrap(), BTreeSet::new());
        let both = BTreeSet::from([ANN, BEN]);
        assert_eq!(audience.on_sockets(&both).await.unwrap(), BTreeSet::new());
        sql.execute(
            "INSERT INTO realtime_accounts (account_id, replica) VALUES ('02020202-0202-0202-0202-020202020202', 'one')",
        )
        .await;
        assert_eq!(audience.on_sockets(&both).await.unwrap(), BTreeSet::from([BEN]));
        assert_eq!(audience.on_sockets(&BTreeSet::new()).await.unwrap(), BTreeSet::new());
    }

    on_backends! {
        on_sqlite: async { Some(super::bench(super::TestSql::sqlite().await).await) },
        on_postgres: async { Some(super::bench(super::TestSql::postgres().await?).await) } => [
            users_are_found_by_each_of_their_names,
            blocks_and_sockets_are_found,
        ]
    }
}
