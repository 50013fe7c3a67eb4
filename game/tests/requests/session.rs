//! Hello, log-out, starter kits, and requests out of turn.

use realmgate_engine::channel::ToChannel;
use realmgate_engine::replication::Replicated;
use realmgate_game::data::ClassIndex;
use realmgate_game::inventory::{StarterKit, StarterKits};
use realmgate_game::stats::{EquipmentBonus, StatsPlugin};
use realmgate_protocol::ids::{AccountId, ChannelId, MapId};
use realmgate_protocol::link::{CharacterLoad, FromMap, LeaveReason};
use realmgate_protocol::movement::{CollisionGrid, Position};
use realmgate_protocol::realm::{
    AbilityInfo, AbilityShape, ClientMessage, Health, ItemView, PlaceInfo, PlaceKind, Refusal, ServerMessage,
    protocol_hash,
};

use crate::content;
use crate::scene::{SMITH_AT, Scene, character, item, kit, new_character, session};

const HERE: Position = Position::tile_centre(2, 1);

#[test]
fn a_greeting_is_answered_with_who_where_and_what() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[("cap", 0)], 30), HERE);
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    let [welcome, ServerMessage::Content { classes, abilities, mobs, items, rules }, layout, inventory] =
        heard.as_slice()
    else {
        panic!("expected welcome, content, map and inventory, heard {heard:?}")
    };
    let who = ServerMessage::Welcome {
        protocol_hash: protocol_hash(),
        entity: scene.net(1),
        character: character(1),
        map: MapId(1),
        channel: ChannelId(1),
        tick: scene.now(),
        tick_hz: 30,
        body_radius: 300,
        slots: vec![0],
    };
    assert_eq!(*welcome, who);
    let names = [&ids(abilities, |ability| &ability.id), &ids(mobs, |mob| &mob.id), &ids(items, |item| &item.id)];
    assert_eq!(
        names,
        ["hit shot sweep zone", "rat", "cap crown hood pebble potion tail wand"],
        "numbered in the order of their ids"
    );
    assert_eq!(ids(classes, |class| &class.id), "mage warrior");
    assert_eq!(mobs[0].radius, 307, "0.3 tiles");
    assert_eq!((&classes[1].resource_name, &classes[1].slots), (&"rage".to_owned(), &vec![0]));
    assert_eq!((rules.pick_up_range, rules.vendor_range, rules.trade_range), (2 * 1_024, 3 * 1_024, 4 * 1_024));
    assert_eq!(rules.level_experience, [0, 100]);
    assert_eq!([rules.global_cooldown_ms, rules.loot_owner_ms, rules.loot_lifetime_ms], [1_000, 2_000, 10_000]);
    let limits = [rules.messages, rules.chat, rules.invitations].map(|limit| (limit.burst, limit.every_ms));
    assert_eq!(limits, [(20, 50), (3, 1_000), (3, 1_000)]);
    let ServerMessage::MapLayout { map: MapId(1), width: 14, height: 5, runs, places } = layout else {
        panic!("expected the map, heard {layout:?}")
    };
    assert_eq!(CollisionGrid::from_runs(14, 5, runs).as_ref(), Some(&scene.channel.settings().map.grid));
    let place = |kind, x, y, side, to_map| PlaceInfo { kind, x, y, width: side, height: side, to_map };
    let zone = place(PlaceKind::SafeZone, 1_024, 3_072, 1_024, 0);
    let [home, away] = [(1_024, 1), (3_072, 2)].map(|(y, to)| place(PlaceKind::Portal, 12_288, y, 1_024, to));
    assert_eq!(*places, [home, away, zone, place(PlaceKind::Vendor, SMITH_AT.x, SMITH_AT.y, 0, 0)]);
    let items = vec![ItemView { item: item(1, 0), definition: "cap".to_owned(), slot: 0 }];
    let owned = ServerMessage::Inventory { items, gold: 30, experience: 0, level: 1, bag_slots: 4 };
    assert_eq!(*inventory, owned);
}

