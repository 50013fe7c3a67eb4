//! A mirror: the socket at a service that stands for one client in one namespace.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engineioxide::{DisconnectReason, Socket};
use metrics::Counter;
use realmgate_platform::error::ErrorCode;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::connection::{Connection, End, NotSent, Parcel, Stop};
use super::identity::Auth;
use super::measures::Place;
use super::opening::{Open, Refusal};
use super::packet::{self, Kind, PacketFault};
use super::service_socket::{Lost, Received, ServiceSocket};
use super::{Relay, refusal};
use crate::access::Seat;
use crate::dictionary::Service;

/// How often a full queue of a client is tried again.
const RETRY_EVERY: Duration = Duration::from_millis(5);

/// The client's side of a mirror.
pub(super) struct Client {
    pub(super) relay: Arc<Relay>,
    pub(super) socket: Arc<Socket<Connection>>,
    /// The namespace at the door.
    pub(super) namespace: Arc<str>,
    pub(super) id: u64,
}

/// A mirror that has not begun.
pub(super) struct Mirror {
    pub(super) client: Client,
    pub(super) service: Arc<Service>,
    pub(super) service_namespace: Arc<str>,
    pub(super) auth: Auth,
    pub(super) parcels: mpsc::Receiver<Parcel>,
    pub(super) stop: Arc<Stop>,
}

/// A packet of the service that the relay interprets.
#[derive(Debug)]
pub(super) enum Special {
    /// It confirms the namespace, with this payload.
    Connect(String),
    /// It refuses the namespace, with this payload.
    ConnectError(String),
    /// It leaves the namespace.
    Disconnect,
}

/// What a text of the service begins.
enum Begun {
    Special(Special),
    Packet(Partial),
}

/// A packet of the service whose attachments are not complete.
pub(super) struct Partial {
    text: String,
    attachments: VecDeque<Bytes>,
    bytes: usize,
    missing: usize,
}

impl Client {
    /// Puts a packet into the client's queue, and waits for a place in it.
    async fn send(&self, text: String, attachments: VecDeque<Bytes>) -> Result<(), End> {
        let settings = &self.relay.settings;
        let until = Instant::now() + settings.slow_after;
        let mut packet = (text, attachments);
        loop {
            let sent = self.socket.data.lock().emit(&self.socket, self.id, packet, settings.outflow_bytes);
            packet = match sent {
                Ok(()) => return Ok(()),
                Err(NotSent::Closed) => return Err(End::ClientClosed),
                Err(NotSent::Full(..)) if Instant::now() >= until => return Err(End::SlowClient),
                Err(NotSent::Full(text, attachments)) => (text, attachments),
            };
            sleep(RETRY_EVERY).await;
        }
    }

    /// Ends the mirror with a last packet. Closes the whole connection instead if `reconnects` and it has no other
    /// mirror, or if its queue is full.
    fn end(&self, last: String, reconnects: bool) {
        let is_last_sent = {
            let mut state = self.socket.data.lock();
            let Some(was_only) = state.end(self.id) else { return };
            !(reconnects && was_only) && self.socket.emit(last).is_ok()
        };
        if is_last_sent {
            self.relay.watch(&self.socket);
        } else {
            self.socket.close(DisconnectReason::TransportClose);
        }
    }
}

