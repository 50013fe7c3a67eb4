//! Trades: offers, confirmations, and what ends them.

use realmgate_engine::body::At;
use realmgate_engine::channel::ToChannel;
use realmgate_game::death::Dead;
use realmgate_protocol::ids::{EntityId, ItemId, Tick};
use realmgate_protocol::link::EventRefusal;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, TradeEnd};

use crate::scene::{Kit, Scene, character, item, kit, session};

const HERE: Position = Position::tile_centre(3, 1);

/// Two players who stand together.
fn together(one: Kit, two: Kit) -> Scene {
    let mut scene = Scene::new();
    scene.enter(1, one, HERE);
    scene.enter(2, two, HERE.offset(1_024, 0));
    scene
}

/// Two players in a trade.
fn trading(one: Kit, two: Kit) -> Scene {
    let mut scene = together(one, two);
    let with = scene.net(2);
    scene.ask(1, ClientMessage::TradeRequest { with });
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    both_hear(&mut scene);
    scene
}

fn both_hear(scene: &mut Scene) -> [Vec<ServerMessage>; 2] {
    [scene.hear(1), scene.hear(2)]
}

fn offer(items: &[ItemId], gold: u64) -> ClientMessage {
    ClientMessage::TradeOffer { items: items.to_vec(), gold }
}

fn confirm(revision: u32) -> ClientMessage {
    ClientMessage::TradeConfirm { revision }
}

fn ended(end: TradeEnd) -> ServerMessage {
    ServerMessage::TradeEnded { end }
}

#[test]
fn a_trade_is_done_when_the_store_has_it() {
    let mut scene = trading(kit(&[("cap", 2)], 10), kit(&[("hood", 0), ("tail", 1)], 5));
    scene.ask(1, offer(&[item(1, 0)], 4));
    scene.ask(2, offer(&[item(2, 0), item(2, 1)], 5));
    both_hear(&mut scene);
    let heard = scene.ask(1, confirm(3));
    let [ServerMessage::TradeState { with, revision: 3, mine, theirs }] = heard.as_slice() else {
        panic!("expected the trade as it stands, heard {heard:?}")
    };
    assert_eq!(*with, scene.net(2));
    assert!((mine.confirmed, mine.gold, mine.items.len()) == (true, 4, 1), "{mine:?}");
    assert!((theirs.confirmed, theirs.gold, theirs.items.len()) == (false, 5, 2), "{theirs:?}");
    for heard in [scene.ask(2, confirm(3)), scene.hear(1)] {
        assert!(!heard.contains(&ended(TradeEnd::Done)), "{heard:?}");
    }
    assert_eq!(scene.waiting.len(), 1, "one event for all of it");
    assert_eq!(scene.waiting[0].fences.len(), 2, "under both locks");
    let before = [(vec![(item(1, 0), 2)], 10, 6), (vec![(item(2, 0), 0), (item(2, 1), 1)], 5, 0)];
    assert_eq!([1, 2].map(|player| scene.belongings(player)), before, "nothing has moved yet");
    scene.refused(1, ClientMessage::TradeCancel, Refusal::TradeBusy);
    scene.commit();
    let after = [(vec![(item(2, 0), 0), (item(2, 1), 1)], 11, 11), (vec![(item(1, 0), 2)], 4, 4)];
    assert_eq!([1, 2].map(|player| scene.belongings(player)), after, "each to the first slots that are free");
    for heard in both_hear(&mut scene) {
        assert_eq!(heard.last(), Some(&ended(TradeEnd::Done)), "{heard:?}");
        assert_eq!(heard.len(), 5, "three items, the gold, the end: {heard:?}");
    }
    assert_eq!([1, 2].map(|player| scene.store.items_of(character(player)).len()), [2, 1]);
}

