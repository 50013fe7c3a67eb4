//! The network thread: drains the socket all the time, and every millisecond or when it is woken does what is due.

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use renetcode::{NetcodeServer, ServerAuthentication, ServerConfig, ServerResult};

use super::budget::Rate;
use super::clock::Clock;
use super::guard::{Guard, Passed};
use super::session::Session;
use super::wire::Wire;
use super::{Command, Shared, UdpSettings};
use crate::transport::inbound::{self, Inbound};
use crate::transport::refusal::Refusal;
use crate::transport::{SessionId, TransportEvent};

/// Longer than any datagram that is looked at; the kernel cuts off the rest.
const RECEIVE_BYTES: usize = 2_048;
const SERVE_EVERY: Duration = Duration::from_millis(1);
/// Keep-alives and time-outs: for each client, `renetcode` looks at all of them.
const SWEEP_EVERY: Duration = Duration::from_millis(50);

pub(super) struct Pump {
    wire: Wire,
    waker_address: SocketAddr,
    clock: Clock,
    now: Duration,
    served_at: Duration,
    swept_at: Duration,
    netcode: NetcodeServer,
    guard: Guard,
    datagrams_per_client: Rate,
    sessions: BTreeMap<SessionId, Session>,
    by_address: HashMap<SocketAddr, SessionId>,
    events: Vec<TransportEvent>,
    host_is_behind: bool,
    shared: Arc<Shared>,
    commands: Receiver<Vec<Command>>,
    sessions_metric: metrics::Gauge,
}

/// What became of a datagram in the netcode layer.
enum Outcome<'a> {
    Silence,
    Answered,
    Payload(&'a [u8]),
    Connected(SessionId, Vec<u8>, Vec<u8>),
    Gone(SessionId),
}

impl Pump {
    pub(super) fn new(
        settings: &UdpSettings,
        public_addresses: Vec<SocketAddr>,
        socket: UdpSocket,
        waker_address: SocketAddr,
        shared: Arc<Shared>,
        commands: Receiver<Vec<Command>>,
    ) -> Self {
        let clock = Clock::start(settings.clock_off_by_ms);
        let netcode = NetcodeServer::new(ServerConfig {
            current_time: clock.unix_start(),
            max_clients: settings.max_clients,
            protocol_id: settings.protocol_id,
            public_addresses,
            authentication: ServerAuthentication::Secure { private_key: settings.netcode_key },
        });
        Self {
            wire: Wire::new(socket),
            waker_address,
            clock,
            now: Duration::ZERO,
            served_at: Duration::ZERO,
            swept_at: Duration::ZERO,
            netcode,
            guard: Guard::new(settings.handshakes_per_source, settings.handshakes, Duration::ZERO),
            datagrams_per_client: settings.datagrams_per_client,
            sessions: BTreeMap::new(),
            by_address: HashMap::new(),
            events: Vec::new(),
            host_is_behind: false,
            shared,
            commands,
            sessions_metric: metrics::gauge!("realmgate_sessions"),
        }
    }

    /// Until the transport is dropped.
    pub(super) fn run(mut self) {
        let mut buffer = [0; RECEIVE_BYTES];
        while !self.shared.stop.load(Ordering::Acquire) {
            let received = self.wire.receive(&mut buffer);
            self.now = self.clock.now();
            let mut woken = false;
            match received {
                Ok((_, from)) if from == self.waker_address => woken = true,
                Ok((bytes, from)) => self.datagram(&mut buffer[..bytes], from),
                Err(error) => pause_after(&error),
            }
            if woken || self.now.saturating_sub(self.served_at) >= SERVE_EVERY {
                self.serve();
            }
        }
        // What the host sent last is still to go out.
        self.serve();
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        sessions.into_iter().for_each(|session| self.disconnect(session));
    }

    fn refuse(&self, reason: Refusal) {
        self.shared.refused.add(reason);
    }

