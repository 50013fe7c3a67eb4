//! The messages between client and gateway, `{"event": …, "data": {…}}`, and which errors are told there by which code.

use std::time::Duration;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{ChannelId, CharacterId};
use serde::Deserialize;
use serde_json::{Value, json};

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Enter the world.
    EnterWorld {
        /// The id of the character to enter with.
        character: CharacterId,
        /// The channel to enter; `None` for the least loaded.
        channel: Option<ChannelId>,
        /// Whether it wants the connect token in the form of `renetcode`, too.
        renet: bool,
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
    #[serde(default)]
    renet: bool,
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
            serde_json::from_str(text).map_err(|_| bad("Expected {\"event\": …, \"data\": {…}}"))?;
        match envelope.event.as_str() {
            "enter_world" => {
                let data: EnterWorld = serde_json::from_value(envelope.data)
                    .map_err(|_| bad("enter_world expects {character_id, channel?, renet?}"))?;
                let character = data.character_id.parse().map_err(|_| ErrorCode::CharacterNotFound)?;
                Ok(Self::EnterWorld { character, channel: data.channel.map(ChannelId), renet: data.renet })
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
    EnterWorldSuccess(Box<EntryGrant>),
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
            Self::EnterWorldSuccess(grant) => json!({"event": "enter_world_success", "data": **grant}),
            Self::LeaveWorldSuccess => json!({"event": "leave_world_success", "data": {}}),
            Self::Leaving(longest) => {
                json!({"event": "leaving", "data": {"seconds": longest.as_millis().div_ceil(1_000) as u64}})
            }
            Self::Error(error) => error_message(error),
        }
        .to_string()
    }
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
        AlreadyOnline, BadMessage, CalledOff, CharacterDeleted, CharacterNotFound, EntryRefused, Forbidden, Internal,
        MapFull, MapNotFound, MapServerUnreachable, RateLimited,
    };
    match code {
        Forbidden | EntryRefused | MapNotFound | MapFull | CharacterDeleted | CharacterNotFound | AlreadyOnline
        | MapServerUnreachable | BadMessage | RateLimited => code,
        CalledOff => BadMessage,
        _ => Internal,
    }
}

#[cfg(test)]
mod tests {
    use realmgate_protocol::entry::SpawnPosition;

    use super::*;

