//! What the world is at one moment: the database, the processes with their memory, the network, and what went wrong.

use super::network::Message;
use super::rows::{AccountRow, Lock, Owner};

/// Processes of each kind: one for each of the two ids, and one that takes its place. An even number has id 0.
pub const PROCESSES: usize = 4;
/// The processes that run from the beginning.
pub const FIRST: u8 = 2;

/// The id under which a process runs.
pub fn id_of(process: u8) -> u8 {
    process % 2
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    pub accounts: Vec<Account>,
    pub characters: Vec<Character>,
    pub maps: [MapProcess; PROCESSES],
    pub gateways: [GatewayProcess; PROCESSES],
    /// Server locks of the two map servers: the cookie.
    pub map_rows: [Option<u8>; 2],
    /// Server locks of the two gateways: the cookie.
    pub gateway_rows: [Option<u8>; 2],
    pub network: Vec<Message>,
    /// The newest cookie.
    pub cookies: u8,
    /// Faults that may still happen.
    pub faults: u8,
    /// What players may still want.
    pub wishes: Wishes,
    pub wrong: Wrong,
}

/// How many more things players may want: to open or close a socket, to enter, to leave, to travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wishes {
    Many,
    Left(u8),
}

/// An account and what each gateway process knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    pub lock: AccountRow,
    /// The gateway process that took the lock, wherever it is `Gateway`. The database does not know it.
    pub holder: u8,
    /// Sessions given out so far.
    pub log_ins: u8,
    /// The log-in that may come to a gateway: the last that logged in, refreshed in its turn, or lost its socket, until it
    /// has come or its time is over; 0 for none. Kept apart from the lock, which has to agree.
    pub due: u8,
    pub seats: [Seat; PROCESSES],
}

/// What a gateway process has of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seat {
    /// Whose socket is open.
    pub socket: Option<Socket>,
    /// One way in or out at a time.
    pub task: Task,
}

/// An open gateway socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Socket {
    pub session: u8,
}

/// What a gateway does for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Task {
    Idle,
    /// A socket opens; the gateway that has the account lock was asked or not.
    Claim {
        session: u8,
        asked: bool,
    },
    /// Makes way for this entry; the character and epoch that a map server was asked for.
    Displace {
        session: u8,
        character: u8,
        target: u8,
        kicked: Option<(u8, u8)>,
    },
    /// The way is clear. Where the check of the account lock is not one with the write, it was done already, or not.
    Take {
        session: u8,
        character: u8,
        target: u8,
        checked: bool,
    },
    /// Waits for a map server to expect a character.
    Prepare {
        session: u8,
        character: u8,
        target: u8,
        epoch: u8,
    },
    /// Takes the account's characters out of the world.
    Leave {
        kicked: Option<(u8, u8)>,
    },
}

/// A character: its row, what is known of it outside the database, and its bodies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Character {
    pub lock: Lock,
    /// Sequence of the last save under this epoch.
    pub sequence: u8,
    /// Who wrote last: epoch and process.
    pub writer: (u8, u8),
    /// The soft state: epoch and sequence of the save that it is from.
    pub saved: (u8, u8),
    /// The map process that the lock was given to, wherever it is `Map`. The database does not know it.
    pub holder: u8,
    /// Events, by key: each one that was ever submitted.
    pub keys: Vec<Key>,
    /// Epochs whose ticket a player has.
    pub tickets: u64,
    pub bodies: [Body; PROCESSES],
}

/// An event: something owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub epoch: u8,
    pub process: u8,
    /// How often the store has done it.
    pub done: u8,
    /// Its process has an answer.
    pub answered: bool,
    /// The player was told that it is so.
    pub told: bool,
}

/// A character at a map process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Body {
    /// It is announced under this epoch, with this state.
    pub expected: Option<(u8, Load)>,
    pub present: Present,
    /// Epochs whose ticket was used or given up here.
    pub spent: u64,
    /// A release that is not settled: epoch and sequence of the last save.
    pub unsettled: Option<(u8, u8)>,
}

/// Whether a character is in the world of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Present {
    Not,
    /// It plays: epoch and sequence of the last save.
    Playing(u8, u8),
    /// It is frozen and waits for the answer to its journey.
    Travelling(u8, u8),
}

/// What a map server is told of a character: its soft state, and how many events are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Load {
    pub saved: (u8, u8),
    pub events: u8,
}

/// A map server's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MapProcess {
    pub up: bool,
    /// 0 for none.
    pub cookie: u8,
    /// To which gateway process its link goes.
    pub link: Option<u8>,
}

/// A replica's process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GatewayProcess {
    pub up: bool,
    /// 0 for none.
    pub cookie: u8,
    /// The cookie that it found in its folder when it started; 0 for none.
    pub kept: u8,
    /// The processes of the two map servers, as far as it knows.
    pub links: [Option<u8>; 2],
    pub journeys: Vec<Journey>,
    /// Owners whose server lock it has ended and whose other locks it has still to free, where that is not one
    /// transaction.
    pub freeing: Vec<Owner>,
}

/// A character on its way from one map server to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Journey {
    pub character: u8,
    /// Under which the gateway has the lock.
    pub epoch: u8,
    pub from: u8,
    pub target: u8,
}

/// What must never be, as far as it shows only in the moment when it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wrong {
    /// A write was accepted under an older epoch than one before.
    pub epoch_went_back: bool,
    /// Two processes wrote under one epoch.
    pub two_writers: bool,
    /// A save was accepted that is not newer than the stored one.
    pub stale_save: bool,
    /// A map server plays with something else than what is stored.
    pub stale_load: bool,
    /// A process spoke for a server whose lock another one has.
    pub impostor: bool,
    /// A replica that was heard of all the time lost its lock to another process.
    pub robbed: bool,
    /// A log-in came to a gateway before a newer one that could come, or had.
    pub older_came: bool,
    /// A log-in came to a gateway for which nobody waited any more.
    pub late_came: bool,
}

