//! Changes of names, passwords and devices.

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::bans::Ban;
use realmgate_platform::clock::Clock;
use realmgate_platform::limits::Source;
use realmgate_platform::passwords::Passwords;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};

use super::administrators::last_administrator;
use super::log_ins::LogIns;
use super::rules;
use super::shapes::Public;
use crate::events::Events;
use crate::hooks::{Hooks, Vetoed};
use crate::http::{Fault, Fields, Refusal};
use crate::lobbies::Lobbies;
use crate::store::{AccountEdit, AccountStore, Edited, ProfileRow, Unlinked};
use crate::time::from_iso;

/// Most characters of the reason of a ban.
const BAN_REASON: u32 = 200;
const YET_TO_COME: &str = "must be a time in the future";

/// Profiles and the ways to log in.
pub struct Profiles {
    pub(crate) store: AccountStore,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) lobbies: Arc<Lobbies>,
    pub(crate) events: Events,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) clock: Clock,
}

/// The fields of a user that an administrator changes. Missing fields stay as they are.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Edit {
    /// Whether the user is an administrator.
    pub is_admin: Option<bool>,
    /// Whether the user may log in; `false` ends all logins, and the user leaves the lobby.
    pub is_activated: Option<bool>,
    /// Reason of the ban, which the user can read. Only with `is_activated: false`, which removes an earlier reason.
    #[schema(max_length = 200)]
    pub ban_reason: Option<String>,
    /// End of the ban, ISO 8601, in the future. Only with `is_activated: false`. If missing, an administrator has to lift the ban.
    pub banned_until: Option<String>,
    /// End of the mute in the world's chat, ISO 8601, in the future; empty to lift the mute.
    pub muted_until: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// Custom data: a JSON object that replaces the stored one.
    pub metadata: Option<Value>,
}

impl Profiles {
    /// Sets what the account wants to be called. Returns it: a script may have changed it.
    ///
    /// # Errors
    /// 400 for a name that is too long.
    pub async fn set_display_name(&self, account: AccountId, name: &str) -> Result<String, Refusal> {
        let name = self.before_update(account, "display_name", name).await?;
        if let Some(fault) = rules::display_name_fault(&name, &self.log_ins.settings.limits) {
            return Err(invalid("display_name", fault));
        }
        self.store.set_display_name(account, &name).await?;
        self.events.changed(account);
        Ok(name)
    }

    /// Sets the account's unique name, in small letters. Returns it.
    ///
    /// # Errors
    /// 400 for a name that is not legal or taken.
    pub async fn set_username(&self, account: AccountId, name: &str) -> Result<String, Refusal> {
        let name = self.before_update(account, "username", &name.to_lowercase()).await?;
        if let Some(fault) = rules::username_fault(&name, &self.log_ins.settings.limits) {
            return Err(invalid("username", fault));
        }
        match self.store.set_username(account, &name).await? {
            true => {
                self.events.changed(account);
                Ok(name)
            }
            false => Err(invalid("username", "has already been taken")),
        }
    }

