//! What players ask for, through the public surface: messages in, messages and events out, with a store that answers
//! when and as the test says.

mod busy;
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
mod trade;
mod travel;
mod vendor;
