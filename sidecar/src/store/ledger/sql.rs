//! Batches of events in SQL.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use realmgate_platform::database::SqlStore;
use realmgate_platform::database::dialect::unlimited_time;
use realmgate_platform::database::retry::retried;
use realmgate_platform::world_feed::{WorldEvent, WorldFeed};
use realmgate_protocol::ids::{CharacterId, ServerId};
use realmgate_protocol::link::{EventOutcome, EventRefusal, Fence, OwnedEvent, killed};

use super::audit::{self, AuditReport};
use super::entries::{self, Entries};
use super::holdings::Touched;
use super::owner::LedgerOwner;
use super::plan::{Holdings, Slots, is_sound, plan};
use super::{BatchOutcome, Swept, deeds, sweep};
use crate::lock::CharacterLock;

/// The ledger of ownership events. The sidecar knows no game rule: it only checks that the giver has what is given.
#[derive(Clone)]
pub struct LedgerStore {
    sql: SqlStore,
    fed: Vec<WorldEvent>,
}

impl LedgerStore {
    pub(in crate::store) fn new(sql: SqlStore) -> Self {
        Self { sql, fed: Vec::new() }
    }

    pub(super) fn sql(&self) -> &SqlStore {
        &self.sql
    }

    /// The same ledger, which writes down for boards what they count of these.
    pub fn feeding(self, fed: Vec<WorldEvent>) -> Self {
        Self { fed, ..self }
    }

    /// Commits a batch in one transaction. A refused event changes nothing and does not hold up the others; an event
    /// whose idempotency key is known is answered as done. When this returns, the outcomes are durable.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn commit(&self, server: &ServerId, events: &[OwnedEvent], now_ms: u64) -> sqlx::Result<BatchOutcome> {
        retried!("commit_events", commit_once(&self.sql, server, events, &self.fed, now_ms))
    }

    /// Destroys what lies on the ground of a map server whose process is gone, and gives its gold back to the world.
    ///
    /// # Errors
    /// When the database cannot be asked, a row cannot be decoded, or the transaction still loses to others after five
    /// retries.
    pub async fn sweep_ground(&self, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept> {
        retried!("sweep_ground", sweep_once(&self.sql, server, now_ms))
    }

    /// Audits the ledgers: each item must be in one place with ledger lines that lead there, and gold must sum to zero.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn audit(&self) -> sqlx::Result<AuditReport> {
        let mut transaction = self.sql.begin_read("audit").await?;
        unlimited_time(&mut transaction).await?;
        let report = audit::run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(report)
    }

    /// Totals for metrics, by name.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn totals(&self) -> sqlx::Result<BTreeMap<&'static str, i64>> {
        let mut transaction = self.sql.begin_read("totals").await?;
        let totals = audit::totals(&mut transaction).await?;
        transaction.commit().await?;
        Ok(totals)
    }
}

