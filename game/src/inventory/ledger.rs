//! Submits deals to the store. Everything a deal needs is held until its outcome is known.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use realmgate_engine::persist::{NotSubmitted, PersistPort};
use realmgate_engine::player::{Player, Players};
use realmgate_engine::random::ChannelRandom;
use realmgate_protocol::ids::{CharacterId, EventKey, ItemId};
use realmgate_protocol::link::{Change, Fence, GoldAccount, OwnedEvent, Owner};
use realmgate_protocol::realm::Refusal;

use super::{Deal, FIRST_PASSING_SLOT, Held, Inventory};

/// Deals whose outcome is not yet known.
#[derive(Resource, Debug, Default)]
pub struct Pending {
    waiting: BTreeMap<EventKey, Waiting>,
    busy: BTreeSet<ItemId>,
}

/// A deal at the store.
#[derive(Debug)]
pub(super) struct Waiting {
    pub deal: Deal,
    /// The characters whose belongings change, with their entities. A character that has left and comes back loads them
    /// from the store.
    pub parties: Vec<(CharacterId, Entity)>,
}

impl Pending {
    /// Whether an item is part of a pending deal.
    pub fn is_busy(&self, item: ItemId) -> bool {
        self.busy.contains(&item)
    }

    /// The number of pending deals.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no deal is pending.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Removes and returns the deal of a key, and frees its items.
    pub(super) fn take(&mut self, key: EventKey) -> Option<Waiting> {
        let waiting = self.waiting.remove(&key)?;
        for item in items_of(&waiting.deal.changes) {
            self.busy.remove(&item);
        }
        Some(waiting)
    }
}

/// Submits deals to the store.
#[derive(SystemParam)]
pub struct Ledger<'w, 's> {
    port: ResMut<'w, PersistPort>,
    pending: ResMut<'w, Pending>,
    random: ResMut<'w, ChannelRandom>,
    players: Res<'w, Players>,
    owners: Query<'w, 's, (&'static Player, &'static mut Inventory)>,
}

impl Ledger<'_, '_> {
    /// The player and its inventory.
    pub fn owner(&self, player: Entity) -> Option<(&Player, &Inventory)> {
        self.owners.get(player).ok()
    }

    /// Returns an item of a player, with its character, if no pending deal and no trade offer needs it.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotFound`] if the player does not own the item, [`Refusal::ItemBusy`] if a pending deal or an offer
    /// needs it.
    pub fn free_item(&self, player: Entity, item: ItemId) -> Result<(CharacterId, Held), Refusal> {
        let (known, inventory) = self.owner(player).ok_or(Refusal::NotFound)?;
        let held = inventory.get(item).ok_or(Refusal::NotFound)?;
        if self.pending.is_busy(item) || inventory.is_set_aside(item) {
            return Err(Refusal::ItemBusy);
        }
        Ok((known.character, held.clone()))
    }

    /// Sets aside what a player offers in a trade. Replaces what was set aside before.
    pub fn set_aside(&mut self, player: Entity, items: BTreeSet<ItemId>, gold: u64) {
        if let Ok((_, mut inventory)) = self.owners.get_mut(player) {
            inventory.set_aside(items, gold);
        }
    }

    /// Returns a random id for a new item.
    pub fn new_item(&mut self) -> ItemId {
        ItemId(self.random.uuid())
    }

    /// The random number generator of the channel.
    pub fn random(&mut self) -> &mut ChannelRandom {
        &mut self.random
    }

    /// Submits a deal to the store and holds what it needs. Its outcome arrives as [`Settled`](super::Settled).
    ///
    /// # Errors
    ///
    /// [`Refusal::ItemBusy`], [`Refusal::NotOnline`] or [`Refusal::TooLittleGold`] if an item, a character or the gold
    /// is not available; [`Refusal::StoreBusy`] or [`Refusal::StoreAway`] if the store takes no deals.
    pub fn submit(&mut self, deal: Deal) -> Result<EventKey, Refusal> {
        self.check(&deal)?;
        let key = deal.key.unwrap_or_else(|| EventKey(self.random.uuid()));
        let parties = self.parties(&deal.changes)?;
        let event = OwnedEvent {
            key,
            reason: deal.reason.to_owned(),
            fences: parties.iter().filter_map(|(_, player)| self.fence(*player)).collect(),
            changes: deal.changes.clone(),
        };
        self.port.submit(event).map_err(not_submitted)?;
        for (character, player) in &parties {
            if let Ok((_, mut inventory)) = self.owners.get_mut(*player) {
                inventory.hold(*character, &deal.changes);
            }
        }
        self.pending.busy.extend(items_of(&deal.changes));
        self.pending.waiting.insert(key, Waiting { deal, parties });
        Ok(key)
    }

