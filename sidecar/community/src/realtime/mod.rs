//! The socket over which players are told things as they happen: the channel protocol of the Phoenix framework, version 2.
//!
//! [`upgrade`] lets a socket in, `socket` serves it, `frame` has the messages, `held` what waits for a moment before it is told, `user` and `lobby` what is said on their
//! topics, and `social` what users say to each other. `presence` keeps who is online by a socket, `spectators` who watches a lobby, `announce` tells what has changed, and `pace` how often that of a
//! lobby.

mod announce;
mod frame;
mod held;
mod hooks;
mod lobby;
mod pace;
mod presence;
mod social;
mod socket;
mod spectators;
mod upgrade;
mod user;

pub(crate) use announce::Announcer;
pub(crate) use presence::{Presence, RENEW_EVERY};
pub(crate) use spectators::Spectators;
pub use upgrade::router;