    #[test]
    fn client_events_are_read() {
        let id = "018f0000-0000-7000-8000-000000000001";
        let enter = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}"}}}}"#);
        let character = id.parse().unwrap();
        assert_eq!(
            ClientEvent::parse(&enter).unwrap(),
            ClientEvent::EnterWorld { character, channel: None, renet: false }
        );
        let channel = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}","channel":2}}}}"#);
        let channel_2 = ClientEvent::EnterWorld { character, channel: Some(ChannelId(2)), renet: false };
        assert_eq!(ClientEvent::parse(&channel).unwrap(), channel_2);
        let renet = format!(r#"{{"event":"enter_world","data":{{"character_id":"{id}","renet":true}}}}"#);
        let asks_for_renet = ClientEvent::EnterWorld { character, channel: None, renet: true };
        assert_eq!(ClientEvent::parse(&renet).unwrap(), asks_for_renet);
        assert_eq!(ClientEvent::parse(r#"{"event":"leave_world","data":{}}"#).unwrap(), ClientEvent::LeaveWorld);
        assert_eq!(ClientEvent::parse(r#"{"event":"leave_world"}"#).unwrap(), ClientEvent::LeaveWorld);
    }

    fn parsed(event: &ServerEvent) -> Value {
        serde_json::from_str(&event.to_text()).unwrap()
    }

    #[test]
    fn everything_else_is_a_bad_message_and_what_is_no_id_names_no_character() {
        let fault = |text: &str| ClientEvent::parse(text).unwrap_err().code;
        for bad in ["", "[]", "{}", "not json", r#"{"event":7}"#, r#"{"event":"dance"}"#, r#"{"event":"enter_world"}"#]
        {
            assert_eq!(fault(bad), ErrorCode::BadMessage, "{bad}");
        }
        let enter = |data: Value| json!({"event": "enter_world", "data": data}).to_string();
        let id = "018f0000-0000-7000-8000-000000000001";
        for bad in [json!({}), json!({"character_id": 7}), json!(id)] {
            assert_eq!(fault(&enter(bad.clone())), ErrorCode::BadMessage, "{bad}");
        }
        for channel in [json!(65_536), json!(-1), json!(1.5), json!("2")] {
            let bad = json!({"character_id": id, "channel": channel});
            assert_eq!(fault(&enter(bad)), ErrorCode::BadMessage, "{channel}");
        }
        for nobody in ["", "7", &id[1..], &format!("{id}0")] {
            assert_eq!(fault(&enter(json!({"character_id": nobody}))), ErrorCode::CharacterNotFound, "{nobody:?}");
        }
    }

    #[test]
    fn an_error_has_its_fields_twice() {
        let full = (Error::new(ErrorCode::MapFull, "No room"), json!({"code": "MAP_FULL", "message": "No room"}));
        let fields = json!({"code": "RATE_LIMITED", "message": "Too many requests", "retry_after": 7});
        for (error, fields) in [full, (Error::rate_limited(7), fields)] {
            let mut expected = fields.clone();
            expected["event"] = "error".into();
            expected["data"] = fields;
            assert_eq!(parsed(&ServerEvent::Error(error)), expected);
        }
    }

    #[test]
    fn how_long_a_body_stays_is_told_in_whole_seconds() {
        for (ms, seconds) in [(4_100, 5), (4_000, 4), (3_999, 4), (1, 1), (0, 0)] {
            let message = parsed(&ServerEvent::Leaving(Duration::from_millis(ms)));
            assert_eq!(message, json!({"event": "leaving", "data": {"seconds": seconds}}), "{ms} ms");
        }
    }

    #[test]
    fn codes_that_clients_do_not_know_are_internal() {
        let known = [
            "FORBIDDEN",
            "ENTRY_REFUSED",
            "MAP_NOT_FOUND",
            "MAP_FULL",
            "CHARACTER_DELETED",
            "CHARACTER_NOT_FOUND",
            "ALREADY_ONLINE",
            "MAP_SERVER_UNREACHABLE",
            "BAD_MESSAGE",
            "RATE_LIMITED",
        ];
        for code in ErrorCode::ALL {
            let told = match code.as_str() {
                "CALLED_OFF" => "BAD_MESSAGE",
                code if known.contains(&code) => code,
                _ => "INTERNAL",
            };
            assert_eq!(parsed(&ServerEvent::Error((*code).into()))["code"], told, "{}", code.as_str());
        }
    }

    #[test]
    fn a_grant_is_told_under_the_names_of_the_contract() {
        let grant = EntryGrant {
            character_id: Some(CharacterId([7; 16]).to_string()),
            map_ip: "127.0.0.1".into(),
            map_port: 4001,
            ticket: "t".into(),
            spawn_pos: Some(SpawnPosition { x: 1.5, y: -0.5 }),
            map_id: 1,
            map_name: Some("greenvale".into()),
            channel: 2,
            server_id: "map-server-1".into(),
            connect_token: "c".into(),
            renet_connect_token: None,
            map_ws_url: None,
            map_wt_url: Some("https://127.0.0.1:5001/play".into()),
            map_wt_cert_sha256: Some("5a".repeat(32)),
            protocol_hash: "00000000000000ab".into(),
            expires_in: 30,
        };
        let message = parsed(&ServerEvent::EnterWorldSuccess(Box::new(grant)));
        let expected = json!({
            "character_id": CharacterId([7; 16]).to_string(), "map_name": "greenvale",
            "map_ip": "127.0.0.1", "map_port": 4001, "ticket": "t", "spawn_pos": {"x": 1.5, "y": -0.5}, "map_id": 1,
            "channel": 2, "server_id": "map-server-1", "connect_token": "c", "map_ws_url": null,
            "map_wt_url": "https://127.0.0.1:5001/play", "map_wt_cert_sha256": "5a".repeat(32),
            "protocol_hash": "00000000000000ab", "expires_in": 30,
        });
        assert_eq!(message, json!({"event": "enter_world_success", "data": expected}));
    }
}
