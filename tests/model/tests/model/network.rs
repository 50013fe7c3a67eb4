//! The messages between the processes. A link carries them in order, each once; the faults of the network are in
//! [`super::faults`].

use super::state::{Load, State, id_of};

/// Who sends or receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    Map(u8),
    Gateway(u8),
}

/// A message under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    pub from: Node,
    pub to: Node,
    pub what: What,
}

/// What is said. The first number is the character, the second the epoch, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    // From a gateway to a map server.
    Prepare(u8, u8, Load),
    Cancel(u8, u8),
    Kick(u8, u8),
    Fenced(u8, u8),
    /// Character, key, whether it is done.
    Committed(u8, u8, bool),
    TravelGranted(u8, u8),
    /// The new epoch comes last.
    TravelRefused(u8, u8, u8),
    Settled(u8, u8),
    // From a map server to a gateway.
    Reclaim(Vec<(u8, u8)>),
    Prepared(u8, u8, bool),
    Entered(u8, u8),
    /// With the sequence.
    Save(u8, u8, u8),
    /// Character and key.
    Event(u8, u8),
    /// With the sequence of the last save.
    Released(u8, u8, u8),
    Dropped(u8, u8),
    /// With the sequence of the save, and where to.
    Travel(u8, u8, u8, u8),
    // Between gateways.
    /// Let go of this account.
    Release(u8),
}

impl State {
    /// Sends. Messages between the same two keep their order; that of others does not matter, so that it is not kept.
    pub fn send(&mut self, from: Node, to: Node, what: What) {
        let message = Message { from, to, what };
        let at = self.network.partition_point(|other| (other.from, other.to) <= (from, to));
        self.network.insert(at, message);
    }

    /// The process to which a gateway can speak of a map server: by its own link, or by that of another gateway. A link
    /// that only the gateway believes in leads nowhere.
    pub fn route(&self, gateway: u8, id: u8) -> Option<u8> {
        if let Some(process) = self.gateways[usize::from(gateway)].links[usize::from(id)] {
            return (self.maps[usize::from(process)].link == Some(gateway)).then_some(process);
        }
        (0..self.maps.len() as u8).rev().find(|process| {
            let map = &self.maps[usize::from(*process)];
            id_of(*process) == id && map.up && map.link.is_some_and(|link| self.gateways[usize::from(link)].up)
        })
    }

    /// A gateway says something to a map server, if it can.
    pub fn tell(&mut self, gateway: u8, id: u8, what: What) {
        if let Some(process) = self.route(gateway, id) {
            self.send(Node::Gateway(gateway), Node::Map(process), what);
        }
    }

    /// A map process says something over its link, if it has one.
    pub fn report(&mut self, process: u8, what: What) {
        if let Some(gateway) = self.maps[usize::from(process)].link {
            self.send(Node::Map(process), Node::Gateway(gateway), what);
        }
    }
}
