//! Servers as such: their locks, their links, their deaths, and the timers that end what they hold.

use realmgate_sidecar::lock::Claim;

use super::machine::{Machine, Reached};
use super::network::{Node, What};
use super::rows::{self, AccountMove, Owner, Step};
use super::state::{Seat, State, Task, id_of};

impl Machine {
    /// A map process asks for the lock of its id.
    pub fn register_map(&self, state: &mut State, process: u8) -> Option<()> {
        let server = state.maps[usize::from(process)];
        if !server.up || server.cookie != 0 {
            return None;
        }
        let id = id_of(process);
        if state.map_lives(id) {
            // Only a process that was silent for too long loses its id.
            self.may(state, self.faults.0.map_crash)?;
        }
        self.give_map_row(state, process, rows::claim(state.map_rows[usize::from(id)], None))
    }

    fn give_map_row(&self, state: &mut State, process: u8, claim: Claim) -> Option<()> {
        match claim {
            Claim::Taken | Claim::Connected => return None,
            Claim::Returned => {}
            Claim::New => {
                let id = id_of(process);
                self.fence_all(state, Owner::Map(id));
                state.map_rows[usize::from(id)] = Some(state.bake());
            }
        }
        state.maps[usize::from(process)].cookie = state.map_rows[usize::from(id_of(process))]?;
        Some(())
    }

    /// A map process opens a link and shows its cookie. With it, what it held waits to be reclaimed; a process that was
    /// started anew in the folder of the one before reclaims nothing.
    pub fn hello(&self, state: &mut State, process: u8, at: u8) -> Option<()> {
        let server = state.maps[usize::from(process)];
        if !server.up || server.cookie == 0 || server.link.is_some() || !state.gateways[usize::from(at)].up {
            return None;
        }
        let id = id_of(process);
        if rows::claim(state.map_rows[usize::from(id)], Some(server.cookie)) != Claim::Returned {
            return self.cast_out_map(state, process);
        }
        state.wrong.impostor |= state.map_rows[usize::from(id)] != Some(server.cookie);
        for character in &mut state.characters {
            let lock = character.lock;
            character.change(lock, lock.after(Step::ServerReturned(id)));
        }
        // What was on its way over an older link to this gateway counts no more.
        let old = (Node::Map(process), Node::Gateway(at));
        state.network.retain(|message| (message.from, message.to) != old || matches!(message.what, What::Prepared(..)));
        state.maps[usize::from(process)].link = Some(at);
        state.gateways[usize::from(at)].links[usize::from(id)] = Some(process);
        self.resume(state, process);
        self.reached(Reached::Hello);
        Some(())
    }

    /// A map process learns that its lock is another's: it drops every player, and registers anew.
    pub fn cast_out_map(&self, state: &mut State, process: u8) -> Option<()> {
        let server = state.maps[usize::from(process)];
        if !server.up || server.cookie == 0 || state.is_map(process) {
            return None;
        }
        self.unlink(state, process);
        self.forget_bodies(state, process);
        state.maps[usize::from(process)].cookie = 0;
        self.reached(Reached::CastOut);
        Some(())
    }

    /// A map process loses its link. The gateway may believe in it for a while.
    pub fn unlink(&self, state: &mut State, process: u8) -> Option<()> {
        let link = state.maps[usize::from(process)].link.take()?;
        let from = (Node::Gateway(link), Node::Map(process));
        state.network.retain(|message| (message.from, message.to) != from);
        Some(())
    }

    /// A gateway notices that a link is gone; what it has not handled is lost.
    pub fn notice(&self, state: &mut State, at: u8, id: u8) -> Option<()> {
        let process = state.gateways[usize::from(at)].links[usize::from(id)]?;
        if state.maps[usize::from(process)].link == Some(at) {
            return None;
        }
        state.gateways[usize::from(at)].links[usize::from(id)] = None;
        Some(())
    }

    /// kill -9 of a map server.
    pub fn crash_map(&self, state: &mut State, process: u8) {
        self.unlink(state, process);
        self.forget_bodies(state, process);
        let server = &mut state.maps[usize::from(process)];
        (server.up, server.cookie) = (false, 0);
    }

    /// kill -9 of a replica: its sockets, tasks and journeys are gone. What it sent may still arrive.
    pub fn crash_gateway(&self, state: &mut State, at: u8) {
        self.forget_seats(state, at);
        for server in state.maps.iter_mut().filter(|server| server.link == Some(at)) {
            server.link = None;
        }
        let replica = &mut state.gateways[usize::from(at)];
        (replica.up, replica.cookie, replica.kept, replica.links) = (false, 0, 0, [None; 2]);
        replica.journeys.clear();
        replica.freeing.clear();
    }

