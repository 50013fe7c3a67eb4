//! Tests of the server manager with a fake program: a script that says it is ready, and a map server of the test's own
//! behind its id.

use std::path::PathBuf;
use std::time::Duration;

use realmgate_platform::error::ErrorCode;
use realmgate_platform::testing::soon;
use realmgate_protocol::ids::{MapId, RequestId};
use realmgate_protocol::link::{FromMap, PrepareRefusal, ToMap};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{interval, timeout};

use super::Wait;
use crate::config::LocalFleet;
use crate::service::world::testing::{Client, FakeMap, PATIENCE, Player, TestWorld, read_grant, save, soft_at};

const IDLE: Duration = Duration::from_secs(10);

/// Checked in, since a file that was just written cannot be run while another test starts a process.
const PRETENDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fleet/tests/pretender.sh");

struct Managed {
    world: TestWorld,
    starts: PathBuf,
    /// How often the manager has looked whether its servers that are up are well.
    looks: watch::Receiver<u32>,
    _folder: TempDir,
}

/// One line of the starts that the script recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Start {
    map: String,
    server: String,
    pid: i32,
}

impl Managed {
    async fn start(most: usize, also: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let starts = folder.path().join("starts");
        std::fs::write(&starts, "").unwrap();
        let (admin, looks) = healthy().await;
        let usual =
            [("STARTS", starts.to_str().unwrap()), ("ADMIN", &admin), ("MAPS", "   1  One  1x1"), ("PATH", "/bin")];
        let environment = usual.iter().chain(also).map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let fleet =
            LocalFleet { binary: PRETENDER.into(), most, idle: IDLE, wait: PATIENCE, starts_per_min: 100, environment };
        let world = TestWorld::start_with(|config| config.fleet = Some(fleet)).await;
        Self { world, starts, looks, _folder: folder }
    }

    fn starts(&self) -> Vec<Start> {
        let text = std::fs::read_to_string(&self.starts).unwrap();
        let lines = text.lines().map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut word = || words.next().unwrap();
            Start { map: word(), server: word(), pid: word().parse().unwrap() }
        });
        lines.collect()
    }

    /// Waits until the script was started `count` times. Returns that start.
    async fn started(&self, count: usize) -> Start {
        eventually("a start", async || self.starts().get(count - 1).cloned()).await
    }

    /// Waits until the manager has decided with what is so now. The end of one look shows in the begin of the next.
    async fn looked(&self) {
        let mut looks = self.looks.clone();
        let wanted = *looks.borrow() + 2;
        soon("looks at a server", looks.wait_for(|looks| *looks >= wanted)).await.unwrap();
    }

    async fn asks(&self, name: &str) -> (Player, Client) {
        let player = self.world.player(name).await;
        let mut client = player.connect().await;
        client.enter(player.character).await;
        (player, client)
    }

    /// Links a map server, which a real one does by itself.
    async fn link(&self, start: &Start) -> FakeMap {
        let map = start.map.parse().unwrap();
        self.world.map_server(&start.server, &[map]).await
    }
}

/// A health port that always reports healthy, as long as the test runs, and counts how often it was asked for that.
async fn healthy() -> (String, watch::Receiver<u32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (count, looks) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 12];
            if stream.read_exact(&mut asked).await.is_ok() && asked == *b"GET /healthz" {
                count.send_modify(|count| *count += 1);
            }
            // A client that has gone needs no answer.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    (addr.to_string(), looks)
}

async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut looks = interval(Duration::from_millis(20));
    soon(what, async {
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    })
    .await
}

fn is_running(start: &Start) -> bool {
    rustix::process::test_kill_process(Pid::from_raw(start.pid).unwrap()).is_ok()
}

#[tokio::test]
async fn players_who_come_at_once_wait_for_one_server() {
    let managed = Managed::start(8, &[]).await;
    let (_, mut ann) = managed.asks("Ann").await;
    let (_, mut ben) = managed.asks("Ben").await;
    let start = managed.started(1).await;
    assert_eq!((start.map.as_str(), start.server.as_str()), ("1", "map-server-1-gateway-1-1"));
    let mut map = managed.link(&start).await;
    map.admit().await;
    map.admit().await;
    for client in [&mut ann, &mut ben] {
        assert_eq!(client.expect("enter_world_success").await["server_id"], start.server.as_str());
    }
    let (starting, up) = managed.world.state().fleet.board(|board| board.count(MapId(1)));
    assert_eq!(starting + up, 1, "one server for both");
    assert_eq!(managed.starts(), std::slice::from_ref(&start));
    managed.world.shutdown().await;
    assert!(!is_running(&start), "a manager that ends leaves nobody behind");
}

