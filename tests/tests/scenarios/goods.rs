//! What lies on the ground, what is worn, and what is used up.

use realmgate_protocol::ids::{EntityId, ItemId};
use realmgate_protocol::link::EventRefusal;
use realmgate_protocol::realm::{ClientMessage, CombatKind, EntityKind, Refusal, ServerMessage};
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, TICK_HZ, Who, tile};

use crate::fighting::slay;

/// The item of a kind that a player has.
#[track_caller]
pub fn item(scene: &Scene, who: Who, definition: &str) -> ItemId {
    let found = scene[who].session.possessions.items.values().find(|item| item.definition == definition);
    found.unwrap_or_else(|| panic!("{} has a {definition}", scene[who].name)).item
}

pub fn loot_belongs_to_who_earned_it_for_a_while(stage: &Stage) {
    stage.play(Ground::open(20, 11).mob("boar", (10, 5)), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).level(10));
        let bert = scene.enter(Character::at("Bert", "cleric", tile(12, 9)));
        let boar = scene.mob(anna, "boar");
        slay(scene, anna, boar, "strike");
        scene.until("gold falls", 3, |scene| !scene[bert].all(EntityKind::GroundGold, None).is_empty());
        let gold = scene[bert].all(EntityKind::GroundGold, None)[0];
        let reach = ClientMessage::PickUp { entity: gold };
        scene.ask_in_vain(bert, reach.clone(), Refusal::OutOfRange);
        let place = scene.place(bert, gold);
        scene.walk_to(bert, place);
        scene.ask_in_vain(bert, reach.clone(), Refusal::NotYours);
        scene.ask_in_vain(bert, ClientMessage::PickUp { entity: EntityId(9_999) }, Refusal::NotFound);
        let (_, on_ground) = scene.sidecar.ledger.ground();
        scene.steps(24 * TICK_HZ);
        scene.ask_in_vain(bert, reach.clone(), Refusal::NotYours);
        scene.steps(6 * TICK_HZ);
        scene.say(bert, reach);
        assert_eq!(gold_told(scene, bert), on_ground);
        scene.until("it is gone", 1, |scene| scene[anna].all(EntityKind::GroundGold, None).is_empty());
    });
    stage.play(Ground::open(20, 11).mob("boar", (10, 5)), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).level(10));
        let boar = scene.mob(anna, "boar");
        slay(scene, anna, boar, "strike");
        scene.until("gold falls", 3, |scene| !scene[anna].all(EntityKind::GroundGold, None).is_empty());
        let gold = scene[anna].all(EntityKind::GroundGold, None)[0];
        let ((_, on_ground), place) = (scene.sidecar.ledger.ground(), scene.place(anna, gold));
        scene.walk_to(anna, place);
        scene.say(anna, ClientMessage::PickUp { entity: gold });
        assert_eq!(gold_told(scene, anna), on_ground, "who earned it has it at once");
    });
}

#[track_caller]
fn gold_told(scene: &mut Scene, who: Who) -> i64 {
    scene.told(who, "of its gold", |message| match message {
        ServerMessage::Gold { total } => Some(*total as i64),
        _ => None,
    })
}

pub fn what_is_dropped_is_anybodys(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).item("rabbit_pelt", 0));
        let bert = scene.enter(Character::at("Bert", "cleric", tile(8, 5)));
        let pelt = item(scene, anna, "rabbit_pelt");
        scene.ask_in_vain(anna, ClientMessage::DropItem { item: ItemId([9; 16]) }, Refusal::NotFound);
        scene.say(anna, ClientMessage::DropItem { item: pelt });
        let gone = scene.told(anna, "what is gone", |message| match message {
            ServerMessage::ItemGone { item } => Some(*item),
            _ => None,
        });
        assert_eq!(gone, pelt);
        scene.until("it lies there", 1, |scene| !scene[bert].all(EntityKind::GroundItem, None).is_empty());
        assert_eq!(scene.sidecar.ledger.ground().0, ["rabbit_pelt"]);
        let entity = scene[bert].all(EntityKind::GroundItem, None)[0];
        scene.say(bert, ClientMessage::PickUp { entity });
        scene.until("it is his", 1, |scene| scene[bert].session.possessions.items.contains_key(&pelt));
    });
}

