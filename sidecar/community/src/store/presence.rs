//! Who is online by a realtime socket, and at which sidecar.

use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::{SqlConnection, SqlStore};
use realmgate_platform::hook_subscriptions::Arg;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

/// How long a sidecar counts as alive that does not say so again, in milliseconds.
const ALIVE_MS: u64 = 30_000;
const WATCHES: &str = "INSERT INTO lobby_spectators (account_id, lobby_id, replica)
                       SELECT id, $2, $3 FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL ON CONFLICT DO NOTHING";
const WATCHES_NOT: &str = "DELETE FROM lobby_spectators WHERE account_id = $1 AND lobby_id = $2 AND replica = $3";

/// Which sidecars have realtime sockets of which accounts.
#[derive(Clone)]
pub struct PresenceStore(SqlStore);

/// What a sidecar has realtime sockets for.
#[derive(Debug, Clone, Default)]
pub struct Here {
    /// The accounts that have joined their topics.
    pub accounts: Vec<AccountId>,
    /// The accounts that watch a lobby, and which.
    pub spectators: Vec<(AccountId, Uuid)>,
}

impl PresenceStore {
    /// What a database says of it.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Records whether an account has a socket here, and that it was here just now. Returns whether this has changed
    /// whether it is online at all.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set(&self, account: AccountId, replica: &str, here: bool, at_ms: u64) -> sqlx::Result<bool> {
        let mut tx = self.0.begin_write("set_realtime").await?;
        let id = account.to_string();
        // Of two sidecars at once, one is the first and one the last.
        lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        let was = is_online(&mut tx, &id).await?;
        let set = match here {
            true => {
                "INSERT INTO realtime_accounts (account_id, replica)
                 SELECT id, $2 FROM accounts WHERE id = $1 AND deleted_at_ms IS NULL ON CONFLICT DO NOTHING"
            }
            false => "DELETE FROM realtime_accounts WHERE account_id = $1 AND replica = $2",
        };
        sqlx::query(set).bind(&id).bind(replica).execute(&mut *tx).await?;
        sqlx::query("UPDATE profiles SET last_seen_ms = $2 WHERE account_id = $1")
            .bind(&id)
            .bind(to_sql_ms(at_ms))
            .execute(&mut *tx)
            .await?;
        let is = is_online(&mut tx, &id).await?;
        if was != is {
            let hook = if is { "after_user_online" } else { "after_user_offline" };
            self.0.hook_subscriptions().note(&mut tx, hook, &[Arg::user(account)]).await?;
        }
        tx.commit().await?;
        Ok(was != is)
    }

    /// Records whether an account watches a lobby here without being a member.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_spectator(&self, account: AccountId, lobby: Uuid, replica: &str, here: bool) -> sqlx::Result<()> {
        let mut tx = self.0.begin_write("set_spectator").await?;
        let id = account.to_string();
        // An account that is being deleted watches nothing any more.
        lock_rows(&mut tx, Rows::Accounts, [id.clone()]).await?;
        let set = if here { WATCHES } else { WATCHES_NOT };
        sqlx::query(set).bind(&id).bind(lobby.to_string()).bind(replica).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// Says that this sidecar is alive, with these sockets if that was forgotten, and removes the sidecars that
    /// have not said so for a while. Returns the accounts that those had.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn renew(&self, replica: &str, here: &Here) -> sqlx::Result<Vec<AccountId>> {
        let mut tx = self.0.begin_write("renew_realtime").await?;
        let now_ms = self.0.time(&mut tx).await?;
        let until = to_sql_ms(now_ms + ALIVE_MS);
        let renewed = sqlx::query("UPDATE realtime_replicas SET until_ms = $2 WHERE replica = $1");
        if renewed.bind(replica).bind(until).execute(&mut *tx).await?.rows_affected() == 0 {
            let insert = "INSERT INTO realtime_replicas (replica, until_ms) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            sqlx::query(insert).bind(replica).bind(until).execute(&mut *tx).await?;
            for account in &here.accounts {
                let again =
                    "INSERT INTO realtime_accounts (account_id, replica) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                sqlx::query(again).bind(account.to_string()).bind(replica).execute(&mut *tx).await?;
            }
            for (account, lobby) in &here.spectators {
                let again = sqlx::query(WATCHES).bind(account.to_string()).bind(lobby.to_string()).bind(replica);
                again.execute(&mut *tx).await?;
            }
        }
        let dead = "SELECT replica FROM realtime_replicas WHERE until_ms <= $1";
        let dead: Vec<String> = sqlx::query_scalar(dead).bind(to_sql_ms(now_ms)).fetch_all(&mut *tx).await?;
        let mut left = Vec::new();
        for replica in dead {
            // It may have come back since; whoever deletes the row has its accounts.
            let gone = "DELETE FROM realtime_replicas WHERE replica = $1 AND until_ms <= $2";
            let gone = sqlx::query(gone).bind(&replica).bind(to_sql_ms(now_ms)).execute(&mut *tx).await?;
            if gone.rows_affected() > 0 {
                left.extend(self.forget(&mut tx, &replica).await?);
            }
        }
        tx.commit().await?;
        Ok(left)
    }

    /// Records that the accounts with a socket here are still here.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn seen(&self, replica: &str, at_ms: u64) -> sqlx::Result<()> {
        let mut db = self.0.write("seen_realtime").await?;
        let seen = "UPDATE profiles SET last_seen_ms = $2
                    WHERE account_id IN (SELECT account_id FROM realtime_accounts WHERE replica = $1)";
        sqlx::query(seen).bind(replica).bind(to_sql_ms(at_ms)).execute(&mut *db).await.map(|_| ())
    }

    /// This sidecar has no sockets: not yet, or not any more. Returns the accounts that it had.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn clear(&self, replica: &str) -> sqlx::Result<Vec<AccountId>> {
        let mut tx = self.0.begin_write("clear_realtime").await?;
        let left = self.forget(&mut tx, replica).await?;
        tx.commit().await?;
        Ok(left)
    }

    async fn forget(&self, db: &mut SqlConnection, replica: &str) -> sqlx::Result<Vec<AccountId>> {
        sqlx::query("DELETE FROM lobby_spectators WHERE replica = $1").bind(replica).execute(&mut *db).await?;
        let gone = "DELETE FROM realtime_accounts WHERE replica = $1 RETURNING account_id";
        let gone: Vec<String> = sqlx::query_scalar(gone).bind(replica).fetch_all(&mut *db).await?;
        let gone: Vec<AccountId> = gone.iter().map(|id| parse_id("account_id", id)).collect::<sqlx::Result<_>>()?;
        for account in &gone {
            if !is_online(db, &account.to_string()).await? {
                self.0.hook_subscriptions().note(db, "after_user_offline", &[Arg::user(*account)]).await?;
            }
        }
        Ok(gone)
    }
}

