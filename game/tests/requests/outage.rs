//! The store is away: play goes on, changes of ownership wait, and nothing is accepted that has no room to wait.

use realmgate_engine::channel::{ChannelState, ToChannel};
use realmgate_engine::persist::{MAX_PENDING_AWAY, PersistPort};
use realmgate_protocol::ids::{ChannelId, EntityId, EventKey, LockEpoch};
use realmgate_protocol::link::{EventRefusal, Fence, FromMap, LeaveReason, OwnedEvent};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, TradeEnd};

use crate::scene::{SMITH_AT, Scene, character, kit};
use crate::store_backlog::{POTION, all_that_needs_the_store, assert_refused};

const HERE: Position = SMITH_AT.offset(1_024, 0);
const SECOND: u32 = 30;

fn away(room: u32) -> ToChannel {
    ToChannel::StoreAway { room }
}

fn store(heard: &[ServerMessage]) -> Vec<(bool, u16)> {
    let store = |message: &ServerMessage| match message {
        ServerMessage::Store { away, pending } => Some((*away, *pending)),
        _ => None,
    };
    heard.iter().filter_map(store).collect()
}

fn buy(vendor: EntityId) -> ClientMessage {
    ClientMessage::VendorBuy { vendor, definition: "cap".to_owned(), price: 15 }
}

#[test]
fn what_waits_is_counted_shown_done_in_order_and_usable_only_then() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 45), HERE);
    let vendor = scene.smith();
    scene.channel.push(away(1_000));
    scene.tick();
    assert_eq!(store(&scene.hear(1)), [(true, 0)], "it is told at once");
    scene.say(1, buy(vendor));
    scene.tick();
    // Two in one tick, which have an order too.
    (0..2).for_each(|_| scene.say(1, buy(vendor)));
    scene.ticks(2 * SECOND);
    assert_eq!(store(&scene.hear(1)), [(true, 3)], "and how much waits, at most once a second");
    assert_eq!((scene.inventory(1).items().count(), scene.inventory(1).free_gold()), (0, 0));

    scene.channel.push(ToChannel::StoreBack);
    scene.tick();
    assert_eq!(store(&scene.hear(1)), [(false, 3)]);
    scene.commit();
    let gains: Vec<(&str, u64)> = scene.hear(1).iter().filter_map(gain).collect();
    let in_order = [("slot", 0), ("gold", 30), ("slot", 1), ("gold", 15), ("slot", 2), ("gold", 0)];
    assert_eq!(gains, in_order, "in the order in which they were done");
    let bought = scene.inventory(1).items().map(|(item, _)| item).next().expect("it has them");
    scene.ticks(SECOND);
    assert_eq!(store(&scene.hear(1)), [(false, 0)], "all is settled");
    assert_eq!(scene.ask(1, ClientMessage::DropItem { item: bought }), [], "it can be used now");
    scene.commit();
    scene.ticks(2 * SECOND);
    assert_eq!(store(&scene.hear(1)), [], "of what is done at once nobody is told");
}

fn gain(message: &ServerMessage) -> Option<(&'static str, u64)> {
    match message {
        ServerMessage::ItemPlaced { item } => Some(("slot", item.slot.into())),
        ServerMessage::Gold { total } => Some(("gold", *total)),
        _ => None,
    }
}

#[test]
fn what_has_no_room_to_wait_is_refused_and_all_stays_as_it_is() {
    let (mut scene, requests) = all_that_needs_the_store();
    scene.channel.push(away(0));
    scene.tick();
    assert_refused(&mut scene, requests, Refusal::StoreAway);
    scene.channel.push(ToChannel::StoreBack);
    scene.tick();
    assert_eq!(scene.ask(1, POTION), [], "there is no cooldown to wait for");
    assert_eq!(scene.waiting.len(), 1);
}

/// Submits as many events of a player as may wait.
fn fill(scene: &mut Scene, player: u8) {
    let mut port = scene.channel.world_mut().resource_mut::<PersistPort>();
    let fences = vec![Fence { character: character(player), epoch: LockEpoch(1) }];
    for key in 0..MAX_PENDING_AWAY as u8 {
        let (key, fences) = (EventKey([key; 16]), fences.clone());
        port.submit(OwnedEvent { key, reason: "fill".to_owned(), fences, changes: Vec::new() }).expect("there is room");
    }
}

