//! Map servers as children of this process: started, asked to end, and killed if they take too long.
//!
//! A child ends when we end, however that happens: its standard input is a pipe whose other end we hold, and it drains
//! when that closes (`start_server --end-with-stdin`). The kernel closes it for a killed process, too. The usual
//! alternative, a signal at the parent's death, is sent when the *thread* that started the child dies.

mod child;
mod probe;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use child::Child;
use probe::Ready;
use realmgate_platform::config::TlsFiles;
use realmgate_protocol::ids::{MapId, ServerId};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

use super::{Ended, Health, ServerAdapter};
use crate::config::{LocalFleet, SidecarConfig};
use crate::state::Addrs;

/// How often a starting child is checked for readiness.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a child may take to drain: 10 s for its worlds, 12 s for what runs beside them.
const DRAIN_WITHIN: Duration = Duration::from_secs(25);
/// How long the program may take to list its maps.
const LIST_WITHIN: Duration = Duration::from_secs(30);
/// Sidecar names up to this length are part of their servers' ids, which have at most 48 characters.
const LONGEST_NAME: usize = 24;

/// Starts `start_server` on a free port, as a child.
pub struct LocalAdapter {
    fleet: LocalFleet,
    data_dir: PathBuf,
    assets_dir: PathBuf,
    directory_url: String,
    /// TLS files by which children recognise a directory that speaks TLS; `None` for plain HTTP.
    tls: Option<TlsFiles>,
    /// Makes the ids of our servers differ from those of other sidecars.
    name: String,
    maps: OnceCell<BTreeSet<MapId>>,
    children: Arc<Mutex<BTreeMap<ServerId, Child>>>,
}

impl LocalAdapter {
    /// An adapter whose children register at `addrs.directory`.
    pub fn new(fleet: &LocalFleet, config: &SidecarConfig, addrs: Addrs) -> Self {
        let tls = config.edge.tls.clone();
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self {
            fleet: fleet.clone(),
            data_dir: config.data_dir.clone(),
            assets_dir: config.assets_dir.clone(),
            directory_url: format!("{scheme}://{}", reachable(addrs.directory)),
            tls,
            name: short_name(&config.gateway.id),
            maps: OnceCell::new(),
            children: Arc::default(),
        }
    }

    /// The command that starts the program, with only the environment that it needs.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.fleet.binary);
        command.env_clear().env("HOST_MAPS", "only").env("WORLD_DIRECTORY_URL", &self.directory_url);
        if let Some(tls) = &self.tls {
            command.env("TLS_CERT_FILE", &tls.certificate).env("TLS_KEY_FILE", &tls.key);
        }
        // What is set for the children takes precedence.
        command.envs(self.fleet.environment.iter().map(|(key, value)| (key, value.expose_secret())));
        command.env("ASSETS_DIR", &self.assets_dir).env("DATA_DIR", &self.data_dir);
        command
    }

    async fn list_maps(&self) -> Result<BTreeSet<MapId>, Ended> {
        let output = self.command().arg("--maps").stdin(Stdio::null()).kill_on_drop(true).output();
        let output = timeout(LIST_WITHIN, output).await.map_err(|_| failed("--maps timed out"))?;
        let output = output.map_err(|error| failed(format!("{}: {error}", self.fleet.binary.display())))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(failed(format!("--maps ended with {}: {}", output.status, said.trim())));
        }
        Ok(listed_maps(&String::from_utf8_lossy(&output.stdout)))
    }

    /// Starts a child under the first free id.
    fn spawn(&self, map: MapId) -> std::io::Result<ServerId> {
        let mut children = self.children();
        let ids =
            (1..).map(|number| format!("map-server-{map}-{}-{number}", self.name)).map_while(|id| id.parse().ok());
        let server: ServerId = ids
            .into_iter()
            .find(|id| !children.contains_key(id) && self.is_folder_free(id))
            .ok_or_else(|| std::io::Error::other("no server id is free"))?;
        let folder = self.data_dir.join(server.as_str());
        std::fs::create_dir_all(&folder)?;
        let console = File::create(folder.join("console.log"))?;
        let mut command = self.command();
        command.args([&map.to_string(), "0", "--end-with-stdin"]);
        command.env("SERVER_ID", server.as_str());
        command.stdin(Stdio::piped()).stdout(console.try_clone()?).stderr(console);
        let child = Child::start(&mut command, folder.join("ready.json"), {
            let (children, server) = (self.children.clone(), server.clone());
            move || drop(children.lock().unwrap_or_else(PoisonError::into_inner).remove(&server))
        })?;
        children.insert(server.clone(), child);
        Ok(server)
    }

    /// Whether no other process has this id: a child of an earlier run may still be draining.
    fn is_folder_free(&self, server: &ServerId) -> bool {
        match OpenOptions::new().write(true).open(self.data_dir.join(server.as_str()).join("lock")) {
            Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    fn child(&self, server: &ServerId) -> Option<Child> {
        self.children().get(server).cloned()
    }

    fn children(&self) -> MutexGuard<'_, BTreeMap<ServerId, Child>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ServerAdapter for LocalAdapter {
    /// The maps that the program lists. Asked once: a new map is found by the next run of this process.
    async fn maps(&self) -> Result<BTreeSet<MapId>, Ended> {
        self.maps.get_or_try_init(|| self.list_maps()).await.cloned()
    }

    async fn allocate(&self, map: MapId) -> Result<ServerId, Ended> {
        self.spawn(map).map_err(|error| failed(format!("{}: {error}", self.fleet.binary.display())))
    }

    async fn ready(&self, server: &ServerId) -> Result<(), Ended> {
        let Some(child) = self.child(server) else { return Err(gone()) };
        let up = async {
            loop {
                if let Some(Ready { admin }) = child.ready()
                    && probe::is_ok(admin, "/readyz").await
                {
                    return;
                }
                sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            // A child that has ended before it was ready has failed, whatever its exit code says.
            Ended { why, .. } = child.ended() => Err(failed(why)),
            () = up => Ok(()),
        }
    }

    async fn ended(&self, server: &ServerId) -> Ended {
        match self.child(server) {
            Some(child) => child.ended().await,
            None => gone(),
        }
    }

    async fn health(&self, server: &ServerId) -> Health {
        let admin = self.child(server).and_then(|child| child.ready()).map(|ready| ready.admin);
        match admin {
            Some(admin) if probe::is_ok(admin, "/healthz").await => Health::Well,
            _ => Health::Failing,
        }
    }

    async fn shutdown(&self, server: &ServerId) {
        let Some(child) = self.child(server) else { return };
        child.signal(Signal::TERM);
        if timeout(DRAIN_WITHIN, child.ended()).await.is_err() {
            tracing::error!(%server, "map server did not drain in time: killing it");
            child.signal(Signal::KILL);
            child.ended().await;
        }
    }
}

fn failed(why: impl Into<String>) -> Ended {
    Ended { well: false, why: why.into() }
}

fn gone() -> Ended {
    failed("the process has ended")
}

/// The first word of each line is the map's number.
fn listed_maps(text: &str) -> BTreeSet<MapId> {
    text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok().map(MapId)).collect()
}

/// The address at which children reach our listener, which may be bound to every address.
fn reachable(addr: SocketAddr) -> SocketAddr {
    match addr.ip() {
        ip if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), addr.port()),
        _ => addr,
    }
}