#[test]
fn abilities_are_told_with_the_sizes_of_their_shapes() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[], 0), HERE);
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    let Some(ServerMessage::Content { abilities, .. }) = heard.get(1) else {
        panic!("expected the content, heard {heard:?}")
    };
    let sizes = |ability: &AbilityInfo| {
        let AbilityInfo { shape, range, cone_degrees, radius, burst_radius, speed_per_s, .. } = ability;
        (*shape, *range, *cone_degrees, *radius, *burst_radius, *speed_per_s)
    };
    let told: Vec<_> = abilities.iter().map(sizes).collect();
    let of_the_data = [
        (AbilityShape::Enemy, 2_048, 0, 0, 0, 0),
        (AbilityShape::Projectile, 9_216, 0, 154, 2_048, 18_432),
        (AbilityShape::Cone, 2_560, 120, 0, 0, 0),
        (AbilityShape::Ground, 6_144, 0, 1_536, 0, 0),
    ];
    assert_eq!(told, of_the_data, "shape, range, degrees, radius, burst, speed; what a shape does not have is 0");
}

/// The ids of all, in one line.
fn ids<T>(all: &[T], id: impl Fn(&T) -> &String) -> String {
    all.iter().map(|one| id(one).as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn another_protocol_is_refused_in_words_and_the_connection_ends() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[], 0), HERE);
    let heard = scene.ask(1, ClientMessage::Hello { protocol_hash: protocol_hash() ^ 1 });
    let refused = scene.refusal(1, "Hello", Refusal::ProtocolMismatch);
    assert_eq!(heard, [refused, ServerMessage::Leave { reason: LeaveReason::Kicked }]);
    assert_eq!(scene.disconnected, [session(1)]);
}

#[test]
fn before_hello_nothing_else_is_heard() {
    let mut scene = Scene::new();
    scene.enter_silently(1, kit(&[("cap", 0)], 0), HERE);
    scene.enter(2, kit(&[], 0), HERE);
    for early in [
        ClientMessage::ListChannels,
        ClientMessage::Logout,
        ClientMessage::Chat { text: "hi".to_owned() },
        ClientMessage::DropItem { item: item(1, 0) },
        ClientMessage::PartyLeave,
        ClientMessage::SwitchChannel { channel: ChannelId(2) },
    ] {
        scene.refused(1, early, Refusal::HelloFirst);
    }
    assert_eq!(scene.hear(2), []);
    assert!(scene.is_here(1));
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
    scene.say_bytes(1, "", vec![200, 1, 2]);
    scene.tick();
    let refused = scene.refusal(1, "", Refusal::BadMessage);
    assert_eq!(scene.hear(1), [refused]);
    assert_eq!(scene.violations, 1);
}

#[test]
fn a_flood_is_answered_once_a_second() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    let mut flood = |messages| {
        (0..messages).for_each(|_| scene.say(1, ClientMessage::ListChannels));
        scene.tick();
        let is_limited = |message: &ServerMessage| matches!(message, ServerMessage::Refused { reason: Refusal::RateLimited, request, .. } if request.is_empty());
        let (words, answers): (Vec<_>, Vec<_>) = scene.hear(1).into_iter().partition(is_limited);
        (words.len(), answers.len())
    };
    let (words, answers) = flood(200);
    assert!(words == 1 && (10..=20).contains(&answers), "{words} words about it, {answers} answers of a burst of 20");
    let words: usize = (1..60).map(|_| flood(3).0).sum();
    assert_eq!(words, 1, "in two seconds it is told twice");
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
    for reason in [LeaveReason::Replaced, LeaveReason::Kicked, LeaveReason::ServerClosing, LeaveReason::Abuse] {
        let mut scene = Scene::new();
        scene.enter(1, kit(&[], 0), HERE);
        scene.channel.push(ToChannel::Kick { character: character(1), reason });
        scene.tick();
        assert_eq!(scene.hear(1), [ServerMessage::Leave { reason }]);
        assert_eq!(scene.disconnected, [session(1)]);
    }
}

const HEAD: u16 = 101;

