//! The client of the directory: registers, sends heartbeats and deregisters.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use realmgate_engine::host::HostStatus;
use realmgate_protocol::entry::SpawnPosition;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::directory_choice::{self, Directory};

/// Attempts at the first registration before the process gives up.
const FIRST_TRIES: u32 = 10;
/// Increase of the wait after each failure, up to [`MAX_WAIT`].
const WAIT_STEP: Duration = Duration::from_secs(5);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The registration of a server.
#[derive(Debug, Clone, Serialize)]
pub struct Registration {
    /// Its id.
    pub id: String,
    /// Its name, shown to people.
    pub name: String,
    /// IP address where players connect.
    pub ip: String,
    /// UDP port where players connect.
    pub port: u16,
    /// The maps it hosts.
    pub supported_maps: Vec<u16>,
    /// Names of the maps it hosts.
    pub map_names: BTreeMap<u16, String>,
    /// Where new characters begin on the maps it hosts.
    pub spawns: BTreeMap<u16, SpawnPosition>,
    /// Where it answers WebSocket; `None` if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ws_url: Option<String>,
    /// Where it answers WebTransport; `None` if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wt_url: Option<String>,
    /// The SHA-256 of its certificate there, if nobody has signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wt_cert_sha256: Option<String>,
    /// Most players at a time.
    pub max_players: u16,
    /// The cookie of an earlier registration of this server; `None` if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
}

/// The answer of the directory to a registration.
#[derive(Debug, Clone, Deserialize)]
pub struct Registered {
    /// Proves later that we are the server that has registered.
    pub cookie: String,
    /// Milliseconds between two heartbeats.
    pub heartbeat_interval_ms: u64,
}

/// The outcome of one attempt to register.
pub enum Attempt {
    /// Registered.
    Done(Registered),
    /// The id is in use by another server.
    Taken,
    /// The directory does not accept the registration, for this reason. Trying again does not help.
    Refused(String),
    /// The directory cannot be reached or answers with an error.
    Failed(anyhow::Error),
}

/// Why the first registration failed.
pub enum NotRegistered {
    /// The id is in use by another server.
    IdTaken,
    /// The directory does not accept the registration, for this reason.
    Refused(String),
    /// The directory cannot be reached or answers with an error.
    Failed(anyhow::Error),
}

/// Client of the directory.
#[derive(Clone)]
pub struct DirectoryClient {
    http: reqwest::Client,
    directory: Directory,
}

impl DirectoryClient {
    /// Creates a client of a directory.
    ///
    /// # Errors
    ///
    /// Fails if the HTTP client cannot be built.
    pub fn new(directory: Directory) -> anyhow::Result<Self> {
        let http = directory_choice::http(Duration::from_secs(5), &directory.tls_roots)?;
        Ok(Self { http, directory })
    }

    /// Registers for the first time: up to ten attempts, waiting 5, 10, 15 … at most 30 s between them.
    ///
    /// # Errors
    ///
    /// [`NotRegistered::IdTaken`] and [`NotRegistered::Refused`] at once, [`NotRegistered::Failed`] after the last
    /// attempt.
    pub async fn register_first(&self, registration: &Registration) -> Result<Registered, NotRegistered> {
        self.register_trying(registration, wait_after).await
    }

