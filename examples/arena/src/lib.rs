//! A tiny game on the engine and the protocol alone: fighters walk in an arena and strike each other.
//!
//! `docs/your-own-game.md` builds it step by step.

pub mod client;
pub mod rules;

use realmgate_protocol::ids::Tick;

/// The arena: `#` is a wall.
pub const ROWS: [&str; 7] = [
    "########################",
    "#......................#",
    "#...............##.....#",
    "#......................#",
    "#.....##...............#",
    "#......................#",
    "########################",
];

realmgate_protocol::components! {
    /// How a fighter is drawn.
    0 => pub struct Look {
        /// The first letter of its name, in ASCII.
        pub letter: u8,
    }
    /// How a fighter is doing.
    1 => pub struct Condition {
        /// Strikes that it can still take.
        pub health: u8,
        /// Fighters that it has beaten.
        pub score: u16,
    }
}

realmgate_protocol::messages! {
    /// From the server.
    pub enum ToClient {
        /// The player is in the arena.
        Welcome {
            /// The server's tick.
            tick: Tick,
        },
        /// Something happened that all players read.
        News {
            /// A sentence.
            text: String,
        },
    }
}