#[test]
fn a_refused_trade_exchanges_nothing() {
    let mut scene = trading(kit(&[("cap", 0)], 10), kit(&[], 5));
    scene.ask(1, offer(&[item(1, 0)], 10));
    scene.ask(1, confirm(2));
    scene.ask(2, confirm(2));
    both_hear(&mut scene);
    scene.answer(|_| Some(EventRefusal::Fenced));
    assert_eq!(both_hear(&mut scene), [[ended(TradeEnd::Failed)], [ended(TradeEnd::Failed)]]);
    let before = [(vec![(item(1, 0), 0)], 10, 10), (vec![], 5, 5)];
    assert_eq!([1, 2].map(|player| scene.belongings(player)), before);
    scene.ask(1, ClientMessage::DropItem { item: item(1, 0) });
    assert_eq!(scene.waiting.len(), 1, "the item is free again");
}

#[test]
fn a_changed_offer_takes_confirmations_back() {
    let mut scene = trading(kit(&[("cap", 0)], 10), kit(&[("hood", 0)], 0));
    scene.ask(1, offer(&[item(1, 0)], 0));
    scene.ask(2, confirm(2));
    scene.ask(1, offer(&[], 0));
    scene.ask(1, confirm(3));
    assert!(scene.waiting.is_empty(), "the other has not agreed to the changed offer");
    scene.refused(2, confirm(2), Refusal::StaleTrade);
    let heard = scene.ask(1, offer(&[], 1));
    let [ServerMessage::TradeState { revision: 4, mine, theirs, .. }] = heard.as_slice() else {
        panic!("heard {heard:?}")
    };
    assert!(!mine.confirmed && !theirs.confirmed);
}

#[test]
fn full_bags_can_trade_one_for_one_but_not_for_two() {
    let full = || kit(&[("cap", 0), ("cap", 1), ("cap", 2), ("cap", 3)], 0);
    let mut scene = trading(full(), full());
    let two_for_one = (vec![item(1, 0), item(1, 1)], vec![item(2, 3)], 3);
    let one_for_two = (vec![item(1, 1)], vec![item(2, 2), item(2, 3)], 5);
    for (of_one, of_two, revision) in [two_for_one, one_for_two] {
        scene.ask(1, offer(&of_one, 0));
        scene.ask(2, offer(&of_two, 0));
        scene.ask(1, confirm(revision));
        both_hear(&mut scene);
        let heard = scene.ask(2, confirm(revision));
        let refused = scene.refusal(2, "TradeConfirm", Refusal::BagFull);
        assert_eq!((heard.last(), scene.waiting.len()), (Some(&refused), 0), "{heard:?}");
    }
    scene.ask(2, offer(&[item(2, 3)], 0));
    scene.ask(1, confirm(6));
    scene.ask(2, confirm(6));
    scene.commit();
    assert_eq!((scene.slot(1, item(2, 3)), scene.slot(2, item(1, 1))), (Some(1), Some(3)));
}

#[test]
fn what_is_offered_can_not_be_used_otherwise() {
    let mut scene = trading(kit(&[("cap", 0), ("potion", 1)], 20), kit(&[], 0));
    let (cap, potion, vendor) = (item(1, 0), item(1, 1), scene.smith());
    scene.ask(1, offer(&[cap, potion], 6));
    let buys = ClientMessage::VendorBuy { vendor, definition: "cap".to_owned(), price: 15 };
    let otherwise = [
        ClientMessage::DropItem { item: cap },
        ClientMessage::Equip { item: cap },
        ClientMessage::UseItem { item: potion },
        ClientMessage::VendorSell { vendor, item: cap },
    ];
    for request in otherwise.clone() {
        scene.refused(1, request, Refusal::ItemBusy);
    }
    scene.refused(1, buys.clone(), Refusal::TooLittleGold);
    assert_eq!(scene.inventory(1).free_gold(), 14);
    scene.ask(1, ClientMessage::TradeCancel);
    assert_eq!(scene.inventory(1).free_gold(), 20);
    for request in otherwise.into_iter().chain([buys]) {
        assert_eq!(scene.ask(1, request), []);
        assert_eq!(scene.waiting.len(), 1, "when the trade is over it can");
        scene.refuse();
    }
}

