//! How play feels on bad lines: scripted players behind conditioners, and one beside the server who sees the truth.
//!
//! [`player`] plays and keeps what its screen showed in each frame, [`truth`] says where everybody really was,
//! [`measure`] compares them, [`round`] is one profile from the first connection to the last, [`report`] the table.

pub mod measure;
pub mod player;
pub mod report;
pub mod round;
pub mod truth;
