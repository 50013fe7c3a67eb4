//! A player whose client breaks the protocol.

use std::time::Duration;

use realmgate_client::clock::Clock;
use realmgate_client::token;
use realmgate_client::transport::{CloseReason, Incoming, UdpTransport};
use realmgate_protocol::codec::{decode_reliable, encode_reliable};
use realmgate_protocol::link::LeaveReason;
use realmgate_protocol::realm::{ClientMessage, Refusal, ServerMessage, protocol_hash};
use realmgate_tests::{Account, Gateway, MapServer, Settings, until};
use tokio::time::timeout;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How many messages that cannot be read are the last that a player sends.
const TOO_MANY: u32 = 20;
/// No message of ours begins like this.
const UNREADABLE: [u8; 3] = [0xfe; 3];

/// Sends what is queued, and waits for a message of the server that `wanted` knows.
async fn heard<T>(transport: &mut UdpTransport, wanted: impl Fn(&ServerMessage) -> Option<T>) -> T {
    let listening = async {
        loop {
            transport.finish_tick(None).expect("the connection holds");
            // A tick without any datagram is no fault.
            let _ = timeout(Duration::from_millis(30), transport.receive()).await;
            while let Some(incoming) = transport.next_incoming() {
                let Incoming::Message(bytes) = incoming else { continue };
                if let Some(found) = decode_reliable(&bytes).ok().as_ref().and_then(&wanted) {
                    return found;
                }
            }
        }
    };
    timeout(PATIENCE, listening).await.expect("the server says what is waited for")
}

#[tokio::test]
async fn twenty_messages_that_cannot_be_read_end_the_connection() {
    let server = MapServer::start_linked(&Settings::new()).await;
    let account = Account::register(&server.api()).await;
    let character = account.new_character(&server.api()).await;
    let mut gateway = Gateway::open(server.gateway(), &account.access_token).await;
    let grant = gateway.entered(&character.id).await;
    let text = |field: &str| grant[field].as_str().expect("text").to_owned();
    let token = token::decode(&text("connect_token"), &text("ticket")).expect("a connect token");
    let mut transport = UdpTransport::connect(token, Clock::start(), PATIENCE).await.expect("it is let in");
    let hello = ClientMessage::Hello { protocol_hash: protocol_hash() };
    transport.send_message(encode_reliable(&hello).expect("short")).expect("there is room");
    heard(&mut transport, |message| matches!(message, ServerMessage::Welcome { .. }).then_some(())).await;

    let counted = async || server.admin().figure("realmgate_bad_messages_total").await;
    for _ in 1..TOO_MANY {
        transport.send_message(UNREADABLE.to_vec()).expect("there is room");
        // One after the other: more at once than a player may send would not be read at all.
        let refused = heard(&mut transport, |message| match message {
            ServerMessage::Leave { reason } => panic!("sent away too early: {reason:?}"),
            ServerMessage::Refused { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(refused.await, Refusal::BadMessage);
    }
    assert_eq!(counted().await, f64::from(TOO_MANY - 1));

    transport.send_message(UNREADABLE.to_vec()).expect("there is room");
    let left = heard(&mut transport, |message| match message {
        ServerMessage::Leave { reason } => Some(*reason),
        _ => None,
    });
    assert_eq!(left.await, LeaveReason::Abuse);
    assert_eq!(counted().await, f64::from(TOO_MANY));
    // The server ends it: it does not rely on the client to go.
    let ended = until("the connection has ended", async || {
        let _ = timeout(Duration::from_millis(30), transport.receive()).await;
        transport.finish_tick(None).err()
    });
    assert_eq!(ended.await, CloseReason::ByServer);
}
