//! Accounts as players have them: how they log in, what others see of them, and how they go.

mod deletion;
mod devices;
mod log_ins;
mod profiles;
mod rules;
pub mod shapes;

pub use deletion::Deletion;
pub use log_ins::{Grant, LogIns};
pub use profiles::{Edit, Profiles};
