//! What goes wrong, and the network with its order.

use super::machine::{Action, Faults, Machine, Reached};
use super::state::{FIRST, PROCESSES, State, id_of};

impl Faults {
    /// What a search among these faults must come across: one of each.
    pub fn to_reach(self) -> Vec<Reached> {
        let kinds = [
            (self.map_crash, Reached::MapCrashed),
            (self.gateway_crash, Reached::GatewayCrashed),
            (self.cut, Reached::Cut),
            (self.lost, Reached::Lost),
            (self.repeated, Reached::Repeated),
            (self.reordered, Reached::Overtaken),
            (self.copied, Reached::Copied),
        ];
        kinds.into_iter().filter(|(may, _)| *may).map(|(_, what)| what).collect()
    }
}

impl Machine {
    pub fn actions_of_faults(&self, state: &State, actions: &mut Vec<Action>) {
        let (kinds, may) = (self.faults.0, state.faults > 0);
        for message in 0..state.network.len() as u8 {
            let is_next = is_next(state, message);
            if is_next || (kinds.reordered && may) {
                actions.push(Action::Deliver { message });
            }
            if kinds.lost && may {
                actions.push(Action::Lose { message });
            }
            if kinds.repeated && may && is_next {
                actions.push(Action::Repeat { message });
            }
        }
        // Any replica fires timers. Which one it is matters only where it can die half-way.
        let sweepers = if self.rules.expiry_is_one_transaction { 1 } else { PROCESSES as u8 };
        for at in 0..sweepers {
            actions.extend([0, 1].map(|id| Action::MapExpired { id, at }));
            actions.extend([0, 1].map(|id| Action::GatewayExpired { id, at }));
        }
        for process in 0..PROCESSES as u8 {
            if kinds.cut && may {
                actions.push(Action::Cut { process });
            }
            if kinds.map_crash {
                actions.push(Action::CrashMap { process });
                actions.extend([false, true].map(|with_cookie| Action::StartMap { process, with_cookie }));
            }
            if kinds.gateway_crash {
                actions.push(Action::CrashGateway { at: process });
                actions.extend([false, true].map(|with_cookie| Action::StartGateway { at: process, with_cookie }));
            } else if kinds.copied {
                actions.push(Action::StartGateway { at: process, with_cookie: true });
            }
        }
    }

    pub fn fault(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Deliver { message } => {
                if !is_next(state, message) {
                    self.spend(state)?;
                    self.reached(Reached::Overtaken);
                }
                let before = state.network.get(usize::from(message))?.clone();
                state.network.remove(usize::from(message));
                self.deliver(state, before);
                Some(())
            }
            Action::Lose { message } => {
                self.spend(state)?;
                self.reached(Reached::Lost);
                state.network.remove(usize::from(message));
                Some(())
            }
            Action::Repeat { message } => {
                self.spend(state)?;
                let copy = state.network.get(usize::from(message))?.clone();
                self.reached(Reached::Repeated);
                self.deliver(state, copy);
                Some(())
            }
            Action::Cut { process } => {
                self.spend(state)?;
                self.unlink(state, process)?;
                self.reached(Reached::Cut);
                Some(())
            }
            Action::MapExpired { id, at } => {
                if state.map_lives(id) {
                    self.may(state, self.faults.0.map_crash)?;
                }
                self.map_expired(state, id, at)
            }
            Action::GatewayExpired { id, at } => {
                if state.gateway_lives(id) {
                    self.may(state, self.faults.0.gateway_crash)?;
                }
                self.gateway_expired(state, id, at)
            }
            Action::CrashMap { process } if state.maps[usize::from(process)].up => {
                self.spend(state)?;
                self.crash_map(state, process);
                self.reached(Reached::MapCrashed);
                Some(())
            }
            Action::CrashGateway { at } if state.gateways[usize::from(at)].up => {
                self.spend(state)?;
                self.crash_gateway(state, at);
                self.reached(Reached::GatewayCrashed);
                Some(())
            }
            Action::StartMap { process, with_cookie } => self.start_map(state, process, with_cookie),
            Action::StartGateway { at, with_cookie } => self.start_gateway(state, at, with_cookie),
            _ => None,
        }
    }

    /// Takes a fault, if this kind may happen.
    pub fn may(&self, state: &mut State, kind: bool) -> Option<()> {
        if kind { self.spend(state) } else { None }
    }

    /// Another process takes the place of a dead one, with the cookie of its folder or without; or that of a living one
    /// that everybody takes for dead.
    fn start_map(&self, state: &mut State, process: u8, with_cookie: bool) -> Option<()> {
        let id = id_of(process);
        let is_other_up = (0..PROCESSES as u8)
            .any(|other| other != process && id_of(other) == id && state.maps[usize::from(other)].up);
        if state.maps[usize::from(process)].up || process < FIRST || (is_other_up && with_cookie) {
            return None;
        }
        if is_other_up {
            self.spend(state)?;
        }
        let cookie = if with_cookie { state.map_rows[usize::from(id)]? } else { 0 };
        let server = &mut state.maps[usize::from(process)];
        (server.up, server.cookie) = (true, cookie);
        Some(())
    }

    /// The same of a replica; with a cookie beside a living one, where that is copied.
    fn start_gateway(&self, state: &mut State, at: u8, with_cookie: bool) -> Option<()> {
        let is_other_up = (0..PROCESSES as u8)
            .any(|other| other != at && id_of(other) == id_of(at) && state.gateways[usize::from(other)].up);
        if state.gateways[usize::from(at)].up || at < FIRST {
            return None;
        }
        if is_other_up && with_cookie {
            self.may(state, self.faults.0.copied)?;
            self.reached(Reached::Copied);
        } else if is_other_up {
            self.spend(state)?;
        }
        let kept = if with_cookie { state.gateway_rows[usize::from(id_of(at))]? } else { 0 };
        let replica = &mut state.gateways[usize::from(at)];
        (replica.up, replica.kept) = (true, kept);
        Some(())
    }
}

/// Whether a message is the oldest between its two ends.
fn is_next(state: &State, message: u8) -> bool {
    let at = usize::from(message);
    let ends = |at: usize| state.network.get(at).map(|message| (message.from, message.to));
    at == 0 || ends(at - 1) != ends(at)
}
