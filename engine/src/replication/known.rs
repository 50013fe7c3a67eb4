//! The entities that one client is shown, and what it was told of each.

use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::Position;

use super::InterestRange;
use super::slots::{GONE, Slots};

/// Marks a slot as far from the client, in the list of slots.
const FAR: u32 = 1 << 31;
/// Marks a slot of which the client has confirmed nothing.
const NEW: u32 = 1 << 30;
/// The slot without its marks.
const SLOT: u32 = NEW - 1;

/// What a client was told of an entity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Confirmed {
    /// The client has all changes up to this tick; 0 for none, so that it is told the entity as new.
    pub base: Tick,
    /// When it came into view: acknowledgements of earlier snapshots say nothing about it.
    pub since: Tick,
}

impl Confirmed {
    /// Notes that a snapshot was applied, which held all changes after `from`.
    pub fn confirm(&mut self, tick: Tick, from: Tick) {
        // What a lost snapshot held in between is missing: it will be told again.
        if tick >= self.since && from <= self.base {
            self.base = self.base.max(tick);
        }
    }
}

/// The entities in a client's view, ascending by slot. In arrays, since every tick looks at all slots and few of the rest.
#[derive(Debug, Default)]
pub(super) struct Known {
    slots: Vec<u32>,
    /// When each was last in a snapshot, as long as that is not known to be lost: changes after it are to be told.
    sent: Vec<Tick>,
    rest: Vec<(EntityId, Confirmed)>,
    /// Kept between ticks, empty.
    entering: Vec<u32>,
    /// Who came into view since this was last emptied.
    pub entered: Vec<EntityId>,
    leaving: Vec<usize>,
}

/// An entity of which there is something new.
#[derive(Debug, Clone, Copy)]
pub(super) struct News {
    /// Its place in the list, until the list changes.
    pub at: usize,
    pub slot: u32,
    pub id: EntityId,
    pub far: bool,
    /// All changes up to here were told; 0 for what is new to the client.
    pub from: Tick,
    /// Ticks since it was last told, or came into view.
    pub waited: u32,
}

impl Known {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Takes in who came near and lets go who went far, out of the `candidates` around. Who left is added to `left`.
    pub fn look_around(
        &mut self,
        candidates: &[u32],
        slots: &Slots,
        (own, centre): (u32, Position),
        range: &InterestRange,
        now: Tick,
        left: &mut Vec<EntityId>,
    ) {
        let squared = |units: i32| i64::from(units) * i64::from(units);
        let (enter, leave, near) = (squared(range.enter), squared(range.leave), squared(range.enter / 2));
        let mut at = 0;
        for slot in candidates.iter().copied() {
            while self.slots.get(at).is_some_and(|known| known & SLOT < slot) {
                self.leaving.push(at);
                at += 1;
            }
            let apart = slots.at[slot as usize].distance_squared(centre);
            match self.slots.get_mut(at).filter(|known| **known & SLOT == slot) {
                Some(known) => {
                    *known = slot | *known & NEW | if apart > near { FAR } else { 0 };
                    if apart > leave {
                        self.leaving.push(at);
                    }
                    at += 1;
                }
                None if apart <= enter && slot != own => self.entering.push(slot | if apart > near { FAR } else { 0 }),
                None => {}
            }
        }
        self.leaving.extend(at..self.slots.len());
        self.let_go(left);
        self.take_in(slots, now);
    }

    /// Takes in who was born near.
    pub fn welcome_born(&mut self, slots: &Slots, (own, centre): (u32, Position), range: &InterestRange, now: Tick) {
        for slot in slots.born.iter().copied() {
            let near = slots.newest[slot as usize] != GONE && slots.at[slot as usize].within(centre, range.enter);
            if near && slot != own && self.slots.binary_search_by_key(&slot, |known| known & SLOT).is_err() {
                self.entering.push(slot);
            }
        }
        if !self.entering.is_empty() {
            self.entering.sort_unstable();
            self.take_in(slots, now);
        }
    }

