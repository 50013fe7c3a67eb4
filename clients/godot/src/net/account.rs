//! The account, its log-in and its characters: calls of the public API, with a token that is made new when it has grown old.

use std::collections::BTreeMap;
use std::sync::Arc;

use realmgate_client::api::{Api, ApiError, Problem, Tokens};
use realmgate_client::entry::Entry;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{Call, Failure, FailureKind, Outcome};

/// An account of a server. Clones share the log-in.
#[derive(Debug, Clone)]
pub struct Account {
    api: Api,
    server: String,
    log_in: Arc<Mutex<Option<LogIn>>>,
}

/// What a log-in has given.
#[derive(Debug)]
pub(super) struct LogIn {
    pub tokens: Tokens,
    /// Whether it is one of the community's routes, whose refresh token stays; else each is good once.
    pub is_of_a_device: bool,
}

impl Account {
    /// Nobody's yet.
    pub fn new(server: &str) -> Self {
        let server = server.trim_end_matches('/').to_owned();
        Self { api: Api::new(&server), server, log_in: Arc::default() }
    }

    /// Makes a call of the API. Those of the world are not its.
    pub async fn call(&self, call: Call) -> Result<Outcome, Failure> {
        Ok(match call {
            Call::Register { name, password } => {
                let tokens = self.api.register(&name, &password).await?;
                self.keep(LogIn { tokens, is_of_a_device: false }).await
            }
            Call::LogIn { name, password } => {
                let tokens = self.api.login(&name, &password).await?;
                self.keep(LogIn { tokens, is_of_a_device: false }).await
            }
            Call::Community(call) => self.community(call).await?,
            Call::LogOut => self.log_out().await?,
            Call::Classes => Outcome::Classes(self.api.classes().await?),
            Call::Characters => {
                Outcome::Characters(self.with_token(async |api, token| api.characters(token).await).await?)
            }
            Call::CreateCharacter { name, class } => Outcome::Character(
                self.with_token(async |api, token| api.create_character(token, &name, &class).await).await?,
            ),
            Call::DeleteCharacter { id } => {
                self.with_token(async |api, token| api.delete_character(token, &id).await).await?;
                Outcome::Done
            }
            Call::RestoreCharacter { id } => {
                Outcome::Character(self.with_token(async |api, token| api.restore_character(token, &id).await).await?)
            }
            Call::MapFiles { map } => Outcome::MapFiles(self.map_files(map).await?),
            Call::Enter { .. } | Call::Leave => return Err(Failure::not_in_world()),
        })
    }

    /// A way into the world for a character. It gets newer tokens by itself when the gateway wants them.
    pub async fn entry(&self, character: &str) -> Result<Entry, Failure> {
        let (token, account) = (self.access_token().await?, self.clone());
        let entry = Entry::new(&self.api.gateway_url().await?, &token, character);
        Ok(entry.with_fresh_token(move || {
            let account = account.clone();
            async move { account.refresh().await }
        }))
    }

    /// The API, for calls that need no log-in.
    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Uses this log-in from now on.
    pub(super) async fn keep(&self, log_in: LogIn) -> Outcome {
        let user = log_in.tokens.user_id.clone();
        *self.log_in.lock().await = Some(log_in);
        Outcome::LoggedIn { user }
    }

    /// The server has ended the log-in.
    pub(super) async fn forget(&self) {
        *self.log_in.lock().await = None;
    }

    async fn access_token(&self) -> Result<String, Failure> {
        let log_in = self.log_in.lock().await;
        log_in.as_ref().map(|log_in| log_in.tokens.access_token.clone()).ok_or_else(Failure::not_logged_in)
    }

    async fn log_out(&self) -> Result<Outcome, Failure> {
        let log_in = self.log_in.lock().await.take().ok_or_else(Failure::not_logged_in)?;
        self.api.logout(&log_in.tokens.access_token).await?;
        Ok(Outcome::Done)
    }

    /// Calls with the access token; with a newer one where that has expired.
    pub(super) async fn with_token<T>(
        &self,
        call: impl AsyncFn(&Api, &str) -> Result<T, ApiError>,
    ) -> Result<T, Failure> {
        match call(&self.api, &self.access_token().await?).await {
            Err(error) if error.code() == Some("UNAUTHORIZED") => Ok(call(&self.api, &self.refresh().await?).await?),
            answer => Ok(answer?),
        }
    }

    /// Makes the tokens new; the access token.
    async fn refresh(&self) -> Result<String, ApiError> {
        let mut log_in = self.log_in.lock().await;
        let log_in = log_in.as_mut().ok_or_else(logged_out)?;
        let old = &log_in.tokens.refresh_token;
        log_in.tokens =
            if log_in.is_of_a_device { self.api.refresh_kept(old).await? } else { self.api.refresh(old).await? };
        Ok(log_in.tokens.access_token.clone())
    }

    /// Loads what a map is drawn with: its own file, and all tilesets and pictures of maps.
    async fn map_files(&self, map: u16) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let listing = self.api.bytes(&format!("{}/assets.json", self.server)).await?;
        let listing: Listing = serde_json::from_slice(&listing)
            .map_err(|error| Failure::new(FailureKind::Outdated, "UNREADABLE", error.to_string()))?;
        let own = format!("{map}_");
        let mut files = BTreeMap::new();
        for (name, address) in &listing.files {
            let Some(name) = name.strip_prefix("maps/") else { continue };
            if name.ends_with(".tmx") && name.starts_with(&own) || name.ends_with(".tsx") || name.ends_with(".png") {
                let address =
                    if address.starts_with('/') { format!("{}{address}", self.server) } else { address.clone() };
                files.insert(name.to_owned(), self.api.bytes(&address).await?);
            }
        }
        Ok(files)
    }
}

/// Somebody has logged out meanwhile.
fn logged_out() -> ApiError {
    let (code, title) = ("UNAUTHORIZED".to_owned(), "not logged in".to_owned());
    ApiError::Refused(Box::new(Problem { status: 401, code, title, ..Problem::default() }))
}

/// The designers' files that a server hands out: their addresses, by their names.
#[derive(Deserialize)]
struct Listing {
    files: BTreeMap<String, String>,
}
