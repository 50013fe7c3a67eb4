//! What a gateway reads from a client's WebSocket.

use realmgate_sidecar::gateway::{ClientEvent, ServerEvent};
use serde_json::{Value, json};

/// A text message.
pub fn gateway(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ClientEvent::parse(text) {
        Ok(event) => {
            let again = match &event {
                ClientEvent::EnterWorld { character, channel, renet } => {
                    let (character, channel) = (character.to_string(), channel.map(|channel| channel.0));
                    let data = json!({"character_id": character, "channel": channel, "renet": renet});
                    json!({"event": "enter_world", "data": data})
                }
                ClientEvent::LeaveWorld => json!({"event": "leave_world"}),
            };
            let again = ClientEvent::parse(&again.to_string());
            assert!(again.is_ok_and(|again| again == event), "it reads back as something else: {event:?}");
        }
        Err(error) => {
            let answer = ServerEvent::Error(error).to_text();
            let answer: Value = serde_json::from_str(&answer).expect("the answer is JSON");
            assert!(answer["code"].is_string(), "a refusal has a code: {answer}");
        }
    }
}
