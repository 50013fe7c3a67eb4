//! What handlers take: who calls, from where, with what.

mod body;
mod caller;
mod id;
mod peer;
mod service;
mod whole;

pub use body::Valid;
pub use caller::bearer;
pub use id::{CharacterPath, PathText};
pub use peer::{AnonymousPeer, Peer};
pub use service::{ServiceCaller, is_service_caller};
pub use whole::{whole, wholes};
