//! The counts of one bot.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use realmgate_client::client::Remains;
use realmgate_protocol::ids::{ChannelId, MapId};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, TradeEnd};
use serde::Serialize;

/// Whether a request is a text that others may read.
pub fn is_text(message: &ClientMessage) -> bool {
    use ClientMessage::{Chat, PartyChat, Whisper};
    matches!(message, Chat { .. } | Whisper { .. } | PartyChat { .. })
}

/// The counts of one bot, or of all bots.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Times that a world was entered, including after a travel.
    pub joined: u64,
    /// Times that the connection ended unexpectedly.
    pub disconnects: u64,
    /// Killed entities, by map, channel and entity id. A set, since everyone who took part in a kill gets the message.
    pub killed: BTreeSet<(u16, u16, u32)>,
    /// Deaths.
    pub deaths: u64,
    /// Ground items and gold picked up.
    pub loot: u64,
    /// Levels reached.
    pub levels: u64,
    /// Crossings to another map or channel.
    pub travels: u64,
    /// Trades that went through, counted on each side.
    pub trade_sides: u64,
    /// Texts sent in any scope and not refused by the map server itself.
    pub chat: u64,
    /// Of these, texts that the server may never have taken: sent just before the bot travelled, or possibly dropped
    /// unread.
    pub unsure_chat: u64,
    /// Pick-ups whose answer never came.
    pub unsure_loot: u64,
    /// Whispers confirmed as delivered.
    pub whispers: u64,
    /// Texts received from others, in any scope.
    pub heard: u64,
    /// Reliable messages received.
    pub messages_in: u64,
    /// Reliable messages sent.
    pub messages_out: u64,
    /// Snapshots applied.
    pub snapshots: u64,
    /// Frames that came too late to be applied.
    pub stale_frames: u64,
    /// Bytes received, without UDP's own.
    pub bytes_down: u64,
    /// Bytes sent, without UDP's own.
    pub bytes_up: u64,
    /// Times that the server corrected the predicted position.
    pub corrections: u64,
    /// Frames and messages that could not be read, and bad datagrams.
    pub decode_errors: u64,
    /// Tickets requested.
    pub tickets: u64,
    /// Seconds in the world.
    pub world_seconds: f64,
    /// Maps visited.
    pub maps: BTreeSet<u16>,
    /// Refusals by request and reason.
    pub refusals: BTreeMap<String, u64>,
    /// Contradictions in what the server sent, each as a sentence.
    pub anomalies: Vec<String>,
    /// Why this bot did not play, or stopped playing.
    pub troubles: Vec<String>,
}

impl Tally {
    /// Counts a message from the server in a world.
    pub fn heard(&mut self, message: &ServerMessage, (map, channel): (MapId, ChannelId)) {
        match message {
            ServerMessage::Kill { target, .. } => {
                self.killed.insert((map.0, channel.0, target.0));
            }
            ServerMessage::Died { .. } => self.deaths += 1,
            ServerMessage::LevelUp { .. } => self.levels += 1,
            ServerMessage::Travel { .. } => self.travels += 1,
            ServerMessage::TradeEnded { end: TradeEnd::Done } => self.trade_sides += 1,
            ServerMessage::WhisperSent { .. } => self.whispers += 1,
            ServerMessage::Chat { .. } => self.heard += 1,
            ServerMessage::Refused { request, reason, .. } => {
                *self.refusals.entry(format!("{request}: {reason:?}")).or_default() += 1;
                // A whisper to nobody, or a text to no party, still counts as sent.
                let is_text = matches!(request.as_str(), "Chat" | "Whisper" | "PartyChat");
                if is_text && matches!(reason, Refusal::BadText | Refusal::RateLimited) {
                    self.chat = self.chat.saturating_sub(1);
                }
                // One of the requests was dropped unread, and it is unknown which.
                if request.is_empty() {
                    self.unsure_chat += 1;
                }
            }
            _ => {}
        }
    }

    /// Counts a request of the bot.
    pub fn asked(&mut self, message: &ClientMessage) {
        if is_text(message) {
            self.chat += 1;
        }
    }

    /// Adds the counts of a finished stay.
    pub fn take(&mut self, remains: &mut Remains, stayed: Duration) {
        let counters = remains.session.counters();
        self.messages_in += counters.messages_in;
        self.messages_out += remains.messages_out;
        self.snapshots += counters.snapshots;
        self.stale_frames += counters.stale_frames;
        self.decode_errors += counters.decode_errors + remains.traffic.bad_datagrams;
        self.bytes_down += remains.traffic.bytes_in;
        self.bytes_up += remains.traffic.bytes_out;
        self.corrections += remains.session.corrections();
        self.world_seconds += stayed.as_secs_f64();
        self.anomalies.extend(remains.session.take_anomalies());
    }

    /// Adds another bot's counts.
    pub fn add(&mut self, other: &Self) {
        self.joined += other.joined;
        self.disconnects += other.disconnects;
        self.killed.extend(&other.killed);
        self.deaths += other.deaths;
        self.loot += other.loot;
        self.levels += other.levels;
        self.travels += other.travels;
        self.trade_sides += other.trade_sides;
        self.chat += other.chat;
        self.unsure_chat += other.unsure_chat;
        self.unsure_loot += other.unsure_loot;
        self.whispers += other.whispers;
        self.heard += other.heard;
        self.messages_in += other.messages_in;
        self.messages_out += other.messages_out;
        self.snapshots += other.snapshots;
        self.stale_frames += other.stale_frames;
        self.bytes_down += other.bytes_down;
        self.bytes_up += other.bytes_up;
        self.corrections += other.corrections;
        self.decode_errors += other.decode_errors;
        self.tickets += other.tickets;
        self.world_seconds += other.world_seconds;
        self.maps.extend(&other.maps);
        other.refusals.iter().for_each(|(what, count)| *self.refusals.entry(what.clone()).or_default() += count);
        self.anomalies.extend(other.anomalies.iter().cloned());
        self.troubles.extend(other.troubles.iter().cloned());
    }
}
