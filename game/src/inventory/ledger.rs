//! How features have deals done: submitted to the store, with everything they need held until the outcome is known.

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

/// Deals whose outcome is not known yet.
#[derive(Resource, Debug, Default)]
pub struct Pending {
    waiting: BTreeMap<EventKey, Waiting>,
    busy: BTreeSet<ItemId>,
}

/// A deal at the store.
#[derive(Debug)]
pub(super) struct Waiting {
    pub deal: Deal,
    /// The characters whose things change, with their entities: whoever comes back later brings what the store says.
    pub parties: Vec<(CharacterId, Entity)>,
}

impl Pending {
    /// Whether an item is part of something unfinished.
    pub fn is_busy(&self, item: ItemId) -> bool {
        self.busy.contains(&item)
    }

    /// How many deals wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The deal of a key, once: it waits no longer, and its items are free.
    pub(super) fn take(&mut self, key: EventKey) -> Option<Waiting> {
        let waiting = self.waiting.remove(&key)?;
        for item in items_of(&waiting.deal.changes) {
            self.busy.remove(&item);
        }
        Some(waiting)
    }
}

/// Has deals done.
#[derive(SystemParam)]
pub struct Ledger<'w, 's> {
    port: ResMut<'w, PersistPort>,
    pending: ResMut<'w, Pending>,
    random: ResMut<'w, ChannelRandom>,
    players: Res<'w, Players>,
    owners: Query<'w, 's, (&'static Player, &'static mut Inventory)>,
}

impl Ledger<'_, '_> {
    /// Who a player is and what it owns.
    pub fn owner(&self, player: Entity) -> Option<(&Player, &Inventory)> {
        self.owners.get(player).ok()
    }

    /// An item of a player that nothing unfinished and no offer needs: whose it is, what and where.
    pub fn free_item(&self, player: Entity, item: ItemId) -> Result<(CharacterId, Held), Refusal> {
        let (known, inventory) = self.owner(player).ok_or(Refusal::NotFound)?;
        let held = inventory.get(item).ok_or(Refusal::NotFound)?;
        if self.pending.is_busy(item) || inventory.is_set_aside(item) {
            return Err(Refusal::ItemBusy);
        }
        Ok((known.character, held.clone()))
    }

    /// Sets aside what a player offers to somebody, in place of what was set aside before.
    pub fn set_aside(&mut self, player: Entity, items: BTreeSet<ItemId>, gold: u64) {
        if let Ok((_, mut inventory)) = self.owners.get_mut(player) {
            inventory.set_aside(items, gold);
        }
    }

    /// The identity of a new item.
    pub fn new_item(&mut self) -> ItemId {
        ItemId(self.random.uuid())
    }

    /// The channel's chance.
    pub fn random(&mut self) -> &mut ChannelRandom {
        &mut self.random
    }

    /// Hands a deal to the store and holds what it needs. Its outcome comes as [`Settled`](super::Settled).
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

    /// Whether everything the deal takes is there and free. Features have looked already, each for its own refusals;
    /// this is what none of them can get around.
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

    /// Every character that the changes name, by id. Whoever is not in this world can not be dealt with.
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
    /// Holds the slots that the changes will fill and the gold that they will take.
    fn hold(&mut self, me: CharacterId, changes: &[Change]) {
        self.held_gold += gold_from(me, changes);
        self.held_slots.extend(slots_filled(me, changes));
    }

    /// Lets go what [`Inventory::hold`] held.
    pub(super) fn let_go(&mut self, me: CharacterId, changes: &[Change]) {
        self.held_gold = self.held_gold.saturating_sub(gold_from(me, changes));
        for slot in slots_filled(me, changes) {
            self.held_slots.remove(&slot);
        }
    }
}

/// What a player is told when the store can not be asked.
pub fn not_submitted(why: NotSubmitted) -> Refusal {
    match why {
        NotSubmitted::Busy => Refusal::StoreBusy,
        NotSubmitted::Away => Refusal::StoreAway,
    }
}

/// The items that changes name; some more than once.
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
