//! One client's session, from its ticket to its end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use quinn::{Connection, RecvStream, SendStream};
use realmgate_protocol::wire::framing::{self, Next, Received};
use realmgate_protocol::wire::http3::{NO_ERROR, close_session, read_datagram, response};
use tokio::time::{sleep, timeout};

use super::http3::{self, Exchange};
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

/// The stream that the client has opened.
struct Stream {
    out: SendStream,
    into: RecvStream,
    received: Received,
}

/// Closes a connection, however its task ends.
pub(super) struct Closing<'a>(pub(super) &'a Connection);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        http3::close(self.0, NO_ERROR);
    }
}

/// Goes on beside a connection, a session or none, until it is over: reads what is HTTP/3's own, and closes it when the client
/// sends more than any that plays, of whatever kind.
pub(super) async fn watch(connection: Connection, network: Rc<Network>) {
    tokio::select! {
        () = http3::skip_others(&connection) => {}
        () = sends_too_much(&connection) => {
            network.refuse(PacketRefusal::Abuse);
            http3::close(&connection, refusal_code(PacketRefusal::Abuse).into());
        }
    }
}

async fn sends_too_much(connection: &Connection) {
    let received = || connection.stats().udp_rx.bytes;
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

/// Takes the request, and serves the session to its end. HTTP/3's own stream is held as long.
pub(super) async fn serve(
    connection: &Connection,
    _control: SendStream,
    mut exchange: Exchange,
    network: &Rc<Network>,
    stranger: Stranger,
) {
    if exchange.out.write_all(&response(200)).await.is_err() {
        return network.refuse(PacketRefusal::Upgrade);
    }
    let Ok(Ok((out, into))) = timeout(TICKET_WITHIN, http3::stream(connection)).await else {
        let code = refusal_code(PacketRefusal::NoTicket);
        network.refuse(PacketRefusal::NoTicket);
        return farewell(connection, exchange.out, &close_session(code), code.into()).await;
    };
    let mut stream = Stream { out, into, received: Received::default() };
    let joined = match timeout(TICKET_WITHIN, ticket(&mut stream)).await {
        Ok(Some((client, ticket))) => Served::join(network, client, &ticket),
        Ok(None) | Err(_) => Err(PacketRefusal::NoTicket),
    };
    match joined {
        Ok(served) => {
            drop(stranger);
            play(connection, network, served, stream, exchange).await;
        }
        Err(reason) => {
            network.refuse(reason);
            let code = refusal_code(reason);
            farewell(connection, stream.out, &framing::end(code), code.into()).await;
        }
    }
}

async fn play(connection: &Connection, network: &Rc<Network>, served: Served, stream: Stream, mut exchange: Exchange) {
    let _open = Open::new(network);
    let (line, is_midway) = (Rc::new(Line::new(connection)), Cell::new(false));
    let Stream { mut out, mut into, mut received } = stream;
    let end = served
        .until_one_ends([
            Box::pin(read_datagrams(&served, connection)),
            Box::pin(read_stream(&served, &mut into, &mut received)),
            Box::pin(served.write(line.clone(), async || line.pass_on(&mut out, &is_midway).await)),
            Box::pin(async {
                exchange.ended().await;
                End::ByClient
            }),
        ])
        .await;
    drop(served);
    match end.close_code() {
        // What is cut off in the middle of a message cannot be followed by another.
        Some(code) if !is_midway.get() => farewell(connection, out, &framing::end(code), code.into()).await,
        Some(_) | None => {}
    }
}

/// The first message, if it is a ticket, and whom it says it is for.
async fn ticket(stream: &mut Stream) -> Option<(ClientId, Vec<u8>)> {
    let Ok(range) = next_message(&mut stream.into, &mut stream.received).await else { return None };
    let ticket = stream.received.message(range).to_vec();
    Some((claimed_client(&ticket)?, ticket))
}

/// Takes the datagrams that the client sends.
async fn read_datagrams(served: &Served, connection: &Connection) -> End {
    loop {
        let Ok(datagram) = connection.read_datagram().await else { return End::ByClient };
        let taken = match read_datagram(&datagram) {
            Some(payload) => served.take(payload),
            None => served.take_other(datagram.len(), Err(PacketRefusal::Payload)),
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

/// Sends the last that there is to say, waits for the other end to have heard it, and closes the connection.
pub(super) async fn farewell(connection: &Connection, mut out: SendStream, last: &[u8], code: u32) {
    let _ = timeout(FAREWELL_WITHIN, async {
        if out.write_all(last).await.is_ok() && out.finish().is_ok() {
            connection.closed().await;
        }
    })
    .await;
    http3::close(connection, code);
}
