//! A player who fights, loses the connection and comes back with the same character.

use realmgate_tests::in_world::InWorld;
use realmgate_tests::{Account, Gateway, MapServer, Settings};

#[tokio::test]
async fn who_loses_its_connection_in_a_fight_comes_back_to_its_body_at_once() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let account = Account::register(&server.api()).await;
    let character = account.new_character(&server.api()).await.id;
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let mut playing = InWorld::connect(&gateway.entered(&character).await).await;
    playing.pick_a_fight().await;
    let (body, hurt) = (playing.entity(), playing.health());

    // Its packets get lost from here on: the server still waits for them. `leaving` would be another answer.
    let entered = gateway.entered(&character).await;
    let mut back = InWorld::connect(&entered).await;
    assert_eq!(back.entity(), body, "the body that was there");
    assert!(back.health() > 0 && back.health() <= hurt, "{} after {hurt}: nothing was healed", back.health());
    back.until_hurt().await;
    drop(playing);

    // The server knows that the connection is over, and a page was reloaded.
    let hurt = back.health();
    back.lose_connection();
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let mut again = InWorld::connect(&gateway.entered(&character).await).await;
    assert_eq!(again.entity(), body);
    assert!(again.health() > 0 && again.health() <= hurt, "{} after {hurt}", again.health());
    again.until_hurt().await;
}
