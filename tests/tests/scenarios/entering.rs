//! Coming into the world and leaving it.

use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::movement::Angle;
use realmgate_protocol::realm::{ClientMessage, EntityKind, PlaceKind, Refusal, ServerMessage, protocol_hash, status};
use realmgate_protocol::wire::Aim;
use realmgate_tests::scenario::{Character, DATA, Ground, Scene, Stage, TICK_HZ, Who, tile};

use crate::fighting::{slay, tiles, use_ability};

pub fn a_newborn_is_told_all_it_needs(stage: &Stage) {
    stage.play(Ground::shipped(&[1]), |scene: &mut Scene| {
        let anna = scene.enter(Character::newborn("Anna", "warrior"));
        let session = &scene[anna].session;
        let welcome = session.welcome().unwrap();
        assert_eq!((welcome.map.0, welcome.channel.0, welcome.tick_hz), (1, 1, 30));
        let class = &DATA.classes[DATA.classes.find("warrior").unwrap()];
        let abilities: Vec<u16> = class.abilities.iter().map(|ability| ability.index().0).collect();
        assert_eq!(welcome.slots, abilities, "a slot for each ability of a warrior");
        assert!(session.content.abilities.iter().map(|ability| ability.id.as_str()).eq(DATA.abilities.ids()));
        assert!(session.content.mobs.iter().map(|mob| mob.id.as_str()).eq(DATA.mobs.ids()));
        let grid = session.grid().expect("the ground is told");
        assert_eq!((grid.width(), grid.height()), (64, 64));
        assert!(session.places().iter().any(|place| place.kind == PlaceKind::Portal && place.to_map == 2));
        assert_eq!(scene[anna].all(EntityKind::Vendor, None).len(), 2, "both vendors of the town are in view");
        scene.until("has what a warrior starts with", 2, |scene| scene[anna].session.possessions.items.len() == 3);
        let owned = &scene[anna].session.possessions;
        let mut items: Vec<&str> = owned.items.values().map(|item| item.definition.as_str()).collect();
        items.sort_unstable();
        assert_eq!((items, owned.gold), (vec!["healing_potion", "padded_jacket", "rusty_sword"], 10));
    });
}

#[track_caller]
pub fn leaves(scene: &mut Scene, who: Who, expected: LeaveReason) {
    let reason = scene.told(who, "why it leaves", |message| match message {
        ServerMessage::Leave { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(reason, expected);
    scene.until("its connection ends", 2, |scene| !scene[who].is_connected());
}

pub fn others_see_what_one_says_one_looks_like(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let look = format!(r#"{{"hair":"{}"}}"#, "röt".repeat(29));
        let anna = scene.enter(Character::at("Anna", "warrior", tile(5, 5)).look(&look));
        let bert = scene.enter(Character::at("Bert", "warrior", tile(6, 5)));
        let (of_anna, of_bert) = (scene[anna].id(), scene[bert].id());
        scene.until("each sees the other", 2, |scene| {
            [(anna, of_bert), (bert, of_anna)]
                .iter()
                .all(|(who, other)| scene[*who].session.world.entity(*other).is_some())
        });
        let seen = |scene: &Scene, who, of| scene.view(who, of).look.as_ref().map(|look| look.json.clone());
        assert_eq!(seen(scene, bert, of_anna), Some(look.clone()));
        assert_eq!(seen(scene, anna, of_anna), Some(look));
        assert_eq!(seen(scene, anna, of_bert), None, "who says nothing looks as its class does");
    });
}

pub fn before_hello_nothing_else_is_heard(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.connect(Character::at("Anna", "warrior", tile(5, 5)), 1);
        let chat = ClientMessage::Chat { text: "good day".to_owned() };
        for message in [ClientMessage::ListChannels, chat, ClientMessage::Respawn, ClientMessage::Logout] {
            scene.ask_in_vain(anna, message, Refusal::HelloFirst);
        }
        assert!(scene[anna].is_connected() && !scene[anna].session.is_entered());
        scene.greet(anna);
        scene.ask_in_vain(anna, ClientMessage::Hello { protocol_hash: protocol_hash() }, Refusal::BadMessage);
        scene.say_bytes(anna, vec![0xFF, 0xFF, 0xFF]);
        scene.refused(anna, "", Refusal::BadMessage);
        for _ in 0..40 {
            scene.say(anna, ClientMessage::ListChannels);
        }
        scene.refused(anna, "", Refusal::RateLimited);
        assert!(scene[anna].is_connected());
    });
}

pub fn who_speaks_another_protocol_is_told_so_and_leaves(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.connect(Character::at("Anna", "warrior", tile(5, 5)), 1);
        scene.say(anna, ClientMessage::Hello { protocol_hash: protocol_hash() ^ 1 });
        scene.refused(anna, "Hello", Refusal::ProtocolMismatch);
        leaves(scene, anna, LeaveReason::Kicked);
    });
}

