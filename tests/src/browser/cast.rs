//! The cast of the pictures: accounts with characters that have a past, each where a scene needs it.

use realmgate_protocol::movement::UNITS_PER_TILE;
use serde_json::json;

use crate::database::{Database, Past};
use crate::map_server::MapServer;

/// Of every account; `clients/page/test/testing/visitor.mjs` knows it.
const PASSWORD: &str = "correct horse battery";
/// More than anybody can have: the server takes it as full.
const FULL: u16 = 9_999;

/// A character.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The user name of its account.
    pub account: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: &'static str,
    /// Its level.
    pub level: u16,
    /// Its experience in all, which is enough for that level.
    pub experience: u32,
    /// The map it is on.
    pub map: u16,
    /// Where it stands there, in tiles.
    pub at: (f64, f64),
    /// Its gold.
    pub gold: u32,
    /// What it owns besides what every newcomer gets: kinds of items by slot.
    pub items: &'static [(u16, &'static str)],
}

const KIT_OF_A_VETERAN: &[(u16, &str)] = &[
    (100, "barrow_blade"),
    (101, "iron_helmet"),
    (102, "chain_shirt"),
    (103, "traveller_boots"),
    (104, "wolf_fang_necklace"),
    (0, "iron_sword"),
    (1, "strong_healing_potion"),
    (2, "strong_healing_potion"),
    (3, "healing_potion"),
    (4, "draught_of_vigour"),
    (5, "crown_shard"),
    (6, "wolf_pelt"),
    (7, "wolf_pelt"),
    (8, "boar_tusk"),
    (9, "goblin_ear"),
    (10, "old_bone"),
    (12, "kings_sceptre"),
    (13, "rabbit_foot"),
];
const KIT_OF_A_CLERIC: &[(u16, &str)] = &[
    (100, "silver_staff"),
    (101, "leather_cap"),
    (102, "chain_shirt"),
    (103, "worn_boots"),
    (104, "rabbit_foot"),
    (0, "wraith_bow"),
    (1, "healing_potion"),
    (2, "draught_of_vigour"),
    (3, "old_bone"),
];
const KIT_OF_A_RANGER: &[(u16, &str)] =
    &[(100, "hunting_bow"), (101, "leather_cap"), (102, "padded_jacket"), (103, "worn_boots"), (0, "wolf_pelt")];

/// Who plays in the pictures.
pub const PICTURES: [Part; 11] = [
    // Beside the smith of Greenvale, with two friends.
    part("aldric", "Aldric", "warrior", (12, 8_600), 1, (29.8, 32.4)).with(846, KIT_OF_A_VETERAN),
    part("brenna", "Brenna", "cleric", (10, 5_400), 1, (31.6, 33.4)).with(420, KIT_OF_A_CLERIC),
    part("rowan", "Rowan", "ranger", (8, 2_900), 1, (31.2, 30.8)).with(97, KIT_OF_A_RANGER),
    // Aldric's account has been elsewhere too.
    part("aldric", "Isolde", "ranger", (9, 4_300), 2, (14.0, 31.0)).with(312, KIT_OF_A_RANGER),
    part("aldric", "Corwin", "cleric", (10, 5_400), 3, (20.0, 34.6)).with(188, KIT_OF_A_CLERIC),
    part("aldric", "Old Tamsin", "ranger", (3, 300), 1, (32.0, 28.0)),
    // Among the skeletons of the ruined keep.
    part("sigrun", "Sigrun", "warrior", (7, 2_100), 1, (12.0, 51.0)).with(64, KIT_OF_A_VETERAN),
    part("wren", "Wren", "ranger", (7, 2_100), 1, (14.0, 30.0)).with(51, KIT_OF_A_RANGER),
    // Before the throne of the Barrow King, and a little behind.
    part("halvard", "Halvard", "warrior", (17, 24_000), 3, (20.5, 9.0)).with(1_290, KIT_OF_A_VETERAN),
    part("maren", "Maren", "cleric", (16, 19_500), 3, (18.0, 10.5)).with(640, KIT_OF_A_CLERIC),
    // A beginner among the wolves.
    part("pip", "Pip", "ranger", (1, 35), 1, (49.5, 13.5)),
];

/// Who is measured: one so strong that nobody harms it in the west field of Greenvale, and one in the town who comes and goes.
pub const MEASURED: [Part; 2] = [
    part("vera", "Vera", "warrior", (18, 29_000), 1, FIELD).with(500, KIT_OF_A_VETERAN),
    part("ansel", "Ansel", "cleric", (9, 4_300), 1, (32.0, 33.0)).with(120, KIT_OF_A_CLERIC),
];

/// The middle of the west field, in tiles.
pub const FIELD: (f64, f64) = (12.0, 32.0);

const fn part(
    account: &'static str,
    name: &'static str,
    class: &'static str,
    (level, experience): (u16, u32),
    map: u16,
    at: (f64, f64),
) -> Part {
    Part { account, name, class, level, experience, map, at, gold: 0, items: &[] }
}

impl Part {
    const fn with(self, gold: u32, items: &'static [(u16, &'static str)]) -> Self {
        Self { gold, items, ..self }
    }
}

/// Makes the accounts and characters, and gives them what they have.
///
/// # Panics
/// When the server refuses any of it.
pub async fn cast(server: &MapServer, parts: &[Part]) {
    let api = server.api();
    let database = Database::open_for_writing(&server.settings.home).await;
    for part in parts {
        let credentials = json!({ "username": part.account, "password": PASSWORD });
        let registered = api.post("/auth/register", credentials.clone()).await;
        let tokens = match registered.status {
            // It has a character already.
            409 => api.post("/auth/login", credentials).await.json(200),
            _ => registered.json(201),
        };
        let account = api.with_token(tokens["access_token"].as_str().expect("a text"));
        let wanted = json!({ "name": part.name, "class_id": part.class });
        let made = account.post("/characters", wanted).await.json(201);
        let id = made["id"].as_str().expect("ids are text");
        let units = |tiles: f64| (tiles * f64::from(UNITS_PER_TILE)) as i32;
        // Rage comes with the fight.
        let resource = if part.class == "warrior" { 0 } else { FULL };
        let soft = json!({
            "map": part.map, "x": units(part.at.0), "y": units(part.at.1),
            "health": FULL, "resource": resource, "cooldowns": [],
        });
        let past = Past { level: part.level, experience: part.experience, map: part.map, soft };
        database.give_past(id, &past).await;
        database.endow(id, part.gold, part.items).await;
    }
}
