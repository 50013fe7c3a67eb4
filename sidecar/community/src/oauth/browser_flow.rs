//! Log-in at a provider by a browser: sent there, back to a page of ours, and only from there into an account.
//!
//! A link to a provider leads any browser back here, often without a page at the provider. So the answer of a provider does not
//! log anybody in by itself: somebody else may have begun the flow, and waits for its outcome. A flow that a browser has begun
//! is *bound*: it ends in the browser that has its cookie, and in no other. A flow that a game has begun ends on a page that
//! says who asks and what happens, with a code that the game shows too, and waits for a click (as RFC 8628, section 5.4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_platform::error::Error;
use realmgate_platform::limits::Source;
use realmgate_platform::tokens::Caller;
use realmgate_protocol::ids::AccountId;
use serde_json::{Value, json};

use super::identity::{Identity, Provider};
use super::parameters::Parameters;
use super::providers::{Flow, Proof};
use super::resolve::Failure;
use super::sign_in::{SignIn, count};
use crate::accounts::Grant;
use crate::http::Refusal;
use crate::store::{Ended, NewOAuthSession, OAuthPage, OAuthState};

/// How long a user may take at the provider and on our page.
pub const FLOW_LIVES_MS: u64 = 10 * 60 * 1_000;
/// How long the outcome can be asked for, so that a poll whose answer is lost can be made again.
const OUTCOME_LIVES_MS: u64 = 2 * 60 * 1_000;
/// How often a log-in's tokens are handed out.
const HANDED_OUT_MOST: i64 = 3;
/// What codes are made of: consonants, which spell no words and look like no digits (RFC 8628, section 6.1).
const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code.
const CODE_LENGTH: usize = 8;

/// Who begins a flow.
#[derive(Clone, Copy)]
pub struct Beginning<'a> {
    /// Whom the provider's account is linked to; `None` to log in.
    pub caller: Option<&'a Caller>,
    /// Where the call comes from, for the page.
    pub asker: &'a str,
    /// Whether a browser has called, which keeps a cookie for where the provider sends it back to.
    pub is_browser: bool,
}

/// A flow that has begun.
pub struct Started {
    /// Where the user's browser goes.
    pub authorization_url: String,
    /// What its outcome is asked for with. It opens the log-in.
    pub session_id: String,
    /// What the flow is bound to.
    pub binding: Binding,
}

/// What lets the user know that a flow is their own.
pub enum Binding {
    /// The browser that has begun it keeps this cookie.
    Cookie(String),
    /// The page shows this code, and the game should.
    Code(String),
}

/// How a flow stands, for the program that has begun it.
pub enum Status {
    /// The user is still there.
    Pending(Option<AccountId>),
    /// The user has logged in.
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

/// How a flow stands, for the browser that has come back.
pub enum FlowPage {
    /// The user has to agree.
    Asks(Question),
    /// Another browser has begun it.
    OtherBrowser,
    /// Another request of the browser is being answered.
    Working,
    /// It has ended well.
    Done,
    /// Why not, for people.
    Failed(String),
}

/// What the user is asked.
pub struct Question {
    /// The provider.
    pub provider: Provider,
    /// The account at the provider, as people call it; may be empty.
    pub who: String,
    /// The unique name of the account that the provider's is linked to; `None` to log in.
    pub link: Option<String>,
    /// The address that has begun the flow.
    pub asker: String,
    /// What the game shows too.
    pub code: String,
}

impl SignIn {
    /// Begins a flow by a browser: to log in or, for a caller, to link.
    ///
    /// # Errors
    /// 400 for a provider that is not offered, or does not answer.
    pub async fn begin(&self, provider: &str, beginning: Beginning<'_>) -> Result<Started, Refusal> {
        let offered = Provider::of(provider).filter(|provider| self.providers.has(*provider));
        let provider = offered.ok_or_else(Self::not_offered)?;
        let (session_id, state, nonce, verifier) = (random()?, random()?, random()?, random()?);
        let redirect_uri = self.redirect_uri(provider);
        let flow = Flow { redirect_uri: &redirect_uri, state: &state, nonce: &nonce, verifier: &verifier };
        let url = self.providers.authorization_url(provider, &flow).await;
        let url = url.map_err(|error| Failure::Exchange(error).refusal())?.ok_or_else(Refusal::bad_request)?;
        let binding = if beginning.is_browser { Binding::Cookie(random()?) } else { Binding::Code(code()?) };
        let (cookie, code) = match &binding {
            Binding::Cookie(cookie) => (Some(&**cookie), ""),
            Binding::Code(code) => (None, &**code),
        };
        let new = NewOAuthSession {
            id: &session_id,
            state: &state,
            cookie,
            code,
            asker: beginning.asker,
            provider: provider.name(),
            link: self.link_of(beginning.caller).await?,
            nonce: &nonce,
            verifier: &verifier,
            at_ms: self.clock.now_ms(),
            lives_ms: FLOW_LIVES_MS,
        };
        self.sessions.begin(new).await?;
        Ok(Started { authorization_url: url, session_id, binding })
    }

