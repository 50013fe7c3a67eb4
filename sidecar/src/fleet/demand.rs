//! Decides whether a player who found no place on a map should wait for a server, and starts one.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::MapId;
use tokio::time::{Sleep, sleep};

use super::Fleet;
use super::board::{Answer, Need};

/// How often to look again when no change is reported.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// One search for a place, over all its attempts.
pub struct Wait {
    fleet: Arc<Fleet>,
    patience: Option<Pin<Box<Sleep>>>,
    failures: Option<u32>,
    /// [`Board::changes`](super::board::Board::changes) when the current attempt began.
    looked_at: u64,
}

impl Wait {
    /// A search that has not begun to wait. Made before the first attempt.
    pub fn new(fleet: &Arc<Fleet>) -> Self {
        Self { fleet: fleet.clone(), patience: None, failures: None, looked_at: fleet.changes() }
    }

    /// Called after a search for a place on the map failed with `error`. Has a server started where that helps, waits,
    /// and returns whether it is worth looking again. False at once without a server manager.
    pub async fn for_server(&mut self, map: MapId, error: &Error) -> bool {
        let fleet = self.fleet.clone();
        let Some(need) = fleet.need(map, error).await else { return false };
        let mut changed = fleet.changed.subscribe();
        let looked_at = self.looked_at;
        let (answer, failures) = fleet.board(|board| {
            // The attempt may have missed a server that came up while it looked: neither start another for it nor
            // refuse it because there are enough.
            let is_outdated = board.changes() != looked_at;
            let answer = (!is_outdated).then(|| board.ask(map, need, fleet.clock.uptime(), fleet.wait));
            (answer, board.failures(map))
        });
        let Some(answer) = answer else {
            self.looked_at = fleet.changes();
            return true;
        };
        match answer {
            Answer::Start(seat) => fleet.start(map, seat),
            // The server that it waited for has failed.
            Answer::Wait if *self.failures.get_or_insert(failures) < failures => return false,
            Answer::Wait => {}
            Answer::Refused(reason) => {
                metrics::counter!("realmgate_fleet_refusals_total", "reason" => reason).increment(1);
                tracing::debug!(%map, reason, "no map server started");
                return false;
            }
        }
        self.failures.get_or_insert(failures);
        let patience = self.patience.get_or_insert_with(|| Box::pin(sleep(fleet.wait)));
        let look_again = tokio::select! {
            () = patience => {
                tracing::warn!(%map, "timeout while a player waited for a map server");
                false
            }
            _ = changed.changed() => true,
            () = sleep(LOOK_AGAIN_AFTER) => true,
        };
        self.looked_at = fleet.changes();
        look_again
    }
}

impl Fleet {
    /// What a server manager could do about the error; `None` for nothing.
    async fn need(&self, map: MapId, error: &Error) -> Option<Need> {
        let adapter = self.adapter.as_ref()?;
        let need = match error.code {
            // If a server hosts the map, only the channel is missing.
            ErrorCode::MapNotFound if self.is_hosted(map).await => return None,
            ErrorCode::MapNotFound => Need::First,
            ErrorCode::MapFull => Need::More,
            ErrorCode::MapServerUnreachable => Need::Link,
            _ => return None,
        };
        match adapter.maps().await {
            Ok(maps) => maps.contains(&map).then_some(need),
            Err(error) => {
                tracing::error!(%error, "cannot list the maps of the map server program");
                None
            }
        }
    }

    async fn is_hosted(&self, map: MapId) -> bool {
        // While the registry is away, nothing is started blindly.
        self.registry.hosting(map).await.map_or(true, |servers| !servers.is_empty())
    }
}
