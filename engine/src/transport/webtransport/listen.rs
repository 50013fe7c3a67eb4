//! Accepts connections and makes WebTransport sessions of them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wtransport::endpoint::{IncomingSessionFuture, SessionRequest};
use wtransport::quinn::{Endpoint, Incoming};

use super::barrier::{Applicant, Barrier};
use super::{AllowsOrigin, PATH, task};
use crate::transport::refusal::PacketRefusal;
use crate::transport::tasks::{Network, Stranger};

/// Time to become a session: the QUIC handshake, HTTP/3's settings and the request. On a line of 300 ms that loses one
/// packet in ten, in bursts, five seconds are not enough.
const OPEN_WITHIN: Duration = Duration::from_secs(10);

/// What makes a session of a connection.
pub(super) struct Door {
    pub(super) network: Rc<Network>,
    pub(super) allows_origin: AllowsOrigin,
    pub(super) barrier: Arc<Barrier>,
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
    // Anybody can write any address on a packet. It costs a round trip to prove it, so only when they are many.
    if !incoming.remote_address_validated() && network.strangers.are_many(address.ip()) {
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
    let (network, applicant) = (&door.network, Applicant::new(&door.barrier, incoming.remote_address()));
    let by = Instant::now() + OPEN_WITHIN;
    let Ok(Ok(request)) = timeout_at(by, IncomingSessionFuture::with_quic_incoming(incoming)).await else {
        return network.refuse(PacketRefusal::Upgrade);
    };
    let refusal = refusal(&request, &door.allows_origin);
    if let Some(reason) = refusal {
        network.refuse(reason);
    }
    let answered = timeout_at(by, async {
        match refusal {
            None => return request.accept().await.ok(),
            Some(PacketRefusal::Origin) => request.forbidden().await,
            Some(_) => request.not_found().await,
        }
        None
    });
    match answered.await {
        Ok(Some(connection)) => {
            applicant.pass();
            task::serve(connection, network.clone(), stranger).await;
        }
        Ok(None) | Err(_) if refusal.is_some() => {}
        Ok(None) | Err(_) => network.refuse(PacketRefusal::Upgrade),
    }
}

/// Why there is no session for this request.
fn refusal(request: &SessionRequest, allows: &AllowsOrigin) -> Option<PacketRefusal> {
    if request.path().split('?').next() != Some(PATH) {
        return Some(PacketRefusal::Upgrade);
    }
    let is_barred = request.origin().is_some_and(|origin| !allows(origin, Some(request.authority())));
    is_barred.then_some(PacketRefusal::Origin)
}
