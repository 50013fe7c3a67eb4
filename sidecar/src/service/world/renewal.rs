//! Renews the locks of this sidecar and of the map servers with a link here, every few seconds (heartbeat in the
//! store).

use realmgate_protocol::link::ToMap;

use crate::error::Error;
use crate::lock::{ServerKey, ServerLock};
use crate::state::AppState;

/// One round. A server that the store no longer knows came too late: its id is another's or free, and so is what it
/// held.
pub(super) async fn renew(state: &AppState) -> Result<(), Error> {
    let now_ms = state.db_time.now_ms();
    let heard = |key: ServerKey, cookie| {
        let lock = ServerLock::heard(&key, cookie, now_ms, &state.config.timers);
        (key, lock)
    };
    let Some(own) = state.link.own_cookie.get() else { return Ok(()) };
    let mut servers = vec![heard(ServerKey::Replica(state.config.gateway.id.clone()), *own)];
    let links = state.link.links.all();
    servers.extend(links.iter().map(|link| heard(ServerKey::Map(link.server.clone()), link.cookie)));
    for lost in state.store.server_locks.renew_servers(&servers).await? {
        match lost {
            ServerKey::Map(server) => {
                tracing::warn!(%server, "the map server of this link is not known any more");
                let message = "another process goes by this id, or what it held was released".to_owned();
                let refused = ToMap::Refused { code: "COOKIE_UNKNOWN".to_owned(), message };
                if let Some(link) = state.link.links.get(&server) {
                    // The link ends either way.
                    let _ = link.send(refused);
                    link.closed.cancel();
                }
            }
            ServerKey::Replica(id) => {
                tracing::error!(replica = id, "this sidecar was silent for too long: its sockets are closed");
                metrics::counter!("realmgate_replica_lost_total").increment(1);
                state.link.sockets.close_all();
                super::replica::claim_again(state, *own).await?;
            }
        }
    }
    Ok(())
}
