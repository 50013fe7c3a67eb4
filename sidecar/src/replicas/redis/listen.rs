//! Receives messages for this sidecar, and shows that it is alive.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures_util::StreamExt;
use realmgate_platform::redis_client::RedisFailed;
use redis::aio::PubSubSink;
use redis::{Msg, Script};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::replicas::BusError;
use crate::replicas::envelope::{Content, Decline, Envelope};
use crate::replicas::inbox::Inbox;

/// The heartbeat: how often this sidecar shows that it is alive.
const BEAT: Duration = Duration::from_secs(5);
/// How long it counts as alive after a heartbeat, in milliseconds.
const ALIVE_MS: u64 = 15_000;
/// How long Redis may take to answer on the listening connection.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait before connecting again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Lists the ids in the set whose key has not expired; the others are removed from the set.
static ALIVE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local alive = {}
        for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
            if redis.call('EXISTS', ARGV[1] .. id .. ':alive') == 1 then
                alive[#alive + 1] = id
            else
                redis.call('SREM', KEYS[1], id)
            end
        end
        return alive
        ",
    )
});

/// Listens until the shutdown; connects again whenever the connection is lost.
pub(super) async fn listen(shared: Arc<Shared>, inbox: Inbox, shutdown: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let ended = tokio::select! {
            () = shutdown.cancelled() => break,
            ended = hear(&shared, &inbox) => ended,
        };
        if shared.listening.send_replace(false) {
            pause = FIRST_PAUSE;
            tracing::warn!(why = %ended, "not subscribed to the messages of other sidecars");
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
    }
    shared.listening.send_replace(false);
    if let Err(error) = sign_off(&shared).await {
        tracing::debug!(%error, "cannot remove this sidecar's key from Redis: it expires");
    }
}

/// Listens until the connection is lost; returns why.
async fn hear(shared: &Arc<Shared>, inbox: &Inbox) -> String {
    let (mut sink, mut stream) = match connect(shared).await {
        Ok(connected) => connected,
        Err(error) => return error.to_string(),
    };
    if !shared.listening.send_replace(true) {
        tracing::info!("subscribed to the messages of other sidecars");
    }
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            message = stream.next() => match message {
                Some(message) => take(shared, inbox, &message),
                None => return "connection lost".to_owned(),
            },
            _ = beats.tick() => {
                if let Err(error) = show_alive(shared).await {
                    tracing::debug!(%error, "cannot renew this sidecar's key in Redis");
                }
                // A connection that only listens would not notice that its peer is gone.
                match timeout(PATIENCE, sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return error.to_string(),
                    Err(_) => return "the ping timed out".to_owned(),
                }
            }
        }
    }
}

async fn connect(shared: &Shared) -> Result<(PubSubSink, redis::aio::PubSubStream), RedisFailed> {
    let (mut sink, stream) = shared.redis.listener().await?.split();
    sink.subscribe(&[shared.channel_of(&shared.id), shared.channel_of_all()]).await?;
    Ok((sink, stream))
}

fn take(shared: &Arc<Shared>, inbox: &Inbox, message: &Msg) {
    let Ok(envelope) = Envelope::open(message.get_payload_bytes()) else {
        metrics::counter!("realmgate_replica_messages_malformed_total").increment(1);
        return;
    };
    let id = envelope.id;
    match &envelope.content {
        Content::Answer(bytes) => {
            let answer = envelope.unpack(bytes);
            shared.asked.settle(id, answer.ok_or(Decline::NotUnderstood.into()));
        }
        Content::Declined(decline) => shared.asked.settle(id, Err(BusError::from(*decline))),
        Content::News(_) if envelope.from == shared.id => {}
        Content::Ask { .. } | Content::News(_) => {
            let (shared, asker) = (shared.clone(), envelope.from.clone());
            inbox.take(envelope, move |content| async move { shared.reply(&asker, id, content).await });
        }
    }
}

async fn show_alive(shared: &Shared) -> Result<(), RedisFailed> {
    let (key, set) = (&shared.alive_key(&shared.id), &shared.channel_of_all());
    let show = |mut redis| async move {
        let mut both = redis::pipe();
        both.cmd("SET").arg(key).arg(1).arg("PX").arg(ALIVE_MS).ignore();
        both.cmd("SADD").arg(set).arg(&shared.id).ignore();
        both.exec_async(&mut redis).await
    };
    shared.redis.call("replica_alive", show).await
}

async fn sign_off(shared: &Shared) -> Result<(), RedisFailed> {
    let key = &shared.alive_key(&shared.id);
    let delete = |mut redis| async move { redis::cmd("DEL").arg(key).exec_async(&mut redis).await };
    shared.redis.call("replica_leave", delete).await
}

/// The sidecars that are alive, by id.
pub(super) async fn alive(shared: &Shared) -> Result<Vec<String>, RedisFailed> {
    let mut alive = ALIVE.key(shared.channel_of_all());
    alive.arg(shared.redis.key("replica:"));
    let alive = &alive;
    let mut ids: Vec<String> =
        shared.redis.call("replicas", |mut redis| async move { alive.invoke_async(&mut redis).await }).await?;
    ids.sort();
    Ok(ids)
}
