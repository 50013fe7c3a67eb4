//! What a gateway does for a player: sockets, entering, leaving, and what it hears back.

use super::machine::{Machine, Reached};
use super::network::{Node, What};
use super::rows::{AccountMove, Lock, Owner, Step};
use super::state::{Journey, Seat, Socket, State, Task, id_of};

impl Machine {
    /// The next thing that a task does. Waiting ends at any moment: what was waited for has happened then, or has not.
    pub fn work(&self, state: &mut State, account: u8, at: u8) -> Option<()> {
        match seat(state, account, at).task {
            Task::Idle | Task::Prepare { .. } => None,
            Task::Claim { session, asked } => self.claim(state, account, at, session, asked),
            Task::Displace { session, character, target, kicked } => {
                match self.displace(state, account, at, kicked) {
                    Way::Clear => {
                        let checked = false;
                        seat(state, account, at).task = Task::Take { session, character, target, checked };
                    }
                    Way::Kicked(kicked) => {
                        let kicked = Some(kicked);
                        seat(state, account, at).task = Task::Displace { session, character, target, kicked };
                    }
                    Way::Again => {}
                }
                Some(())
            }
            Task::Take { session, character, target, checked } => {
                self.take(state, (account, at), session, (character, target), checked);
                Some(())
            }
            Task::Leave { kicked } => {
                seat(state, account, at).task = match self.displace(state, account, at, kicked) {
                    Way::Clear => Task::Idle,
                    Way::Kicked(kicked) => Task::Leave { kicked: Some(kicked) },
                    Way::Again => Task::Leave { kicked },
                };
                Some(())
            }
        }
    }

    /// A socket opens: the account lock becomes this gateway's. Another gateway is asked for it, and then fenced.
    fn claim(&self, state: &mut State, account: u8, at: u8, number: u8, asked: bool) -> Option<()> {
        let row = state.accounts[usize::from(account)].lock;
        let step = AccountMove::Claimed(number, id_of(at));
        if let Some(claimed) = row.after(step) {
            seat(state, account, at).task = Task::Idle;
            if self.rules.claim_needs_server_lock && !state.is_gateway(at) {
                return Some(());
            }
            let owner = &mut state.accounts[usize::from(account)];
            owner.lock = claimed;
            owner.holder = at;
            seat(state, account, at).socket = Some(Socket { session: number, epoch: claimed.epoch });
            self.reached(Reached::Socket);
            return Some(());
        }
        let Owner::Gateway(_) = row.owner else { return None };
        if asked {
            // It let go, which the row above would show, or did not in time.
            state.accounts[usize::from(account)].lock = row.after(AccountMove::Fenced)?;
            self.reached(Reached::AccountFenced);
            return Some(());
        }
        let holder = (0..state.gateways.len() as u8)
            .rev()
            .find(|other| Owner::Gateway(id_of(*other)) == row.owner && state.gateways[usize::from(*other)].up);
        if let Some(holder) = holder {
            state.send(Node::Gateway(at), Node::Gateway(holder), What::Release(account, row.epoch));
        }
        seat(state, account, at).task = Task::Claim { session: number, asked: true };
        Some(())
    }

    /// Another gateway wants an account.
    pub fn release_account(&self, state: &mut State, at: u8, account: u8, epoch: u8) {
        if seat(state, account, at).socket.is_some_and(|socket| socket.epoch == epoch) {
            self.close_socket(state, account, at);
        }
    }

    /// The socket closes, whoever closed it.
    pub fn close_socket(&self, state: &mut State, account: u8, at: u8) -> Option<()> {
        let socket = seat(state, account, at).socket.take()?;
        let step = AccountMove::Released(id_of(at), socket.epoch);
        let owner = &mut state.accounts[usize::from(account)];
        owner.lock = owner.lock.after(step).unwrap_or(owner.lock);
        Some(())
    }

    /// Frees the locks of the account's characters, in peace if possible.
    fn displace(&self, state: &mut State, account: u8, at: u8, kicked: Option<(u8, u8)>) -> Way {
        let held =
            self.characters_of(account).find(|who| state.characters[usize::from(*who)].lock.owner != Owner::None);
        let Some(who) = held else { return Way::Clear };
        let seen = state.characters[usize::from(who)].lock;
        let Owner::Map(server) = seen.owner else {
            self.fence(state, who, seen);
            return Way::Again;
        };
        if kicked == Some((who, seen.epoch)) {
            self.fence(state, who, seen);
            state.tell(at, server, What::Fenced(who, seen.epoch));
            return Way::Again;
        }
        state.tell(at, server, What::Kick(who, seen.epoch));
        Way::Kicked((who, seen.epoch))
    }

    fn fence(&self, state: &mut State, who: u8, seen: Lock) {
        state.characters[usize::from(who)].change(seen, seen.after(Step::Fenced));
        self.reached(Reached::Fenced);
    }

