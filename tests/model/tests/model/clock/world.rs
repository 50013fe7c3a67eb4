//! One server with its lock, two sidecars that fire timers, and what happens between them in time.

use super::store::{Due, GRACE, Kind, PATIENCE, RECLAIM, Store};
use super::{Action, Clocked};

/// How many ticks a renewal may be under way, while the database answers.
const DELAY: u8 = 1;
/// How many ticks a sidecar believes in a link whose map server is dead.
const NOTICE: u8 = 1;
/// How many ticks after its deadline a lock has ended: a sweeper that has read it may die, the next one reads it in the
/// tick after, and may take one tick to fire.
const SLACK: u8 = 3;

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub now: u8,
    pub store: Store,
    /// The database answers nobody.
    pub stalled: bool,
    pub sidecars: [Sidecar; 2],
    /// What the server has of a link.
    pub link: Link,
    /// When a renewal was made out that is under way.
    pub renewal: Option<u8>,
    pub faults: u8,
    /// When the server died.
    pub died: Option<u8>,
    /// Until when the server may be silent, by what it was promised.
    pub silent_until: u8,
    /// Until when it has to reclaim, by what it was promised.
    pub reclaim_until: Option<u8>,
    /// A timer took the lock from a server that was in time.
    pub robbed: bool,
    /// An outage was so long that the lock would have ended without a grace.
    pub graced: bool,
}

/// A process that fires timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sidecar {
    pub up: bool,
    /// When it last began to fire timers.
    pub swept: u8,
    pub due: Option<Due>,
}

/// The link of a server to a sidecar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    Gone,
    /// Its first message is under way.
    Greeting(usize),
    /// It may reclaim, and is about to.
    Met(usize),
    Open(usize),
    /// It came too late, and knows it.
    CastOut,
}

impl World {
    pub fn new(kind: Kind, faults: u8) -> Self {
        let sidecar = Sidecar { up: true, swept: 0, due: None };
        Self {
            now: 0,
            store: Store::new(kind, 0),
            stalled: false,
            sidecars: [sidecar; 2],
            link: Link::Open(0),
            renewal: None,
            faults,
            died: None,
            silent_until: PATIENCE,
            reclaim_until: None,
            robbed: false,
            graced: false,
        }
    }

    /// Whether the lock of a dead server is held for longer than it may be, with somebody awake.
    pub fn is_haunted(&self) -> bool {
        let ends = self.silent_until.max(self.died.unwrap_or(u8::MAX));
        let is_awake = !self.stalled && self.now <= self.store.swept + 1;
        is_awake && self.store.held && self.now > ends.saturating_add(SLACK)
    }

    fn spend(&mut self) -> Option<()> {
        self.faults = self.faults.checked_sub(1)?;
        Some(())
    }

    fn is_up(&self, at: usize) -> bool {
        self.sidecars[at].up && !self.stalled
    }

    /// Whether time may go on: what is due in this tick is done.
    fn may_tick(&self) -> bool {
        let late = |made_out: u8| made_out + DELAY <= self.now;
        let lags = |sidecar: &Sidecar| {
            sidecar.up && (sidecar.swept < self.now || sidecar.due.is_some_and(|due| due.at < self.now))
        };
        let believed = matches!(self.link, Link::Open(_)) && self.died.is_some_and(|died| died + NOTICE <= self.now);
        !believed && (self.stalled || !(self.renewal.is_some_and(late) || self.sidecars.iter().any(lags)))
    }

    /// The lock was lost by the clock of this moment; whether that was fair. Nobody can be in time while all sidecars
    /// are asleep.
    fn judge(&mut self, at: u8, is_outage: bool) {
        let is_late = self.silent_until <= at || self.reclaim_until.is_some_and(|until| until <= at);
        self.robbed |= self.died.is_none() && (!is_late || is_outage);
    }

