//! The whole way of a character, over real sockets, with map servers that a test plays.

mod clocks;
mod enter;
mod events;
mod leave;
mod links;
mod replace;
mod replicas;
mod social;
mod timers;
mod travel;