    /// Sets whether the account's friends may see in which map its character is.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn set_show_map(&self, account: AccountId, show: bool) -> Result<(), Refusal> {
        self.store.set_show_map(account, show).await?;
        self.events.changed(account);
        Ok(())
    }

    /// Sets the account's password; all its log-ins end, the caller's too. One that has none yet logs in by its user
    /// name from then on.
    ///
    /// # Errors
    /// 400 for a password that is not legal, 401 for a wrong current one, 403 for a first one by an old log-in, 429 for too many
    /// tries.
    pub async fn set_password(
        &self,
        source: Source,
        caller: &Caller,
        current: Option<String>,
        password: String,
    ) -> Result<(), Refusal> {
        let account = caller.account;
        if let Some(fault) = rules::password_fault(&password) {
            return Err(invalid("password", fault));
        }
        let name = self.store.password_name(account).await?;
        match &name {
            Some(name) => self.log_ins.prove(source, account, name, current).await?,
            None => self.log_ins.prove_fresh(source, caller, None).await?,
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
        if let Some(fault) = rules::device_id_fault(device, &self.log_ins.settings.limits) {
            return Err(refuse(fault));
        }
        match self.store.replace_device(account, device, self.clock.now_ms()).await? {
            true => {
                self.events.changed(account);
                Ok(())
            }
            false => Err(refuse("has already been taken".into())),
        }
    }

    /// Unlinks the device, if there is one.
    ///
    /// # Errors
    /// 400 when the account could not be logged in to any more.
    pub async fn unlink_device(&self, account: AccountId) -> Result<(), Refusal> {
        match self.store.unlink_device(account).await? {
            Unlinked::Done => {
                self.events.changed(account);
                Ok(())
            }
            Unlinked::LastWay => {
                let text = "Cannot unlink device_id when it's your last authentication method";
                Err(Refusal::error(StatusCode::BAD_REQUEST, text))
            }
        }
    }

    /// Ends every log-in of an account for an administrator; its player leaves the world. `false` if there is no such account.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player cannot be taken out.
    pub async fn end_log_ins(&self, account: AccountId) -> Result<bool, Refusal> {
        let Some(ended) = self.store.end_log_ins(account, self.clock.now_ms()).await? else { return Ok(false) };
        self.log_ins.world.log_out(account, ended).await?;
        Ok(true)
    }

    /// Sends the account's player out of the world for an administrator; it may come back. `None` if there is no such account, else
    /// whether it was in the world.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player cannot be taken out.
    pub async fn kick(&self, account: AccountId) -> Result<Option<bool>, Refusal> {
        if self.store.profile(account).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(self.log_ins.world.kick(account).await?))
    }

    /// A name that somebody wants to have, as scripts leave it: `before_user_update(user, attrs)`.
    async fn before_update(&self, account: AccountId, field: &'static str, name: &str) -> Result<String, Refusal> {
        if !self.hooks.has("before_user_update") {
            return Ok(name.to_owned());
        }
        let Some(profile) = self.store.profile(account).await? else { return Ok(name.to_owned()) };
        let args = vec![json!(Public::from(profile)), json!({field: name})];
        let attrs = self
            .hooks
            .before("before_user_update", Some(account), args)
            .await
            .map_err(|vetoed| refused(field, &vetoed))?;
        Ok(attrs.get(field).and_then(Value::as_str).unwrap_or(name).to_owned())
    }

    /// Changes an account for an administrator; `None` if there is none.
    ///
    /// # Errors
    /// 422 for a value that is not legal, 409 for the last administrator, who stays one.
    pub async fn edit(&self, account: AccountId, edit: &Edit) -> Result<Option<ProfileRow>, Refusal> {
        if self.hooks.has("before_user_update")
            && let Some(profile) = self.store.profile(account).await?
        {
            let args = vec![json!(Public::from(profile)), json!(edit)];
            self.hooks.before("before_user_update", None, args).await.map_err(|vetoed| refused("base", &vetoed))?;
        }
        let limits = &self.log_ins.settings.limits;
        let (ban, mut fields) = self.ban(edit);
        let muted_until_ms =
            edit.muted_until.as_deref().filter(|until| !until.is_empty()).map(|until| self.yet_to_come(until));
        if muted_until_ms == Some(None) {
            fields.insert("muted_until", vec![YET_TO_COME.into()]);
        }
        let faults = [
            ("display_name", edit.display_name.as_deref().and_then(|name| rules::display_name_fault(name, limits))),
            ("metadata", edit.metadata.as_ref().and_then(|metadata| rules::metadata_fault(metadata, limits))),
        ];
        fields.extend(faults.into_iter().filter_map(|(name, fault)| fault.map(|fault| (name, vec![fault]))));
        if !fields.is_empty() {
            return Err(Refusal::validation_failed(&fields));
        }
        let edited = AccountEdit {
            admin: edit.is_admin,
            activated: edit.is_activated,
            ban: ban.as_ref(),
            muted_until_ms: edit.muted_until.is_some().then(|| muted_until_ms.flatten()),
            display_name: edit.display_name.as_deref(),
            metadata: edit.metadata.as_ref(),
        };
        let ended = match self.store.edit(account, edited, self.clock.now_ms()).await? {
            Edited::Done(ended) => ended,
            Edited::Gone => return Ok(None),
            Edited::LastAdministrator => return Err(last_administrator()),
        };
        self.events.changed(account);
        if edit.is_activated == Some(false) {
            // It does not come back by itself, and may be the host of others.
            self.lobbies.leave(account).await?;
        }
        self.log_ins.world.log_out(account, ended).await?;
        if edit.muted_until.is_some() {
            self.log_ins.world.muted(account);
        }
        Ok(self.store.profile(account).await?)
    }

    /// The ban that an administrator wants, and what is wrong with it.
    fn ban(&self, edit: &Edit) -> (Option<Ban>, Fields) {
        let mut faults = Fields::new();
        if edit.is_activated != Some(false) {
            let given = [("ban_reason", &edit.ban_reason), ("banned_until", &edit.banned_until)];
            let given = given.into_iter().filter(|(_, text)| text.is_some());
            faults.extend(given.map(|(name, _)| (name, vec!["requires is_activated: false".into()])));
            return (None, faults);
        }
        let reason = edit.ban_reason.as_deref().unwrap_or_default().trim();
        if let Some(fault) = rules::line_fault(reason, BAN_REASON) {
            faults.insert("ban_reason", vec![fault]);
        }
        let until_ms = edit.banned_until.as_deref().map(|until| self.yet_to_come(until));
        if until_ms == Some(None) {
            faults.insert("banned_until", vec![YET_TO_COME.into()]);
        }
        (Some(Ban { reason: reason.to_owned(), until_ms: until_ms.flatten() }), faults)
    }

    /// A time in Unix milliseconds; `None` for one that is past, or no time.
    fn yet_to_come(&self, text: &str) -> Option<u64> {
        from_iso(text).filter(|until_ms| *until_ms > self.clock.now_ms())
    }
}

/// A script does not want it.
fn refused(field: &'static str, Vetoed { why, .. }: &Vetoed) -> Refusal {
    let why = why.as_deref().unwrap_or("is not allowed");
    Refusal::told(StatusCode::BAD_REQUEST, json!({"error": "invalid_data", "errors": {field: [why]}}))
}

fn invalid(field: &'static str, fault: impl Into<Fault>) -> Refusal {
    Refusal::invalid_data(&Fields::from([(field, vec![fault.into()])]))
}
