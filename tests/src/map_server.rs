//! The map server as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use serde::Deserialize;

use crate::api::Api;
use crate::binaries::binaries;
use crate::home::Home;
use crate::process::{Process, command};
use crate::shared::Tells;
use crate::wait::{PATIENCE, found_within};

/// Players of tests come and go faster than people do.
pub(crate) const TEST_ENTRIES: &str = "600";

/// How a map server is started. By default: map 1, every port free, the sidecar embedded.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where its data lies.
    pub home: Home,
    /// The second `ready.json`, which the test waits for.
    pub ready_file: PathBuf,
    map: u16,
    port: u16,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    has_open_input: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::in_home(&Home::new())
    }
}

impl Settings {
    /// In a home of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// In a home that others use too.
    pub fn in_home(home: &Home) -> Self {
        let settings = Self {
            home: home.clone(),
            ready_file: home.fresh_path("ready.json"),
            map: 1,
            port: 0,
            environment: Vec::new(),
            arguments: Vec::new(),
            has_open_input: false,
        };
        ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR", "DOOR_ADDR", "ADMIN_ADDR"]
            .iter()
            .fold(settings, |settings, listener| settings.set(listener, "127.0.0.1:0"))
            .set("ENTRIES_PER_MIN", TEST_ENTRIES)
    }

    /// Beside another server of the same machine: with its `DATA_DIR`, at its directory.
    pub fn beside(other: &MapServer) -> Self {
        let directory = other.ready.directory.trim_start_matches("http://").to_owned();
        Self::in_home(&other.settings.home).set("DIRECTORY_ADDR", &directory)
    }

    /// Hosts another map.
    pub fn map(self, map: u16) -> Self {
        Self { map, ..self }
    }

    /// Listens on a certain port.
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Gives an environment variable, in place of what was given before.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != key);
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument after map and port.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Keeps its standard input open until [`Process::end_input`].
    pub fn with_open_input(self) -> Self {
        Self { has_open_input: true, ..self }
    }

    /// Starts the program without waiting for anything.
    pub fn spawn(&self) -> Process {
        let mut start = command(&binaries().start_server);
        start.args([self.map.to_string(), self.port.to_string()]).args(&self.arguments);
        start.arg("--ready-file").arg(&self.ready_file);
        start.env("DATA_DIR", self.home.data_dir()).env("GAME_ADDR", "127.0.0.1");
        start.envs(self.environment.iter().map(|(key, value)| (key, value)));
        let input = if self.has_open_input { Stdio::piped() } else { Stdio::null() };
        Process::start_reading(&self.home, start, input)
    }
}

/// A running map server.
#[derive(Debug)]
pub struct MapServer {
    /// The process.
    pub process: Process,
    /// How it was started.
    pub settings: Settings,
    /// What its `ready.json` says.
    pub ready: Ready,
}

/// A map server's `ready.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// Its process.
    pub pid: u32,
    /// Its id.
    pub server_id: String,
    /// The maps it hosts.
    pub maps: Vec<u16>,
    /// Where players connect.
    pub game: SocketAddr,
    /// The URL for WebTransport.
    pub webtransport: Option<String>,
    /// Health and metrics.
    pub admin: SocketAddr,
    /// The public API, where the sidecar is embedded.
    pub api: Option<SocketAddr>,
    /// The gateway, where the sidecar is embedded.
    pub gateway: Option<SocketAddr>,
    /// The door, where the sidecar is embedded and there are services.
    pub door: Option<SocketAddr>,
    /// The directory's URL.
    pub directory: String,
}

impl Ready {
    /// Where players connect by WebTransport.
    ///
    /// # Panics
    /// When the server has said no URL with an address and a port.
    pub fn webtransport(&self) -> SocketAddr {
        let url = self.webtransport.as_deref().expect("it answers WebTransport");
        let place = url.strip_prefix("https://").and_then(|rest| rest.split('/').next());
        place.and_then(|place| place.parse().ok()).unwrap_or_else(|| panic!("{url} has no address and port"))
    }
}

impl MapServer {
    /// Starts one and waits until it is up.
    ///
    /// # Panics
    /// When it does not come up; its output is in the message.
    pub async fn start(settings: &Settings) -> Self {
        // One that was killed has left its own behind.
        let _ = std::fs::remove_file(&settings.ready_file);
        let process = settings.spawn();
        let up = found_within(PATIENCE, async || {
            assert!(process.is_running(), "the map server has ended{}", process.told());
            serde_json::from_slice(&std::fs::read(&settings.ready_file).ok()?).ok()
        });
        let Some(ready) = up.await else { panic!("the map server is not up after {PATIENCE:?}{}", process.told()) };
        Self { process, settings: settings.clone(), ready }
    }

    /// As [`MapServer::start`], and waits until its map link is up too.
    ///
    /// # Panics
    /// When it does not come up; its output is in the message.
    pub async fn start_linked(settings: &Settings) -> Self {
        let server = Self::start(settings).await;
        let admin = server.admin();
        let linked = found_within(PATIENCE, async || (admin.get("/readyz").await.status == 200).then_some(()));
        assert!(linked.await.is_some(), "the map server is not ready after {PATIENCE:?}{}", server.told());
        server
    }

    /// The server's own folder.
    pub fn folder(&self) -> PathBuf {
        self.settings.home.data_dir().join(&self.ready.server_id)
    }

    /// A client of the public API of the embedded sidecar.
    ///
    /// # Panics
    /// When the server has joined another directory.
    pub fn api(&self) -> Api {
        Api::new(self.api_addr())
    }

    /// Where the public API of the embedded sidecar listens.
    ///
    /// # Panics
    /// When the server has joined another directory.
    pub fn api_addr(&self) -> SocketAddr {
        self.ready.api.expect("the sidecar is embedded")
    }

    /// The gateway of the embedded sidecar.
    ///
    /// # Panics
    /// When the server has joined another directory.
    pub fn gateway(&self) -> SocketAddr {
        self.ready.gateway.expect("the sidecar is embedded")
    }

    /// What operators show.
    pub fn service_token(&self) -> String {
        self.settings.home.secret("service_token")
    }

    /// A client of the directory that shows the service token.
    pub fn directory(&self) -> Api {
        Api::at(&self.ready.directory).with_token(&self.service_token())
    }

    /// A client of the server's health port.
    pub fn admin(&self) -> Api {
        Api::new(self.ready.admin)
    }

    /// Ends it as an operator does.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(self) {
        self.process.terminate();
        let finished = self.process.finished().await;
        assert_eq!(finished.code, Some(0), "a drained server ends well{}", self.told());
    }
}

impl Tells for MapServer {
    fn told(&self) -> String {
        self.process.told()
    }
}