#[tokio::test]
async fn who_looked_before_a_server_came_up_looks_again() {
    let managed = Managed::start(1, &[]).await;
    let state = managed.world.state();
    let mut search = Wait::new(&state.fleet);
    let _asks = managed.asks("Ann").await;
    let start = managed.started(1).await;
    let map = MapId(1);
    let up = async || {
        let mut looks = interval(Duration::from_millis(20));
        while state.fleet.board(|board| board.count(map)) != (0, 1) {
            looks.tick().await;
        }
    };
    assert!(timeout(Duration::from_secs(2), up()).await.is_err(), "ready, but without a link nobody can be sent there");
    let _server = managed.link(&start).await;
    soon("a server that is up", up()).await;
    let full = ErrorCode::MapFull.into();
    assert!(search.for_server(map, &full).await, "the new server may have room");
    assert!(!search.for_server(map, &full).await, "one is all there may be");
    managed.world.shutdown().await;
}

#[tokio::test]
async fn a_traveller_finds_a_server_started_for_it() {
    let managed = Managed::start(8, &[("MAPS", "2 Two")]).await;
    let mut from = managed.world.map_server("foreign", &[1]).await;
    let (player, _client) = managed.world.in_world("Ann", &mut from).await;
    let epoch = managed.world.lock(player.character).await.epoch;
    let save = save(player.character, epoch, 1, soft_at(2, 7_168));
    from.say(FromMap::Travel { request: RequestId(1), save, channel: None }).await;
    let start = managed.started(1).await;
    assert_eq!(start.map, "2");
    let mut to = managed.link(&start).await;
    to.admit().await;
    let granted = |message: &ToMap| match message {
        ToMap::TravelGranted { grant, .. } => Some(read_grant(grant).server_id),
        ToMap::TravelRefused { code, .. } => Some(code.clone()),
        _ => None,
    };
    assert_eq!(from.wait(granted).await, start.server);
    managed.world.shutdown().await;
}

#[tokio::test]
async fn an_empty_server_is_stopped_and_its_place_is_free() {
    let managed = Managed::start(1, &[]).await;
    let (player, mut client) = managed.asks("Ann").await;
    let first = managed.started(1).await;
    let mut map = managed.link(&first).await;
    map.answer(Some(PrepareRefusal::Full)).await;
    assert_eq!(client.expect_error().await, "MAP_FULL", "one is all there may be");
    managed.looked().await;
    managed.world.clock.advance(IDLE - Duration::from_millis(1));
    managed.looked().await;
    assert!(is_running(&first), "it has not been empty for long enough");

    let registry = &managed.world.state().registry;
    eventually("the end of the empty server", async || {
        managed.world.clock.advance(IDLE / 10);
        registry.heartbeat(&first.server.parse().unwrap(), 0, 0.0).await.unwrap();
        (!is_running(&first)).then_some(())
    })
    .await;
    map.close().await;
    client.enter(player.character).await;
    let second = managed.started(2).await;
    let mut map = managed.link(&second).await;
    map.admit().await;
    client.expect("enter_world_success").await;
    managed.looked().await;
    managed.world.clock.advance(IDLE);
    managed.looked().await;
    assert!(is_running(&second), "one with a player in it stays");
    assert!(registry.find(&second.server.parse().unwrap()).await.unwrap().is_some(), "and stays listed");
    managed.world.shutdown().await;
}

#[tokio::test]
async fn a_crashed_server_is_off_the_list_at_once_and_started_again() {
    let managed = Managed::start(1, &[]).await;
    let (player, mut client) = managed.asks("Ann").await;
    let first = managed.started(1).await;
    let mut map = managed.link(&first).await;
    map.answer(Some(PrepareRefusal::Full)).await;
    assert_eq!(client.expect_error().await, "MAP_FULL");
    kill_process(Pid::from_raw(first.pid).unwrap(), Signal::KILL).unwrap();
    let registry = &managed.world.state().registry;
    let unlisted =
        eventually("the end of its entry", async || registry.hosting(MapId(1)).await.unwrap().is_empty().then_some(()));
    // Fifteen looks that fail would end it too, but players would be sent to it until then.
    assert!(timeout(Duration::from_secs(10), unlisted).await.is_ok(), "at once");
    map.close().await;

    client.enter(player.character).await;
    // The backoff is one second of the test's clock.
    managed.world.clock.advance(Duration::from_secs(1));
    let second = managed.started(2).await;
    assert_eq!(second.server, first.server, "the id is free again");
    let mut map = managed.link(&second).await;
    map.admit().await;
    client.expect("enter_world_success").await;
    managed.world.shutdown().await;
}

#[tokio::test]
async fn nobody_waits_for_a_program_that_fails_or_a_map_that_is_not() {
    let managed = Managed::start(8, &[("BROKEN", "yes")]).await;
    let (player, mut client) = managed.asks("Ann").await;
    assert_eq!(client.expect_error().await, "MAP_NOT_FOUND");
    assert_eq!(managed.starts().len(), 1);
    managed.world.clock.advance(Duration::from_secs(1));
    client.enter(player.character).await;
    assert_eq!(client.expect_error().await, "MAP_NOT_FOUND");
    assert_eq!(managed.starts().len(), 2, "once more, after a rest");

    let other = Managed::start(8, &[("MAPS", "7 Seven")]).await;
    let (_, mut client) = other.asks("Ben").await;
    assert_eq!(client.expect_error().await, "MAP_NOT_FOUND");
    assert_eq!(other.starts(), []);
}
