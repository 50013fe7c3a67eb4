//! Functions of scripts that are to be called, since something has happened, and how old a call becomes before it is
//! forgotten.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{from_sql_ms, to_sql_ms, undecodable};
use realmgate_platform::hook_subscriptions::{Arg, note_for};
use serde_json::json;
use uuid::{Timestamp, Uuid};

use super::ScriptStore;

/// How long whoever has taken a call may be silent before somebody else takes it, in milliseconds.
const TAKEN_MS: u64 = 60_000;
/// Most calls that are taken at once.
const TAKEN_AT_ONCE: i64 = 64;
/// How old a call may become, in milliseconds.
const FORGOTTEN_MS: u64 = 24 * 60 * 60 * 1_000;

/// A call that is to be made, and that nobody else makes meanwhile.
#[derive(Debug, Clone)]
pub struct DueHook {
    id: String,
    /// Until when it is ours: whoever takes it after that has a later one.
    until_ms: u64,
    /// The plugin.
    pub plugin: String,
    /// Its function.
    pub hook: String,
    /// What that is given.
    pub args: Vec<Arg>,
}

/// Something that is called again and again.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// The plugin.
    pub plugin: String,
    /// Its function.
    pub hook: String,
    /// When.
    pub cron: String,
    /// The last time for which it is due or was called, in Unix milliseconds.
    pub last_ms: u64,
}

