//! Scores and records: what administrators and worlds submit, change and remove, and how each is refused.

use axum::http::StatusCode;
use realmgate_protocol::ids::AccountId;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::service::Leaderboards;
use crate::http::{Fields, Refusal};
use crate::store::{Moved, Owner, Place, RecordRow, Submission, Submitted};

impl Leaderboards {
    /// Submits a score by the board's operator.
    ///
    /// # Errors
    /// 400 for a board that is not there or has ended, 422 for a user who is not there or a sum that is too large.
    pub async fn submit(
        &self,
        board: Uuid,
        owner: &Owner,
        score: i64,
        metadata: &Map<String, Value>,
    ) -> Result<RecordRow, Refusal> {
        let submission = Submission { board, owner, score, metadata };
        let (result, answer) = match self.store.submit(&submission, self.clock.now_ms()).await? {
            Submitted::Done(moved) => ("counted", Ok(moved)),
            Submitted::NoBoard => ("refused", Err(Refusal::error(StatusCode::BAD_REQUEST, "leaderboard_not_found"))),
            Submitted::Ended => ("refused", Err(Refusal::error(StatusCode::BAD_REQUEST, "leaderboard_ended"))),
            Submitted::NoUser => ("refused", Err(invalid("user_id", "does not exist"))),
            Submitted::TooLarge => ("refused", Err(invalid("score", "is out of range"))),
        };
        metrics::counter!("realmgate_leaderboard_scores_total", "result" => result).increment(1);
        let moved = answer?;
        self.told(&moved).await;
        Ok(moved.record)
    }

    /// Sets the score and metadata of a record; `None` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn edit_record(
        &self,
        board: Uuid,
        id: Uuid,
        score: Option<i64>,
        metadata: Option<Map<String, Value>>,
    ) -> Result<Option<RecordRow>, Refusal> {
        let moved = self.store.edit_record(board, id, score, metadata, self.clock.now_ms()).await?;
        let Some(moved) = moved else { return Ok(None) };
        self.told(&moved).await;
        Ok(Some(moved.record))
    }

    /// Removes a record; `false` if there is none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn remove_record(&self, board: Uuid, id: Uuid) -> Result<bool, Refusal> {
        let removed = self.store.remove_record(board, id, self.clock.now_ms()).await?;
        let Some((place, thin)) = removed else { return Ok(false) };
        if let Some(index) = &self.index {
            index.changed(board, &place.tie, None).await;
        }
        self.join(board, thin).await;
        Ok(true)
    }

    /// Removes every record of an account.
    ///
    /// # Errors
    /// When the database cannot be asked. What is left then goes later, by [`Leaderboards::run_due`].
    pub async fn remove_all(&self, account: AccountId) -> Result<(), Refusal> {
        loop {
            let records = self.store.records_to_remove(account).await?;
            if records.is_empty() {
                return Ok(());
            }
            for (board, id) in records {
                self.remove_record(board, id).await?;
            }
        }
    }

    /// After a record was changed: tells the index, and tidies up.
    pub(crate) async fn told(&self, moved: &Moved) {
        let record = &moved.record;
        if moved.moved
            && let Some(index) = &self.index
        {
            index.changed(record.board, &record.place.tie, Some(record.place.points)).await;
        }
        self.join(record.board, moved.thin.clone()).await;
    }

    async fn join(&self, board: Uuid, thin: Option<Place>) {
        if let Some(block) = thin
            && let Err(error) = self.store.join_block(board, &block).await
        {
            // Ranks are right with small blocks too; the next record that leaves it tries again.
            tracing::debug!(%error, %board, "joining a small leaderboard block failed");
        }
    }
}

fn invalid(field: &'static str, fault: &'static str) -> Refusal {
    Refusal::validation_failed(&Fields::from([(field, vec![fault.into()])]))
}