    fn sweep(&mut self, at: usize, model: &Clocked) -> Option<()> {
        let now = self.now;
        if !self.is_up(at) || self.sidecars[at].due.is_some() || self.sidecars[at].swept == now {
            return None;
        }
        self.sidecars[at].swept = now;
        if self.store.grace(now).is_some() {
            self.graced |= self.silent_until <= now;
            let until = now + GRACE;
            self.silent_until = self.silent_until.max(until);
            self.reclaim_until = self.reclaim_until.map(|by| by.max(until));
        }
        if self.store.watch(now, model.rules).is_none() {
            let due = self.store.due(now);
            self.sidecars[at].due = Some(due).filter(|due| due.row.is_some() || due.reclaim_by.is_some());
        }
        Some(())
    }

    fn fire(&mut self, at: usize, model: &Clocked) -> Option<()> {
        let due = self.sidecars[at].due.take().filter(|_| !self.stalled)?;
        if self.store.fire(model.kind, due, model.rules) {
            self.judge(due.at, false);
        }
        Some(())
    }

    /// The first message of a link is read.
    fn meet(&mut self, model: &Clocked) -> Option<()> {
        let Link::Greeting(at) = self.link else { return None };
        if !self.is_up(at) {
            return None;
        }
        let was_held = self.store.held;
        if self.store.meet(model.kind, self.now, model.rules) {
            self.link = Link::Met(at);
            self.silent_until = self.silent_until.max(self.now + PATIENCE);
            self.reclaim_until = was_held.then_some(self.now + RECLAIM);
        } else {
            self.link = Link::CastOut;
            if was_held {
                self.judge(self.now, self.store.grace(self.now).is_some());
            }
        }
        Some(())
    }

    fn reclaim(&mut self, model: &Clocked) -> Option<()> {
        let Link::Met(at) = self.link else { return None };
        if !self.is_up(at) {
            return None;
        }
        self.link = if self.store.reclaim(model.kind, self.now) { Link::Open(at) } else { Link::CastOut };
        self.reclaim_until = None;
        Some(())
    }

    fn renewal_lands(&mut self, model: &Clocked) -> Option<()> {
        if self.stalled {
            return None;
        }
        let at = self.renewal.take()?;
        if self.store.renew(model.kind, at, model.rules) {
            self.silent_until = self.silent_until.max(at + PATIENCE);
        }
        Some(())
    }

    fn down(&mut self, at: usize) -> Option<()> {
        if !self.sidecars[at].up {
            return None;
        }
        self.spend()?;
        (self.sidecars[at].up, self.sidecars[at].due) = (false, None);
        if matches!(self.link, Link::Greeting(other) | Link::Met(other) | Link::Open(other) if other == at) {
            self.link = Link::Gone;
        }
        Some(())
    }

    /// What an action makes of it; `None` where it cannot happen.
    pub fn after(&mut self, action: Action, model: &Clocked) -> Option<()> {
        match action {
            Action::Tick => {
                self.now += u8::from(self.may_tick());
                Some(())
            }
            Action::Renew => {
                let Link::Open(at) = self.link else { return None };
                (self.sidecars[at].up && self.renewal.is_none()).then(|| self.renewal = Some(self.now))
            }
            Action::RenewalLands => self.renewal_lands(model),
            Action::Sweep { at } => self.sweep(at, model),
            Action::Fire { at } => self.fire(at, model),
            Action::Greet { at } => {
                let is_gone = self.link == Link::Gone && self.died.is_none() && self.sidecars[at].up;
                is_gone.then(|| self.link = Link::Greeting(at))
            }
            Action::Meet => self.meet(model),
            Action::Reclaim => self.reclaim(model),
            Action::Down { at } => self.down(at),
            Action::Up { at } => (!self.sidecars[at].up).then(|| self.sidecars[at].up = true),
            Action::Stall => {
                if self.stalled {
                    return None;
                }
                self.spend()?;
                self.stalled = true;
                Some(())
            }
            Action::Resume => self.stalled.then(|| self.stalled = false),
            Action::Die => {
                if self.died.is_some() {
                    return None;
                }
                self.died = Some(self.now);
                if !matches!(self.link, Link::Open(_)) {
                    self.link = Link::Gone;
                }
                Some(())
            }
            Action::LinkBreaks => {
                if matches!(self.link, Link::Gone | Link::CastOut) {
                    return None;
                }
                if self.died.is_none() {
                    self.spend()?;
                }
                self.link = Link::Gone;
                Some(())
            }
        }
    }
}
