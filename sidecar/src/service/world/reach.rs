//! Sends to a map server wherever its link is: in this process, or at another sidecar.

use std::sync::Arc;
use std::time::Duration;

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::{BodyPlace, ToMap};
use realmgate_protocol::movement::Position;
use tokio_util::task::TaskTracker;

use super::this_replica::ThisReplica;
use crate::directory::Registry;
use crate::link::{LinkGone, Links, PREPARE_DEADLINE, PrepareFailure, Question, ReturnQuestion, WatchQuestion};
use crate::replicas::{Answer, Ask, BusError, Replicas};

/// How long another sidecar may take to forward a message.
const PASS_ON: Duration = Duration::from_secs(2);
/// What the round trip to another sidecar may add to the time a map server has for its answer.
const DETOUR: Duration = Duration::from_millis(500);

/// The map servers of the world, wherever their links are.
pub struct MapServers {
    /// The links of this process.
    pub links: Arc<Links>,
    /// Where the others have theirs.
    pub registry: Registry,
    /// The other sidecars.
    pub replicas: Replicas,
    /// This sidecar.
    pub this: Arc<ThisReplica>,
    /// What waits for other sidecars.
    pub tasks: TaskTracker,
}

impl MapServers {
    /// Asks a map server to expect a character. Returns where it will appear, if the map server says so. `replica` is
    /// where the directory says the map server's link is.
    pub(crate) async fn prepare(
        &self,
        server: &ServerId,
        replica: &str,
        question: Question,
    ) -> Result<Option<Position>, PrepareFailure> {
        if let Some(link) = self.links.get(server) {
            return link.prepare(question).await;
        }
        if replica == self.this.id {
            // The directory does not know yet that the link is gone.
            return Err(PrepareFailure::Unreachable);
        }
        self.ask_other(replica, Ask::Prepare { server: server.clone(), question }).await
    }

    /// Asks a map server to expect a spectator. Returns where it will look first. `replica` is where the directory says the
    /// map server's link is.
    pub(crate) async fn watch(
        &self,
        server: &ServerId,
        replica: &str,
        question: WatchQuestion,
    ) -> Result<Option<Position>, PrepareFailure> {
        if let Some(link) = self.links.get(server) {
            return link.watch(question).await;
        }
        if replica == self.this.id {
            return Err(PrepareFailure::Unreachable);
        }
        self.ask_other(replica, Ask::Watch { server: server.clone(), question }).await
    }

    /// Asks a map server to let a player come back to its body. Returns where the body stands; `None` where the player may
    /// not come back to it, or the map server cannot be asked. `replica` is where the directory says the map server's link is.
    pub(crate) async fn find_body(
        &self,
        server: &ServerId,
        replica: &str,
        question: ReturnQuestion,
    ) -> Option<BodyPlace> {
        if let Some(link) = self.links.get(server) {
            return link.find_body(question).await;
        }
        if replica == self.this.id {
            return None;
        }
        let ask = Ask::Return { server: server.clone(), question };
        match self.replicas.ask(replica, ask, PREPARE_DEADLINE + DETOUR).await {
            Ok(Answer::Body(body)) => body,
            Ok(_) => None,
            Err(error) => {
                unreached(replica, error);
                None
            }
        }
    }

    /// Has another sidecar ask a map server whether it expects somebody.
    async fn ask_other(&self, replica: &str, ask: Ask) -> Result<Option<Position>, PrepareFailure> {
        match self.replicas.ask(replica, ask, PREPARE_DEADLINE + DETOUR).await {
            Ok(Answer::Prepared(spawn)) => Ok(spawn),
            Ok(Answer::Refused(refusal)) => Err(PrepareFailure::Refused(refusal)),
            Ok(_) => Err(PrepareFailure::Unreachable),
            Err(error) => Err(unreached(replica, error)),
        }
    }

    /// Sends a message to a map server. That it was sent does not mean that it was read.
    pub(crate) async fn tell(&self, server: &ServerId, message: ToMap) -> Result<(), LinkGone> {
        if let Some(link) = self.links.get(server) {
            return link.send(message);
        }
        let found = self.registry.find(server).await.map_err(|error| {
            tracing::warn!(%server, %error, "cannot find the link of a map server");
            LinkGone
        })?;
        let replica = found.as_ref().and_then(|server| server.replica()).ok_or(LinkGone)?;
        if replica == self.this.id {
            return Err(LinkGone);
        }
        let ask = Ask::ToMapServer { server: server.clone(), message };
        match self.replicas.ask(replica, ask, PASS_ON).await {
            Ok(Answer::Sent) => Ok(()),
            Ok(_) => Err(LinkGone),
            Err(error) => {
                unreached(replica, error);
                Err(LinkGone)
            }
        }
    }

    /// Sends a message to a map server without waiting for the result.
    pub(crate) fn tell_soon(self: &Arc<Self>, server: &ServerId, message: ToMap) {
        if let Some(link) = self.links.get(server) {
            // A map server without a link learns of it when it next writes.
            let _ = link.send(message);
            return;
        }
        let (map_servers, server) = (self.clone(), server.clone());
        self.tasks.spawn(async move {
            let _ = map_servers.tell(&server, message).await;
        });
    }
}

fn unreached(replica: &str, error: BusError) -> PrepareFailure {
    tracing::debug!(replica, %error, "request to another sidecar failed");
    PrepareFailure::Unreachable
}
