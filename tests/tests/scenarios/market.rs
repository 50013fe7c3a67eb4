//! Vendors, and trade between players.

use realmgate_protocol::ids::{EntityId, ItemId};
use realmgate_protocol::realm::{ClientMessage, EntityKind, Refusal, ServerMessage, SoldItem, TradeEnd, VendorItem};
use realmgate_tests::scenario::{Character, DATA, Ground, Scene, Stage, Who, tile};

use crate::goods::item;

fn shop() -> Ground {
    Ground::open(20, 11).vendor("greenvale_smith", (9, 5))
}

pub fn a_vendor_lists_sells_and_buys(stage: &Stage) {
    stage.play(shop(), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).gold(100).item("wolf_pelt", 0));
        let vendor = scene[anna].all(EntityKind::Vendor, None)[0];
        assert_eq!(scene.view(anna, vendor).name(), "Hulda the Smith");
        scene.say(anna, ClientMessage::VendorList { vendor });
        let (sells, buys) = scene.told(anna, "what there is", |message| match message {
            ServerMessage::VendorStock { sells, buys, .. } => Some((sells.clone(), buys.clone())),
            _ => None,
        });
        assert!(sells.contains(&VendorItem { definition: "leather_cap".to_owned(), price: 24 }), "{sells:?}");
        let smith = &DATA.vendors[DATA.vendors.find("greenvale_smith").unwrap()];
        let stock = smith.sells.iter().map(|offer| (offer.item.id(), offer.price));
        assert!(sells.iter().map(|sold| (sold.definition.as_str(), sold.price)).eq(stock), "{sells:?}");
        assert_eq!(buys, [VendorItem { definition: "wolf_pelt".to_owned(), price: 4 }]);

        scene.say(anna, ClientMessage::VendorBuy { vendor, definition: "leather_cap".to_owned(), price: 24 });
        gold_becomes(scene, anna, 76);
        item(scene, anna, "leather_cap");
        assert_eq!(scene[anna].session.possessions.items.len(), 2);
        let pelt = item(scene, anna, "wolf_pelt");
        scene.say(anna, ClientMessage::VendorSell { vendor, item: pelt });
        gold_becomes(scene, anna, 80);
        assert!(!scene[anna].session.possessions.items.contains_key(&pelt));
    });
}

pub fn a_sold_item_is_bought_back(stage: &Stage) {
    stage.play(shop(), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).gold(100).item("wolf_pelt", 0));
        let vendor = scene[anna].all(EntityKind::Vendor, None)[0];
        let pelt = item(scene, anna, "wolf_pelt");
        scene.say(anna, ClientMessage::VendorSell { vendor, item: pelt });
        gold_becomes(scene, anna, 104);
        scene.say(anna, ClientMessage::VendorList { vendor });
        let sold = scene.told(anna, "what was sold", |message| match message {
            ServerMessage::VendorStock { sold, .. } => Some(sold.clone()),
            _ => None,
        });
        assert_eq!(sold, [SoldItem { item: pelt, definition: "wolf_pelt".to_owned(), price: 4 }]);
        scene.ask_in_vain(anna, ClientMessage::VendorBuyBack { vendor, item: pelt, price: 3 }, Refusal::WrongPrice);
        scene.say(anna, ClientMessage::VendorBuyBack { vendor, item: pelt, price: 4 });
        gold_becomes(scene, anna, 100);
        assert_eq!(item(scene, anna, "wolf_pelt"), pelt, "the same item");
    });
}

pub fn a_vendor_refuses_bad_bargains(stage: &Stage) {
    stage.play(shop(), |scene: &mut Scene| {
        let hero = Character::at("Anna", "warrior", tile(7, 5)).gold(20).item("leather_cap", 101);
        let anna = scene.enter(hero);
        let vendor = scene[anna].all(EntityKind::Vendor, None)[0];
        let buy =
            |definition: &str, price| ClientMessage::VendorBuy { vendor, definition: definition.to_owned(), price };
        scene.ask_in_vain(anna, buy("rusty_sword", 15), Refusal::WrongPrice);
        scene.ask_in_vain(anna, buy("leather_cap", 24), Refusal::TooLittleGold);
        scene.ask_in_vain(anna, buy("crown_shard", 1), Refusal::NotFound);
        let cap = item(scene, anna, "leather_cap");
        scene.ask_in_vain(anna, ClientMessage::VendorSell { vendor, item: cap }, Refusal::NotAllowed);
        scene.ask_in_vain(anna, ClientMessage::VendorList { vendor: EntityId(9_999) }, Refusal::NotFound);
        scene.walk_to(anna, tile(3, 5));
        scene.ask_in_vain(anna, ClientMessage::VendorList { vendor }, Refusal::OutOfRange);
        let owned = &scene[anna].session.possessions;
        assert_eq!((owned.gold, owned.items.len()), (20, 1), "nothing has changed hands");
    });
}

