//! What is said to the directory: register, beat, deregister.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use realmgate_engine::host::HostStatus;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::placement::{self, Directory};

/// The first registration is tried this often before the process gives up.
const FIRST_TRIES: u32 = 10;
/// Each wait is this much longer than the one before, up to [`MAX_WAIT`].
const WAIT_STEP: Duration = Duration::from_secs(5);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// What a server says of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Registration {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Where players connect.
    pub ip: String,
    /// Where players connect.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<u16>,
    /// Most players.
    pub max_players: u16,
    /// The cookie of an earlier registration of this very server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

/// What the directory answers.
#[derive(Debug, Clone, Deserialize)]
pub struct Registered {
    /// Proves later that we are who registered.
    pub cookie: String,
    /// How often to beat.
    pub heartbeat_interval_ms: u64,
}

/// The outcome of one attempt to register.
pub enum Attempt {
    /// Registered.
    Done(Registered),
    /// The id is alive elsewhere.
    Taken,
    /// What we say of ourselves is not acceptable, and will not be the next time either.
    Refused(String),
    /// The directory can not be reached or refuses.
    Failed(anyhow::Error),
}

/// Why the first registration ended without success.
pub enum NotRegistered {
    /// The id is alive elsewhere.
    IdTaken,
    /// What we say of ourselves is not acceptable.
    Refused(String),
    /// The directory can not be reached or refuses.
    Failed(anyhow::Error),
}

/// Speaks with the directory.
#[derive(Clone)]
pub struct DirectoryClient {
    http: reqwest::Client,
    directory: Directory,
}

impl DirectoryClient {
    /// A client of this directory.
    pub fn new(directory: Directory) -> anyhow::Result<Self> {
        let http = placement::http(Duration::from_secs(5), &directory.trust)?;
        Ok(Self { http, directory })
    }

    /// Registers for the first time: up to ten tries, waiting 5, 10, 15 … at most 30 s between them.
    pub async fn register_first(&self, registration: &Registration) -> Result<Registered, NotRegistered> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.register(registration).await {
                Attempt::Done(registered) => return Ok(registered),
                Attempt::Taken => return Err(NotRegistered::IdTaken),
                Attempt::Refused(why) => return Err(NotRegistered::Refused(why)),
                Attempt::Failed(error) if attempt == FIRST_TRIES => {
                    let error =
                        error.context(format!("no directory at {} after {FIRST_TRIES} tries", self.directory.url));
                    return Err(NotRegistered::Failed(error));
                }
                Attempt::Failed(error) => {
                    let wait = wait_after(attempt);
                    tracing::warn!(
                        "registration {attempt} of {FIRST_TRIES} failed, next in {} s: {error:#}",
                        wait.as_secs()
                    );
                    sleep(wait).await;
                }
            }
        }
    }

    /// Registers, once.
    pub async fn register(&self, registration: &Registration) -> Attempt {
        let request = self.http.post(format!("{}/map-registry/register", self.directory.url)).json(registration);
        let answer = request.bearer_auth(self.directory.service_token.expose_secret()).send().await;
        let read = async {
            let answer = answer.context("the directory does not answer")?;
            match answer.status() {
                StatusCode::CONFLICT => Ok(Attempt::Taken),
                StatusCode::UNPROCESSABLE_ENTITY => Ok(Attempt::Refused(answer.text().await.unwrap_or_default())),
                status if status.is_success() => {
                    Ok(Attempt::Done(answer.json().await.context("the directory's answer is not understood")?))
                }
                status => bail!("the directory answers {status}: {}", answer.text().await.unwrap_or_default()),
            }
        };
        read.await.unwrap_or_else(Attempt::Failed)
    }

    /// Says that the server lives; false where the directory does not know it.
    pub async fn beat(&self, id: &str, status: &HostStatus) -> anyhow::Result<bool> {
        let body = serde_json::json!({
            "id": id,
            "current_players": status.players.load(Ordering::Relaxed),
            "load": status.load.load(Ordering::Relaxed),
        });
        let request = self.http.post(format!("{}/map-registry/heartbeat", self.directory.url)).json(&body);
        let answer = request.bearer_auth(self.directory.service_token.expose_secret()).send().await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            status => bail!("a heartbeat is answered {status}"),
        }
    }

    /// Takes the server off the list; whether the directory says that it is.
    pub async fn deregister(&self, id: &str) -> bool {
        let request = self.http.delete(format!("{}/map-registry/server/{id}", self.directory.url));
        let answer = request.bearer_auth(self.directory.service_token.expose_secret()).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => {
                tracing::info!("deregistered");
                return true;
            }
            Ok(answer) => tracing::warn!("deregistering is answered {}", answer.status()),
            Err(error) => tracing::warn!("can not deregister, the entry will expire: {error}"),
        }
        false
    }
}

/// How long to wait after so many failures in a row.
pub fn wait_after(failures: u32) -> Duration {
    (WAIT_STEP * failures).min(MAX_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_five_seconds_up_to_thirty() {
        let waits: Vec<u64> = (1..=8).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(waits, [5, 10, 15, 20, 25, 30, 30, 30]);
    }
}
