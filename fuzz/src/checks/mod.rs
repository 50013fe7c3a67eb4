//! What must hold of every parser, whatever bytes a stranger sends: each check panics where it does not.
//!
//! The fuzzer runs them, and `tests/tests/corpus.rs` runs the same on stable over the corpus and over random bytes.

mod data;
mod door;
mod frames;
mod gateway;
mod map;
mod messages;
mod recording;
mod text;
mod ticket;

/// Panics when a property of a parser does not hold for these bytes.
pub type Check = fn(&[u8]);

/// Every target; its corpus is `fuzz/corpus/<name>/`.
pub const TARGETS: [(&str, Check); 21] = [
    ("netcode", realmgate_engine::netcode::fuzzing::check),
    ("renet", realmgate_engine::transport::check_renet),
    ("websocket_upgrade", realmgate_engine::transport::websocket::check_upgrade),
    ("webtransport_stream", realmgate_protocol::wire::framing::check),
    ("http3", realmgate_protocol::wire::http3::check),
    ("stream", realmgate_protocol::wire::stream::check),
    ("client_payload", frames::client_payload),
    ("server_payload", frames::server_payload),
    ("client_message", messages::from_client),
    ("server_message", messages::from_server),
    ("link", messages::link),
    ("ticket", ticket::ticket),
    ("connect_token", ticket::connect_token),
    ("gateway", gateway::gateway),
    ("map", map::map),
    ("data", data::data),
    ("door_path", door::path),
    ("services", door::services),
    ("socketio", door::socketio),
    ("recording", recording::recording),
    ("text", text::line),
];
