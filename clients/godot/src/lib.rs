//! The client for Godot: a GDExtension on the client core of `clients/rust`.
//!
//! [`net`] is the network's thread, which owns the core and speaks in plain data; everything else is nodes and resources on the
//! main thread. [`client`] is the log-in and the way into the world, [`world`] what is seen there, [`account`] the profile around the worlds; [`chat`], [`bag`],
//! [`trade`], [`party`] and [`vendor`] are parts of the client.

mod account;
mod bag;
mod call;
mod chat;
mod client;
mod data;
mod error;
mod map;
mod net;
mod party;
mod requests;
mod settings;
mod trade;
mod vendor;
mod world;

use godot::prelude::*;

struct Realmgate;

#[gdextension]
unsafe impl ExtensionLibrary for Realmgate {}
