//! Requests of players, through the public API: messages in, messages and events out, with a store that answers when
//! and as the test says.

mod annoyance;
mod content;
mod equipment;
mod loot;
mod order;
mod outage;
mod random;
mod scene;
mod session;
mod social;
mod store;
mod store_backlog;
mod trade;
mod travel;
mod vendor;
