//! A bot's account: registers, makes a character under a free name, and enters the world. It tries again for as long as
//! that can help.

use std::future::Future;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rand::SeedableRng;
use rand_pcg::Pcg64;
use realmgate_client::api::{ApiError, Character, Tokens};
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::entry::{Entry, EntryError};
use realmgate_client::session::Possessions;
use realmgate_protocol::entry::EntryGrant;
use uuid::Uuid;

use crate::crowd::Crowd;
use crate::journal;
use crate::names;

/// Maximum calls of the API to a busy server before a bot gives up.
const MAX_CALLS: u32 = 40;
/// Maximum names that a bot tries while others have them.
const MAX_NAMES: u32 = 20;
/// Maximum tries to get into the world, unless the bot has `--endure`.
const MAX_RETURNS: u32 = 10;
/// An access token that expires within this time is refreshed before use.
const REFRESH_BEFORE: Duration = Duration::from_secs(60);
/// How long a bot with `--endure` waits for one try. A server that has not answered by then may be gone for good.
const TRY_WITHIN: Duration = Duration::from_secs(5);
/// How long it waits between two tries.
const RETRY_AFTER: Duration = Duration::from_millis(400);

/// A logged-in account and its character.
pub struct BotAccount {
    username: String,
    name: String,
    password: String,
    tokens: Tokens,
    made_at: Duration,
    entry: Entry,
    setup: Setup,
}

impl BotAccount {
    /// Registers an account of this name, and creates a character under a name that nobody has. The class is chosen by
    /// the bot's number.
    ///
    /// # Errors
    /// When the API refuses the account or the character, or cannot be reached.
    pub async fn register(
        crowd: &Crowd,
        number: u32,
        username: String,
        password: String,
    ) -> anyhow::Result<(Self, String)> {
        let _turn = crowd.births.acquire().await?;
        let api = &crowd.api;
        let tokens = patiently(|| api.register(&username, &password)).await.context("no account")?;
        let made_at = crowd.now();
        let class = &crowd.classes[number as usize % crowd.classes.len()];
        let (name, character) = christened(crowd, &tokens.access_token, &class.id).await.context("no character")?;
        crowd.journal.note(&name, &journal::Entry::Born { character: character.id.clone() });
        let entry = Entry::new(&crowd.gateway_url, &tokens.access_token, &character.id);
        let setup = crowd.setup_of(number);
        Ok((Self { username, name: name.clone(), password, tokens, made_at, entry, setup }, name))
    }

    /// Number of tickets requested so far.
    pub fn tickets(&self) -> u64 {
        self.entry.tickets()
    }

    /// Enters the world through the gateway. Tries again while that can help.
    ///
    /// # Errors
    /// When the last try failed: for a reason that does not pass, after 10 tries without `--endure`, or because the run
    /// is ending.
    pub async fn enter(&mut self, crowd: &Crowd) -> anyhow::Result<GameClient> {
        let mut tries = 0;
        loop {
            tries += 1;
            let endures = crowd.options.endure;
            let tried = match endures {
                true => tokio::time::timeout(TRY_WITHIN, self.try_to_enter(crowd)).await,
                false => Ok(self.try_to_enter(crowd).await),
            };
            let error = match tried {
                Ok(Ok(client)) => return Ok(client),
                Ok(Err(error)) => error,
                Err(_) => anyhow!("no entry within {TRY_WITHIN:?}"),
            };
            let why = format!("{error:#}");
            tracing::debug!(why, name = self.name, tries, "cannot enter the world");
            let may_help = endures || (is_passing(&error) && tries < MAX_RETURNS);
            if !may_help || crowd.is_ending() {
                return Err(error.context("cannot enter the world"));
            }
            crowd.journal.note(&self.name, &journal::Entry::Refused { why });
            let pause = if endures { RETRY_AFTER } else { Duration::from_millis(500) * tries };
            tokio::time::sleep(pause.max(told_to_wait(&error))).await;
        }
    }

    async fn try_to_enter(&mut self, crowd: &Crowd) -> anyhow::Result<GameClient> {
        self.freshen(crowd).await?;
        match self.entry.enter(None, &self.setup).await {
            // Its log-in was not used in time: many bots register before the first is in the world.
            Err(EntryError::Gateway(error)) if error.wants_fresh_tokens() => {
                self.renew(crowd).await?;
                Ok(self.entry.enter(None, &self.setup).await?)
            }
            entered => Ok(entered?),
        }
    }

    /// Travels to where the old map server said, or through the gateway if that fails.
    ///
    /// # Errors
    /// As [`Entry::travel`].
    pub async fn travel(&mut self, grant: &EntryGrant, carried: Possessions) -> Result<GameClient, EntryError> {
        self.entry.travel(grant, &self.setup, carried).await
    }

    /// Gets a new access token when the old one nears its end.
    async fn freshen(&mut self, crowd: &Crowd) -> anyhow::Result<()> {
        let age = crowd.now() - self.made_at;
        if age + REFRESH_BEFORE < Duration::from_secs(self.tokens.expires_in) {
            return Ok(());
        }
        self.renew(crowd).await
    }

    /// Gets new tokens.
    async fn renew(&mut self, crowd: &Crowd) -> anyhow::Result<()> {
        let tokens = match crowd.api.refresh(&self.tokens.refresh_token).await {
            // The answer to an earlier refresh may have been lost, and with it the only valid token.
            Err(ApiError::Refused(_)) if crowd.options.endure => crowd.api.login(&self.username, &self.password).await,
            refreshed => refreshed,
        };
        self.take(tokens.context("the login has ended")?, crowd.now());
        Ok(())
    }

    fn take(&mut self, tokens: Tokens, now: Duration) {
        self.entry.set_access_token(&tokens.access_token);
        (self.tokens, self.made_at) = (tokens, now);
    }
}

/// Creates a character, under another name for as long as somebody has the one that it tries.
async fn christened(crowd: &Crowd, token: &str, class: &str) -> Result<(String, Character), ApiError> {
    // Another run must not try the same names.
    let mut rng = Pcg64::seed_from_u64(Uuid::new_v4().as_u64_pair().0);
    let mut tries = 0;
    loop {
        tries += 1;
        let name = names::any(&mut rng);
        match patiently(|| crowd.api.create_character(token, &name, class)).await {
            Err(ApiError::Refused(problem)) if problem.code == "NAME_TAKEN" && tries < MAX_NAMES => {}
            created => return created.map(|character| (name, character)),
        }
    }
}

/// How long the gateway asks to wait; zero if it does not.
fn told_to_wait(error: &anyhow::Error) -> Duration {
    match error.downcast_ref() {
        Some(EntryError::Gateway(error)) => error.retry_after().unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

/// Whether trying again can help, after a refresh of the tokens where they have expired.
pub fn is_passing(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(EntryError::Gateway(error)) if error.wants_fresh_tokens() => true,
        Some(error) => EntryError::may_pass(error),
        None => false,
    }
}

/// Calls the API, and again for as long as it says when to retry.
async fn patiently<T, F: Future<Output = Result<T, ApiError>>>(mut call: impl FnMut() -> F) -> Result<T, ApiError> {
    let mut calls = 0;
    loop {
        calls += 1;
        match call().await {
            Err(error) if calls < MAX_CALLS => match error.retry_after() {
                Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(50))).await,
                None => return Err(error),
            },
            result => return result,
        }
    }
}
