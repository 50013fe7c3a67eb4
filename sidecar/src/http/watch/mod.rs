//! Routes for operators and designers who watch a channel without a character, on the players' port: their browsers reach no
//! other. All of them take the service token.

mod caller;
pub mod list;
pub mod start;
