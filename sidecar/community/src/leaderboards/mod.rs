//! Leaderboards: boards in seasons, scores by operators, ranks at scale, and boards that the world feeds.
//!
//! Players never submit: scores come from administrators and from what the worlds' events lead to. What others must know of a
//! board, and how a call is refused, is said in `http/boards.rs` and beside it.

mod cursor;
mod declared;
mod index;
mod scores;
mod seasons;
mod service;
pub mod shapes;
mod standings;

pub use cursor::Cursor;
pub use declared::DeclaredBoards;
pub use service::{Leaderboards, Wanted};
