//! One client's session, from its ticket to its end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use quinn::{Connection, SendStream};
use realmgate_protocol::wire::framing::{self, Received};
use realmgate_protocol::wire::http3::{NO_ERROR, close_session, read_datagram, response};
use tokio::time::{sleep, timeout};

use super::http3::{self, Exchange};
use super::line::Line;
use super::stream::{Incoming, Outgoing, stream};
use crate::transport::ClientId;
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{End, Network, Open, Served, Stranger, claimed_client, refusal_code};

/// Time for the stream and the ticket to come.
const TICKET_WITHIN: Duration = Duration::from_secs(5);
/// Time for a stream to come on which a goodbye can be said: less than what is left when the server ends.
const STREAM_WITHIN: Duration = Duration::from_millis(500);
/// Time for the other end to hear a goodbye. A connection that is dropped earlier may lose what it was told last.
const FAREWELL_WITHIN: Duration = Duration::from_secs(1);
/// Bytes that a client may send in a second, with all that QUIC adds. One that plays sends a fiftieth of it.
const MOST_BYTES_PER_SECOND: u64 = 256 << 10;

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
    begun: Received,
    network: &Rc<Network>,
    stranger: Stranger,
) {
    if exchange.out.write_all(&response(200)).await.is_err() {
        return network.refuse(PacketRefusal::Upgrade);
    }
    let (mut incoming, outgoing) = stream(connection, begun);
    let joined = match timeout(TICKET_WITHIN, ticket(&mut incoming)).await {
        Ok(Some((client, ticket))) => Served::join(network, client, &ticket),
        Ok(None) | Err(_) => Err(PacketRefusal::NoTicket),
    };
    match joined {
        Ok(served) => {
            drop(stranger);
            play(connection, network, served, incoming, outgoing, exchange).await;
        }
        Err(reason) => {
            network.refuse(reason);
            say_end(connection, incoming, outgoing, exchange, refusal_code(reason)).await;
        }
    }
}

async fn play(
    connection: &Connection,
    network: &Rc<Network>,
    served: Served,
    mut incoming: Incoming<'_>,
    mut outgoing: Outgoing,
    mut exchange: Exchange,
) {
    let _open = Open::new(network);
    let (line, is_midway) = (Rc::new(Line::new(connection)), Cell::new(false));
    let end = served
        .until_one_ends([
            Box::pin(read_datagrams(&served, connection)),
            Box::pin(read_stream(&served, &mut incoming)),
            Box::pin(served.write(line.clone(), async || line.pass_on(&mut outgoing, &is_midway).await)),
            Box::pin(async {
                exchange.ended().await;
                End::ByClient
            }),
        ])
        .await;
    drop(served);
    match end.close_code() {
        // What is cut off in the middle of a message cannot be followed by another.
        Some(code) if !is_midway.get() => say_end(connection, incoming, outgoing, exchange, code).await,
        Some(_) | None => {}
    }
}

/// Says on the stream why the session is over. Where none has been opened it is said as HTTP/3 does, which browsers show to the page.
async fn say_end(
    connection: &Connection,
    mut incoming: Incoming<'_>,
    outgoing: Outgoing,
    exchange: Exchange,
    code: u16,
) {
    let _ = timeout(STREAM_WITHIN, incoming.opened()).await;
    match outgoing.into_open() {
        Some(out) => farewell(connection, out, &framing::end(code), code.into()).await,
        None => farewell(connection, exchange.out, &close_session(code), code.into()).await,
    }
}

/// The first message, if it is a ticket, and whom it says it is for.
async fn ticket(incoming: &mut Incoming<'_>) -> Option<(ClientId, Vec<u8>)> {
    let range = incoming.next_message().await.ok()?;
    let ticket = incoming.message(range).to_vec();
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
async fn read_stream(served: &Served, incoming: &mut Incoming<'_>) -> End {
    loop {
        let taken = match incoming.next_message().await {
            Ok(range) => served.take(incoming.message(range)),
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
