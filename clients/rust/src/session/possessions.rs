//! What the character owns, according to the server. Contradictions to earlier messages are noted as anomalies.

use std::collections::BTreeMap;

use realmgate_protocol::ids::ItemId;
use realmgate_protocol::realm::{ItemView, ServerMessage};

/// The first worn slot. Lower slots are in the bag.
pub const FIRST_WORN_SLOT: u16 = 100;

/// Items, gold and experience.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Possessions {
    /// Items by id.
    pub items: BTreeMap<ItemId, ItemView>,
    /// The character's gold.
    pub gold: u64,
    /// Total experience.
    pub experience: u64,
    /// The character's level.
    pub level: u16,
    /// Number of slots in the bag.
    pub bag_slots: u16,
    /// Whether the server's store is out of reach. Gains and losses wait until it is back.
    pub store_away: bool,
    /// Number of changes to these possessions that wait for the store.
    pub pending: u16,
    told: bool,
    carried: bool,
}

impl Possessions {
    /// The same, to compare with the first inventory from another map server.
    pub(super) fn carried_over(self) -> Self {
        Self { carried: self.told, told: false, store_away: false, pending: 0, ..self }
    }

    /// Whether this server has sent them.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The items in the bag.
    pub fn bag(&self) -> impl Iterator<Item = &ItemView> {
        self.items.values().filter(|item| item.slot < FIRST_WORN_SLOT)
    }

    /// The item worn in a slot.
    pub fn worn(&self, slot: u16) -> Option<&ItemView> {
        self.items.values().find(|item| item.slot == slot)
    }

    /// Whether the bag is full.
    pub fn is_bag_full(&self) -> bool {
        self.bag().count() >= usize::from(self.bag_slots)
    }

    pub(super) fn take(&mut self, message: &ServerMessage, anomalies: &mut Vec<String>) {
        match message {
            ServerMessage::Inventory { items, gold, experience, level, bag_slots } => {
                let told = Self {
                    items: items.iter().map(|item| (item.item, item.clone())).collect(),
                    gold: *gold,
                    experience: *experience,
                    level: *level,
                    bag_slots: *bag_slots,
                    store_away: self.store_away,
                    pending: self.pending,
                    told: true,
                    carried: false,
                };
                if told.items.len() != items.len() {
                    anomalies.push("the inventory lists an item twice".to_owned());
                }
                if self.carried {
                    anomalies.extend(self.differences(&told));
                }
                *self = told;
            }
            ServerMessage::Store { away, pending } => (self.store_away, self.pending) = (*away, *pending),
            ServerMessage::ItemPlaced { item } => {
                self.items.insert(item.item, item.clone());
            }
            ServerMessage::ItemGone { item } => {
                let was_own = self.items.remove(item).is_some();
                anomalies.extend((!was_own).then(|| format!("removed item {item} was not in the inventory")));
            }
            ServerMessage::Gold { total } => self.gold = *total,
            ServerMessage::Experience { gained, total, level } => {
                if self.experience.checked_add(*gained) != Some(*total) {
                    let before = self.experience;
                    anomalies.push(format!("experience does not add up: {before} + {gained} is not {total}"));
                }
                (self.experience, self.level) = (*total, *level);
            }
            ServerMessage::LevelUp { level } => self.level = *level,
            _ => {}
        }
    }

    /// How the inventory from another server differs from the possessions before the travel.
    fn differences(&self, told: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut number = |what: &str, before: u64, after: u64| {
            if before != after {
                found.push(format!("{before} {what} before the travel, {after} after it"));
            }
        };
        number("gold", self.gold, told.gold);
        number("experience", self.experience, told.experience);
        number("levels", self.level.into(), told.level.into());
        let lost = self.items.iter().filter(|(id, item)| told.items.get(*id) != Some(*item));
        found.extend(lost.map(|(_, item)| format!("{item:?} was lost or moved by the travel")));
        let gained = told.items.keys().filter(|id| !self.items.contains_key(*id));
        found.extend(gained.map(|id| format!("item {id} appeared with the travel")));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u8, slot: u16) -> ItemView {
        ItemView { item: ItemId([id; 16]), definition: "stick".to_owned(), slot }
    }

