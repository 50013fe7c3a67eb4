//! Messages from servers, and the parts of those that are too long.

use realmgate_protocol::codec::{decode_reliable, decode_split, encode_reliable, encode_split};
use realmgate_protocol::ids::{ChannelId, EntityId, MapId, Tick};
use realmgate_protocol::limits::MAX_PART_BYTES;
use realmgate_protocol::link::{LeaveReason, PartyMember};
use realmgate_protocol::realm::{
    self, AbilityInfo, AbilityShape, Answers, BonusInfo, ChannelInfo, ChatScope, ClassInfo, CombatKind, ConsumableInfo,
    ItemInfo, MobInfo, OfferView, PlaceInfo, PlaceKind, RateLimit, Refusal, Rules, ServerMessage, SoldItem, TradeEnd,
    VendorItem,
};
use realmgate_protocol::wire::parts::{Reassembly, split};
use serde_json::json;

use crate::messages::{Family, assert_all_seen, check_family};
use crate::samples::{LARGE, character, each, grant, item, item_view};
use crate::vectors::{Vector, check, hex};

#[test]
fn every_message_of_a_server_has_its_bytes() {
    let family = Family {
        file: "server_messages",
        schema: realm::schema(),
        encode: encode_reliable,
        decode: decode_reliable::<ServerMessage>,
    };
    let mut seen = check_family(&family, &samples());
    for name in ServerMessage::VARIANTS {
        assert!(seen.contains(&format!("ServerMessage::{name}")), "ServerMessage::{name} has no golden vector");
    }
    // The client's messages and the kinds of entities are the only other parts of the schema. They are in other files.
    seen.extend(realm::ClientMessage::VARIANTS.iter().map(|name| format!("ClientMessage::{name}")));
    seen.extend(["none", "some"].map(|which| format!("ClientMessage::Look.follow {which}")));
    seen.extend(realm::EntityKind::VARIANTS.iter().map(|name| format!("EntityKind::{name}")));
    assert_all_seen(&family.schema, &seen);
}

#[test]
fn a_long_message_is_split_as_recorded() {
    let long = |bytes: usize| ServerMessage::Chat {
        scope: ChatScope::Channel,
        from: "Ada".to_owned(),
        text: "0123456789".chars().cycle().take(bytes).collect(),
    };
    let made: Vec<Vector> = [("two_parts", 1_200), ("three_parts", 2_000)]
        .map(|(name, bytes)| {
            let message = long(bytes);
            let content = encode_split(&message).unwrap();
            let mut reassembly = Reassembly::default();
            let (mut parts, mut whole) = (Vec::new(), None);
            for (index, count, bytes) in split(&content) {
                parts.push(encode_reliable(&ServerMessage::Part { index, count, bytes: bytes.to_vec() }).unwrap());
                whole = reassembly.take(index, count, bytes).unwrap();
            }
            assert_eq!(decode_split::<ServerMessage>(&whole.unwrap()).unwrap(), message, "parts come together");
            assert_eq!(parts.len(), content.len().div_ceil(MAX_PART_BYTES));
            let parts: Vec<String> = parts.iter().map(|part| hex(part)).collect();
            let what = "A message that is too long for one (hex), and the messages it is sent in instead, in order.";
            Vector::new(name, what, json!({ "parts": parts }), &content)
        })
        .into();
    check("parts", &made);
}

fn samples() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let mut samples = on_entering();
    let answers = Answers::Command { number: 70_000, slot: 2 };
    let refused = |reason| M::Refused { request: "Ability".into(), answers, reason };
    samples.extend(each(Refusal::VARIANTS).into_iter().map(refused));
    let answers = Answers::Message { id: 3 };
    samples.push(M::Refused { request: "PickUp".into(), answers, reason: Refusal::OutOfRange });
    let answers = Answers::Nothing;
    samples.push(M::Refused { request: "Portal".into(), answers, reason: Refusal::TravelFailed });
    samples.extend(possessions());
    samples.extend(fighting());
    samples.extend(trading());
    samples.extend(talking());
    samples.extend([M::Travel { grant: grant(None) }, M::Travel { grant: grant(Some("wss://203.0.113.7:4002/play")) }]);
    samples.push(M::Store { away: true, pending: 300 });
    samples.push(M::LeavingIn { ms: 6_000, at_most_ms: 30_000 });
    samples.push(M::Ignored { names: vec!["Bert".into(), "Carl".into()] });
    samples.extend(each::<LeaveReason>(LeaveReason::VARIANTS).into_iter().map(|reason| M::Leave { reason }));
    samples
}

