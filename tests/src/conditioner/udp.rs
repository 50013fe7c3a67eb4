//! A bad line for datagrams: clients send to it instead of to the server.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::{Conditions, Line, Weather};

/// Longer than any datagram of ours.
const MAX_BYTES: usize = 2_048;
/// Clients of one conditioner. Further ones are not served.
const MAX_CLIENTS: usize = 4_096;

/// The conditioner; gone with its value.
#[derive(Debug)]
pub struct UdpConditioner {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    listener: JoinHandle<()>,
}

impl UdpConditioner {
    /// A line to a server. Each client and each direction has a line of its own, with a seed that follows from this one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(at: SocketAddr, target: SocketAddr, conditions: Conditions, seed: u64) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind(at).await?);
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

    /// Where to send to instead of to the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the conditions from now on.
    pub fn set(&self, conditions: Conditions) {
        self.weather.send_modify(|weather| weather.conditions = conditions);
    }

    /// While it is down nothing gets through, either way.
    pub fn set_down(&self, is_down: bool) {
        self.weather.send_modify(|weather| weather.is_down = is_down);
    }
}

impl Drop for UdpConditioner {
    fn drop(&mut self) {
        // What is under way is the listener's, and ends with it.
        self.listener.abort();
    }
}

/// Where a datagram goes on.
#[derive(Clone)]
struct Way {
    socket: Arc<UdpSocket>,
    /// `None` over a socket that is connected.
    to: Option<SocketAddr>,
}

struct Client {
    way: Way,
    line: Line,
}

async fn listen(socket: Arc<UdpSocket>, target: SocketAddr, weather: watch::Receiver<Weather>, seed: u64) {
    let began = Instant::now();
    let mut clients: HashMap<SocketAddr, Client> = HashMap::new();
    let (mut under_way, mut answers) = (JoinSet::new(), JoinSet::new());
    let mut buffer = [0; MAX_BYTES];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // Some systems report here that nobody received an earlier datagram.
                let Ok((length, from)) = received else { continue };
                if !clients.contains_key(&from) && clients.len() < MAX_CLIENTS {
                    let seed = seed.wrapping_add(2 * clients.len() as u64);
                    let Ok(upstream) = connected(target).await else { continue };
                    let back = Way { socket: socket.clone(), to: Some(from) };
                    answers.spawn(answer(upstream.clone(), back, weather.clone(), seed + 1));
                    let line = Line::new(weather.borrow().conditions, seed);
                    clients.insert(from, Client { way: Way { socket: upstream, to: None }, line });
                }
                let Some(Client { way, line }) = clients.get_mut(&from) else { continue };
                pass(line, began, &weather, way, &buffer[..length], &mut under_way);
            }
            Some(_) = under_way.join_next() => {}
            Some(_) = answers.join_next() => {}
        }
    }
}

async fn connected(target: SocketAddr) -> io::Result<Arc<UdpSocket>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(target).await?;
    Ok(Arc::new(socket))
}

/// What the server sends to one client.
async fn answer(from: Arc<UdpSocket>, back: Way, weather: watch::Receiver<Weather>, seed: u64) {
    let began = Instant::now();
    let mut line = Line::new(weather.borrow().conditions, seed);
    let mut under_way = JoinSet::new();
    let mut buffer = [0; MAX_BYTES];
    loop {
        tokio::select! {
            received = from.recv(&mut buffer) => {
                let Ok(length) = received else { continue };
                pass(&mut line, began, &weather, &back, &buffer[..length], &mut under_way);
            }
            Some(_) = under_way.join_next() => {}
        }
    }
}

/// Lets what arrives wait for its time.
fn pass(
    line: &mut Line,
    began: Instant,
    weather: &watch::Receiver<Weather>,
    way: &Way,
    datagram: &[u8],
    under_way: &mut JoinSet<()>,
) {
    let Weather { conditions, is_down } = weather.borrow().clone();
    if is_down {
        return;
    }
    line.set(conditions);
    for due in line.send(began.elapsed(), datagram.len()) {
        let (way, datagram) = (way.clone(), datagram.to_vec());
        under_way.spawn(async move {
            sleep_until(began + due).await;
            // A full buffer loses the datagram, as a network may.
            let _ = match way.to {
                Some(to) => way.socket.send_to(&datagram, to).await,
                None => way.socket.send(&datagram).await,
            };
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);
    const SILENT: Duration = Duration::from_millis(150);

    /// A server that sends back whatever it hears.
    async fn echo() -> (SocketAddr, JoinSet<()>) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut heard = [0; 64];
            while let Ok((length, from)) = socket.recv_from(&mut heard).await {
                socket.send_to(&heard[..length], from).await.unwrap();
            }
        });
        (address, server)
    }

    async fn client(to: SocketAddr) -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.connect(to).await.unwrap();
        socket
    }

    async fn heard(socket: &UdpSocket, patience: Duration) -> Option<Vec<u8>> {
        let mut buffer = [0; 64];
        let length = timeout(patience, socket.recv(&mut buffer)).await.ok()?.unwrap();
        Some(buffer[..length].to_vec())
    }

    #[tokio::test]
    async fn each_client_hears_its_own_answers_after_both_ways() {
        let (server, _echo) = echo().await;
        let conditions = Conditions { latency_ms: 60.0, ..Conditions::default() };
        let line = UdpConditioner::to(server, conditions, 1).await.unwrap();
        let clients = [client(line.address()).await, client(line.address()).await];
        let sent = Instant::now();
        for (socket, name) in clients.iter().zip([b'a', b'b']) {
            socket.send(&[name]).await.unwrap();
        }
        for (socket, name) in clients.iter().zip([b'a', b'b']) {
            assert_eq!(heard(socket, PATIENCE).await, Some(vec![name]));
        }
        assert!(sent.elapsed() >= Duration::from_millis(119), "{:?}", sent.elapsed());
    }

    #[tokio::test]
    async fn a_line_that_is_down_or_loses_all_passes_nothing() {
        let (server, _echo) = echo().await;
        let line = UdpConditioner::to(server, Conditions::default(), 1).await.unwrap();
        let socket = client(line.address()).await;
        line.set_down(true);
        socket.send(b"1").await.unwrap();
        assert_eq!(heard(&socket, SILENT).await, None);
        line.set_down(false);
        line.set(Conditions { loss: 1.0, ..Conditions::default() });
        socket.send(b"2").await.unwrap();
        assert_eq!(heard(&socket, SILENT).await, None);
        line.set(Conditions { duplicated: 1.0, ..Conditions::default() });
        socket.send(b"3").await.unwrap();
        for copy in 1..=4 {
            assert_eq!(
                heard(&socket, PATIENCE).await.as_deref(),
                Some(&b"3"[..]),
                "copy {copy}: twice there, each twice back"
            );
        }
        assert_eq!(heard(&socket, SILENT).await, None);
    }
}
