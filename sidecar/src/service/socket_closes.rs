//! The closing of a login's last socket as its log-out, where the operator wants that (`LOG_OUT_ON_SOCKET_CLOSE`).

use std::sync::Arc;
use std::time::Duration;

use realmgate_community::Events;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::sessions::SessionStore;
use realmgate_protocol::ids::AccountId;
use uuid::Uuid;

use crate::gateway::Sockets;
use crate::replicas::{Answer, Ask, Replicas};
use crate::service::world::{Exits, ThisReplica};

/// How long another sidecar may take to say whether it has a socket.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Ends logins whose clients have closed all their sockets.
pub struct SocketCloses {
    /// Whether it does.
    pub(crate) is_on: bool,
    /// How long a client has to open another socket.
    pub(crate) grace: Duration,
    /// The gateway's sockets here.
    pub(crate) sockets: Arc<Sockets>,
    /// The realtime sockets here.
    pub(crate) events: Events,
    /// The other sidecars, which may have sockets of the login.
    pub(crate) replicas: Replicas,
    /// This sidecar.
    pub(crate) this: Arc<ThisReplica>,
    /// The logins.
    pub(crate) log_ins: SessionStore,
    /// The ways out of the world.
    pub(crate) exits: Arc<Exits>,
    /// The time of log-outs.
    pub(crate) clock: Clock,
    /// What waits, and the shutdown.
    pub(crate) background: Background,
}

impl SocketCloses {
    /// A client has closed a socket of a login. If it opens no other within the grace period, the login ends, as if it had
    /// logged out. A shutdown ends no login.
    pub(crate) fn closed(self: &Arc<Self>, account: AccountId, log_in: Uuid) {
        if !self.is_on || self.is_here(log_in) {
            return;
        }
        let closes = self.clone();
        self.background.tasks.spawn(async move {
            tokio::select! {
                () = closes.background.shutdown.cancelled() => return,
                () = tokio::time::sleep(closes.grace) => {}
            }
            if closes.is_open(log_in).await {
                return;
            }
            metrics::counter!("realmgate_log_outs_by_close_total").increment(1);
            if let Err(error) = closes.log_out(account, log_in).await {
                tracing::error!(%error, %account, "ending the login of a closed socket failed");
            }
        });
    }

    async fn log_out(&self, account: AccountId, log_in: Uuid) -> Result<(), Error> {
        self.log_ins.end(log_in, self.clock.now_ms()).await?;
        self.exits.log_out(account, log_in).await
    }

    fn is_here(&self, log_in: Uuid) -> bool {
        self.sockets.has_log_in(log_in) || self.events.has_log_in(log_in)
    }

    /// Whether any sidecar has a socket of the login. One that does not answer may have: then the login lives on.
    async fn is_open(&self, log_in: Uuid) -> bool {
        if self.is_here(log_in) {
            return true;
        }
        let Ok(replicas) = self.replicas.replicas().await else { return true };
        let others = replicas.iter().filter(|replica| **replica != self.this.id);
        let asking =
            others.map(|replica| self.replicas.ask(replica, Ask::FindLogIn { session: log_in }, ANSWER_WITHIN));
        let answers = futures_util::future::join_all(asking).await;
        answers.iter().any(|answer| !matches!(answer, Ok(Answer::LogInHere(false)))) || self.is_here(log_in)
    }
}
