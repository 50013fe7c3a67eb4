//! Accounts as players have them: how they log in, what others see of them, and how they go.

mod addresses;
pub(crate) mod administrators;
mod deletion;
pub(crate) mod devices;
mod log_ins;
mod profiles;
pub(crate) mod rules;
pub mod shapes;

pub use addresses::Addresses;
pub use deletion::Deletion;
pub use log_ins::{Grant, LogIns};
pub use profiles::{Edit, Profiles};
