//! Accepts connections, makes WebTransport sessions of them, and answers requests that are refused with an HTTP status.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use quinn::{Endpoint, Incoming};
use realmgate_protocol::wire::framing::Received;
use realmgate_protocol::wire::http3::{NO_ERROR, Request, response, stream_in};
use tokio::time::{Instant, timeout_at};

use super::hellos::Hellos;
use super::http3::{self, NoSession};
use super::task::Closing;
use super::{AllowsOrigin, PATH, task};
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{Network, Stranger, refusal_code};

/// Time to become a session: the QUIC handshake and the request. On a line of 300 ms that loses one
/// packet in ten, in bursts, five seconds are not enough.
pub(super) const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// What makes a session of a connection.
pub(super) struct Door {
    pub(super) network: Rc<Network>,
    pub(super) hellos: Arc<Hellos>,
    pub(super) allows_origin: AllowsOrigin,
    /// Most connections at once, whatever they are.
    pub(super) most_connections: usize,
}

/// Accepts until it is dropped. Every connection is a task of its own.
pub(super) async fn accept(endpoint: Endpoint, door: Door) {
    let door = Rc::new(door);
    while let Some(incoming) = endpoint.accept().await {
        greet(incoming, &endpoint, &door);
    }
}

fn greet(incoming: Incoming, endpoint: &Endpoint, door: &Rc<Door>) {
    let (network, address) = (&door.network, incoming.remote_address());
    let barred = network.host_is_behind().then_some(PacketRefusal::HostBehind);
    let is_crowded = endpoint.open_connections() >= door.most_connections;
    if let Some(reason) = barred.or_else(|| is_crowded.then_some(PacketRefusal::HandshakeBudget)) {
        network.refuse(reason);
        return incoming.refuse();
    }
    // Anybody can write any address on a packet, to fill the places of another or to have him answered with more than three times the
    // bytes. It costs a round trip to prove it, so only while another one has yet to show a ticket.
    if !incoming.remote_address_validated() && !network.strangers.are_none() {
        network.refuse(PacketRefusal::AddressUnproven);
        // It can always be asked to: it has not been yet.
        let _ = incoming.retry();
        return;
    }
    let stranger = match network.strangers.admit(address.ip(), network.now()) {
        Ok(stranger) => stranger,
        Err(reason) => {
            network.refuse(reason);
            return incoming.ignore();
        }
    };
    let (door, makes_way) = (door.clone(), stranger.makes_way());
    tokio::task::spawn_local(async move {
        tokio::select! {
            // Whoever has shown a ticket meanwhile stays.
            biased;
            () = open(incoming, &door, stranger) => {}
            () = makes_way.told() => door.network.refuse(PacketRefusal::PendingFull),
        }
    });
}

async fn open(incoming: Incoming, door: &Door, stranger: Stranger) {
    let (network, by) = (&door.network, Instant::now() + OPEN_WITHIN);
    let Ok(Ok((connection, control))) = timeout_at(by, http3::begin(incoming, &door.hellos)).await else {
        return network.refuse(PacketRefusal::Upgrade);
    };
    let _closing = Closing(&connection);
    tokio::task::spawn_local(task::watch(connection.clone(), network.clone()));
    let (exchange, asked) = match timeout_at(by, http3::request(&connection)).await {
        Ok(Ok(requested)) => requested,
        Ok(Err(NoSession::Gone)) => return network.refuse(PacketRefusal::Upgrade),
        Ok(Err(NoSession::Http3(error))) => {
            network.refuse(PacketRefusal::Upgrade);
            return http3::close(&connection, error.code());
        }
        Err(_) => {
            network.refuse(PacketRefusal::Upgrade);
            return http3::close(&connection, refusal_code(PacketRefusal::Upgrade).into());
        }
    };
    match session(&asked, &door.allows_origin) {
        Ok(begun) => task::serve(&connection, control, exchange, begun, network, stranger).await,
        Err(reason) => {
            network.refuse(reason);
            let status = if reason == PacketRefusal::Origin { 403 } else { 404 };
            task::farewell(&connection, exchange.out, &response(status), NO_ERROR).await;
        }
    }
}

/// What the session's stream begins with, as far as the request says so, or why there is no session.
fn session(asked: &Request, allows: &AllowsOrigin) -> Result<Received, PacketRefusal> {
    if !asked.is_for_session || asked.path.split('?').next() != Some(PATH) {
        return Err(PacketRefusal::Upgrade);
    }
    if asked.origin.as_deref().is_some_and(|origin| !allows(origin, asked.authority.as_deref())) {
        return Err(PacketRefusal::Origin);
    }
    stream_in(&asked.path).and_then(|bytes| Received::begun(&bytes)).ok_or(PacketRefusal::Upgrade)
}