    /// Calls `tell` for every entity of which there is something new and whose turn it is: with a period of `n`, a power of
    /// two, it is every `n`th tick's. [`Self::let_gone_go`] must follow.
    pub fn news(
        &mut self,
        slots: &Slots,
        now: Tick,
        (near_period, far_period): (u32, u32),
        mut tell: impl FnMut(News),
    ) {
        for (at, (known, sent)) in self.slots.iter().zip(&self.sent).enumerate() {
            let slot = known & SLOT;
            let newest = slots.newest[slot as usize];
            if newest <= *sent {
                continue;
            }
            // Found in the tick in which it happens, since the slot is not used again before every client was told.
            if newest == GONE {
                self.leaving.push(at);
                continue;
            }
            let far = known & FAR != 0;
            let period = if far { far_period } else { near_period };
            if slot.wrapping_add(now.0) & (period - 1) == 0 {
                let is_new = known & NEW != 0;
                let since = if is_new { self.rest[at].1.since.max(*sent) } else { *sent };
                let from = if is_new { Tick(0) } else { *sent };
                tell(News { at, slot, id: slots.id[slot as usize], far, from, waited: now.since(since) });
            }
        }
    }

    /// Forgets those that [`Self::news`] found to be no more, and adds their ids to `gone`. `news` is what it has told, in its
    /// order: it names places in the list, which change.
    pub fn let_gone_go<'a>(&mut self, news: impl Iterator<Item = &'a mut News>, gone: &mut Vec<EntityId>) {
        if self.leaving.is_empty() {
            return;
        }
        let mut before = 0;
        for one in news {
            while self.leaving.get(before).is_some_and(|at| *at < one.at) {
                before += 1;
            }
            one.at -= before;
        }
        self.let_go(gone);
    }

    /// Notes that a snapshot of `now` tells of it.
    pub fn told(&mut self, at: usize, now: Tick) {
        self.sent[at] = now;
    }

    /// A snapshot was applied, which held all changes of a slot after `from`.
    pub fn confirm(&mut self, slot: u32, tick: Tick, from: Tick) {
        if let Ok(at) = self.slots.binary_search_by_key(&slot, |known| known & SLOT) {
            self.rest[at].1.confirm(tick, from);
            if self.rest[at].1.base != Tick(0) {
                self.slots[at] &= !NEW;
            }
        }
    }

    /// A snapshot that told of a slot will never be applied: what it held is to be told again.
    pub fn lost(&mut self, slot: u32, tick: Tick) {
        if let Ok(at) = self.slots.binary_search_by_key(&slot, |known| known & SLOT)
            && tick >= self.rest[at].1.since
        {
            self.sent[at] = self.rest[at].1.base;
        }
    }

    /// Forgets those at `leaving`, ascending, and adds their ids to `left`.
    fn let_go(&mut self, left: &mut Vec<EntityId>) {
        let Some(first) = self.leaving.first().copied() else { return };
        let mut leaving = self.leaving.drain(..).peekable();
        let mut kept = first;
        for at in first..self.slots.len() {
            if leaving.next_if_eq(&at).is_some() {
                left.push(self.rest[at].0);
            } else {
                self.slots[kept] = self.slots[at];
                self.sent[kept] = self.sent[at];
                self.rest[kept] = self.rest[at];
                kept += 1;
            }
        }
        drop(leaving);
        self.slots.truncate(kept);
        self.sent.truncate(kept);
        self.rest.truncate(kept);
    }

    /// Merges in those of `entering`, ascending.
    fn take_in(&mut self, slots: &Slots, now: Tick) {
        let mut from = self.slots.len();
        let mut to = from + self.entering.len();
        self.slots.resize(to, 0);
        self.sent.resize(to, Tick(0));
        self.rest.resize(to, Default::default());
        while let Some(slot) = self.entering.pop() {
            // From the back, so that each is moved once.
            while from > 0 && self.slots[from - 1] & SLOT > slot & SLOT {
                (from, to) = (from - 1, to - 1);
                self.slots[to] = self.slots[from];
                self.sent[to] = self.sent[from];
                self.rest[to] = self.rest[from];
            }
            to -= 1;
            self.slots[to] = slot | NEW;
            self.sent[to] = Tick(0);
            let id = slots.id[(slot & SLOT) as usize];
            self.rest[to] = (id, Confirmed { base: Tick(0), since: now });
            self.entered.push(id);
        }
    }
}
