//! Log-in by an account that a player has elsewhere: OpenID Connect, OAuth 2, and Steam.
//!
//! [`SignIn`] takes what a provider says of somebody, from a game or from a browser that `browser_flow` has sent there, and finds or
//! makes the account.
//! What a provider says of somebody is an [`Identity`]; each provider has a file. All that leaves this machine goes through
//! `outward`.

mod apple;
mod browser_flow;
mod discord;
mod facebook;
mod google;
mod identity;
mod openid;
mod outward;
mod parameters;
mod providers;
mod resolve;
mod settings;
mod sign_in;
mod steam;

pub use browser_flow::{Beginning, Binding, FLOW_LIVES_MS, FlowPage, Question, Started, Status};
pub use identity::{Identity, Provider};
pub use parameters::Parameters;
pub use providers::Providers;
pub use settings::{ProviderSettings, ProvidersConfig};
pub use sign_in::{Proven, SignIn};
