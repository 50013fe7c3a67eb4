//! Checking designers' data files, with positions, before anything else sees them. Knows no rule of any game.
//!
//! A file becomes a spanned document, is validated against the schema that the game gives, and every fault says where
//! it is and what would be right. Only what has passed is parsed into Rust types.

mod choice;
mod fault;
mod nearest;
mod schema;
mod source;
mod spanned;
mod toml_tree;
mod wording;

pub use fault::{Fault, Faults};
pub use nearest::{nearest, one_of};
pub use source::SourceText;
pub use spanned::{SpannedDocument, check_toml};