impl State {
    /// The database is empty, every server runs and is linked, nobody is logged in.
    pub fn new(accounts: u8, characters_each: u8, faults: u8, wishes: Wishes) -> Self {
        let map = |process| MapProcess { up: process < FIRST, cookie: first_cookie(process, 1), link: first(process) };
        let gateway = |process: u8| {
            let links = [0, 1].map(|id| (id == process).then_some(process));
            GatewayProcess {
                up: process < FIRST,
                cookie: first_cookie(process, 3),
                kept: 0,
                links,
                journeys: Vec::new(),
                freeing: Vec::new(),
            }
        };
        Self {
            accounts: (0..accounts).map(|_| Account::new()).collect(),
            characters: (0..accounts * characters_each).map(|_| Character::new()).collect(),
            maps: [0, 1, 2, 3].map(map),
            gateways: [0, 1, 2, 3].map(gateway),
            map_rows: [Some(1), Some(2)],
            gateway_rows: [Some(3), Some(4)],
            network: Vec::new(),
            cookies: 4,
            faults,
            wishes,
            wrong: Wrong::default(),
        }
    }

    /// The first account is logged in with a socket at the first gateway, and its first character plays on this map
    /// server, if on any. The epochs of accounts count from here.
    pub fn online(mut self, map: Option<u8>) -> Self {
        let account = &mut self.accounts[0];
        account.log_ins = 1;
        account.lock = AccountRow { owner: Owner::Gateway(0), session: 1, ..AccountRow::FREE };
        account.seats[0].socket = Some(Socket { session: 1 });
        if let Some(id) = map {
            let character = &mut self.characters[0];
            character.lock = Lock { owner: Owner::Map(id), epoch: 1, timed: false };
            character.holder = id;
            character.bodies[usize::from(id)].present = Present::Playing(1, 0);
        }
        self
    }

    /// A cookie that nobody has.
    pub fn bake(&mut self) -> u8 {
        self.cookies = self.cookies.wrapping_add(1).max(1);
        self.cookies
    }

    /// Whether a process has the lock of its map server.
    pub fn is_map(&self, process: u8) -> bool {
        let cookie = self.maps[usize::from(process)].cookie;
        cookie != 0 && self.map_rows[usize::from(id_of(process))] == Some(cookie)
    }

    /// Whether a process has the lock of its gateway.
    pub fn is_gateway(&self, process: u8) -> bool {
        let cookie = self.gateways[usize::from(process)].cookie;
        cookie != 0 && self.gateway_rows[usize::from(id_of(process))] == Some(cookie)
    }

    /// Whether somebody alive can renew the lock of a map server.
    pub fn map_lives(&self, id: u8) -> bool {
        (0..PROCESSES as u8).any(|at| id_of(at) == id && self.maps[usize::from(at)].up && self.is_map(at))
    }

    /// Whether somebody alive can renew the lock of a gateway.
    pub fn gateway_lives(&self, id: u8) -> bool {
        (0..PROCESSES as u8).any(|at| id_of(at) == id && self.gateways[usize::from(at)].up && self.is_gateway(at))
    }
}

fn first(process: u8) -> Option<u8> {
    (process < FIRST).then_some(process)
}

fn first_cookie(process: u8, from: u8) -> u8 {
    first(process).map_or(0, |process| process + from)
}

impl Account {
    fn new() -> Self {
        let seat = Seat { socket: None, task: Task::Idle };
        Self { lock: AccountRow::FREE, holder: 0, log_ins: 0, due: 0, seats: [seat; PROCESSES] }
    }
}

impl Character {
    fn new() -> Self {
        let body = Body { expected: None, present: Present::Not, spent: 0, unsettled: None };
        Self {
            lock: Lock::FREE,
            sequence: 0,
            writer: (0, 0),
            saved: (0, 0),
            holder: 0,
            keys: Vec::new(),
            tickets: 0,
            bodies: [body; PROCESSES],
        }
    }

    /// Puts another lock in the place of the one that was seen; false where it is not that one any more.
    pub fn change(&mut self, seen: Lock, to: Option<Lock>) -> bool {
        let Some(to) = to else { return false };
        if (self.lock.owner, self.lock.epoch) != (seen.owner, seen.epoch) {
            return false;
        }
        if self.lock.epoch != to.epoch {
            self.sequence = 0;
        }
        self.lock = to;
        true
    }

    /// What a map server would be told now.
    pub fn load(&self) -> Load {
        Load { saved: self.saved, events: self.keys.iter().filter(|key| key.done > 0).count() as u8 }
    }
}

impl Body {
    /// Nothing of a dead process is left.
    pub fn clear(&mut self) {
        *self = Self { expected: None, present: Present::Not, spent: self.spent, unsettled: None };
    }

    /// The epochs under which a process would name this character when it reclaims.
    pub fn known(&self) -> impl Iterator<Item = u8> + use<> {
        let present = match self.present {
            Present::Not => None,
            Present::Playing(epoch, _) | Present::Travelling(epoch, _) => Some(epoch),
        };
        [self.expected.map(|(epoch, _)| epoch), present, self.unsettled.map(|(epoch, _)| epoch)].into_iter().flatten()
    }
}

impl Owner {
    pub fn is_map(self) -> bool {
        matches!(self, Self::Map(_))
    }
}
