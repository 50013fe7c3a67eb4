//! Leaderboards in SQL: boards, their records, and the blocks from which ranks are read without counting them all.

mod blocks;
mod catalogue;
mod due;
mod feed;
mod places;
mod ranks;
mod records;
mod rows;
mod submit;
#[cfg(test)]
mod tests;

pub use catalogue::{BoardChange, BoardFilter, NewBoard};
pub use due::Due;
pub use places::Place;
pub use ranks::{Standing, window};
pub use rows::{Board, Operator, Owner, RecordRow, SortOrder, is_score};
pub use submit::{Moved, Submission, Submitted};

use realmgate_platform::database::SqlStore;

/// Leaderboards and their records.
#[derive(Clone)]
pub struct BoardStore {
    sql: SqlStore,
    /// Whether an index beside the database must hear of every change.
    indexed: bool,
    block: i64,
}

impl BoardStore {
    /// The boards of a database. With `indexed`, every change is noted until [`BoardStore::forget_due`] is called.
    pub fn new(sql: SqlStore, indexed: bool) -> Self {
        Self { sql, indexed, block: blocks::MAX_RECORDS }
    }

    /// The same boards with blocks of so many records at most, so that few records are many blocks.
    #[cfg(test)]
    fn with_blocks_of(self, block: i64) -> Self {
        Self { block, ..self }
    }
}
