//! A sidecar on free ports, players with sockets, and map servers that tests control.

mod fake_map;
mod figures;
mod pair;
mod player;
mod social;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use realmgate_protocol::ids::{AccountId, CharacterId};
use uuid::Uuid;

pub(crate) use fake_map::{FakeMap, SPAWN, read_grant, save, soft_at};
pub(crate) use figures::Figures;
pub(crate) use pair::{Pair, Services};
pub(crate) use player::{Client, Player};
pub(crate) use social::SocialClient;

use realmgate_platform::clock::Clock;
use realmgate_platform::config::DatabaseAt;
use realmgate_platform::testing;

use crate::app::{Running, Sidecar, StartError};
use crate::config::{Settings, SidecarConfig};
use crate::directory::Cookie;
use crate::lock::{AccountLock, CharacterLock, CharacterOwner};
use crate::service::names::Name;
use crate::state::AppState;
use crate::store::accounts::NewAccount;
use crate::store::characters::{Creation, NewCharacter};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The cookies that map servers got when they registered, by their ids.
type Cookies = Arc<Mutex<HashMap<String, Cookie>>>;

/// A whole sidecar in its own folder.
pub(crate) struct TestWorld {
    running: Running,
    pub(crate) clock: Clock,
    cookies: Cookies,
    folder: Arc<tempfile::TempDir>,
}

impl TestWorld {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts one with settings that the test changes.
    pub(crate) async fn start_with(change: impl FnOnce(&mut SidecarConfig)) -> Self {
        let folder = testing::folder();
        let mut config = config_in(folder.path());
        change(&mut config);
        if let DatabaseAt::Sqlite(file) = &config.database.at {
            testing::create_sqlite(file).await;
        }
        // Past 2025, since tokens are.
        let clock = Clock::manual(1_800_000_000_000);
        let world = Self::run(config, clock, Arc::new(folder), Cookies::default()).await.unwrap();
        // The first sweep of a database gives all deadlines a grace. This has to happen before the test sets its own.
        world.sweep().await;
        world
    }

    async fn run(
        config: SidecarConfig,
        clock: Clock,
        folder: Arc<tempfile::TempDir>,
        cookies: Cookies,
    ) -> Result<Self, StartError> {
        let running = Sidecar::start_with_clock(config, None, clock.clone()).await?;
        Ok(Self { running, clock, cookies, folder })
    }

    pub(crate) fn state(&self) -> &AppState {
        self.running.state()
    }

    /// A second process with this id, on the same database: in the same folder, or in another one.
    pub(crate) async fn again(&self, folder: Option<tempfile::TempDir>) -> Result<Self, StartError> {
        let folder = folder.map_or_else(|| self.folder.clone(), Arc::new);
        let mut config = config_in(folder.path());
        config.database = self.state().config.database.clone();
        Self::run(config, self.clock.clone(), folder, self.cookies.clone()).await
    }

    /// A new account that is logged in, with one character of this name.
    pub(crate) async fn player(&self, name: &str) -> Player {
        let state = self.state();
        let account = AccountId::from(Uuid::now_v7());
        let new = NewAccount::plain(account, name, name);
        assert!(state.store.accounts.create_with_password(new).await.unwrap(), "{name} is taken");
        let (log_in, token) = self.log_in(account).await;
        let character = self.character(account, log_in, name).await;
        Player { account, log_in, token, character, gateway: self.running.addrs().gateway }
    }

    /// Another log-in of an account, which the account's lock waits for.
    pub(crate) async fn log_in(&self, account: AccountId) -> (Uuid, String) {
        let (state, log_in) = (self.state(), Uuid::now_v7());
        let refresh = state.tokens.mint_refresh().unwrap();
        state.store.sessions.open(log_in, account, refresh.row()).await.unwrap();
        state.world.accounts.logged_in(account, log_in).await.unwrap();
        (log_in, state.tokens.mint_access(account, log_in, 0).unwrap().0)
    }

    /// The player with another log-in.
    pub(crate) async fn log_in_again(&self, player: &Player) -> Player {
        let (log_in, token) = self.log_in(player.account).await;
        Player { log_in, token, ..*player }
    }

    /// Another character of an account, created by a log-in.
    pub(crate) async fn character(&self, account: AccountId, session: Uuid, name: &str) -> CharacterId {
        let id = CharacterId::from(Uuid::now_v7());
        let Name { folded, key, .. } = Name::parse(name).unwrap();
        let (folded, key) = (&folded, &key);
        let new = NewCharacter { id, account, session, name, folded, key, class_id: "mage", at_ms: 0 };
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

    /// The link of a process that was away and still holds everything it held.
    pub(crate) async fn link(&self, id: &str, maps: &[u16]) -> FakeMap {
        let owner = CharacterOwner::Map(id.parse().unwrap());
        let held = self.state().store.locks.held_by(&owner).await.unwrap();
        let held: Vec<_> = held.iter().map(|found| (found.character, found.lock.epoch)).collect();
        let mut map = self.returning(id, maps).await;
        map.reclaim(&held).await;
        map
    }

    /// The link of a process that was away and has not reclaimed anything yet.
    pub(crate) async fn returning(&self, id: &str, maps: &[u16]) -> FakeMap {
        let mut map = FakeMap::open(self.state()).await;
        map.hello(id, maps, &self.cookie(id).unwrap(), false).await;
        assert!(map.welcomed().await, "a process that was away may reclaim");
        map
    }

    /// The cookie that a map server got when it registered.
    pub(crate) fn cookie(&self, id: &str) -> Option<Cookie> {
        self.cookies.lock().unwrap().get(id).cloned()
    }

    /// Lets time pass while this sidecar keeps renewing and sweeping.
    pub(crate) async fn pass(&self, time: Duration) {
        let step = Duration::from_secs(4);
        let mut left = time;
        while !left.is_zero() {
            let now = left.min(step);
            self.clock.advance(now);
            left -= now;
            self.state().world.renewal.renew().await.unwrap();
            self.state().world.entries.renew().await.unwrap();
            self.sweep().await;
        }
    }

    /// Fires the timers that are due.
    pub(crate) async fn sweep(&self) {
        self.state().world.sweeper.sweep().await.unwrap();
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

    /// The lock of an account.
    pub(crate) async fn account_lock(&self, account: AccountId) -> AccountLock {
        self.state().store.account_locks.account_lock(account).await.unwrap().unwrap()
    }

    pub(crate) async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

/// A board for each event.
const LEADERBOARDS: &str = "
[kills]
title = 'Kills'
event = 'kills'
operator = 'incr'
[level]
title = 'Level'
event = 'level'
[gold]
title = 'Gold'
event = 'gold'
";

/// The default settings in a folder, whose data is created if need be.
fn config_in(folder: &Path) -> SidecarConfig {
    let assets = folder.join("assets");
    std::fs::create_dir_all(&assets).unwrap();
    std::fs::write(assets.join("classes.toml"), "[mage]\nname = 'Mage'\n").unwrap();
    std::fs::write(assets.join("world.toml"), "start_map = 1\n").unwrap();
    std::fs::write(assets.join("leaderboards.toml"), LEADERBOARDS).unwrap();
    let settings = Settings { assets_dir: assets, ..Settings::with_defaults(folder.join("data")) };
    let mut config = settings.resolve().unwrap();
    // A machine that is busy with other tests must not look like a silent store.
    config.database.acquire = PATIENCE;
    // Players of tests enter more often than people do.
    config.limits.entries_per_min = 600;
    config
}
