//! Chat in the channel, whispers and party chat, and joining and leaving parties.

use std::time::Duration;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};

use super::later;
use super::phrases::phrase;
use super::senses::Senses;

/// When a bot speaks next.
#[derive(Debug)]
pub struct Talk {
    next_chat: Duration,
    next_whisper: Duration,
    next_party: Duration,
    /// An invitation to answer: the party, and whether to join.
    invitation: Option<(u64, bool)>,
}

impl Talk {
    /// Schedules the first texts: soon, but not all bots at once.
    pub fn new(now: Duration, rng: &mut Pcg64) -> Self {
        Self {
            next_chat: later(now, 1_000..12_000, rng),
            next_whisper: later(now, 3_000..20_000, rng),
            next_party: later(now, 3_000..20_000, rng),
            invitation: None,
        }
    }

    /// Notes an invitation, if that is what the message is. A bot only joins other bots.
    pub fn take_invitation(&mut self, message: &ServerMessage, senses: &Senses<'_>) {
        if let ServerMessage::PartyInvited { party, from } = message {
            self.invitation = Some((*party, senses.roster.contains(from) && senses.session.party.id == 0));
        }
    }

    /// Sends the texts and answers that are due.
    pub fn step(&mut self, senses: &Senses<'_>, rng: &mut Pcg64, asks: &mut Vec<ClientMessage>) {
        let now = senses.now;
        if let Some((party, accept)) = self.invitation.take() {
            asks.push(ClientMessage::PartyAnswer { party, accept });
        }
        if now >= self.next_chat {
            self.next_chat = later(now, 6_000..20_000, rng);
            asks.push(ClientMessage::Chat { text: line(senses) });
        }
        if now >= self.next_whisper {
            self.next_whisper = later(now, 10_000..30_000, rng);
            if let Some(to) = senses.roster.another(senses.name, rng) {
                asks.push(ClientMessage::Whisper { to, text: line(senses) });
            }
        }
        if now >= self.next_party {
            self.next_party = later(now, 8_000..25_000, rng);
            asks.extend(self.party(senses, rng));
        }
    }

    fn party(&self, senses: &Senses<'_>, rng: &mut Pcg64) -> Option<ClientMessage> {
        if senses.session.party.id == 0 {
            return Some(ClientMessage::PartyInvite { to: senses.roster.another(senses.name, rng)? });
        }
        Some(if rng.random_bool(0.25) {
            ClientMessage::PartyLeave
        } else {
            ClientMessage::PartyChat { text: line(senses) }
        })
    }
}

/// What none of the bots has said for a while.
fn line(senses: &Senses<'_>) -> String {
    phrase(senses.roster.next_word())
}
