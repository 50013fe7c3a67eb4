//! Messages from clients.

use realmgate_protocol::bits::BitReader;
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::ids::{ChannelId, EntityId};
use realmgate_protocol::realm::{self, Answers, ClientMessage, Refusal, ServerMessage};
use realmgate_protocol::schema::{Schema, Shape};

use crate::messages::{Family, check_family};
use crate::samples::{LARGE, item};

#[test]
fn every_message_of_a_client_has_its_bytes() {
    let family = Family {
        file: "client_messages",
        schema: realm::schema(),
        encode: encode_reliable,
        decode: decode_reliable::<ClientMessage>,
    };
    let seen = check_family(&family, &samples());
    for name in ClientMessage::VARIANTS {
        assert!(seen.contains(&format!("ClientMessage::{name}")), "ClientMessage::{name} has no golden vector");
    }
}

/// Clients of every version must understand why they are refused, so these three never change.
#[test]
fn the_refusal_of_a_foreign_protocol_keeps_its_numbers() {
    let schema = realm::schema();
    for (of, name, id) in
        [("ClientMessage", "Hello", 0), ("ServerMessage", "Refused", 3), ("Refusal", "ProtocolMismatch", 0)]
    {
        assert_eq!(id_of(&schema, of, name), Some(id), "{of}::{name} is known by this number to clients of any age");
    }
    let hello = encode_reliable(&ClientMessage::Hello { protocol_hash: LARGE }).unwrap();
    assert_eq!(BitReader::new(&hello).take_uint(), Some(0), "and says it");
    let refused = ServerMessage::Refused {
        request: "Hello".to_owned(),
        answers: Answers::Message { id: 0 },
        reason: Refusal::ProtocolMismatch,
    };
    // 3, a text of 5 bytes, 1 (a message) with its id, and 0.
    let refused = encode_reliable(&refused).unwrap();
    assert_eq!(refused, [&[3 << 2, 5 << 2][..], b"Hello", &[1 << 2, 0, 0]].concat());
}

fn id_of(schema: &Schema, of: &str, name: &str) -> Option<u32> {
    let Some(Shape::Enum(variants)) = schema.types.get(of) else { return None };
    variants.iter().find(|variant| variant.name == name).map(|variant| variant.id)
}

fn samples() -> Vec<ClientMessage> {
    use ClientMessage as M;
    let text = |text: &str| text.to_owned();
    vec![
        M::Hello { protocol_hash: LARGE },
        M::Logout,
        M::Respawn,
        M::PickUp { entity: EntityId(250) },
        M::PickUp { entity: EntityId(251) },
        M::PickUp { entity: EntityId(65_535) },
        M::PickUp { entity: EntityId(65_536) },
        M::DropItem { item: item(1) },
        M::Equip { item: item(2) },
        M::Unequip { item: item(3) },
        M::UseItem { item: item(4) },
        M::VendorList { vendor: EntityId(7) },
        M::VendorBuy { vendor: EntityId(7), definition: text("health_potion"), price: 25 },
        M::VendorSell { vendor: EntityId(7), item: item(5) },
        M::TradeRequest { with: EntityId(70_000) },
        M::TradeAnswer { accept: true },
        M::TradeAnswer { accept: false },
        M::TradeOffer { items: vec![item(1), item(2)], gold: 1_000 },
        M::TradeOffer { items: Vec::new(), gold: 0 },
        M::TradeConfirm { revision: 3 },
        M::TradeCancel,
        M::Chat { text: text("Hallo, schöne Welt") },
        M::Whisper { to: text("Ada"), text: text("hi") },
        M::PartyInvite { to: text("Ada") },
        M::PartyAnswer { party: 9_000_000_000, accept: true },
        M::PartyLeave,
        M::PartyChat { text: text("pull") },
        M::ListChannels,
        M::SwitchChannel { channel: ChannelId(2) },
        M::Ignore { name: text("Bert") },
        M::Unignore { name: text("Bert") },
        M::Look { x: 12 * 1_024, y: -1, follow: None },
        M::Look { x: 0, y: 0, follow: Some(EntityId(77)) },
        M::VendorBuyBack { vendor: EntityId(7), item: item(5), price: 4 },
    ]
}
