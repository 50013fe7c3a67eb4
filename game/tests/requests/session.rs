//! Hello, log-out, starter kits, and requests out of turn.

use realmgate_engine::channel::ToChannel;
use realmgate_game::data::ClassIndex;
use realmgate_game::inventory::{StarterKit, StarterKits};
use realmgate_protocol::ids::AccountId;
use realmgate_protocol::link::{CharacterLoad, FromMap, LeaveReason};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, protocol_hash};

use crate::scene::{Scene, character, item, kit, new_character, session};

const HERE: Position = Position::tile_centre(2, 1);

#[test]
fn a_greeting_is_answered_with_who_where_and_what() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[("cap", 0)], 30), HERE);
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    let [
        ServerMessage::Welcome { entity, character: who, .. },
        ServerMessage::Content { items, .. },
        ServerMessage::MapLayout { .. },
        inventory,
    ] = heard.as_slice()
    else {
        panic!("expected welcome, content, map and inventory, heard {heard:?}")
    };
    assert_eq!((*entity, *who), (scene.net(1), character(1)));
    let ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
    assert!(ids.is_sorted() && ids.contains(&"cap"), "items are numbered by their ids' order: {ids:?}");
    let ServerMessage::Inventory { items, gold: 30, bag_slots: 4, .. } = inventory else {
        panic!("expected what one owns, heard {inventory:?}")
    };
    assert_eq!((items[0].item, items[0].definition.as_str(), items[0].slot), (item(1, 0), "cap", 0));
}

#[test]
fn another_protocol_is_refused_in_words_and_the_connection_ends() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[], 0), HERE);
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() ^ 1 });
    let refused = ServerMessage::Refused { request: "Hello".to_owned(), reason: Refusal::ProtocolMismatch };
    assert_eq!(heard, [refused, ServerMessage::Leave { reason: LeaveReason::Kicked }]);
    assert_eq!(scene.disconnected, [session(1)]);
}

#[test]
fn before_hello_nothing_else_is_heard() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[], 0), HERE);
    scene.refused(1, ClientMessage::ListChannels, Refusal::HelloFirst);
}

#[test]
fn a_second_hello_is_a_bad_message() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.refused(1, ClientMessage::Hello { protocol_hash: protocol_hash() }, Refusal::BadMessage);
}

#[test]
fn bytes_that_are_no_message_are_refused_and_counted() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.channel.push(ToChannel::Message { session: session(1), bytes: vec![200, 1, 2] });
    scene.tick();
    let refused = ServerMessage::Refused { request: String::new(), reason: Refusal::BadMessage };
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!(scene.violations, 1);
}

#[test]
fn a_flood_is_answered_once_a_second() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    for _ in 0..200 {
        scene.say(1, ClientMessage::ListChannels);
    }
    scene.tick();
    let heard = scene.hear(1);
    let limited = ServerMessage::Refused { request: String::new(), reason: Refusal::RateLimited };
    assert_eq!(heard.iter().filter(|message| **message == limited).count(), 1, "one word about it is enough");
    assert!(heard.len() <= 21, "no more answers than the burst, heard {}", heard.len());
    scene.ticks(30);
    let heard = scene.ask(1, ClientMessage::ListChannels);
    assert!(matches!(heard.as_slice(), [ServerMessage::Channels { .. }]), "a second later it is heard again");
}

#[test]
fn logout_says_goodbye_and_releases_the_character() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    let heard = scene.ask(1, ClientMessage::Logout);
    assert_eq!(heard, [ServerMessage::Leave { reason: LeaveReason::Logout }]);
    assert_eq!(scene.disconnected, [session(1)]);
    let released = |message: &FromMap| matches!(message, FromMap::Released { reason: LeaveReason::Logout, .. });
    assert!(scene.link.iter().any(released), "the sidecar gets its last save");
}

#[test]
fn whoever_is_kicked_hears_why() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.channel.push(ToChannel::Kick { character: character(1), reason: LeaveReason::Replaced });
    scene.tick();
    assert_eq!(scene.hear(1), [ServerMessage::Leave { reason: LeaveReason::Replaced }]);
}

#[test]
fn a_new_character_gets_its_starter_kit_exactly_once() {
    let mut scene = Scene::with(|app| {
        let warrior = StarterKit { items: vec!["cap".to_owned(), "potion".to_owned()], gold: 25 };
        app.insert_resource(StarterKits([(ClassIndex(1), warrior)].into()));
    });
    scene.join(1, new_character(1));
    scene.say(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    scene.tick();
    assert_eq!(scene.inventory(1).items().count(), 0, "nothing is there before the store has it");
    scene.hear(1);
    let event = scene.waiting[0].clone();
    scene.commit();
    let heard = scene.hear(1);
    assert_eq!(heard.len(), 3, "two items and the gold are told: {heard:?}");
    assert_eq!((scene.inventory(1).items().count(), scene.inventory(1).gold()), (2, 25));

    // It leaves before it was ever saved and comes back as new.
    scene.channel.push(ToChannel::Kick { character: character(1), reason: LeaveReason::Kicked });
    scene.tick();
    scene.join(1, new_character(1));
    assert_eq!(scene.waiting[0].key, event.key, "the same event is asked for");
    scene.commit();
    assert_eq!(scene.store.items_of(character(1)).len(), 2, "and happens once");
    assert_eq!(scene.store.gold_of(character(1)), 25);
}

#[test]
fn an_account_gets_the_kit_of_a_class_once_however_many_characters_it_makes() {
    for items in [vec!["cap".to_owned(), "potion".to_owned()], Vec::new()] {
        let kinds = items.len();
        let mut scene = Scene::with(move |app| {
            let kit = || StarterKit { items: items.clone(), gold: 25 };
            app.insert_resource(StarterKits([(ClassIndex(0), kit()), (ClassIndex(1), kit())].into()));
        });
        scene.join(1, new_character(1));
        scene.commit();
        assert_eq!((scene.inventory(1).items().count(), scene.inventory(1).gold()), (kinds, 25));

        // Another character of the same account and class: the store refuses, and the world must agree.
        scene.join(2, CharacterLoad { account: AccountId([1; 16]), ..new_character(2) });
        scene.commit();
        assert_eq!((scene.inventory(2).items().count(), scene.inventory(2).gold()), (0, 0));
        assert_eq!((scene.store.items_of(character(2)).len(), scene.store.gold_of(character(2))), (0, 0));

        scene.join(3, new_character(3));
        scene.commit();
        assert_eq!(scene.inventory(3).gold(), 25, "another account's first has its own");
        assert_eq!(scene.store.items_of(character(3)).len(), kinds);

        let mage = CharacterLoad { account: AccountId([1; 16]), class_id: "mage".into(), ..new_character(4) };
        scene.join(4, mage);
        scene.commit();
        assert_eq!(
            (scene.inventory(4).items().count(), scene.inventory(4).gold()),
            (kinds, 25),
            "another class has its own"
        );
        assert_eq!(scene.store.items_of(character(4)).len(), kinds);
    }
}
