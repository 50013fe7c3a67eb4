//! Makes states equal that differ only in what cannot matter any more. It leaves out no behaviour: a message that would
//! change nothing whenever it came is as good as one that has come.

use super::network::{Message, Node, What};
use super::rows::Owner;
use super::state::{Present, State, Task, id_of};

impl State {
    /// Forgets used tickets of which no announcement is left, who held what is free, and messages that change nothing.
    pub fn forget_the_unseen(&mut self) {
        let mut network = std::mem::take(&mut self.network);
        network.retain(|message| self.matters(message));
        let told: Vec<bool> = network.iter().map(|message| self.is_news(message, &network)).collect();
        let mut told = told.into_iter();
        network.retain(|_| told.next().unwrap_or(true));
        self.network = network;
        for (who, character) in (0..).zip(&mut self.characters) {
            let announced = announced(&self.network, who);
            let mut known = announced | 1 << character.lock.epoch;
            for body in &mut character.bodies {
                body.spent &= announced;
                known |= body.expected.map_or(0, |(epoch, _)| 1 << epoch);
            }
            character.tickets &= known;
            if !character.lock.owner.is_map() {
                character.holder = 0;
            }
        }
        for account in &mut self.accounts {
            if !matches!(account.lock.owner, Owner::Gateway(_)) {
                account.holder = 0;
            }
        }
    }

    /// Whether the receiver is there and listens to the sender.
    fn matters(&self, message: &Message) -> bool {
        match (message.from, message.to) {
            (Node::Map(process), Node::Gateway(at)) => {
                let replica = &self.gateways[usize::from(at)];
                match message.what {
                    What::Prepared(who, epoch, _) => replica.up && self.is_asked(at, who, epoch),
                    _ => replica.up && replica.links[usize::from(id_of(process))] == Some(process),
                }
            }
            (_, Node::Map(process)) => self.maps[usize::from(process)].up,
            (Node::Gateway(_), Node::Gateway(at)) => {
                let What::Release(account) = message.what else { return true };
                self.accounts[usize::from(account)].seats[usize::from(at)].socket.is_some()
            }
        }
    }

    /// Whether a gateway waits for the answer to an announcement. It asks once for each epoch.
    fn is_asked(&self, at: u8, who: u8, epoch: u8) -> bool {
        let waits = self.accounts.iter().any(|account| {
            let task = account.seats[usize::from(at)].task;
            matches!(task, Task::Prepare { character, epoch: asked, .. } if (character, asked) == (who, epoch))
        });
        let journeys = &self.gateways[usize::from(at)].journeys;
        waits || journeys.iter().any(|journey| (journey.character, journey.epoch) == (who, epoch))
    }

    /// Whether a map process can still do something with what it is told.
    fn is_news(&self, message: &Message, network: &[Message]) -> bool {
        let Node::Map(process) = message.to else { return true };
        let at = usize::from(process);
        let body = |who: u8| self.characters[usize::from(who)].bodies[at];
        let comes = |who: u8, epoch: u8| {
            network.iter().any(|other| match other.what {
                What::Prepare(character, announced, _) => {
                    other.to == message.to && (character, announced) == (who, epoch)
                }
                What::TravelRefused(character, _, newer) => {
                    other.to == message.to && (character, newer) == (who, epoch)
                }
                _ => false,
            })
        };
        match message.what {
            What::Cancel(who, epoch) | What::Fenced(who, epoch) => {
                body(who).known().any(|known| known == epoch) || comes(who, epoch)
            }
            What::Settled(who, epoch) => body(who).unsettled.is_some_and(|(own, _)| own == epoch),
            What::Committed(who, key, _) => !self.characters[usize::from(who)].keys[usize::from(key)].answered,
            What::TravelGranted(who, epoch) | What::TravelRefused(who, epoch, _) => {
                matches!(body(who).present, Present::Travelling(own, _) if own == epoch)
            }
            _ => true,
        }
    }
}

/// The epochs under which a character is announced in a message that is still on its way.
fn announced(network: &[Message], who: u8) -> u64 {
    let epochs = network.iter().filter_map(|message| match message.what {
        What::Prepare(other, epoch, _) if other == who => Some(1 << epoch),
        _ => None,
    });
    epochs.fold(0, |all: u64, epoch: u64| all | epoch)
}
