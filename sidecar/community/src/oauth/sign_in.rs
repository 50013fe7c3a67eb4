//! Log-in by an account at a provider. Here: by what a game's own program has got there; [`super::browser_flow`] sends a browser.

use std::sync::Arc;

use axum::http::StatusCode;
use realmgate_platform::clock::Clock;
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use serde_json::json;

use super::identity::{Identity, Provider};
use super::outward::ProviderError;
use super::providers::{Proof, Providers};
use super::resolve::{Failure, Resolver};
use crate::accounts::{Grant, LogIns};
use crate::events::Events;
use crate::http::Refusal;
use crate::store::{AccountStore, OAuthSessionStore, UnlinkedProvider};

/// Log-ins by providers.
pub struct SignIn {
    pub(crate) providers: Providers,
    pub(crate) sessions: OAuthSessionStore,
    pub(crate) store: AccountStore,
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) events: Events,
    pub(crate) clock: Clock,
    /// Where players' browsers reach this server, without a slash at the end.
    pub(crate) public_url: String,
}

/// What was proven to us at once.
pub enum Proven {
    /// Who it is may log in.
    LoggedIn(Box<Grant>),
    /// The provider's account is linked to the caller's.
    Linked(Provider),
}

impl SignIn {
    /// The names of the providers that are configured.
    pub fn offered(&self) -> Vec<&'static str> {
        Provider::ALL.into_iter().filter(|provider| self.providers.has(*provider)).map(Provider::name).collect()
    }

    /// There is no such provider, or nobody has configured it.
    pub fn not_offered() -> Refusal {
        Refusal::explained(
            StatusCode::BAD_REQUEST,
            "invalid_provider",
            "This server does not offer login with this provider",
        )
    }

    /// Takes a code or a ticket that the caller's own program has got from a provider.
    ///
    /// # Errors
    /// 400 for a provider that is not offered or does not believe it, 403 for an account that waits to be activated, 409 for
    /// a link to what opens another account, 429 for too many new accounts.
    pub async fn by_code(
        &self,
        source: Source,
        provider: &str,
        code: &str,
        caller: Option<&Caller>,
    ) -> Result<Proven, Refusal> {
        let unsupported = || Refusal::error(StatusCode::BAD_REQUEST, "missing_or_unsupported");
        let offered = Provider::of(provider).filter(|provider| self.providers.has(*provider));
        let provider = offered.ok_or_else(unsupported)?;
        let redirect_uri = self.redirect_uri(provider);
        let identity = self.identity(provider, &Proof::Code(code, &redirect_uri)).await;
        self.proven(source, provider, identity, caller).await
    }

    /// Takes Google's id token.
    ///
    /// # Errors
    /// As [`Self::by_code`]; 500 where Google is not configured.
    pub async fn by_id_token(&self, source: Source, token: &str, caller: Option<&Caller>) -> Result<Proven, Refusal> {
        let misconfigured = || Refusal::error(StatusCode::INTERNAL_SERVER_ERROR, "server_misconfigured");
        let google = self.providers.google().ok_or_else(misconfigured)?;
        let identity = google.by_id_token(token).await.map_err(|error| {
            let body = json!({"error": "invalid_token", "message": error.to_string()});
            Failure::Ours(Refusal::told(StatusCode::BAD_REQUEST, body))
        });
        self.proven(source, Provider::Google, identity, caller).await
    }

    /// Takes a code that an app on an Apple device has got.
    ///
    /// # Errors
    /// As [`Self::by_code`].
    pub async fn by_apple_app(&self, source: Source, code: &str, caller: Option<&Caller>) -> Result<Proven, Refusal> {
        let away = || ProviderError::Unbelievable("no Apple app is configured");
        let identity = match self.providers.apple() {
            Some(apple) => apple.by_app(code).await.unwrap_or_else(|| Err(away())),
            None => Err(away()),
        };
        self.proven(source, Provider::Apple, identity.map_err(Failure::Exchange), caller).await
    }

    /// Unlinks a provider from an account, if another one stays.
    ///
    /// # Errors
    /// 400 for a name that is no provider's, or the last one.
    pub async fn unlink(&self, account: AccountId, provider: &str) -> Result<(), Refusal> {
        let refuse = |text| Refusal::error(StatusCode::BAD_REQUEST, text);
        let provider = Provider::of(provider).ok_or_else(|| refuse("Unknown provider"))?;
        match self.store.unlink_identity(account, provider.name()).await? {
            UnlinkedProvider::Done => {
                self.events.changed(account);
                Ok(())
            }
            UnlinkedProvider::Last => Err(refuse("Cannot unlink the last linked provider")),
        }
    }

    async fn proven(
        &self,
        source: Source,
        provider: Provider,
        identity: Result<Identity, Failure>,
        caller: Option<&Caller>,
    ) -> Result<Proven, Refusal> {
        let proven = self.resolve(source, provider, identity, caller).await;
        count(provider, proven.as_ref().map(|proven| matches!(proven, Proven::Linked(_))));
        proven.map_err(Failure::refusal)
    }

    async fn resolve(
        &self,
        source: Source,
        provider: Provider,
        identity: Result<Identity, Failure>,
        caller: Option<&Caller>,
    ) -> Result<Proven, Failure> {
        let identity = identity?;
        if let Some((account, version)) = self.link_of(caller).await.map_err(Failure::Ours)? {
            self.resolver(true).link(provider, &identity, (account, version)).await?;
            self.events.changed(account);
            return Ok(Proven::Linked(provider));
        }
        let account = self.resolver(true).account(source, provider, &identity).await?;
        Ok(Proven::LoggedIn(Box::new(self.log_ins.open(account).await.map_err(Failure::Ours)?)))
    }

    pub(super) async fn identity(&self, provider: Provider, proof: &Proof<'_>) -> Result<Identity, Failure> {
        let not_offered = ProviderError::Unbelievable("this server does not offer login with this provider");
        let identity = self.providers.identity(provider, proof).await.map_err(Failure::Exchange)?;
        identity.ok_or(Failure::Exchange(not_offered))
    }

    /// The caller's account, and its token version now.
    pub(super) async fn link_of(&self, caller: Option<&Caller>) -> Result<Option<(AccountId, i64)>, Refusal> {
        let Some(caller) = caller else { return Ok(None) };
        let version = self.store.token_version(caller.account).await?;
        Ok(version.map(|version| (caller.account, version)))
    }

    pub(super) fn redirect_uri(&self, provider: Provider) -> String {
        format!("{}/auth/{}/callback", self.public_url, provider.name())
    }

    /// `admits_administrators` is `false` where somebody else may have led the user into the log-in.
    pub(super) fn resolver(&self, admits_administrators: bool) -> Resolver<'_> {
        let Self { store, log_ins, clock, .. } = self;
        Resolver { store, log_ins, clock, admits_administrators }
    }
}

/// Counts a sign-in: whether it was a link, or why it has failed.
pub(super) fn count(provider: Provider, ended: Result<bool, &Failure>) {
    let result = match ended {
        Ok(false) => "ok",
        Ok(true) => "linked",
        Err(failure) => failure.result(),
    };
    metrics::counter!("realmgate_oauth_sign_ins_total", "provider" => provider.name(), "result" => result).increment(1);
}
