//! What client and gateway say to each other: `{"event": …, "data": {…}}`.

use realmgate_protocol::ids::{ChannelId, CharacterId};
use realmgate_protocol::link::TravelGrant;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Error, ErrorCode};

/// Units of a position in a tile.
const UNITS_PER_TILE: f64 = 1_024.0;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Into the world.
    EnterWorld {
        /// With whom.
        character: CharacterId,
        /// Into which channel; `None` for the least loaded.
        channel: Option<ChannelId>,
    },
    /// Out of the world.
    LeaveWorld,
}

#[derive(Deserialize)]
struct Envelope {
    event: String,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct EnterWorld {
    character_id: String,
    #[serde(default)]
    channel: Option<u16>,
}

impl ClientEvent {
    /// Reads a message. A character id that is none names no character.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &'static str| Error::new(ErrorCode::BadMessage, why);
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|_| bad("A message is {\"event\": …, \"data\": {…}}"))?;
        match envelope.event.as_str() {
            "enter_world" => {
                let data: EnterWorld = serde_json::from_value(envelope.data)
                    .map_err(|_| bad("enter_world takes {character_id, channel?}"))?;
                let character = data.character_id.parse().map_err(|_| ErrorCode::CharacterNotFound)?;
                Ok(Self::EnterWorld { character, channel: data.channel.map(ChannelId) })
            }
            "leave_world" => Ok(Self::LeaveWorld),
            _ => Err(bad("Unknown event")),
        }
    }
}

/// What the gateway says.
#[derive(Debug)]
pub enum ServerEvent {
    /// The socket is open.
    Welcome {
        /// The account.
        user_id: String,
        /// This gateway.
        gateway_id: String,
    },
    /// Where to connect.
    EnterWorldSuccess(Box<TravelGrant>),
    /// The player is out of the world: saved, and free to enter again.
    LeaveWorldSuccess,
    /// Something could not be done.
    Error(Error),
}

impl ServerEvent {
    /// The message as text.
    pub fn to_text(&self) -> String {
        match self {
            Self::Welcome { user_id, gateway_id } => json!({
                "event": "welcome",
                "data": {"message": "Connected to Gateway", "user_id": user_id, "gateway_id": gateway_id},
            }),
            Self::EnterWorldSuccess(grant) => json!({"event": "enter_world_success", "data": grant_data(grant)}),
            Self::LeaveWorldSuccess => json!({"event": "leave_world_success", "data": {}}),
            Self::Error(error) => error_message(error),
        }
        .to_string()
    }
}

fn grant_data(grant: &TravelGrant) -> Value {
    let tiles = |units: i32| f64::from(units) / UNITS_PER_TILE;
    json!({
        "map_ip": grant.map_ip,
        "map_port": grant.map_port,
        "ticket": grant.ticket,
        "spawn_pos": {"x": tiles(grant.spawn_x), "y": tiles(grant.spawn_y)},
        "map_id": grant.map.0,
        "channel": grant.channel.0,
        "server_id": grant.server,
        "connect_token": grant.connect_token,
        "map_ws_url": grant.map_ws_url,
        // As text: JSON numbers lose the last bits of 64.
        "protocol_hash": format!("{:016x}", grant.protocol_hash),
        "expires_in": grant.expires_in_s,
    })
}

/// The fields come twice, since clients look for them in both places.
fn error_message(error: &Error) -> Value {
    let (code, message) = (client_code(error.code).as_str(), error.detail.as_ref());
    json!({"event": "error", "code": code, "message": message, "data": {"code": code, "message": message}})
}

/// The codes that clients of the gateway know.
fn client_code(code: ErrorCode) -> ErrorCode {
    use ErrorCode::{
        AlreadyOnline, BadMessage, CharacterNotFound, Forbidden, Internal, MapFull, MapNotFound, MapServerUnreachable,
        RateLimited,
    };
    match code {
        Forbidden | MapNotFound | MapFull | CharacterNotFound | AlreadyOnline | MapServerUnreachable | BadMessage
        | RateLimited => code,
        _ => Internal,
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::MapId;

    use super::*;

    #[test]
    fn client_events_are_read() {
        let id = "018f0000-0000-7000-8000-000000000001";
        let enter = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}"}}}}"#);
        let character = id.parse().unwrap();
        assert_eq!(ClientEvent::parse(&enter).unwrap(), ClientEvent::EnterWorld { character, channel: None });
        let channel = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}","channel":2}}}}"#);
        let channel_2 = ClientEvent::EnterWorld { character, channel: Some(ChannelId(2)) };
        assert_eq!(ClientEvent::parse(&channel).unwrap(), channel_2);
        assert_eq!(ClientEvent::parse(r#"{"event":"leave_world","data":{}}"#).unwrap(), ClientEvent::LeaveWorld);
        assert_eq!(ClientEvent::parse(r#"{"event":"leave_world"}"#).unwrap(), ClientEvent::LeaveWorld);
    }

    #[test]
    fn everything_else_is_a_bad_message() {
        for bad in ["", "[]", "{}", "not json", r#"{"event":"dance"}"#, r#"{"event":"enter_world","data":{}}"#] {
            assert_eq!(ClientEvent::parse(bad).unwrap_err().code, ErrorCode::BadMessage, "{bad}");
        }
        let nobody = r#"{"event":"enter_world","data":{"character_id":"7"}}"#;
        assert_eq!(ClientEvent::parse(nobody).unwrap_err().code, ErrorCode::CharacterNotFound);
    }

    #[test]
    fn an_error_has_its_fields_twice() {
        let text = ServerEvent::Error(Error::new(ErrorCode::MapFull, "No room")).to_text();
        let message: Value = serde_json::from_str(&text).unwrap();
        let fields = json!({"code": "MAP_FULL", "message": "No room"});
        assert_eq!(message["data"], fields);
        assert_eq!((&message["code"], &message["message"]), (&fields["code"], &fields["message"]));
        assert_eq!(message["event"], "error");
    }

    #[test]
    fn codes_that_clients_do_not_know_are_internal() {
        let text = ServerEvent::Error(ErrorCode::Overloaded.into()).to_text();
        assert!(text.contains("INTERNAL"));
    }

    #[test]
    fn positions_are_in_tiles_and_the_hash_is_text() {
        let grant = TravelGrant {
            map_ip: "127.0.0.1".into(),
            map_port: 4001,
            ticket: "t".into(),
            spawn_x: 1_536,
            spawn_y: -512,
            map: MapId(1),
            channel: ChannelId(2),
            server: "map-server-1".into(),
            connect_token: "c".into(),
            map_ws_url: None,
            protocol_hash: 0xab,
            expires_in_s: 30,
        };
        let message: Value = serde_json::from_str(&ServerEvent::EnterWorldSuccess(Box::new(grant)).to_text()).unwrap();
        let expected = json!({
            "map_ip": "127.0.0.1", "map_port": 4001, "ticket": "t", "spawn_pos": {"x": 1.5, "y": -0.5}, "map_id": 1,
            "channel": 2, "server_id": "map-server-1", "connect_token": "c", "map_ws_url": null,
            "protocol_hash": "00000000000000ab", "expires_in": 30,
        });
        assert_eq!(message["data"], expected);
    }
}
