//! The whole way of a character, over real sockets, with map servers that a test plays.

mod account;
mod clocks;
mod enter;
mod events;
mod leave;
mod links;
mod passage;
mod replace;
mod replica;
mod replicas;
mod social;
mod timers;
mod travel;
