//! What players are told of while they are away.

use realmgate_platform::database::columns::{from_sql_ms, parsed, to_sql_ms, undecodable};
use realmgate_platform::database::dialect::{Rows, lock_rows};
use realmgate_platform::database::{SqlConnection, SqlRow, SqlStore};
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use sqlx::Row;
use uuid::Uuid;

/// Notifications of an account that are kept: the newest.
const KEPT: i64 = 50;
/// Those of them that are of one other account.
const KEPT_OF_ONE: i64 = 10;
/// The columns of [`NotificationRow`]; `n` is the notification, `p` the sender's profile.
const SELECT: &str = "SELECT n.id, n.sender_id, n.recipient_id, n.title, n.content, n.metadata, n.created_at_ms, \
                      COALESCE(p.display_name, '') AS display_name, COALESCE(p.username, '') AS username \
                      FROM notifications n LEFT JOIN profiles p ON p.account_id = n.sender_id";

/// Notifications.
#[derive(Clone)]
pub struct NotificationStore(SqlStore);

/// A notification that is about to be made.
#[derive(Debug, Clone)]
pub struct NewNotification<'a> {
    /// From whom it is.
    pub sender: AccountId,
    /// For whom it is.
    pub recipient: AccountId,
    /// What it is about, in few words.
    pub title: &'a str,
    /// What it says.
    pub content: &'a str,
    /// What programs read.
    pub metadata: &'a Value,
    /// When it is made, in Unix milliseconds.
    pub at_ms: u64,
}

/// A notification.
#[derive(Debug, Clone)]
pub struct NotificationRow {
    /// Its id.
    pub id: Uuid,
    /// From whom it is.
    pub sender: AccountId,
    /// What its sender is called now.
    pub sender_name: String,
    /// For whom it is.
    pub recipient: AccountId,
    /// What it is about, in few words.
    pub title: String,
    /// What it says.
    pub content: String,
    /// What programs read.
    pub metadata: Map<String, Value>,
    /// When it was made, in Unix milliseconds.
    pub created_ms: u64,
}

impl NotificationRow {
    fn of(row: &SqlRow) -> sqlx::Result<Self> {
        let metadata: String = row.try_get("metadata")?;
        let (display_name, username): (String, String) = (row.try_get("display_name")?, row.try_get("username")?);
        Ok(Self {
            id: parsed(row, "id")?,
            sender: parsed(row, "sender_id")?,
            sender_name: if display_name.is_empty() { username } else { display_name },
            recipient: parsed(row, "recipient_id")?,
            title: row.try_get("title")?,
            content: row.try_get("content")?,
            metadata: serde_json::from_str(&metadata).map_err(undecodable)?,
            created_ms: from_sql_ms(row.try_get("created_at_ms")?),
        })
    }
}

impl NotificationStore {
    /// The notifications of a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Makes a notification. The one before of its sender with this title, which is its kind, and the oldest make room for it. Returns it,
    /// or `None` if the recipient is gone.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn insert(&self, new: NewNotification<'_>) -> sqlx::Result<Option<NotificationRow>> {
        let mut tx = self.0.begin_write("notify").await?;
        // Of several at once, each sees how many there are.
        lock_rows(&mut tx, Rows::Accounts, [new.recipient.to_string()]).await?;
        sqlx::query("DELETE FROM notifications WHERE recipient_id = $1 AND sender_id = $2 AND title = $3")
            .bind(new.recipient.to_string())
            .bind(new.sender.to_string())
            .bind(new.title)
            .execute(&mut *tx)
            .await?;
        let row = insert(&mut tx, new).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// An account's notifications, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn of(&self, recipient: AccountId) -> sqlx::Result<Vec<NotificationRow>> {
        let mut db = self.0.read("notifications").await?;
        let query = format!("{SELECT} WHERE n.recipient_id = $1 ORDER BY n.created_at_ms DESC, n.id DESC LIMIT $2");
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(recipient.to_string()).bind(KEPT);
        query.fetch_all(&mut *db).await?.iter().rev().map(NotificationRow::of).collect()
    }
}

