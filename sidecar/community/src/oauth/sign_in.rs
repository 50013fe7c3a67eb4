//! Log-in by an account at a provider: by a browser that is sent there and back, or by what a game's own program has got.

use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::clock::Clock;
use realmgate_platform::error::Error;
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};

use super::identity::{Identity, Provider};
use super::outward::ProviderError;
use super::parameters::Parameters;
use super::providers::{Flow, Proof, Providers};
use super::resolve::{Failure, Resolver};
use crate::accounts::{Grant, LogIns};
use crate::events::Events;
use crate::http::Refusal;
use crate::store::{AccountStore, Ended, NewOAuthSession, OAuthSessionStore, OAuthState, UnlinkedProvider};

/// How long a player may take at the provider.
const FLOW_LIVES_MS: u64 = 10 * 60 * 1_000;
/// How long the outcome is told, so that a poll whose answer is lost can be made again.
const OUTCOME_LIVES_MS: u64 = 2 * 60 * 1_000;
/// How often a log-in's tokens are handed out.
const HANDED_OUT_MOST: i64 = 3;

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

/// A flow that has begun.
pub struct Started {
    /// Where the player's browser goes.
    pub authorization_url: String,
    /// What its outcome is asked for with. Whoever knows it has the log-in.
    pub session_id: String,
}

/// How a flow stands.
pub enum Status {
    /// The player is still there.
    Pending(Option<AccountId>),
    /// The player has logged in.
    LoggedIn(Box<Grant>),
    /// The provider's account is linked to this one.
    Linked(Provider, AccountId),
    /// Neither.
    Failed {
        /// Why not, for programs.
        code: String,
        /// Why not, for people.
        text: String,
        /// Whom the provider's account was to be linked to.
        link: Option<AccountId>,
    },
}