fn on_entering() -> Vec<ServerMessage> {
    let ability = |shape: AbilityShape| AbilityInfo {
        id: format!("ability_{}", shape.name().to_lowercase()),
        name: shape.name().to_owned(),
        shape,
        range: 6_144,
        cone_degrees: if shape == AbilityShape::Cone { 120 } else { 0 },
        radius: match shape {
            AbilityShape::Projectile => 154,
            AbilityShape::Ground => 2_560,
            _ => 0,
        },
        burst_radius: if shape == AbilityShape::Projectile { 2_048 } else { 0 },
        speed_per_s: if shape == AbilityShape::Projectile { 18_432 } else { 0 },
        min_level: 2,
        cost: 300,
        cast_ms: 1_500,
        cast_while_moving: false,
        cooldown_ms: 8_000,
        off_global_cooldown: shape == AbilityShape::Own,
        friendly: shape == AbilityShape::Ally,
    };
    let place = |kind: PlaceKind| PlaceInfo {
        kind,
        x: 1_024,
        y: 70_000,
        width: 2_048,
        height: 0,
        to_map: if kind == PlaceKind::Portal { 2 } else { 0 },
    };
    let item = |id: &str, worn_slot| ItemInfo {
        id: id.to_owned(),
        name: id.replace('_', " "),
        worn_slot,
        classes: if worn_slot.is_some() { vec![0, 2] } else { Vec::new() },
        min_level: 1,
        bonuses: BonusInfo {
            power: if worn_slot.is_some() { 6 } else { 0 },
            speed_per_mille: -20,
            ..Default::default()
        },
        consumable: worn_slot.is_none().then_some(ConsumableInfo { heal: 60, resource: 0, cooldown_ms: 20_000 }),
        value: 40,
    };
    vec![
        ServerMessage::Welcome {
            protocol_hash: LARGE,
            entity: EntityId(5),
            character: character(1),
            map: MapId(1),
            channel: ChannelId(1),
            tick: Tick(70_000),
            tick_hz: 30,
            body_radius: 320,
            slots: vec![0, 3, 7],
        },
        ServerMessage::Content {
            classes: vec![ClassInfo {
                id: "warrior".into(),
                name: "Warrior".into(),
                resource_name: "Rage".into(),
                slots: vec![0, 3, 7],
            }],
            abilities: each(AbilityShape::VARIANTS).into_iter().map(ability).collect(),
            mobs: vec![MobInfo { id: "wolf".into(), name: "Wolf".into(), aggressive: true, radius: 358 }],
            items: vec![item("rusty_sword", Some(100)), item("health_potion", None)],
            rules: rules(),
        },
        ServerMessage::MapLayout {
            map: MapId(1),
            width: 6,
            height: 4,
            runs: vec![7, 2, 4, 2, 9],
            places: each(PlaceKind::VARIANTS).into_iter().map(place).collect(),
        },
        ServerMessage::Part { index: 0, count: 2, bytes: vec![0, 250, 251, 255] },
    ]
}

fn rules() -> Rules {
    Rules {
        pick_up_range: 2_048,
        vendor_range: 3_072,
        trade_range: 5_120,
        global_cooldown_ms: 900,
        loot_owner_ms: 30_000,
        loot_lifetime_ms: 120_000,
        level_experience: vec![0, 100, 5_000_000_000],
        messages: RateLimit { burst: 40, every_ms: 50 },
        chat: RateLimit { burst: 5, every_ms: 1_500 },
        invitations: RateLimit { burst: 3, every_ms: 5_000 },
    }
}

fn possessions() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let items = vec![item_view(1, "rusty_sword", 100), item_view(2, "health_potion", 0)];
    vec![
        M::Inventory { items, gold: 1_000_000, experience: 250, level: 3, bag_slots: 24 },
        M::ItemPlaced { item: item_view(2, "health_potion", 4) },
        M::ItemGone { item: item(2) },
        M::Gold { total: 5_000_000_000 },
        M::Experience { gained: 40, total: 290, level: 3 },
        M::LevelUp { level: 4 },
        M::VendorStock {
            vendor: EntityId(9),
            sells: vec![VendorItem { definition: "health_potion".into(), price: 25 }],
            buys: vec![VendorItem { definition: "rusty_sword".into(), price: 251 }],
            sold: vec![SoldItem { item: item(5), definition: "wolf_pelt".into(), price: 4 }],
        },
    ]
}

fn fighting() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let combat = |kind: CombatKind| M::Combat {
        kind,
        source: EntityId(5),
        target: EntityId(70_000),
        ability: (kind != CombatKind::Tick).then_some(3),
        amount: 300,
    };
    let mut samples: Vec<M> = each(CombatKind::VARIANTS).into_iter().map(combat).collect();
    samples.extend([
        M::Kill { target: EntityId(70_000), mob: Some(0) },
        M::Kill { target: EntityId(6), mob: None },
        M::Died { by: Some(EntityId(70_000)) },
        M::Died { by: None },
        M::Respawned,
    ]);
    samples
}

fn trading() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let mine = OfferView { items: vec![item_view(1, "rusty_sword", 0)], gold: 0, confirmed: true };
    let theirs = OfferView { items: Vec::new(), gold: 300, confirmed: false };
    let mut samples = vec![
        M::TradeRequested { from: EntityId(6), name: "Ada".into() },
        M::TradeState { with: EntityId(6), revision: 2, mine, theirs },
    ];
    samples.extend(each(TradeEnd::VARIANTS).into_iter().map(|end| M::TradeEnded { end }));
    samples
}

fn talking() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let member = |last, name: &str| PartyMember { character: character(last), name: name.into(), online: last == 1 };
    let chat = |scope| M::Chat { scope, from: "Ada".into(), text: "hi".into() };
    let mut samples: Vec<M> = each(ChatScope::VARIANTS).into_iter().map(chat).collect();
    samples.extend([
        M::WhisperSent { to: "Ada".into(), text: "hi".into() },
        M::PartyInvited { party: 9_000_000_000, from: "Ada".into() },
        M::Party { party: 9_000_000_000, members: vec![member(1, "Ada"), member(2, "Bo")] },
        M::Party { party: 0, members: Vec::new() },
        M::Channels { channels: vec![ChannelInfo { channel: ChannelId(1), players: 12, capacity: 100 }] },
    ]);
    samples
}
