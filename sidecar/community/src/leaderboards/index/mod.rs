//! Ranks from Redis: a sorted set for each board that is asked for.
//!
//! SQL stays the truth. A set is only used where it is known to be whole, and every answer is compared with SQL's own record of
//! whom it is about; else SQL answers. What Redis lost is built again. Why nothing is missed:
//!
//! * A set has a member that is no record, so it is there even without one, and only a whole set ever has its name. Whoever
//!   changes a record changes sets that are there, and makes none.
//! * Its name has the id of the Redis process that it was built in: what a restarted one has read from its disk is not used.
//! * Every change of a record is noted in SQL, in its own transaction, and forgotten seconds later, once the record's place as
//!   it was then is in Redis and no set is being built: [`RankIndex::catch_up`].
//! * A set lives for a day, then it is built anew.

mod build;
mod scripts;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use realmgate_platform::clock::Clock;
use realmgate_platform::redis_client::{RedisClient, RedisFailed};
use uuid::Uuid;

use self::scripts::Scripts;
use crate::store::{BoardStore, Due, Place};

/// How long a change is noted before it is told again: longer than whoever made it needs to tell it first.
const TOLD_WITHIN: Duration = Duration::from_secs(3);
/// Changes that are told again at once.
const AT_ONCE: i64 = 500;
/// Most boards that wait for being built.
const MOST_WANTED: usize = 1_000;

/// Ranks from Redis.
pub(super) struct RankIndex {
    redis: RedisClient,
    store: BoardStore,
    clock: Clock,
    scripts: Scripts,
    /// The Redis process that we speak to.
    run: RwLock<Option<Arc<str>>>,
    /// Boards that somebody asked for, and that have no set.
    wanted: Mutex<HashSet<Uuid>>,
}

/// The names of a board's keys.
struct Keys {
    /// The set.
    set: String,
    /// The set that is being built, under a name of its own.
    unfinished: String,
    /// Who builds it.
    builder: String,
}

impl RankIndex {
    pub(super) fn new(redis: RedisClient, store: BoardStore, clock: Clock) -> Self {
        let (run, wanted) = (RwLock::default(), Mutex::default());
        Self { redis, store, clock, scripts: Scripts::default(), run, wanted }
    }

    /// The rank of a record's place. `None` where SQL has to say.
    pub(super) async fn rank(&self, board: Uuid, place: &Place) -> Option<i64> {
        let keys = self.keys(board)?;
        let asked = self.redis.call("rank", |mut redis| async move {
            let mut both = redis::pipe();
            both.zscore(&keys.set, &place.tie).zrank(&keys.set, &place.tie);
            both.query_async::<(Option<f64>, Option<i64>)>(&mut redis).await
        });
        // The first member is no record, so that the rank of the best is 1.
        match asked.await {
            Ok((Some(points), Some(rank))) if points == place.points as f64 => Some(rank),
            Ok(_) => self.want(board),
            Err(failed) => unanswered(&failed),
        }
    }

    /// The records from a rank on, and how many the board has. `None` where SQL has to say.
    pub(super) async fn slice(&self, board: Uuid, first: i64, limit: i64) -> Option<(Vec<Place>, i64)> {
        let keys = self.keys(board)?;
        let asked = self.redis.call("ranked", |mut redis| async move {
            let mut both = redis::pipe();
            let last = first.saturating_add(limit - 1);
            both.zcard(&keys.set).cmd("ZRANGE").arg(&keys.set).arg(first).arg(last).arg("WITHSCORES");
            both.query_async::<(i64, Vec<(String, f64)>)>(&mut redis).await
        });
        match asked.await {
            Ok((0, _)) => self.want(board),
            Ok((members, rows)) => {
                let place = |(tie, points): (String, f64)| Place { points: points as i64, tie };
                Some((rows.into_iter().map(place).collect(), members - 1))
            }
            Err(failed) => unanswered(&failed),
        }
    }

    /// Tells a change that was committed just now. Whatever fails is made up for by [`RankIndex::catch_up`].
    pub(super) async fn changed(&self, board: Uuid, tie: &str, points: Option<i64>) {
        let Some(keys) = self.keys(board) else { return };
        if let Err(failed) = self.scripts.place(&self.redis, &keys, &[(tie, points)]).await {
            tracing::debug!(error = %failed, "updating a rank in Redis failed, retrying later");
        }
    }

    /// Finds out which Redis this is, tells what may not have been told, and builds what was asked for.
    pub(super) async fn keep_up(&self) -> anyhow::Result<()> {
        let run = self.ask_run().await;
        *self.run.write().unwrap_or_else(PoisonError::into_inner) = run.as_ref().ok().cloned();
        run?;
        self.catch_up().await?;
        let wanted = std::mem::take(&mut *self.wanted());
        for board in wanted {
            self.build(board).await?;
        }
        Ok(())
    }

    async fn catch_up(&self) -> anyhow::Result<()> {
        let quiet_ms = u64::try_from(TOLD_WITHIN.as_millis()).unwrap_or(u64::MAX);
        loop {
            let due = self.store.due(self.clock.now_ms().saturating_sub(quiet_ms), AT_ONCE).await?;
            let mut by_board: BTreeMap<Uuid, Vec<&Due>> = BTreeMap::new();
            for due in &due {
                by_board.entry(due.board).or_default().push(due);
            }
            let mut told: Vec<Due> = Vec::new();
            for (board, due) in by_board {
                let Some(keys) = self.keys(board) else { return Ok(()) };
                let places: Vec<(&str, Option<i64>)> = due.iter().map(|due| (due.tie.as_str(), due.points)).collect();
                // One that is being built may have read an older place, and take the newer one's name later.
                if !self.scripts.place(&self.redis, &keys, &places).await? {
                    told.extend(due.into_iter().cloned());
                }
            }
            self.store.forget_due(&told).await?;
            if told.len() < due.len() || due.is_empty() {
                return Ok(());
            }
        }
    }

    async fn ask_run(&self) -> Result<Arc<str>, RedisFailed> {
        let info = self.redis.call("info", |mut redis| async move {
            redis::cmd("INFO").arg("server").query_async::<String>(&mut redis).await
        });
        let info = info.await?;
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or("one").trim();
        Ok(run.into())
    }

    /// Asks for a board's set to be built.
    fn want<T>(&self, board: Uuid) -> Option<T> {
        let mut wanted = self.wanted();
        if wanted.len() < MOST_WANTED {
            wanted.insert(board);
        }
        None
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, HashSet<Uuid>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of a board's keys; `None` until it is known which Redis this is.
    fn keys(&self, board: Uuid) -> Option<Keys> {
        let run = self.run.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let set = self.redis.key(format_args!("board:{run}:{board}"));
        Some(Keys { unfinished: format!("{set}:new"), builder: format!("{set}:builder"), set })
    }
}

fn unanswered<T>(failed: &RedisFailed) -> Option<T> {
    tracing::debug!(error = %failed, "reading a rank from Redis failed, using SQL");
    None
}