async fn is_online(db: &mut SqlConnection, account: &str) -> sqlx::Result<bool> {
    let online = "SELECT (SELECT COUNT(*) FROM realtime_accounts WHERE account_id = $1)
                       + (SELECT COUNT(*) FROM accounts WHERE id = $1 AND lock_owner LIKE 'gateway:%')";
    Ok(sqlx::query_scalar::<_, i64>(online).bind(account).fetch_one(db).await? > 0)
}

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::{TestSql, on_backends};

    use super::*;

    const ANN: AccountId = AccountId([1; 16]);

    struct Bench(TestSql, PresenceStore);

    async fn bench(sql: TestSql) -> Bench {
        sql.execute("INSERT INTO accounts (id, created_at_ms) VALUES ('01010101-0101-0101-0101-010101010101', 0)")
            .await;
        let store = PresenceStore::new(sql.sql.clone());
        Bench(sql, store)
    }

    async fn the_first_comes_and_the_last_goes(Bench(_sql, store): Bench) {
        assert!(store.set(ANN, "one", true, 1).await.unwrap());
        assert!(!store.set(ANN, "one", true, 1).await.unwrap());
        assert!(!store.set(ANN, "two", true, 1).await.unwrap());
        assert!(!store.set(ANN, "one", false, 1).await.unwrap());
        assert!(store.set(ANN, "two", false, 1).await.unwrap());
        assert!(!store.set(ANN, "two", false, 1).await.unwrap());
    }

    async fn what_a_silent_sidecar_had_is_removed_by_another(Bench(sql, store): Bench) {
        for replica in ["one", "two"] {
            assert_eq!(store.renew(replica, &Here::default()).await.unwrap(), []);
            store.set(ANN, replica, true, 1).await.unwrap();
        }
        sql.execute("UPDATE realtime_replicas SET until_ms = 1 WHERE replica = 'one'").await;
        assert_eq!(store.renew("two", &Here { accounts: vec![ANN], ..Here::default() }).await.unwrap(), [ANN]);
        assert_eq!(store.renew("two", &Here::default()).await.unwrap(), []);
        // It was not dead: it says again what it has.
        store.renew("one", &Here { accounts: vec![ANN], spectators: vec![(ANN, Uuid::nil())] }).await.unwrap();
        assert_eq!(store.clear("one").await.unwrap(), [ANN]);
        assert_eq!(store.clear("one").await.unwrap(), []);
    }

    /// Whoever is here was here just now, which is written again and again.
    async fn those_who_are_here_were_here_last_now(Bench(sql, store): Bench) {
        let insert =
            "INSERT INTO profiles (account_id, username) VALUES ('01010101-0101-0101-0101-010101010101', 'ann')";
        sql.execute(insert).await;
        let last_seen = async || {
            let mut db = sql.sql.read("test").await.unwrap();
            let query = "SELECT last_seen_ms FROM profiles";
            sqlx::query_scalar::<_, i64>(query).fetch_one(&mut *db).await.unwrap()
        };
        store.set(ANN, "one", true, 5).await.unwrap();
        assert_eq!(last_seen().await, 5, "who comes");
        store.seen("two", 6).await.unwrap();
        assert_eq!(last_seen().await, 5, "another sidecar's");
        store.seen("one", 7).await.unwrap();
        assert_eq!(last_seen().await, 7, "who stays");
        store.set(ANN, "one", false, 8).await.unwrap();
        assert_eq!(last_seen().await, 8, "who goes");
    }

    on_backends! {
        on_sqlite: async { Some(super::bench(super::TestSql::sqlite().await).await) },
        on_postgres: async { Some(super::bench(super::TestSql::postgres().await?).await) } => [
            the_first_comes_and_the_last_goes,
            what_a_silent_sidecar_had_is_removed_by_another,
            those_who_are_here_were_here_last_now,
        ]
    }
}
