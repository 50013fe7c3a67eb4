//! Counts of records, one for each stretch of a board.
//!
//! A board is cut into blocks: each is a row with the place where it begins and how many records stand in it, up to where the
//! next one begins. The first begins before all. Every change of a record changes the counts in its own transaction, so the
//! sum of the blocks before a place and a count within one block is exactly how many records are ahead of it.
//!
//! Whoever changes what stands in a block, or where it ends, has the lock of its row. Locks are taken upwards. A block that
//! grows too large is split at once, under its lock; one that becomes too small is joined with the one before it in a
//! transaction of its own.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::dialect::Dialect;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::places::Place;

/// Most records of a block; twice as many as one has after a split. A rank reads a row for each block before it, and counts
/// within one block: of a million records some 1,500 rows, and 1,000 at most.
pub(super) const MAX_RECORDS: i64 = 1_024;

/// A block as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) begins: Place,
    pub(super) size: i64,
}

/// The first block of a new board.
pub(super) async fn begin(db: &mut SqlConnection, board: Uuid) -> sqlx::Result<()> {
    insert(db, board, &Place::before_all(), 0).await
}

/// Counts a record that goes from one place to another, or comes, or goes. Call it once the record itself is written. Returns
/// a block that has become too small, if any.
pub(super) async fn count(
    db: &mut SqlConnection,
    board: Uuid,
    from: Option<&Place>,
    to: Option<&Place>,
    most: i64,
) -> sqlx::Result<Option<Place>> {
    let mut places: Vec<&Place> = from.into_iter().chain(to).collect();
    places.sort_unstable();
    let blocks = locked(db, board, &places).await?;
    let block_of = |place: Option<&Place>| {
        let index = places.iter().position(|other| Some(*other) == place)?;
        blocks.get(index)
    };
    let (left, entered) = (block_of(from), block_of(to));
    if left == entered {
        return Ok(None);
    }
    let mut thin = None;
    if let Some(block) = left {
        add(db, board, &block.begins, -1).await?;
        let is_thin = block.size - 1 < most / 8 && block.begins != Place::before_all();
        thin = is_thin.then(|| block.begins.clone());
    }
    if let Some(block) = entered {
        add(db, board, &block.begins, 1).await?;
        if block.size + 1 > most {
            split(db, board, &Block { size: block.size + 1, ..block.clone() }).await?;
        }
    }
    Ok(thin)
}

/// The block in which a place is.
pub(super) async fn find(db: &mut SqlConnection, board: Uuid, place: &Place, suffix: &str) -> sqlx::Result<Block> {
    let query = format!(
        "SELECT points, tie, size FROM leaderboard_blocks WHERE leaderboard_id = $1 AND (points, tie) <= ($2, $3) \
         ORDER BY points DESC, tie DESC LIMIT 1{suffix}"
    );
    let row = sqlx::query(AssertSqlSafe(query)).bind(board.to_string()).bind(place.points).bind(place.tie.clone());
    let row = row.fetch_one(db).await?;
    let begins = Place { points: row.try_get("points")?, tie: row.try_get("tie")? };
    Ok(Block { begins, size: row.try_get("size")? })
}

/// Joins a block with the one before it, if that does not make too large a one.
pub(super) async fn join(db: &mut SqlConnection, board: Uuid, begins: &Place, most: i64) -> sqlx::Result<()> {
    let Some(before) = before(db, board, begins).await? else { return Ok(()) };
    let blocks = locked(db, board, &[&before, begins]).await?;
    let [low, high] = &blocks[..] else { return Ok(()) };
    // Somebody else may have split or joined them meanwhile.
    if high.begins != *begins || low.begins != before || low.size + high.size > most / 2 {
        return Ok(());
    }
    sqlx::query("DELETE FROM leaderboard_blocks WHERE leaderboard_id = $1 AND points = $2 AND tie = $3")
        .bind(board.to_string())
        .bind(begins.points)
        .bind(begins.tie.clone())
        .execute(&mut *db)
        .await?;
    add(db, board, &before, high.size).await
}

/// The blocks of these places, which are sorted, with their locks. What was read is what is there until the transaction
/// ends: while a lock was waited for, its holder may have split or joined blocks.
async fn locked(db: &mut SqlConnection, board: Uuid, places: &[&Place]) -> sqlx::Result<Vec<Block>> {
    let dialect = Dialect::of(db);
    loop {
        let mut found = Vec::with_capacity(places.len());
        for place in places {
            let block = match find(db, board, place, dialect.for_update()).await {
                // It was joined with another while its lock was waited for.
                Err(sqlx::Error::RowNotFound) => break,
                block => block?,
            };
            found.push(block);
        }
        if dialect == Dialect::Sqlite {
            return Ok(found);
        }
        let mut now = Vec::with_capacity(places.len());
        for place in places {
            now.push(find(db, board, place, "").await?);
        }
        if now == found {
            return Ok(found);
        }
    }
}

/// Where the block before this one begins.
async fn before(db: &mut SqlConnection, board: Uuid, begins: &Place) -> sqlx::Result<Option<Place>> {
    let row = sqlx::query(
        "SELECT points, tie FROM leaderboard_blocks WHERE leaderboard_id = $1 AND (points, tie) < ($2, $3) \
         ORDER BY points DESC, tie DESC LIMIT 1",
    );
    let row = row.bind(board.to_string()).bind(begins.points).bind(begins.tie.clone()).fetch_optional(db).await?;
    row.map(|row| Ok(Place { points: row.try_get("points")?, tie: row.try_get("tie")? })).transpose()
}

/// Splits a block, whose lock the transaction has, in its middle.
async fn split(db: &mut SqlConnection, board: Uuid, block: &Block) -> sqlx::Result<()> {
    let stays = block.size / 2;
    let row = sqlx::query(
        "SELECT points, tie FROM leaderboard_records WHERE leaderboard_id = $1 AND (points, tie) >= ($2, $3) \
         ORDER BY points, tie LIMIT 1 OFFSET $4",
    );
    let row = row.bind(board.to_string()).bind(block.begins.points).bind(block.begins.tie.clone()).bind(stays);
    let row = row.fetch_one(&mut *db).await?;
    let middle = Place { points: row.try_get("points")?, tie: row.try_get("tie")? };
    add(db, board, &block.begins, stays - block.size).await?;
    insert(db, board, &middle, block.size - stays).await
}

async fn insert(db: &mut SqlConnection, board: Uuid, begins: &Place, size: i64) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO leaderboard_blocks (leaderboard_id, points, tie, size) VALUES ($1, $2, $3, $4)")
        .bind(board.to_string())
        .bind(begins.points)
        .bind(begins.tie.clone())
        .bind(size)
        .execute(db)
        .await
        .map(|_| ())
}

async fn add(db: &mut SqlConnection, board: Uuid, begins: &Place, by: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE leaderboard_blocks SET size = size + $4 WHERE leaderboard_id = $1 AND points = $2 AND tie = $3")
        .bind(board.to_string())
        .bind(begins.points)
        .bind(begins.tie.clone())
        .bind(by)
        .execute(db)
        .await
        .map(|_| ())
}