    fn inventory(items: Vec<ItemView>, gold: u64) -> ServerMessage {
        ServerMessage::Inventory { items, gold, experience: 10, level: 1, bag_slots: 20 }
    }

    fn told(possessions: &mut Possessions, messages: &[ServerMessage]) -> Vec<String> {
        let mut anomalies = Vec::new();
        messages.iter().for_each(|message| possessions.take(message, &mut anomalies));
        anomalies
    }

    #[test]
    fn changes_add_up() {
        let mut mine = Possessions::default();
        let anomalies = told(
            &mut mine,
            &[
                inventory(vec![item(1, 0)], 5),
                ServerMessage::ItemPlaced { item: item(2, 1) },
                ServerMessage::ItemPlaced { item: item(2, FIRST_WORN_SLOT) },
                ServerMessage::ItemGone { item: ItemId([1; 16]) },
                ServerMessage::Gold { total: 9 },
                ServerMessage::Experience { gained: 5, total: 15, level: 2 },
            ],
        );
        assert_eq!(anomalies, [""; 0]);
        let mut expected = Possessions {
            items: [(ItemId([2; 16]), item(2, FIRST_WORN_SLOT))].into(),
            gold: 9,
            experience: 15,
            level: 2,
            bag_slots: 20,
            told: true,
            ..Possessions::default()
        };
        assert_eq!(mine, expected);
        told(&mut mine, &[ServerMessage::LevelUp { level: 3 }, ServerMessage::Store { away: true, pending: 4 }]);
        (expected.level, expected.store_away, expected.pending) = (3, true, 4);
        assert_eq!(mine, expected);
        assert_eq!(mine.bag().count(), 0);
        assert_eq!(mine.worn(FIRST_WORN_SLOT), Some(&item(2, FIRST_WORN_SLOT)));
    }

    #[test]
    fn what_does_not_fit_is_noted() {
        let mut mine = Possessions::default();
        let gone = ServerMessage::ItemGone { item: ItemId([3; 16]) };
        let experience = ServerMessage::Experience { gained: 1, total: 50, level: 1 };
        let found = told(&mut mine, &[inventory(vec![item(1, 0), item(1, 1)], 0), gone, experience]);
        let expected = [
            "the inventory lists an item twice".to_owned(),
            format!("removed item {} was not in the inventory", ItemId([3; 16])),
            "experience does not add up: 10 + 1 is not 50".to_owned(),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_travel_must_change_nothing() {
        let mut mine = Possessions::default();
        told(&mut mine, &[inventory(vec![item(1, 0), item(2, 1)], 5)]);
        let mut same = mine.clone().carried_over();
        assert_eq!(told(&mut same, &[inventory(vec![item(1, 0), item(2, 1)], 5)]), [""; 0]);
        let mut other = mine.clone().carried_over();
        let elsewhere = |item: ItemView| format!("{item:?} was lost or moved by the travel");
        let expected = [
            "5 gold before the travel, 6 after it".to_owned(),
            elsewhere(item(1, 0)),
            elsewhere(item(2, 1)),
            format!("item {} appeared with the travel", ItemId([4; 16])),
        ];
        assert_eq!(told(&mut other, &[inventory(vec![item(1, 3), item(4, 1)], 6)]), expected);
        let sword = ItemView { definition: "sword".to_owned(), ..item(2, 1) };
        let another = inventory(vec![item(1, 0), sword], 5);
        assert_eq!(told(&mut mine.clone().carried_over(), &[another]), [elsewhere(item(2, 1))], "it is another thing");
        let mut younger = mine.carried_over();
        let (items, gold) = (vec![item(1, 0), item(2, 1)], 5);
        let inventory = ServerMessage::Inventory { items, gold, experience: 9, level: 2, bag_slots: 20 };
        let expected = ["10 experience before the travel, 9 after it", "1 levels before the travel, 2 after it"];
        assert_eq!(told(&mut younger, &[inventory]), expected);
    }
}
