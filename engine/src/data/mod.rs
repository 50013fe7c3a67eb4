//! Checks designers' data files, with positions, before anything else reads them. Knows no game rules.
//!
//! A file is parsed into a spanned document and validated against the schema that the game gives. Every fault says
//! where it is and what would be right. Only a file that has passed is parsed into Rust types.

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
