//! What a map server does: whom it expects, who plays there, and what it sends.

use realmgate_engine::admission::may_be_expected;
use realmgate_protocol::ids::LockEpoch;

use super::machine::{Machine, Reached};
use super::network::{Node, What};
use super::state::{Body, Key, Present, State};

impl Machine {
    /// Handles one message of a gateway.
    pub fn told(&self, state: &mut State, process: u8, from: u8, what: What) {
        let map = &state.maps[usize::from(process)];
        if !map.up || map.link.is_none() {
            return;
        }
        match what {
            What::Prepare(who, epoch, load) => {
                let body = body(state, process, who);
                let expects = expect(body, epoch);
                if expects {
                    body.expected = Some((epoch, load));
                }
                state.send(Node::Map(process), Node::Gateway(from), What::Prepared(who, epoch, expects));
            }
            What::Cancel(who, epoch) => cancel(body(state, process, who), epoch),
            What::Kick(who, epoch) => {
                let has_left = self.leave(state, process, who, Some(epoch));
                if !has_left {
                    cancel(body(state, process, who), epoch);
                    if !matches!(body(state, process, who).present, Present::Travelling(other, _) if other == epoch) {
                        state.report(process, What::Dropped(who, epoch));
                    }
                }
            }
            What::Fenced(who, epoch) => {
                let body = body(state, process, who);
                cancel(body, epoch);
                if matches!(body.present, Present::Playing(own, _) | Present::Travelling(own, _) if own == epoch) {
                    body.present = Present::Not;
                    self.reached(Reached::DroppedAsFenced);
                }
            }
            What::Committed(who, key, done) => self.committed(state, process, who, key, done),
            What::TravelGranted(who, epoch) => {
                let body = body(state, process, who);
                if matches!(body.present, Present::Travelling(own, _) if own == epoch) {
                    body.present = Present::Not;
                    state.characters[usize::from(who)].tickets |= 1 << (epoch + 1);
                }
            }
            What::TravelRefused(who, epoch, newer) => {
                let body = body(state, process, who);
                if matches!(body.present, Present::Travelling(own, _) if own == epoch) {
                    body.present = Present::Playing(newer, 0);
                    self.reached(Reached::CameBack);
                }
            }
            What::Settled(who, epoch) => {
                let body = body(state, process, who);
                body.unsettled = body.unsettled.filter(|(own, _)| *own != epoch);
            }
            _ => {}
        }
    }

    /// The store has answered an event: what it grants comes true, and the player hears of it.
    fn committed(&self, state: &mut State, process: u8, who: u8, number: u8, done: bool) {
        let character = &mut state.characters[usize::from(who)];
        let is_there = character.bodies[usize::from(process)].present != Present::Not;
        let key = &mut character.keys[usize::from(number)];
        if key.process == process && !key.answered {
            key.answered = true;
            key.told = done && is_there;
        }
    }

    /// A player connects with its ticket.
    pub fn connect(&self, state: &mut State, process: u8, who: u8) -> Option<()> {
        let tickets = state.characters[usize::from(who)].tickets;
        if !state.maps[usize::from(process)].up {
            return None;
        }
        let body = body(state, process, who);
        let (epoch, _) = body.expected.filter(|(epoch, _)| tickets & (1 << epoch) != 0)?;
        body.expected = None;
        body.spent |= 1 << epoch;
        body.present = Present::Playing(epoch, 0);
        state.report(process, What::Entered(who, epoch));
        self.reached(Reached::Entered);
        Some(())
    }

    /// An announced player has not come in time.
    pub fn not_come(&self, state: &mut State, process: u8, who: u8) -> Option<()> {
        let body = body(state, process, who);
        let (epoch, _) = body.expected?;
        cancel(body, epoch);
        state.report(process, What::Dropped(who, epoch));
        Some(())
    }