    /// Takes the free lock, if the account's lock is that of this session and gateway, and announces the character.
    fn take(&self, state: &mut State, (account, at): (u8, u8), number: u8, (who, target): (u8, u8), checked: bool) {
        seat(state, account, at).task = Task::Idle;
        let row = state.accounts[usize::from(account)].lock;
        let is_holder = row.owner == Owner::Gateway(id_of(at)) && row.session == number;
        let is_alone = self
            .characters_of(account)
            .all(|other| other == who || state.characters[usize::from(other)].lock.owner == Owner::None);
        if self.rules.enter_needs_account_lock && !checked && !(is_holder && is_alone) {
            return;
        }
        if !self.rules.enter_is_one_transaction && !checked {
            let task = Task::Take { session: number, character: who, target, checked: true };
            seat(state, account, at).task = task;
            return;
        }
        let character = &mut state.characters[usize::from(who)];
        let step = Step::Enter(id_of(at));
        if !character.change(character.lock, character.lock.after(step)) {
            return;
        }
        let (epoch, load) = (character.lock.epoch, character.load());
        state.tell(at, target, What::Prepare(who, epoch, load));
        seat(state, account, at).task = Task::Prepare { session: number, character: who, target, epoch };
    }

    /// The map server did not answer in time, or the player went away.
    pub fn give_up(&self, state: &mut State, account: u8, at: u8) -> Option<()> {
        let Task::Prepare { character, target, epoch, .. } = seat(state, account, at).task else { return None };
        seat(state, account, at).task = Task::Idle;
        state.tell(at, target, What::Cancel(character, epoch));
        let held = Lock { owner: Owner::Gateway(id_of(at)), epoch, timed: true };
        state.characters[usize::from(character)].change(held, held.after(Step::Abandoned));
        self.reached(Reached::EntryAbandoned);
        Some(())
    }

    /// A map process has answered an announcement: the task or the journey that waits for it goes on.
    pub fn prepared(&self, state: &mut State, at: u8, process: u8, who: u8, epoch: u8, expects: bool) {
        let account = who / self.characters_each;
        let task = seat(state, account, at).task;
        if let Task::Prepare { session, character, target, epoch: asked } = task
            && (character, asked, target) == (who, epoch, id_of(process))
        {
            if !expects {
                self.give_up(state, account, at);
                return;
            }
            seat(state, account, at).task = Task::Idle;
            if !self.hand_over(state, at, process, who, epoch) {
                state.tell(at, target, What::Cancel(who, epoch));
            } else if seat(state, account, at).socket.is_some_and(|socket| socket.session == session) {
                state.characters[usize::from(who)].tickets |= 1 << epoch;
                self.reached(Reached::Ticket);
            } else {
                // Called off while the lock changed hands.
                state.tell(at, target, What::Cancel(who, epoch));
                let held = Lock { owner: Owner::Map(target), epoch, timed: true };
                let step = Step::Released(target);
                state.characters[usize::from(who)].change(held, held.after(step));
            }
            return;
        }
        let waits =
            |journey: &Journey| (journey.character, journey.epoch, journey.target) == (who, epoch, id_of(process));
        let Some(index) = state.gateways[usize::from(at)].journeys.iter().position(waits) else { return };
        if !expects {
            self.turn_back(state, at, index);
            return;
        }
        let journey = state.gateways[usize::from(at)].journeys.remove(index);
        if self.hand_over(state, at, process, who, epoch) {
            state.tell(at, journey.from, What::TravelGranted(who, epoch - 1));
        } else {
            state.tell(at, journey.target, What::Cancel(who, epoch));
            self.go_back(state, at, journey);
        }
    }

    /// Gives a map server the lock that the gateway holds.
    fn hand_over(&self, state: &mut State, at: u8, process: u8, who: u8, epoch: u8) -> bool {
        let held = Lock { owner: Owner::Gateway(id_of(at)), epoch, timed: true };
        let character = &mut state.characters[usize::from(who)];
        let load = character.load();
        if !character.change(held, held.after(Step::Prepared(id_of(process)))) {
            return false;
        }
        character.holder = process;
        let told = character.bodies[usize::from(process)].expected;
        state.wrong.stale_load |= told.is_some_and(|(expected, told)| expected == epoch && told != load);
        true
    }

    /// A journey came to nothing: the target did not answer in time, or refused.
    pub fn turn_back(&self, state: &mut State, at: u8, index: usize) -> Option<()> {
        if index >= state.gateways[usize::from(at)].journeys.len() {
            return None;
        }
        let journey = state.gateways[usize::from(at)].journeys.remove(index);
        state.tell(at, journey.target, What::Cancel(journey.character, journey.epoch));
        self.go_back(state, at, journey);
        Some(())
    }

    /// The character goes back to where it came from, under an epoch that the target never heard of.
    fn go_back(&self, state: &mut State, at: u8, journey: Journey) {
        let Journey { character: who, epoch, from, .. } = journey;
        let held = Lock { owner: Owner::Gateway(id_of(at)), epoch, timed: true };
        let back = held.after(Step::TravelFailed(from));
        let character = &mut state.characters[usize::from(who)];
        if character.change(held, back) {
            let newer = character.lock.epoch;
            // Whoever travels waits for the answer: it is that process, if it still is there.
            let traveller = character.bodies.iter().position(|body| body.known().any(|known| known + 1 == epoch));
            character.holder = traveller.map_or(character.holder, |process| process as u8);
            state.tell(at, from, What::TravelRefused(who, epoch - 1, newer));
            self.reached(Reached::TravelRefused);
        } else {
            state.tell(at, from, What::Fenced(who, epoch - 1));
        }
    }
}

/// What a step of making way has come to.
enum Way {
    Clear,
    Kicked((u8, u8)),
    Again,
}

fn seat(state: &mut State, account: u8, at: u8) -> &mut Seat {
    &mut state.accounts[usize::from(account)].seats[usize::from(at)]
}