async fn sweep_once(store: &SqlStore, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept> {
    let mut transaction = store.begin_write("sweep_ground").await?;
    let swept = sweep::ground(&mut transaction, server, now_ms).await?;
    transaction.commit().await?;
    Ok(swept)
}

/// One try of [`LedgerStore::commit`]: locks and reads what the batch touches, applies one event after the other in
/// memory, and writes the result.
pub(super) async fn commit_once(
    store: &SqlStore,
    server: &ServerId,
    events: &[OwnedEvent],
    fed: &[WorldEvent],
    now_ms: u64,
) -> sqlx::Result<BatchOutcome> {
    let mut transaction = store.begin_write("commit_events").await?;
    let sound = || events.iter().filter(|event| is_sound(event));
    let touched = Touched::by(server, sound());
    touched.lock(&mut transaction).await?;
    // Of two transactions with the same idempotency key, the second waits here until the first has ended, and then
    // finds the event done.
    let keys = sound().map(|event| (event.key.to_string(), event.reason.as_str())).collect();
    let new = entries::remember(&mut transaction, server, &keys, now_ms).await?;
    let locks = touched.locks(&mut transaction).await?;
    let (before, slots) = touched.holdings(&mut transaction).await?;

    let mut batch = Batch {
        server,
        locks,
        undone: new.into_iter().collect(),
        owned: before.clone(),
        slots,
        entries: Entries::default(),
        feed: WorldFeed::default(),
        bosses: Vec::new(),
        stale: Vec::new(),
    };
    let outcomes =
        events.iter().map(|event| EventOutcome { key: event.key, refusal: batch.apply(event).err() }).collect();

    entries::write_items(&mut transaction, &before, &batch.owned, now_ms).await?;
    entries::write_gold(&mut transaction, &before, &batch.owned).await?;
    deeds::tell_levels(&mut transaction, store.hook_subscriptions(), &batch.entries.gains).await?;
    deeds::tell_bosses(&mut transaction, store.hook_subscriptions(), &batch.bosses, &batch.entries.gains).await?;
    batch.entries.write(&mut transaction, now_ms).await?;
    tell_gold(&before, &batch.owned, &mut batch.feed);
    batch.feed.write(&mut transaction, fed).await?;
    entries::forget(&mut transaction, batch.undone).await?;
    transaction.commit().await?;
    Ok(BatchOutcome { outcomes, stale: batch.stale })
}

/// What characters have whose gold has changed.
fn tell_gold(before: &Holdings, after: &Holdings, feed: &mut WorldFeed) {
    for (owner, balance) in after.gold.iter().filter(|(owner, balance)| before.gold.get(*owner) != Some(*balance)) {
        if let Some(character) = LedgerOwner::character_of(owner) {
            feed.has(WorldEvent::Gold, character, *balance);
        }
    }
}

/// A batch in progress. No I/O.
struct Batch<'a> {
    server: &'a ServerId,
    locks: HashMap<CharacterId, CharacterLock>,
    /// Idempotency keys of sound events that are not done, neither earlier nor yet in this batch.
    undone: BTreeSet<String>,
    owned: Holdings,
    slots: Slots,
    entries: Entries,
    /// What boards may count of it.
    feed: WorldFeed,
    /// Who has had a part in the kill of which boss.
    bosses: Vec<(CharacterId, String)>,
    /// Stale fences, each once.
    stale: Vec<Fence>,
}

impl Batch<'_> {
    /// Applies one event, or says why not and changes nothing. An event that was done already counts as done.
    fn apply(&mut self, event: &OwnedEvent) -> Result<(), EventRefusal> {
        if !is_sound(event) {
            return Err(EventRefusal::Invalid);
        }
        let key = event.key.to_string();
        if !self.undone.contains(&key) {
            return Ok(());
        }
        self.check_fences(&event.fences)?;
        let plan = plan(event, self.server, &self.owned, &self.slots)?;
        self.owned.take_over(plan.after, &mut self.slots);
        self.entries.items.extend(plan.item_lines.into_iter().map(|line| (key.clone(), line)));
        self.entries.gold.extend(plan.gold_lines.into_iter().map(|line| (key.clone(), line)));
        for gain in &plan.gains {
            self.feed.has(WorldEvent::Level, gain.character, gain.level.into());
        }
        self.entries.gains.extend(plan.gains);
        if let Some(boss) = killed(&event.reason) {
            event.fences.iter().for_each(|fence| self.feed.killed(fence.character));
            let boss =
                boss.into_iter().flat_map(|boss| event.fences.iter().map(|fence| (fence.character, boss.to_owned())));
            self.bosses.extend(boss);
        }
        self.undone.remove(&key);
        Ok(())
    }

    fn check_fences(&mut self, fences: &[Fence]) -> Result<(), EventRefusal> {
        let mut refused = Ok(());
        for fence in fences {
            let lock = self.locks.get(&fence.character);
            if lock.is_some_and(|lock| lock.admits(self.server, fence.epoch)) {
                continue;
            }
            refused = Err(EventRefusal::Fenced);
            if !self.stale.contains(fence) {
                self.stale.push(*fence);
            }
        }
        refused
    }
}
