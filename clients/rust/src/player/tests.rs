//! A player whose server goes away, sends it elsewhere, or sends it off.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use realmgate_protocol::codec::encode_split;
use realmgate_protocol::realm::ServerMessage;
use realmgate_protocol::wire::parts::split;

use super::*;
use crate::api::{ApiError, Problem};
use crate::entry::testing::{GatewayDouble, setup, welcome};
use crate::token::testing::grant;
use crate::transport::testing::{Heard, ServerDouble};

const FRAME: Duration = Duration::from_millis(16);
const PATIENCE: Duration = Duration::from_secs(10);

/// A player, and what has happened to it that no test has asked for yet: two things may happen within one frame.
struct Played {
    player: Player,
    unread: VecDeque<PlayerEvent>,
}

impl From<Player> for Played {
    fn from(player: Player) -> Self {
        Self { player, unread: VecDeque::new() }
    }
}

/// A player on a server, and the server's name for its connection.
async fn entered(server: &mut ServerDouble, gateway: &GatewayDouble) -> (Played, u64) {
    let setup = setup();
    let (player, client) = tokio::join!(Player::enter(gateway.entry(), &setup), welcome(server, 7));
    (player.unwrap().into(), client)
}

/// Plays frame by frame until something happens; its picture is there in every frame.
async fn next_event(Played { player, unread }: &mut Played) -> PlayerEvent {
    let frames = async {
        loop {
            if let Some(event) = unread.pop_front() {
                return event;
            }
            let next = player.setup.clock.now() + FRAME;
            let events = player.play_until(next, Intent::default()).await;
            assert_eq!(player.client().session().possessions.gold, 7, "what was known is shown on");
            unread.extend(events.into_iter().filter(|event| !matches!(event, PlayerEvent::Told(_))));
        }
    };
    tokio::time::timeout(PATIENCE, frames).await.expect("something happens")
}

#[tokio::test]
async fn a_lost_connection_is_made_anew() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2]).await;
    let (mut played, client) = entered(&mut server, &gateway).await;
    assert!(played.player.is_connected());
    server.drop_client(client);
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Lost(CloseReason::ByServer)));
    assert!(!played.player.is_connected());
    let (event, admitted) = tokio::join!(next_event(&mut played), welcome(&mut server, 7));
    assert!(matches!(event, PlayerEvent::Entered), "{event:?}");
    assert_eq!((admitted, played.player.is_connected()), (2, true));
}

#[tokio::test]
async fn a_player_travels_where_the_server_says() {
    let (mut server, mut other) = (ServerDouble::start().await, ServerDouble::start().await);
    let gateway = GatewayDouble::start(&server, &[1]).await;
    let (mut played, client) = entered(&mut server, &gateway).await;
    let grant = serde_json::to_string(&grant(&other, 9)).unwrap();
    let travel = encode_split(&ServerMessage::Travel { grant }).unwrap();
    for (index, count, bytes) in split(&travel) {
        server.tell(client, &ServerMessage::Part { index, count, bytes: bytes.to_vec() });
    }
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Travels));
    let (event, admitted) = tokio::join!(next_event(&mut played), welcome(&mut other, 7));
    assert!(matches!(event, PlayerEvent::Entered), "{event:?}");
    assert_eq!(admitted, 9);
}

#[tokio::test]
async fn who_is_sent_away_does_not_come_back() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2]).await;
    let (mut played, client) = entered(&mut server, &gateway).await;
    server.tell(client, &ServerMessage::Leave { reason: LeaveReason::Kicked });
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Left(LeaveReason::Kicked)));
    server.drop_client(client);
    let later = played.player.setup.clock.now() + Duration::from_millis(300);
    assert!(played.player.play_until(later, Intent::default()).await.is_empty() && played.unread.is_empty());
    assert!(!played.player.is_connected());
    assert!(played.player.coming.is_empty(), "and no way back is being made");
}

/// A player that has just lost its connection, and is about to ask the gateway for the ticket 2.
async fn on_the_way_back(server: &mut ServerDouble) -> (Played, GatewayDouble) {
    let gateway = GatewayDouble::start(server, &[1, 2]).await;
    let (mut played, client) = entered(server, &gateway).await;
    server.drop_client(client);
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Lost(_)));
    (played, gateway)
}

