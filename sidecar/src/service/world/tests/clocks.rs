//! Connect tokens with wrong clocks: netcode compares them with the map server's own clock.

use std::time::Duration;

use realmgate_protocol::netcode::ConnectToken;

use crate::service::world::testing::TestWorld;

const A_MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn connect_tokens_are_good_by_clocks_that_are_a_minute_off() {
    let world = TestWorld::start().await;
    let mut map = world.map_server("map-1", &[1]).await;
    let player = world.player("Ann").await;
    let mut client = player.connect().await;
    client.enter(player.character).await;
    map.admit().await;
    let success = client.expect("enter_world_success").await;
    let token = ConnectToken::read_text(success["connect_token"].as_str().unwrap()).unwrap();
    let now = Duration::from_millis(world.state().time.now_ms());
    let ticket_ends = now + Duration::from_secs(29);
    // The rule of the standard, as any map server keeps it.
    let is_valid_at = |clock: Duration| clock.as_secs() < token.valid_s.end;
    for clock in [now - A_MINUTE, now, now + A_MINUTE, ticket_ends - A_MINUTE, ticket_ends, ticket_ends + A_MINUTE] {
        assert!(is_valid_at(clock), "{clock:?}, and now is {now:?}");
    }
    assert_eq!(token.valid_s.end, now.as_secs() + 90, "the ticket's time and a minute, not for ever");
    let valid_for_s = token.valid_s.end - token.valid_s.start;
    assert_eq!(valid_for_s, 30, "clients knock for as long as the ticket is good");
}
