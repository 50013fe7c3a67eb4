//! A sidecar on free ports, players with sockets, and map servers that do what a test says.

mod fake_map;
mod pair;
mod player;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use realmgate_protocol::ids::{AccountId, CharacterId};
use uuid::Uuid;

pub(crate) use fake_map::{FakeMap, save, soft_at};
pub(crate) use pair::{Pair, Services};
pub(crate) use player::{Client, Player};

use super::{renewal, session_entry, sweeper};
use crate::app::{Running, Sidecar, StartError};
use crate::clock::Clock;
use crate::config::{Settings, SidecarConfig};
use crate::directory::Cookie;
use crate::lock::{CharacterLock, LockOwner};
use crate::service::tokens::{RefreshToken, mint_access};
use crate::state::AppState;
use crate::store::accounts::NewAccount;
use crate::store::characters::{Creation, NewCharacter};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What map servers were given when they registered, by their ids.
type Cookies = Arc<Mutex<HashMap<String, Cookie>>>;

/// A whole sidecar in a folder of its own.
pub(crate) struct TestWorld {
    running: Running,
    pub(crate) clock: Clock,
    cookies: Cookies,
    _folder: Arc<tempfile::TempDir>,
}

impl TestWorld {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With settings of the test's own.
    pub(crate) async fn start_with(change: impl FnOnce(&mut SidecarConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config_in(folder.path());
        change(&mut config);
        // Past 2025, as tokens are.
        let clock = Clock::manual(1_800_000_000_000);
        Self::run(config, clock, Arc::new(folder), Cookies::default()).await.unwrap()
    }

    async fn run(
        config: SidecarConfig,
        clock: Clock,
        folder: Arc<tempfile::TempDir>,
        cookies: Cookies,
    ) -> Result<Self, StartError> {
        let running = Sidecar::start_with_clock(config, None, clock.clone()).await?;
        Ok(Self { running, clock, cookies, _folder: folder })
    }

    pub(crate) fn state(&self) -> &AppState {
        self.running.state()
    }

    /// A new account that is logged in, with one character of this name.
    pub(crate) async fn player(&self, name: &str) -> Player {
        let state = self.state();
        let account = AccountId::from(Uuid::now_v7());
        let new = NewAccount { id: account, folded: name, username: name, password_hash: "", at_ms: 0 };
        assert!(state.store.accounts.create_with_password(new).await.unwrap(), "{name} is taken");
        let (log_in, token) = self.log_in(account).await;
        let character = self.character(account, log_in, name).await;
        Player { account, log_in, token, character, gateway: self.running.addrs().gateway }
    }

    /// Another log-in of an account.
    pub(crate) async fn log_in(&self, account: AccountId) -> (Uuid, String) {
        let (state, log_in) = (self.state(), Uuid::now_v7());
        let refresh = RefreshToken::generate(state).unwrap();
        state.store.sessions.open(log_in, account, refresh.row()).await.unwrap();
        (log_in, mint_access(state, account, log_in, 0).unwrap().0)
    }

    /// Another character of an account, made by a log-in.
    pub(crate) async fn character(&self, account: AccountId, session: Uuid, name: &str) -> CharacterId {
        let id = CharacterId::from(Uuid::now_v7());
        let folded = crate::service::characters::fold_name(name);
        let new = NewCharacter { id, account, session, name, folded: &folded, class_id: "mage", at_ms: 0 };
        match self.state().store.characters.create(new, 8).await.unwrap() {
            Creation::Created(row) => row.id,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// A map server with a link.
    pub(crate) async fn map_server(&self, id: &str, maps: &[u16]) -> FakeMap {
        let cookie = FakeMap::register(self.state(), id, maps, self.cookie(id)).await;
        self.cookies.lock().unwrap().insert(id.to_owned(), cookie);
        let mut map = FakeMap::open(self.state()).await;
        map.hello(id, maps, &self.cookie(id).unwrap(), true).await;
        assert!(!map.welcomed().await, "a new process has nothing to reclaim");
        map.reclaim(&[]).await;
        map
    }

    /// The link of a process that was away and still holds all it held.
    pub(crate) async fn link(&self, id: &str, maps: &[u16]) -> FakeMap {
        let owner = LockOwner::Map(id.parse().unwrap());
        let held = self.state().store.locks.held_by(&owner).await.unwrap();
        let held: Vec<_> = held.iter().map(|found| (found.character, found.lock.epoch)).collect();
        let mut map = self.returning(id, maps).await;
        map.reclaim(&held).await;
        map
    }

    /// The link of a process that was away and has not said yet what it still holds.
    pub(crate) async fn returning(&self, id: &str, maps: &[u16]) -> FakeMap {
        let mut map = FakeMap::open(self.state()).await;
        map.hello(id, maps, &self.cookie(id).unwrap(), false).await;
        assert!(map.welcomed().await, "a process that was away may reclaim");
        map
    }

    /// What the directory gave a map server when it registered.
    pub(crate) fn cookie(&self, id: &str) -> Option<Cookie> {
        self.cookies.lock().unwrap().get(id).cloned()
    }

    /// Lets time pass, while this sidecar is awake.
    pub(crate) async fn pass(&self, time: Duration) {
        let step = Duration::from_secs(4);
        let mut left = time;
        while !left.is_zero() {
            let now = left.min(step);
            self.clock.advance(now);
            left -= now;
            renewal::renew(self.state()).await.unwrap();
            session_entry::renew_sessions(self.state()).await.unwrap();
            self.sweep().await;
        }
    }

    /// Fires what is due.
    pub(crate) async fn sweep(&self) {
        sweeper::sweep(self.state()).await.unwrap();
    }

    /// A player whose character is in the world of a map server.
    pub(crate) async fn in_world(&self, name: &str, map: &mut FakeMap) -> (Player, Client) {
        let player = self.player(name).await;
        let mut client = player.connect().await;
        client.enter(player.character).await;
        map.admit().await;
        client.expect("enter_world_success").await;
        map.entered(player.character, self.lock(player.character).await.epoch).await;
        map.sync().await;
        (player, client)
    }

    /// The lock of a character.
    pub(crate) async fn lock(&self, character: CharacterId) -> CharacterLock {
        self.state().store.locks.find(character).await.unwrap().unwrap().lock
    }

    pub(crate) async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

/// The default settings in a folder, where data is made if need be.
fn config_in(folder: &Path) -> SidecarConfig {
    let assets = folder.join("assets");
    std::fs::create_dir_all(&assets).unwrap();
    std::fs::write(assets.join("classes.toml"), "[mage]\nname = 'Mage'\n").unwrap();
    std::fs::write(assets.join("world.toml"), "start_map = 1\n").unwrap();
    let settings = Settings { assets_dir: assets, ..Settings::with_defaults(folder.join("data")) };
    settings.resolve().unwrap()
}

/// What comes within the test's patience.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}
