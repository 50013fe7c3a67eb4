//! Requests while too much waits for the store.

use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage};

use crate::scene::{SMITH_AT, Scene, item, kit};

const HERE: Position = SMITH_AT.offset(1_024, 0);

fn smith(scene: &mut Scene) -> EntityId {
    let world = scene.channel.world_mut();
    let mut shops = world.query::<(&realmgate_engine::replication::NetEntity, &realmgate_game::vendor::Shop)>();
    shops.iter(world).next().expect("the smith is there").0.0
}

#[test]
fn nothing_is_promised_while_too_much_waits_for_the_store() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[("cap", 0), ("potion", 1), ("hood", 101)], 50), HERE);
    scene.enter(2, kit(&[], 10), HERE);
    scene.kill_rat(1, HERE);
    scene.commit();
    let with = scene.net(2);
    scene.ask(1, ClientMessage::TradeRequest { with });
    scene.ask(2, ClientMessage::TradeAnswer { accept: true });
    scene.ask(2, ClientMessage::TradeOffer { items: Vec::new(), gold: 10 });
    scene.flood_the_store();

    let vendor = smith(&mut scene);
    let things: Vec<EntityId> = scene.ground().into_iter().map(|(thing, _)| thing).collect();
    let mut requests: Vec<ClientMessage> = things.into_iter().map(|entity| ClientMessage::PickUp { entity }).collect();
    requests.extend([
        ClientMessage::DropItem { item: item(1, 0) },
        ClientMessage::Equip { item: item(1, 0) },
        ClientMessage::Unequip { item: item(1, 2) },
        ClientMessage::UseItem { item: item(1, 1) },
        ClientMessage::VendorBuy { vendor, definition: "cap".to_owned(), price: 15 },
        ClientMessage::VendorSell { vendor, item: item(1, 0) },
    ]);
    for request in requests {
        scene.refused(1, request, Refusal::StoreBusy);
    }
    scene.ask(1, ClientMessage::TradeConfirm { revision: 2 });
    let heard = scene.ask(2, ClientMessage::TradeConfirm { revision: 2 });
    let refused = ServerMessage::Refused { request: "TradeConfirm".to_owned(), reason: Refusal::StoreBusy };
    assert_eq!(heard.last(), Some(&refused), "{heard:?}");
    assert_eq!(scene.inventory(2).free_gold(), 0, "the offer still stands, unconfirmed");
    assert_eq!((scene.inventory(1).free_gold(), scene.ground().len()), (50, 2), "and all is as it was");
}
