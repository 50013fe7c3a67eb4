//! Building a board's set from SQL.

use uuid::Uuid;

use super::RankIndex;
use crate::store::Place;

/// Records that are read and added at once.
const AT_ONCE: i64 = 2_000;
/// How long what an interrupted builder has left stays.
const UNFINISHED_MS: u64 = 30_000;
/// How long a set is used before it is built anew: whatever could be wrong with it is for so long at most.
const LIVES_MS: u64 = 24 * 60 * 60 * 1_000;

impl RankIndex {
    /// Builds the set of a board, unless another does.
    pub(super) async fn build(&self, board: Uuid) -> anyhow::Result<()> {
        let (Some(keys), token) = (self.keys(board), Uuid::new_v4().to_string()) else { return Ok(()) };
        if self.store.find(board).await?.is_none() {
            return Ok(());
        }
        if !self.scripts.begin(&self.redis, &keys, &token, UNFINISHED_MS).await? {
            return Ok(());
        }
        let (mut last, mut records) = (Place::before_all(), 0);
        loop {
            let places = self.store.places(board, &last, AT_ONCE).await?;
            let Some(end) = places.last() else { break };
            last = end.clone();
            records += places.len();
            if !self.scripts.add(&self.redis, &keys, &token, UNFINISHED_MS, &places).await? {
                return Ok(());
            }
        }
        if self.scripts.end(&self.redis, &keys, &token, LIVES_MS).await? {
            tracing::info!(%board, records, "leaderboard ranks built in Redis");
        }
        Ok(())
    }
}
