//! What worlds have told, and the scores that it leads to.

use realmgate_platform::database::SqlConnection;
use realmgate_platform::database::columns::{parse_id, undecodable};
use realmgate_platform::database::dialect::Dialect;
use realmgate_platform::database::retry::retried;
use realmgate_platform::world_feed::WorldEvent;
use realmgate_protocol::ids::AccountId;
use serde_json::Map;
use uuid::Uuid;

use super::rows::Owner;
use super::submit::{Moved, Submission, Submitted};
use super::{BoardStore, catalogue};

/// Something that a character did, and that no board has counted yet.
#[derive(Debug, Clone)]
pub struct Told {
    pub event: WorldEvent,
    character: String,
}

impl BoardStore {
    /// Some of what no board has counted yet.
    ///
    /// # Errors
    /// When the database cannot be asked or a row cannot be decoded.
    pub async fn told(&self, limit: i64) -> sqlx::Result<Vec<Told>> {
        let mut db = self.sql.read("leaderboard_feed").await?;
        let query = "SELECT event, character_id FROM leaderboard_feed ORDER BY event, character_id LIMIT $1";
        let rows: Vec<(String, String)> = sqlx::query_as(query).bind(limit).fetch_all(&mut *db).await?;
        rows.into_iter()
            .map(|(event, character)| Ok(Told { event: event.parse().map_err(undecodable)?, character }))
            .collect()
    }

    /// Counts what was told on the boards that `of` names, in one transaction with forgetting it: each counts once, whoever
    /// else counts at the same time. What boards do not take, because they have ended, is forgotten.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries. Then nothing was counted or forgotten.
    pub async fn count_told(
        &self,
        told: &[Told],
        of: impl Fn(WorldEvent) -> Vec<Uuid> + Sync,
        at_ms: u64,
    ) -> sqlx::Result<Vec<Moved>> {
        retried!("count_feed", async {
            let mut tx = self.sql.begin_write("count_feed").await?;
            let mut scores: Vec<(Uuid, AccountId, i64)> = Vec::new();
            for told in told {
                // Of two that count, the second waits here, and finds nothing.
                let taken = "DELETE FROM leaderboard_feed WHERE event = $1 AND character_id = $2 RETURNING amount";
                let taken = sqlx::query_scalar(taken).bind(told.event.as_str()).bind(told.character.clone());
                let Some(amount): Option<i64> = taken.fetch_optional(&mut *tx).await? else { continue };
                let whose = "SELECT account_id FROM characters WHERE id = $1";
                let whose: Option<String> =
                    sqlx::query_scalar(whose).bind(told.character.clone()).fetch_optional(&mut *tx).await?;
                let Some(account) = whose else { continue };
                let account = parse_id("characters.account_id", &account)?;
                scores.extend(of(told.event).into_iter().map(|board| (board, account, amount)));
            }
            scores.sort_unstable();
            let moved = self.count_all(&mut tx, &scores, at_ms).await?;
            tx.commit().await?;
            Ok(moved)
        })
    }

    async fn count_all(
        &self,
        tx: &mut SqlConnection,
        scores: &[(Uuid, AccountId, i64)],
        at_ms: u64,
    ) -> sqlx::Result<Vec<Moved>> {
        let (suffix, nothing) = (Dialect::of(tx).for_key_share(), Map::new());
        let mut all = Vec::new();
        for of_board in scores.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(board, ..)) = of_board.first() else { continue };
            let Some(board) = catalogue::find(tx, board, suffix).await? else { continue };
            if !board.is_active(at_ms) {
                continue;
            }
            for &(_, account, score) in of_board {
                let owner = Owner::User(account);
                let given = Submission { board: board.id, owner: &owner, score, metadata: &nothing };
                match self.put(tx, &board, &given, at_ms).await? {
                    Submitted::Done(moved) => {
                        self.note_score(tx, &moved.record).await?;
                        all.push(*moved);
                    }
                    refused => tracing::warn!(slug = board.slug, %account, ?refused, "score of a world refused"),
                }
            }
        }
        Ok(all)
    }
}
