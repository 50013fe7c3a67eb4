//! Entering and leaving the world of a real map server.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_client::transport::Carrier;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::movement::{Position, UNITS_PER_TILE};
use realmgate_tests::gateway::leave_world;
use realmgate_tests::scenario::MAPS;
use realmgate_tests::{Account, Gateway, InWorld, until};
use rustix::process::Signal;
use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::servers::world;
use crate::world::World;

on_every_backend!(
    entering_the_world_answers_with_all_that_a_client_needs,
    a_player_plays_over_every_transport_and_framing,
    entering_again_on_the_same_socket_takes_over_the_body,
    leaving_the_world_frees_the_character,
    logging_out_takes_the_player_out_of_the_world,
    closing_the_socket_alone_leaves_the_player_in_the_world,
    a_channel_that_is_not_there_is_not_found,
    a_full_map_takes_nobody_else,
    a_second_log_in_can_be_turned_away,
    a_second_log_in_takes_over_by_default,
    who_plays_is_saved_where_it_is_by_every_way_out,
    a_map_server_that_does_not_answer_is_unreachable,
);

/// An account with a character, and its open socket.
async fn player(world: &World) -> (Account, String, Gateway) {
    let account = Account::register(&world.api()).await;
    let character = account.new_character(&world.api()).await;
    let gateway = Gateway::open(world.gateway(), &account.access_token).await;
    (account, character.id, gateway)
}

/// The socket of another log-in of the account.
async fn second_log_in(world: &World, account: &Account) -> Gateway {
    let log_in = world.api().post("/auth/login", account.credentials()).await.json(200);
    Gateway::open(world.gateway(), log_in["access_token"].as_str().expect("a token")).await
}

async fn entering_the_world_answers_with_all_that_a_client_needs(backend: Backend) {
    let world = world(backend).await;
    let (_, character, mut gateway) = player(&world).await;
    let data = gateway.entered(&character).await;
    assert_eq!((&data["character_id"], &data["map_name"]), (&json!(character), &json!("greenvale")));
    assert_eq!(data["map_ip"], "127.0.0.1");
    assert_eq!(data["map_port"], world.server.ready.game.port());
    assert_eq!(data["server_id"], world.server.ready.server_id.as_str());
    assert_eq!((&data["map_id"], &data["channel"]), (&json!(1), &json!(1)));
    let map = MAPS.get(MapId(1)).expect("the first map is there");
    let start = map.spawn_points().first().expect("somewhere one appears");
    let units = |axis: &str| (data["spawn_pos"][axis].as_f64().expect("in tiles") * f64::from(UNITS_PER_TILE)) as i32;
    let spread = i32::from(start.spread_tiles) * UNITS_PER_TILE;
    let at = Position { x: units("x"), y: units("y") };
    assert!(at.within(start.position, spread), "it was never saved, and appears around {start:?}, not at {at:?}");
    let port = world.server.ready.game.port();
    assert_eq!(data["map_ws_url"], format!("ws://127.0.0.1:{port}/play"));
    let wt_url = data["map_wt_url"].as_str().expect("text");
    assert!(wt_url.starts_with("https://127.0.0.1:") && wt_url.ends_with("/play"), "{wt_url}");
    assert_eq!(data["map_wt_cert_sha256"].as_str().map(str::len), Some(64));
    assert_eq!(data["expires_in"], 30, "seconds, as the ticket lives");
    let hash = data["protocol_hash"].as_str().expect("a hash is text: JSON numbers lose bits");
    assert_eq!(hash, format!("{:016x}", realmgate_protocol::realm::protocol_hash()));

    let decode = |field: &str| URL_SAFE_NO_PAD.decode(data[field].as_str().expect("text")).expect("base64url");
    let token = decode("connect_token");
    assert_eq!(token.len(), 2_048, "the standard's public token, exactly");
    assert_eq!(&token[..13], b"NETCODE 1.02\0");
    let ticket = decode("ticket");
    assert!(ticket.len() <= 200, "a ticket is small");
    assert!(
        data["ticket"].as_str().expect("text").bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    );
}

async fn a_player_plays_over_every_transport_and_framing(backend: Backend) {
    let world = world(backend).await;
    let (_, character, mut gateway) = player(&world).await;
    for carrier in [Carrier::Renet, Carrier::WebSocket, Carrier::WebTransport] {
        let data = gateway.entered(&character).await;
        let mut player = InWorld::connect_by(&data, carrier).await;
        let start = player.position();
        assert_ne!(player.walk().await, start, "it walks, and sees itself walk");
        player.log_out().await;
    }
}

