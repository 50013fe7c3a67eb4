//! The gateway WebSocket, `/ws`: where a player's client learns which map server to connect to.

pub mod connect_token;
mod farewell;
mod messages;
mod socket;
mod sockets;
mod upgrade;

pub use messages::{ClientEvent, ServerEvent};
pub use sockets::Sockets;
pub use upgrade::router;

#[cfg(test)]
mod tests;
