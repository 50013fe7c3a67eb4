//! One client's session, from its ticket to its end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use realmgate_protocol::wire::framing::{self, Next, Received};
use tokio::time::{sleep, timeout};
use wtransport::quinn::SendDatagramError;
use wtransport::{Connection, RecvStream, SendStream, VarInt};

use crate::transport::ClientId;
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{End, Network, Open, SILENCE, Served, Stranger, claimed_client, refusal_code};

/// Time for the stream and the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// Time for the other end to hear a goodbye. A connection that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// Bytes that a client may send in a second, with all that QUIC adds. One that plays sends a fiftieth of it.
const MOST_BYTES_PER_SECOND: u64 = 256 << 10;
/// The number of a session, in quarters of its stream's: that of the first request of a connection.
const FIRST_SESSION: u64 = 0;

/// The stream that the client has opened.
struct Stream {
    out: SendStream,
    into: RecvStream,
    received: Received,
}

/// Something that a client has sent.
enum Sent {
    Datagram(wtransport::datagram::Datagram),
    /// A message, which [`Received`] has.
    Message(std::ops::Range<usize>),
}

/// Closes a connection, however its task ends: the library's own tasks would hold it for as long as the client likes.
struct Closing<'a>(&'a Connection);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        close(self.0, 0);
    }
}

/// Serves a session to its end.
pub(super) async fn serve(connection: Connection, network: Rc<Network>, stranger: Stranger) {
    let closing = Closing(&connection);
    tokio::select! {
        () = play(&connection, &network, stranger) => {}
        () = sends_too_much(&connection) => {
            network.refuse(PacketRefusal::Abuse);
            close(&connection, refusal_code(PacketRefusal::Abuse));
        }
    }
    drop(closing);
}

/// Waits until a client sends more than any that plays, of whatever kind: the library reads much that is nothing to us.
async fn sends_too_much(connection: &Connection) {
    let received = || connection.quic_connection().stats().udp_rx.bytes;
    let mut before = received();
    loop {
        sleep(Duration::from_secs(1)).await;
        let now = received();
        if now.saturating_sub(before) > MOST_BYTES_PER_SECOND {
            return;
        }
        before = now;
    }
}

async fn play(connection: &Connection, network: &Rc<Network>, stranger: Stranger) {
    let Ok(Some(mut stream)) = timeout(TICKET_WITHIN, stream_of(connection)).await else {
        network.refuse(PacketRefusal::NoTicket);
        return close(connection, refusal_code(PacketRefusal::NoTicket));
    };
    let joined = match timeout(TICKET_WITHIN, ticket(&mut stream)).await {
        Ok(Some((client, ticket))) => Served::join(network, client, &ticket),
        Ok(None) | Err(_) => Err(PacketRefusal::NoTicket),
    };
    let served = match joined {
        Ok(served) => served,
        Err(reason) => {
            network.refuse(reason);
            return farewell(connection, stream.out, refusal_code(reason)).await;
        }
    };
    drop(stranger);
    let _open = Open::new(network);
    let is_midway = Cell::new(false);
    let Stream { mut out, mut into, mut received } = stream;
    let end = tokio::select! {
        end = served.until_decided() => end,
        end = read(&served, connection, &mut into, &mut received) => end,
        end = served.write(async |payload| send(connection, &mut out, &is_midway, payload).await) => end,
    };
    drop(served);
    match end.close_code() {
        // What is cut off in the middle of a message cannot be followed by another.
        Some(code) if !is_midway.get() => farewell(connection, out, code).await,
        Some(_) | None => {}
    }
}

/// The stream that the client opens, if its session has the number that its datagrams will be sent with.
async fn stream_of(connection: &Connection) -> Option<Stream> {
    let (out, into) = connection.accept_bi().await.ok()?;
    let is_first = connection.session_id().into_u64() / 4 == FIRST_SESSION;
    is_first.then(|| Stream { out, into, received: Received::default() })
}

/// The first message, if it is a ticket, and whom it says it is for.
async fn ticket(stream: &mut Stream) -> Option<(ClientId, Vec<u8>)> {
    let Ok(range) = next_message(&mut stream.into, &mut stream.received).await else { return None };
    let ticket = stream.received.message(range).to_vec();
    Some((claimed_client(&ticket)?, ticket))
}

/// Takes what the client sends.
async fn read(served: &Served, connection: &Connection, into: &mut RecvStream, received: &mut Received) -> End {
    loop {
        let next = timeout(SILENCE, async {
            tokio::select! {
                datagram = connection.receive_datagram() => datagram.map(Sent::Datagram).map_err(|_| End::ByClient),
                message = next_message(into, received) => message.map(Sent::Message),
            }
        });
        let taken = match next.await {
            Ok(Ok(Sent::Datagram(datagram))) => served.take(&datagram),
            Ok(Ok(Sent::Message(range))) => served.take(received.message(range)),
            Ok(Err(End::TooLong)) => return served.too_long(),
            Ok(Err(end)) => return end,
            Err(_) => return End::Silent,
        };
        if let Err(reason) = taken
            && let Err(end) = served.refused(reason).await
        {
            return end;
        }
    }
}

/// The next message of the stream. Cancel safe.
async fn next_message(into: &mut RecvStream, received: &mut Received) -> Result<std::ops::Range<usize>, End> {
    loop {
        match received.take_next() {
            Next::Message(range) => return Ok(range),
            Next::Unfinished => match into.read(received.room()).await {
                Ok(Some(bytes)) => received.fill(bytes),
                Ok(None) | Err(_) => return Err(End::ByClient),
            },
            Next::End => return Err(End::ByClient),
            Next::TooLong => return Err(End::TooLong),
        }
    }
}

/// Sends a payload: as a datagram, or on the stream where the way carries none that long. Returns whether the connection
/// has taken it.
async fn send(connection: &Connection, out: &mut SendStream, is_midway: &Cell<bool>, payload: Bytes) -> bool {
    // A byte is for the number of the session.
    if connection.quic_connection().max_datagram_size().is_some_and(|longest| payload.len() < longest) {
        // The library drops what is old when its buffer is full. Here a snapshot waits instead, and may be replaced.
        let mut datagram = BytesMut::with_capacity(1 + payload.len());
        datagram.put_u8(FIRST_SESSION as u8);
        datagram.put_slice(&payload);
        match connection.quic_connection().send_datagram_wait(datagram.freeze()).await {
            Ok(()) => return true,
            // The way has become narrower.
            Err(SendDatagramError::TooLarge) => {}
            Err(_) => return false,
        }
    }
    is_midway.set(true);
    let is_written = out.write_all(&framing::message(&payload)).await.is_ok();
    is_midway.set(!is_written);
    is_written
}

/// Says why it is over, and waits for the other end to have heard it.
async fn farewell(connection: &Connection, mut out: SendStream, code: u16) {
    let _ = timeout(FAREWELL_WITHIN, async {
        if out.write_all(&framing::end(code)).await.is_ok() && out.finish().await.is_ok() {
            connection.closed().await;
        }
    })
    .await;
    close(connection, code);
}

fn close(connection: &Connection, code: u16) {
    connection.close(VarInt::from_u32(code.into()), b"");
}
