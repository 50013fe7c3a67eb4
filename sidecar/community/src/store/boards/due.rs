//! Records whose place the index beside the database may not know yet.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::rows::{Statement, Values};
use uuid::Uuid;

use super::BoardStore;

/// A record that has changed.
#[derive(Debug, Clone)]
pub struct Due {
    pub record: Uuid,
    pub board: Uuid,
    pub tie: String,
    /// Of its last change.
    pub mark: String,
    /// Where it stands now; `None` if it is gone.
    pub points: Option<i64>,
}

/// Notes a change.
pub(super) async fn note(db: &mut SqlConnection, board: Uuid, record: Uuid, tie: &str, at_ms: u64) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO leaderboard_index_due (record_id, leaderboard_id, tie, mark, at_ms) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (record_id) DO UPDATE SET mark = excluded.mark, at_ms = excluded.at_ms",
    )
    .bind(record.to_string())
    .bind(board.to_string())
    .bind(tie.to_owned())
    .bind(Uuid::new_v4().to_string())
    .bind(to_sql_ms(at_ms))
    .execute(db)
    .await
    .map(|_| ())
}

impl BoardStore {
    /// The changes of before a time, oldest first, each with where its record stands now.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn due(&self, before_ms: u64, limit: i64) -> sqlx::Result<Vec<Due>> {
        let mut db = self.sql.read("index_due").await?;
        let query = "SELECT d.record_id, d.leaderboard_id, d.tie, d.mark, r.points FROM leaderboard_index_due d \
                     LEFT JOIN leaderboard_records r ON r.id = d.record_id \
                     WHERE d.at_ms <= $1 ORDER BY d.at_ms LIMIT $2";
        let rows: Vec<(String, String, String, String, Option<i64>)> =
            sqlx::query_as(query).bind(to_sql_ms(before_ms)).bind(limit).fetch_all(&mut *db).await?;
        let due = |(record, board, tie, mark, points): (String, String, String, String, Option<i64>)| {
            let (record, board) = (parse_id("record_id", &record)?, parse_id("leaderboard_id", &board)?);
            Ok(Due { record, board, tie, mark, points })
        };
        rows.into_iter().map(due).collect()
    }

    /// Forgets changes, unless their records have changed again.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn forget_due(&self, done: &[Due]) -> sqlx::Result<()> {
        const FORGET: Values = Values {
            before: "WITH done (record, mark) AS (",
            columns: 2,
            after: ") DELETE FROM leaderboard_index_due WHERE EXISTS (SELECT 1 FROM done WHERE \
                    done.record = leaderboard_index_due.record_id AND done.mark = leaderboard_index_due.mark)",
        };
        let mut db = self.sql.write("forget_index_due").await?;
        let bind = |statement: Statement, due: &Due| statement.bind(due.record.to_string()).bind(due.mark.clone());
        FORGET.execute(&mut db, done, bind).await.map(|_| ())
    }
}