/// Makes a notification for an account whose row is locked; the oldest, of its sender too, make room for it. Returns it, or `None` if the recipient
/// is gone.
pub(super) async fn insert(db: &mut SqlConnection, new: NewNotification<'_>) -> sqlx::Result<Option<NotificationRow>> {
    let (id, recipient) = (Uuid::now_v7().to_string(), new.recipient.to_string());
    let inserted = sqlx::query(
        "INSERT INTO notifications (id, sender_id, recipient_id, title, content, metadata, created_at_ms)
         SELECT $1, $2, id, $4, $5, $6, $7 FROM accounts WHERE id = $3 AND deleted_at_ms IS NULL",
    )
    .bind(&id)
    .bind(new.sender.to_string())
    .bind(&recipient)
    .bind(new.title)
    .bind(new.content)
    .bind(new.metadata.to_string())
    .bind(to_sql_ms(new.at_ms))
    .execute(&mut *db)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(None);
    }
    if new.sender != new.recipient {
        prune(db, &recipient, Some(&new.sender.to_string()), KEPT_OF_ONE).await?;
    }
    prune(db, &recipient, None, KEPT).await?;
    let query = sqlx::AssertSqlSafe(format!("{SELECT} WHERE n.id = $1"));
    let row = sqlx::query(query).bind(&id).fetch_one(&mut *db).await?;
    NotificationRow::of(&row).map(Some)
}

/// Deletes all but the newest, or all of a sender's but its newest.
async fn prune(db: &mut SqlConnection, recipient: &str, sender: Option<&str>, kept: i64) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM notifications WHERE recipient_id = $1 AND ($3 = '' OR sender_id = $3) AND id NOT IN
         (SELECT id FROM notifications WHERE recipient_id = $1 AND ($3 = '' OR sender_id = $3)
          ORDER BY created_at_ms DESC, id DESC LIMIT $2)",
    )
    .bind(recipient)
    .bind(kept)
    .bind(sender.unwrap_or_default())
    .execute(db)
    .await
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use realmgate_platform::testing::{TestSql, on_backends};

    use super::*;

    const ANN: AccountId = AccountId([1; 16]);
    const BEN: AccountId = AccountId([2; 16]);
    const CID: AccountId = AccountId([3; 16]);

    struct Bench {
        store: NotificationStore,
        _sql: TestSql,
    }

    async fn bench(sql: TestSql) -> Bench {
        let mut tx = sql.sql.begin_write("test").await.unwrap();
        for account in [ANN, BEN, CID] {
            let insert = "INSERT INTO accounts (id, created_at_ms) VALUES ($1, 0)";
            sqlx::query(insert).bind(account.to_string()).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        Bench { store: NotificationStore::new(sql.sql.clone()), _sql: sql }
    }

    impl Bench {
        /// Sends a notification to Ann: as a script does, or as what players do.
        async fn send(&self, sender: AccountId, title: &str, at_ms: u64, by_script: bool) {
            let metadata = &serde_json::json!({});
            let new = NewNotification { sender, recipient: ANN, title, content: "", metadata, at_ms };
            if by_script {
                let mut tx = self.store.0.begin_write("test").await.unwrap();
                insert(&mut tx, new).await.unwrap().unwrap();
                tx.commit().await.unwrap();
            } else {
                self.store.insert(new).await.unwrap().unwrap();
            }
        }

        /// What Ann is told when she comes back, the oldest first.
        async fn titles(&self) -> Vec<String> {
            self.store.of(ANN).await.unwrap().into_iter().map(|row| row.title).collect()
        }
    }

    async fn one_sender_has_one_of_a_kind(bench: Bench) {
        for (at_ms, sender, title) in
            [(1, BEN, "request"), (2, CID, "request"), (3, BEN, "kicked"), (4, BEN, "request")]
        {
            bench.send(sender, title, at_ms, false).await;
        }
        let kept = bench.store.of(ANN).await.unwrap();
        let kept: Vec<_> = kept.iter().map(|row| (row.created_ms, row.sender)).collect();
        assert_eq!(kept, [(2, CID), (3, BEN), (4, BEN)]);
    }

    async fn one_sender_pushes_out_its_own_alone(bench: Bench) {
        bench.send(CID, "from cid", 0, true).await;
        for number in 1..=60 {
            bench.send(BEN, &format!("from ben {number}"), number, true).await;
        }
        let last: Vec<String> = (51..=60).map(|number| format!("from ben {number}")).collect();
        assert_eq!(bench.titles().await, [&["from cid".to_owned()], &last[..]].concat());
        for number in 61..=120 {
            bench.send(ANN, &format!("from herself {number}"), number, true).await;
        }
        assert_eq!(bench.titles().await.len(), 50, "her own have no smaller share");
    }

    on_backends! {
        on_sqlite: async { Some(super::bench(super::TestSql::sqlite().await).await) },
        on_postgres: async { Some(super::bench(super::TestSql::postgres().await?).await) } => [
            one_sender_has_one_of_a_kind,
            one_sender_pushes_out_its_own_alone,
        ]
    }
}