async fn entering_again_on_the_same_socket_takes_over_the_body(backend: Backend) {
    let world = world(backend).await;
    let (_, character, mut gateway) = player(&world).await;
    let database = world.database().await;
    let first = gateway.entered(&character).await;
    let mut playing = InWorld::connect(&first).await;
    let place = playing.walk_unsaved(&database, &character).await;
    let before = database.character(&character).await;
    let second = gateway.entered(&character).await;
    assert_ne!(first["ticket"], second["ticket"]);
    let (left, back) = tokio::join!(playing.until_left(), InWorld::connect(&second));
    assert_eq!(left, LeaveReason::Replaced);
    assert_eq!(back.position(), place, "where the first one was");
    let row = database.character(&character).await;
    assert_eq!((row.lock_owner, row.lock_epoch), (before.lock_owner, before.lock_epoch), "nobody has left the world");
}

async fn leaving_the_world_frees_the_character(backend: Backend) {
    let world = world(backend).await;
    let (account, character, mut gateway) = player(&world).await;
    let api = account.calls(&world.api());
    let path = format!("/characters/{character}");
    gateway.entered(&character).await;
    api.delete(&path).await.problem(409, "CHARACTER_IN_WORLD");
    gateway.say(&leave_world()).await;
    gateway.expect("leave_world_success").await;
    let row = world.database().await.character(&character).await;
    assert_eq!(row.lock_owner, "none");
    gateway.entered(&character).await;
    gateway.say(&leave_world()).await;
    gateway.expect("leave_world_success").await;
    api.delete(&path).await.json(204);
}

async fn logging_out_takes_the_player_out_of_the_world(backend: Backend) {
    let world = world(backend).await;
    let (account, character, mut gateway) = player(&world).await;
    let playing = InWorld::connect(&gateway.entered(&character).await).await;
    let calls = account.calls(&world.api());
    let (left, answer) = tokio::join!(playing.until_left(), calls.post("/auth/logout", json!({})));
    answer.json(204);
    assert_eq!(left, LeaveReason::Logout);
    gateway.expect_close_code(1000).await;
    let row = world.database().await.character(&character).await;
    assert_eq!(row.lock_owner, "none", "the answer waits until the lock is free");
}

async fn closing_the_socket_alone_leaves_the_player_in_the_world(backend: Backend) {
    let world = world(backend).await;
    let (account, character, mut gateway) = player(&world).await;
    let mut playing = InWorld::connect(&gateway.entered(&character).await).await;
    gateway.close().await;
    playing.walk().await;
    let mut again = Gateway::open(world.gateway(), &account.access_token).await;
    let row = world.database().await.character(&character).await;
    assert_eq!(row.lock_owner, format!("map:{}", world.server.ready.server_id));
    let entered = again.entered(&character).await;
    let (left, _back) = tokio::join!(playing.until_left(), InWorld::connect(&entered));
    assert_eq!(left, LeaveReason::Replaced, "until it enters again");
}

async fn a_channel_that_is_not_there_is_not_found(backend: Backend) {
    let world = World::start(backend, &[("CHANNELS", "2")]).await;
    let (_, character, mut gateway) = player(&world).await;
    let enter = |channel: u16| json!({"event": "enter_world", "data": {"character_id": character, "channel": channel}});
    gateway.say(&enter(2)).await;
    assert_eq!(gateway.expect("enter_world_success").await["channel"], 2);
    let database = world.database().await;
    let before = database.character(&character).await;
    for nowhere in [0, 3] {
        gateway.say(&enter(nowhere)).await;
        gateway.expect_error("MAP_NOT_FOUND").await;
    }
    assert_eq!(database.character(&character).await, before, "it is where it was");
    gateway.say(&enter(1)).await;
    assert_eq!(gateway.expect("enter_world_success").await["channel"], 1);
}

async fn a_full_map_takes_nobody_else(backend: Backend) {
    let world = World::start(backend, &[("MAX_PLAYERS", "1")]).await;
    let (_, first, mut gateway) = player(&world).await;
    let (_, second, mut late) = player(&world).await;
    gateway.entered(&first).await;
    late.enter(&second).await;
    late.expect_error("MAP_FULL").await;
    assert_eq!(world.database().await.character(&second).await.lock_owner, "none");
    gateway.say(&leave_world()).await;
    gateway.expect("leave_world_success").await;
    // The map server says once a second how full it is.
    until("there is room again", async || {
        late.enter(&second).await;
        late.try_expect("enter_world_success").await
    })
    .await;
}

