//! One client's WebSocket, from its ticket to its end.

use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::limits::MAX_TICKET_BYTES;
use realmgate_protocol::ticket::Ticket;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::network::Network;
use super::session::{End, Session};
use super::strangers::Stranger;
use crate::transport::refusal::PacketRefusal;
use crate::transport::{ClientId, TransportEvent};

/// Time for the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// How many pings may come before it.
const PINGS_BEFORE: usize = 4;
/// A client that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(10);
/// How often it is looked for what is due while no snapshots come: resends, and acknowledgements that go alone.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long one that sends too much is not listened to: its socket fills, and then it has to wait.
const DEAF_FOR: Duration = Duration::from_millis(10);
/// Time for the other end to answer a goodbye. A socket that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);

/// A session's place in the network. However its task ends, the host learns of it.
struct Place {
    network: Rc<Network>,
    session: Rc<Session>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.network.leave(&self.session);
    }
}

/// Counts a socket as open.
struct Open(Rc<Network>);

impl Open {
    fn new(network: &Rc<Network>) -> Self {
        network.sockets.set(network.sockets.get() + 1);
        Self(network.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.sockets.set(self.0.sockets.get() - 1);
    }
}

/// Serves a WebSocket to its end.
pub(super) async fn serve<S>(mut socket: WebSocketStream<S>, network: Rc<Network>, stranger: Stranger)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let joined = match timeout(TICKET_WITHIN, ticket(&mut socket)).await {
        Ok(Some((client, ticket))) => network.join(client, &ticket),
        Ok(None) | Err(_) => Err(PacketRefusal::NoTicket),
    };
    let session = match joined {
        Ok(session) => session,
        Err(reason) => {
            network.refuse(reason);
            let has_room = !matches!(reason, PacketRefusal::ServerFull | PacketRefusal::HostBehind);
            return farewell(socket, if has_room { 1_008 } else { 1_013 }).await;
        }
    };
    drop(stranger);
    let _open = Open::new(&network);
    let place = Place { network, session };
    let (mut out, mut into) = socket.split();
    let end = tokio::select! {
        end = place.session.until_decided() => end,
        end = read(&place, &mut into) => end,
        end = write(&place, &mut out) => end,
    };
    drop(place);
    if let (Some(code), Ok(socket)) = (end.close_code(), into.reunite(out)) {
        farewell(socket, code).await;
    }
}

/// The first message, if it is a ticket, and whom it says it is for.
async fn ticket<S>(socket: &mut WebSocketStream<S>) -> Option<(ClientId, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..=PINGS_BEFORE {
        match socket.next().await? {
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Binary(bytes)) if bytes.len() <= MAX_TICKET_BYTES => {
                let claimed = Ticket::peek(&bytes).ok()?;
                return Some((ClientId(claimed.ticket_id.0), bytes));
            }
            Ok(_) | Err(_) => return None,
        }
    }
    None
}

/// Takes what the client sends.
async fn read<S>(place: &Place, from: &mut SplitStream<WebSocketStream<S>>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Ok(received) = timeout(SILENCE, from.next()).await else { return End::Silent };
        let taken = match received {
            Some(Ok(Message::Binary(payload))) => place.take(&payload),
            Some(Ok(Message::Text(text))) => place.take_other(text.len(), Err(PacketRefusal::Text)),
            Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => place.take_other(bytes.len(), Ok(())),
            // The library gives out whole messages only.
            Some(Ok(Message::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(_))) => {
                place.network.refuse(PacketRefusal::Length);
                return End::TooLong;
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return End::ByClient,
        };
        let Err(reason) = taken else { continue };
        let network = &place.network;
        network.refuse(reason);
        if place.session.breach(reason, network.now()) {
            network.refuse(PacketRefusal::Abuse);
            return End::Abuse;
        }
        if reason == PacketRefusal::SessionBudget {
            sleep(DEAF_FOR).await;
        }
    }
}

impl Place {
    /// Takes a payload.
    fn take(&self, payload: &[u8]) -> Result<(), PacketRefusal> {
        let (network, session) = (&self.network, &self.session);
        self.count_in(payload.len());
        let frame = session.receive(payload, network.now())?;
        let client = session.client();
        if let Some(frame) = frame {
            network.deliver([TransportEvent::Frame { client, frame }]);
        }
        network.deliver_messages(session);
        Ok(())
    }

    /// Takes what is no payload, which counts as one all the same.
    fn take_other(&self, bytes: usize, taken: Result<(), PacketRefusal>) -> Result<(), PacketRefusal> {
        self.count_in(bytes);
        let is_within = self.session.spend(self.network.now());
        if is_within { taken } else { Err(PacketRefusal::SessionBudget) }
    }

    fn count_in(&self, bytes: usize) {
        self.network.metrics.messages_in.increment(1);
        self.network.metrics.bytes_in.increment(bytes as u64);
    }
}

/// Sends what is due, each payload when the kernel has taken the one before.
async fn write<S>(place: &Place, to: &mut SplitSink<WebSocketStream<S>, Message>) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Place { network, session } = place;
    loop {
        let now = network.now();
        if let Some((payload, shows)) = session.next_payload(now) {
            let bytes = payload.len() as u64;
            session.note_sending(Some(now));
            if to.send(Message::Binary(payload)).await.is_err() {
                return End::ByClient;
            }
            session.note_sending(None);
            network.metrics.messages_out.increment(1);
            network.metrics.bytes_out.increment(bytes);
            if shows {
                network.count_frame_out();
            }
            continue;
        }
        if session.is_over(now) {
            return End::ByHost;
        }
        session.until_woken(LOOK_EVERY).await;
    }
}

/// Says why it is over, and waits for the other end to have heard it.
async fn farewell<S>(mut socket: WebSocketStream<S>, code: u16)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _ = timeout(FAREWELL_WITHIN, async {
        let frame = CloseFrame { code: code.into(), reason: Default::default() };
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    })
    .await;
}