    /// A datagram's way in.
    fn datagram(&mut self, datagram: &mut [u8], from: SocketAddr) {
        self.wire.count_in(datagram.len());
        let known = self.by_address.get(&from).copied();
        let passed = match self.check(datagram, from, known) {
            Ok(passed) => passed,
            Err(reason) => return self.refuse(reason),
        };
        match (self.netcode_outcome(datagram, from), known) {
            (Outcome::Payload(payload), Some(session)) => self.payload(session, payload),
            (Outcome::Connected(session, user_data, accept), _) => self.connected(session, from, user_data, &accept),
            (Outcome::Gone(session), _) => self.end(session),
            (Outcome::Silence, Some(session)) if passed == Passed::KeepAlive => self.keep_alive(session),
            (Outcome::Silence, _) => self.refuse(Refusal::Netcode),
            (Outcome::Answered | Outcome::Payload(_), _) => {}
        }
    }

    fn check(&mut self, datagram: &[u8], from: SocketAddr, known: Option<SessionId>) -> Result<Passed, Refusal> {
        let passed = self.guard.check(datagram, from, known.is_some(), self.now)?;
        match known.and_then(|session| self.sessions.get_mut(&session)) {
            Some(session) => session.budget.spend(self.now).then_some(passed).ok_or(Refusal::SessionBudget),
            None if self.host_is_behind => Err(Refusal::HostBehind),
            None => Ok(passed),
        }
    }