/// Waits until the way back has ended, in whichever way; nobody may show the ticket 2 at the server meanwhile.
async fn stays_outside(server: &mut ServerDouble, gateway: &GatewayDouble) {
    let watch = async {
        loop {
            let heard = server.next().await;
            assert!(!matches!(heard, Heard::Connected(2)), "it entered though nobody plays it");
        }
    };
    tokio::select! { () = watch => {}, () = gateway.all_closed() => {} }
}

#[tokio::test]
async fn who_is_dropped_on_the_way_back_does_not_enter() {
    let mut server = ServerDouble::start().await;
    let (played, gateway) = on_the_way_back(&mut server).await;
    drop(played);
    stays_outside(&mut server, &gateway).await;
}

#[tokio::test]
async fn who_logs_out_on_the_way_back_does_not_enter() {
    let mut server = ServerDouble::start().await;
    let (played, gateway) = on_the_way_back(&mut server).await;
    tokio::join!(played.player.log_out(), stays_outside(&mut server, &gateway));
}

#[tokio::test]
async fn who_cannot_travel_comes_back_through_the_gateway() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1]).await;
    let (mut played, client) = entered(&mut server, &gateway).await;
    // A server that is gone by the time the player comes; the gateway has no room at first.
    let gone = ServerDouble::start().await;
    let grant = serde_json::to_string(&grant(&gone, 9)).unwrap();
    drop(gone);
    let travel = encode_split(&ServerMessage::Travel { grant }).unwrap();
    for (index, count, bytes) in split(&travel) {
        server.tell(client, &ServerMessage::Part { index, count, bytes: bytes.to_vec() });
    }
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Travels));
    let refused = async {
        gateway.refused().await;
        gateway.hand_out_more(&server, &[2]);
        welcome(&mut server, 7).await
    };
    let (event, admitted) = tokio::join!(next_event(&mut played), refused);
    assert!(matches!(event, PlayerEvent::Entered), "{event:?}");
    assert_eq!(admitted, 2);
}

#[tokio::test]
async fn a_way_back_that_is_closed_for_good_is_given_up() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1]).await;
    let (mut played, client) = entered(&mut server, &gateway).await;
    // The gateway closes its socket as it does for a token that has expired.
    gateway.expire();
    server.drop_client(client);
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Lost(_)));
    let event = next_event(&mut played).await;
    let PlayerEvent::GaveUp(EntryError::Gateway(error)) = event else { panic!("{event:?}") };
    assert!(error.wants_fresh_tokens(), "{error}");
}

/// A player whose token has run out in the world, and who has just lost its connection.
async fn lost_with_an_old_token(server: &mut ServerDouble, gateway: &GatewayDouble, entry: Entry) -> Played {
    let setup = setup();
    let (player, client) = tokio::join!(Player::enter(entry, &setup), welcome(server, 7));
    let mut played = Played::from(player.unwrap());
    gateway.expire();
    server.drop_client(client);
    assert!(matches!(next_event(&mut played).await, PlayerEvent::Lost(_)));
    played
}

#[tokio::test]
async fn a_player_whose_token_has_run_out_comes_back_with_a_newer_one() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let entry = gateway.entry().with_fresh_token(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok("newer".to_owned()) }
    });
    let mut played = lost_with_an_old_token(&mut server, &gateway, entry).await;
    let (event, admitted) = tokio::join!(next_event(&mut played), welcome(&mut server, 7));
    assert!(matches!(event, PlayerEvent::Entered), "{event:?}");
    assert_eq!((admitted, asked.load(Ordering::Relaxed)), (2, 1));
}

#[tokio::test]
async fn a_newer_token_that_is_not_there_yet_is_asked_for_again_unless_the_log_in_is_over() {
    let mut server = ServerDouble::start().await;
    let gateway = GatewayDouble::start(&server, &[1, 2]).await;
    // Busy at first; then the refresh token is no good any more.
    let mut answers = [503, 401].into_iter();
    let entry = gateway.entry().with_fresh_token(move || {
        let status = answers.next().expect("nobody asks once more");
        let retry_after = Some(Duration::ZERO);
        async move { Err(ApiError::Refused(Box::new(Problem { status, retry_after, ..Problem::default() }))) }
    });
    let mut played = lost_with_an_old_token(&mut server, &gateway, entry).await;
    let event = next_event(&mut played).await;
    let PlayerEvent::GaveUp(EntryError::Token(ApiError::Refused(problem))) = event else { panic!("{event:?}") };
    assert_eq!(problem.status, 401);
}
