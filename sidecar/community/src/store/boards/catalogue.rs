//! Boards: made, found, changed, and deleted with all their records.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, to_sql_ms};
use realmgate_platform::database::dialect::Dialect;
use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::rows::{BOARD, Board, Operator, SortOrder};
use super::{BoardStore, blocks};

/// Where the active season of the slug $1 is at $2: begun, not ended, and of several the one made last.
pub(super) const ACTIVE: &str = "FROM leaderboards WHERE slug = $1 AND deleted_at_ms IS NULL \
                                 AND (starts_at_ms IS NULL OR starts_at_ms <= $2) \
                                 AND (ends_at_ms IS NULL OR ends_at_ms > $2) \
                                 ORDER BY created_at_ms DESC, id DESC LIMIT 1";
/// Records that one transaction deletes with their board.
const DELETED_AT_ONCE: i64 = 2_000;

/// A board to be made.
#[derive(Debug, Clone)]
pub struct NewBoard<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub order: SortOrder,
    pub operator: Operator,
    pub starts_at_ms: Option<u64>,
    pub ends_at_ms: Option<u64>,
    pub metadata: &'a Map<String, Value>,
    /// When its season began, for a board that designers declare; 0 for one without seasons.
    pub season: Option<u64>,
}

/// What is changed of a board; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct BoardChange {
    pub title: Option<String>,
    pub description: Option<String>,
    pub starts_at_ms: Option<Option<u64>>,
    pub ends_at_ms: Option<Option<u64>>,
    pub metadata: Option<Map<String, Value>>,
}

/// Which boards are listed.
#[derive(Debug, Clone, Default)]
pub struct BoardFilter {
    pub slug: Option<String>,
    pub active: Option<bool>,
    pub starts_after_ms: Option<u64>,
    pub starts_before_ms: Option<u64>,
    pub ends_after_ms: Option<u64>,
    pub ends_before_ms: Option<u64>,
    /// Newest first, rather than by their ends.
    pub by_age: bool,
}

impl BoardFilter {
    /// The condition, with the slug as $1. Times are numbers, so they stand in it as they are.
    fn condition(&self, now_ms: u64) -> String {
        let mut all = vec!["deleted_at_ms IS NULL AND ($1 = '' OR slug = $1)".to_owned()];
        match self.active {
            Some(true) => all.push(format!("(ends_at_ms IS NULL OR ends_at_ms > {now_ms})")),
            Some(false) => all.push(format!("ends_at_ms <= {now_ms}")),
            None => {}
        }
        let bounds = [
            ("starts_at_ms >=", self.starts_after_ms),
            ("starts_at_ms <=", self.starts_before_ms),
            ("ends_at_ms >=", self.ends_after_ms),
            ("ends_at_ms <=", self.ends_before_ms),
        ];
        all.extend(bounds.into_iter().filter_map(|(bound, at)| at.map(|at| format!("{bound} {}", to_sql_ms(at)))));
        all.join(" AND ")
    }
}