pub fn a_full_bag_takes_nothing_more(stage: &Stage) {
    stage.play(shop(), |scene: &mut Scene| {
        let hero = Character::at("Anna", "warrior", tile(7, 5)).gold(100);
        let anna = scene.enter((0..24).fold(hero, |hero, slot| hero.item("old_bone", slot)));
        let vendor = scene[anna].all(EntityKind::Vendor, None)[0];
        let buy = ClientMessage::VendorBuy { vendor, definition: "rusty_sword".to_owned(), price: 16 };
        scene.ask_in_vain(anna, buy, Refusal::BagFull);
        let bert = scene.enter(Character::at("Bert", "warrior", tile(7, 5)).item("wolf_pelt", 0));
        scene.say(bert, ClientMessage::DropItem { item: item(scene, bert, "wolf_pelt") });
        scene.until("it lies there", 1, |scene| !scene[anna].all(EntityKind::GroundItem, None).is_empty());
        let entity = scene[anna].all(EntityKind::GroundItem, None)[0];
        scene.ask_in_vain(anna, ClientMessage::PickUp { entity }, Refusal::BagFull);
        let owned = &scene[anna].session.possessions;
        assert_eq!((owned.gold, owned.items.len()), (100, 24), "nothing was paid");
    });
}

#[track_caller]
fn gold_becomes(scene: &mut Scene, who: Who, expected: u64) {
    let total = scene.told(who, "of its gold", |message| match message {
        ServerMessage::Gold { total } => Some(*total),
        _ => None,
    });
    assert_eq!(total, expected);
    scene.steps(2);
}

/// Two who trade, and how the first sees the second.
fn two(scene: &mut Scene) -> (Who, Who) {
    let anna = scene.enter(Character::at("Anna", "warrior", tile(7, 5)).gold(50).item("wolf_pelt", 0));
    let bert = scene.enter(Character::at("Bert", "cleric", tile(9, 5)).gold(30).item("silver_staff", 0));
    scene.steps(2);
    (anna, bert)
}

fn agree_to_trade(scene: &mut Scene, anna: Who, bert: Who) {
    scene.say(anna, ClientMessage::TradeRequest { with: scene[bert].id() });
    let (from, name) = scene.told(bert, "who asks", |message| match message {
        ServerMessage::TradeRequested { from, name } => Some((*from, name.clone())),
        _ => None,
    });
    assert_eq!((from, name.as_str()), (scene[anna].id(), "Anna"));
    scene.say(bert, ClientMessage::TradeAnswer { accept: true });
    scene.until("both see the trade", 1, |scene| [anna, bert].iter().all(|who| scene[*who].session.trade.is_some()));
}

#[track_caller]
fn ends(scene: &mut Scene, who: Who, expected: TradeEnd) {
    let end = scene.told(who, "how the trade ends", |message| match message {
        ServerMessage::TradeEnded { end } => Some(*end),
        _ => None,
    });
    assert_eq!(end, expected);
}

fn revision(scene: &Scene, who: Who) -> u32 {
    scene[who].session.trade.as_ref().map_or(0, |trade| trade.revision)
}