/// The sidecar's id, or a hash of it where it would make the servers' ids too long.
fn short_name(gateway: &str) -> String {
    if gateway.len() <= LONGEST_NAME {
        return gateway.to_owned();
    }
    Sha256::digest(gateway).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    /// The adapter of a sidecar whose listeners speak TLS with these files.
    fn adapter(tls: Option<TlsFiles>) -> LocalAdapter {
        let folder = tempfile::tempdir().unwrap();
        let assets_dir = folder.path().to_owned();
        let settings = Settings { assets_dir, ..Settings::with_defaults(folder.path().join("data")) };
        let mut config = settings.resolve().unwrap();
        config.edge.tls = tls;
        let fleet = LocalFleet {
            binary: "start_server".into(),
            most: 1,
            idle: Duration::ZERO,
            wait: Duration::ZERO,
            starts_per_min: 1,
            environment: Vec::new(),
        };
        let addr = SocketAddr::from(([127, 0, 0, 1], 3001));
        LocalAdapter::new(
            &fleet,
            &config,
            Addrs { api: addr, directory: addr, gateway: addr, door: None, redirect: None },
        )
    }

    #[test]
    fn children_know_a_directory_with_tls_by_its_certificate() {
        let seen = |tls: Option<TlsFiles>| {
            let command = adapter(tls).command();
            let of = |name: &str| {
                let (_, value) = command.as_std().get_envs().find(|(key, _)| *key == name)?;
                value?.to_str().map(str::to_owned)
            };
            ["WORLD_DIRECTORY_URL", "TLS_CERT_FILE", "TLS_KEY_FILE"].map(of)
        };
        let tls = TlsFiles { certificate: "cert.pem".into(), key: "key.pem".into() };
        let told = ["https://127.0.0.1:3001", "cert.pem", "key.pem"];
        assert_eq!(seen(Some(tls)), told.map(|told| Some(told.to_owned())));
        assert_eq!(seen(None), [Some("http://127.0.0.1:3001".to_owned()), None, None]);
    }

    #[test]
    fn maps_are_read_from_the_list_for_people() {
        let text = "   1  Greenvale        64×64  portals to 2\n  12  Old Mine         32×32\n\n";
        assert_eq!(listed_maps(text), [MapId(1), MapId(12)].into());
    }

    #[test]
    fn ids_are_short_enough_whatever_the_sidecar_is_called() {
        for length in 1..=64 {
            let longest = format!("map-server-65535-{}-9999", short_name(&"g".repeat(length)));
            assert!(longest.parse::<ServerId>().is_ok(), "{longest}");
        }
        assert_eq!(short_name(&"g".repeat(LONGEST_NAME)), "g".repeat(LONGEST_NAME));
        assert_ne!(short_name(&"x".repeat(64)), short_name(&"x".repeat(63)));
    }

    #[test]
    fn children_are_told_an_address_that_they_can_connect_to() {
        for (bound, told) in [
            ("0.0.0.0:3001", "127.0.0.1:3001"),
            ("[::]:3001", "127.0.0.1:3001"),
            ("10.0.0.1:3001", "10.0.0.1:3001"),
            ("[::1]:3001", "[::1]:3001"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), told);
        }
    }
}