impl BoardStore {
    /// The boards that a filter lets pass, and how many there are in all.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn list(
        &self,
        filter: &BoardFilter,
        now_ms: u64,
        limit: i64,
        offset: i64,
    ) -> sqlx::Result<(Vec<Board>, i64)> {
        let slug = filter.slug.clone().unwrap_or_default();
        let condition = filter.condition(now_ms);
        let order = match filter.by_age {
            true => "created_at_ms DESC, id DESC",
            false => "CASE WHEN ends_at_ms IS NULL THEN 0 ELSE 1 END, ends_at_ms DESC, created_at_ms DESC, id DESC",
        };
        let rows = format!("SELECT {BOARD} FROM leaderboards WHERE {condition} ORDER BY {order} LIMIT $2 OFFSET $3");
        let mut db = self.sql.begin_read("list_leaderboards").await?;
        let rows = sqlx::query(AssertSqlSafe(rows)).bind(slug.clone()).bind(limit).bind(offset);
        let rows = rows.fetch_all(&mut *db).await?;
        let total = format!("SELECT COUNT(*) FROM leaderboards WHERE {condition}");
        let total: i64 = sqlx::query_scalar(AssertSqlSafe(total)).bind(slug).fetch_one(&mut *db).await?;
        db.commit().await?;
        Ok((rows.iter().map(Board::of).collect::<sqlx::Result<_>>()?, total))
    }

    /// The board with this id.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn find(&self, id: Uuid) -> sqlx::Result<Option<Board>> {
        find(&mut *self.sql.read("find_leaderboard").await?, id, "").await
    }

    /// The active season of a slug: begun, not ended, and of several the one made last.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn active(&self, slug: &str, now_ms: u64) -> sqlx::Result<Option<Board>> {
        let mut db = self.sql.read("active_leaderboard").await?;
        let row = sqlx::query(AssertSqlSafe(format!("SELECT {BOARD} {ACTIVE}")))
            .bind(slug.to_owned())
            .bind(to_sql_ms(now_ms));
        row.fetch_optional(&mut *db).await?.as_ref().map(Board::of).transpose()
    }

    /// The board of a declared slug's season.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn season(&self, slug: &str, began_ms: u64) -> sqlx::Result<Option<Board>> {
        let mut db = self.sql.read("leaderboard_season").await?;
        let query = format!("SELECT {BOARD} FROM leaderboards WHERE slug = $1 AND season = $2");
        let row = sqlx::query(AssertSqlSafe(query)).bind(slug.to_owned()).bind(to_sql_ms(began_ms));
        row.fetch_optional(&mut *db).await?.as_ref().map(Board::of).transpose()
    }

    /// Makes a board. Returns `None`, and makes none, if it is of a season that has one.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn create(&self, new: &NewBoard<'_>, at_ms: u64) -> sqlx::Result<Option<Board>> {
        let mut tx = self.sql.begin_write("create_leaderboard").await?;
        let id = Uuid::now_v7();
        let done = sqlx::query(
            "INSERT INTO leaderboards (id, slug, title, description, sort_order, operator, starts_at_ms, ends_at_ms,
                 metadata, season, created_at_ms, updated_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) ON CONFLICT DO NOTHING",
        )
        .bind(id.to_string())
        .bind(new.slug.to_owned())
        .bind(new.title.to_owned())
        .bind(new.description.to_owned())
        .bind(new.order.as_str())
        .bind(new.operator.as_str())
        .bind(new.starts_at_ms.map(to_sql_ms))
        .bind(new.ends_at_ms.map(to_sql_ms))
        .bind(Value::Object(new.metadata.clone()).to_string())
        .bind(new.season.map(to_sql_ms))
        .bind(to_sql_ms(at_ms))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        blocks::begin(&mut tx, id).await?;
        let made = find(&mut tx, id, "").await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Changes a board. `accept` sees it as it would be, and may refuse. Returns the board, or `None` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn change<R>(
        &self,
        id: Uuid,
        change: BoardChange,
        accept: impl FnOnce(&Board) -> Result<(), R>,
        at_ms: u64,
    ) -> sqlx::Result<Option<Result<Board, R>>> {
        let mut tx = self.sql.begin_write("change_leaderboard").await?;
        // Alone: a score that is under way counts before this, or not at all.
        let suffix = Dialect::of(&tx).for_update();
        let Some(mut board) = find(&mut tx, id, suffix).await? else { return Ok(None) };
        board.title = change.title.unwrap_or(board.title);
        board.description = change.description.unwrap_or(board.description);
        board.starts_at_ms = change.starts_at_ms.unwrap_or(board.starts_at_ms);
        board.ends_at_ms = change.ends_at_ms.unwrap_or(board.ends_at_ms);
        board.metadata = change.metadata.unwrap_or(board.metadata);
        board.updated_at_ms = at_ms;
        if let Err(refused) = accept(&board) {
            return Ok(Some(Err(refused)));
        }
        sqlx::query(
            "UPDATE leaderboards SET title = $2, description = $3, starts_at_ms = $4, ends_at_ms = $5, metadata = $6,
                 updated_at_ms = $7 WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(board.title.clone())
        .bind(board.description.clone())
        .bind(board.starts_at_ms.map(to_sql_ms))
        .bind(board.ends_at_ms.map(to_sql_ms))
        .bind(Value::Object(board.metadata.clone()).to_string())
        .bind(to_sql_ms(at_ms))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Some(Ok(board)))
    }

    /// Deletes a board, with its records. From the first statement on nobody finds it. Returns `false` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked; then [`BoardStore::finish_deletions`] does the rest.
    pub async fn delete(&self, id: Uuid, at_ms: u64) -> sqlx::Result<bool> {
        let mut db = self.sql.write("delete_leaderboard").await?;
        let gone = "UPDATE leaderboards SET deleted_at_ms = $2, season = NULL WHERE id = $1 AND deleted_at_ms IS NULL";
        let gone = sqlx::query(gone).bind(id.to_string()).bind(to_sql_ms(at_ms)).execute(&mut *db).await?;
        drop(db);
        if gone.rows_affected() == 0 {
            return Ok(false);
        }
        self.delete_rows(id).await?;
        Ok(true)
    }

    /// Ends the deletions that another process has begun and not ended.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn finish_deletions(&self) -> sqlx::Result<()> {
        let query = "SELECT id FROM leaderboards WHERE deleted_at_ms IS NOT NULL";
        let ids: Vec<String> =
            sqlx::query_scalar(query).fetch_all(&mut *self.sql.read("deleted_leaderboards").await?).await?;
        for id in ids {
            self.delete_rows(parse_id("leaderboards.id", &id)?).await?;
        }
        Ok(())
    }

    async fn delete_rows(&self, id: Uuid) -> sqlx::Result<()> {
        let some = "DELETE FROM leaderboard_records WHERE id IN \
                    (SELECT id FROM leaderboard_records WHERE leaderboard_id = $1 LIMIT $2)";
        loop {
            let mut db = self.sql.write("delete_records").await?;
            let done = sqlx::query(some).bind(id.to_string()).bind(DELETED_AT_ONCE).execute(&mut *db).await?;
            if done.rows_affected() == 0 {
                break;
            }
        }
        let mut tx = self.sql.begin_write("delete_leaderboard").await?;
        for rest in [
            "DELETE FROM leaderboard_index_due WHERE leaderboard_id = $1",
            "DELETE FROM leaderboard_blocks WHERE leaderboard_id = $1",
            "DELETE FROM leaderboards WHERE id = $1",
        ] {
            sqlx::query(rest).bind(id.to_string()).execute(&mut *tx).await?;
        }
        tx.commit().await
    }
}

/// The board with this id; `suffix` may lock its row.
pub(super) async fn find(db: &mut SqlConnection, id: Uuid, suffix: &str) -> sqlx::Result<Option<Board>> {
    let query = format!("SELECT {BOARD} FROM leaderboards WHERE id = $1 AND deleted_at_ms IS NULL{suffix}");
    let row = sqlx::query(AssertSqlSafe(query)).bind(id.to_string()).fetch_optional(db).await?;
    row.as_ref().map(Board::of).transpose()
}
