//! The locks of characters, accounts and servers: who may change what. State machines without I/O and without a clock.
//!
//! * [`CharacterLock`]: nobody, a gateway or a map server may write for a character.
//! * [`AccountLock`]: nobody, a log-in in hand-over or a gateway speaks for an account.
//! * [`ServerLock`]: a replica or a map server is the one it says it is.
//!
//! Each `after` computes a lock after a step; `store::locks` applies it with one conditional UPDATE (compare-and-swap),
//! so the slower of two learns that its step does not fit any more. [`Timers`] limit every hand-over. `docs/locks.md`
//! lists every step and timer, with the test that shows it.

mod account;
mod character;
mod claim;
mod owner;
mod server;
pub mod timers;

pub use account::{AccountLock, AccountOwner, AccountStep, Waiting};
pub use character::{CharacterLock, LockStep};
pub use claim::{NextClaim, NotClaimed, WayOut};
pub use owner::{BadOwner, CharacterOwner};
pub use server::{Claim, CookieHash, ServerKey, ServerLock};
pub use timers::Timers;

/// The step does not fit the lock: somebody else was faster, or the caller is not its owner any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lock is not in a state that allows this step")]
pub struct StepRefused;
