//! A TCP link that can be cut, slowed down and silenced, with one target or several behind it in turn. Its targets see
//! the address of whoever connects, as behind a balancer that does not end connections.

mod pipe;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How the link treats what is sent over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a good cable does.
    Pass,
    /// Every connection is closed, and new ones are turned away at once.
    Cut,
    /// Each direction is late by so much; nothing is lost.
    Delay(Duration),
    /// New connections are accepted and never answered. Those that were open fall silent for good, as when the other
    /// machine has lost its power: they are dead afterwards too, and nobody says so.
    HalfOpen,
}

/// What every connection watches.
#[derive(Debug, Clone)]
struct Link {
    mode: Mode,
    /// How often it was cut: a connection that sees another number than at its start is closed.
    cuts: u64,
    /// How often it was silenced: a connection that sees another number than at its start is dead.
    silences: u64,
    targets: Vec<SocketAddr>,
}

/// A link; gone with its value.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    link: watch::Sender<Link>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// A link to one place, or to several in turn; whoever does not answer is passed over.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(targets: &[SocketAddr]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        let (link, watched) =
            watch::channel(Link { mode: Mode::Pass, cuts: 0, silences: 0, targets: targets.to_vec() });
        Self { address, link, listener: tokio::spawn(listen(listener, watched)) }
    }

    /// Where to connect instead of at the target.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it treats what is sent from now on.
    pub fn set(&self, mode: Mode) {
        self.link.send_modify(|link| {
            link.mode = mode;
            link.cuts += u64::from(mode == Mode::Cut);
            link.silences += u64::from(mode == Mode::HalfOpen);
        });
    }

    /// Leads new connections elsewhere: a program that was started again may listen on another port.
    pub fn lead_to(&self, targets: &[SocketAddr]) {
        self.link.send_modify(|link| link.targets = targets.to_vec());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // The connections are the listener's, and end with it.
        self.listener.abort();
    }
}

async fn listen(listener: TcpListener, link: watch::Receiver<Link>) {
    let mut connections = JoinSet::new();
    let mut turn = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                turn += 1;
                connections.spawn(serve(client, link.clone(), turn));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(client: TcpStream, mut link: watch::Receiver<Link>, turn: usize) {
    let born = link.borrow_and_update().clone();
    match born.mode {
        Mode::Cut => {}
        Mode::HalfOpen => {
            tokio::select! { () = pipe::swallow(client) => {}, () = cut_since(&mut link, &born) => {} }
        }
        Mode::Pass | Mode::Delay(_) => {
            let Ok(from) = client.peer_addr() else { return };
            let Some(server) = reach(&born.targets, turn, from.ip()).await else { return };
            let piping = pipe::join(client, server, link.clone(), &born);
            tokio::select! { () = piping => {}, () = cut_since(&mut link, &born) => {} }
        }
    }
}

/// The target whose turn it is, or the next that answers.
async fn reach(targets: &[SocketAddr], turn: usize, from: IpAddr) -> Option<TcpStream> {
    for offset in 0..targets.len() {
        if let Ok(server) = connect(targets[(turn + offset) % targets.len()], from).await {
            return Some(server);
        }
    }
    None
}

async fn connect(target: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    // The usual address comes by itself; a port that is asked for would be taken for all targets at once.
    if from == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        return TcpStream::connect(target).await;
    }
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(target).await
}

/// Returns once the link has been cut, or is gone.
async fn cut_since(link: &mut watch::Receiver<Link>, born: &Link) {
    let cuts = born.cuts;
    let _ = link.wait_for(|link| link.cuts != cuts).await;
}

#[cfg(test)]
mod tests;
