//! The spectators of a map server: which session watches which channel, and how they go. They are nobody's players: no lock, no
//! save, and nothing that the sidecar is told.

use std::collections::BTreeMap;

use realmgate_protocol::ids::ServerId;
use realmgate_protocol::link::PrepareRefusal;
use realmgate_protocol::ticket::KeyRing;
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::SnapshotAck;

use super::channels::{ChannelIndex, ChannelSet};
use super::config::HostConfig;
use crate::admission::{ExpectedSpectator, Hosting, SpectatorAdmission, TicketRefusal};
use crate::transport::{SessionId, Transports};

/// Breaches of the protocol after which a spectator is disconnected.
const MAX_VIOLATIONS: u32 = 20;

/// All spectators of a map server.
pub(super) struct SpectatorDirectory {
    server: ServerId,
    keys: KeyRing,
    admission: SpectatorAdmission,
    watching: BTreeMap<SessionId, Watching>,
}

/// What a session watches.
struct Watching {
    channel: ChannelIndex,
    violations: u32,
}

impl SpectatorDirectory {
    /// A directory that expects nobody yet.
    pub fn new(config: &HostConfig) -> Self {
        let maps = config.maps.iter().map(|map| map.id).collect();
        let hosting = Hosting { maps, channels: config.channels, capacity: usize::from(config.max_players) };
        Self {
            server: config.server.clone(),
            keys: config.keys.clone(),
            admission: SpectatorAdmission::new(hosting),
            watching: BTreeMap::new(),
        }
    }

    /// Takes the announcement of a spectator.
    ///
    /// # Errors
    /// As [`SpectatorAdmission::expect`].
    pub fn expect(&mut self, expected: ExpectedSpectator) -> Result<(), PrepareRefusal> {
        self.admission.expect(expected)
    }

    /// Lets a session watch if its ticket is admitted.
    ///
    /// # Errors
    /// Why the ticket is refused. The session must then be ended.
    pub fn connect(
        &mut self,
        session: SessionId,
        ticket: &[u8],
        now_ms: u64,
        channels: &mut ChannelSet,
    ) -> Result<(), TicketRefusal> {
        let key = self.admission.admit(session, ticket, now_ms, &self.keys, &self.server)?;
        let Some(channel) = channels.find(key) else {
            self.admission.left(session);
            return Err(TicketRefusal::NotExpected);
        };
        self.watching.insert(session, Watching { channel, violations: 0 });
        channels.channel_mut(channel).watch(session);
        tracing::info!(map = %key.map, channel = %key.channel, "spectator admitted");
        Ok(())
    }

    /// Whether this session watches.
    pub fn has(&self, session: SessionId) -> bool {
        self.watching.contains_key(&session)
    }

    /// Takes a spectator's frame, which has acknowledgements alone: whoever has no body has no commands.
    pub fn frame(
        &mut self,
        session: SessionId,
        ack: SnapshotAck,
        commands: &InputCommands,
        channels: &mut ChannelSet,
        transports: &mut Transports,
    ) {
        let Some(watching) = self.watching.get(&session) else { return };
        channels.channel_mut(watching.channel).acknowledge_spectator(session, ack);
        if !commands.is_empty() {
            self.violation(session, channels, transports);
        }
    }

    /// Passes a spectator's message on to the game.
    pub fn message(&self, session: SessionId, bytes: Vec<u8>, channels: &mut ChannelSet) {
        if let Some(watching) = self.watching.get(&session) {
            channels.channel_mut(watching.channel).hear_spectator(session, bytes);
        }
    }

    /// A spectator broke the protocol. Repeat offenders are disconnected.
    pub fn violation(&mut self, session: SessionId, channels: &mut ChannelSet, transports: &mut Transports) {
        metrics::counter!("realmgate_bad_messages_total").increment(1);
        let Some(watching) = self.watching.get_mut(&session) else { return };
        watching.violations += 1;
        if watching.violations >= MAX_VIOLATIONS {
            self.end(session, channels, transports);
        }
    }

    /// Ends a spectator's session.
    pub fn end(&mut self, session: SessionId, channels: &mut ChannelSet, transports: &mut Transports) {
        if self.lost(session, channels) {
            transports.disconnect(session);
        }
    }

    /// A connection is lost. Returns whether it was a spectator's.
    pub fn lost(&mut self, session: SessionId, channels: &mut ChannelSet) -> bool {
        let Some(watching) = self.watching.remove(&session) else { return false };
        self.admission.left(session);
        channels.channel_mut(watching.channel).spectators().remove(session);
        true
    }

    /// A channel has failed, and a fresh one has taken its place: those who watched it are disconnected.
    pub fn channel_failed(&mut self, channel: ChannelIndex, channels: &mut ChannelSet, transports: &mut Transports) {
        let here = self.watching.iter().filter(|(_, watching)| watching.channel == channel);
        let here: Vec<SessionId> = here.map(|(session, _)| *session).collect();
        here.into_iter().for_each(|session| self.end(session, channels, transports));
    }

    /// Disconnects everybody: the worlds are others now, or the server cannot keep up.
    pub fn end_all(&mut self, channels: &mut ChannelSet, transports: &mut Transports) {
        let all: Vec<SessionId> = self.watching.keys().copied().collect();
        all.into_iter().for_each(|session| self.end(session, channels, transports));
    }

    /// Takes no new spectators from now on, and disconnects those who watch.
    pub fn drain(&mut self, channels: &mut ChannelSet, transports: &mut Transports) {
        self.admission.drain();
        self.end_all(channels, transports);
    }

    /// Withdraws the announcements whose deadline has passed.
    pub fn expire_announcements(&mut self, now_ms: u64) {
        self.admission.expire(now_ms);
    }

    /// Sets whether new announcements are refused, since the server cannot keep up.
    pub fn set_full(&mut self, is_full: bool) {
        self.admission.set_full(is_full);
    }

    /// Number of those who watch.
    pub fn count(&self) -> usize {
        self.admission.count()
    }

    /// Sends what a channel has for its spectators.
    pub fn send_output(&mut self, index: ChannelIndex, channels: &mut ChannelSet, transports: &mut Transports) {
        let output = channels.channel_mut(index).take_spectator_output();
        let frames = transports.send_frames(output.frames);
        channels.channel_mut(index).reuse_for_spectators(frames);
        output.messages.into_iter().for_each(|message| transports.send(message));
        output.violations.into_iter().for_each(|session| self.violation(session, channels, transports));
        output.ended.into_iter().for_each(|session| self.end(session, channels, transports));
    }
}
