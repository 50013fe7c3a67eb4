//! `/auth`: accounts and log-ins.

pub mod login;
pub mod logout;
pub mod refresh;
pub mod register;

use serde::Serialize;

use crate::service::accounts::Grant;

/// The tokens of a login.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tokens {
    /// Sent with every request, as `Authorization: Bearer`.
    access_token: String,
    /// The account's id.
    user_id: String,
    /// Exchanged for new tokens at `/auth/refresh`; can be used once.
    refresh_token: String,
    /// Lifetime of the access token, in seconds.
    expires_in: u64,
}

impl From<Grant> for Tokens {
    fn from(grant: Grant) -> Self {
        Self {
            access_token: grant.access_token,
            user_id: grant.account.to_string(),
            refresh_token: grant.refresh_token,
            expires_in: grant.expires_in,
        }
    }
}
