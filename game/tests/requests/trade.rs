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
    scene.ask(2, confirm(3));
    assert_eq!(scene.waiting.len(), 1, "one event for all of it");
    assert_eq!(scene.waiting[0].fences.len(), 2, "under both locks");
    assert_eq!(scene.slot(1, item(1, 0)), Some(2), "nothing has moved yet");
    scene.refused(1, ClientMessage::TradeCancel, Refusal::TradeBusy);
    both_hear(&mut scene);
    scene.commit();
    assert_eq!((scene.inventory(1).gold(), scene.inventory(2).gold()), (11, 4));
    assert!(scene.slot(1, item(2, 0)).is_some() && scene.slot(1, item(2, 1)).is_some());
    assert!(scene.slot(2, item(1, 0)).is_some() && scene.slot(1, item(1, 0)).is_none());
    for heard in both_hear(&mut scene) {
        assert_eq!(heard.last(), Some(&ended(TradeEnd::Done)), "{heard:?}");
        assert_eq!(heard.len(), 5, "three items, the gold, the end: {heard:?}");
    }
    assert_eq!(scene.store.items_of(character(1)).len(), 2);
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
    assert_eq!((scene.slot(1, item(1, 0)), scene.inventory(1).free_gold()), (Some(0), 10));
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
    scene.ask(1, offer(&[item(1, 0), item(1, 1)], 0));
    scene.ask(2, offer(&[item(2, 3)], 0));
    scene.ask(1, confirm(3));
    both_hear(&mut scene);
    let heard = scene.ask(2, confirm(3));
    let refused = ServerMessage::Refused { request: "TradeConfirm".to_owned(), reason: Refusal::BagFull };
    assert_eq!(heard.last(), Some(&refused), "{heard:?}");
    scene.ask(1, offer(&[item(1, 1)], 0));
    scene.ask(1, confirm(4));
    scene.ask(2, confirm(4));
    scene.commit();
    assert_eq!((scene.slot(1, item(2, 3)), scene.slot(2, item(1, 1))), (Some(1), Some(3)));
}

#[test]
fn what_is_offered_can_not_be_used_otherwise() {
    let mut scene = trading(kit(&[("cap", 0), ("hood", 1)], 10), kit(&[], 0));
    scene.ask(1, offer(&[item(1, 0)], 6));
    scene.refused(1, ClientMessage::DropItem { item: item(1, 0) }, Refusal::ItemBusy);
    scene.refused(1, ClientMessage::Equip { item: item(1, 0) }, Refusal::ItemBusy);
    assert_eq!(scene.inventory(1).free_gold(), 4);
    scene.ask(1, ClientMessage::TradeCancel);
    assert_eq!(scene.inventory(1).free_gold(), 10);
    scene.ask(1, ClientMessage::Equip { item: item(1, 0) });
    assert_eq!(scene.waiting.len(), 1);
}

#[test]
fn offers_that_can_not_be() {
    let mut scene = trading(kit(&[("cap", 0), ("hood", 101)], 10), kit(&[("tail", 0)], 0));
    scene.refused(1, offer(&[item(2, 0)], 0), Refusal::NotFound);
    scene.refused(1, offer(&[item(1, 0), item(1, 0)], 0), Refusal::BadMessage);
    scene.refused(1, offer(&[item(1, 1)], 0), Refusal::NotAllowed);
    scene.refused(1, offer(&[], 11), Refusal::TooLittleGold);
    scene.refused(1, confirm(9), Refusal::StaleTrade);
    scene.ask(1, ClientMessage::DropItem { item: item(1, 0) });
    scene.refused(1, offer(&[item(1, 0)], 0), Refusal::ItemBusy);
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
    scene.put(3, At(Position::tile_centre(11, 1)));
    scene.refused(3, request(two), Refusal::OutOfRange);
    scene.put(3, At(HERE));
    scene.ask(1, request(two));
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    scene.refused(3, request(one), Refusal::TradeBusy);
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

    scene.ask(1, ClientMessage::TradeRequest { with: two });
    assert_eq!(scene.ask(1, ClientMessage::TradeCancel), [ended(TradeEnd::Cancelled)]);
    scene.hear(2);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);

    scene.ask(1, ClientMessage::TradeRequest { with: two });
    scene.ticks(160);
    scene.refused(2, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);
}

#[test]
fn going_apart_dying_and_leaving_end_a_trade() {
    type Happening = fn(&mut Scene);
    let happenings: [(&str, Happening); 4] = [
        ("walks off", |scene| scene.put(2, At(Position::tile_centre(10, 1)))),
        ("dies", |scene| scene.put(2, Dead { since: Tick(1) })),
        ("leaves", |scene| scene.say(2, ClientMessage::Logout)),
        ("is cut off", |scene| scene.channel.push(ToChannel::Lost { session: session(2) })),
    ];
    for (what, happen) in happenings {
        let mut scene = trading(kit(&[("cap", 0)], 3), kit(&[], 0));
        scene.ask(1, offer(&[item(1, 0)], 3));
        scene.hear(1);
        happen(&mut scene);
        scene.ticks(2);
        assert_eq!(scene.hear(1), [ended(TradeEnd::Apart)], "the other {what}");
        assert_eq!(scene.inventory(1).free_gold(), 3, "what was offered is free when the other {what}");
    }
}

#[test]
fn whoever_leaves_while_the_store_decides_still_trades() {
    let mut scene = trading(kit(&[("cap", 0)], 0), kit(&[], 8));
    scene.ask(1, offer(&[item(1, 0)], 0));
    scene.ask(2, offer(&[], 8));
    scene.ask(1, confirm(3));
    scene.ask(2, confirm(3));
    scene.ask(2, ClientMessage::Logout);
    both_hear(&mut scene);
    scene.commit();
    assert_eq!(scene.hear(1).last(), Some(&ended(TradeEnd::Done)));
    assert_eq!(scene.inventory(1).gold(), 8);
    assert_eq!(scene.store.items_of(character(2)).len(), 1, "the one who left finds it next time");
}
