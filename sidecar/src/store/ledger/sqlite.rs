//! Batches of events in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use realmgate_protocol::ids::{EventKey, ServerId};
use realmgate_protocol::link::{EventOutcome, EventRefusal, Fence, OwnedEvent};
use sqlx::{Connection, SqliteConnection};

use super::audit::{self, AuditReport};
use super::plan::{Plan, plan};
use super::sweep;
use super::{BatchOutcome, LedgerStore, Swept, holdings};
use crate::store::locks::admits;
use crate::store::{SqliteStore, to_sql_ms};

#[async_trait]
impl LedgerStore for SqliteStore {
    async fn commit(&self, server: &ServerId, events: &[OwnedEvent], now_ms: u64) -> sqlx::Result<BatchOutcome> {
        let mut transaction = self.begin_write().await?;
        let mut batch = BatchOutcome::default();
        for event in events {
            let refusal = apply(&mut transaction, server, event, now_ms, &mut batch.stale).await?;
            batch.outcomes.push(EventOutcome { key: event.key, refusal });
        }
        transaction.commit().await?;
        Ok(batch)
    }

    async fn sweep_ground(&self, server: &ServerId, now_ms: u64) -> sqlx::Result<Swept> {
        let mut transaction = self.begin_write().await?;
        let swept = sweep::ground(&mut transaction, server, now_ms).await?;
        transaction.commit().await?;
        Ok(swept)
    }

    async fn audit(&self) -> sqlx::Result<AuditReport> {
        // One read transaction: all figures are of one moment.
        let mut transaction = self.read().begin().await?;
        let report = audit::run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(report)
    }

    async fn totals(&self) -> sqlx::Result<BTreeMap<&'static str, i64>> {
        let mut transaction = self.read().begin().await?;
        let totals = audit::totals(&mut transaction).await?;
        transaction.commit().await?;
        Ok(totals)
    }
}

/// Does one event, or says why not and changes nothing.
async fn apply(
    connection: &mut SqliteConnection,
    server: &ServerId,
    event: &OwnedEvent,
    now_ms: u64,
    stale: &mut Vec<Fence>,
) -> sqlx::Result<Option<EventRefusal>> {
    if is_known(connection, event.key).await? {
        return Ok(None);
    }
    for fence in &event.fences {
        if !stale.contains(fence) && !admits(connection, server, fence.character, fence.epoch).await? {
            stale.push(*fence);
        }
    }
    if event.fences.iter().any(|fence| stale.contains(fence)) {
        return Ok(Some(EventRefusal::Fenced));
    }
    let owned = holdings::read(connection, server, event).await?;
    let plan = match plan(event, server, owned.clone()) {
        Ok(plan) => plan,
        Err(refusal) => return Ok(Some(refusal)),
    };
    let mut savepoint = connection.begin().await?;
    match write(&mut savepoint, server, event, &owned, &plan, now_ms).await {
        Ok(()) => savepoint.commit().await.map(|()| None),
        // The plan has checked everything else that is unique.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            savepoint.rollback().await.map(|()| Some(EventRefusal::SlotTaken))
        }
        Err(error) => Err(error),
    }
}

async fn is_known(connection: &mut SqliteConnection, key: EventKey) -> sqlx::Result<bool> {
    let row = sqlx::query("SELECT 1 FROM owned_events WHERE event_key = $1").bind(key.to_string());
    Ok(row.fetch_optional(connection).await?.is_some())
}

async fn write(
    connection: &mut SqliteConnection,
    server: &ServerId,
    event: &OwnedEvent,
    before: &super::plan::Holdings,
    plan: &Plan,
    now_ms: u64,
) -> sqlx::Result<()> {
    let key = event.key.to_string();
    holdings::write_items(connection, before, &plan.after, now_ms).await?;
    holdings::write_gold(connection, before, &plan.after).await?;
    holdings::write_gains(connection, &plan.gains).await?;
    holdings::write_item_lines(connection, &key, &plan.item_lines, now_ms).await?;
    holdings::write_gold_lines(connection, &key, &plan.gold_lines, now_ms).await?;
    remember(connection, &key, &event.reason, server, now_ms).await
}

/// Keeps the key, so that the event is never done again.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    key: &str,
    reason: &str,
    server: &ServerId,
    now_ms: u64,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO owned_events (event_key, reason, server_id, at_ms) VALUES ($1, $2, $3, $4)")
        .bind(key)
        .bind(reason)
        .bind(server.as_str())
        .bind(to_sql_ms(now_ms))
        .execute(connection)
        .await
        .map(|_| ())
}
