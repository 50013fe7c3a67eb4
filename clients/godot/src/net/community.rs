//! Calls of the community's services: the account by a device, and profiles.

use realmgate_client::api::community::{Profile, Profiles};

use super::account::{Account, LogIn};
use super::{Failure, Outcome};

/// What a game asks of the services around the worlds.
#[derive(Debug)]
pub enum CommunityCall {
    /// Logs in by a device; the first time, an account is made.
    LogIn { device: String },
    /// The own profile.
    Me,
    /// The profile of an account.
    User { id: String },
    /// Profiles whose names begin so.
    Find { begins: String, page: u32 },
    /// Changes the display name.
    SetDisplayName { name: String },
    /// Changes the user name.
    SetUsername { name: String },
    /// Sets the password, which ends all log-ins.
    SetPassword { password: String, current: Option<String> },
    /// Lets a device open the account.
    LinkDevice { device: String },
    /// Lets no device open the account.
    UnlinkDevice,
    /// Deletes the account.
    Delete,
}

impl Account {
    /// Makes a call of the community's services.
    pub(super) async fn community(&self, call: CommunityCall) -> Result<Outcome, Failure> {
        match call {
            CommunityCall::LogIn { device } => {
                let tokens = self.api().device_login(&device).await?;
                return Ok(self.keep(LogIn { tokens, is_of_a_device: true }).await);
            }
            CommunityCall::Me => return Ok(one(self.with_token(async |api, token| api.me(token).await).await?)),
            CommunityCall::User { id } => return Ok(one(self.api().user(&id).await?)),
            CommunityCall::Find { begins, page } => {
                let Profiles { users, has_more } = self.api().find_users(&begins, page).await?;
                return Ok(Outcome::Profiles(users, has_more));
            }
            CommunityCall::SetDisplayName { name } => {
                self.with_token(async |api, token| api.set_display_name(token, &name).await).await?;
            }
            CommunityCall::SetUsername { name } => {
                self.with_token(async |api, token| api.set_username(token, &name).await).await?;
            }
            CommunityCall::SetPassword { password, current } => {
                self.with_token(async |api, token| api.set_password(token, &password, current.as_deref()).await)
                    .await?;
                self.forget().await;
            }
            CommunityCall::LinkDevice { device } => {
                self.with_token(async |api, token| api.link_device(token, &device).await).await?;
            }
            CommunityCall::UnlinkDevice => {
                self.with_token(async |api, token| api.unlink_device(token).await).await?;
            }
            CommunityCall::Delete => {
                self.with_token(async |api, token| api.delete_account(token).await).await?;
                self.forget().await;
            }
        }
        Ok(Outcome::Done)
    }
}

fn one(profile: Profile) -> Outcome {
    Outcome::Profile(Box::new(profile))
}