    /// A replica asks for the lock of its id, by the cookie in its folder or without one.
    pub fn register_gateway(&self, state: &mut State, at: u8) -> Option<()> {
        let replica = &state.gateways[usize::from(at)];
        let (id, kept) = (id_of(at), (replica.kept != 0).then_some(replica.kept));
        if !replica.up || replica.cookie != 0 {
            return None;
        }
        let (row, lives) = (state.gateway_rows[usize::from(id)], state.gateway_lives(id));
        let is_known_gone = !lives || !self.rules.cookies_of_the_living_are_refused;
        let claim = match rows::claim_replica(row, kept, is_known_gone, false) {
            Claim::Taken | Claim::Connected => {
                // Whoever has it is dead, or silent for so long that it loses it.
                if lives {
                    self.may(state, self.faults.0.gateway_crash)?;
                }
                rows::claim_replica(row, kept, is_known_gone, true)
            }
            claim => {
                state.wrong.robbed |= lives;
                claim
            }
        };
        match claim {
            Claim::Taken | Claim::Connected => return None,
            Claim::New => self.fence_all(state, Owner::Gateway(id)),
            Claim::Returned => self.take_stock(state, id),
        }
        let cookie = match (claim, row) {
            (Claim::Returned, Some(old)) if !self.rules.every_process_has_a_cookie => old,
            _ => state.bake(),
        };
        state.gateway_rows[usize::from(id)] = Some(cookie);
        state.gateways[usize::from(at)].cookie = cookie;
        Some(())
    }

    /// What an earlier process of a replica left behind: accounts wait to be reclaimed, ways into a world are fenced.
    fn take_stock(&self, state: &mut State, id: u8) {
        for account in &mut state.accounts {
            account.lock = account.lock.after(AccountMove::ReplicaReturned(id)).unwrap_or(account.lock);
        }
        for character in state.characters.iter_mut().filter(|character| character.lock.owner == Owner::Gateway(id)) {
            let lock = character.lock;
            character.change(lock, lock.after(Step::Fenced));
        }
    }

    /// A replica learns that its lock is another's: its sockets close, and it registers anew.
    pub fn cast_out_gateway(&self, state: &mut State, at: u8) -> Option<()> {
        let replica = &state.gateways[usize::from(at)];
        if !replica.up || replica.cookie == 0 || state.is_gateway(at) {
            return None;
        }
        self.forget_seats(state, at);
        let replica = &mut state.gateways[usize::from(at)];
        (replica.cookie, replica.kept) = (0, 0);
        Some(())
    }

    /// The timer of a character's lock fires.
    pub fn character_expired(&self, state: &mut State, who: u8) -> Option<()> {
        let character = &mut state.characters[usize::from(who)];
        let to = character.lock.after(Step::Expired)?;
        character.change(character.lock, Some(to));
        self.reached(Reached::Expired);
        Some(())
    }

    /// The timer of an account's lock fires.
    pub fn account_expired(&self, state: &mut State, account: u8) -> Option<()> {
        let owner = &mut state.accounts[usize::from(account)];
        let row = owner.lock;
        owner.lock = row.after(AccountMove::Expired)?;
        if row.owner == Owner::LogIn {
            owner.due = 0;
        }
        Some(())
    }

    /// The newer log-in that a held lock waits for does not come in time.
    pub fn wait_expired(&self, state: &mut State, account: u8) -> Option<()> {
        let owner = &mut state.accounts[usize::from(account)];
        owner.lock = owner.lock.after(AccountMove::WaitExpired)?;
        owner.due = 0;
        Some(())
    }

    /// The timer of a map server's lock fires: all it held is free.
    pub fn map_expired(&self, state: &mut State, id: u8, at: u8) -> Option<()> {
        state.map_rows[usize::from(id)].take()?;
        self.free_all(state, at, Owner::Map(id))?;
        self.reached(Reached::MapExpired);
        Some(())
    }

    /// The timer of a replica's lock fires: all it held is free.
    pub fn gateway_expired(&self, state: &mut State, id: u8, at: u8) -> Option<()> {
        state.gateway_rows[usize::from(id)].take()?;
        self.free_all(state, at, Owner::Gateway(id))
    }

    /// With the end of a server's lock, or by the same replica after it.
    fn free_all(&self, state: &mut State, at: u8, owner: Owner) -> Option<()> {
        if self.rules.expiry_is_one_transaction {
            self.fence_all(state, owner);
            return Some(());
        }
        let replica = &mut state.gateways[usize::from(at)];
        replica.up.then(|| replica.freeing.push(owner))
    }

    /// A replica frees what was held under a server's lock that it has ended.
    pub fn free_next(&self, state: &mut State, at: u8) -> Option<()> {
        let owner = state.gateways[usize::from(at)].freeing.pop()?;
        self.fence_all(state, owner);
        Some(())
    }

    fn fence_all(&self, state: &mut State, owner: Owner) {
        for character in state.characters.iter_mut().filter(|character| character.lock.owner == owner) {
            let lock = character.lock;
            character.change(lock, lock.after(Step::Fenced));
        }
        let Owner::Gateway(id) = owner else { return };
        for account in &mut state.accounts {
            account.lock = account.lock.after(AccountMove::ReplicaGone(id)).unwrap_or(account.lock);
        }
    }

    fn forget_bodies(&self, state: &mut State, process: u8) {
        for character in &mut state.characters {
            character.bodies[usize::from(process)].clear();
            // Nobody waits for the answers of its events, and nobody sends them again.
            for key in character.keys.iter_mut().filter(|key| key.process == process) {
                key.answered = true;
            }
        }
    }

    fn forget_seats(&self, state: &mut State, at: u8) {
        for account in &mut state.accounts {
            account.seats[usize::from(at)] = Seat { socket: None, task: Task::Idle };
        }
    }
}
