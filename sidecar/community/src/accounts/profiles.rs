//! Changes of names, passwords and devices.

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::accounts::{USERNAME_LENGTH, is_username};
use realmgate_platform::clock::Clock;
use realmgate_platform::limits::Source;
use realmgate_platform::passwords::Passwords;
use realmgate_protocol::ids::AccountId;
use secrecy::SecretString;
use serde_json::Value;

use super::log_ins::LogIns;
use super::rules;
use crate::http::{Fields, Refusal};
use crate::store::{AccountStore, Change, ProfileRow, Unlinked};

/// Profiles and the ways to log in.
pub struct Profiles {
    pub(crate) store: AccountStore,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) clock: Clock,
}

/// What an administrator changes; `None` stays.
#[derive(Debug, Default, serde::Deserialize, utoipa::ToSchema)]
pub struct Edit {
    /// Whether it is an administrator.
    pub is_admin: Option<bool>,
    /// Whether it may log in; `false` ends its log-ins.
    pub is_activated: Option<bool>,
    /// What it is called.
    pub display_name: Option<String>,
    /// What programs keep with it, in place of what was there.
    pub metadata: Option<Value>,
}

impl Profiles {
    /// Sets what the account wants to be called.
    ///
    /// # Errors
    /// 400 for a name that is too long.
    pub async fn set_display_name(&self, account: AccountId, name: &str) -> Result<(), Refusal> {
        if let Some(fault) = rules::display_name_fault(name) {
            return Err(invalid("display_name", fault));
        }
        Ok(self.store.set_display_name(account, name).await?)
    }

    /// Sets the account's unique name, in small letters. Returns it.
    ///
    /// # Errors
    /// 400 for a name that is not legal or taken.
    pub async fn set_username(&self, account: AccountId, name: &str) -> Result<String, Refusal> {
        let name = name.to_lowercase();
        if !is_username(&name) {
            let fault = match name.chars().count() {
                length if length < *USERNAME_LENGTH.start() => "should be at least 3 character(s)",
                length if length > *USERNAME_LENGTH.end() => "should be at most 32 character(s)",
                _ => "has invalid format",
            };
            return Err(invalid("username", fault));
        }
        match self.store.set_username(account, &name).await? {
            true => Ok(name),
            false => Err(invalid("username", "has already been taken")),
        }
    }

    /// Sets the account's password; all its log-ins end, the caller's too. One that has none yet logs in by its user
    /// name from then on.
    ///
    /// # Errors
    /// 400 for a password that is not legal, 401 for a wrong current one, 429 for too many tries.
    pub async fn set_password(
        &self,
        source: Source,
        account: AccountId,
        current: Option<String>,
        password: String,
    ) -> Result<(), Refusal> {
        if let Some(fault) = rules::password_fault(&password) {
            return Err(invalid("password", fault));
        }
        let name = self.store.password_name(account).await?;
        if let Some(name) = &name {
            let given = SecretString::from(current.unwrap_or_default());
            if self.log_ins.check_password(source, name, given).await? != Some(account) {
                let message = "The current password is wrong";
                return Err(Refusal::explained(StatusCode::UNAUTHORIZED, "invalid_current_password", message));
            }
        }
        let turn = self.passwords.turn(source, name.as_deref().unwrap_or_default()).await?;
        let hash = turn.hash(password.into()).await?;
        match self.store.set_password(account, &hash, self.clock.now_ms()).await? {
            Some(ended) => Ok(self.log_ins.world.log_out(account, ended).await?),
            None => Err(invalid("username", "has already been taken")),
        }
    }

    /// Links a device, in place of an earlier one.
    ///
    /// # Errors
    /// 400 for an id that is none or another account's.
    pub async fn link_device(&self, account: AccountId, device: &str) -> Result<(), Refusal> {
        let refuse =
            |fault| Refusal::with_details("Failed to link device_id", &Fields::from([("device_id", vec![fault])]));
        if let Some(fault) = rules::device_id_fault(device) {
            return Err(refuse(fault));
        }
        match self.store.replace_device(account, device, self.clock.now_ms()).await? {
            true => Ok(()),
            false => Err(refuse("has already been taken")),
        }
    }

    /// Unlinks the device, if there is one.
    ///
    /// # Errors
    /// 400 when the account could not be logged in to any more.
    pub async fn unlink_device(&self, account: AccountId) -> Result<(), Refusal> {
        match self.store.unlink_device(account).await? {
            Unlinked::Done => Ok(()),
            Unlinked::LastWay => {
                let text = "Cannot unlink device_id when it's your last authentication method";
                Err(Refusal::error(StatusCode::BAD_REQUEST, text))
            }
        }
    }

    /// Changes an account for an administrator; `None` if there is none.
    ///
    /// # Errors
    /// 422 for a value that is not legal.
    pub async fn edit(&self, account: AccountId, edit: &Edit) -> Result<Option<ProfileRow>, Refusal> {
        let faults = [
            ("display_name", edit.display_name.as_deref().and_then(rules::display_name_fault)),
            ("metadata", edit.metadata.as_ref().and_then(rules::metadata_fault)),
        ];
        let fields: Fields =
            faults.into_iter().filter_map(|(name, fault)| fault.map(|fault| (name, vec![fault]))).collect();
        if !fields.is_empty() {
            return Err(Refusal::validation_failed(&fields));
        }
        let change = Change {
            admin: edit.is_admin,
            activated: edit.is_activated,
            display_name: edit.display_name.as_deref(),
            metadata: edit.metadata.as_ref(),
        };
        let Some(ended) = self.store.change(account, change, self.clock.now_ms()).await? else { return Ok(None) };
        self.log_ins.world.log_out(account, ended).await?;
        Ok(self.store.profile(account).await?)
    }
}

fn invalid(field: &'static str, fault: &'static str) -> Refusal {
    Refusal::invalid_data(&Fields::from([(field, vec![fault])]))
}
