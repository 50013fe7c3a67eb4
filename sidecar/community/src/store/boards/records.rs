//! Records that are found, changed field by field and removed, in SQL.

use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::Dialect;
use realmgate_platform::database::retry::retried;
use realmgate_platform::database::rows::fetch_in;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::catalogue::ACTIVE;
use super::places::Place;
use super::rows::{Owner, RECORD, RecordRow};
use super::submit::Moved;
use super::{BoardStore, blocks, catalogue};

/// Records of a user, or deleted users, that are read at once to be removed.
const REMOVAL_BATCH: i64 = 100;

impl BoardStore {
    /// The record that an owner has on a board; none on one that is deleted.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn record_of(&self, board: Uuid, owner: &Owner) -> sqlx::Result<Option<RecordRow>> {
        let mut db = self.sql.read("find_record").await?;
        let query = format!(
            "SELECT {RECORD} WHERE r.leaderboard_id = $1 AND r.owner = $2 \
             AND EXISTS (SELECT 1 FROM leaderboards b WHERE b.id = $1 AND b.deleted_at_ms IS NULL)"
        );
        let row = sqlx::query(AssertSqlSafe(query)).bind(board.to_string()).bind(owner.to_string());
        row.fetch_optional(&mut *db).await?.as_ref().map(RecordRow::of).transpose()
    }

    /// The record that an owner has on the active season of a slug.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn record_of_season(&self, slug: &str, now_ms: u64, owner: &Owner) -> sqlx::Result<Option<RecordRow>> {
        let mut db = self.sql.read("find_record_of_season").await?;
        let query = format!("SELECT {RECORD} WHERE r.leaderboard_id = (SELECT id {ACTIVE}) AND r.owner = $3");
        let row = sqlx::query(AssertSqlSafe(query)).bind(slug.to_owned()).bind(to_sql_ms(now_ms));
        let row = row.bind(owner.to_string()).fetch_optional(&mut *db).await?;
        row.as_ref().map(RecordRow::of).transpose()
    }

    /// The records of a board with these ids, best first.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn records(&self, board: Uuid, ids: impl IntoIterator<Item = Uuid>) -> sqlx::Result<Vec<RecordRow>> {
        let mut db = self.sql.read("find_records").await?;
        let query = format!("SELECT {RECORD} WHERE r.id IN");
        let rows = fetch_in(&mut db, &query, ids.into_iter().map(|id| id.to_string())).await?;
        let mut rows = rows.iter().map(RecordRow::of).collect::<sqlx::Result<Vec<_>>>()?;
        rows.retain(|row| row.board == board);
        rows.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        Ok(rows)
    }

    /// Sets the score and metadata of a record; `None` stays. Returns `None` if there is no such record.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn edit_record(
        &self,
        board: Uuid,
        id: Uuid,
        score: Option<i64>,
        metadata: Option<Map<String, Value>>,
        at_ms: u64,
    ) -> sqlx::Result<Option<Moved>> {
        retried!("edit_record", async {
            let mut tx = self.sql.begin_write("edit_record").await?;
            let dialect = Dialect::of(&tx);
            let Some(board) = catalogue::find(&mut tx, board, dialect.for_key_share()).await? else { return Ok(None) };
            let suffix = if dialect == Dialect::Sqlite { "" } else { " FOR UPDATE OF r" };
            let query = format!("SELECT {RECORD} WHERE r.leaderboard_id = $1 AND r.id = $2{suffix}");
            let row = sqlx::query(AssertSqlSafe(query)).bind(board.id.to_string()).bind(id.to_string());
            let Some(row) = row.fetch_optional(&mut *tx).await? else { return Ok(None) };
            let there = RecordRow::of(&row)?;
            let score = score.unwrap_or(there.score);
            let metadata = metadata.clone().unwrap_or_else(|| there.metadata.clone());
            let moved = self.write(&mut tx, &board, there, score, metadata, at_ms).await?;
            tx.commit().await?;
            Ok(Some(moved))
        })
    }

    /// Removes a record. Returns where it stood and which block has become too small; `None` if there is no such record.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn remove_record(
        &self,
        board: Uuid,
        id: Uuid,
        at_ms: u64,
    ) -> sqlx::Result<Option<(Place, Option<Place>)>> {
        retried!("remove_record", async {
            let mut tx = self.sql.begin_write("remove_record").await?;
            let suffix = Dialect::of(&tx).for_key_share();
            if catalogue::find(&mut tx, board, suffix).await?.is_none() {
                return Ok(None);
            }
            let gone = "DELETE FROM leaderboard_records WHERE id = $1 AND leaderboard_id = $2 RETURNING points, tie";
            let gone: Option<(i64, String)> =
                sqlx::query_as(gone).bind(id.to_string()).bind(board.to_string()).fetch_optional(&mut *tx).await?;
            let Some((points, tie)) = gone else { return Ok(None) };
            let place = Place { points, tie };
            let thin = blocks::count(&mut tx, board, Some(&place), None, self.block).await?;
            self.note_due(&mut tx, board, id, &place.tie, at_ms).await?;
            tx.commit().await?;
            Ok(Some((place, thin)))
        })
    }

    /// The next records of an account that is to have none: boards and ids, a batch at a time.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn records_to_remove(&self, account: AccountId) -> sqlx::Result<Vec<(Uuid, Uuid)>> {
        let query = "SELECT r.leaderboard_id, r.id FROM leaderboard_records r \
                     JOIN leaderboards b ON b.id = r.leaderboard_id \
                     WHERE r.user_id = $1 AND b.deleted_at_ms IS NULL ORDER BY r.id LIMIT $2";
        let mut db = self.sql.read("records_of_user").await?;
        let rows: Vec<(String, String)> =
            sqlx::query_as(query).bind(account.to_string()).bind(REMOVAL_BATCH).fetch_all(&mut *db).await?;
        rows.iter().map(|(board, id)| Ok((parse_id("leaderboard_id", board)?, parse_id("id", id)?))).collect()
    }

    /// The next deleted accounts that have records: whose deletion was not ended, or who were given one meanwhile.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn deleted_owners_to_clear(&self) -> sqlx::Result<Vec<AccountId>> {
        let query = "SELECT a.id FROM accounts a WHERE a.deleted_at_ms IS NOT NULL AND EXISTS \
                     (SELECT 1 FROM leaderboard_records r WHERE r.user_id = a.id) ORDER BY a.id LIMIT $1";
        let mut db = self.sql.read("deleted_owners").await?;
        let ids: Vec<String> = sqlx::query_scalar(query).bind(REMOVAL_BATCH).fetch_all(&mut *db).await?;
        ids.iter().map(|id| parse_id("accounts.id", id)).collect()
    }
}
