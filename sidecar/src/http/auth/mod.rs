//! `/auth`: accounts and log-ins.

pub mod login;
pub mod logout;
pub mod refresh;
pub mod register;

use serde::Serialize;

use crate::service::accounts::Grant;

/// What a client gets that has proved who it is.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Tokens {
    /// Shown with every call, as `Authorization: Bearer`.
    access_token: String,
    /// The account's id.
    user_id: String,
    /// Traded for a new pair at `/auth/refresh`; good once.
    refresh_token: String,
    /// Seconds the access token is good for.
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