pub fn a_trade_is_done_when_both_have_confirmed(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        agree_to_trade(scene, anna, bert);
        let (pelt, staff) = (item(scene, anna, "wolf_pelt"), item(scene, bert, "silver_staff"));
        scene.say(anna, ClientMessage::TradeOffer { items: vec![pelt], gold: 40 });
        scene.say(bert, ClientMessage::TradeOffer { items: vec![staff], gold: 0 });
        scene.until("both offers are seen", 1, |scene| {
            scene[anna]
                .session
                .trade
                .as_ref()
                .is_some_and(|trade| trade.theirs.items.iter().any(|item| item.item == staff) && trade.mine.gold == 40)
        });
        let old = revision(scene, bert);
        scene.say(bert, ClientMessage::TradeConfirm { revision: old });
        scene.until("his confirmation is seen", 1, |scene| {
            scene[anna].session.trade.as_ref().is_some_and(|trade| trade.theirs.confirmed)
        });
        // A changed offer takes his confirmation back.
        scene.say(anna, ClientMessage::TradeOffer { items: vec![pelt], gold: 35 });
        scene.until("it is taken back", 1, |scene| revision(scene, bert) > old);
        assert!(!scene[anna].session.trade.as_ref().unwrap().theirs.confirmed);
        scene.ask_in_vain(bert, ClientMessage::TradeConfirm { revision: old }, Refusal::StaleTrade);
        for who in [anna, bert] {
            scene.say(who, ClientMessage::TradeConfirm { revision: revision(scene, who) });
        }
        ends(scene, anna, TradeEnd::Done);
        ends(scene, bert, TradeEnd::Done);
        scene.steps(2);
        assert_eq!((scene[anna].session.possessions.gold, scene[bert].session.possessions.gold), (15, 65));
        let owned = |who: Who| scene[who].session.possessions.items.keys().copied().collect::<Vec<_>>();
        assert_eq!((owned(anna), owned(bert)), (vec![staff], vec![pelt]), "each has the other's, and not its own");
    });
}

pub fn a_trade_can_be_declined_cancelled_and_walked_away_from(stage: &Stage) {
    stage.play(Ground::open(20, 11), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        scene.say(anna, ClientMessage::TradeRequest { with: scene[bert].id() });
        scene.steps(2);
        // The next request has to be told anew.
        scene.hear(bert);
        scene.say(bert, ClientMessage::TradeAnswer { accept: false });
        ends(scene, anna, TradeEnd::Declined);
        agree_to_trade(scene, anna, bert);
        let pelt = item(scene, anna, "wolf_pelt");
        scene.say(anna, ClientMessage::TradeOffer { items: vec![pelt], gold: 40 });
        scene.steps(2);
        scene.say(bert, ClientMessage::TradeCancel);
        ends(scene, anna, TradeEnd::Cancelled);
        ends(scene, bert, TradeEnd::Cancelled);
        agree_to_trade(scene, anna, bert);
        scene[bert].heading = Some(realmgate_protocol::movement::Angle(0));
        ends(scene, anna, TradeEnd::Apart);
        scene[bert].heading = None;
        let gold = [anna, bert].map(|who| scene[who].session.possessions.gold);
        assert_eq!((gold, item(scene, anna, "wolf_pelt")), ([50, 30], pelt), "everybody has what it had");
    });
}

pub fn trades_that_can_not_be_are_refused(stage: &Stage) {
    stage.play(Ground::open(30, 11), |scene: &mut Scene| {
        let (anna, bert) = two(scene);
        let far = scene.enter(Character::at("Far", "ranger", tile(20, 5)));
        scene.steps(2);
        scene.ask_in_vain(anna, ClientMessage::TradeRequest { with: scene[far].id() }, Refusal::OutOfRange);
        scene.ask_in_vain(anna, ClientMessage::TradeRequest { with: scene[anna].id() }, Refusal::BadTarget);
        scene.ask_in_vain(anna, ClientMessage::TradeRequest { with: EntityId(9_999) }, Refusal::NotFound);
        scene.ask_in_vain(anna, ClientMessage::TradeAnswer { accept: true }, Refusal::NoTrade);
        scene.ask_in_vain(anna, ClientMessage::TradeOffer { items: Vec::new(), gold: 0 }, Refusal::NoTrade);
        scene.ask_in_vain(anna, ClientMessage::TradeCancel, Refusal::NoTrade);
        agree_to_trade(scene, anna, bert);
        scene.ask_in_vain(anna, ClientMessage::TradeOffer { items: Vec::new(), gold: 51 }, Refusal::TooLittleGold);
        let theirs = ClientMessage::TradeOffer { items: vec![ItemId([7; 16])], gold: 0 };
        scene.ask_in_vain(anna, theirs, Refusal::NotFound);
        let pelt = item(scene, anna, "wolf_pelt");
        scene.say(anna, ClientMessage::TradeOffer { items: vec![pelt], gold: 0 });
        scene.steps(2);
        scene.ask_in_vain(anna, ClientMessage::DropItem { item: pelt }, Refusal::ItemBusy);
    });
}
