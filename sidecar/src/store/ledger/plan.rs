//! Checks one event against what is owned, and plans what it writes. No I/O.

use std::collections::{BTreeMap, HashMap, HashSet};

use realmgate_protocol::ids::{CharacterId, ItemId, ServerId};
use realmgate_protocol::limits::MAX_CONTENT_ID_BYTES;
use realmgate_protocol::link::{Change, EventRefusal, GoldAccount, OwnedEvent, Owner};

use super::owner::LedgerOwner;

/// Maximum gold or experience of one change: far beyond any game, and far from where sums overflow.
const MAX_AMOUNT: u64 = 1 << 53;

/// Where an item is: the owner as the store writes it, and the slot if a character has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemLocation {
    pub(super) owner: String,
    pub(super) slot: Option<u16>,
}

/// An item as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) definition: String,
    /// `None` once it is destroyed.
    pub(super) location: Option<ItemLocation>,
}

/// What is owned, as far as events touch it.
#[derive(Debug, Clone, Default)]
pub(super) struct Holdings {
    /// Items that exist or ever existed: an id is never used again.
    pub(super) items: BTreeMap<ItemId, Item>,
    /// Balances by account; an account without a row has 0.
    pub(super) gold: BTreeMap<String, i64>,
}

/// The item in each slot, by owner and slot, for owners that events put something into.
pub(super) type Slots = HashMap<(String, u16), ItemId>;

/// A line of the item ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemLine {
    pub(super) line: i64,
    pub(super) item: ItemId,
    pub(super) definition: String,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// A line of the gold ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GoldLine {
    pub(super) line: i64,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) amount: i64,
}

/// Experience that a character gains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gain {
    pub(super) character: CharacterId,
    pub(super) amount: i64,
    pub(super) level: u16,
}

/// What an event writes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// What the event touched, as it is after the event.
    pub(super) after: Holdings,
    pub(super) item_lines: Vec<ItemLine>,
    pub(super) gold_lines: Vec<GoldLine>,
    pub(super) gains: Vec<Gain>,
}

fn location(owner: &Owner, server: &ServerId) -> ItemLocation {
    let slot = match owner {
        Owner::Character { slot, .. } => Some(*slot),
        Owner::Ground | Owner::Vendor { .. } => None,
    };
    ItemLocation { owner: LedgerOwner::of_item(owner, server).to_string(), slot }
}

/// Whether an event is well-formed: its texts are neither empty nor too long, every database accepts them, and its
/// numbers are in range. An event that is not sound was never done.
pub(super) fn is_sound(event: &OwnedEvent) -> bool {
    is_content_id(&event.reason) && event.changes.iter().all(is_sound_change)
}

fn is_sound_change(change: &Change) -> bool {
    let is_sound_owner = |owner: &Owner| match owner {
        Owner::Vendor { vendor } => is_content_id(vendor),
        Owner::Character { .. } | Owner::Ground => true,
    };
    let is_sound_account = |account: &GoldAccount| match account {
        GoldAccount::Vendor { vendor } => is_content_id(vendor),
        GoldAccount::Character { .. } | GoldAccount::Ground | GoldAccount::World => true,
    };
    match change {
        Change::ItemCreated { definition, to, .. } => is_content_id(definition) && is_sound_owner(to),
        Change::ItemMoved { from, to, .. } => is_sound_owner(from) && is_sound_owner(to),
        Change::ItemDestroyed { from, .. } => is_sound_owner(from),
        Change::GoldMoved { from, to, amount } => {
            is_sound_account(from) && is_sound_account(to) && (1..=MAX_AMOUNT).contains(amount)
        }
        Change::ExperienceGained { amount, level, .. } => (1..=MAX_AMOUNT).contains(amount) && *level > 0,
    }
}

/// Whether a text can be a content id. PostgreSQL stores no text with a zero byte.
fn is_content_id(text: &str) -> bool {
    (1..=MAX_CONTENT_ID_BYTES).contains(&text.len()) && !text.contains('\0')
}

/// Checks a sound event's changes in order against what is owned before it. Returns what it writes, or why it is
/// refused.
pub(super) fn plan(
    event: &OwnedEvent,
    server: &ServerId,
    before: &Holdings,
    slots: &Slots,
) -> Result<Plan, EventRefusal> {
    let fenced: HashSet<CharacterId> = event.fences.iter().map(|fence| fence.character).collect();
    let mut desk = Desk { server, fenced, before, plan: Plan::default() };
    for (line, change) in (0..).zip(&event.changes) {
        desk.apply(line, change)?;
    }
    if desk.plan.after.has_a_slot_twice(slots) {
        return Err(EventRefusal::SlotTaken);
    }
    Ok(desk.plan)
}

impl Holdings {
    /// Whether any of these items shares its slot with another one, of these or of those that were not touched.
    fn has_a_slot_twice(&self, slots: &Slots) -> bool {
        let mut taken = HashSet::new();
        self.locations().any(|(_, location)| {
            let other = slots.get(&location).is_some_and(|item| !self.items.contains_key(item));
            other || !taken.insert(location)
        })
    }

    /// The items that are in slots, and where.
    fn locations(&self) -> impl Iterator<Item = (ItemId, (String, u16))> {
        self.items.iter().filter_map(|(id, item)| {
            let location = item.location.as_ref()?;
            Some((*id, (location.owner.clone(), location.slot?)))
        })
    }