    fn netcode_outcome<'a>(&mut self, datagram: &'a mut [u8], from: SocketAddr) -> Outcome<'a> {
        match self.netcode.process_packet(from, datagram) {
            ServerResult::None => Outcome::Silence,
            ServerResult::PacketToSend { addr, payload } => {
                self.wire.send(payload, addr);
                Outcome::Answered
            }
            ServerResult::Payload { payload, .. } => Outcome::Payload(payload),
            ServerResult::ClientConnected { client_id, user_data, payload, .. } => {
                Outcome::Connected(SessionId(client_id), user_data.to_vec(), payload.to_vec())
            }
            ServerResult::ClientDisconnected { client_id, .. } => Outcome::Gone(SessionId(client_id)),
        }
    }

    fn connected(&mut self, session: SessionId, address: SocketAddr, user_data: Vec<u8>, accept: &[u8]) {
        if self.sessions.contains_key(&session) {
            // The netcode layer finds clients by their id: with two of one id, it can not be told which is meant.
            self.refuse(Refusal::DuplicateSession);
            while self.netcode.is_client_connected(session.0) {
                self.disconnect(session);
            }
            return;
        }
        self.wire.send(accept, address);
        self.sessions.insert(session, Session::new(address, self.datagrams_per_client, self.now));
        self.by_address.insert(address, session);
        self.sessions_metric.set(self.sessions.len() as f64);
        self.events.push(TransportEvent::Connected { session, user_data });
    }

    /// The netcode layer does not say whether it found a keep-alive to be authentic, only when it last heard one.
    fn keep_alive(&mut self, session: SessionId) {
        let is_authentic = self.netcode.time_since_last_received_packet(session.0) == Some(Duration::ZERO);
        let Some(entry) = self.sessions.get_mut(&session) else { return };
        if is_authentic && self.served_at > entry.connected_at() {
            entry.heard(self.now);
        } else if !is_authentic {
            self.refuse(Refusal::Netcode);
        }
    }

    fn payload(&mut self, session: SessionId, payload: &[u8]) {
        let Some(entry) = self.sessions.get_mut(&session) else { return };
        entry.heard(self.now);
        let taken = match inbound::open(payload) {
            Ok(Inbound::Frame(frame)) => {
                if !entry.is_closing() {
                    self.events.push(TransportEvent::Frame { session, frame });
                }
                Ok(())
            }
            Ok(Inbound::Reliable(packet)) => entry.stream.receive(packet),
            Err(reason) => Err(reason),
        };
        let Err(reason) = taken else { return };
        let is_abuse = entry.breach(self.now);
        self.refuse(reason);
        if is_abuse {
            self.refuse(Refusal::Abuse);
        }
        if is_abuse || reason == Refusal::ClientBehind {
            self.disconnect(session);
        }
    }

    /// What is due.
    fn serve(&mut self) {
        self.netcode.update(self.now.saturating_sub(self.served_at));
        self.served_at = self.now;
        while let Ok(batch) = self.commands.try_recv() {
            batch.into_iter().for_each(|command| self.command(command));
        }
        self.drive_streams();
        if self.now.saturating_sub(self.swept_at) >= SWEEP_EVERY {
            self.swept_at = self.now;
            self.sweep();
        }
        self.deliver();
    }

    fn command(&mut self, command: Command) {
        let session = command.session();
        let Some(entry) = self.sessions.get_mut(&session).filter(|entry| !entry.is_closing()) else { return };
        match command {
            Command::Frame(_, payload) if entry.is_confirmed() => {
                if self.wire.send_payload(&mut self.netcode, session, &payload) {
                    self.shared.frames_out.fetch_add(1, Ordering::Relaxed);
                }
            }
            Command::Frame(..) => {}
            Command::Message(_, message) => {
                if entry.stream.queue(message).is_err() {
                    self.refuse(Refusal::ClientBehind);
                    self.disconnect(session);
                }
            }
            Command::Disconnect(_) => entry.close(self.now),
        }
    }

    fn drive_streams(&mut self) {
        let mut over = Vec::new();
        for (session, entry) in &mut self.sessions {
            if entry.is_confirmed() {
                entry.stream.drive(self.now, |payload| {
                    self.wire.send_payload(&mut self.netcode, *session, payload);
                });
            }
            if entry.is_over(self.now) {
                over.push(*session);
            }
        }
        over.into_iter().for_each(|session| self.disconnect(session));
    }

    /// Keep-alives, and time-outs of the netcode layer.
    fn sweep(&mut self) {
        let sessions: Vec<_> = self.sessions.keys().copied().collect();
        for session in sessions {
            match self.netcode.update_client(session.0) {
                ServerResult::PacketToSend { addr, payload } => {
                    self.wire.send(payload, addr);
                }
                ServerResult::ClientDisconnected { addr, payload, .. } => {
                    if let Some(payload) = payload {
                        self.wire.send_goodbye(payload, addr);
                    }
                    self.end(session);
                }
                _ => {}
            }
        }
    }

    /// Hands over to the host what came.
    fn deliver(&mut self) {
        let (shared, events, sessions) = (&self.shared, &mut self.events, &mut self.sessions);
        self.host_is_behind = shared.with_inbox(|inbox| {
            for event in events.drain(..) {
                if !inbox.push(event) {
                    shared.refused.add(Refusal::PollBudget);
                }
            }
            let talking = |entry: &Session| entry.stream.may_have_message() && !entry.is_closing();
            for (session, entry) in sessions.iter_mut().filter(|(_, entry)| talking(entry)) {
                while inbox.has_room_for_message(*session)
                    && let Some(bytes) = entry.stream.next_message()
                {
                    inbox.push(TransportEvent::Message { session: *session, bytes });
                }
            }
            inbox.is_crowded()
        });
    }

    /// Tells the client that it is over.
    fn disconnect(&mut self, session: SessionId) {
        if let ServerResult::ClientDisconnected { addr, payload: Some(payload), .. } =
            self.netcode.disconnect(session.0)
        {
            self.wire.send_goodbye(payload, addr);
        }
        self.end(session);
    }

    /// Forgets a session, and tells the host what it said last and that it is over.
    fn end(&mut self, session: SessionId) {
        let Some(mut entry) = self.sessions.remove(&session) else { return };
        self.by_address.remove(&entry.address);
        self.sessions_metric.set(self.sessions.len() as f64);
        if !entry.is_closing() {
            let last = std::iter::from_fn(|| entry.stream.next_message());
            self.events.extend(last.map(|bytes| TransportEvent::Message { session, bytes }));
        }
        self.events.push(TransportEvent::Disconnected { session });
    }
}

/// However the thread ends, the host learns that its sessions are over.
impl Drop for Pump {
    fn drop(&mut self) {
        self.events.extend(self.sessions.keys().map(|session| TransportEvent::Disconnected { session: *session }));
        self.sessions.clear();
        self.deliver();
    }
}

/// A time-out is how the thread wakes; any other error must not make it spin.
fn pause_after(error: &std::io::Error) {
    if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) {
        std::thread::sleep(SERVE_EVERY);
    }
}