#[test]
fn offers_that_can_not_be() {
    let mut scene = trading(kit(&[("cap", 0), ("hood", 101), ("tail", 1)], 10), kit(&[("tail", 0)], 0));
    scene.ask(1, offer(&[item(1, 2)], 4));
    scene.refused(1, offer(&[item(2, 0)], 0), Refusal::NotFound);
    scene.refused(1, offer(&[item(1, 0), item(1, 0)], 0), Refusal::BadMessage);
    // Nobody has any of these: a dozen are read, and one more is not.
    let many: Vec<ItemId> = (20..33).map(|n| item(1, n)).collect();
    scene.refused(1, offer(&many[..12], 0), Refusal::NotFound);
    scene.refused(1, offer(&many, 0), Refusal::BadMessage);
    scene.refused(1, offer(&[item(1, 1)], 0), Refusal::NotAllowed);
    scene.refused(1, offer(&[], 11), Refusal::TooLittleGold);
    scene.refused(1, confirm(9), Refusal::StaleTrade);
    scene.ask(1, ClientMessage::DropItem { item: item(1, 0) });
    scene.refused(1, offer(&[item(1, 0)], 0), Refusal::ItemBusy);

    scene.refused(1, ClientMessage::DropItem { item: item(1, 2) }, Refusal::ItemBusy);
    assert_eq!(scene.inventory(1).free_gold(), 6, "the offer before them stands");
    let heard = scene.ask(1, confirm(2));
    let [ServerMessage::TradeState { revision: 2, mine, .. }] = &heard[..] else { panic!("heard {heard:?}") };
    assert_eq!((mine.items.len(), mine.gold, mine.confirmed), (1, 4, true));
}

#[test]
fn requests_that_can_not_be() {
    let mut scene = together(kit(&[], 0), kit(&[], 0));
    scene.enter(3, kit(&[], 0), HERE);
    let (one, two) = (scene.net(1), scene.net(2));
    let request = |with| ClientMessage::TradeRequest { with };
    scene.refused(1, request(one), Refusal::BadTarget);
    scene.refused(1, request(EntityId(9_999)), Refusal::NotFound);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);
    scene.refused(1, offer(&[], 0), Refusal::NoTrade);
    scene.refused(1, confirm(1), Refusal::NoTrade);
    scene.refused(1, ClientMessage::TradeCancel, Refusal::NoTrade);
    let far = |units| At(HERE.offset(1_024 - units, 0));
    scene.put(3, far(4 * 1_024 + 1));
    scene.refused(3, request(two), Refusal::OutOfRange);
    assert_eq!(scene.hear(2), [], "it is not asked");
    scene.put(3, far(4 * 1_024));
    assert_eq!(scene.ask(3, request(two)), []);
    assert_eq!(scene.hear(2).len(), 1, "it is, from 4 tiles");
    scene.ask(1, request(two));
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    scene.hear(1);
    // 3's request still stands.
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::TradeBusy);
    scene.refused(3, request(one), Refusal::TradeBusy);
    scene.refused(3, request(two), Refusal::TradeBusy);
    assert_eq!(scene.hear(1), []);
    let three = scene.net(3);
    [1, 2].into_iter().for_each(|trader| scene.refused(trader, request(three), Refusal::TradeBusy));
    assert_eq!(scene.hear(3), [], "nor is who is not trading asked by one who is");
    scene.put(3, Dead { since: Tick(1) });
    scene.refused(1, request(three), Refusal::NotFound);
}

#[test]
fn a_request_that_stands_keeps_nobody_else_from_asking() {
    let mut scene = together(kit(&[], 0), kit(&[], 0));
    scene.enter(3, kit(&[], 0), HERE);
    let (one, two, three) = (scene.net(1), scene.net(2), scene.net(3));
    scene.ask(1, ClientMessage::TradeRequest { with: two });
    assert_eq!(scene.ask(3, ClientMessage::TradeRequest { with: two }), []);
    let asked = |from, player: u8| ServerMessage::TradeRequested { from, name: format!("Player{player}") };
    assert_eq!(scene.hear(2), [asked(one, 1), asked(three, 3)]);
    assert_eq!(scene.ask(2, ClientMessage::TradeRequest { with: three }), []);
    assert_eq!(scene.hear(3), [asked(two, 2)], "nor does one's own");
    scene.ask(2, ClientMessage::TradeAnswer { accept: false });
    assert_eq!([scene.hear(1), scene.hear(3)], [vec![], vec![ended(TradeEnd::Declined)]], "the last one is answered");
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    assert!(matches!(scene.hear(1).as_slice(), [ServerMessage::TradeState { with, .. }] if *with == two));
}

