//! What handlers take: who calls, from where, with what.

mod body;
mod caller;
mod id;
mod peer;
mod service;

pub use body::Valid;
pub use caller::bearer;
pub use id::CharacterPath;
pub use peer::{AnonymousPeer, Peer};
pub use service::{ServiceCaller, is_service_caller};
