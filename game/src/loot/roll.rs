//! Rolls the loot of dead mobs.

use bevy_ecs::prelude::*;
use realmgate_engine::channel_map::ChannelMap;
use realmgate_engine::player::Player;
use realmgate_engine::random::ChannelRandom;
use realmgate_protocol::ids::CharacterId;
use realmgate_protocol::link::{GoldAccount, Owner};

use super::Goods;
use super::fall::{Fall, Falling};
use super::scatter::places;
use crate::data::{Data, LootTable};
use crate::death::Died;
use crate::inventory::{Deal, Ledger};
use crate::party::Parties;

/// The loot of one death.
struct Rolled {
    gold: u64,
    /// Item ids of the game data.
    items: Vec<String>,
}

/// Rolls the loot table of every mob that died this tick, and asks the store to put the loot on the ground.
pub(super) fn roll(
    mut deaths: PopulatedMessageReader<Died>,
    map: Res<ChannelMap>,
    data: Res<Data>,
    parties: Res<Parties>,
    players: Query<&Player>,
    mut falling: ResMut<Falling>,
    mut ledger: Ledger<'_, '_>,
) {
    for death in deaths.read() {
        let mob = death.mob.and_then(|mob| data.mobs.get(mob));
        let Some(table) = mob.and_then(|mob| mob.loot.as_ref()) else { continue };
        let Some(table) = data.loot_tables.get(table.index()) else { continue };
        let Rolled { gold, items } = roll_table(table, ledger.random());
        let heir = death.killer.filter(|killer| players.contains(*killer));
        let heir = heir.or(death.credit.iter().map(|(player, _)| *player).find(|player| players.contains(*player)));
        let owners = heirs(heir, &parties, &players);
        let mut deal = Deal::new("loot");
        let mut goods = Vec::new();
        for definition in items {
            let item = ledger.new_item();
            deal.create(item, &definition, Owner::Ground);
            goods.push(Goods::Item { item, definition });
        }
        if gold > 0 {
            deal.pay(GoldAccount::World, GoldAccount::Ground, gold);
            goods.push(Goods::Gold(gold));
        }
        if deal.is_empty() {
            continue;
        }
        let positions = places(&map.grid, death.position, data.world.goods.loot_scatter_tiles.units(), goods.len());
        match ledger.submit(deal) {
            Ok(key) => {
                let falls = goods.into_iter().zip(positions);
                let falls = falls.map(|(goods, position)| Fall { goods, position, owners: owners.clone() });
                falling.0.insert(key, falls.collect());
            }
            Err(_) => metrics::counter!("realmgate_loot_forgone_total").increment(1),
        }
    }
}

fn roll_table(table: &LootTable, random: &mut ChannelRandom) -> Rolled {
    let gold = random.between(table.gold_min as i32, table.gold_max as i32);
    let mut items = Vec::new();
    for entry in &table.entries {
        if random.chance(entry.chance_per_mille) {
            items.push(entry.item.id().to_owned());
        }
    }
    Rolled { gold: u64::try_from(gold).unwrap_or(0), items }
}

/// The player who earned the loot, and its party. Empty if no player earned it: then everybody may take it.
fn heirs(heir: Option<Entity>, parties: &Parties, players: &Query<&Player>) -> Vec<CharacterId> {
    let Some(heir) = heir else { return Vec::new() };
    let mut owners: Vec<CharacterId> =
        parties.members(heir).filter_map(|member| players.get(member).ok()).map(|player| player.character).collect();
    owners.extend(players.get(heir).map(|player| player.character));
    owners.sort();
    owners.dedup();
    owners
}