    /// Takes what a browser brings back from a provider: all its parameters. Returns the token of the page on which the flow
    /// ends; `None` where no flow of ours waits for this.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn come_back(&self, provider: &str, said: &Parameters) -> Result<Option<String>, Refusal> {
        let Some(provider) = Provider::of(provider) else { return Ok(None) };
        let Some(state) = said.get("state") else { return Ok(None) };
        let page = random()?;
        let taken = self.sessions.take(state, provider.name(), &page, self.clock.now_ms()).await?;
        let Some(session) = taken else { return Ok(None) };
        let redirect_uri = self.redirect_uri(provider);
        let flow = Flow { redirect_uri: &redirect_uri, state, nonce: &session.nonce, verifier: &session.verifier };
        match self.identity(provider, &Proof::Browser(said, flow)).await {
            Ok(identity) => {
                let identity = serde_json::to_string(&identity).map_err(Error::internal)?;
                self.sessions.ask(&page, &identity).await?;
            }
            Err(failure) => self.end(provider, &page, Err(failure)).await?,
        }
        Ok(Some(page))
    }

    /// What the page of a flow shows. A bound flow ends here, in the browser that has its cookie. `None` if there is no such flow.
    ///
    /// # Errors
    /// 429 for too many new accounts, or when the database cannot be asked.
    pub async fn page(&self, source: Source, page: &str, cookie: Option<&str>) -> Result<Option<FlowPage>, Refusal> {
        let Some(row) = self.sessions.page(page, self.clock.now_ms()).await? else { return Ok(None) };
        if row.status != "asking" {
            return Ok(Some(FlowPage::of(row)));
        }
        if !row.is_bound {
            return self.question(row).await.map(Some);
        }
        if !cookie.is_some_and(|cookie| row.is_of(cookie)) {
            return Ok(Some(FlowPage::OtherBrowser));
        }
        self.conclude(source, page, row).await
    }

