//! A bad line for TCP. Nothing is lost: what would be, comes after a resend, and all that follows waits for it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::{Conditions, Line, Weather};

/// Bytes of a segment.
const SEGMENT: usize = 1_448;
/// Segments under way in one direction; a sender that is faster is held up, as by a full window.
const UNDER_WAY: usize = 64;

/// The conditioner; gone with its value.
#[derive(Debug)]
pub struct TcpConditioner {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    listener: JoinHandle<()>,
}

impl TcpConditioner {
    /// A line to a server. Each connection and each direction has a line of its own, with a seed that follows from this
    /// one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(at: SocketAddr, target: SocketAddr, conditions: Conditions, seed: u64) -> io::Result<Self> {
        let socket = TcpListener::bind(at).await?;
        let address = socket.local_addr()?;
        let (weather, watched) = watch::channel(Weather { conditions, is_down: false });
        let listener = tokio::spawn(listen(socket, target, watched, seed));
        Ok(Self { address, weather, listener })
    }

    /// As [`Self::bind`], on a free port of this machine.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(target: SocketAddr, conditions: Conditions, seed: u64) -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0).into(), target, conditions, seed).await
    }

    /// Where to connect instead of at the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the conditions from now on.
    pub fn set(&self, conditions: Conditions) {
        self.weather.send_modify(|weather| weather.conditions = conditions);
    }

    /// While it is down nothing gets through, either way; afterwards it comes after all.
    pub fn set_down(&self, is_down: bool) {
        self.weather.send_modify(|weather| weather.is_down = is_down);
    }
}

impl Drop for TcpConditioner {
    fn drop(&mut self) {
        // The connections are the listener's, and end with it.
        self.listener.abort();
    }
}

async fn listen(listener: TcpListener, target: SocketAddr, weather: watch::Receiver<Weather>, seed: u64) {
    let mut connections = JoinSet::new();
    let mut index = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                index += 1;
                connections.spawn(serve(client, target, weather.clone(), seed.wrapping_add(2 * index)));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(client: TcpStream, target: SocketAddr, weather: watch::Receiver<Weather>, seed: u64) {
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // A connection that breaks breaks for both.
    tokio::select! {
        () = carry(from_client, to_server, weather.clone(), seed) => {}
        () = carry(from_server, to_client, weather, seed + 1) => {}
    }
}

struct Segment {
    due: Instant,
    bytes: Vec<u8>,
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, weather: watch::Receiver<Weather>, seed: u64) {
    let (send, mut under_way) = mpsc::channel::<Segment>(UNDER_WAY);
    let (began, mut line) = (Instant::now(), Line::new(weather.borrow().conditions, seed));
    let watched = weather.clone();
    let read = async move {
        let mut buffer = [0; SEGMENT];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            line.set(watched.borrow().conditions);
            let due = began + line.send_segment(began.elapsed(), length);
            if send.send(Segment { due, bytes: buffer[..length].to_vec() }).await.is_err() {
                return;
            }
        }
    };
    let write = async move {
        let mut weather = weather;
        // In order: what is late holds up what comes after it.
        while let Some(Segment { due, bytes }) = under_way.recv().await {
            sleep_until(due).await;
            if weather.wait_for(|weather| !weather.is_down).await.is_err() || to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(10);

    async fn joined(conditions: Conditions) -> (TcpConditioner, TcpStream, TcpStream) {
        let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = TcpConditioner::to(target.local_addr().unwrap(), conditions, 5).await.unwrap();
        let client = TcpStream::connect(line.address()).await.unwrap();
        let (server, _) = timeout(PATIENCE, target.accept()).await.unwrap().unwrap();
        (line, client, server)
    }

    #[tokio::test]
    async fn all_arrives_in_order_whatever_would_be_lost() {
        let conditions = Conditions { latency_ms: 5.0, jitter_ms: 5.0, loss: 0.05, ..Conditions::default() };
        let (_line, mut client, mut server) = joined(conditions).await;
        let sent: Vec<u8> = (0..60_000u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let sending = tokio::spawn(async move { client.write_all(&sent).await.map(|()| client) });
        let mut heard = vec![0; expected.len()];
        timeout(PATIENCE, server.read_exact(&mut heard)).await.unwrap().unwrap();
        assert!(heard == expected, "byte for byte");
        drop(sending.await.unwrap().unwrap());
        assert_eq!(timeout(PATIENCE, server.read(&mut heard)).await.unwrap().unwrap(), 0, "and then its end");
    }

    #[tokio::test]
    async fn each_way_takes_its_time_and_waits_while_the_line_is_down() {
        let (line, mut client, mut server) = joined(Conditions { latency_ms: 80.0, ..Conditions::default() }).await;
        let sent = Instant::now();
        client.write_all(b"?").await.unwrap();
        let mut heard = [0; 1];
        timeout(PATIENCE, server.read_exact(&mut heard)).await.unwrap().unwrap();
        assert!(sent.elapsed() >= Duration::from_millis(79), "{:?}", sent.elapsed());
        let answered = Instant::now();
        server.write_all(b".").await.unwrap();
        timeout(PATIENCE, client.read_exact(&mut heard)).await.unwrap().unwrap();
        assert!(answered.elapsed() >= Duration::from_millis(79), "and back: {:?}", answered.elapsed());
        line.set_down(true);
        server.write_all(b"!").await.unwrap();
        client.write_all(b"?").await.unwrap();
        let (mut there, while_down) = ([0; 1], Duration::from_millis(250));
        let (back, forth) = tokio::join!(
            timeout(while_down, client.read_exact(&mut heard)),
            timeout(while_down, server.read_exact(&mut there)),
        );
        assert!(back.is_err() && forth.is_err(), "nothing comes while it is down");
        line.set_down(false);
        timeout(PATIENCE, client.read_exact(&mut heard)).await.unwrap().unwrap();
        timeout(PATIENCE, server.read_exact(&mut there)).await.unwrap().unwrap();
        assert_eq!((heard, there), (*b"!", *b"?"));
    }
}
