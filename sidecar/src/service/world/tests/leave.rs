//! Logging out by each door, and what stays when only a socket closes.

use realmgate_protocol::link::{FromMap, LeaveReason};
use serde_json::json;

use crate::lock::LockOwner;
use crate::service::accounts;
use crate::service::tokens::Caller;
use crate::service::world::testing::{TestWorld, save, soft_at};
use crate::service::world::{log_out, settle_session};

#[tokio::test]
async fn leave_world_saves_and_frees_the_lock() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    client.send("leave_world", json!({})).await;
    let (character, epoch, reason) = map.kick().await;
    assert_eq!(reason, LeaveReason::Logout);
    map.release(save(character, epoch, 1, soft_at(1, 4_096)), reason).await;
    client.expect("leave_world_success").await;
    assert_eq!(world.lock(character).await.owner, LockOwner::None);
    let load = world.state().store.locks.load(character).await.unwrap().unwrap();
    assert_eq!(load.soft, Some(soft_at(1, 4_096)));
    assert_eq!(world.state().sessions.get(&player.account.to_string()).await.unwrap(), None);
}

#[tokio::test]
async fn logging_out_in_the_game_ends_the_session_entry() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let epoch = world.lock(player.character).await.epoch;
    map.release(save(player.character, epoch, 1, soft_at(1, 0)), LeaveReason::Logout).await;
    map.sync().await;
    assert_eq!(world.lock(player.character).await.owner, LockOwner::None);
    assert_eq!(world.state().sessions.get(&player.account.to_string()).await.unwrap(), None);
}

#[tokio::test]
async fn closing_the_socket_alone_leaves_the_player_in_the_world() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, client) = world.in_world("Ann", &mut map).await;
    let user = player.account.to_string();
    client.close().await;
    // The seat is given up before the farewell; settling it again waits for nothing else.
    settle_session(world.state(), player.account).await.unwrap();
    assert!(world.state().sessions.get(&user).await.unwrap().is_some(), "the lock keeps the entry");
    let (character, epoch) = (player.character, world.lock(player.character).await.epoch);
    map.say(FromMap::Dropped { character, epoch, reason: LeaveReason::ChannelFailed }).await;
    map.sync().await;
    assert_eq!(world.state().sessions.get(&user).await.unwrap(), None, "neither socket nor lock");
}

#[tokio::test]
async fn a_log_out_over_http_ends_its_own_log_in_only() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, mut client) = world.in_world("Ann", &mut map).await;
    let (other_log_in, _) = world.log_in(player.account).await;
    log_out(world.state(), player.account, other_log_in).await.unwrap();
    assert_eq!(world.lock(player.character).await.owner.kind(), "map", "that log-in has nobody in the world");

    let state = world.state().clone();
    let (account, log_in) = (player.account, player.log_in);
    let logging_out = tokio::spawn(async move { log_out(&state, account, log_in).await });
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    logging_out.await.unwrap().unwrap();
    assert_eq!(client.closed().await, (1000, "Logged out".to_owned()));
    assert_eq!(world.lock(character).await.owner, LockOwner::None);
}

#[tokio::test]
async fn a_client_that_does_not_wait_for_its_log_out_is_logged_out_all_the_same() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let (player, _client) = world.in_world("Ann", &mut map).await;
    let caller = Caller { account: player.account, session: player.log_in, role: "player".to_owned() };
    {
        let mut logging_out = std::pin::pin!(accounts::logout(world.state(), &caller));
        assert!(futures_util::poll!(&mut logging_out).is_pending());
    }
    let (character, epoch, reason) = map.kick().await;
    map.release(save(character, epoch, 1, soft_at(1, 0)), reason).await;
    map.sync().await;
    assert_eq!(world.lock(character).await.owner, LockOwner::None);
}
