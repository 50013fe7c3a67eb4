//! Extractors of the handlers: the caller, its address, ids and bodies.

mod body;
mod caller;
mod here;
mod path;
mod peer;
mod service;
mod unnamed_proxy;
mod whole_number;

pub use body::Valid;
pub use caller::bearer;
pub use here::{is_meant_for_this_machine, names_a_foreign_domain, names_this_machine};
pub use path::PathText;
pub use peer::{AnonymousPeer, Peer};
pub use service::{ServiceCaller, is_service_caller};
pub use unnamed_proxy::UnnamedProxy;
pub use whole_number::{whole, wholes};
