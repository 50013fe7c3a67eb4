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
