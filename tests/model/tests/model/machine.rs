//! The model: everything that may happen next, and what the world is afterwards.

use std::sync::atomic::{AtomicU32, Ordering};

use super::network::{Message, Node, What};
use super::rows::{AccountMove, Owner};
use super::state::{PROCESSES, Present, Socket, State, Task, Wishes, id_of};
use stateright::{Model, Property};

/// How large the world is, what may go wrong in it, and which of the rules hold.
#[derive(Debug)]
pub struct Machine {
    pub accounts: u8,
    pub characters_each: u8,
    /// It begins with a player who is online, so that the search is about the next log-in.
    pub is_online: bool,
    /// Log-ins of each account.
    pub log_ins: u8,
    /// Whether log-ins are refreshed, too.
    pub refreshes: bool,
    /// What players may want in all.
    pub wishes: Wishes,
    /// Events of each character.
    pub keys: usize,
    /// Saves under each epoch, the last one apart.
    pub saves: u8,
    /// Epochs of characters and of accounts beyond which we do not look.
    pub epochs: (u8, u8),
    /// Which faults may happen, and how many.
    pub faults: (Faults, u8),
    pub rules: Rules,
    pub seen: Seen,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// A map server is killed, or silent for so long that its lock is given away, and another one takes its place.
    pub map_crash: bool,
    /// The same of a replica; or it comes back in time.
    pub gateway_crash: bool,
    /// A link breaks: what is on its way is lost, or still comes while there is a newer link.
    pub cut: bool,
    /// A message is lost.
    pub lost: bool,
    /// A message comes twice.
    pub repeated: bool,
    /// A message overtakes others.
    pub reordered: bool,
    /// A second process of a replica is started beside the first, with a copy of its cookie.
    pub copied: bool,
}

/// Rules that are not in the steps of the locks. Without one of them a property breaks, which the tests show.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Who enters must hold the account's lock, and no other character of the account may be anywhere.
    pub enter_needs_account_lock: bool,
    /// That is checked in the transaction that takes the character's lock.
    pub enter_is_one_transaction: bool,
    /// A gateway takes an account's lock only while it has its own.
    pub claim_needs_server_lock: bool,
    /// The log-in that comes to a gateway is the one that is waited for.
    pub session_must_match: bool,
    /// A log-in that nobody waits for does not come in.
    pub late_are_refused: bool,
    /// A replica's cookie is worth nothing to another process while the one that has it is heard of.
    pub cookies_of_the_living_are_refused: bool,
    /// Each process that takes a replica's lock gets another cookie.
    pub every_process_has_a_cookie: bool,
    /// An arrival, a save or a reclaim stops a character's timer only where it comes from the process that has the
    /// lock of its server.
    pub arrival_needs_server_lock: bool,
    /// The end of a server's lock and of what it held is one transaction.
    pub expiry_is_one_transaction: bool,
    /// The store knows the keys of what was done.
    pub keys_are_looked_up: bool,
    /// What is answered as done is durable.
    pub commit_before_confirm: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            enter_needs_account_lock: true,
            enter_is_one_transaction: true,
            expiry_is_one_transaction: true,
            claim_needs_server_lock: true,
            session_must_match: true,
            late_are_refused: true,
            cookies_of_the_living_are_refused: true,
            every_process_has_a_cookie: true,
            arrival_needs_server_lock: true,
            keys_are_looked_up: true,
            commit_before_confirm: true,
        }
    }
}

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    LogIn { account: u8 },
    Refresh { account: u8, session: u8 },
    OpenSocket { account: u8, session: u8, at: u8 },
    CloseSocket { account: u8, at: u8 },
    EnterWorld { account: u8, at: u8, character: u8, target: u8 },
    LeaveWorld { account: u8, at: u8 },
    Work { account: u8, at: u8 },
    GiveUp { account: u8, at: u8 },
    TurnBack { at: u8, journey: u8 },
    Deliver { message: u8 },
    Lose { message: u8 },
    Repeat { message: u8 },
    Connect { process: u8, character: u8 },
    NotCome { process: u8, character: u8 },
    Save { process: u8, character: u8 },
    Own { process: u8, character: u8 },
    LogOut { process: u8, character: u8 },
    Travel { process: u8, character: u8, target: u8 },
    GiveUpTravel { process: u8, character: u8 },
    CharacterExpired { character: u8 },
    AccountExpired { account: u8 },
    WaitExpired { account: u8 },
    MapExpired { id: u8, at: u8 },
    GatewayExpired { id: u8, at: u8 },
    RegisterMap { process: u8 },
    Hello { process: u8, at: u8 },
    CastOutMap { process: u8 },
    Cut { process: u8 },
    Notice { at: u8, id: u8 },
    CrashMap { process: u8 },
    StartMap { process: u8, with_cookie: bool },
    CrashGateway { at: u8 },
    StartGateway { at: u8, with_cookie: bool },
    RegisterGateway { at: u8 },
    CastOutGateway { at: u8 },
    Free { at: u8 },
}

