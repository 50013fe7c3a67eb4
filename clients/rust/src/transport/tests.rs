//! A UDP connection to a double of the server.

use std::time::Duration;

use realmgate_protocol::codec::encode_reliable;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::realm::{ClientMessage, ServerMessage};
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::{ClientFrame, Section, SnapshotAck, VERSION, seal};

use super::testing::{Heard, ServerDouble};
use super::{CloseReason, Incoming, UdpTransport};
use crate::clock::Clock;

const PATIENCE: Duration = Duration::from_secs(5);

async fn connected(server: &mut ServerDouble) -> UdpTransport {
    let token = server.token(7);
    let (client, heard) = tokio::join!(UdpTransport::connect(token, Clock::start(), PATIENCE), server.next());
    assert_eq!(heard, Heard::Connected(7));
    client.unwrap()
}

async fn next_incoming(client: &mut UdpTransport) -> Incoming {
    loop {
        if let Some(incoming) = client.next_incoming() {
            return incoming;
        }
        tokio::time::timeout(PATIENCE, client.receive()).await.expect("something comes").unwrap();
    }
}

#[tokio::test]
async fn frames_and_messages_go_both_ways() {
    let mut server = ServerDouble::start().await;
    let mut client = connected(&mut server).await;
    client.send_message(encode_reliable(&ClientMessage::Respawn).unwrap()).unwrap();
    let frame = ClientFrame { ack: SnapshotAck { newest: Tick(3), before: 1 }, commands: InputCommands::default() };
    client.finish_tick(Some(&frame)).unwrap();
    assert_eq!(server.next().await, Heard::Message(7, ClientMessage::Respawn));
    assert_eq!(server.next().await, Heard::Frame(7, frame));

    server.send(7, &seal(Section::Snapshot(&[1, 2, 3])));
    assert_eq!(next_incoming(&mut client).await, Incoming::Frame(vec![1, 2, 3]));
    server.tell(7, &ServerMessage::Respawned);
    let told = encode_reliable(&ServerMessage::Respawned).unwrap();
    assert_eq!(next_incoming(&mut client).await, Incoming::Message(told));
    assert!(client.is_all_acknowledged(), "the server has acknowledged the client's message");
}

#[tokio::test]
async fn a_lost_accept_is_given_up_and_another_ticket_gets_in() {
    let mut server = ServerDouble::start().await;
    server.accepts_to_lose = 1;
    let token = server.token(1);
    let give_up_after = Duration::from_millis(300);
    let (client, heard) = tokio::join!(UdpTransport::connect(token, Clock::start(), give_up_after), server.next());
    assert_eq!(heard, Heard::Connected(1), "the server believes it is connected");
    assert_eq!(client.unwrap_err(), CloseReason::TimedOut);
    connected(&mut server).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_given_up() {
    let server = ServerDouble::start().await;
    let token = server.token(1);
    drop(server);
    let client = UdpTransport::connect(token, Clock::start(), Duration::from_millis(200)).await;
    assert_eq!(client.unwrap_err(), CloseReason::TimedOut);
}

#[tokio::test]
async fn both_ends_can_end_it() {
    let mut server = ServerDouble::start().await;
    let client = connected(&mut server).await;
    client.close();
    assert_eq!(server.next().await, Heard::Disconnected(7));

    let mut client = connected(&mut server).await;
    server.drop_client(7);
    tokio::time::timeout(PATIENCE, client.receive()).await.expect("the farewell comes").unwrap();
    assert_eq!(client.close_reason(), Some(CloseReason::ByServer));
}

#[tokio::test]
async fn foreign_layouts_are_counted_and_dropped() {
    let mut server = ServerDouble::start().await;
    let mut client = connected(&mut server).await;
    // Were the version not looked at, this would be the frame 9, which comes first.
    server.send(7, &[VERSION - 1, 1, 9]);
    server.send(7, &seal(Section::Input(&[0])));
    server.send(7, &[VERSION, 4, 9, 0]);
    server.send(7, &seal(Section::Snapshot(&[5])));
    assert_eq!(next_incoming(&mut client).await, Incoming::Frame(vec![5]));
    assert_eq!(client.traffic().bad_datagrams, 3);
}