#[test]
fn one_who_has_much_waiting_leaves_room_for_others() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 50), HERE);
    scene.enter(2, kit(&[], 50), HERE);
    let vendor = scene.smith();
    scene.channel.push(away(1_000));
    scene.tick();
    fill(&mut scene, 1);
    scene.ticks(SECOND + 1);
    assert_eq!(store(&scene.hear(1)).last(), Some(&(true, MAX_PENDING_AWAY)));
    scene.refused(1, buy(vendor), Refusal::StoreAway);
    let waiting = scene.waiting.len();
    scene.ask(2, buy(vendor));
    assert_eq!(scene.waiting.len(), waiting + 1);
}

#[test]
fn a_trade_that_waits_is_done_or_fails_when_the_store_is_back() {
    for fenced in [false, true] {
        let mut scene = Scene::new();
        scene.enter(1, kit(&[], 10), HERE);
        scene.enter(2, kit(&[], 10), HERE);
        let with = scene.net(2);
        scene.ask(1, ClientMessage::TradeRequest { with });
        scene.ask(2, ClientMessage::TradeAnswer { accept: true });
        scene.ask(2, ClientMessage::TradeOffer { items: Vec::new(), gold: 10 });
        scene.channel.push(away(1_000));
        scene.ask(1, ClientMessage::TradeConfirm { revision: 2 });
        scene.ask(2, ClientMessage::TradeConfirm { revision: 2 });
        scene.ticks(2 * SECOND);
        for player in [1, 2] {
            let heard = scene.hear(player);
            assert_eq!(store(&heard).last(), Some(&(true, 1)), "both wait for it");
            let has_ended = |message: &ServerMessage| matches!(message, ServerMessage::TradeEnded { .. });
            assert!(!heard.iter().any(has_ended) && scene.inventory(player).gold() == 10, "{heard:?}");
        }
        scene.channel.push(ToChannel::StoreBack);
        if fenced {
            let reason = LeaveReason::Replaced;
            scene.channel.push(ToChannel::Drop { character: character(2), reason });
        }
        scene.answer(|_| fenced.then_some(EventRefusal::Fenced));
        let heard = scene.hear(1);
        let end = if fenced { TradeEnd::Failed } else { TradeEnd::Done };
        assert!(heard.contains(&ServerMessage::TradeEnded { end }), "{heard:?}");
        assert_eq!(scene.inventory(1).gold(), if fenced { 10 } else { 20 });
        if !fenced {
            let is_told = scene.hear(2).contains(&ServerMessage::TradeEnded { end });
            assert_eq!((is_told, scene.inventory(2).gold()), (true, 0), "for both");
        }
    }
}

#[test]
fn who_is_dropped_hears_why_and_is_not_saved() {
    for reason in [LeaveReason::MovedOn, LeaveReason::Replaced] {
        let mut scene = Scene::new();
        scene.enter(1, kit(&[], 10), HERE);
        scene.link.clear();
        scene.channel.push(ToChannel::Drop { character: character(1), reason });
        scene.tick();
        assert_eq!(scene.hear(1), [ServerMessage::Leave { reason }]);
        assert_eq!(scene.disconnected.len(), 1);
        assert!(!scene.is_here(1));
        let is_save = |said: &FromMap| matches!(said, FromMap::Released { .. } | FromMap::Save { .. });
        assert!(!scene.link.iter().any(is_save), "{:?}", scene.link);
    }
}

#[test]
fn nobody_beyond_this_server_is_reached_while_the_store_is_away() {
    let mut scene = Scene::new();
    scene.enter(1, kit(&[], 0), HERE);
    scene.channel.push(away(1_000));
    scene.tick();
    let (to, text) = ("Bert".to_owned(), "hello".to_owned());
    for request in [
        ClientMessage::Whisper { to: to.clone(), text: text.clone() },
        ClientMessage::PartyChat { text },
        ClientMessage::PartyInvite { to },
        ClientMessage::PartyAnswer { party: 1, accept: true },
        ClientMessage::PartyLeave,
    ] {
        scene.refused(1, request, Refusal::StoreAway);
    }
    assert!(!scene.link.iter().any(|said| matches!(said, FromMap::Social { .. })));
    let channel = |channel| ChannelState { channel: ChannelId(channel), players: 1, capacity: 50 };
    scene.channel.push(ToChannel::Directory { channels: vec![channel(1), channel(2)] });
    scene.hear(1);
    scene.say(1, ClientMessage::SwitchChannel { channel: ChannelId(2) });
    scene.ticks(2);
    let refused = scene.refusal(1, "SwitchChannel", Refusal::StoreAway);
    assert_eq!(scene.hear(1), [refused], "nor any other channel");
    assert!(!scene.link.iter().any(|said| matches!(said, FromMap::Travel { .. })));
}
