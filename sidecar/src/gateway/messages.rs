//! The messages between client and gateway: `{"event": …, "data": {…}}`.

use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::ids::{ChannelId, CharacterId};
use realmgate_protocol::movement::tiles;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::service::world::Entered;

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Enter the world.
    EnterWorld {
        /// The id of the character to enter with.
        character: CharacterId,
        /// The channel to enter; `None` for the least loaded.
        channel: Option<ChannelId>,
    },
    /// Leave the world.
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
    /// Parses a message. Text that is not a character id names no character.
    ///
    /// # Errors
    /// `BAD_MESSAGE` when the text is not a message of a known event, `CHARACTER_NOT_FOUND` when the character's id is
    /// not one.
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

/// A message of the gateway.
#[derive(Debug)]
pub enum ServerEvent {
    /// The socket is open.
    Welcome {
        /// The account's id.
        user_id: String,
        /// This gateway's id.
        gateway_id: String,
    },
    /// The player may enter: which map server to connect to.
    EnterWorldSuccess(Box<Entered>),
    /// The player is out of the world: saved, and free to enter again.
    LeaveWorldSuccess,
    /// The player, or the older one whose place is taken, fights: its body stays in the world for this long at most.
    Leaving(Duration),
    /// A request failed.
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
            Self::EnterWorldSuccess(entered) => json!({"event": "enter_world_success", "data": entered_data(entered)}),
            Self::LeaveWorldSuccess => json!({"event": "leave_world_success", "data": {}}),
            Self::Leaving(longest) => {
                json!({"event": "leaving", "data": {"seconds": longest.as_millis().div_ceil(1_000) as u64}})
            }
            Self::Error(error) => error_message(error),
        }
        .to_string()
    }
}

fn entered_data(Entered { character, map_name, grant }: &Entered) -> Value {
    // A map server without a map link does not speak our protocol, and does not say where a character appears.
    let is_linked = grant.protocol_hash != 0;
    let spawn = is_linked.then(|| json!({"x": tiles(grant.spawn_x), "y": tiles(grant.spawn_y)}));
    json!({
        "character_id": character.to_string(),
        "map_ip": grant.map_ip,
        "map_port": grant.map_port,
        "ticket": grant.ticket,
        "spawn_pos": spawn,
        "map_id": grant.map.0,
        "map_name": map_name,
        "channel": grant.channel.0,
        "server_id": grant.server,
        "connect_token": grant.connect_token,
        "map_ws_url": grant.map_ws_url,
        // As text: JSON numbers lose the last bits of 64.
        "protocol_hash": format!("{:016x}", grant.protocol_hash),
        "expires_in": grant.expires_in_s,
    })
}

/// The fields come twice, at the top and in `data`, since clients look for them in both places.
fn error_message(error: &Error) -> Value {
    let mut data = json!({"code": client_code(error.code).as_str(), "message": error.detail});
    if let Some(seconds) = error.retry_after_s {
        data["retry_after"] = seconds.into();
    }
    let mut message = data.clone();
    message["event"] = "error".into();
    message["data"] = data;
    message
}

/// Maps a code to one that clients of the gateway know.
fn client_code(code: ErrorCode) -> ErrorCode {
    use ErrorCode::{
        AlreadyOnline, BadMessage, CalledOff, CharacterDeleted, CharacterNotFound, Forbidden, Internal, MapFull,
        MapNotFound, MapServerUnreachable, RateLimited,
    };
    match code {
        Forbidden | MapNotFound | MapFull | CharacterDeleted | CharacterNotFound | AlreadyOnline
        | MapServerUnreachable | BadMessage | RateLimited => code,
        CalledOff => BadMessage,
        _ => Internal,
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::ids::MapId;
    use realmgate_protocol::link::TravelGrant;

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
        let id = "018f0000-0000-7000-8000-000000000001";
        let channel_65537 = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}","channel":65537}}}}"#);
        assert_eq!(ClientEvent::parse(&channel_65537).unwrap_err().code, ErrorCode::BadMessage);
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
    fn how_long_a_body_stays_is_told_in_whole_seconds() {
        let text = ServerEvent::Leaving(Duration::from_millis(4_100)).to_text();
        let message: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(message, json!({"event": "leaving", "data": {"seconds": 5}}));
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
        let entered =
            Entered { character: CharacterId([7; 16]), map_name: Some("greenvale".into()), grant: grant.clone() };
        let message: Value =
            serde_json::from_str(&ServerEvent::EnterWorldSuccess(Box::new(entered)).to_text()).unwrap();
        let expected = json!({
            "character_id": CharacterId([7; 16]).to_string(), "map_name": "greenvale",
            "map_ip": "127.0.0.1", "map_port": 4001, "ticket": "t", "spawn_pos": {"x": 1.5, "y": -0.5}, "map_id": 1,
            "channel": 2, "server_id": "map-server-1", "connect_token": "c", "map_ws_url": null,
            "protocol_hash": "00000000000000ab", "expires_in": 30,
        });
        assert_eq!(message["data"], expected);
        let grant = TravelGrant { protocol_hash: 0, ..grant };
        let unlinked = Entered { character: CharacterId([7; 16]), map_name: None, grant };
        let unlinked = ServerEvent::EnterWorldSuccess(Box::new(unlinked));
        let message: Value = serde_json::from_str(&unlinked.to_text()).unwrap();
        assert_eq!(message["data"]["spawn_pos"], Value::Null, "nobody says where");
    }
}
