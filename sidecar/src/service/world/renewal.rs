//! Renews the locks of this sidecar and of the map servers with a link here, every few seconds (heartbeat in the
//! store).

use std::sync::Arc;

use realmgate_platform::error::Error;
use realmgate_protocol::link::ToMap;

use super::lock_clock::LockClock;
use super::replica::ReplicaLock;
use super::this_replica::ThisReplica;
use crate::gateway::Sockets;
use crate::link::Links;
use crate::lock::ServerKey;
use crate::store::ServerLockStore;

/// The heartbeat of the server locks that are held here.
pub(super) struct Renewal {
    pub(super) server_locks: ServerLockStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) links: Arc<Links>,
    pub(super) sockets: Arc<Sockets>,
    pub(super) replica: Arc<ReplicaLock>,
}

impl Renewal {
    /// One round. A server that the store no longer knows came too late: its id is another's or free, and so is what it
    /// held.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        let heard = |key: ServerKey, cookie| {
            let lock = self.time.heard(&key, cookie);
            (key, lock)
        };
        let Some(own) = self.this.cookie() else { return Ok(()) };
        let mut servers = vec![heard(self.this.key(), *own)];
        let links = self.links.all();
        servers.extend(links.iter().map(|link| heard(ServerKey::Map(link.server.clone()), link.cookie)));
        for lost in self.server_locks.renew_servers(&servers).await? {
            match lost {
                ServerKey::Map(server) => {
                    tracing::warn!(%server, "lock of a map server lost: closing its link");
                    let message = "another process has this id, or its locks were released".to_owned();
                    let refused = ToMap::Refused { code: "COOKIE_UNKNOWN".to_owned(), message };
                    if let Some(link) = self.links.get(&server) {
                        // The link ends either way.
                        let _ = link.send(refused);
                        link.closed.cancel();
                    }
                }
                ServerKey::Replica(id) => {
                    tracing::error!(replica = id, "lock of this sidecar lost: closing its sockets");
                    metrics::counter!("realmgate_replica_lost_total").increment(1);
                    self.sockets.close_all();
                    self.replica.claim_again(*own).await?;
                }
            }
        }
        Ok(())
    }
}