    /// Saves who plays, as it does every few seconds.
    pub fn save_body(&self, state: &mut State, process: u8, who: u8) -> Option<()> {
        state.maps[usize::from(process)].link?;
        let body = body(state, process, who);
        let Present::Playing(epoch, sequence) = body.present else { return None };
        if sequence >= self.saves {
            return None;
        }
        body.present = Present::Playing(epoch, sequence + 1);
        state.report(process, What::Save(who, epoch, sequence + 1));
        Some(())
    }

    /// Changes what a player owns: submitted now, and once more after every reconnect until it is answered.
    pub fn own(&self, state: &mut State, process: u8, who: u8) -> Option<()> {
        let character = &mut state.characters[usize::from(who)];
        let Present::Playing(epoch, _) = character.bodies[usize::from(process)].present else { return None };
        if character.keys.len() >= self.keys {
            return None;
        }
        character.keys.push(Key { epoch, process, done: 0, answered: false, told: false });
        let number = character.keys.len() as u8 - 1;
        state.report(process, What::Event(who, number));
        Some(())
    }

    /// A player leaves for good; under this epoch, where it is asked for.
    pub fn leave(&self, state: &mut State, process: u8, who: u8, asked: Option<u8>) -> bool {
        let body = body(state, process, who);
        let Present::Playing(epoch, sequence) = body.present else { return false };
        if asked.is_some_and(|asked| asked != epoch) {
            return false;
        }
        body.present = Present::Not;
        body.unsettled = Some((epoch, sequence + 1));
        state.report(process, What::Released(who, epoch, sequence + 1));
        self.reached(Reached::Left);
        true
    }

    /// A player walks through a portal.
    pub fn travel_from(&self, state: &mut State, process: u8, who: u8, target: u8) -> Option<()> {
        state.maps[usize::from(process)].link?;
        let body = body(state, process, who);
        let Present::Playing(epoch, sequence) = body.present else { return None };
        body.present = Present::Travelling(epoch, sequence + 1);
        state.report(process, What::Travel(who, epoch, sequence + 1, target));
        Some(())
    }

    /// No answer to a journey for too long.
    pub fn give_up_travel(&self, state: &mut State, process: u8, who: u8) -> Option<()> {
        let body = body(state, process, who);
        let Present::Travelling(..) = body.present else { return None };
        body.present = Present::Not;
        Some(())
    }

    /// What a process says first over a new link: what it still has, and again what was not answered.
    pub fn resume(&self, state: &mut State, process: u8) {
        let at = usize::from(process);
        let mut locks = Vec::new();
        for (who, character) in (0..).zip(&state.characters) {
            locks.extend(character.bodies[at].known().map(|epoch| (who, epoch)));
        }
        state.report(process, What::Reclaim(locks));
        for who in 0..state.characters.len() as u8 {
            let character = &state.characters[usize::from(who)];
            let unanswered: Vec<u8> = (0..)
                .zip(&character.keys)
                .filter(|(_, key)| key.process == process && !key.answered)
                .map(|(number, _)| number)
                .collect();
            let unsettled = character.bodies[at].unsettled;
            for number in unanswered {
                state.report(process, What::Event(who, number));
                self.reached(Reached::EventRepeated);
            }
            if let Some((epoch, sequence)) = unsettled {
                state.report(process, What::Released(who, epoch, sequence));
            }
        }
    }
}

/// Whether a character can be expected: it is not here, no newer announcement is, and the ticket is fresh.
fn expect(body: &Body, epoch: u8) -> bool {
    let is_present = matches!(body.present, Present::Playing(..));
    let known = body.expected.map(|(known, _)| LockEpoch(known.into()));
    may_be_expected(is_present, known, body.spent & (1 << epoch) != 0, LockEpoch(epoch.into()))
}

fn cancel(body: &mut Body, epoch: u8) {
    if body.expected.is_some_and(|(expected, _)| expected == epoch) {
        body.expected = None;
        body.spent |= 1 << epoch;
    }
}

fn body(state: &mut State, process: u8, who: u8) -> &mut Body {
    &mut state.characters[usize::from(who)].bodies[usize::from(process)]
}
