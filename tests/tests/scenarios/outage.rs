//! The map link goes down while players play, and comes back.

use realmgate_protocol::link::{FromMap, LeaveReason};
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};
use realmgate_tests::scenario::{Character, Ground, OFFLINE_PLAY_MAX_S, Scene, Stage, TICK_HZ, Who, tile};

use crate::entering::leaves;
use crate::goods::item;

#[track_caller]
fn told_of_store(scene: &mut Scene, who: Who, expected: (bool, u16)) {
    scene.told(who, "how the store is", |message| match message {
        ServerMessage::Store { away, pending } if (*away, *pending) == expected => Some(()),
        _ => None,
    });
    let owned = &scene[who].session.possessions;
    assert_eq!((owned.store_away, owned.pending), expected);
}

pub fn what_waits_for_the_store_is_shown_and_done_when_it_is_back(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).item("leather_cap", 0));
        let cap = item(scene, anna, "leather_cap");
        scene.sidecar.go_away();
        told_of_store(scene, anna, (true, 0));
        scene.say(anna, ClientMessage::Equip { item: cap });
        told_of_store(scene, anna, (true, 1));
        scene.ask_in_vain(anna, ClientMessage::DropItem { item: cap }, Refusal::ItemBusy);
        let whisper = ClientMessage::Whisper { to: "Bert".to_owned(), text: "are you there?".to_owned() };
        scene.ask_in_vain(anna, whisper, Refusal::StoreAway);
        scene.steps(20 * TICK_HZ);
        assert!(scene[anna].is_connected(), "play goes on");
        scene.sidecar.come_back(true);
        scene.told(anna, "that it wears it", |message| match message {
            ServerMessage::ItemPlaced { item } if item.item == cap && item.slot > 100 => Some(()),
            _ => None,
        });
        told_of_store(scene, anna, (false, 0));
    });
}

pub fn whose_character_was_given_away_is_sent_away_and_nobody_else(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).item("leather_cap", 0));
        let bert = scene.enter(Character::at("Bert", "warrior", tile(9, 5)));
        let cap = item(scene, anna, "leather_cap");
        scene.sidecar.go_away();
        scene.say(anna, ClientMessage::Equip { item: cap });
        scene.steps(TICK_HZ);
        let character = scene[anna].character;
        scene.sidecar.give_away(character);
        scene.sidecar.come_back(true);
        leaves(scene, anna, LeaveReason::Replaced);
        assert_eq!(scene.sidecar.ledger.items(character)[&cap].slot, 0, "what it did and nobody confirmed is not done");
        scene.steps(TICK_HZ);
        assert!(scene[bert].is_connected());
        let left = |said: &FromMap| matches!(said, FromMap::Released { save, .. } if save.character == character);
        assert!(!scene.sidecar.said.iter().any(left), "nothing more is written for it");
    });
}

pub fn when_the_world_has_moved_on_everybody_is_sent_away_unsaved(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        scene.sidecar.come_back(true);
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)));
        let bert = scene.enter(Character::at("Bert", "warrior", tile(9, 5)));
        scene.sidecar.go_away();
        scene.steps(TICK_HZ);
        let known = scene.sidecar.said.len();
        scene.sidecar.come_back(false);
        leaves(scene, anna, LeaveReason::MovedOn);
        leaves(scene, bert, LeaveReason::MovedOn);
        assert!(!scene.sidecar.said.iter().any(|said| matches!(said, FromMap::Released { .. })));
        let saves = |said: &FromMap| matches!(said, FromMap::Save { saves } if !saves.is_empty());
        assert!(!scene.sidecar.said[known..].iter().any(saves), "nothing of the old world is written");
        scene.come_back(anna, 1);
        assert!(scene[anna].is_connected(), "the server goes on");
    });
}

pub fn when_the_store_stays_away_everybody_is_let_go(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let all = [("Anna", 7), ("Bert", 9)].map(|(name, x)| scene.enter(Character::at(name, "warrior", tile(x, 5))));
        scene.sidecar.go_away();
        scene.steps((OFFLINE_PLAY_MAX_S - 1) * TICK_HZ);
        assert!(all.iter().all(|who| scene[*who].is_connected()));
        scene.steps(7 * TICK_HZ);
        all.iter().for_each(|who| leaves(scene, *who, LeaveReason::StoreAway));
        scene.sidecar.come_back(true);
        for who in all {
            let own = scene[who].character;
            let is_release = |said: &FromMap| {
                matches!(said, FromMap::Released { save, reason: LeaveReason::StoreAway } if save.character == own)
            };
            scene.until("the release is written", 2, |scene| scene.sidecar.said.iter().any(is_release));
        }
    });
}
