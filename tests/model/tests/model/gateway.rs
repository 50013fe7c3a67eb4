//! What a gateway does for a player: sockets, entering, leaving, and what it hears back.

use super::machine::{Machine, Reached};
use super::network::{Node, What};
use super::rows::{AccountMove, AccountRow, Lock, Next, Out, Owner, Step};
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
        match self.next_claim(row, number, id_of(at)) {
            Next::Take(_) if self.rules.claim_needs_server_lock && !state.is_gateway(at) => {
                self.turn_away(state, account, at);
            }
            Next::Take(taken) => self.come_in(state, account, at, number, taken),
            Next::Refuse => {
                self.turn_away(state, account, at);
                self.reached(Reached::Refused);
            }
            // It let go, which the row would show, or did not in time.
            Next::Oust(_) if asked => {
                let owner = &mut state.accounts[usize::from(account)];
                owner.lock = row.after(AccountMove::Fenced)?;
                owner.due = if owner.due == 0 { row.session } else { owner.due };
                self.reached(Reached::AccountFenced);
            }
            Next::Oust(id) => {
                let is_asked = |other: &u8| id_of(*other) == id && state.gateways[usize::from(*other)].up;
                if let Some(holder) = (0..state.gateways.len() as u8).rev().find(is_asked) {
                    state.send(Node::Gateway(at), Node::Gateway(holder), What::Release(account));
                }
                seat(state, account, at).task = Task::Claim { session: number, asked: true };
            }
        }
        Some(())
    }

    fn next_claim(&self, row: AccountRow, number: u8, id: u8) -> Next {
        match row.next_claim(number, id) {
            Next::Refuse if self.is_let_in_all_the_same(row, number) => Next::Take(AccountRow {
                owner: Owner::Gateway(id),
                session: number,
                epoch: row.epoch + 1,
                ..AccountRow::FREE
            }),
            next => next,
        }
    }

    /// Whether one of the rules that are left out would have turned this log-in away.
    fn is_let_in_all_the_same(&self, row: AccountRow, number: u8) -> bool {
        match row.owner {
            Owner::LogIn => !self.rules.session_must_match && row.session != number,
            Owner::None => !self.rules.late_are_refused,
            Owner::Gateway(_) | Owner::Map(_) => false,
        }
    }

    fn come_in(&self, state: &mut State, account: u8, at: u8, number: u8, taken: AccountRow) {
        let owner = &mut state.accounts[usize::from(account)];
        let before = owner.lock;
        let holder = if matches!(before.owner, Owner::Gateway(_)) { before.session } else { 0 };
        let newest = if owner.due != 0 { owner.due } else { holder };
        state.wrong.late_came |= newest == 0;
        state.wrong.older_came |= newest > number;
        if before.timed && holder == number {
            self.reached(Reached::AccountReclaimed);
        }
        (owner.lock, owner.holder, owner.due) = (taken, at, 0);
        let seat = &mut owner.seats[usize::from(at)];
        (seat.socket, seat.task) = (Some(Socket { session: number }), Task::Idle);
        self.reached(Reached::Socket);
    }

    /// A socket may not come in. What an older one held here that is gone is given back.
    fn turn_away(&self, state: &mut State, account: u8, at: u8) {
        seat(state, account, at).task = Task::Idle;
        self.let_go(state, account, at);
    }

    /// Another gateway wants an account.
    pub fn release_account(&self, state: &mut State, at: u8, account: u8) {
        self.close_socket(state, account, at);
    }

    /// The socket closes, whoever closed it.
    pub fn close_socket(&self, state: &mut State, account: u8, at: u8) -> Option<()> {
        seat(state, account, at).socket.take()?;
        self.let_go(state, account, at);
        Some(())
    }

    /// A gateway gives up an account that has no socket there, and none that opens: its log-in may come back.
    fn let_go(&self, state: &mut State, account: u8, at: u8) {
        let Seat { socket, task } = *seat(state, account, at);
        // One that was cut off gives nothing away: its successor may have it by now.
        if socket.is_some() || matches!(task, Task::Claim { .. }) || !state.is_gateway(at) {
            return;
        }
        let owner = &mut state.accounts[usize::from(account)];
        let row = owner.lock;
        if let Some(left) = row.after(AccountMove::Released(id_of(at), row.epoch)) {
            owner.lock = left;
            owner.due = if owner.due == 0 { row.session } else { owner.due };
        }
    }

    /// Frees the locks of the account's characters, in peace if possible.
    fn displace(&self, state: &mut State, account: u8, at: u8, kicked: Option<(u8, u8)>) -> Way {
        let held =
            self.characters_of(account).find(|who| state.characters[usize::from(*who)].lock.way_out() != Out::Clear);
        let Some(who) = held else { return Way::Clear };
        let seen = state.characters[usize::from(who)].lock;
        let Out::Kick(server) = seen.way_out() else {
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
        let is_holder = row.is_held(number, id_of(at));
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
        state.characters[usize::from(character)].change(held, held.called_off());
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
                state.characters[usize::from(who)].change(held, held.called_off());
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
