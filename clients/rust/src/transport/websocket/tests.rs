use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::ids::Tick;
use realmgate_protocol::wire::InputCommands;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section, SnapshotAck, VERSION, seal};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
const TICKET: [u8; 3] = [4, 5, 6];

/// Both ends of a connection, after the server has seen the ticket.
async fn connected() -> (WebSocketTransport, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/play", listener.local_addr().unwrap());
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::Binary(TICKET.to_vec().into()));
        socket
    };
    let connecting = WebSocketTransport::connect(&url, TICKET.to_vec(), Clock::start(), PATIENCE);
    let (client, server) = tokio::join!(connecting, serving);
    (client.unwrap(), server)
}

async fn next_payload(server: &mut WebSocketStream<TcpStream>) -> Vec<u8> {
    let received = tokio::time::timeout(PATIENCE, server.next()).await.expect("something comes");
    received.unwrap().unwrap().into_data().to_vec()
}

async fn until_ended(client: &mut WebSocketTransport) -> CloseReason {
    let ending = async {
        loop {
            if let Err(reason) = client.receive().await {
                return reason;
            }
        }
    };
    tokio::time::timeout(PATIENCE, ending).await.expect("it ends")
}

#[tokio::test]
async fn each_payload_is_a_message_of_its_own() {
    let (mut client, mut server) = connected().await;
    client.send_message(vec![7]).unwrap();
    let frame = ClientFrame { ack: SnapshotAck { newest: Tick(3), before: 1 }, commands: InputCommands::default() };
    client.finish_tick(Some(&frame)).unwrap();
    let payload = next_payload(&mut server).await;
    let payload = datagram::open(&payload).unwrap();
    assert_eq!(payload.messages.iter().collect::<Vec<_>>(), [[7]]);
    let Section::Input(body) = payload.section else { panic!("no frame: {payload:?}") };
    assert_eq!(ClientFrame::open(body), Some(frame));

    // An acknowledgement of what was never sent, and a text, are dropped and counted.
    server.send(Message::Binary(vec![VERSION, 4, 9, 0].into())).await.unwrap();
    server.send(Message::Text("hello".into())).await.unwrap();
    server.send(Message::Binary(seal(Section::Snapshot(&[1, 2, 3])).into())).await.unwrap();
    server.send(Message::Binary(vec![VERSION, 4, 1, 0].into())).await.unwrap();
    while !client.is_all_acknowledged() {
        tokio::time::timeout(PATIENCE, client.receive()).await.expect("something comes").unwrap();
    }
    assert_eq!(client.next_incoming(), Some(Incoming::Frame(vec![1, 2, 3])));
    assert_eq!((client.next_incoming(), client.traffic().bad_datagrams), (None, 2));

    // Two messages that are too long for one payload.
    [8_u8, 9].iter().for_each(|byte| client.send_message(vec![*byte; 900]).unwrap());
    client.finish_tick(None).unwrap();
    for byte in [8_u8, 9] {
        let payload = next_payload(&mut server).await;
        let payload = datagram::open(&payload).unwrap();
        assert_eq!(payload.messages.iter().collect::<Vec<_>>(), [vec![byte; 900]]);
    }
}

#[tokio::test]
async fn it_is_told_why_it_has_ended() {
    for (code, reason) in [(1_000, CloseReason::ByServer), (1_008, CloseReason::ByServer), (1_013, CloseReason::Denied)]
    {
        let (mut client, mut server) = connected().await;
        server.send(Message::Binary(seal(Section::Snapshot(&[1])).into())).await.unwrap();
        server.close(Some(CloseFrame { code: code.into(), reason: Default::default() })).await.unwrap();
        assert_eq!(until_ended(&mut client).await, reason, "{code}");
        assert_eq!(client.next_incoming(), Some(Incoming::Frame(vec![1])), "what came before is not lost");
        assert_eq!(client.close_reason(), Some(reason.clone()));
        assert_eq!(client.finish_tick(None), Err(reason));
    }
    let (mut client, server) = connected().await;
    drop(server);
    assert_eq!(until_ended(&mut client).await, CloseReason::ByServer);
}

#[tokio::test]
async fn the_server_hears_a_goodbye() {
    let (client, mut server) = connected().await;
    client.close();
    let received = tokio::time::timeout(PATIENCE, server.next()).await.expect("something comes");
    assert!(matches!(received, Some(Ok(Message::Close(_)))), "{received:?}");
}

#[tokio::test]
async fn a_server_that_answers_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/play", listener.local_addr().unwrap());
    let connect = |patience| WebSocketTransport::connect(&url, Vec::new(), Clock::start(), patience);
    assert_eq!(connect(Duration::from_millis(100)).await.unwrap_err(), CloseReason::TimedOut);
    drop(listener);
    let refused = CloseReason::Socket(ErrorKind::ConnectionRefused);
    assert_eq!(connect(PATIENCE).await.unwrap_err(), refused);
}
