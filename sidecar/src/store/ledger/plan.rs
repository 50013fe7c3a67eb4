//! Checks one event against what is owned, and says what it would write. No I/O.

use std::collections::{BTreeMap, HashSet};

use realmgate_protocol::ids::{CharacterId, ItemId, ServerId};
use realmgate_protocol::limits::MAX_CONTENT_ID_BYTES;
use realmgate_protocol::link::{Change, EventRefusal, GoldAccount, OwnedEvent, Owner};

/// Where an item is: the owner as the store writes it, and the slot if a character has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) owner: String,
    pub(super) slot: Option<u16>,
}

/// An item as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) definition: String,
    /// `None` once it is destroyed.
    pub(super) place: Option<Place>,
}

/// What is owned, as far as one event touches it.
#[derive(Debug, Clone, Default)]
pub(super) struct Holdings {
    /// Items that are, and those that ever were: an identity is for life.
    pub(super) items: BTreeMap<ItemId, Item>,
    /// Balances by account; an account without a row has 0.
    pub(super) gold: BTreeMap<String, i64>,
}

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

/// Experience that is gained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gain {
    pub(super) character: CharacterId,
    pub(super) amount: i64,
    pub(super) level: u16,
}

/// What an event writes.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Items and gold after the event.
    pub(super) after: Holdings,
    pub(super) item_lines: Vec<ItemLine>,
    pub(super) gold_lines: Vec<GoldLine>,
    pub(super) gains: Vec<Gain>,
}

/// The owner as the store writes it.
pub(super) fn owner_text(owner: &Owner, server: &ServerId) -> String {
    match owner {
        Owner::Character { character, .. } => format!("character:{character}"),
        Owner::Ground => format!("ground:{server}"),
        Owner::Vendor { vendor } => format!("vendor:{vendor}"),
    }
}

/// The account as the store writes it.
pub(super) fn account_text(account: &GoldAccount, server: &ServerId) -> String {
    match account {
        GoldAccount::Character { character } => format!("character:{character}"),
        GoldAccount::Ground => format!("ground:{server}"),
        GoldAccount::Vendor { vendor } => format!("vendor:{vendor}"),
        GoldAccount::World => "world".to_owned(),
    }
}

fn place(owner: &Owner, server: &ServerId) -> Place {
    let slot = match owner {
        Owner::Character { slot, .. } => Some(*slot),
        Owner::Ground | Owner::Vendor { .. } => None,
    };
    Place { owner: owner_text(owner, server), slot }
}

/// Checks an event's changes in order; what it writes, or why it can not be.
pub(super) fn plan(event: &OwnedEvent, server: &ServerId, holdings: Holdings) -> Result<Plan, EventRefusal> {
    if event.reason.is_empty() || event.reason.len() > MAX_CONTENT_ID_BYTES {
        return Err(EventRefusal::Invalid);
    }
    let fenced: HashSet<CharacterId> = event.fences.iter().map(|fence| fence.character).collect();
    let mut desk = Desk { server, fenced, plan: Plan { after: holdings, ..Plan::default() } };
    for (line, change) in (0..).zip(&event.changes) {
        desk.apply(line, change)?;
    }
    Ok(desk.plan)
}

struct Desk<'a> {
    server: &'a ServerId,
    /// Whom the event has a lock for. A change for anybody else could come from a server that was cut off.
    fenced: HashSet<CharacterId>,
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
        if !is_content_id(definition) || self.plan.after.items.contains_key(&item) {
            return Err(EventRefusal::Invalid);
        }
        let place = place(to, self.server);
        let (definition, to) = (definition.to_owned(), Some(place.owner.clone()));
        self.plan.item_lines.push(ItemLine { line, item, definition: definition.clone(), from: None, to });
        self.plan.after.items.insert(item, Item { definition, place: Some(place) });
        Ok(())
    }

    fn relocate(&mut self, line: i64, item: ItemId, from: &Owner, to: Option<&Owner>) -> Result<(), EventRefusal> {
        self.check_owner(from)?;
        to.map_or(Ok(()), |to| self.check_owner(to))?;
        let from = place(from, self.server);
        let to = to.map(|to| place(to, self.server));
        let record = self.plan.after.items.get_mut(&item).ok_or(EventRefusal::NotOwned)?;
        if record.place.as_ref() != Some(&from) {
            return Err(EventRefusal::NotOwned);
        }
        let changes_hands = to.as_ref().is_none_or(|to| to.owner != from.owner);
        if changes_hands {
            let (definition, to) = (record.definition.clone(), to.as_ref().map(|to| to.owner.clone()));
            self.plan.item_lines.push(ItemLine { line, item, definition, from: Some(from.owner), to });
        }
        record.place = to;
        Ok(())
    }

    fn move_gold(&mut self, line: i64, from: &GoldAccount, to: &GoldAccount, amount: u64) -> Result<(), EventRefusal> {
        self.check_account(from)?;
        self.check_account(to)?;
        let amount = i64::try_from(amount).map_err(|_| EventRefusal::Invalid)?;
        if amount == 0 || from == to {
            return Err(EventRefusal::Invalid);
        }
        let may_owe = matches!(from, GoldAccount::World | GoldAccount::Vendor { .. });
        let (from, to) = (account_text(from, self.server), account_text(to, self.server));
        let gold = &mut self.plan.after.gold;
        let left = gold.get(&from).copied().unwrap_or(0).checked_sub(amount).ok_or(EventRefusal::Invalid)?;
        if left < 0 && !may_owe {
            return Err(EventRefusal::TooLittleGold);
        }
        let grown = gold.get(&to).copied().unwrap_or(0).checked_add(amount).ok_or(EventRefusal::Invalid)?;
        gold.insert(from.clone(), left);
        gold.insert(to.clone(), grown);
        self.plan.gold_lines.push(GoldLine { line, from, to, amount });
        Ok(())
    }

    fn gain(&mut self, character: CharacterId, amount: u64, level: u16) -> Result<(), EventRefusal> {
        let amount = i64::try_from(amount).map_err(|_| EventRefusal::Invalid)?;
        if amount == 0 || level == 0 || !self.fenced.contains(&character) {
            return Err(EventRefusal::Invalid);
        }
        self.plan.gains.push(Gain { character, amount, level });
        Ok(())
    }

    fn check_owner(&self, owner: &Owner) -> Result<(), EventRefusal> {
        let legal = match owner {
            Owner::Character { character, .. } => self.fenced.contains(character),
            Owner::Ground => true,
            Owner::Vendor { vendor } => is_content_id(vendor),
        };
        if legal { Ok(()) } else { Err(EventRefusal::Invalid) }
    }

    fn check_account(&self, account: &GoldAccount) -> Result<(), EventRefusal> {
        let legal = match account {
            GoldAccount::Character { character } => self.fenced.contains(character),
            GoldAccount::Ground | GoldAccount::World => true,
            GoldAccount::Vendor { vendor } => is_content_id(vendor),
        };
        if legal { Ok(()) } else { Err(EventRefusal::Invalid) }
    }
}

fn is_content_id(text: &str) -> bool {
    (1..=MAX_CONTENT_ID_BYTES).contains(&text.len())
}
