//! What players have around the worlds: accounts of many kinds, their profiles, and how others find them; friends;
//! lobbies and leaderboards; and the socket over which all of it is told as it happens.
//!
//! [`http`] has a file for each group of routes, below `/api/v1` on the players' port; the rules are in [`accounts`],
//! [`oauth`], [`friends`], [`lobbies`], [`notifications`] and [`leaderboards`], SQL in `store`, mails to players in `mail`. Whatever is to be told goes through [`Events`] to the
//! sockets of [`realtime`]. Nothing here knows the worlds: what they must hear of goes through [`World`], which the sidecar implements.

mod abandoned;
pub mod accounts;
mod bounded_body;
mod config;
pub mod events;
mod field_limits;
pub mod friends;
pub mod hooks;
pub mod http;
pub mod leaderboards;
pub mod lobbies;
mod mail;
pub mod notifications;
pub mod oauth;
pub mod realtime;
mod social;
mod state;
mod store;
mod time;
mod world;

pub use abandoned::Abandoned;
pub use config::CommunitySettings;
pub use events::{Events, Topic};
pub use field_limits::FieldLimits;
pub use hooks::MayCall;
pub use leaderboards::DeclaredBoards;
pub use mail::{MailConfig, MailSettings};
pub use oauth::ProvidersConfig;
pub use social::{SocialAsk, SocialPush, SocialRefusal};
pub use state::{Community, Parts};
pub use store::{Audience, Reached};
pub use time::iso;
pub use world::World;

#[cfg(test)]
realmgate_services::reaper!();