impl Mirror {
    /// Connects, relays until one side ends, and ends the other.
    pub(super) async fn run(mut self) {
        let auth = std::mem::take(&mut self.auth);
        let opened = tokio::select! {
            end = self.stop.stopped() => return self.disconnect(end),
            () = self.client.relay.shutdown.cancelled() => Err(Refusal::Reconnect),
            // Boxed, since connecting takes more memory than relaying, and for a moment.
            opened = Box::pin(self.open(auth)) => opened,
        };
        match opened {
            Ok(mut open) => {
                let end = self.relay(&mut open).await;
                open.place.count_end(end.as_str());
                tracing::debug!(service = self.service.name, reason = end.as_str(), "socket closed");
                self.finish(end, open).await;
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Ends the client's side. A client that has left needs no packet.
    fn disconnect(&self, end: End) {
        let reconnects = match end {
            End::ClientLeft | End::ClientClosed | End::Flood => return,
            End::ServiceLeft | End::ServiceFault | End::LoggedOut | End::TooLarge => false,
            End::ServiceLost | End::SlowClient | End::SlowService | End::Shutdown => true,
        };
        self.client.end(packet::write("", Kind::Disconnect, &self.client.namespace, ""), reconnects);
    }

    fn refuse(&self, refusal: Refusal) {
        let namespace = &self.client.namespace;
        match refusal {
            Refusal::Door(code) => self.client.end(refusal::write(namespace, code), false),
            Refusal::Service(payload) => {
                self.client.end(packet::write("", Kind::ConnectError, namespace, &payload), false);
            }
            Refusal::Ended(end) => self.disconnect(end),
            Refusal::Reconnect => self.client.end(refusal::write(namespace, ErrorCode::ServiceUnreachable), true),
        }
    }

    /// Relays until the mirror ends. What ends it from outside does not wait for a packet that is on its way.
    async fn relay(&mut self, open: &mut Open) -> End {
        let (stop, shutdown) = (self.stop.clone(), self.client.relay.shutdown.clone());
        let Open { socket, confirmation, seat, place } = open;
        tokio::select! {
            biased;
            end = stop.stopped() => end,
            () = ended(seat.as_ref()) => End::LoggedOut,
            () = shutdown.cancelled() => End::Shutdown,
            end = self.pass(std::mem::take(confirmation), socket, place) => end,
        }
    }

    async fn pass(&mut self, confirmation: String, socket: &mut ServiceSocket, place: &Place) -> End {
        let confirmation = packet::write("", Kind::Connect, &self.client.namespace, &confirmation);
        if let Err(end) = self.client.send(confirmation, VecDeque::new()).await {
            return end;
        }
        let within = self.client.relay.settings.slow_after;
        let mut partial = None;
        loop {
            let step = tokio::select! {
                Some(Parcel { text, attachments }) = self.parcels.recv() => {
                    place.up.increment(1);
                    socket.send(text, attachments, within).await.map_err(end_of_sending)
                }
                received = socket.receive() => match received {
                    Ok(received) => match self.take(received, &mut partial, &place.down).await {
                        Ok(None) => Ok(()),
                        Ok(Some(Special::Disconnect)) => Err(End::ServiceLeft),
                        Ok(Some(Special::Connect(_) | Special::ConnectError(_))) => Err(End::ServiceFault),
                        Err(end) => Err(end),
                    },
                    Err(lost) => Err(end_of(lost)),
                },
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Passes a message of the service on. Returns what the client does not get as it is.
    pub(super) async fn take(
        &self,
        received: Received,
        partial: &mut Option<Partial>,
        passed: &Counter,
    ) -> Result<Option<Special>, End> {
        let next = match received {
            Received::Text(text) => {
                let begun = self.begin(text.as_str()).map_err(|_| End::ServiceFault)?;
                match begun {
                    _ if partial.is_some() => return Err(End::ServiceFault),
                    Begun::Special(special) => return Ok(Some(special)),
                    Begun::Packet(next) => next,
                }
            }
            Received::Binary(bytes) => {
                let mut next = partial.take().ok_or(End::ServiceFault)?;
                next.bytes += bytes.len();
                next.missing -= 1;
                next.attachments.push_back(bytes);
                next
            }
        };
        if next.bytes > self.service.limits.max_packet_bytes {
            return Err(End::TooLarge);
        }
        if next.missing > 0 {
            *partial = Some(next);
            return Ok(None);
        }
        passed.increment(1);
        self.client.send(next.text, next.attachments).await?;
        Ok(None)
    }

    /// What a text begins.
    fn begin(&self, text: &str) -> Result<Begun, PacketFault> {
        let packet = packet::parse(text)?;
        if *packet.namespace != *self.service_namespace {
            return Err(PacketFault::Namespace);
        }
        Ok(match packet.kind {
            Kind::Connect => Begun::Special(Special::Connect(packet.rest.to_owned())),
            Kind::ConnectError => Begun::Special(Special::ConnectError(packet.rest.to_owned())),
            Kind::Disconnect => Begun::Special(Special::Disconnect),
            Kind::Event | Kind::Ack | Kind::BinaryEvent | Kind::BinaryAck => Begun::Packet(Partial {
                text: packet.write("", &self.client.namespace),
                attachments: VecDeque::new(),
                bytes: text.len(),
                missing: packet.attachments,
            }),
        })
    }

    /// Ends both sides. A service sees a client whose connection closed as one whose connection closed, since it may
    /// recover that session, and a client that has left as one that has left.
    async fn finish(mut self, end: End, mut open: Open) {
        self.disconnect(end);
        match end {
            End::ClientLeft | End::ClientClosed | End::Flood => self.deliver_last(&mut open).await,
            End::ServiceLost => open.place.lose(),
            _ => {}
        }
        let leaves = matches!(end, End::ClientLeft | End::LoggedOut | End::TooLarge);
        let last = leaves.then(|| packet::write("4", Kind::Disconnect, &self.service_namespace, ""));
        // The client's connection is not held while the service closes.
        let Self { client, parcels, .. } = self;
        drop((client, parcels));
        open.socket.close(last).await;
    }

    /// Sends what the client sent before it left.
    async fn deliver_last(&mut self, open: &mut Open) {
        let within = self.client.relay.settings.slow_after;
        let until = Instant::now() + within;
        while let Ok(Parcel { text, attachments }) = self.parcels.try_recv() {
            open.place.up.increment(1);
            if open.socket.send(text, attachments, within).await.is_err() || Instant::now() >= until {
                return;
            }
        }
    }
}

/// Completes when the login of this seat has ended.
async fn ended(seat: Option<&Seat>) {
    match seat {
        Some(seat) => seat.ended().await,
        None => std::future::pending().await,
    }
}

/// As [`end_of`], for a packet that the service does not read in time.
const fn end_of_sending(lost: Lost) -> End {
    match lost {
        Lost::Timeout => End::SlowService,
        _ => end_of(lost),
    }
}

const fn end_of(lost: Lost) -> End {
    match lost {
        Lost::Closed | Lost::Timeout => End::ServiceLost,
        Lost::TooLarge => End::TooLarge,
        Lost::Fault => End::ServiceFault,
    }
}
