//! An authoritative game world server as a set of bevy plugins.
//!
//! Contains no game rules and no HTTP. A [`host`] runs [`channel`]s, each with its own ECS world, at a fixed timestep.
//! A [`transport`] carries players' datagrams, [`admission`] decides who may enter, [`spatial`] finds what is near a
//! point, [`replication`] sends each client snapshots of its area of interest, and [`persist`] hands over what must
//! outlive the world. A [`spectator`] watches a channel without being in it.

pub mod admission;
pub mod body;
pub mod channel;
pub mod channel_map;
pub mod clock;
pub mod data;
pub mod host;
pub mod input;
pub mod map;
pub mod netcode;
pub mod outbox;
pub mod overload;
pub mod past;
pub mod persist;
pub mod player;
pub mod profile;
pub mod random;
pub mod record;
pub mod replication;
pub mod rest;
pub mod schedule;
pub mod spatial;
pub mod spectator;
pub mod tick_threads;
pub mod transport;