#[test]
fn a_request_is_told_declined_taken_back_or_forgotten() {
    let mut scene = together(kit(&[], 0), kit(&[], 0));
    let (one, two) = (scene.net(1), scene.net(2));
    scene.ask(1, ClientMessage::TradeRequest { with: two });
    assert_eq!(scene.hear(2), [ServerMessage::TradeRequested { from: one, name: "Player1".to_owned() }]);
    scene.ask(2, ClientMessage::TradeAnswer { accept: false });
    assert_eq!(scene.hear(1), [ended(TradeEnd::Declined)]);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);

    assert_eq!(scene.ask(1, ClientMessage::TradeRequest { with: two }), [], "it may ask again");
    assert_eq!(scene.ask(1, ClientMessage::TradeCancel), [ended(TradeEnd::Cancelled)]);
    assert_eq!(scene.hear(2).last(), Some(&ended(TradeEnd::Cancelled)));
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);

    scene.ask(1, ClientMessage::TradeRequest { with: two });
    scene.ticks(149);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);
    scene.ask(1, ClientMessage::TradeRequest { with: two });
    scene.ticks(148);
    let heard = scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    assert!(matches!(heard[..], [ServerMessage::TradeState { .. }]), "it stands for five seconds: {heard:?}");
}

#[test]
fn going_apart_dying_and_leaving_end_a_trade() {
    type Happening = fn(&mut Scene, u8);
    let happenings: [(&str, Happening); 4] = [
        ("walks off", |scene, who| scene.put(who, At(Position::tile_centre(10, 1)))),
        ("dies", |scene, who| scene.put(who, Dead { since: Tick(1) })),
        ("leaves", |scene, who| scene.say(who, ClientMessage::Logout)),
        ("is cut off", |scene, who| scene.channel.push(ToChannel::Lost { session: session(who) })),
    ];
    // Who asked and who was asked by turns.
    for ((what, happen), (who, stays)) in happenings.into_iter().flat_map(|what| [(what, (1, 2)), (what, (2, 1))]) {
        let mut scene = trading(kit(&[("cap", 0)], 3), kit(&[("cap", 0)], 3));
        scene.ask(stays, offer(&[item(stays, 0)], 3));
        scene.hear(stays);
        happen(&mut scene, who);
        scene.ticks(2);
        assert_eq!(scene.hear(stays), [ended(TradeEnd::Apart)], "{who} {what}");
        assert_eq!(scene.inventory(stays).free_gold(), 3, "what was offered is free when {who} {what}");
        assert!(!scene.inventory(stays).is_set_aside(item(stays, 0)), "{who} {what}");
        scene.refused(stays, ClientMessage::TradeCancel, Refusal::NoTrade);
    }
}

#[test]
fn whoever_leaves_while_the_store_decides_still_trades() {
    for (leaves, stays) in [(2, 1), (1, 2)] {
        let kit_of = |player: u8| if player == stays { kit(&[("cap", 0)], 0) } else { kit(&[], 8) };
        let mut scene = trading(kit_of(1), kit_of(2));
        scene.ask(stays, offer(&[item(stays, 0)], 0));
        scene.ask(leaves, offer(&[], 8));
        scene.ask(1, confirm(3));
        scene.ask(2, confirm(3));
        scene.ask(leaves, ClientMessage::Logout);
        scene.ticks(2 * 30);
        assert!(!scene.is_here(leaves), "it waits two seconds for the store");
        both_hear(&mut scene);
        scene.commit();
        let gone = ServerMessage::ItemGone { item: item(stays, 0) };
        assert_eq!(scene.hear(stays), [gone, ServerMessage::Gold { total: 8 }, ended(TradeEnd::Done)]);
        assert_eq!(scene.belongings(stays), (vec![], 8, 8));
        assert_eq!(scene.store.items_of(character(leaves)).len(), 1, "the one who left finds it next time");
        assert_eq!(scene.store.gold_of(character(leaves)), 0);
    }
}
