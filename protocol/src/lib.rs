//! What both ends of a Realmgate connection must agree on, bit for bit.
//!
//! * [`wire`]: datagrams, input commands and snapshots between client and map server;
//! * [`realm`]: our game's reliable messages and replicated components (the engine may not import it);
//! * [`link`]: the map link between map server and sidecar;
//! * [`cron`]: when seasons of leaderboards begin, which the check of designers' data and the sidecar read alike;
//! * [`theme`]: how a realm looks on its pages, which the check of designers' data and the sidecar judge alike;
//! * [`text`]: which player-written texts may be shown to others;
//! * [`ticket`]: how a player is admitted;
//! * [`netcode`]: the connect tokens that get a player's packets through, and the cipher of those packets;
//! * [`proof`]: how a directory proves that it knows the service token;
//! * [`movement`]: fixed-point positions and the movement step that clients predict with.
//!
//! No bevy, no tokio, no I/O and no clock: everything here is a pure function of its arguments.

pub mod bits;
pub mod codec;
pub mod cron;
pub mod entry;
pub mod ids;
pub mod limits;
pub mod link;
pub mod movement;
pub mod netcode;
pub mod proof;
pub mod realm;
pub mod schema;
pub mod text;
pub mod theme;
pub mod ticket;
pub mod wire;
