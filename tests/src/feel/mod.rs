//! How play feels on bad lines: scripted players behind conditioners, and one beside the server who sees the truth.
//!
//! [`walk`] is what they press, [`player`] plays and keeps what its screen showed in each frame, [`truth`] says where everybody really was,
//! `javascript` plays with the other library, `godot` with the add-on, [`measure`] compares them, [`hits`] says whether screen and server agree on who was hit,
//! [`round`] is one profile from the first connection to the last, [`report`] the table.

mod godot;
pub mod hits;
mod javascript;
pub mod measure;
mod newcomer;
pub mod player;
pub mod report;
pub mod round;
pub mod truth;
pub mod walk;
