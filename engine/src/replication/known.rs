//! The entities that one client is shown, and what it is still to be told of each.

use realmgate_protocol::ids::{EntityId, Tick};
use realmgate_protocol::movement::Position;

use super::InterestRange;
use super::interest::Candidate;
use super::slot_set::{SlotSet, slots_of};
use super::slots::{GONE, Slots};

/// As the tick up to which an entity was told: it is told now.
const TOLD: Tick = Tick(u32::MAX);
/// Entities fall into so many classes by their slot, which have their turns one after the other where much waits.
pub(super) const CLASSES: u32 = 16;
/// So many of which the client has confirmed nothing are in a view at most. A snapshot has room for some thirty of them, and all
/// that waits costs memory. The others come into view as these are confirmed, the nearest first.
const MOST_NEW: usize = 256;
/// While something is to be told of so many, fewer come into view each time the client looks around.
const MANY_WAITING: usize = 512;
const FEWER: usize = 128;

/// The entities in a client's view. A tick touches those of which something is to be told, where many wait only those whose
/// turn it is, and none of the rest.
#[derive(Debug, Default)]
pub(super) struct Known {
    members: SlotSet,
    count: usize,
    /// Those of which the client has confirmed nothing, and since when each is in view; ascending by slot.
    new: Vec<(u32, Tick)>,
    /// Those of which something is to be told, by class.
    untold: [Vec<Untold>; CLASSES as usize],
    /// The classes of which something may be to be told, a bit each.
    untold_classes: u16,
    /// All of them, and how many.
    waiting: SlotSet,
    waiting_count: usize,
}

/// An entity of which something is to be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Untold {
    pub slot: u32,
    /// All changes up to here were told.
    pub from: Tick,
}

/// Who came into a view and who left it.
#[derive(Debug, Default)]
pub(super) struct Crossings {
    pub entered: Vec<EntityId>,
    pub left: Vec<EntityId>,
    /// Slots of those that are near and not in view yet.
    coming: Vec<u32>,
    /// Those within the range in which entities come into view, and within that in which they stay. Kept between ticks.
    near: SlotSet,
    in_reach: SlotSet,
}

/// From where a client looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Eye {
    /// Its own entity, which is never among the others.
    pub own: u32,
    pub centre: Position,
}

impl Known {
    pub fn len(&self) -> usize {
        self.count
    }

    /// Takes in who came near and lets go who went far, out of the `candidates` around.
    pub fn look_around(
        &mut self,
        candidates: &[Candidate],
        slots: &Slots,
        eye: Eye,
        range: &InterestRange,
        now: Tick,
        crossings: &mut Crossings,
    ) {
        let squared = |units: i32| i64::from(units) * i64::from(units);
        let (enter, leave) = (squared(range.enter), squared(range.leave));
        let (mut near, mut in_reach) = (std::mem::take(&mut crossings.near), std::mem::take(&mut crossings.in_reach));
        near.clear(slots.len());
        in_reach.clear(slots.len());
        for Candidate { slot, at } in candidates.iter().copied() {
            let apart = at.distance_squared(eye.centre);
            near.insert_if(slot, apart <= enter);
            in_reach.insert_if(slot, apart <= leave);
        }
        near.remove(eye.own);
        in_reach.remove(eye.own);
        self.members.grow(slots.len());
        for (number, (near, in_reach)) in (0..).zip(near.words().iter().zip(in_reach.words())) {
            let before = self.members.word(number);
            let inside = near | (in_reach & before);
            slots_of((number, before & !inside)).for_each(|slot| self.leave(slot, slots, crossings));
            crossings.coming.extend(slots_of((number, inside & !before)));
        }
        (crossings.near, crossings.in_reach) = (near, in_reach);
        self.let_come(slots, eye, now, crossings);
    }

    /// Takes in those that are coming, as many as there is room for.
    fn let_come(&mut self, slots: &Slots, eye: Eye, now: Tick, crossings: &mut Crossings) {
        let mut coming = std::mem::take(&mut crossings.coming);
        let at_once = if self.waiting_count < MANY_WAITING { MOST_NEW } else { FEWER };
        let room = at_once.min(MOST_NEW.saturating_sub(self.new.len()));
        if coming.len() > room {
            coming.select_nth_unstable_by_key(room, |slot| {
                (slots.at[*slot as usize].distance_squared(eye.centre), *slot)
            });
            coming.truncate(room);
        }
        coming.drain(..).for_each(|slot| self.enter(slot, slots, now, crossings));
        crossings.coming = coming;
    }

    /// Takes in who was born near. One for whom there is no room comes when the client looks around.
    pub fn welcome_born(
        &mut self,
        slots: &Slots,
        eye: Eye,
        range: &InterestRange,
        now: Tick,
        crossings: &mut Crossings,
    ) {
        for slot in slots.born.iter().copied() {
            let near = slots.newest[slot as usize] != GONE && slots.at[slot as usize].within(eye.centre, range.enter);
            if near && slot != eye.own && !self.members.contains(slot) && self.new.len() < MOST_NEW {
                self.enter(slot, slots, now, crossings);
            }
        }
    }

