//! What a new character finds in its bag when it enters a world for the first time.

use std::collections::BTreeMap;

use bevy_ecs::prelude::*;
use realmgate_engine::player::PlayerJoined;
use realmgate_protocol::ids::{CharacterId, EventKey, ItemId};
use realmgate_protocol::link::{CharacterLoad, GoldAccount, Owner};

use super::{Deal, Ledger};
use crate::data::{ClassIndex, Data};

/// What a new character of a class starts with.
#[derive(Debug, Clone, Default)]
pub struct StarterKit {
    /// Ids of the game's items.
    pub items: Vec<String>,
    /// Gold.
    pub gold: u64,
}

/// What new characters start with, by class; a class that is not named starts with nothing.
#[derive(Resource, Debug, Clone, Default)]
pub struct StarterKits(pub BTreeMap<ClassIndex, StarterKit>);

/// Gives each new character what its class starts with. The key and the identities follow from the character alone:
/// if it comes again before the first save, the same event is asked for, and it happens once.
pub(super) fn give_starter_kits(
    mut joined: MessageReader<PlayerJoined>,
    (data, kits): (Res<Data>, Res<StarterKits>),
    mut ledger: Ledger<'_, '_>,
) {
    for PlayerJoined { load, .. } in joined.read().filter(|join| is_new(&join.load)) {
        let Some(kit) = data.classes.find(&load.class_id).and_then(|class| kits.0.get(&class)) else { continue };
        let character = load.character;
        let mut deal = Deal::new("starter_kit").once(EventKey(derived(character, 0)));
        for (slot, definition) in (0..data.world.goods.bag_slots).zip(&kit.items) {
            let identity = ItemId(derived(character, slot + 1));
            deal.create(identity, definition, Owner::Character { character, slot });
        }
        deal.pay(GoldAccount::World, GoldAccount::Character { character }, kit.gold);
        if !deal.is_empty() {
            // Refused only where far too much waits for the store; then the next entrance asks again.
            let _ = ledger.submit(deal);
        }
    }
}

/// Gold is looked at too: a character that has spent or lost its things since has had its kit.
fn is_new(load: &CharacterLoad) -> bool {
    load.soft.is_none() && load.items.is_empty() && load.gold == 0 && load.experience == 0
}

/// An identity that follows from a character's: its bytes with `number` mixed into the time of a version 7 UUID, and
/// the version turned to 8, which says that the rest is ours.
fn derived(character: CharacterId, number: u16) -> [u8; 16] {
    let mut bytes = character.0;
    let [high, low] = number.to_be_bytes();
    bytes[0] ^= high;
    bytes[1] ^= low;
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_identities_differ_by_number_and_character() {
        let (one, other) = (CharacterId([7; 16]), CharacterId([8; 16]));
        let all: std::collections::BTreeSet<[u8; 16]> =
            [one, other].into_iter().flat_map(|id| (0..300).map(move |number| derived(id, number))).collect();
        assert_eq!(all.len(), 600, "no two are the same");
        assert_eq!(derived(one, 3), derived(one, 3), "the same question has the same answer");
    }
}
