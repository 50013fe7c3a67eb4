//! Starter kits: what a new character wears and carries when it first enters a world, once for each account and class.

use std::collections::{BTreeMap, BTreeSet};

use bevy_ecs::prelude::*;
use realmgate_engine::persist::PersistPort;
use realmgate_engine::player::PlayerJoined;
use realmgate_protocol::ids::{EventKey, ItemId};
use realmgate_protocol::link::{CharacterLoad, GoldAccount, Owner};
use sha2::{Digest, Sha256};

use super::{Deal, FIRST_PASSING_SLOT, Ledger, Settled};
use crate::data::{ClassIndex, Data, GameData, WornSlot};
use crate::stats::FirstDressed;

/// The items and gold a new character of a class starts with.
#[derive(Debug, Clone, Default)]
pub struct StarterKit {
    /// Item ids of the game data.
    pub items: Vec<String>,
    /// Amount of gold.
    pub gold: u64,
}

/// Starter kits by class. A class without a kit starts with nothing.
#[derive(Resource, Debug, Clone, Default)]
pub struct StarterKits(pub BTreeMap<ClassIndex, StarterKit>);

/// A player whose starter kit is at the store, under this key. It is welcomed when it has its kit.
#[derive(Component, Debug, Clone, Copy)]
#[component(storage = "SparseSet")]
pub struct AwaitsKit(EventKey);

const FIRST_LEVEL: u16 = 1;
/// Item definition that marks a kit as given in the ledger.
const RECEIPT: &str = "starter_kit";

/// Gives the starter kit of a class to the first new character of that class on each account. The event key is derived
/// from the character: if it joins again before the first save, the same event is submitted and happens once. The item
/// ids are derived from account and class: no item can be created twice, so the event of another character is refused
/// as a whole, and items given away with a deleted character are not created again.
pub(super) fn give_starter_kits(
    mut joined: PopulatedMessageReader<PlayerJoined>,
    mut commands: Commands,
    data: Res<Data>,
    kits: Res<StarterKits>,
    mut ledger: Ledger<'_, '_>,
) {
    for PlayerJoined { player, load } in joined.read().filter(|join| is_new(&join.load)) {
        let Some(class) = data.classes.find(&load.class_id) else { continue };
        let Some(kit) = kits.0.get(&class) else { continue };
        let deal = first_of_its_class(load, kit, &slots(kit, class, &data));
        if !deal.is_empty() {
            // Refused only if far too much waits for the store; the next entrance tries again.
            if let Ok(key) = ledger.submit(deal) {
                commands.entity(*player).insert(AwaitsKit(key));
            }
        }
    }
}

/// Ends the wait of players whose kit is settled, or cannot be for now.
pub(super) fn end_waits(
    mut commands: Commands,
    mut settled: MessageReader<Settled>,
    port: Res<PersistPort>,
    waiting: Query<(Entity, &AwaitsKit)>,
) {
    for outcome in settled.read() {
        waiting.iter().filter(|(_, kit)| kit.0 == outcome.key).for_each(|(player, _)| {
            commands.entity(player).remove::<AwaitsKit>().insert(FirstDressed);
        });
    }
    if port.is_away() {
        waiting.iter().for_each(|(player, _)| {
            commands.entity(player).remove::<AwaitsKit>();
        });
    }
}

/// The slot of each item of a kit, as far as there is room: what a new character may wear is worn, the rest lies in the bag.
fn slots(kit: &StarterKit, class: ClassIndex, data: &GameData) -> Vec<u16> {
    let mut bag = 0..data.world.goods.bag_slots;
    let mut worn = BTreeSet::new();
    let mut slot = |id: &String| {
        let item = data.items.find(id).and_then(|item| data.items.get(item));
        let fits = item.filter(|item| item.allows(class, FIRST_LEVEL)).and_then(|item| item.worn_slot);
        fits.map(WornSlot::number).filter(|number| worn.insert(*number)).or_else(|| bag.next())
    };
    kit.items.iter().map_while(&mut slot).collect()
}

fn first_of_its_class(load: &CharacterLoad, kit: &StarterKit, slots: &[u16]) -> Deal {
    let character = load.character;
    let mut deal = Deal::new("starter_kit").once(EventKey(derived(&[b"key", &character.0])));
    if kit.items.is_empty() && kit.gold == 0 {
        return deal;
    }
    let identity = |number: u16| {
        let account = &load.account.0;
        ItemId(derived(&[b"item", account, load.class_id.as_bytes(), &number.to_be_bytes()]))
    };
    // Created and destroyed within the event, so that a kit of gold alone is given only once too.
    let passing = Owner::Character { character, slot: FIRST_PASSING_SLOT };
    deal.create(identity(0), RECEIPT, passing.clone());
    deal.destroy(identity(0), passing);
    for ((number, definition), slot) in (1..).zip(&kit.items).zip(slots) {
        deal.create(identity(number), definition, Owner::Character { character, slot: *slot });
    }
    deal.pay(GoldAccount::World, GoldAccount::Character { character }, kit.gold);
    deal
}

/// Whether the character is new. A character with saved state, items, gold or experience has had its kit.
fn is_new(load: &CharacterLoad) -> bool {
    load.soft.is_none() && load.items.is_empty() && load.gold == 0 && load.experience == 0
}

/// An id derived from the SHA-256 of these parts, as a UUID of version 8, the version for custom formats.
fn derived(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = Sha256::new_with_prefix(b"realmgate starter kit");
    for part in parts {
        hash.update([part.len() as u8]);
        hash.update(part);
    }
    let mut bytes: [u8; 16] = std::array::from_fn({
        let digest = hash.finalize();
        move |index| digest[index]
    });
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_identities_differ_by_every_part() {
        // The same letters parted otherwise, and in each place another letter.
        let parted: [&[&[u8]]; 4] = [&[b"ab", b"c"], &[b"a", b"bc"], &[b"abc"], &[b"abc", b""]];
        let others: [&[&[u8]]; 4] = [&[b"xb", b"c"], &[b"ax", b"c"], &[b"ab", b"x"], &[b"c", b"ab"]];
        // Nor is any letter a mark of where a part ends.
        let marks: [&[&[u8]]; 2] = [&[b"a\0b"], &[b"a", b"b"]];
        let all: BTreeSet<[u8; 16]> = parted.into_iter().chain(others).chain(marks).map(derived).collect();
        assert_eq!(all.len(), 10, "no two are the same");
        assert_eq!(derived(&[b"ab"]), derived(&[b"ab"]), "the same question has the same answer");
    }
}
