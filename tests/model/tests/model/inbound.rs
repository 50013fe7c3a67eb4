//! What a gateway does with what a map server says: the writes that the locks protect.

use super::machine::{Machine, Reached};
use super::network::What;
use super::rows::{Lock, Owner, Step};
use super::state::{Journey, State, id_of};

impl Machine {
    /// Handles one message of a map process, over its link or for a gateway that asked from afar.
    pub fn heard(&self, state: &mut State, at: u8, process: u8, what: What) {
        if let What::Prepared(who, epoch, expects) = what {
            return self.prepared(state, at, process, who, epoch, expects);
        }
        // A newer link of the same server speaks for it: no further word of this one counts.
        let id = id_of(process);
        if state.gateways[usize::from(at)].links[usize::from(id)] != Some(process) {
            return;
        }
        match what {
            What::Reclaim(locks) => self.reclaim(state, at, process, &locks),
            What::Entered(who, epoch) => {
                let is_owner = self.arrived(state, process, who, epoch);
                if !is_owner {
                    state.tell(at, id, What::Fenced(who, epoch));
                }
            }
            What::Save(who, epoch, sequence) => match self.save(state, process, who, epoch, sequence) {
                Saved::Written => {
                    self.arrived(state, process, who, epoch);
                }
                Saved::Older => {}
                Saved::Fenced => state.tell(at, id, What::Fenced(who, epoch)),
            },
            What::Event(who, key) => self.commit(state, at, process, who, key),
            What::Released(who, epoch, sequence) => {
                let step = Step::Released(id);
                if !self.save_and_step(state, process, who, epoch, sequence, step) {
                    state.tell(at, id, What::Fenced(who, epoch));
                }
                state.tell(at, id, What::Settled(who, epoch));
            }
            What::Dropped(who, epoch) => {
                let held = Lock { owner: Owner::Map(id), epoch, timed: false };
                let free = held.after(Step::Released(id));
                state.characters[usize::from(who)].change(held, free);
            }
            What::Travel(who, epoch, sequence, target) => {
                self.travel(state, at, process, Departure { who, epoch, sequence, target });
            }
            _ => {}
        }
    }

    /// The player has come, or is saved, which shows the same: nobody waits for it any more. It counts only from the
    /// process that has the server's lock: nobody would end the lock of another one.
    fn arrived(&self, state: &mut State, process: u8, who: u8, epoch: u8) -> bool {
        let id = id_of(process);
        let character = &state.characters[usize::from(who)];
        if !character.lock.admits(id, epoch) {
            return false;
        }
        if !self.rules.arrival_needs_server_lock || state.is_map(process) {
            let lock = character.lock;
            let step = Step::Arrived(id);
            state.characters[usize::from(who)].change(lock, lock.after(step));
            self.reached(Reached::Arrived);
        }
        true
    }

    /// The locks that a process names are its own again; the others of its server are let go.
    fn reclaim(&self, state: &mut State, at: u8, process: u8, locks: &[(u8, u8)]) {
        let id = id_of(process);
        for (who, epoch) in locks {
            let lock = state.characters[usize::from(*who)].lock;
            let step = Step::Reclaimed(id, *epoch);
            let Some(own) = lock.after(step) else {
                state.tell(at, id, What::Fenced(*who, *epoch));
                continue;
            };
            if !self.rules.arrival_needs_server_lock || state.is_map(process) {
                state.characters[usize::from(*who)].change(lock, Some(own));
                self.reached(Reached::Reclaimed);
            }
        }
        for character in &mut state.characters {
            let lock = character.lock;
            if lock.owner == Owner::Map(id) && lock.timed {
                character.change(lock, lock.after(Step::Fenced));
            }
        }
    }

    /// Writes a soft state, if its lock and its sequence allow it.
    fn save(&self, state: &mut State, process: u8, who: u8, epoch: u8, sequence: u8) -> Saved {
        let character = &mut state.characters[usize::from(who)];
        if !character.lock.admits(id_of(process), epoch) {
            return Saved::Fenced;
        }
        if sequence <= character.sequence {
            return Saved::Older;
        }
        character.sequence = sequence;
        state.wrong.stale_save |= (epoch, sequence) <= character.saved;
        character.saved = (epoch, sequence);
        self.written(state, process, who, epoch);
        self.reached(Reached::Saved);
        Saved::Written
    }

    /// A last save and a step under its lock, both or neither.
    fn save_and_step(&self, state: &mut State, process: u8, who: u8, epoch: u8, sequence: u8, step: Step) -> bool {
        if matches!(self.save(state, process, who, epoch, sequence), Saved::Fenced) {
            return false;
        }
        let held = Lock { owner: Owner::Map(id_of(process)), epoch, timed: false };
        state.characters[usize::from(who)].change(held, held.after(step))
    }

    /// An event of what is owned: done once for its key, under its epoch, and answered when it is durable.
    fn commit(&self, state: &mut State, at: u8, process: u8, who: u8, number: u8) {
        let character = &mut state.characters[usize::from(who)];
        let key = character.keys[usize::from(number)];
        let is_known = key.done > 0 && self.rules.keys_are_looked_up;
        let admitted = character.lock.admits(id_of(process), key.epoch);
        if admitted && !is_known {
            character.keys[usize::from(number)].done += 1;
            self.written(state, process, who, key.epoch);
            self.reached(Reached::Committed);
        }
        let confirmed = is_known || admitted || !self.rules.commit_before_confirm;
        state.tell(at, id_of(process), What::Committed(who, number, confirmed));
        if !confirmed {
            state.tell(at, id_of(process), What::Fenced(who, key.epoch));
        }
    }

    /// Remembers who wrote, and whether it may have.
    fn written(&self, state: &mut State, process: u8, who: u8, epoch: u8) {
        let character = &mut state.characters[usize::from(who)];
        let (last, by) = character.writer;
        state.wrong.epoch_went_back |= epoch < last;
        state.wrong.two_writers |= epoch == last && by != process;
        character.writer = (epoch, process);
    }

    /// Saves a traveller, takes its lock, and announces it at the target.
    fn travel(&self, state: &mut State, at: u8, process: u8, departure: Departure) {
        let (from, Departure { who, epoch, sequence, target }) = (id_of(process), departure);
        let step = Step::Travel(from, id_of(at));
        if !self.save_and_step(state, process, who, epoch, sequence, step) {
            state.tell(at, from, What::Fenced(who, epoch));
            return;
        }
        let character = &state.characters[usize::from(who)];
        let (newer, load) = (character.lock.epoch, character.load());
        state.gateways[usize::from(at)].journeys.push(Journey { character: who, epoch: newer, from, target });
        state.tell(at, target, What::Prepare(who, newer, load));
        self.reached(Reached::Travelled);
    }
}

/// What became of a save.
enum Saved {
    Written,
    Older,
    Fenced,
}

/// A character that leaves a map server for another one.
struct Departure {
    who: u8,
    epoch: u8,
    sequence: u8,
    target: u8,
}