    /// Checks that everything the deal takes is there and free. Features check first, each with its own refusals; this
    /// check none of them can bypass.
    fn check(&self, deal: &Deal) -> Result<(), Refusal> {
        if items_of(&deal.changes).any(|item| self.pending.is_busy(item)) {
            return Err(Refusal::ItemBusy);
        }
        for (character, player) in self.parties(&deal.changes)? {
            let (_, inventory) = self.owners.get(player).map_err(|_| Refusal::NotOnline)?;
            if gold_from(character, &deal.changes) > inventory.free_gold() {
                return Err(Refusal::TooLittleGold);
            }
        }
        Ok(())
    }

    fn fence(&self, player: Entity) -> Option<Fence> {
        let (player, _) = self.owners.get(player).ok()?;
        Some(Fence { character: player.character, epoch: player.epoch })
    }

    /// All characters named by the changes, ordered by id. Fails if one of them is not in this world.
    fn parties(&self, changes: &[Change]) -> Result<Vec<(CharacterId, Entity)>, Refusal> {
        let characters: BTreeSet<CharacterId> = changes.iter().flat_map(characters_of).collect();
        let entity = |character| {
            let player = self.players.of_character(character).ok_or(Refusal::NotOnline)?;
            Ok((character, player))
        };
        characters.into_iter().map(entity).collect()
    }
}

impl Inventory {
    /// Reserves the slots that the changes will fill and the gold that they will take.
    fn hold(&mut self, me: CharacterId, changes: &[Change]) {
        self.held_gold += gold_from(me, changes);
        self.held_slots.extend(slots_filled(me, changes));
    }

    /// Releases what [`Inventory::hold`] has reserved.
    pub(super) fn let_go(&mut self, me: CharacterId, changes: &[Change]) {
        self.held_gold = self.held_gold.saturating_sub(gold_from(me, changes));
        for slot in slots_filled(me, changes) {
            self.held_slots.remove(&slot);
        }
    }
}

/// The refusal sent to a player when a deal cannot be submitted.
pub fn not_submitted(why: NotSubmitted) -> Refusal {
    match why {
        NotSubmitted::Busy => Refusal::StoreBusy,
        NotSubmitted::Away => Refusal::StoreAway,
    }
}

/// The items named by changes. An item may occur more than once.
pub(super) fn items_of(changes: &[Change]) -> impl Iterator<Item = ItemId> {
    changes.iter().filter_map(|change| match change {
        Change::ItemCreated { item, .. } | Change::ItemMoved { item, .. } | Change::ItemDestroyed { item, .. } => {
            Some(*item)
        }
        Change::GoldMoved { .. } | Change::ExperienceGained { .. } => None,
    })
}

fn characters_of(change: &Change) -> impl Iterator<Item = CharacterId> + use<> {
    let owner = |owner: &Owner| match owner {
        Owner::Character { character, .. } => Some(*character),
        Owner::Ground | Owner::Vendor { .. } => None,
    };
    let account = |account: &GoldAccount| match account {
        GoldAccount::Character { character } => Some(*character),
        GoldAccount::Ground | GoldAccount::Vendor { .. } | GoldAccount::World => None,
    };
    let both = match change {
        Change::ItemCreated { to, .. } => [owner(to), None],
        Change::ItemMoved { from, to, .. } => [owner(from), owner(to)],
        Change::ItemDestroyed { from, .. } => [owner(from), None],
        Change::GoldMoved { from, to, .. } => [account(from), account(to)],
        Change::ExperienceGained { character, .. } => [Some(*character), None],
    };
    both.into_iter().flatten()
}

fn gold_from(me: CharacterId, changes: &[Change]) -> u64 {
    let given = |change: &Change| match change {
        Change::GoldMoved { from: GoldAccount::Character { character }, amount, .. } if *character == me => *amount,
        _ => 0,
    };
    changes.iter().map(given).fold(0, u64::saturating_add)
}

fn slots_filled(me: CharacterId, changes: &[Change]) -> impl Iterator<Item = u16> {
    changes.iter().filter_map(move |change| match change {
        Change::ItemCreated { to: Owner::Character { character, slot }, .. }
        | Change::ItemMoved { to: Owner::Character { character, slot }, .. } => {
            (*character == me && *slot < FIRST_PASSING_SLOT).then_some(*slot)
        }
        _ => None,
    })
}
