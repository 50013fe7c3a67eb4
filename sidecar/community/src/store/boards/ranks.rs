//! Ranks, pages and windows of a board, from its blocks.

use realmgate_platform::database::SqlConnection;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::places::Place;
use super::rows::{Owner, RECORD, RecordRow};
use super::{BoardStore, blocks};

/// Records that follow each other.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The records, best first.
    pub rows: Vec<RecordRow>,
    /// The rank of the first of them.
    pub first: i64,
    /// Records of the whole board.
    pub total: i64,
}

impl BoardStore {
    /// The rank of a place: 1 and how many records are ahead of it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn rank(&self, board: Uuid, place: &Place) -> sqlx::Result<i64> {
        let mut db = self.sql.begin_read("rank").await?;
        let rank = 1 + ahead(&mut db, board, place).await?;
        db.commit().await?;
        Ok(rank)
    }

    /// The records from a rank on.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn page(&self, board: Uuid, first: i64, limit: i64) -> sqlx::Result<Standing> {
        let mut db = self.sql.begin_read("records_page").await?;
        let standing = page(&mut db, board, first, limit).await?;
        db.commit().await?;
        Ok(standing)
    }

    /// The records after a place, whether or not a record stands there still.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn after(&self, board: Uuid, place: &Place, limit: i64) -> sqlx::Result<Standing> {
        let mut db = self.sql.begin_read("records_after").await?;
        let query = format!(
            "SELECT {RECORD} WHERE r.leaderboard_id = $1 AND (r.points, r.tie) > ($2, $3) \
             ORDER BY r.points, r.tie LIMIT $4"
        );
        let rows = sqlx::query(AssertSqlSafe(query)).bind(board.to_string()).bind(place.points);
        let rows = rows.bind(place.tie.clone()).bind(limit).fetch_all(&mut *db).await?;
        let rows = rows.iter().map(RecordRow::of).collect::<sqlx::Result<Vec<_>>>()?;
        let total = total(&mut db, board).await?;
        let first = match rows.first() {
            Some(row) => 1 + ahead(&mut db, board, &row.place).await?,
            None => 1 + total,
        };
        db.commit().await?;
        Ok(Standing { rows, first, total })
    }

    /// Up to `limit` records around that of an owner: half of them ahead of it. `None` if it has none.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn around(&self, board: Uuid, owner: &Owner, limit: i64) -> sqlx::Result<Option<Standing>> {
        let mut db = self.sql.begin_read("records_around").await?;
        let own = "SELECT points, tie FROM leaderboard_records WHERE leaderboard_id = $1 AND owner = $2";
        let own = sqlx::query(own).bind(board.to_string()).bind(owner.to_string()).fetch_optional(&mut *db).await?;
        let Some(own) = own else { return Ok(None) };
        let own = Place { points: own.try_get("points")?, tie: own.try_get("tie")? };
        let rank = 1 + ahead(&mut db, board, &own).await?;
        let standing = page(&mut db, board, window(rank, limit), limit).await?;
        db.commit().await?;
        Ok(Some(standing))
    }

    /// Places of a board in order, from the one after `last` on.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn places(&self, board: Uuid, last: &Place, limit: i64) -> sqlx::Result<Vec<Place>> {
        let mut db = self.sql.read("leaderboard_places").await?;
        let query = "SELECT points, tie FROM leaderboard_records WHERE leaderboard_id = $1 AND (points, tie) > ($2, $3) \
                     ORDER BY points, tie LIMIT $4";
        let rows: Vec<(i64, String)> = sqlx::query_as(query)
            .bind(board.to_string())
            .bind(last.points)
            .bind(last.tie.clone())
            .bind(limit)
            .fetch_all(&mut *db)
            .await?;
        Ok(rows.into_iter().map(|(points, tie)| Place { points, tie }).collect())
    }
}

/// The rank at which the window around another begins.
pub fn window(rank: i64, limit: i64) -> i64 {
    (rank - limit / 2).max(1)
}

/// How many records are ahead of a place.
async fn ahead(db: &mut SqlConnection, board: Uuid, place: &Place) -> sqlx::Result<i64> {
    let block = blocks::find(db, board, place, "").await?.begins;
    sqlx::query_scalar(
        "SELECT CAST((SELECT COALESCE(SUM(size), 0) FROM leaderboard_blocks \
                      WHERE leaderboard_id = $1 AND (points, tie) < ($2, $3)) \
                   + (SELECT COUNT(*) FROM leaderboard_records \
                      WHERE leaderboard_id = $1 AND (points, tie) >= ($2, $3) AND (points, tie) < ($4, $5)) AS BIGINT)",
    )
    .bind(board.to_string())
    .bind(block.points)
    .bind(block.tie)
    .bind(place.points)
    .bind(place.tie.clone())
    .fetch_one(db)
    .await
}

async fn total(db: &mut SqlConnection, board: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM leaderboard_blocks WHERE leaderboard_id = $1",
    )
    .bind(board.to_string())
    .fetch_one(db)
    .await
}

async fn page(db: &mut SqlConnection, board: Uuid, first: i64, limit: i64) -> sqlx::Result<Standing> {
    let skipped = first - 1;
    let total = total(db, board).await?;
    if skipped >= total {
        return Ok(Standing { rows: Vec::new(), first, total });
    }
    // The last block that does not begin beyond the first record of the page.
    let block = sqlx::query(
        "SELECT points, tie, before FROM \
           (SELECT points, tie, CAST(SUM(size) OVER (ORDER BY points, tie) - size AS BIGINT) AS before \
            FROM leaderboard_blocks WHERE leaderboard_id = $1) AS sums \
         WHERE before <= $2 ORDER BY before DESC, points DESC, tie DESC LIMIT 1",
    );
    let block = block.bind(board.to_string()).bind(skipped).fetch_one(&mut *db).await?;
    let (points, tie): (i64, String) = (block.try_get("points")?, block.try_get("tie")?);
    let within = skipped - block.try_get::<i64, _>("before")?;
    let query = format!(
        "SELECT {RECORD} WHERE r.leaderboard_id = $1 AND (r.points, r.tie) >= ($2, $3) \
         ORDER BY r.points, r.tie LIMIT $4 OFFSET $5"
    );
    let rows = sqlx::query(AssertSqlSafe(query)).bind(board.to_string()).bind(points).bind(tie);
    let rows = rows.bind(limit).bind(within).fetch_all(db).await?;
    Ok(Standing { rows: rows.iter().map(RecordRow::of).collect::<sqlx::Result<_>>()?, first, total })
}
