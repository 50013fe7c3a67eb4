//! One client that has shown a ticket, as the task sees it that serves its socket.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use realmgate_protocol::limits::MAX_TICKET_BYTES;
use realmgate_protocol::ticket::ticket_id_of;
use tokio::time::sleep;

use super::network::Network;
use super::pipe::Pipe;
use super::session::{End, Session};
use crate::transport::refusal::PacketRefusal;
use crate::transport::{ClientId, TransportEvent};

/// How often it is looked for what is due while no snapshots come: resends, and acknowledgements that go alone.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long one that sends too much is not listened to: its socket fills, and then it has to wait.
const DEAF_FOR: Duration = Duration::from_millis(10);

/// A session's place in the network. However its task ends, the host learns of it.
pub(in crate::transport) struct Served {
    network: Rc<Network>,
    session: Rc<Session>,
}

/// Something that goes on for as long as the session.
pub(in crate::transport) type Work<'a> = Pin<Box<dyn Future<Output = End> + 'a>>;

/// Counts a socket as open.
pub(in crate::transport) struct Open(Rc<Network>);

/// Whom a ticket says that it is for; nobody has checked it.
pub(in crate::transport) fn claimed_client(ticket: &[u8]) -> Option<ClientId> {
    let claimed = (ticket.len() <= MAX_TICKET_BYTES).then(|| ticket_id_of(ticket))??;
    Some(ClientId(claimed.0))
}

impl Served {
    /// Connects the client of a ticket, whose bytes admission will check, or says why it cannot be.
    pub(in crate::transport) fn join(
        network: &Rc<Network>,
        client: ClientId,
        ticket: &[u8],
    ) -> Result<Self, PacketRefusal> {
        let session = network.join(client, ticket)?;
        Ok(Self { network: network.clone(), session })
    }

    /// Waits until one of these has ended, which read from the client and write to it, or the session is over for another
    /// reason. Each is looked at only when something has happened to it.
    pub(in crate::transport) async fn until_one_ends<'a, const N: usize>(&'a self, works: [Work<'a>; N]) -> End {
        let decided: Work<'a> = Box::pin(self.session.until_decided());
        let mut all: FuturesUnordered<Work<'a>> = works.into_iter().chain([decided]).collect();
        all.next().await.unwrap_or(End::ByHost)
    }

    /// Takes a payload.
    pub(in crate::transport) fn take(&self, payload: &[u8]) -> Result<(), PacketRefusal> {
        let (network, session) = (&self.network, &self.session);
        let now = self.count_in(payload.len());
        let frame = session.receive(payload, now)?;
        let client = session.client();
        if let Some(frame) = frame {
            network.deliver([TransportEvent::Frame { client, frame }]);
        }
        network.deliver_messages(session);
        Ok(())
    }

    /// Takes what is no payload, which counts as one all the same.
    pub(in crate::transport) fn take_other(
        &self,
        bytes: usize,
        taken: Result<(), PacketRefusal>,
    ) -> Result<(), PacketRefusal> {
        let now = self.count_in(bytes);
        let is_within = self.session.spend(now);
        if is_within { taken } else { Err(PacketRefusal::SessionBudget) }
    }

    /// Counts a message that is longer than any payload, which ends it.
    pub(in crate::transport) fn too_long(&self) -> End {
        self.network.refuse(PacketRefusal::Length);
        End::TooLong
    }

    /// Counts what was refused, and makes the client wait or ends it where it sends too much or breaks too many rules.
    pub(in crate::transport) async fn refused(&self, reason: PacketRefusal) -> Result<(), End> {
        self.network.refuse(reason);
        if self.session.breach(reason, self.network.now()) {
            self.network.refuse(PacketRefusal::Abuse);
            return Err(End::Abuse);
        }
        if reason == PacketRefusal::SessionBudget {
            sleep(DEAF_FOR).await;
        }
        Ok(())
    }

    /// Sends what is due, each payload when the pipe has passed on the one before. `pass_on` waits until it has, and
    /// returns `false` once the pipe is broken.
    pub(in crate::transport) async fn write(&self, pipe: Rc<dyn Pipe>, mut pass_on: impl AsyncFnMut() -> bool) -> End {
        let Self { network, session } = self;
        session.open(pipe);
        loop {
            if !pass_on().await {
                return End::ByClient;
            }
            let now = network.now();
            network.send_due(session, now);
            if !session.is_free() {
                continue;
            }
            if session.is_over(now) {
                return End::ByHost;
            }
            session.until_woken(LOOK_EVERY).await;
        }
    }

    /// Counts what came, and says when that was.
    fn count_in(&self, bytes: usize) -> Duration {
        self.network.metrics.messages_in.increment(1);
        self.network.metrics.bytes_in.increment(bytes as u64);
        let now = self.network.now();
        self.session.note_heard(now);
        now
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.network.end_session(&self.session);
    }
}

impl Open {
    pub(in crate::transport) fn new(network: &Rc<Network>) -> Self {
        network.sockets.set(network.sockets.get() + 1);
        Self(network.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.sockets.set(self.0.sockets.get() - 1);
    }
}
