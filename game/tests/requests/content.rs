//! The small game data of the scenes: two classes, a mob with loot, a few items and a vendor.

use std::fs;

use realmgate_game::data::GameData;

const CLASSES: &str = r#"
[mage]
name = "Mage"
abilities = ["hit"]
stats = { health = 80, resource = 100, speed_tiles_per_s = 4 }
resource = { name = "mana" }

[warrior]
name = "Warrior"
abilities = ["hit"]
stats = { health = 100, resource = 100, speed_tiles_per_s = 4 }
resource = { name = "rage" }
"#;

const ABILITIES: &str = r#"
[hit]
name = "Hit"
shape = { kind = "enemy", range_tiles = 2 }
effects = [{ kind = "damage", amount = 5 }]

[shot]
name = "Shot"
shape = { kind = "projectile", range_tiles = 9, speed_tiles_per_s = 18, radius_tiles = 0.15, burst_tiles = 2 }
effects = [{ kind = "damage", amount = 5 }]

[sweep]
name = "Sweep"
shape = { kind = "cone", range_tiles = 2.5, width_degrees = 120 }
effects = [{ kind = "damage", amount = 5 }]

[zone]
name = "Zone"
shape = { kind = "ground", range_tiles = 6, radius_tiles = 1.5 }
effects = [{ kind = "heal", amount = 5 }]
"#;

const MOBS: &str = r#"
[rat]
name = "Rat"
level = 1
stats = { health = 10, speed_tiles_per_s = 2 }
radius_tiles = 0.3
mind = { leash_tiles = 10, pause_min_ms = 1000, pause_max_ms = 2000 }
experience = 5
loot = "rat"
corpse_ms = 1000
"#;

const ITEMS: &str = r#"
[cap]
name = "Cap"
kind = "armour"
worn_slot = "head"
bonuses = { health = 10 }
value = 10

[hood]
name = "Hood"
kind = "armour"
worn_slot = "head"
bonuses = { armour = 3 }
value = 20

[wand]
name = "Wand"
kind = "weapon"
worn_slot = "weapon"
classes = ["mage"]
value = 40

[crown]
name = "Crown"
kind = "armour"
worn_slot = "head"
min_level = 50
value = 1000

[potion]
name = "Potion"
kind = "consumable"
use = { heal = 30, resource = 10, cooldown_ms = 1000 }
value = 6

[tail]
name = "Rat's tail"
kind = "junk"
value = 2

[pebble]
name = "Pebble"
kind = "junk"
"#;

const LOOT_TABLES: &str = r#"
[rat]
gold_min = 7
gold_max = 7
entries = [{ item = "tail", chance_per_mille = 1000 }]
"#;

const VENDORS: &str = r#"
[smith]
name = "Smith"
sells = [{ item = "cap", price = 15 }]
buys_per_mille = 500
"#;

const WORLD: &str = r#"
start_map = 1

[player]
radius_tiles = 0.3
linger_ms = 1000
linger_combat_ms = 3000
respawn_health_per_mille = 500

[progress]
levels = [0, 100]
party_share_tiles = 10
party_bonus_per_mille = 100

[combat]
armour_half = 100
spread_per_mille = 0
combat_ms = 5000
global_cooldown_ms = 1000
heal_threat_per_mille = 500
switch_threat_per_mille = 1100
refusal_pause_ms = 500

[goods]
bag_slots = 4
pick_up_range_tiles = 2
trade_range_tiles = 4
vendor_range_tiles = 3
loot_owner_ms = 2000
loot_lifetime_ms = 10000
loot_scatter_tiles = 1
trade_request_ms = 5000

[limits]
request_burst = 20
request_every_ms = 50
chat_burst = 3
chat_every_ms = 1000
invite_burst = 3
invite_every_ms = 1000

[minds]
searches_per_tick = 4
search_tiles = 256
search_again_ms = 500
give_up_ms = 3000
look_ms = 200
wake_tiles = 30
return_health_per_mille_per_s = 100
"#;

/// The data, checked and loaded like any other.
pub fn data() -> GameData {
    let folder = tempfile::tempdir().expect("a folder for the data");
    let files = [
        ("classes", CLASSES),
        ("abilities", ABILITIES),
        ("mobs", MOBS),
        ("items", ITEMS),
        ("loot_tables", LOOT_TABLES),
        ("vendors", VENDORS),
        ("world", WORLD),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(format!("{name}.toml")), text).expect("the file is written");
    }
    GameData::load(folder.path()).unwrap_or_else(|faults| panic!("the scene's data is wrong:\n{faults}"))
}
