//! Log-ins by address or name with a password, by a device, and with a refresh token.

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::bans::Ban;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::ErrorCode;
use realmgate_platform::limits::{Limits, Source};
use realmgate_platform::passwords::Passwords;
use realmgate_platform::sessions::{Opening, Refreshing, SessionStore, Staying};
use realmgate_platform::tokens::{Caller, Tokens, hash_refresh};
use realmgate_protocol::ids::AccountId;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules;
use crate::config::CommunitySettings;
use crate::events::Events;
use crate::field_limits::size;
use crate::hooks::{Hooks, Vetoed};
use crate::http::Refusal;
use crate::store::AccountStore;
use crate::world::World;

/// How long after it a log-in proves that its user is there, in milliseconds.
const FRESH_MS: u64 = 15 * 60 * 1_000;
/// Longest name that is looked up, in bytes, where addresses are not longer.
const LONGEST_NAME: usize = 160;
/// Longest password that is hashed, in bytes.
const LONGEST_PASSWORD: usize = 1_024;

/// The tokens of a client that has authenticated, and whose they are.
pub struct Grant {
    /// The account.
    pub account: AccountId,
    /// Shown with every call.
    pub access_token: String,
    /// Traded for the next access token; it stays the same.
    pub refresh_token: String,
    /// Seconds that the access token lives.
    pub expires_in: u64,
    /// The account's unique name.
    pub username: String,
    /// What it wants to be called.
    pub display_name: String,
}

/// Log-ins whose refresh token stays the same.
pub struct LogIns {
    pub(crate) settings: CommunitySettings,
    pub(crate) store: AccountStore,
    pub(crate) sessions: SessionStore,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) world: Arc<dyn World>,
    pub(crate) events: Events,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) clock: Clock,
}

impl LogIns {
    /// Logs in with a password and an address, or the name that the account was registered under. Takes the same time
    /// whether there is such an account or not. A `device` is linked where the account has none.
    ///
    /// # Errors
    /// 401 for a wrong name or password, 403 for an account that waits to be activated, 429 for too many tries.
    pub async fn by_password(
        &self,
        source: Source,
        name: &str,
        password: SecretString,
        device: Option<&str>,
    ) -> Result<Grant, Refusal> {
        let refuse = || Refusal::error(StatusCode::UNAUTHORIZED, "Invalid email or password");
        let name = name.trim().to_lowercase();
        let longest = LONGEST_NAME.max(size(self.settings.limits.max_email));
        if name.len() > longest || secrecy::ExposeSecret::expose_secret(&password).len() > LONGEST_PASSWORD {
            return Err(refuse());
        }
        let account = self.check_password(source, &name, password).await?.ok_or_else(refuse)?;
        let grant = self.open(account).await?;
        let may_be_linked =
            |id: &&str| self.settings.device_login && rules::device_id_fault(id, &self.settings.limits).is_none();
        if let Some(device) = device.filter(may_be_linked) {
            // Whatever comes of it, the log-in has succeeded.
            let linked = self.store.add_device(account, device, self.clock.now_ms()).await;
            match linked {
                Ok(()) => self.events.changed(account),
                Err(error) => tracing::warn!(%error, %account, "linking a device failed"),
            }
        }
        Ok(grant)
    }

    /// The account that this password opens.
    ///
    /// # Errors
    /// 429 for too many tries, 503 when too many wait.
    pub async fn check_password(
        &self,
        source: Source,
        name: &str,
        password: SecretString,
    ) -> Result<Option<AccountId>, Refusal> {
        self.may_try(source, name).await?;
        let turn = self.passwords.turn(source, name).await?;
        // Checked again now that it is our turn: guesses that are sent all at once do not pass the limit together.
        self.may_try(source, name).await?;
        let row = self.store.find_password(name).await?;
        let checked = turn.verify(password, row.as_ref().map(|row| row.hash.clone())).await?;
        let result = if checked.fits && row.is_some() { "ok" } else { "failed" };
        metrics::counter!("realmgate_logins_total", "kind" => "password", "result" => result).increment(1);
        match row.filter(|_| checked.fits) {
            Some(row) => {
                self.limits.log_ins.record(name).await;
                if let Some(renewed) = checked.renewed {
                    self.store.renew_password(&row, &renewed).await?;
                }
                Ok(Some(row.account))
            }
            None => {
                self.limits.failures.record(name, source).await;
                Ok(None)
            }
        }
    }

    /// Checks that whoever changes how an account is logged in to knows its password.
    ///
    /// # Errors
    /// 401 for a wrong password, 429 for too many tries.
    pub(super) async fn prove(
        &self,
        source: Source,
        account: AccountId,
        name: &str,
        current: Option<String>,
    ) -> Result<(), Refusal> {
        match self.check_password(source, name, current.unwrap_or_default().into()).await? {
            Some(of) if of == account => Ok(()),
            _ => {
                let message = "The current password is wrong";
                Err(Refusal::explained(StatusCode::UNAUTHORIZED, "invalid_current_password", message))
            }
        }
    }

    /// Checks that who changes what opens an account, or ends it, has just logged in or knows its password: an access token may have
    /// been stolen.
    ///
    /// # Errors
    /// 403 `fresh_log_in_required` for an older log-in without the password, 401 for a wrong password, 429 for too many tries.
    pub async fn prove_fresh(&self, source: Source, caller: &Caller, current: Option<&str>) -> Result<(), Refusal> {
        // One that was logged out proves nothing.
        let began_ms = self.sessions.began_ms(caller.session).await?;
        if began_ms.is_some_and(|began_ms| self.clock.now_ms().saturating_sub(began_ms) < FRESH_MS) {
            return Ok(());
        }
        let name = if current.is_some() { self.store.password_name(caller.account).await? } else { None };
        match name {
            Some(name) => self.prove(source, caller.account, &name, current.map(str::to_owned)).await,
            None => {
                let message = "Log in again, or send the password as current_password if this route takes it";
                Err(Refusal::explained(StatusCode::FORBIDDEN, "fresh_log_in_required", message))
            }
        }
    }