    /// Applies what an event has changed.
    pub(super) fn take_over(&mut self, after: Holdings, slots: &mut Slots) {
        slots.retain(|_, item| !after.items.contains_key(item));
        slots.extend(after.locations().map(|(item, location)| (location, item)));
        self.items.extend(after.items);
        self.gold.extend(after.gold);
    }
}

struct Desk<'a> {
    server: &'a ServerId,
    /// The characters that the event has a fence for. A change of any other could come from a server that was cut off.
    fenced: HashSet<CharacterId>,
    before: &'a Holdings,
    plan: Plan,
}

impl Desk<'_> {
    fn apply(&mut self, line: i64, change: &Change) -> Result<(), EventRefusal> {
        match change {
            Change::ItemCreated { item, definition, to } => self.create(line, *item, definition, to),
            Change::ItemMoved { item, from, to } => self.relocate(line, *item, from, Some(to)),
            Change::ItemDestroyed { item, from } => self.relocate(line, *item, from, None),
            Change::GoldMoved { from, to, amount } => self.move_gold(line, from, to, *amount),
            Change::ExperienceGained { character, amount, level } => self.gain(*character, *amount, *level),
        }
    }

    fn create(&mut self, line: i64, item: ItemId, definition: &str, to: &Owner) -> Result<(), EventRefusal> {
        self.check_owner(to)?;
        if self.item(item).is_some() {
            return Err(EventRefusal::Invalid);
        }
        let location = location(to, self.server);
        let (definition, to) = (definition.to_owned(), Some(location.owner.clone()));
        self.plan.item_lines.push(ItemLine { line, item, definition: definition.clone(), from: None, to });
        self.plan.after.items.insert(item, Item { definition, location: Some(location) });
        Ok(())
    }

    fn relocate(&mut self, line: i64, item: ItemId, from: &Owner, to: Option<&Owner>) -> Result<(), EventRefusal> {
        self.check_owner(from)?;
        to.map_or(Ok(()), |to| self.check_owner(to))?;
        let from = location(from, self.server);
        let to = to.map(|to| location(to, self.server));
        let Item { definition, location } = self.item(item).ok_or(EventRefusal::NotOwned)?.clone();
        if location.as_ref() != Some(&from) {
            return Err(EventRefusal::NotOwned);
        }
        let changes_hands = to.as_ref().is_none_or(|to| to.owner != from.owner);
        if changes_hands {
            let (definition, to) = (definition.clone(), to.as_ref().map(|to| to.owner.clone()));
            self.plan.item_lines.push(ItemLine { line, item, definition, from: Some(from.owner), to });
        }
        self.plan.after.items.insert(item, Item { definition, location: to });
        Ok(())
    }

    fn move_gold(&mut self, line: i64, from: &GoldAccount, to: &GoldAccount, amount: u64) -> Result<(), EventRefusal> {
        self.check_account(from)?;
        self.check_account(to)?;
        let amount = i64::try_from(amount).map_err(|_| EventRefusal::Invalid)?;
        if from == to {
            return Err(EventRefusal::Invalid);
        }
        let may_owe = matches!(from, GoldAccount::World | GoldAccount::Vendor { .. });
        let (from, to) =
            (LedgerOwner::of_gold(from, self.server).to_string(), LedgerOwner::of_gold(to, self.server).to_string());
        let left = self.balance(&from).checked_sub(amount).ok_or(EventRefusal::Invalid)?;
        if left < 0 && !may_owe {
            return Err(EventRefusal::TooLittleGold);
        }
        let grown = self.balance(&to).checked_add(amount).ok_or(EventRefusal::Invalid)?;
        self.plan.after.gold.extend([(from.clone(), left), (to.clone(), grown)]);
        self.plan.gold_lines.push(GoldLine { line, from, to, amount });
        Ok(())
    }

    fn gain(&mut self, character: CharacterId, amount: u64, level: u16) -> Result<(), EventRefusal> {
        let amount = i64::try_from(amount).map_err(|_| EventRefusal::Invalid)?;
        if !self.fenced.contains(&character) {
            return Err(EventRefusal::Invalid);
        }
        self.plan.gains.push(Gain { character, amount, level });
        Ok(())
    }

    fn item(&self, item: ItemId) -> Option<&Item> {
        self.plan.after.items.get(&item).or_else(|| self.before.items.get(&item))
    }

    fn balance(&self, account: &str) -> i64 {
        self.plan.after.gold.get(account).or_else(|| self.before.gold.get(account)).copied().unwrap_or(0)
    }

    fn check_owner(&self, owner: &Owner) -> Result<(), EventRefusal> {
        match owner {
            Owner::Character { character, .. } => self.check_fence(*character),
            Owner::Ground | Owner::Vendor { .. } => Ok(()),
        }
    }

    fn check_account(&self, account: &GoldAccount) -> Result<(), EventRefusal> {
        match account {
            GoldAccount::Character { character } => self.check_fence(*character),
            GoldAccount::Ground | GoldAccount::World | GoldAccount::Vendor { .. } => Ok(()),
        }
    }

    fn check_fence(&self, character: CharacterId) -> Result<(), EventRefusal> {
        if self.fenced.contains(&character) { Ok(()) } else { Err(EventRefusal::Invalid) }
    }
}
