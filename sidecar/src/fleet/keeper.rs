//! The life of one server: started, watched, stopped when it is empty, removed from the registry when it is gone.

use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::ids::{MapId, ServerId};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::board::Seat;
use super::{Ended, Fleet, Health, ServerAdapter};
use crate::lock::CharacterOwner;

/// How long a server may take to become ready. Longer than players wait: the next player finds it.
const START_WITHIN: Duration = Duration::from_secs(60);
/// How often to look whether the map link of a server that starts is up.
const LOOK_FOR_LINK_EVERY: Duration = Duration::from_millis(100);
/// How often a server is checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Consecutive failed health checks after which a server is ended.
const FAILING_LOOKS: u32 = 15;

/// Why a server is gone, for metrics and log.
struct Exit {
    reason: &'static str,
    well: bool,
    why: String,
}

impl Exit {
    fn wanted(reason: &'static str) -> Self {
        Self { reason, well: true, why: String::new() }
    }
}

impl Fleet {
    /// Starts a server for a seat, and watches it as long as it lives.
    pub(super) fn start(self: &Arc<Self>, map: MapId, seat: Seat) {
        let fleet = self.clone();
        self.tasks.spawn(async move {
            let Some(adapter) = fleet.adapter.clone() else { return };
            let exit = match adapter.allocate(map).await {
                Ok(server) => {
                    tracing::info!(%map, %server, "map server starting");
                    let exit = fleet.live(&*adapter, &server, map, seat).await;
                    // A server that did not deregister itself would be offered to players until its entry expires.
                    if let Err(error) = fleet.registry.remove(&server).await {
                        tracing::warn!(%server, %error, "cannot remove a stopped map server from the directory");
                    }
                    exit
                }
                Err(Ended { why, .. }) => Exit { reason: "not_started", well: false, why },
            };
            if exit.well {
                tracing::info!(%map, reason = exit.reason, "map server stopped");
            } else {
                tracing::error!(%map, reason = exit.reason, why = exit.why, "map server failed");
            }
            metrics::counter!("realmgate_fleet_stops_total", "reason" => exit.reason).increment(1);
            fleet.board(|board| board.gone(seat, exit.well, fleet.clock.uptime()));
        });
    }

    async fn live(&self, adapter: &dyn ServerAdapter, server: &ServerId, map: MapId, seat: Seat) -> Exit {
        let began = self.clock.uptime();
        let ready = tokio::select! {
            ready = timeout(START_WITHIN, self.ready(adapter, server, map)) => ready,
            () = self.closing.cancelled() => return self.stop(adapter, server, seat, Exit::wanted("closing")).await,
        };
        match ready {
            Ok(Ok(())) => {}
            Ok(Err(Ended { why, .. })) => return Exit { reason: "not_started", well: false, why },
            Err(_) => {
                let exit =
                    Exit { reason: "not_started", well: false, why: format!("not ready within {START_WITHIN:?}") };
                return self.stop(adapter, server, seat, exit).await;
            }
        }
        let took = self.clock.uptime().saturating_sub(began);
        metrics::counter!("realmgate_fleet_starts_total").increment(1);
        metrics::histogram!("realmgate_fleet_start_seconds").record(took.as_secs_f64());
        tracing::info!(%map, %server, took_ms = took.as_millis(), "map server ready");
        self.board(|board| board.up(seat, self.clock.uptime()));
        let exit = tokio::select! {
            Ended { well, why } = adapter.ended(server) => return Exit { reason: if well { "left" } else { "crashed" }, well, why },
            () = self.closing.cancelled() => Exit::wanted("closing"),
            exit = self.look_after(adapter, server) => exit,
        };
        self.stop(adapter, server, seat, exit).await
    }

    /// Waits until the server is ready and players can be sent there. Before its map link is up, it has no room for
    /// anybody, and who looked then would be told that the map is full.
    async fn ready(&self, adapter: &dyn ServerAdapter, server: &ServerId, map: MapId) -> Result<(), Ended> {
        adapter.ready(server).await?;
        let linked = async {
            let mut looks = interval(LOOK_FOR_LINK_EVERY);
            while !self.is_linked(server, map).await {
                looks.tick().await;
            }
        };
        tokio::select! {
            () = linked => Ok(()),
            ended = adapter.ended(server) => Err(ended),
        }
    }

    async fn is_linked(&self, server: &ServerId, map: MapId) -> bool {
        // While the registry is away, nobody can be sent anywhere.
        let hosting = self.registry.hosting(map).await.unwrap_or_default();
        hosting.iter().any(|known| known.id == *server && known.link.is_some())
    }

    async fn stop(&self, adapter: &dyn ServerAdapter, server: &ServerId, seat: Seat, exit: Exit) -> Exit {
        self.board(|board| board.stopping(seat));
        adapter.shutdown(server).await;
        exit
    }

    /// Watches the server until it should stop: because it is empty, or because it does not tick.
    async fn look_after(&self, adapter: &dyn ServerAdapter, server: &ServerId) -> Exit {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut failing, mut empty_since) = (0, None);
        loop {
            looks.tick().await;
            failing = match adapter.health(server).await {
                Health::Well => 0,
                Health::Failing => failing + 1,
            };
            if failing >= FAILING_LOOKS {
                let why = format!("{failing} health checks failed in a row");
                return Exit { reason: "failing", well: false, why };
            }
            if self.players(server).await > 0 {
                empty_since = None;
                continue;
            }
            let now = self.clock.uptime();
            let since = *empty_since.get_or_insert(now);
            if now.saturating_sub(since) >= self.idle {
                if let Some(exit) = self.leave_list(server).await {
                    return exit;
                }
                empty_since = None;
            }
        }
    }

    /// Removes an empty server from the registry. `None` where it stays: a player has found it at the last moment, or
    /// the registry failed. Then it lists itself again with its next heartbeat.
    async fn leave_list(&self, server: &ServerId) -> Option<Exit> {
        if let Err(error) = self.registry.remove(server).await {
            tracing::warn!(%server, %error, "cannot remove an empty map server from the directory: it keeps running");
            return None;
        }
        (self.players(server).await == 0).then(|| Exit::wanted("idle"))
    }

    /// Number of players in the server and on their way there.
    async fn players(&self, server: &ServerId) -> u32 {
        match self.locks.held_by(&CharacterOwner::Map(server.clone())).await {
            Ok(held) => u32::try_from(held.len()).unwrap_or(u32::MAX),
            // If players cannot be counted, some may be there.
            Err(_) => u32::MAX,
        }
    }
}