pub fn what_is_worn_changes_who_wears_it(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let hero = Character::at("Anna", "warrior", tile(7, 5)).level(4);
        let hero = hero.item("rusty_sword", 100).item("iron_sword", 0).item("short_bow", 1).item("traveller_boots", 2);
        let anna = scene.enter(hero.item("crown_shard", 3).item("old_bone", 4));
        let most = |scene: &Scene| scene[anna].me().health.as_ref().unwrap().max;
        scene.steps(2);
        let (plain, sword) = (most(scene), item(scene, anna, "iron_sword"));
        scene.say(anna, ClientMessage::Equip { item: sword });
        scene.until("stronger by the sword", 1, |scene| most(scene) == plain + 10);
        let worn =
            |scene: &Scene, definition| scene[anna].session.possessions.items[&item(scene, anna, definition)].slot;
        assert_eq!((worn(scene, "iron_sword"), worn(scene, "rusty_sword")), (100, 0), "they have changed places");

        let speed = |scene: &Scene| scene[anna].me().move_speed.as_ref().unwrap().units_per_tick;
        let (slow, boots) = (speed(scene), item(scene, anna, "traveller_boots"));
        scene.say(anna, ClientMessage::Equip { item: boots });
        scene.until("faster by the boots", 1, |scene| speed(scene) > slow);
        scene.say(anna, ClientMessage::Unequip { item: sword });
        scene.until("weaker without the sword", 1, |scene| most(scene) == plain);

        for (definition, refusal) in
            [("short_bow", Refusal::NotAllowed), ("crown_shard", Refusal::NotAllowed), ("old_bone", Refusal::NotUsable)]
        {
            let item = item(scene, anna, definition);
            scene.ask_in_vain(anna, ClientMessage::Equip { item }, refusal);
        }
        scene.ask_in_vain(anna, ClientMessage::Unequip { item: sword }, Refusal::NotUsable);
    });
}

pub fn a_potion_heals_once(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let hero = Character::at("Anna", "warrior", tile(7, 5)).health(20).item("healing_potion", 0);
        let anna = scene.enter(hero.item("healing_potion", 1).item("old_bone", 2));
        let bone = item(scene, anna, "old_bone");
        scene.ask_in_vain(anna, ClientMessage::UseItem { item: bone }, Refusal::NotUsable);
        let before = scene[anna].me().health.as_ref().unwrap().current;
        let potion = item(scene, anna, "healing_potion");
        scene.say(anna, ClientMessage::UseItem { item: potion });
        let healed = scene.told(anna, "of the healing", |message| match message {
            ServerMessage::Combat { kind: CombatKind::Heal, ability: None, amount, .. } => Some(*amount),
            _ => None,
        });
        assert_eq!(healed, 60);
        scene.step();
        // Twice would be more than resting brings meanwhile.
        let after = scene[anna].me().health.as_ref().unwrap().current;
        assert!((before + 60..before + 80).contains(&after), "{after}, and {before} before");
        let second = item(scene, anna, "healing_potion");
        assert_ne!(second, potion, "the first is used up");
        scene.ask_in_vain(anna, ClientMessage::UseItem { item: second }, Refusal::OnCooldown);
    });
}

pub fn nothing_is_told_before_the_store_has_it(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).item("leather_cap", 0));
        let cap = item(scene, anna, "leather_cap");
        scene.sidecar.is_away = true;
        scene.say(anna, ClientMessage::Equip { item: cap });
        scene.steps(TICK_HZ);
        assert_eq!(scene.hear(anna), [], "while the sidecar is away nothing is confirmed");
        scene.ask_in_vain(anna, ClientMessage::DropItem { item: cap }, Refusal::ItemBusy);
        scene.sidecar.is_away = false;
        scene.told(anna, "that it wears it", |message| match message {
            ServerMessage::ItemPlaced { item } if item.item == cap && item.slot > 100 => Some(()),
            _ => None,
        });
        scene.sidecar.refuse_next = Some(EventRefusal::Invalid);
        scene.ask_in_vain(anna, ClientMessage::Unequip { item: cap }, Refusal::NotCommitted);
    });
}
