//! What clients send: CONNECT starts a mirror, DISCONNECT ends it, everything else passes through it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use engineioxide::handler::EngineIoHandler;
use engineioxide::{DisconnectReason, Socket, Str};
use realmgate_platform::error::ErrorCode;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connection::{Connection, End, Handle, OutOfOrder, SERVICE_QUEUE, State, Stop};
use super::identity::{Auth, MAX_AUTH_BYTES};
use super::mirror::{Client, Mirror};
use super::packet::{self, Kind, Packet, PacketFault};
use super::{Relay, refusal};
use crate::dictionary;

/// Maximum number of namespaces that a connection joins.
const MAX_NAMESPACES: usize = 16;

/// The number of messages that CONNECT counts as: it opens a socket at a service.
const CONNECT_MESSAGES: usize = 10;

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Violation {
    /// A message breaks the protocol.
    Protocol,
    /// The client sends more than it may.
    Flood,
}

impl From<PacketFault> for Violation {
    fn from(_: PacketFault) -> Self {
        Self::Protocol
    }
}

impl From<OutOfOrder> for Violation {
    fn from(_: OutOfOrder) -> Self {
        Self::Protocol
    }
}

impl EngineIoHandler for Relay {
    type Data = Connection;

    fn on_connect(self: Arc<Self>, socket: Arc<Socket<Connection>>) {
        // Its end counts it off again, also if it is refused here.
        if self.connections.fetch_add(1, Ordering::Relaxed) >= self.settings.max_connections {
            metrics::counter!("realmgate_door_connections_refused_total").increment(1);
            return socket.close(DisconnectReason::TransportError);
        }
        self.watch(&socket);
    }

    fn on_disconnect(&self, socket: Arc<Socket<Connection>>, _: DisconnectReason) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
        socket.data.lock().close(End::ClientClosed);
    }

    fn on_message(self: &Arc<Self>, message: Str, socket: Arc<Socket<Connection>>) {
        let outcome = self.take(message.as_str(), &socket);
        close_on_violation(&socket, outcome);
    }

    fn on_binary(self: &Arc<Self>, data: Bytes, socket: Arc<Socket<Connection>>) {
        let outcome = {
            let mut state = socket.data.lock();
            self.admit(&mut state, data.len(), 1).and_then(|()| state.attach(data).map_err(Violation::from))
        };
        close_on_violation(&socket, outcome);
    }
}

fn close_on_violation(socket: &Socket<Connection>, outcome: Result<(), Violation>) {
    let Err(violation) = outcome else { return };
    let (why, reason) = match violation {
        Violation::Protocol => (End::ClientClosed, DisconnectReason::PacketParsingError),
        Violation::Flood => (End::Flood, DisconnectReason::TransportError),
    };
    socket.data.lock().close(why);
    socket.close(reason);
}

impl Relay {
    /// Closes a connection that has joined no namespace in time.
    pub(super) fn watch(self: &Arc<Self>, socket: &Arc<Socket<Connection>>) {
        {
            let mut state = socket.data.lock();
            if state.is_watched || state.is_closed() {
                return;
            }
            state.is_watched = true;
        }
        let (relay, socket) = (self.clone(), Arc::downgrade(socket));
        tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(relay.settings.join_within) => {}
                () = relay.shutdown.cancelled() => {}
            }
            let Some(socket) = socket.upgrade() else { return };
            let is_idle = {
                let mut state = socket.data.lock();
                state.is_watched = false;
                state.is_idle()
            };
            if is_idle {
                socket.close(DisconnectReason::TransportClose);
            }
        });
    }

    fn admit(&self, state: &mut State, bytes: usize, messages: usize) -> Result<(), Violation> {
        let is_admitted = state.inflow.admits(messages, bytes, self.inflow_limit(), Instant::now());
        if is_admitted { Ok(()) } else { Err(Violation::Flood) }
    }

    fn take(self: &Arc<Self>, text: &str, socket: &Arc<Socket<Connection>>) -> Result<(), Violation> {
        let mut state = socket.data.lock();
        if state.is_closed() {
            return Ok(());
        }
        let packet = packet::parse(text)?;
        let messages = if packet.kind == Kind::Connect { CONNECT_MESSAGES } else { 1 };
        self.admit(&mut state, text.len(), messages)?;
        if !state.is_between_packets() {
            return Err(Violation::Protocol);
        }
        match packet.kind {
            Kind::Connect => return self.connect(&mut state, &packet, socket),
            Kind::Disconnect => {
                if let Some(mirror) = state.leave(packet.namespace) {
                    mirror.stop.stop(End::ClientLeft);
                    drop(state);
                    self.watch(socket);
                }
            }
            Kind::ConnectError => return Err(Violation::Protocol),
            Kind::Event | Kind::Ack | Kind::BinaryEvent | Kind::BinaryAck => state.pass(&packet),
        }
        Ok(())
    }

    /// Starts a mirror, which checks the token and connects to the service.
    fn connect(
        self: &Arc<Self>,
        state: &mut State,
        packet: &Packet<'_>,
        socket: &Arc<Socket<Connection>>,
    ) -> Result<(), Violation> {
        if state.has(packet.namespace) {
            return Err(Violation::Protocol);
        }
        match self.prepare(state, packet, socket)? {
            Ok(mirror) => _ = tokio::spawn(mirror.run()),
            // A client that does not read the refusal of its own request loses only that.
            Err(code) => _ = socket.emit(refusal::write(packet.namespace, code)),
        }
        Ok(())
    }

    fn prepare(
        self: &Arc<Self>,
        state: &mut State,
        packet: &Packet<'_>,
        socket: &Arc<Socket<Connection>>,
    ) -> Result<Result<Mirror, ErrorCode>, Violation> {
        if state.mirrors() >= MAX_NAMESPACES {
            return Ok(Err(ErrorCode::RateLimited));
        }
        if packet.rest.len() > MAX_AUTH_BYTES {
            return Ok(Err(ErrorCode::PayloadTooLarge));
        }
        let auth = Auth::parse(packet.rest).ok_or(Violation::Protocol)?;
        let is_served = |service: &Arc<dictionary::Service>| service.sockets != dictionary::Access::Off;
        let Some(service) = (self.services)(packet.namespace).filter(is_served) else {
            return Ok(Err(ErrorCode::NotFound));
        };
        let Some(socket_io) = &service.socket_io else { return Ok(Err(ErrorCode::NotFound)) };

        let (queue, parcels) = mpsc::channel(SERVICE_QUEUE);
        let (id, stop) = (state.next_id(), Arc::new(Stop::default()));
        let (namespace, service_namespace): (Arc<str>, Arc<str>) =
            (packet.namespace.into(), socket_io.service_namespace.as_str().into());
        state.join(Handle {
            id,
            namespace: namespace.clone(),
            service_namespace: service_namespace.clone(),
            max_packet_bytes: service.limits.max_packet_bytes,
            queue,
            stop: stop.clone(),
        });
        let client = Client { relay: self.clone(), socket: socket.clone(), namespace, id };
        Ok(Ok(Mirror { client, service, service_namespace, auth, parcels, stop }))
    }
}
