//! Values from which samples are built.

use realmgate_protocol::entry::{EntryGrant, SpawnPosition};
use realmgate_protocol::ids::{AccountId, CharacterId, EventKey, ItemId, MapId};
use realmgate_protocol::link::{ItemRecord, SoftState};
use realmgate_protocol::realm::ItemView;
use serde::de::DeserializeOwned;

/// A number that a 64-bit floating-point number cannot hold.
pub const LARGE: u64 = 0xfedc_ba98_7654_3210;

fn uuid(kind: u8, last: u8) -> [u8; 16] {
    [0x01, 0x8f, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, kind, last]
}

pub fn account(last: u8) -> AccountId {
    AccountId(uuid(0xaa, last))
}

pub fn character(last: u8) -> CharacterId {
    CharacterId(uuid(0xcc, last))
}

pub fn item(last: u8) -> ItemId {
    ItemId(uuid(0x11, last))
}

pub fn event_key(last: u8) -> EventKey {
    EventKey(uuid(0xee, last))
}

pub fn item_view(last: u8, definition: &str, slot: u16) -> ItemView {
    ItemView { item: item(last), definition: definition.to_owned(), slot }
}

pub fn item_record(last: u8, definition: &str, slot: u16) -> ItemRecord {
    ItemRecord { item: item(last), definition: definition.to_owned(), slot }
}

pub fn soft_state() -> SoftState {
    SoftState {
        map: MapId(1),
        x: 10_752,
        y: 5_632,
        health: 87,
        resource: 40,
        cooldowns: Vec::new(),
        ..SoftState::default()
    }
}

/// A grant as its player gets it.
pub fn grant(map_ws_url: Option<&str>) -> String {
    let grant = EntryGrant {
        character_id: Some(character(1).to_string()),
        map_ip: "203.0.113.7".to_owned(),
        map_port: 4_002,
        ticket: "AQJrMA".to_owned(),
        spawn_pos: Some(SpawnPosition { x: 1.5, y: 68.25 }),
        map_id: 2,
        map_name: Some("The Deep".to_owned()),
        channel: 1,
        server_id: "map-server-2".to_owned(),
        connect_token: "TkVUQ09ERSAxLjAyAA".to_owned(),
        renet_connect_token: None,
        map_ws_url: map_ws_url.map(str::to_owned),
        map_wt_url: map_ws_url.map(|url| url.replace("wss", "https")),
        map_wt_cert_sha256: map_ws_url.map(|_| "5a".repeat(32)),
        protocol_hash: format!("{LARGE:016x}"),
        expires_in: 30,
    };
    serde_json::to_string(&grant).unwrap()
}

/// Every value of an enum without fields, by the names of its variants.
pub fn each<T: DeserializeOwned>(names: &[&str]) -> Vec<T> {
    names.iter().map(|name| serde_json::from_value((*name).into()).unwrap()).collect()
}
