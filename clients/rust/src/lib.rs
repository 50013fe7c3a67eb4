//! A client for Realmgate worlds, without any engine.
//!
//! From the outside in: [`api`] has accounts and characters, [`gateway`] hands out admissions to the world, [`client`]
//! connects with one and plays, [`player`] stays in the world through changes of map and lost connections. Below that
//! are parts without I/O, so that other engines can drive them with their own sockets and clocks:
//! [`transport::Connection`] (netcode, reliable messages, frames), [`session::Session`] (what the player sees, owns and
//! predicts) and [`display::Display`] (which shows it smoothly, at any rate of frames). [`scrape`] reads what a server
//! says of itself, which bots compare with what they have seen.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use realmgate_client::api::Api;
//! use realmgate_client::client::Setup;
//! use realmgate_client::clock::Clock;
//! use realmgate_client::entry::Entry;
//! use realmgate_client::player::Player;
//! use realmgate_client::session::Intent;
//!
//! let api = Api::new("http://127.0.0.1:3000");
//! let account = api.login("Adventurer", "correct horse battery").await?;
//! let characters = api.characters(&account.access_token).await?;
//! let character = characters.first().ok_or("the account has no character")?;
//!
//! let setup = Setup::new(Clock::start());
//! let entry = Entry::new(&api.gateway_url().await?, &account.access_token, &character.id);
//! let mut player = Player::enter(entry, &setup).await?;
//! let next_frame = setup.clock.now() + Duration::from_millis(16);
//! for event in player.play_until(next_frame, Intent::default()).await {
//!     println!("{event:?}");
//! }
//! player.log_out().await;
//! # Ok(())
//! # }
//! ```

pub mod api;
pub mod client;
pub mod clock;
pub mod display;
pub mod entry;
pub mod gateway;
pub mod player;
pub mod scrape;
pub mod session;
pub mod token;
pub mod transport;
pub mod world;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
