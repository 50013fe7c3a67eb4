//! Ranks, pages and windows: from Redis where it can say, else from SQL.

use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use super::cursor::Cursor;
use super::service::{Leaderboards, is_slug};
use super::shapes::Record;
use crate::field_limits::LONGEST_SLUG;
use crate::http::Refusal;
use crate::store::{Board, Owner, Place, Standing, window};

impl Leaderboards {
    /// The record of a user on the board with this id, or on the active season of this slug, with its rank.
    ///
    /// # Errors
    /// 404 as users are told it where there is no such board.
    pub async fn record_of(&self, id_or_slug: &str, account: AccountId) -> Result<Option<Record>, Refusal> {
        let owner = Owner::User(account);
        // One question for board and record. Only who has none has to hear whether there is a board.
        let row = match Uuid::try_parse(id_or_slug) {
            Ok(board) => self.store.record_of(board, &owner).await?,
            Err(_) if is_slug(id_or_slug, LONGEST_SLUG) => {
                self.store.record_of_season(id_or_slug, self.clock.now_ms(), &owner).await?
            }
            Err(_) => None,
        };
        let Some(row) = row else {
            self.find(id_or_slug).await?;
            return Ok(None);
        };
        let indexed = match &self.index {
            Some(index) => index.rank(row.board, &row.place).await,
            None => None,
        };
        let (from, rank) = match indexed {
            Some(rank) => ("redis", rank),
            None => ("sql", self.store.rank(row.board, &row.place).await?),
        };
        metrics::counter!("realmgate_leaderboard_ranks_total", "from" => from).increment(1);
        Ok(Some(Record::new(row, rank)))
    }

    /// The records from a rank on.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn page(&self, board: &Board, first: i64, limit: i64) -> sqlx::Result<Standing> {
        match self.indexed_page(board, first, limit).await? {
            Some(standing) => Ok(standing),
            None => self.store.page(board.id, first, limit).await,
        }
    }

    /// The records after those of an earlier page.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn after(&self, board: &Board, cursor: &Cursor, limit: i64) -> sqlx::Result<Standing> {
        self.store.after(board.id, &cursor.0, limit).await
    }

    /// The records around that of a user; none if the user has none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn around(&self, board: &Board, account: AccountId, limit: i64) -> sqlx::Result<Vec<Record>> {
        let owner = Owner::User(account);
        if let Some(index) = &self.index {
            let Some(row) = self.store.record_of(board.id, &owner).await? else { return Ok(Vec::new()) };
            if let Some(rank) = index.rank(board.id, &row.place).await
                && let Some(page) = self.indexed_page(board, window(rank, limit), limit).await?
                && page.rows.iter().any(|other| other.id == row.id)
            {
                return Ok(Record::ranked(page.rows, page.first));
            }
        }
        let standing = self.store.around(board.id, &owner, limit).await?;
        Ok(standing.map_or_else(Vec::new, |standing| Record::ranked(standing.rows, standing.first)))
    }

    /// The records from a rank on by Redis, if SQL has these very records in these places.
    async fn indexed_page(&self, board: &Board, first: i64, limit: i64) -> sqlx::Result<Option<Standing>> {
        let Some(index) = &self.index else { return Ok(None) };
        let Some((places, total)) = index.slice(board.id, first, limit).await else { return Ok(None) };
        let ids: Vec<Uuid> = places.iter().filter_map(Place::record).collect();
        let rows = self.store.records(board.id, ids).await?;
        let is_so = rows.iter().map(|row| &row.place).eq(&places);
        Ok(is_so.then_some(Standing { rows, first, total }))
    }
}
