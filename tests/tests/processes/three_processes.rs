//! A sidecar and two map servers, each a process of its own; a player walks from one to the other and back.

use std::path::Path;
use std::time::Duration;

use realmgate_client::api::Api;
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::clock::Clock;
use realmgate_client::entry::Entry;
use realmgate_client::session::{Intent, Possessions};
use realmgate_engine::map::{Map, MapSet};
use realmgate_game::maps::map_objects;
use realmgate_game::travel::Portal;
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::ServerMessage;
use realmgate_tests::account::fresh_name;
use realmgate_tests::binaries::workspace;
use realmgate_tests::database::ItemRow;
use realmgate_tests::walk::WayTo;
use realmgate_tests::{Database, MapServer, Settings, SidecarProcess};
use tokio::time::timeout;

/// How long a walk to the portal may take.
const WALK_WITHIN: Duration = Duration::from_secs(40);
/// Ticks to stand still after an arrival: whoever steps into a portal within a second of it is not taken.
const REST_TICKS: u32 = 45;

async fn map_server(sidecar: &SidecarProcess, map: u16) -> MapServer {
    let settings = Settings::new()
        .map(map)
        .set("WORLD_DIRECTORY_URL", &format!("http://{}", sidecar.ready.directory_addr))
        .set("SERVICE_TOKEN", &sidecar.home.secret("service_token"))
        .set("TICKET_KEY", &sidecar.home.secret("ticket_key"))
        .set("HOST_MAPS", "only");
    MapServer::start_linked(&settings).await
}

fn portal(map: &Map, to: u16) -> &Portal {
    map.all::<Portal>().iter().find(|portal| portal.to_map == MapId(to)).expect("a portal leads there")
}

/// Walks into a portal: the grant that it answers with.
async fn walk_into(client: &mut GameClient, map: &Map, portal: &Portal) -> EntryGrant {
    let way = WayTo::new(&map.grid, portal.rect);
    let walk = async {
        for _ in 0..REST_TICKS {
            client.tick().await.expect("the connection holds");
            client.act(Intent::default());
        }
        loop {
            let told = client.tick().await.expect("the connection holds");
            for message in told {
                match message {
                    ServerMessage::Travel { grant } => return serde_json::from_str(&grant).expect("a grant"),
                    ServerMessage::Leave { reason } => panic!("sent away: {reason:?}"),
                    _ => {}
                }
            }
            let heading = client.session().position().map(|at| way.heading(at).expect("a way leads to the portal"));
            client.act(Intent { heading, action: None });
        }
    };
    timeout(WALK_WITHIN, walk).await.unwrap_or_else(|_| panic!("no portal within {WALK_WITHIN:?}"))
}

/// Crosses to another map, and arrives with everything.
async fn cross(mut client: GameClient, entry: &mut Entry, setup: &Setup, map: &Map, to: u16) -> GameClient {
    let grant = walk_into(&mut client, map, portal(map, to)).await;
    assert_eq!(grant.map_id, to);
    assert_eq!(grant.server_id, format!("map-server-{to}"));
    let before = client.close().session.possessions;
    assert!(before.is_told() && !before.items.is_empty() && before.gold > 0, "there is something to carry: {before:?}");
    let mut arrived = entry.travel(&grant, setup, before.clone()).await.expect("the other server lets the player in");
    assert_eq!(arrived.session().welcome().map(|welcome| welcome.map), Some(MapId(to)));
    assert_same(&before, &arrived.session().possessions);
    assert_eq!(arrived.session_mut().take_anomalies(), [""; 0]);
    arrived
}

#[track_caller]
fn assert_same(before: &Possessions, after: &Possessions) {
    assert_eq!(after.items, before.items, "the same items in the same places");
    let figures = |owned: &Possessions| (owned.gold, owned.experience, owned.level);
    assert_eq!(figures(after), figures(before), "gold, experience and level");
}

/// The map server shows what the services were told.
#[track_caller]
fn assert_looks(client: &GameClient, expected: &serde_json::Value) {
    let shown = client.session().own_entity().and_then(|me| me.look.clone()).expect("a look");
    assert_eq!(&serde_json::from_str::<serde_json::Value>(&shown.json).expect("JSON"), expected);
}

/// The database says what the player was told.
async fn assert_stored(database: &Database, character: &str, told: &Possessions, map: u16) {
    let row = database.character(character).await;
    assert_eq!(row.lock_owner, "none", "the goodbye comes when the lock is free: {row:?}");
    assert_eq!(row.map_id, i64::from(map), "{row:?}");
    assert_eq!((row.experience as u64, row.level as u16), (told.experience, told.level));
    assert_eq!(database.gold(character).await as u64, told.gold);
    let items = told.items.values().map(|item| {
        (item.item.to_string(), ItemRow { definition: item.definition.clone(), slot: i64::from(item.slot) })
    });
    assert_eq!(database.items(character).await, items.collect());
    database.assert_books_balance().await;
}

#[tokio::test]
async fn a_player_crosses_between_processes_and_keeps_everything() {
    let maps = MapSet::load(Path::new(&workspace().join("maps")), &map_objects()).expect("the maps are sound");
    let map = |id: u16| maps.get(MapId(id)).expect("the map is there").as_ref();
    let sidecar = SidecarProcess::start(&[]).await;
    let (first, second) = tokio::join!(map_server(&sidecar, 1), map_server(&sidecar, 2));
    assert_ne!(first.process.pid(), second.process.pid());

    let api = Api::new(&format!("http://{}", sidecar.ready.api_addr));
    let tokens = api.register(&fresh_name("walker"), "correct horse battery").await.expect("an account");
    let classes = api.classes().await.expect("classes");
    let character =
        api.create_character(&tokens.access_token, &fresh_name("Walker "), &classes[0].id).await.expect("a character");
    let look = serde_json::json!({"hair": "red", "height": 1.8});
    api.change_appearance(&tokens.access_token, &character.id, &look).await.expect("another appearance");
    let gateway = format!("ws://{}", sidecar.ready.gateway_addr);
    let mut entry = Entry::new(&gateway, &tokens.access_token, &character.id);
    let setup = Setup::new(Clock::start());
    let database = Database::open(&sidecar.home).await;

    let client = entry.enter(None, &setup).await.expect("in the world");
    let client = cross(client, &mut entry, &setup, map(1), 2).await;
    assert_looks(&client, &look);
    assert_eq!(database.character(&character.id).await.lock_owner, "map:map-server-2");
    let client = cross(client, &mut entry, &setup, map(2), 1).await;
    let client = cross(client, &mut entry, &setup, map(1), 2).await;
    let remains = client.log_out().await;
    assert_eq!(remains.left, Some(LeaveReason::Logout));
    assert_stored(&database, &character.id, &remains.session.possessions, 2).await;

    let client = entry.enter(None, &setup).await.expect("in the world again");
    assert_eq!(client.session().welcome().map(|welcome| welcome.map), Some(MapId(2)), "where it logged out");
    assert_same(&remains.session.possessions, &client.session().possessions);
    second.stop().await;
    assert_stored(&database, &character.id, &remains.session.possessions, 2).await;
    drop(client);
    first.stop().await;
    sidecar.stop().await;
}
