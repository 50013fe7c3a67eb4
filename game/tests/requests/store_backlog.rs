//! Requests while too much waits for the store.

use realmgate_engine::channel::ToChannel;
use realmgate_protocol::ids::{EntityId, EventKey};
use realmgate_protocol::link::EventOutcome;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};

use crate::scene::{SMITH_AT, Scene, item, kit};

const HERE: Position = SMITH_AT.offset(1_024, 0);

/// A scene in which player 1 could do all that needs the store, and what it would ask for. It is in a trade with player
/// 2, who offers gold.
pub fn all_that_needs_the_store() -> (Scene, Vec<ClientMessage>) {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("cap", 0), ("potion", 1), ("hood", 101)], 50), HERE);
    scene.enter(2, kit(&[], 10), HERE);
    scene.kill_rat(1, HERE);
    scene.commit();
    let with = scene.net(2);
    scene.ask(1, ClientMessage::TradeRequest { with });
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    scene.ask(2, ClientMessage::TradeOffer { items: Vec::new(), gold: 10 });
    let vendor = scene.smith();
    let things: Vec<EntityId> = scene.ground().into_iter().map(|(thing, _)| thing).collect();
    let mut requests: Vec<ClientMessage> = things.into_iter().map(|entity| ClientMessage::PickUp { entity }).collect();
    requests.extend([
        ClientMessage::DropItem { item: item(1, 0) },
        ClientMessage::Equip { item: item(1, 0) },
        ClientMessage::Unequip { item: item(1, 2) },
        POTION,
        ClientMessage::VendorBuy { vendor, definition: "cap".to_owned(), price: 15 },
        ClientMessage::VendorSell { vendor, item: item(1, 0) },
    ]);
    (scene, requests)
}

/// Asks for all of it. Each is refused for this reason, and all stays as it is.
pub fn assert_refused(scene: &mut Scene, requests: Vec<ClientMessage>, reason: Refusal) {
    let state = |scene: &mut Scene| ([1, 2].map(|player| scene.belongings(player)), scene.ground());
    let before = state(scene);
    for request in requests {
        scene.refused(1, request, reason);
    }
    scene.ask(1, ClientMessage::TradeConfirm { revision: 2 });
    let heard = scene.ask(2, ClientMessage::TradeConfirm { revision: 2 });
    let refused = scene.refusal(2, "TradeConfirm", reason);
    let [.., ServerMessage::TradeState { revision: 2, mine, theirs, .. }, last] = &heard[..] else {
        panic!("heard {heard:?}")
    };
    assert_eq!((last, mine.confirmed, theirs.confirmed), (&refused, false, false), "the offer stands, unconfirmed");
    assert_eq!(state(scene), before);
}

/// Of the kit of player 1 in [`all_that_needs_the_store`].
pub const POTION: ClientMessage = ClientMessage::UseItem { item: item(1, 1) };

#[test]
fn nothing_is_promised_while_too_much_waits_for_the_store() {
    let (mut scene, requests) = all_that_needs_the_store();
    scene.flood_the_store();
    assert_refused(&mut scene, requests, Refusal::StoreBusy);

    let answered = EventOutcome { key: EventKey(0u128.to_le_bytes()), refusal: None };
    scene.channel.push(ToChannel::Committed { outcomes: vec![answered] });
    assert_eq!(scene.ask(1, POTION), [], "when one is answered there is room for one, and no cooldown to wait for");
    assert_eq!(scene.waiting.len(), 1);
    scene.refused(1, ClientMessage::DropItem { item: item(1, 0) }, Refusal::StoreBusy);
}
