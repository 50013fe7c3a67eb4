//! A sidecar on free ports, players with sockets, and map servers that do what a test says.

mod fake_map;
mod player;

use std::time::Duration;

use realmgate_protocol::ids::{AccountId, CharacterId};
use uuid::Uuid;

pub(crate) use fake_map::{FakeMap, save, soft_at};
pub(crate) use player::{Client, Player};

use crate::app::{Running, Sidecar};
use crate::clock::Clock;
use crate::config::{Settings, SidecarConfig};
use crate::lock::CharacterLock;
use crate::service::tokens::{RefreshToken, mint_access};
use crate::state::AppState;
use crate::store::accounts::NewAccount;
use crate::store::characters::{Creation, NewCharacter};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A whole sidecar in a folder of its own.
pub(crate) struct TestWorld {
    running: Running,
    pub(crate) clock: Clock,
    _folder: tempfile::TempDir,
}

impl TestWorld {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// With settings of the test's own.
    pub(crate) async fn start_with(change: impl FnOnce(&mut SidecarConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let assets = folder.path().join("assets");
        std::fs::create_dir(&assets).unwrap();
        std::fs::write(assets.join("classes.toml"), "[mage]\nname = 'Mage'\n").unwrap();
        std::fs::write(assets.join("world.toml"), "start_map = 1\n").unwrap();
        let settings = Settings { assets_dir: assets, ..Settings::with_defaults(folder.path().join("data")) };
        let mut config = settings.resolve().unwrap();
        change(&mut config);
        // Past 2025, as tokens are.
        let clock = Clock::manual(1_800_000_000_000);
        let running = Sidecar::start_with_clock(config, None, clock.clone()).await.unwrap();
        Self { running, clock, _folder: folder }
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
        let character = self.character(account, name).await;
        Player { account, log_in, token, character, gateway: self.running.addrs().gateway }
    }

    /// Another log-in of an account.
    pub(crate) async fn log_in(&self, account: AccountId) -> (Uuid, String) {
        let (state, log_in) = (self.state(), Uuid::now_v7());
        let refresh = RefreshToken::generate(state).unwrap();
        state.store.sessions.open(log_in, account, refresh.row()).await.unwrap();
        (log_in, mint_access(state, account, log_in, 0).unwrap().0)
    }

    /// Another character of an account.
    pub(crate) async fn character(&self, account: AccountId, name: &str) -> CharacterId {
        let id = CharacterId::from(Uuid::now_v7());
        let folded = crate::service::characters::fold_name(name);
        let new = NewCharacter { id, account, name, folded: &folded, class_id: "mage", at_ms: 0 };
        match self.state().store.characters.create(new, 8).await.unwrap() {
            Creation::Created(row) => row.id,
            other => panic!("{name}: {other:?}"),
        }
    }

    /// A map server with a link.
    pub(crate) async fn map_server(&self, id: &str, maps: &[u16]) -> FakeMap {
        FakeMap::register(self.state(), id, maps).await;
        self.link(id, maps).await
    }

    /// A link of a map server that is registered.
    pub(crate) async fn link(&self, id: &str, maps: &[u16]) -> FakeMap {
        let mut map = FakeMap::open(self.state()).await;
        map.hello(id, maps).await;
        map.welcomed().await;
        map
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

/// What comes within the test's patience.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not come"),
    }
}