impl ScriptStore {
    /// Takes some of a plugin's calls that are due, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn take_due(&self, plugin: &str) -> sqlx::Result<Vec<DueHook>> {
        // Most of the time there is none, and whoever only reads keeps no writer waiting.
        if !self.is_any_due(plugin).await? {
            return Ok(Vec::new());
        }
        let mut tx = self.sql.begin_write("take_due_hooks").await?;
        let now_ms = self.sql.time(&mut tx).await?;
        let due = "SELECT id, hook, args, due_at_ms FROM due_hooks WHERE plugin = $1 AND due_at_ms <= $2 ORDER BY id LIMIT $3";
        let rows: Vec<(String, String, String, i64)> =
            sqlx::query_as(due).bind(plugin).bind(to_sql_ms(now_ms)).bind(TAKEN_AT_ONCE).fetch_all(&mut *tx).await?;
        let mut taken = Vec::new();
        for (id, hook, args, was) in rows {
            // Of two that take it, one finds it as it was.
            let until_ms = now_ms + TAKEN_MS;
            let take = "UPDATE due_hooks SET due_at_ms = $3 WHERE id = $1 AND due_at_ms = $2";
            let take = sqlx::query(take).bind(id.clone()).bind(was).bind(to_sql_ms(until_ms));
            if take.execute(&mut *tx).await?.rows_affected() > 0 {
                let args = serde_json::from_str(&args).map_err(undecodable)?;
                taken.push(DueHook { id, until_ms, plugin: plugin.to_owned(), hook, args });
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    async fn is_any_due(&self, plugin: &str) -> sqlx::Result<bool> {
        let mut db = self.sql.read("due_hooks").await?;
        let now_ms = self.sql.time(&mut db).await?;
        let any = "SELECT id FROM due_hooks WHERE plugin = $1 AND due_at_ms <= $2 LIMIT 1";
        let any = sqlx::query_scalar::<_, String>(any).bind(plugin).bind(to_sql_ms(now_ms));
        Ok(any.fetch_optional(&mut *db).await?.is_some())
    }

    /// A time has come at which a function is called again and again. Of several that say so, one makes it due; of a schedule that is
    /// new or another one than before, nobody does.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn reach(&self, plugin: &str, hook: &str, cron: &str, at_ms: u64) -> sqlx::Result<()> {
        let mut tx = self.sql.begin_write("reach_schedule").await?;
        let reached = "UPDATE script_schedules SET last_ms = $4
                       WHERE plugin = $1 AND hook = $2 AND cron = $3 AND last_ms < $4";
        let reached = sqlx::query(reached).bind(plugin).bind(hook).bind(cron).bind(to_sql_ms(at_ms));
        if reached.execute(&mut *tx).await?.rows_affected() > 0 {
            let args = [Arg::Value(json!(at_ms))];
            note_for(&mut tx, &[plugin.to_owned()], hook, &args).await?;
        } else {
            let known = "INSERT INTO script_schedules (plugin, hook, cron, last_ms) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (plugin, hook) DO UPDATE SET cron = excluded.cron, last_ms = excluded.last_ms
                         WHERE script_schedules.cron <> excluded.cron";
            let known = sqlx::query(known).bind(plugin).bind(hook).bind(cron).bind(to_sql_ms(at_ms));
            known.execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// What is or was called again and again, by plugin and function.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn schedules(&self) -> sqlx::Result<Vec<ScheduleRow>> {
        let mut db = self.sql.read("script_schedules").await?;
        let query = "SELECT plugin, hook, cron, last_ms FROM script_schedules ORDER BY plugin, hook";
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(query).fetch_all(&mut *db).await?;
        let row = |(plugin, hook, cron, last_ms)| ScheduleRow { plugin, hook, cron, last_ms: from_sql_ms(last_ms) };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Forgets calls that nobody has made for a day: their plugins are gone.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn forget_due(&self, now_ms: u64) -> sqlx::Result<()> {
        let delete = "DELETE FROM due_hooks WHERE id < $1";
        let oldest = Uuid::new_v7(Timestamp::from_unix_time(now_ms.saturating_sub(FORGOTTEN_MS) / 1_000, 0, 0, 0));
        let delete = sqlx::query(delete).bind(oldest.to_string());
        delete.execute(&mut *self.sql.write("forget_due_hooks").await?).await.map(|_| ())
    }

    /// Forgets a call that has failed: it is not made again.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn drop_due(&self, due: &DueHook) -> sqlx::Result<()> {
        remove(&mut *self.sql.write("drop_due_hook").await?, due).await.map(|_| ())
    }
}

/// Removes a call that is being made. Returns whether it was still ours to make.
pub(super) async fn remove(db: &mut SqlConnection, due: &DueHook) -> sqlx::Result<bool> {
    let delete = "DELETE FROM due_hooks WHERE id = $1 AND due_at_ms = $2";
    let delete = sqlx::query(delete).bind(due.id.clone()).bind(to_sql_ms(due.until_ms));
    Ok(delete.execute(db).await?.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use realmgate_platform::testing::{TestSql, on_backends};

    use super::super::super::BoardStore;
    use super::super::{Access, Committed, Journal, Kept, ValueKey};
    use super::*;

    struct Bench(TestSql, ScriptStore);

    async fn bench(sql: TestSql) -> Bench {
        let subscriptions = sql.sql.hook_subscriptions();
        subscriptions.subscribe(BTreeMap::from([("after_it".to_owned(), vec!["one".to_owned(), "two".to_owned()])]));
        let mut tx = sql.sql.begin_write("test").await.unwrap();
        subscriptions.note(&mut tx, "after_it", &[Arg::Value(json!(7))]).await.unwrap();
        subscriptions.note(&mut tx, "after_other", &[]).await.unwrap();
        tx.commit().await.unwrap();
        let store = ScriptStore::new(sql.sql.clone(), BoardStore::new(sql.sql.clone(), false));
        Bench(sql, store)
    }

    fn key() -> ValueKey {
        ValueKey { key: "k".to_owned(), user: None, lobby: None }
    }

    fn writing(value: i64) -> Journal {
        let mut journal = Journal::default();
        journal.values.write(key(), Some(Kept { value: json!(value), access: Access::Public }));
        journal
    }

    async fn each_call_is_taken_by_one_and_made_once(Bench(sql, store): Bench) {
        let mut first = store.take_due("one").await.unwrap();
        assert_eq!((first.len(), &first[0].args[..]), (1, &[Arg::Value(json!(7))][..]));
        assert!(store.take_due("one").await.unwrap().is_empty(), "nobody else takes it");
        // Who has taken it did so a minute ago, and is silent for too long.
        sql.execute("UPDATE due_hooks SET due_at_ms = due_at_ms - 60000 WHERE plugin = 'one'").await;
        first[0].until_ms -= 60_000;
        let second = store.take_due("one").await.unwrap();
        assert_eq!(second.len(), 1);
        // It was only slow: what it does comes to nothing.
        let late = store.commit(&writing(1), Some(&first[0]), 0).await.unwrap();
        assert!(matches!(late, Committed::Refused(_)), "{late:?}");
        assert_eq!(store.value(&key()).await.unwrap(), None);
        let made = store.commit(&writing(2), Some(&second[0]), 0).await.unwrap();
        assert!(matches!(made, Committed::Done(_)), "{made:?}");
        assert_eq!(store.value(&key()).await.unwrap().unwrap().value, json!(2));
        sql.execute("UPDATE due_hooks SET due_at_ms = 1").await;
        assert!(store.take_due("one").await.unwrap().is_empty(), "it is made");
        let other = store.take_due("two").await.unwrap();
        assert_eq!(other.len(), 1, "each plugin hears of it");
        store.drop_due(&other[0]).await.unwrap();
        sql.execute("UPDATE due_hooks SET due_at_ms = 1").await;
        assert!(store.take_due("two").await.unwrap().is_empty());
    }

    async fn a_schedule_is_due_once_at_each_time(Bench(_sql, store): Bench) {
        let due = async || {
            let due = store.take_due("clock").await.unwrap();
            due.into_iter().map(|due| (due.hook, due.args)).collect::<Vec<_>>()
        };
        store.reach("clock", "tick", "* * * * *", 60_000).await.unwrap();
        assert_eq!(due().await, [], "it is new");
        for _ in 0..2 {
            store.reach("clock", "tick", "* * * * *", 180_000).await.unwrap();
        }
        assert_eq!(due().await, [("tick".to_owned(), vec![Arg::Value(json!(180_000))])], "what was missed is one");
        store.reach("clock", "tick", "* * * * *", 120_000).await.unwrap();
        store.reach("clock", "tick", "*/5 * * * *", 300_000).await.unwrap();
        assert_eq!(due().await, [], "it is another one");
        store.reach("clock", "tick", "*/5 * * * *", 600_000).await.unwrap();
        assert_eq!(due().await.len(), 1);
    }

    async fn what_nobody_makes_is_forgotten_after_a_day(Bench(sql, store): Bench) {
        let now_ms = sql.sql.time(&mut sql.sql.read("test").await.unwrap()).await.unwrap();
        store.forget_due(now_ms + FORGOTTEN_MS - 60 * 60 * 1_000).await.unwrap();
        assert_eq!(store.take_due("one").await.unwrap().len(), 1, "not an hour before");
        store.forget_due(now_ms + FORGOTTEN_MS + 60_000).await.unwrap();
        assert!(store.take_due("two").await.unwrap().is_empty());
    }

    on_backends! {
        on_sqlite: async { Some(super::bench(super::TestSql::sqlite().await).await) },
        on_postgres: async { Some(super::bench(super::TestSql::postgres().await?).await) } => [
            each_call_is_taken_by_one_and_made_once,
            a_schedule_is_due_once_at_each_time,
            what_nobody_makes_is_forgotten_after_a_day,
        ]
    }
}