    /// Lets go of those that are no more. To be called in every tick, since slots are used again.
    pub fn let_gone_go(&mut self, slots: &Slots, crossings: &mut Crossings) {
        for slot in slots.freed.iter().copied() {
            if self.members.contains(slot) {
                self.leave(slot, slots, crossings);
            }
        }
    }

    fn enter(&mut self, slot: u32, slots: &Slots, now: Tick, crossings: &mut Crossings) {
        self.members.insert(slot);
        self.count += 1;
        let at = self.new.partition_point(|(new, _)| *new < slot);
        self.new.insert(at, (slot, now));
        self.wait(slot, now.before(1));
        crossings.entered.push(slots.id[slot as usize]);
    }

    fn leave(&mut self, slot: u32, slots: &Slots, crossings: &mut Crossings) {
        self.members.remove(slot);
        self.count -= 1;
        if let Some(at) = self.find_new(slot) {
            self.new.remove(at);
        }
        if let Some((class, at)) = self.find_untold(slot) {
            self.untold[class].swap_remove(at);
            self.waiting.remove(slot);
            self.waiting_count -= 1;
        }
        crossings.left.push(slots.id[slot as usize]);
    }

    /// Something is to be told of an entity of which nothing is so far.
    fn wait(&mut self, slot: u32, from: Tick) {
        self.untold[(slot % CLASSES) as usize].push(Untold { slot, from });
        self.untold_classes |= 1 << (slot % CLASSES);
        self.waiting.insert(slot);
        self.waiting_count += 1;
    }

    fn find_new(&self, slot: u32) -> Option<usize> {
        self.new.binary_search_by_key(&slot, |(new, _)| *new).ok()
    }

    /// Whether the client has confirmed nothing of it.
    pub fn is_new(&self, slot: u32) -> bool {
        !self.new.is_empty() && self.find_new(slot).is_some()
    }

    /// Takes in what changed in this tick.
    pub fn note_news(&mut self, slots: &Slots, now: Tick) {
        let from = now.before(1);
        self.waiting.grow(slots.len());
        let waiting = self.waiting.words_mut().iter_mut();
        let known = self.members.words().iter().zip(waiting);
        for ((number, fresh), (member, waiting)) in (0..).zip(slots.fresh.words()).zip(known) {
            let news = fresh & member & !*waiting;
            if news == 0 {
                continue;
            }
            *waiting |= news;
            self.waiting_count += news.count_ones() as usize;
            for slot in slots_of((number, news)) {
                self.untold[(slot % CLASSES) as usize].push(Untold { slot, from });
                self.untold_classes |= 1 << (slot % CLASSES);
            }
        }
    }

    /// Of how many something is to be told.
    pub fn waiting(&self) -> usize {
        self.waiting_count
    }

    /// Whether something may be to be told of one of a class.
    pub fn has_untold(&self, class: u32) -> bool {
        self.untold_classes >> class & 1 == 1
    }

    /// Those of a class of which something is to be told, in any order. What was not told before may have been confirmed meanwhile:
    /// see [`Self::is_due`].
    pub fn untold(&mut self, class: u32) -> &mut [Untold] {
        &mut self.untold[class as usize]
    }

    /// Whether the client lacks anything of one of its news.
    pub fn is_due(one: &Untold, is_new: bool, slots: &Slots) -> bool {
        is_new || slots.newest[one.slot as usize] > one.from
    }

    /// Keeps of a class what is not marked as told. Without a branch for each, since which it is follows no pattern.
    pub fn keep_untold(&mut self, class: u32) {
        let untold = &mut self.untold[class as usize];
        let mut kept = 0;
        for at in 0..untold.len() {
            let one = untold[at];
            let is_told = one.from == TOLD;
            untold[kept] = one;
            kept += usize::from(!is_told);
            self.waiting.remove_if(one.slot, is_told);
        }
        self.waiting_count -= untold.len() - kept;
        untold.truncate(kept);
        self.untold_classes &= !(u16::from(kept == 0) << class);
    }

    /// A snapshot of `tick` that told of an entity as new was applied: the client has all changes up to there.
    pub fn confirm_new(&mut self, slot: u32, tick: Tick) {
        let Some(at) = self.find_new(slot) else { return };
        // One that went out of view and came back was forgotten meanwhile.
        if tick < self.new[at].1 {
            return;
        }
        self.new.remove(at);
        if let Some((class, at)) = self.find_untold(slot) {
            let from = &mut self.untold[class][at].from;
            *from = (*from).max(tick);
        }
    }

    /// A snapshot that told all changes of an entity after `from` will never be applied: they are to be told again.
    pub fn lost(&mut self, slot: u32, from: Tick) {
        if !self.members.contains(slot) {
            return;
        }
        match self.find_untold(slot) {
            Some((class, at)) => {
                let before = &mut self.untold[class][at].from;
                *before = (*before).min(from);
            }
            None => self.wait(slot, from),
        }
    }

    /// The class and the place in it of one that waits.
    fn find_untold(&self, slot: u32) -> Option<(usize, usize)> {
        if !self.waiting.contains(slot) {
            return None;
        }
        let class = (slot % CLASSES) as usize;
        self.untold[class].iter().position(|untold| untold.slot == slot).map(|at| (class, at))
    }
}

impl Untold {
    /// Notes that a snapshot tells of it.
    pub fn mark_told(&mut self) {
        self.from = TOLD;
    }
}