/// What a search has come across.
#[derive(Debug, Default)]
pub struct Seen {
    happened: AtomicU32,
    told: AtomicU32,
}

/// What a search must come across, or it shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    Socket,
    Refused,
    AccountFenced,
    AccountReclaimed,
    Ticket,
    Entered,
    Arrived,
    Saved,
    Committed,
    EventRepeated,
    Travelled,
    TravelRefused,
    CameBack,
    Left,
    Fenced,
    DroppedAsFenced,
    EntryAbandoned,
    Expired,
    MapExpired,
    Hello,
    Reclaimed,
    CastOut,
    Lost,
    Repeated,
    Overtaken,
    Cut,
    MapCrashed,
    GatewayCrashed,
    Copied,
}

impl Machine {
    pub fn reached(&self, what: Reached) {
        let bit = 1 << what as u32;
        if self.seen.happened.load(Ordering::Relaxed) & bit == 0 {
            self.seen.happened.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Whether something has happened in any path so far.
    pub fn has_reached(&self, what: Reached) -> bool {
        self.seen.happened.load(Ordering::Relaxed) & (1 << what as u32) != 0
    }

    /// The same, once: a search remembers one example.
    pub fn first_reached(&self, what: Reached) -> bool {
        self.has_reached(what) && self.seen.told.fetch_or(1 << what as u32, Ordering::Relaxed) & (1 << what as u32) == 0
    }

    /// The characters of an account.
    pub fn characters_of(&self, account: u8) -> impl Iterator<Item = u8> + use<> {
        account * self.characters_each..(account + 1) * self.characters_each
    }

    /// Takes one of the faults that may still happen.
    pub fn spend(&self, state: &mut State) -> Option<()> {
        state.faults = state.faults.checked_sub(1)?;
        Some(())
    }

    fn player(&self, state: &mut State, action: Action) -> Option<()> {
        let is_wish = matches!(
            action,
            Action::OpenSocket { .. }
                | Action::Refresh { .. }
                | Action::CloseSocket { .. }
                | Action::EnterWorld { .. }
                | Action::LeaveWorld { .. }
                | Action::LogOut { .. }
                | Action::Travel { .. }
        );
        if let (true, Wishes::Left(left)) = (is_wish, &mut state.wishes) {
            *left = left.checked_sub(1)?;
        }
        match action {
            Action::LogIn { account } => {
                let owner = &mut state.accounts[usize::from(account)];
                if owner.log_ins >= self.log_ins {
                    return None;
                }
                owner.log_ins += 1;
                let step = AccountMove::LoggedIn(owner.log_ins);
                owner.lock = owner.lock.after(step).unwrap_or(owner.lock);
                owner.due = owner.log_ins;
                Some(())
            }
            Action::Refresh { account, session } => {
                let owner = &mut state.accounts[usize::from(account)];
                owner.lock = owner.lock.after(AccountMove::Refreshed(session))?;
                owner.due = session;
                Some(())
            }
            Action::OpenSocket { account, session, at } => {
                let owner = &mut state.accounts[usize::from(account)];
                let is_busy = owner.seats.iter().any(|seat| {
                    seat.socket.is_some_and(|socket| socket.session == session)
                        || matches!(seat.task, Task::Claim { session: other, .. } if other == session)
                });
                let seat = &mut owner.seats[usize::from(at)];
                if is_busy || session > owner.log_ins || seat.task != Task::Idle || !state.gateways[usize::from(at)].up
                {
                    return None;
                }
                seat.task = Task::Claim { session, asked: false };
                Some(())
            }
            Action::CloseSocket { account, at } => self.close_socket(state, account, at),
            Action::EnterWorld { account, at, character, target } => {
                let Socket { session, .. } = self.idle_socket(state, account, at)?;
                state.route(at, target)?;
                let task = Task::Displace { session, character, target, kicked: None };
                state.accounts[usize::from(account)].seats[usize::from(at)].task = task;
                Some(())
            }
            Action::LeaveWorld { account, at } => {
                self.idle_socket(state, account, at)?;
                let held = |who: u8| state.characters[usize::from(who)].lock.owner != Owner::None;
                if !self.characters_of(account).any(held) {
                    return None;
                }
                state.accounts[usize::from(account)].seats[usize::from(at)].task = Task::Leave { kicked: None };
                Some(())
            }
            Action::Connect { process, character } => self.connect(state, process, character),
            Action::Own { process, character } => self.own(state, process, character),
            Action::LogOut { process, character } => self.leave(state, process, character, None).then_some(()),
            Action::Travel { process, character, target } => self.travel_from(state, process, character, target),
            _ => None,
        }
    }

    fn idle_socket(&self, state: &State, account: u8, at: u8) -> Option<Socket> {
        let seat = &state.accounts[usize::from(account)].seats[usize::from(at)];
        seat.socket.filter(|_| seat.task == Task::Idle)
    }

    fn server(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Work { account, at } => self.work(state, account, at),
            Action::GiveUp { account, at } => self.give_up(state, account, at),
            Action::TurnBack { at, journey } => self.turn_back(state, at, journey.into()),
            Action::NotCome { process, character } => self.not_come(state, process, character),
            Action::Save { process, character } => self.save_body(state, process, character),
            Action::GiveUpTravel { process, character } => self.give_up_travel(state, process, character),
            Action::CharacterExpired { character } => self.character_expired(state, character),
            Action::AccountExpired { account } => self.account_expired(state, account),
            Action::RegisterMap { process } => self.register_map(state, process),
            Action::Hello { process, at } => self.hello(state, process, at),
            Action::CastOutMap { process } => self.cast_out_map(state, process),
            Action::Notice { at, id } => self.notice(state, at, id),
            Action::RegisterGateway { at } => self.register_gateway(state, at),
            Action::CastOutGateway { at } => self.cast_out_gateway(state, at),
            Action::Free { at } => self.free_next(state, at),
            Action::WaitExpired { account } => self.wait_expired(state, account),
            _ => None,
        }
    }

    /// Hands a message to whom it is for.
    pub fn deliver(&self, state: &mut State, message: Message) {
        match (message.from, message.to) {
            (Node::Gateway(from), Node::Map(to)) => self.told(state, to, from, message.what),
            (Node::Map(from), Node::Gateway(to)) if state.gateways[usize::from(to)].up => {
                self.heard(state, to, from, message.what);
            }
            (Node::Gateway(_), Node::Gateway(to)) => {
                if let What::Release(account) = message.what {
                    self.release_account(state, to, account);
                }
            }
            _ => {}
        }
    }

    fn actions_of_accounts(&self, state: &State, actions: &mut Vec<Action>) {
        for account in 0..self.accounts {
            actions.push(Action::LogIn { account });
            actions.extend([Action::AccountExpired { account }, Action::WaitExpired { account }]);
            let sessions = 1..=state.accounts[usize::from(account)].log_ins;
            if self.refreshes {
                actions.extend(sessions.map(|session| Action::Refresh { account, session }));
            }
            for at in (0..PROCESSES as u8).filter(|at| state.gateways[usize::from(*at)].up) {
                let seat = &state.accounts[usize::from(account)].seats[usize::from(at)];
                if seat.task == Task::Idle {
                    let sessions = 1..=state.accounts[usize::from(account)].log_ins;
                    actions.extend(sessions.map(|session| Action::OpenSocket { account, session, at }));
                } else {
                    actions.extend([Action::Work { account, at }, Action::GiveUp { account, at }]);
                }
                if seat.socket.is_some() {
                    actions.extend([Action::CloseSocket { account, at }, Action::LeaveWorld { account, at }]);
                    for character in self.characters_of(account) {
                        actions.extend([0, 1].map(|target| Action::EnterWorld { account, at, character, target }));
                    }
                }
            }
        }
    }

    fn actions_of_bodies(&self, state: &State, actions: &mut Vec<Action>) {
        for (who, character) in (0..).zip(&state.characters) {
            actions.push(Action::CharacterExpired { character: who });
            for (process, body) in (0..).zip(&character.bodies) {
                if body.expected.is_some() {
                    actions.push(Action::Connect { process, character: who });
                    actions.push(Action::NotCome { process, character: who });
                }
                match body.present {
                    Present::Not => {}
                    Present::Travelling(..) => actions.push(Action::GiveUpTravel { process, character: who }),
                    Present::Playing(..) => {
                        actions.push(Action::Save { process, character: who });
                        actions.push(Action::Own { process, character: who });
                        actions.push(Action::LogOut { process, character: who });
                        let target = 1 - id_of(process);
                        actions.push(Action::Travel { process, character: who, target });
                    }
                }
            }
        }
    }

    fn actions_of_servers(&self, state: &State, actions: &mut Vec<Action>) {
        for at in (0..PROCESSES as u8).filter(|at| state.gateways[usize::from(*at)].up) {
            if !state.gateways[usize::from(at)].freeing.is_empty() {
                actions.push(Action::Free { at });
            }
            let journeys = 0..state.gateways[usize::from(at)].journeys.len() as u8;
            actions.extend(journeys.map(|journey| Action::TurnBack { at, journey }));
            actions.extend([0, 1].map(|id| Action::Notice { at, id }));
            actions.extend([Action::RegisterGateway { at }, Action::CastOutGateway { at }]);
            for process in (0..PROCESSES as u8).filter(|process| state.maps[usize::from(*process)].up) {
                actions.push(Action::Hello { process, at });
            }
        }
        for process in (0..PROCESSES as u8).filter(|process| state.maps[usize::from(*process)].up) {
            actions.extend([Action::RegisterMap { process }, Action::CastOutMap { process }]);
        }
    }
}

impl Model for Machine {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let empty = State::new(self.accounts, self.characters_each, self.faults.1, self.wishes);
        if !self.is_online {
            return vec![empty];
        }
        // In the world on the map server of the same gateway, on that of the other one, or not yet.
        [None, Some(0), Some(1)].map(|map| empty.clone().online(map)).to_vec()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.actions_of_accounts(state, actions);
        self.actions_of_bodies(state, actions);
        self.actions_of_servers(state, actions);
        self.actions_of_faults(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.player(&mut state, action)
            .or_else(|| self.server(&mut state, action))
            .or_else(|| self.fault(&mut state, action))?;
        state.forget_the_unseen();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        super::properties::all()
    }

    fn within_boundary(&self, state: &State) -> bool {
        state.characters.iter().all(|character| character.lock.epoch <= self.epochs.0)
            && state.accounts.iter().all(|account| account.lock.epoch <= self.epochs.1)
    }
}
