//! Control frames: a client that floods a WebSocket with them loses it, and the server keeps little of them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::testing::TestApp;

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than the bounds and the kernel's buffers hold together, and far less than a flood sends within seconds.
const MOST_TAKEN: usize = 4 << 20;
/// What the kernel may hold of data that is not sent yet.
const SEND_BUFFER: u32 = 64 << 10;
/// The first byte of a frame.
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
/// The first byte of a part of a text message that is not the last part.
const FIRST_PART: u8 = 0x01;
const NEXT_PART: u8 = 0x00;

/// Opens a socket by hand, as a client that ignores every library's rules.
async fn open(addr: SocketAddr, path: &str, token: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(SEND_BUFFER).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    stream
}

/// A client's frame; the mask of zeros leaves the payload as it is.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// Writes and never reads, until the server has closed. Returns how many bytes were accepted.
async fn flood(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    let mut taken = 0;
    let flood = async {
        while taken < MOST_TAKEN {
            // If the last write ended within a frame, the next one goes on there.
            taken += match stream.write(&bytes[taken % bytes.len()..]).await {
                Ok(written) => written,
                Err(error) => return error.kind(),
            };
        }
        panic!("{MOST_TAKEN} bytes were taken");
    };
    let end = timeout(PATIENCE, flood).await.expect("it is left open");
    assert!(matches!(end, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{end}");
    taken
}

#[tokio::test]
async fn a_flood_on_the_gateway_ends_its_socket() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    for kind in [PING, PONG] {
        let mut stream = open(app.state().addrs.gateway, "/ws", &user.access).await;
        let taken = flood(&mut stream, &frame(kind, &[b'x'; 125]).repeat(100)).await;
        println!("{taken} bytes of frames {kind:#x} were taken");
    }
}

#[tokio::test]
async fn a_flood_on_the_map_link_ends_its_socket() {
    let app = TestApp::start().await;
    for kind in [PING, PONG] {
        let mut stream = open(app.state().addrs.directory, "/map-link", app.service_token()).await;
        let taken = flood(&mut stream, &frame(kind, &[b'x'; 125]).repeat(100)).await;
        println!("{taken} bytes of frames {kind:#x} were taken");
    }
}

#[tokio::test]
async fn a_flood_of_empty_parts_ends_its_socket() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let mut stream = open(app.state().addrs.gateway, "/ws", &user.access).await;
    stream.write_all(&frame(FIRST_PART, b"")).await.unwrap();
    flood(&mut stream, &frame(NEXT_PART, b"").repeat(1_000)).await;
}

#[tokio::test]
async fn a_token_that_is_not_good_brings_no_right_to_flood() {
    let app = TestApp::start().await;
    let mut stream = open(app.state().addrs.gateway, "/ws", "forged").await;
    flood(&mut stream, &frame(PING, &[b'x'; 125]).repeat(100)).await;
}

#[tokio::test]
async fn whoever_pings_too_often_is_told_so() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let url = format!("ws://{}/ws?token={}", app.state().addrs.gateway, user.access);
    let (mut socket, _) = connect_async(&url).await.unwrap();
    for _ in 0..21 {
        socket.feed(Message::Ping(Default::default())).await.unwrap();
    }
    socket.flush().await.unwrap();
    let closed = async {
        loop {
            if let Message::Close(frame) = socket.next().await.expect("a close frame comes first").unwrap() {
                return frame.expect("it says why");
            }
        }
    };
    let frame = timeout(PATIENCE, closed).await.expect("it is left open");
    assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Policy, "Too many control frames"));
}

#[tokio::test]
async fn twenty_pings_in_a_row_are_answered() {
    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let url = format!("ws://{}/ws?token={}", app.state().addrs.gateway, user.access);
    let (mut socket, _) = connect_async(&url).await.unwrap();
    for number in 0..20_u8 {
        socket.send(Message::Ping(vec![number].into())).await.unwrap();
        let answered = async {
            while socket.next().await.expect("it stays open").unwrap() != Message::Pong(vec![number].into()) {}
        };
        timeout(PATIENCE, answered).await.expect("it is answered");
    }
}
