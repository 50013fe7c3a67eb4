//! Hundreds of hostile accounts against real processes, beside honest bots; and the judges of what that did to them.
//!
//! Each [`behaviours`] file is one way to do harm; the list there says how often the whole adversary does it and what it
//! sends. A [`Hostile`] is an account with an address of its own in 127.0.0.0/8 and chances drawn from the run's seed.
//! [`honest`] players bring bots, and newcomers who log in and enter all the while. [`surroundings`] are the scripts, the providers
//! and the filled tables of the attacked server; [`breaches`] are answers that it must never give. [`watch`] looks at the
//! server's memory and ticks. [`run`] puts it together and judges.

pub mod behaviours;
mod breaches;
mod endpoints;
pub mod honest;
mod hostile;
mod judge;
mod raw;
pub mod run;
mod service;
mod surroundings;
pub mod table;
pub mod watch;

pub use endpoints::Endpoints;
pub use hostile::Hostile;
pub use judge::Bounds;
pub use run::{Plan, Verdict};
