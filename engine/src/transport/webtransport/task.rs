//! One client's session, from its ticket to its end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use realmgate_protocol::wire::framing::{self, Next, Received};
use tokio::time::{sleep, timeout};
use wtransport::{Connection, RecvStream, SendStream, VarInt};

use super::line::Line;
use crate::transport::ClientId;
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{End, Network, Open, Served, Stranger, claimed_client, refusal_code};

/// Time for the stream and the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// Time for the other end to hear a goodbye. A connection that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// Bytes that a client may send in a second, with all that QUIC adds. One that plays sends a fiftieth of it.
const MOST_BYTES_PER_SECOND: u64 = 256 << 10;
/// The number of a session, in quarters of its stream's: that of the first request of a connection.
pub(super) const FIRST_SESSION: u64 = 0;

/// The stream that the client has opened.
struct Stream {
    out: SendStream,
    into: RecvStream,
    received: Received,
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
    let (line, is_midway) = (Rc::new(Line::new(connection)), Cell::new(false));
    let Stream { mut out, mut into, mut received } = stream;
    let end = served
        .until_one_ends([
            Box::pin(read_datagrams(&served, connection, false)),
            Box::pin(read_datagrams(&served, connection, true)),
            Box::pin(read_stream(&served, &mut into, &mut received)),
            Box::pin(served.write(line.clone(), async || line.pass_on(&mut out, &is_midway).await)),
        ])
        .await;
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

/// Takes the datagrams that the client sends. The library, whose own way costs two wake-ups more for each, takes some of
/// them first: those come from it.
async fn read_datagrams(served: &Served, connection: &Connection, of_library: bool) -> End {
    loop {
        let taken = if of_library {
            let Ok(datagram) = connection.receive_datagram().await else { return End::ByClient };
            served.take(&datagram)
        } else {
            let Ok(datagram) = connection.quic_connection().read_datagram().await else { return End::ByClient };
            match datagram.split_first() {
                Some((number, payload)) if u64::from(*number) == FIRST_SESSION => served.take(payload),
                Some(_) | None => served.take_other(datagram.len(), Err(PacketRefusal::Payload)),
            }
        };
        if let Err(reason) = taken
            && let Err(end) = served.refused(reason).await
        {
            return end;
        }
    }
}

/// Takes the messages that the client sends on its stream.
async fn read_stream(served: &Served, into: &mut RecvStream, received: &mut Received) -> End {
    loop {
        let taken = match next_message(into, received).await {
            Ok(range) => served.take(received.message(range)),
            Err(End::TooLong) => return served.too_long(),
            Err(end) => return end,
        };
        if let Err(reason) = taken
            && let Err(end) = served.refused(reason).await
        {
            return end;
        }
    }
}

/// The next message of the stream.
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