    /// Takes the user's answer on the page of a flow that is not bound. Returns what the page shows next.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub async fn answer(&self, source: Source, page: &str, agrees: bool) -> Result<Option<FlowPage>, Refusal> {
        let Some(row) = self.sessions.page(page, self.clock.now_ms()).await? else { return Ok(None) };
        if row.status != "asking" {
            return Ok(Some(FlowPage::of(row)));
        }
        if row.is_bound {
            return Ok(Some(FlowPage::OtherBrowser));
        }
        if agrees {
            return self.conclude(source, page, row).await;
        }
        if self.sessions.answer(page, self.clock.now_ms()).await? {
            self.end(provider_of(&row)?, page, Err(Failure::Declined)).await?;
        }
        self.shown(page).await
    }

    async fn question(&self, row: OAuthPage) -> Result<FlowPage, Refusal> {
        let link = match row.link {
            Some((account, _)) => match self.store.profile(account).await? {
                Some(profile) => Some(profile.username),
                None => return Ok(FlowPage::Failed("This account does not exist".to_owned())),
            },
            None => None,
        };
        let Identity { address, name, .. } = identity_of(&row)?;
        let who = address.map(|address| address.text).unwrap_or(name);
        Ok(FlowPage::Asks(Question { provider: provider_of(&row)?, who, link, asker: row.asker, code: row.code }))
    }

    /// Logs in or links, unless another request of the browser does.
    async fn conclude(&self, source: Source, page: &str, row: OAuthPage) -> Result<Option<FlowPage>, Refusal> {
        if !self.sessions.answer(page, self.clock.now_ms()).await? {
            return self.shown(page).await;
        }
        let (provider, identity) = (provider_of(&row)?, identity_of(&row)?);
        let resolver = self.resolver(row.is_bound);
        let outcome = match row.link {
            Some(link) => resolver.link(provider, &identity, link).await.map(|()| Ended::Linked),
            None => resolver.account(source, provider, &identity).await.map(Ended::LoggedIn),
        };
        let is_linked = matches!(outcome, Ok(Ended::Linked));
        self.end(provider, page, outcome).await?;
        if let (true, Some((account, _))) = (is_linked, row.link) {
            self.events.changed(account);
        }
        self.shown(page).await
    }

    /// Ends a flow that was taken.
    ///
    /// # Errors
    /// What is not the user's business, such as 429 for too many new accounts; the flow has ended then too.
    async fn end(&self, provider: Provider, page: &str, outcome: Result<Ended, Failure>) -> Result<(), Refusal> {
        count(provider, outcome.as_ref().map(|ended| matches!(ended, Ended::Linked)));
        let (ended, refusal) = match outcome {
            Ok(ended) => (ended, None),
            Err(Failure::Ours(refusal)) => (Ended::Failed("server_error", "Try again later".to_owned()), Some(refusal)),
            Err(failure) => (Ended::Failed(failure.code(), failure.text()), None),
        };
        self.sessions.end(page, &ended, self.clock.now_ms(), OUTCOME_LIVES_MS).await?;
        refusal.map_or(Ok(()), Err)
    }

    async fn shown(&self, page: &str) -> Result<Option<FlowPage>, Refusal> {
        Ok(self.sessions.page(page, self.clock.now_ms()).await?.map(FlowPage::of))
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
}

impl FlowPage {
    /// The page of a flow that does not ask.
    fn of(row: OAuthPage) -> Self {
        match row.status.as_str() {
            "completed" => Self::Done,
            "error" => Self::Failed(row.fault),
            _ => Self::Working,
        }
    }
}

impl Status {
    /// As clients get it.
    pub fn body(self) -> Value {
        let said =
            |status: &str, message: String, data: Value| json!({"status": status, "message": message, "data": data});
        match self {
            Self::Pending(None) => said("pending", String::new(), json!({})),
            Self::Pending(Some(account)) => {
                said("pending", String::new(), json!({"link_user_id": account.to_string()}))
            }
            Self::LoggedIn(grant) => {
                let data = json!({
                    "access_token": grant.access_token, "refresh_token": grant.refresh_token,
                    "expires_in": grant.expires_in, "user_id": grant.account.to_string(),
                });
                said("completed", String::new(), data)
            }
            Self::Linked(provider, account) => {
                let data =
                    json!({"linked": true, "provider": provider.id_field(), "link_user_id": account.to_string()});
                said("completed", String::new(), data)
            }
            Self::Failed { code, text, link } => {
                let status = if code == Failure::Taken.code() { "conflict" } else { "error" };
                let mut data = json!({"error": code, "details": text});
                if let Some(account) = link {
                    data["link_user_id"] = Value::from(account.to_string());
                }
                said(status, text, data)
            }
        }
    }
}

fn provider_of(row: &OAuthPage) -> Result<Provider, Refusal> {
    Provider::of(&row.provider).ok_or_else(SignIn::not_offered)
}

fn identity_of(row: &OAuthPage) -> Result<Identity, Refusal> {
    serde_json::from_str(&row.identity).map_err(|error| Error::internal(error).into())
}

/// 256 random bits, as text.
fn random() -> Result<String, Refusal> {
    random_bytes::<32>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}

/// A code that people can compare: two groups of four letters.
fn code() -> Result<String, Refusal> {
    let letters = random_bytes::<CODE_LENGTH>()?.map(|byte| CODE_LETTERS[usize::from(byte) % CODE_LETTERS.len()]);
    let (first, second) = letters.split_at(CODE_LENGTH / 2);
    Ok(format!("{}-{}", String::from_utf8_lossy(first), String::from_utf8_lossy(second)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::internal(anyhow::anyhow!("random bytes: {error}")))?;
    Ok(bytes)
}
