//! A player who was not there while something failed: after it he logs in and enters like anybody else.

use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::Setup;
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use tokio::time::{Instant, sleep_until, timeout_at};
use uuid::Uuid;

/// How long he waits before he tries again.
const RETRY_AFTER: Duration = Duration::from_millis(300);
/// How long a try may take: whoever does not answer by then may be gone for good.
const TRY_WITHIN: Duration = Duration::from_secs(5);

/// The player.
#[derive(Debug, Clone)]
pub struct Probe {
    api: Api,
    gateway_url: String,
    username: String,
    password: String,
    character: String,
    setup: Setup,
}

impl Probe {
    /// Registers, and makes a character.
    ///
    /// # Errors
    /// What refused it, in words.
    pub async fn make(api_url: &str, gateway_url: &str) -> anyhow::Result<Self> {
        let api = Api::new(api_url);
        let letters: String = Uuid::new_v4().as_bytes().iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        let (username, password) = (format!("probe{}", &letters[..8]), Uuid::new_v4().to_string());
        let tokens = api.register(&username, &password).await?;
        let classes = api.classes().await?;
        let class = classes.first().ok_or_else(|| anyhow::anyhow!("the server has no character classes"))?;
        let character = api.create_character(&tokens.access_token, &username, &class.id).await?.id;
        let setup = Setup::new(Clock::start());
        Ok(Self { api, gateway_url: gateway_url.to_owned(), username, password, character, setup })
    }

    /// Logs in and enters, as often as that takes, and leaves again: how long it took until he was in.
    ///
    /// # Errors
    /// What went wrong last, in words, when he is not in by then.
    pub async fn visit(&self, within: Duration) -> Result<Duration, String> {
        let (began, mut last) = (Instant::now(), "no answer".to_owned());
        let end = began + within;
        while Instant::now() < end {
            match timeout_at(end.min(Instant::now() + TRY_WITHIN), self.enter()).await {
                Ok(Ok(client)) => {
                    let took = Instant::now() - began;
                    client.log_out().await;
                    return Ok(took);
                }
                Ok(Err(error)) => last = format!("{error:#}"),
                Err(_) => last.push_str(", and then no answer in time"),
            }
            sleep_until(Instant::now() + RETRY_AFTER).await;
        }
        Err(last)
    }

    async fn enter(&self) -> anyhow::Result<realmgate_client::client::GameClient> {
        let tokens = self.api.login(&self.username, &self.password).await?;
        Ok(Entry::new(&self.gateway_url, &tokens.access_token, &self.character).enter(None, &self.setup).await?)
    }
}
