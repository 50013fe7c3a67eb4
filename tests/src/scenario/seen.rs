//! What scenes have shown, so that nothing of the protocol and of the shipped data is forgotten.

use std::collections::BTreeSet;

use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};

use super::DATA;

/// What was shown at least once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Names of client messages that were sent.
    pub sent: BTreeSet<&'static str>,
    /// Names of server messages that came.
    pub received: BTreeSet<&'static str>,
    /// Ids of abilities that had an effect on somebody.
    pub abilities: BTreeSet<String>,
    /// Ids of mobs that fought or were fought.
    pub mobs: BTreeSet<String>,
    /// What was refused for which reason.
    pub refusals: BTreeSet<(String, &'static str)>,
}

impl Seen {
    /// Takes in what another has seen.
    pub fn add(&mut self, other: &Self) {
        self.sent.extend(&other.sent);
        self.received.extend(&other.received);
        self.abilities.extend(other.abilities.iter().cloned());
        self.mobs.extend(other.mobs.iter().cloned());
        self.refusals.extend(other.refusals.iter().cloned());
    }

    /// Notes that something was refused.
    pub(super) fn refused(&mut self, request: &str, reason: Refusal) {
        self.refusals.insert((request.to_owned(), reason.name()));
    }

    /// What is still to be shown, each in a few words.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut lacks = |what: &str, all: &mut dyn Iterator<Item = &str>, seen: &dyn Fn(&str) -> bool| {
            missing.extend(all.filter(|name| !seen(name)).map(|name| format!("{what} {name}")));
        };
        lacks("client message", &mut ClientMessage::VARIANTS.iter().copied(), &|name| self.sent.contains(name));
        lacks("server message", &mut ServerMessage::VARIANTS.iter().copied(), &|name| self.received.contains(name));
        lacks("ability", &mut DATA.abilities.ids(), &|name| self.abilities.contains(name));
        lacks("mob", &mut DATA.mobs.ids(), &|name| self.mobs.contains(name));
        let refused: BTreeSet<&str> = self.refusals.iter().map(|(request, _)| request.as_str()).collect();
        lacks("refusal of", &mut refusable(), &|name| refused.contains(name));
        missing
    }
}

/// The requests that can be refused, of which each should be once.
fn refusable() -> impl Iterator<Item = &'static str> {
    const NEVER: [&str; 2] = ["Logout", "ListChannels"];
    let requests = ClientMessage::VARIANTS.iter().copied().filter(|name| !NEVER.contains(name));
    requests.chain(["Ability", "Portal"])
}