#[test]
fn a_new_character_wears_and_carries_its_starter_kit_which_it_gets_exactly_once() {
    let mut scene = Scene::with(|app| {
        let warrior = StarterKit { items: vec!["cap".to_owned(), "potion".to_owned()], gold: 25 };
        app.insert_resource(StarterKits([(ClassIndex(1), warrior)].into()));
    });
    scene.join(1, new_character(1));
    scene.say(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    scene.tick();
    assert_eq!(scene.inventory(1).items().count(), 0, "nothing is there before the store has it");
    assert_eq!(scene.hear(1), [], "nor is it welcomed");
    let event = scene.waiting[0].clone();
    scene.commit();
    let heard = scene.hear(1);
    let [ServerMessage::Welcome { .. }, .., ServerMessage::Inventory { items, gold: 25, .. }] = heard.as_slice() else {
        panic!("it is welcomed with its kit, and heard {heard:?}")
    };
    assert_eq!(items.iter().map(|item| item.definition.as_str()).collect::<Vec<_>>(), ["cap", "potion"]);
    let kit = |scene: &Scene| {
        let held = |slot| scene.inventory(1).in_slot(slot).map(|(_, held)| held.definition.clone()).unwrap_or_default();
        ([held(HEAD), held(0)], scene.inventory(1).items().count(), scene.inventory(1).gold())
    };
    let given = (["cap", "potion"].map(str::to_owned), 2, 25);
    assert_eq!(kit(&scene), given);

    // It leaves before it was ever saved and comes back as new.
    scene.channel.push(ToChannel::Kick { character: character(1), reason: LeaveReason::Kicked });
    scene.tick();
    scene.join(1, new_character(1));
    assert_eq!(scene.waiting[0].key, event.key, "the same event is asked for");
    scene.commit();
    assert_eq!(kit(&scene), given, "and happens once");
    assert_eq!((scene.store.items_of(character(1)).len(), scene.store.gold_of(character(1))), (2, 25));
}

#[test]
fn a_new_character_begins_with_the_health_that_its_kit_adds() {
    let mut scene = Scene::with(|app| {
        let warrior = StarterKit { items: vec!["cap".to_owned()], gold: 0 };
        app.insert_resource(StarterKits([(ClassIndex(1), warrior)].into())).add_plugins(StatsPlugin);
    });
    scene.join(1, new_character(1));
    scene.commit();
    scene.tick();
    let world = scene.channel.world();
    let Health { current, max } = world.get::<Replicated<Health>>(scene.entity(1)).expect("characters have it").0;
    let bonus = world.get::<EquipmentBonus>(scene.entity(1)).expect("characters have it").0.health;
    assert!(bonus > 0, "the cap adds health");
    assert_eq!(current, max);
    assert_eq!(i32::from(max), i32::from(content::data().classes[ClassIndex(1)].stats.health) + bonus);
}

#[test]
fn a_new_character_is_welcomed_without_its_kit_while_the_store_is_away() {
    let mut scene = Scene::with(|app| {
        let warrior = StarterKit { items: vec!["cap".to_owned()], gold: 0 };
        app.insert_resource(StarterKits([(ClassIndex(1), warrior)].into()));
    });
    scene.join(1, new_character(1));
    scene.say(1, ClientMessage::Hello { protocol_hash: protocol_hash() });
    scene.tick();
    assert_eq!(scene.hear(1), [], "the store has not answered");
    scene.channel.push(ToChannel::StoreAway { room: 10 });
    scene.ticks(2);
    let heard = scene.hear(1);
    let inventory = heard.iter().find(|message| matches!(message, ServerMessage::Inventory { .. }));
    let empty = ServerMessage::Inventory { items: vec![], gold: 0, experience: 0, level: 1, bag_slots: 4 };
    assert_eq!(inventory, Some(&empty), "heard {heard:?}");
    scene.channel.push(ToChannel::StoreBack);
    scene.commit();
    let item = ItemView {
        item: scene.inventory(1).in_slot(HEAD).expect("it is there").0,
        definition: "cap".into(),
        slot: HEAD,
    };
    assert!(scene.hear(1).contains(&ServerMessage::ItemPlaced { item }), "it is told when it comes");
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
