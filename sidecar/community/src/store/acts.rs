//! What administrators have done: written before it is done, so that nothing is done that is not here.

use realmgate_platform::database::columns::{from_sql_ms, number, parsed, to_sql_ms};
use realmgate_platform::database::{SqlRow, SqlStore};
use realmgate_protocol::ids::AccountId;
use sqlx::Row;
use uuid::Uuid;

/// Acts that pages reach; older ones are before one of these.
const MOST_PAGED: i64 = 1_000;

/// Acts of administrators.
#[derive(Clone)]
pub struct ActStore(SqlStore);

/// An act that is about to be done.
#[derive(Debug, Clone)]
pub struct NewAct<'a> {
    /// Its id.
    pub id: Uuid,
    /// Who does it.
    pub account: AccountId,
    /// The method of the call.
    pub method: &'a str,
    /// The path of the call.
    pub path: &'a str,
    /// What was sent, without secrets.
    pub body: &'a str,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

/// An act.
#[derive(Debug, Clone)]
pub struct ActRow {
    /// Its id.
    pub id: Uuid,
    /// Who has done it.
    pub account: AccountId,
    /// The unique name of that one now; empty where the account is gone.
    pub username: String,
    /// The unique name of the user that the path names; empty where it names none, or the account is gone.
    pub subject: String,
    /// The method of the call.
    pub method: String,
    /// The path of the call.
    pub path: String,
    /// What was sent, without secrets.
    pub body: String,
    /// What was answered; 0 where that is not known.
    pub status: u16,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
}

impl ActRow {
    fn of(row: &SqlRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: parsed(row, "id")?,
            account: parsed(row, "account_id")?,
            username: row.try_get("username")?,
            subject: row.try_get("subject")?,
            method: row.try_get("method")?,
            path: row.try_get("path")?,
            body: row.try_get("body")?,
            status: number(row, "status")?,
            at_ms: from_sql_ms(row.try_get("at_ms")?),
        })
    }
}

impl ActStore {
    /// The acts of a database.
    pub fn new(sql: SqlStore) -> Self {
        Self(sql)
    }

    /// Records an act that is about to be done.
    ///
    /// # Errors
    /// When the database cannot be asked. Then it must not be done.
    pub async fn begin(&self, act: &NewAct<'_>) -> sqlx::Result<()> {
        let insert = "INSERT INTO admin_acts (id, account_id, method, path, body, status, at_ms)
                      VALUES ($1, $2, $3, $4, $5, 0, $6)";
        let insert = sqlx::query(insert).bind(act.id.to_string()).bind(act.account.to_string());
        let insert = insert.bind(act.method).bind(act.path).bind(act.body).bind(to_sql_ms(act.at_ms));
        insert.execute(&mut *self.0.write("begin_act").await?).await.map(|_| ())
    }

    /// Records what was answered.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn end(&self, id: Uuid, status: u16) -> sqlx::Result<()> {
        let end = sqlx::query("UPDATE admin_acts SET status = $2 WHERE id = $1");
        let end = end.bind(id.to_string()).bind(i64::from(status));
        end.execute(&mut *self.0.write("end_act").await?).await.map(|_| ())
    }

    /// A page of the acts, the newest first, and how many there are, up to 1,000; with `before`, of those before that act.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn list(&self, before: Option<Uuid>, limit: i64, offset: i64) -> sqlx::Result<(Vec<ActRow>, i64)> {
        let mut db = self.0.begin_read("list_acts").await?;
        // Ids are times in hexadecimal.
        let before = before.map_or_else(|| "g".to_owned(), |id| id.to_string());
        let rows =
            "SELECT a.id, a.account_id, COALESCE(p.username, '') AS username, COALESCE(s.username, '') AS subject,
                      a.method, a.path, a.body, a.status, a.at_ms
                    FROM admin_acts a LEFT JOIN profiles p ON p.account_id = a.account_id
                    LEFT JOIN profiles s ON a.path LIKE '/admin/users/%' AND s.account_id = SUBSTR(a.path, 14, 36)
                    WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2 OFFSET $3";
        let rows = match offset < MOST_PAGED {
            true => sqlx::query(rows).bind(&before).bind(limit).bind(offset).fetch_all(&mut *db).await?,
            false => Vec::new(),
        };
        let total = "SELECT COUNT(*) FROM (SELECT a.id FROM admin_acts a WHERE a.id < $1 ORDER BY a.id DESC LIMIT $2) AS counted";
        let total: i64 = sqlx::query_scalar(total).bind(&before).bind(MOST_PAGED).fetch_one(&mut *db).await?;
        Ok((rows.iter().map(ActRow::of).collect::<sqlx::Result<_>>()?, total))
    }
}
