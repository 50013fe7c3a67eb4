//! The rules, in plain Rust: no HTTP types, no SQL.

pub mod accounts;
pub mod appearance;
pub mod characters;
pub mod classes;
pub mod figures;
pub mod glance;
pub mod names;
pub mod online;
pub mod socket_closes;
pub mod world;