/// How a flow has ended, for whoever looks at its page.
pub enum Outcome {
    /// Well.
    Done,
    /// Why not, for people.
    Failed(String),
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
        Refusal::explained(StatusCode::BAD_REQUEST, "invalid_provider", "Nobody logs in here by this provider")
    }

    /// Begins a flow by a browser: to log in or, for a caller, to link.
    ///
    /// # Errors
    /// 400 for a provider that is not offered, or does not answer.
    pub async fn begin(&self, provider: &str, caller: Option<&Caller>) -> Result<Started, Refusal> {
        let offered = Provider::of(provider).filter(|provider| self.providers.has(*provider));
        let provider = offered.ok_or_else(Self::not_offered)?;
        let (session_id, nonce, verifier) = (random()?, random()?, random()?);
        let redirect_uri = self.redirect_uri(provider);
        let flow = Flow { redirect_uri: &redirect_uri, state: &session_id, nonce: &nonce, verifier: &verifier };
        let url = self.providers.authorization_url(provider, &flow).await;
        let url = url.map_err(|error| Failure::Exchange(error).refusal())?.ok_or_else(Refusal::bad_request)?;
        let new = NewOAuthSession {
            id: &session_id,
            provider: provider.name(),
            link: self.link_of(caller).await?,
            nonce: &nonce,
            verifier: &verifier,
            at_ms: self.clock.now_ms(),
            lives_ms: FLOW_LIVES_MS,
        };
        self.sessions.begin(new).await?;
        Ok(Started { authorization_url: url, session_id })
    }

    /// Takes what a browser brings back from a provider: all its parameters. Returns the flow's id, under which the outcome
    /// is told; `None` where no flow of ours waits for this.
    ///
    /// # Errors
    /// 429 for too many new accounts, or when the database cannot be asked.
    pub async fn come_back(
        &self,
        source: Source,
        provider: &str,
        said: &Parameters,
    ) -> Result<Option<String>, Refusal> {
        let Some(provider) = Provider::of(provider) else { return Ok(None) };
        let Some(state) = said.get("state") else { return Ok(None) };
        let taken = self.sessions.take(state, provider.name(), self.clock.now_ms()).await?;
        let Some(session) = taken else { return Ok(None) };
        let redirect_uri = self.redirect_uri(provider);
        let flow = Flow { redirect_uri: &redirect_uri, state, nonce: &session.nonce, verifier: &session.verifier };
        let identity = self.identity(provider, &Proof::Browser(said, flow)).await;
        let outcome = match (identity, session.link) {
            (Err(failure), _) => Err(failure),
            (Ok(identity), Some(link)) => self.resolver().link(provider, &identity, link).await.map(|()| Ended::Linked),
            (Ok(identity), None) => self.resolver().account(source, provider, &identity).await.map(Ended::LoggedIn),
        };
        count(provider, outcome.as_ref().map(|ended| matches!(ended, Ended::Linked)));
        let (ended, refusal) = match outcome {
            Ok(ended) => (ended, None),
            Err(Failure::Ours(refusal)) => (Ended::Failed("server_error", "Try again later".to_owned()), Some(refusal)),
            Err(failure) => (Ended::Failed(failure.code(), failure.text()), None),
        };
        self.sessions.end(state, &ended, self.clock.now_ms(), OUTCOME_LIVES_MS).await?;
        if let (Ended::Linked, Some((account, _))) = (&ended, session.link) {
            self.events.changed(account);
        }
        refusal.map_or_else(|| Ok(Some(state.to_owned())), Err)
    }

    /// How a flow stands; `None` if there is none any more. A log-in's tokens are handed out with it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn status(&self, session_id: &str) -> Result<Option<Status>, Refusal> {
        let now_ms = self.clock.now_ms();
        let Some(state) = self.sessions.state(session_id, now_ms).await? else { return Ok(None) };
        let OAuthState { status, provider, link, error: (code, text) } = state;
        Ok(match (status.as_str(), link, Provider::of(&provider)) {
            ("completed", Some(account), Some(provider)) => Some(Status::Linked(provider, account)),
            ("completed", None, _) => match self.sessions.hand_out(session_id, HANDED_OUT_MOST, now_ms).await? {
                Some(account) => Some(Status::LoggedIn(Box::new(self.log_ins.open(account).await?))),
                None => None,
            },
            ("error", ..) => Some(Status::Failed { code, text, link }),
            _ => Some(Status::Pending(link)),
        })
    }

    /// How a flow has ended, without what it gives; `None` if it has not, or there is none any more.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn outcome(&self, session_id: &str) -> Result<Option<Outcome>, Refusal> {
        let state = self.sessions.state(session_id, self.clock.now_ms()).await?;
        Ok(state.and_then(|state| match state.status.as_str() {
            "completed" => Some(Outcome::Done),
            "error" => Some(Outcome::Failed(state.error.1)),
            _ => None,
        }))
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
        let away = || ProviderError::Unbelievable("no app of Apple's is configured");
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
            self.resolver().link(provider, &identity, (account, version)).await?;
            self.events.changed(account);
            return Ok(Proven::Linked(provider));
        }
        let account = self.resolver().account(source, provider, &identity).await?;
        Ok(Proven::LoggedIn(Box::new(self.log_ins.open(account).await.map_err(Failure::Ours)?)))
    }

    async fn identity(&self, provider: Provider, proof: &Proof<'_>) -> Result<Identity, Failure> {
        let not_offered = ProviderError::Unbelievable("nobody logs in here by this provider any more");
        let identity = self.providers.identity(provider, proof).await.map_err(Failure::Exchange)?;
        identity.ok_or(Failure::Exchange(not_offered))
    }

    /// The caller's account, and its token version now.
    async fn link_of(&self, caller: Option<&Caller>) -> Result<Option<(AccountId, i64)>, Refusal> {
        let Some(caller) = caller else { return Ok(None) };
        let version = self.store.token_version(caller.account).await?;
        Ok(version.map(|version| (caller.account, version)))
    }

    fn redirect_uri(&self, provider: Provider) -> String {
        format!("{}/auth/{}/callback", self.public_url, provider.name())
    }

    fn resolver(&self) -> Resolver<'_> {
        Resolver { store: &self.store, log_ins: &self.log_ins, clock: &self.clock }
    }
}

impl Status {
    /// As clients are told.
    pub fn body(self) -> Value {
        let told =
            |status: &str, message: String, data: Value| json!({"status": status, "message": message, "data": data});
        match self {
            Self::Pending(None) => told("pending", String::new(), json!({})),
            Self::Pending(Some(account)) => {
                told("pending", String::new(), json!({"link_user_id": account.to_string()}))
            }
            Self::LoggedIn(grant) => {
                let data = json!({
                    "access_token": grant.access_token, "refresh_token": grant.refresh_token,
                    "expires_in": grant.expires_in, "user_id": grant.account.to_string(),
                });
                told("completed", String::new(), data)
            }
            Self::Linked(provider, account) => {
                let data =
                    json!({"linked": true, "provider": provider.id_field(), "link_user_id": account.to_string()});
                told("completed", String::new(), data)
            }
            Self::Failed { code, text, link } => {
                let mut data = json!({"error": code, "details": text});
                if let Some(account) = link {
                    data["link_user_id"] = Value::from(account.to_string());
                }
                told("error", text, data)
            }
        }
    }
}

/// Counts a sign-in: whether it was a link, or why it has failed.
fn count(provider: Provider, ended: Result<bool, &Failure>) {
    let result = match ended {
        Ok(false) => "ok",
        Ok(true) => "linked",
        Err(failure) => failure.result(),
    };
    metrics::counter!("realmgate_oauth_sign_ins_total", "provider" => provider.name(), "result" => result).increment(1);
}

/// 256 random bits, as text.
fn random() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
