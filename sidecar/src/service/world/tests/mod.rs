//! Tests of a character's whole way, over real sockets, with map servers that a test controls.

mod account;
mod boards;
mod clocks;
mod come_back;
mod enter;
mod events;
mod grant;
mod held;
mod leave;
mod links;
mod passage;
mod replace;
mod replica;
mod replicas;
mod social;
mod sockets;
mod timers;
mod travel;
mod watch;
