//! The seasons of declared boards, and what the world tells them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use realmgate_platform::world_feed::WorldEvent;
use serde_json::Map;
use uuid::Uuid;

use super::declared::{Declared, DeclaredBoards};
use super::service::Leaderboards;
use crate::store::NewBoard;

/// What of the world's feed is counted in one transaction.
const COUNTED_AT_ONCE: i64 = 32;
/// How often to look for what an interrupted deletion has left.
const FINISH_DELETIONS_EVERY: Duration = Duration::from_secs(60);

/// The boards that designers declare, and the season that each is in.
pub(super) struct Seasons {
    declared: Vec<Declared>,
    /// By slug, until its end.
    current: Mutex<BTreeMap<String, Season>>,
    /// When interrupted deletions were looked for last, by the clock's uptime.
    deletions_finished: Mutex<Option<Duration>>,
}

#[derive(Debug, Clone, Copy)]
struct Season {
    event: WorldEvent,
    board: Uuid,
    ends_at_ms: Option<u64>,
}

impl Seasons {
    pub(super) fn of(DeclaredBoards(declared): DeclaredBoards) -> Self {
        Self { declared, current: Mutex::default(), deletions_finished: Mutex::default() }
    }

    fn current(&self) -> MutexGuard<'_, BTreeMap<String, Season>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The boards that an event feeds at a time.
    fn fed_by(&self, event: WorldEvent, now_ms: u64) -> Vec<Uuid> {
        let lasts = |season: &&Season| season.event == event && season.ends_at_ms.is_none_or(|end| end > now_ms);
        self.current().values().filter(lasts).map(|season| season.board).collect()
    }
}

impl Leaderboards {
    /// Does what is due: begins seasons, counts what worlds have told, keeps the index, ends deletions. Call it every second.
    ///
    /// # Errors
    /// When the database or Redis cannot be asked. The next call does what was left.
    pub async fn run_due(&self) -> anyhow::Result<()> {
        self.begin_seasons().await?;
        self.count_world().await?;
        if self.is_time_to_finish_deletions() {
            self.store.finish_deletions().await?;
            for account in self.store.deleted_owners_to_clear().await? {
                let refused =
                    |refusal| anyhow::anyhow!("removing the records of a deleted account failed: {refusal:?}");
                self.remove_all(account).await.map_err(refused)?;
            }
        }
        match &self.index {
            Some(index) => index.keep_up().await,
            None => Ok(()),
        }
    }

    /// Makes the boards of the seasons that have begun, unless another sidecar has.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn begin_seasons(&self) -> sqlx::Result<()> {
        let now_ms = self.clock.now_ms();
        for declared in &self.seasons.declared {
            let lasting = self.seasons.current().get(&declared.slug).copied();
            if lasting.is_some_and(|season| season.ends_at_ms.is_none_or(|end| end > now_ms)) {
                continue;
            }
            let (starts_at_ms, ends_at_ms) = match &declared.season {
                None => (None, None),
                Some(cron) => (cron.at_or_before(now_ms), cron.after(now_ms)),
            };
            let season = starts_at_ms.unwrap_or(0);
            let new = NewBoard {
                slug: &declared.slug,
                title: &declared.title,
                description: &declared.description,
                order: declared.order,
                operator: declared.operator,
                starts_at_ms,
                ends_at_ms,
                metadata: &Map::new(),
                season: Some(season),
            };
            if self.store.create(&new, now_ms).await?.is_some() {
                tracing::info!(slug = declared.slug, "leaderboard season started");
            }
            let Some(board) = self.store.season(&declared.slug, season).await? else { continue };
            let season = Season { event: declared.event, board: board.id, ends_at_ms };
            if (board.operator, board.order) != (declared.operator, declared.order) {
                let slug = &declared.slug;
                tracing::warn!(slug, "leaderboard keeps its operator and order until its season ends");
            }
            self.seasons.current().insert(declared.slug.clone(), season);
        }
        Ok(())
    }

    /// Counts what worlds have told since.
    async fn count_world(&self) -> sqlx::Result<()> {
        loop {
            let told = self.store.told(COUNTED_AT_ONCE).await?;
            if told.is_empty() {
                return Ok(());
            }
            let now_ms = self.clock.now_ms();
            let fed_by = |event| self.seasons.fed_by(event, now_ms);
            for moved in self.store.count_told(&told, fed_by, now_ms).await? {
                metrics::counter!("realmgate_leaderboard_scores_total", "result" => "fed").increment(1);
                self.told(&moved).await;
            }
        }
    }

    fn is_time_to_finish_deletions(&self) -> bool {
        let now = self.clock.uptime();
        let mut deletions_finished = self.seasons.deletions_finished.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = deletions_finished.is_none_or(|at| now.saturating_sub(at) >= FINISH_DELETIONS_EVERY);
        if is_time {
            *deletions_finished = Some(now);
        }
        is_time
    }
}