    async fn may_try(&self, source: Source, name: &str) -> Result<(), Refusal> {
        self.limits.failures.check(name, source).await?;
        Ok(self.limits.log_ins.check(name).await?)
    }

    /// A new access token for a refresh token, which stays the same.
    ///
    /// # Errors
    /// 401 when the token is unknown or has expired, or its log-in has ended.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Grant, Refusal> {
        let refuse = || Refusal::error(StatusCode::UNAUTHORIZED, "Invalid or expired refresh token");
        let found = self.sessions.find_staying(&hash_refresh(refresh_token), self.clock.now_ms()).await?;
        let Staying { session, row, .. } = found.ok_or_else(refuse)?;
        if let Err(error) = self.world.refreshed(row.account, session).await {
            tracing::error!(%error, account = %row.account, "admitting a refreshed login to the gateway failed");
        }
        self.store.seen(row.account, self.clock.now_ms()).await?;
        self.grant(row.account, session, row.token_version, refresh_token.to_owned()).await
    }

    /// Ends the log-in of an access token; its player leaves the world. The token opens calls below `/api/v1` until it expires. Without
    /// a valid token, nothing.
    ///
    /// # Errors
    /// When the database cannot be asked, or the player cannot be taken out.
    pub async fn log_out(&self, token: Option<&str>) -> Result<(), Refusal> {
        let Some(caller) = self.caller(token).await? else { return Ok(()) };
        self.sessions.log_out(caller.session, self.clock.now_ms()).await?;
        Ok(self.world.log_out(caller.account, vec![caller.session]).await?)
    }

    /// Ends the log-in of an access token, which opens nothing any more.
    ///
    /// # Errors
    /// As [`Self::log_out`].
    pub(crate) async fn end(&self, token: &str) -> Result<(), Refusal> {
        let Some(caller) = self.caller(Some(token)).await? else { return Ok(()) };
        self.sessions.end(caller.session, self.clock.now_ms()).await?;
        Ok(self.world.log_out(caller.account, vec![caller.session]).await?)
    }

    /// Whose token this is; `None` for one that is not valid.
    async fn caller(&self, token: Option<&str>) -> Result<Option<Caller>, Refusal> {
        let Some(token) = token else { return Ok(None) };
        match self.tokens.authenticate(token).await {
            Ok(caller) => Ok(Some(caller)),
            Err(error) if error.code == ErrorCode::Unauthorized => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Begins a log-in of an account that has proved who it is.
    pub(crate) async fn open(&self, account: AccountId) -> Result<Grant, Refusal> {
        let session = Uuid::now_v7();
        let token = self.tokens.mint_refresh()?;
        let ended = match self.sessions.open_as(session, account, Refreshing::Stays, token.row()).await? {
            Opening::Opened(ended) => ended,
            Opening::NotActivated => return Err(not_activated()),
            Opening::Banned(ban) => return Err(banned(&ban)),
        };
        if !ended.is_empty() {
            tracing::info!(%account, ?ended, "oldest logins ended: the account has too many");
            self.world.log_out(account, ended).await?;
        }
        self.world.logged_in(account, session).await?;
        let version = self.sessions.find_live(session).await?.map_or(0, |row| row.token_version);
        self.grant(account, session, version, self.tokens.seal_refresh(&token, session)).await
    }

    /// The name of an account that is to be made, as scripts leave it: `before_user_register(user, attrs)`. One that is not legal is
    /// not taken.
    ///
    /// # Errors
    /// 400 where a script refuses the account.
    pub(crate) async fn before_register(&self, username: String, display_name: &str) -> Result<String, Refusal> {
        if !self.hooks.has("before_user_register") {
            return Ok(username);
        }
        let user = json!({"username": username, "display_name": display_name});
        let attrs = self.hooks.before("before_user_register", None, vec![user.clone(), user]).await;
        let attrs = attrs.map_err(|Vetoed { why, .. }| {
            let body = json!({"error": "registration_rejected", "message": why.unwrap_or_default()});
            Refusal::told(StatusCode::BAD_REQUEST, body)
        })?;
        let wanted = attrs
            .get("username")
            .and_then(Value::as_str)
            .filter(|name| rules::username_fault(name, &self.settings.limits).is_none());
        Ok(wanted.map_or(username, str::to_owned))
    }

    async fn grant(&self, account: AccountId, session: Uuid, version: i64, refresh: String) -> Result<Grant, Refusal> {
        let profile = self.store.profile(account).await?.ok_or_else(not_activated)?;
        let (access_token, expires_in) = self.tokens.mint_access(account, session, version)?;
        Ok(Grant {
            account,
            access_token,
            refresh_token: refresh,
            expires_in,
            username: profile.username,
            display_name: profile.display_name,
        })
    }
}

fn banned(ban: &Ban) -> Refusal {
    Refusal::told(StatusCode::FORBIDDEN, json!({"error": "account_banned", "message": ban.text()}))
}

pub(crate) fn not_activated() -> Refusal {
    let message = "Your account is waiting to be activated by an administrator";
    Refusal::explained(StatusCode::FORBIDDEN, "account_not_activated", message)
}
