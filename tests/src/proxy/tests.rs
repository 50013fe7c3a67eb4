//! The proxy passes bytes on, or breaks as it is told.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use super::*;

/// How long silence lasts before it is believed.
const SILENT: Duration = Duration::from_millis(150);
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that says its name to each piece it hears; gone with its value.
struct Echo(SocketAddr, #[expect(dead_code, reason = "it ends the server when it is dropped")] JoinSet<()>);

async fn echo(name: u8) -> Echo {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut talks = JoinSet::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            talks.spawn(async move {
                let mut heard = [0; 64];
                while socket.read(&mut heard).await.is_ok_and(|length| length > 0) {
                    if socket.write_all(&[name]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Echo(address, server)
}

/// Says something and takes the answer: a name, or nothing when the connection was closed. `None`: silence.
async fn ask(socket: &mut TcpStream, patience: Duration) -> Option<Vec<u8>> {
    let asking = async {
        let mut answer = [0; 1];
        if socket.write_all(b"?").await.is_err() {
            return Vec::new();
        }
        let length = socket.read(&mut answer).await.unwrap_or(0);
        answer[..length].to_vec()
    };
    timeout(patience, asking).await.ok()
}

#[tokio::test]
async fn each_connection_has_its_turn_and_the_dead_are_passed_over() {
    let (one, two) = (echo(1).await, echo(2).await);
    let gone = echo(3).await.0;
    let proxy = Proxy::to(&[one.0, gone, two.0]).await;
    let mut heard = Vec::new();
    for _ in 0..6 {
        let mut socket = TcpStream::connect(proxy.address()).await.unwrap();
        heard.extend(ask(&mut socket, PATIENCE).await.unwrap());
    }
    // Where it is the turn of the one that is gone, the next answers in its place.
    assert_eq!(heard, [2, 2, 1, 2, 2, 1]);
    proxy.lead_to(&[one.0]);
    let mut socket = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut socket, PATIENCE).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_target_sees_who_connects() {
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(&[target.local_addr().unwrap()]).await;
    for client in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 61)] {
        let _connecting = connect(proxy.address(), client.into()).await.unwrap();
        let (_, seen) = timeout(PATIENCE, target.accept()).await.unwrap().unwrap();
        assert_eq!(seen.ip(), client);
    }
}

#[tokio::test]
async fn a_cut_closes_what_is_open_and_turns_away_what_is_new() {
    let server = echo(1).await;
    let proxy = Proxy::to(&[server.0]).await;
    let mut open = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut open, PATIENCE).await.unwrap(), [1]);
    proxy.set(Mode::Cut);
    assert_eq!(ask(&mut open, PATIENCE).await.unwrap(), [0; 0]);
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut new, PATIENCE).await.unwrap(), [0; 0]);
    proxy.set(Mode::Pass);
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut new, PATIENCE).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_delay_is_one_for_each_way_and_loses_nothing() {
    let delay = Duration::from_secs(2);
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::to(&[target.local_addr().unwrap()]).await;
    let client = TcpStream::connect(proxy.address()).await.unwrap();
    let (server, _) = timeout(PATIENCE, target.accept()).await.unwrap().unwrap();
    let ((mut from_server, mut to_client), (mut from_client, mut to_server)) = {
        let (from_server, to_server) = client.into_split();
        let (from_client, to_client) = server.into_split();
        ((from_server, to_client), (from_client, to_server))
    };
    proxy.set(Mode::Delay(delay));
    let mut read = [0; 3];
    for (near, far) in [(&mut to_server, &mut from_client), (&mut to_client, &mut from_server)] {
        let sent = Instant::now();
        near.write_all(&[1, 2, 3]).await.unwrap();
        timeout(PATIENCE, far.read_exact(&mut read)).await.unwrap().unwrap();
        let took = Instant::now() - sent;
        assert!(took >= delay && took < 2 * delay, "one way takes {took:?}");
        assert_eq!(read, [1, 2, 3]);
    }
    // What is under way when the link is mended still comes, in its order.
    for piece in 1..=3 {
        to_server.write_all(&[piece]).await.unwrap();
    }
    proxy.set(Mode::Pass);
    timeout(PATIENCE, from_client.read_exact(&mut read)).await.unwrap().unwrap();
    assert_eq!(read, [1, 2, 3]);
}

#[tokio::test]
async fn a_half_open_link_is_silent_and_what_was_open_stays_so() {
    let server = echo(1).await;
    let proxy = Proxy::to(&[server.0]).await;
    let mut open = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut open, PATIENCE).await.unwrap(), [1]);
    proxy.set(Mode::HalfOpen);
    assert_eq!(ask(&mut open, SILENT).await, None);
    let mut accepted = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut accepted, SILENT).await, None);
    proxy.set(Mode::Pass);
    assert_eq!(ask(&mut open, SILENT).await, None, "nobody says that it is dead");
    assert_eq!(ask(&mut accepted, SILENT).await, None);
    let mut new = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut new, PATIENCE).await.unwrap(), [1]);
    // A cut closes even the dead: the cable is gone.
    proxy.set(Mode::Cut);
    for mut dead in [open, accepted] {
        assert_eq!(ask(&mut dead, PATIENCE).await.unwrap(), [0; 0]);
    }
}