pub fn a_logout_saves_and_one_comes_back_as_one_was(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let hero = Character::at("Anna", "warrior", tile(5, 5)).gold(9).item("leather_cap", 101).health(20);
        let anna = scene.enter(hero);
        scene.walk(anna, Angle(32), 25);
        let (at, owned) = (scene[anna].me().position(), scene[anna].session.possessions.clone());
        scene.say(anna, ClientMessage::Logout);
        leaves(scene, anna, LeaveReason::Logout);
        let released = |said: &FromMap| matches!(said, FromMap::Released { reason: LeaveReason::Logout, .. });
        scene.until("the sidecar has it", 1, |scene| scene.sidecar.said.iter().any(released));
        let saved = &scene.sidecar.saved(scene[anna].character).soft;
        assert_eq!(Some((saved.x, saved.y)), at.map(|at| (at.x, at.y)));
        // Who rests mends a little.
        let wounded = saved.health;
        assert!((20..40).contains(&wounded), "{wounded}");
        scene.come_back(anna, 1);
        let health = u32::from(scene[anna].me().health.as_ref().unwrap().current);
        assert!((wounded..wounded + 20).contains(&health), "{health}, and {wounded} before");
        assert_eq!(scene[anna].me().position(), at);
        let again = &scene[anna].session.possessions;
        assert_eq!((&again.items, again.gold), (&owned.items, owned.gold));
    });
}

pub fn who_enters_elsewhere_is_let_go_here(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(5, 5)));
        let bert = scene.enter(Character::at("Bert", "cleric", tile(6, 5)));
        scene.sidecar.kick(scene[anna].character, LeaveReason::Replaced);
        leaves(scene, anna, LeaveReason::Replaced);
        let gone = scene[anna].id();
        scene.until("nobody sees it any more", 1, |scene| scene[bert].session.world.entity(gone).is_none());
        let character = scene[anna].character;
        scene.until("it is saved and released", 1, |scene| {
            scene.sidecar.said.iter().any(|said| {
                matches!(said, FromMap::Released { save, reason: LeaveReason::Replaced } if save.character == character)
            })
        });
        assert!(scene[bert].is_connected(), "and nobody else");
    });
}

pub fn who_fights_leaves_when_the_fight_is_over(stage: &Stage) {
    stage.play(Ground::open(17, 11).mob("boar", (5, 5)).level(12), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(8, 5)).level(12).resource(100));
        let boar = scene.mobs(anna, "boar")[0];
        scene.until("the boar is there", 6, |scene| scene.distance(anna, boar) < tiles(17) / 10);
        use_ability(scene, anna, "strike", Aim::Entity(boar));
        scene.say(anna, ClientMessage::Logout);
        let (ms, at_most_ms) = scene.told(anna, "how long its body stays", |message| match message {
            ServerMessage::LeavingIn { ms, at_most_ms } => Some((*ms, *at_most_ms)),
            _ => None,
        });
        assert!(0 < ms && ms <= at_most_ms && at_most_ms <= 30_000, "{ms} {at_most_ms}");
        scene.steps((ms / 1_000 + 2) * TICK_HZ);
        assert!(scene[anna].is_connected(), "the boar goes on, and so does the fight");
        scene.until("its connection ends", 33, |scene| !scene[anna].is_connected());
        let released = |said: &FromMap| matches!(said, FromMap::Released { reason: LeaveReason::Logout, .. });
        assert!(scene.sidecar.said.iter().any(released), "saved and released");
    });
    stage.play(Ground::open(20, 11).mob("rabbit", (10, 5)), |scene: &mut Scene| {
        let robin = scene.enter(Character::at("Robin", "ranger", tile(6, 5)).level(12));
        let rabbit = scene.mob(robin, "rabbit");
        slay(scene, robin, rabbit, "shoot");
        scene.say(robin, ClientMessage::Logout);
        scene.until("a fight that nobody goes on with is over", 8, |scene| !scene[robin].is_connected());
    });
}

pub fn who_loses_its_connection_stays_a_while(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(5, 5)));
        let bert = scene.enter(Character::at("Bert", "cleric", tile(6, 5)));
        let body = scene[anna].id();
        scene[anna].disconnect();
        scene.until("it is seen to be absent", 1, |scene| scene.view(bert, body).has_status(status::LINK_DEAD));
        scene.steps(9 * TICK_HZ);
        assert!(scene[bert].session.world.entity(body).is_some(), "10 s are not over");
        scene.until("it is gone", 2, |scene| scene[bert].session.world.entity(body).is_none());
        let released = |said: &FromMap| matches!(said, FromMap::Released { reason: LeaveReason::ConnectionLost, .. });
        assert!(scene.sidecar.said.iter().any(released), "saved and released");
    });
}