    /// [`Self::register_first`] with the wait after each number of failures.
    async fn register_trying(
        &self,
        registration: &Registration,
        mut wait_after: impl FnMut(u32) -> Duration,
    ) -> Result<Registered, NotRegistered> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.register(registration).await {
                Attempt::Done(registered) => return Ok(registered),
                Attempt::Taken => return Err(NotRegistered::IdTaken),
                Attempt::Refused(why) => return Err(NotRegistered::Refused(why)),
                Attempt::Failed(error) if attempt == FIRST_TRIES => {
                    let error =
                        error.context(format!("no directory at {} after {FIRST_TRIES} attempts", self.directory.url));
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

    /// Tries to register once.
    pub async fn register(&self, registration: &Registration) -> Attempt {
        let request = self.http.post(format!("{}/map-registry/register", self.directory.url)).json(registration);
        let answer = self.directory.call(&self.http, request).await;
        let read = async {
            let answer = answer?;
            match answer.status() {
                StatusCode::CONFLICT => Ok(Attempt::Taken),
                StatusCode::UNPROCESSABLE_ENTITY => Ok(Attempt::Refused(answer.text().await.unwrap_or_default())),
                status if status.is_success() => {
                    Ok(Attempt::Done(answer.json().await.context("cannot read the response of the directory")?))
                }
                status => bail!("the directory responded with {status}: {}", answer.text().await.unwrap_or_default()),
            }
        };
        read.await.unwrap_or_else(Attempt::Failed)
    }

    /// Sends a heartbeat. Returns false if the directory does not know this server.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be reached, does not prove itself or answers with an error.
    pub async fn beat(&self, id: &str, status: &HostStatus) -> anyhow::Result<bool> {
        let body = serde_json::json!({
            "id": id,
            "current_players": status.players.load(Ordering::Relaxed),
            "load": status.load.load(Ordering::Relaxed),
        });
        let request = self.http.post(format!("{}/map-registry/heartbeat", self.directory.url)).json(&body);
        let answer = self.directory.call(&self.http, request).await?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            status => bail!("heartbeat failed with {status}"),
        }
    }

    /// Deregisters the server. Returns whether the directory confirmed it.
    pub async fn deregister(&self, id: &str) -> bool {
        let request = self.http.delete(format!("{}/map-registry/server/{id}", self.directory.url));
        match self.directory.call(&self.http, request).await {
            Ok(answer) if answer.status().is_success() => {
                tracing::info!("deregistered");
                return true;
            }
            Ok(answer) => tracing::warn!("deregistration failed with {}", answer.status()),
            Err(error) => tracing::warn!("deregistration failed, the entry will expire: {error:#}"),
        }
        false
    }
}

/// How long to wait after this number of failures in a row.
pub fn wait_after(failures: u32) -> Duration {
    (WAIT_STEP * failures).min(MAX_WAIT)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::tls_roots::TlsRoots;

    /// A directory at this URL.
    pub(crate) fn directory(url: String) -> Directory {
        let keys = "a key of at least thirty-two bytes!".parse().unwrap();
        Directory { url, tls_roots: TlsRoots::default(), is_asked_directly: true, service_token: "token".into(), keys }
    }

    /// The registration of a server with one map.
    pub(crate) fn registration() -> Registration {
        Registration {
            id: "map-1".to_owned(),
            name: "One".to_owned(),
            ip: "127.0.0.1".to_owned(),
            port: 4_001,
            supported_maps: vec![1],
            map_names: BTreeMap::new(),
            spawns: BTreeMap::new(),
            ws_url: None,
            wt_url: None,
            wt_cert_sha256: None,
            max_players: 1,
            cookie: None,
        }
    }

    #[test]
    fn waits_grow_by_five_seconds_up_to_thirty() {
        let waits: Vec<u64> = (1..=8).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(waits, [5, 10, 15, 20, 25, 30, 30, 30]);
    }

    #[tokio::test]
    async fn the_first_registration_is_given_up_after_ten_tries() {
        // Bound and not listening: connections are refused, and no other test gets the port.
        let refusing = tokio::net::TcpSocket::new_v4().unwrap();
        refusing.bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let nobody = refusing.local_addr().unwrap();
        let mut failures = Vec::new();
        let client = DirectoryClient::new(directory(format!("http://{nobody}"))).unwrap();
        let registration = registration();
        let given_up = client.register_trying(&registration, |failed| {
            failures.push(failed);
            Duration::ZERO
        });
        let Err(NotRegistered::Failed(error)) = given_up.await else { panic!("it has found a directory") };
        assert!(
            error.to_string().starts_with(&format!("no directory at http://{nobody} after 10 attempts")),
            "{error:#}"
        );
        assert_eq!(failures, [1, 2, 3, 4, 5, 6, 7, 8, 9], "after the tenth it waits for nothing");
    }
}