async fn a_second_log_in_can_be_turned_away(backend: Backend) {
    let world = World::start(backend, &[("DUPLICATE_LOGIN", "reject")]).await;
    let (account, character, mut older) = player(&world).await;
    let playing = InWorld::connect(&older.entered(&character).await).await;
    let mut newer = second_log_in(&world, &account).await;
    older.expect_close(4001, "Replaced").await;
    newer.enter(&character).await;
    newer.expect_error("ALREADY_ONLINE").await;
    assert_eq!(playing.until_left().await, LeaveReason::Replaced, "so that it finds the way free the next time");
    newer.say(&leave_world()).await;
    newer.expect("leave_world_success").await;
    newer.entered(&character).await;
}

async fn a_second_log_in_takes_over_by_default(backend: Backend) {
    let world = world(backend).await;
    let (account, character, mut older) = player(&world).await;
    let other = account.new_character(&world.api()).await;
    let playing = InWorld::connect(&older.entered(&character).await).await;
    let mut newer = second_log_in(&world, &account).await;
    older.expect_close(4001, "Replaced").await;
    let (left, _) = tokio::join!(playing.until_left(), newer.entered(&other.id));
    assert_eq!(left, LeaveReason::Replaced);
    let database = world.database().await;
    assert_eq!(database.character(&character).await.lock_owner, "none", "one character of an account at a time");
    let owner = database.character(&other.id).await.lock_owner;
    assert_eq!(owner, format!("map:{}", world.server.ready.server_id));
}

async fn who_plays_is_saved_where_it_is_by_every_way_out(backend: Backend) {
    let world = world(backend).await;
    let (account, character, mut gateway) = player(&world).await;
    let database = world.database().await;
    let assert_saved = async |place: Position| {
        let row = database.character(&character).await;
        assert_eq!((row.x, row.y), (i64::from(place.x), i64::from(place.y)), "{row:?}");
        row.lock_owner
    };

    let mut playing = InWorld::connect(&gateway.entered(&character).await).await;
    let place = playing.walk_unsaved(&database, &character).await;
    gateway.say(&leave_world()).await;
    assert_eq!(playing.until_left().await, LeaveReason::Logout);
    gateway.expect("leave_world_success").await;
    assert_eq!(assert_saved(place).await, "none");

    let mut older = InWorld::connect(&gateway.entered(&character).await).await;
    assert_eq!(older.position(), place, "where it left");
    let place = older.walk_unsaved(&database, &character).await;
    let log_in = world.api().post("/auth/login", account.credentials()).await.json(200);
    let mut newer = Gateway::open(world.gateway(), log_in["access_token"].as_str().expect("a token")).await;
    let entered = newer.entered(&character).await;
    let (left, mut playing) = tokio::join!(older.until_left(), InWorld::connect(&entered));
    assert_eq!(left, LeaveReason::Replaced);
    assert_eq!(playing.position(), place, "where the older one was");

    let place = playing.walk_unsaved(&database, &character).await;
    let calls = world.api().with_token(log_in["access_token"].as_str().expect("a token"));
    let (left, answer) = tokio::join!(playing.until_left(), calls.post("/auth/logout", json!({})));
    answer.json(204);
    assert_eq!(left, LeaveReason::Logout);
    assert_eq!(assert_saved(place).await, "none", "the answer waits until the lock is free");

    let log_in = world.api().post("/auth/login", account.credentials()).await.json(200);
    let mut gateway = Gateway::open(world.gateway(), log_in["access_token"].as_str().expect("a token")).await;
    let mut playing = InWorld::connect(&gateway.entered(&character).await).await;
    let place = playing.walk_unsaved(&database, &character).await;
    assert_eq!(playing.log_out().await, Some(LeaveReason::Logout));
    assert_eq!(assert_saved(place).await, "none", "the goodbye waits until the lock is free");

    let mut playing = InWorld::connect(&gateway.entered(&character).await).await;
    let place = playing.walk_unsaved(&database, &character).await;
    playing.lose_connection();
    until("its body has left", async || (database.character(&character).await.lock_owner == "none").then_some(()))
        .await;
    assert_saved(place).await;
}

async fn a_map_server_that_does_not_answer_is_unreachable(backend: Backend) {
    let world = World::start(backend, &[("HOST_MAPS", "only")]).await;
    let second = world.second_server(2).await;
    let (_, character, mut gateway) = player(&world).await;
    let database = world.database().await;
    database.put_on_map(&character, 2).await;
    second.process.signal(Signal::STOP);
    gateway.enter(&character).await;
    gateway.expect_error("MAP_SERVER_UNREACHABLE").await;
    assert_eq!(database.character(&character).await.lock_owner, "none");
    second.process.signal(Signal::CONT);
    let back = until("it answers again", async || {
        gateway.enter(&character).await;
        gateway.try_expect("enter_world_success").await
    });
    assert_eq!(back.await["map_id"], 2);
}
