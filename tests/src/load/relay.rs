//! Carries players' payloads between their sockets and a server that they reach by WebSocket or WebTransport.
//!
//! The load's players are made for UDP, thousands on a core. A relay costs much more than they do, but on the load's core,
//! and what is measured is the server.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{self, Sender};

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use realmgate_client::transport::Door;
use realmgate_protocol::wire::framing::{self, Next, Received};
use tokio::net::{TcpSocket, UdpSocket as RelaySocket};
use tokio::runtime::Runtime;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use wtransport::tls::{Sha256Digest, Sha256DigestFmt};
use wtransport::{ClientConfig, Endpoint};

use super::double::Announced;
use super::player::host_of;

/// Longer than any payload.
const BUFFER_BYTES: usize = 2_048;

/// Where it leads.
#[derive(Debug, Clone)]
pub enum Lead {
    /// To a WebSocket at this URL.
    WebSocket(String),
    /// To a WebTransport session.
    WebTransport(Door),
}

/// The relay of one server, on threads of its own.
pub struct Relay {
    runtime: Runtime,
    /// That of the players who are to hang, and how many they are.
    hanging: Runtime,
    hang: usize,
    lead: Lead,
}

/// Keeps players hanging until it is dropped.
pub struct Hanging {
    _goes_on: Sender<()>,
}

impl Relay {
    /// One that leads there. The first `hang` players can be made to [`Self::hang`].
    ///
    /// # Errors
    /// When its threads cannot be started.
    pub fn new(lead: Lead, hang: usize) -> Result<Self> {
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { runtime: runtime()?, hanging: runtime()?, hang, lead })
    }

    /// Stops the thread of those who are to hang: like programs that hang they neither read what comes nor acknowledge it.
    pub fn hang(&self) -> Hanging {
        let (goes_on, hangs) = mpsc::channel::<()>();
        self.hanging.spawn(async move { hangs.recv() });
        Hanging { _goes_on: goes_on }
    }

    /// A socket whose datagrams are carried to the server as the payloads of the player who was announced so, and back.
    ///
    /// # Errors
    /// When no socket can be opened.
    pub fn carry(&self, number: usize, announced: Announced) -> Result<UdpSocket> {
        let (player, relay) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        player.connect(relay.local_addr()?)?;
        relay.connect(player.local_addr()?)?;
        player.set_nonblocking(true)?;
        relay.set_nonblocking(true)?;
        let (lead, host) = (self.lead.clone(), host_of(number));
        let ticket = announced.ticket;
        let runtime = if number < self.hang { &self.hanging } else { &self.runtime };
        runtime.spawn(async move {
            let carried = async {
                let socket = RelaySocket::from_std(relay)?;
                match &lead {
                    Lead::WebSocket(url) => by_websocket(url, host, ticket, &socket).await,
                    Lead::WebTransport(door) => by_webtransport(door, host, &ticket, &socket).await,
                }
            };
            if let Err(error) = carried.await {
                complain(number, &error);
            }
        });
        Ok(player)
    }
}

/// The load itself reports only that a player is not heard of any more.
#[expect(clippy::print_stderr, reason = "the load is a command for people")]
fn complain(player: usize, error: &anyhow::Error) {
    eprintln!("the relay of player {player} has ended: {error:#}");
}

async fn by_websocket(url: &str, host: Ipv4Addr, ticket: Vec<u8>, player: &RelaySocket) -> Result<()> {
    let server: SocketAddr =
        url.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).unwrap_or_default().parse()?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((host, 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async(url, stream).await?;
    socket.send(Message::Binary(ticket.into())).await?;
    let mut buffer = [0; BUFFER_BYTES];
    loop {
        tokio::select! {
            bytes = player.recv(&mut buffer) => {
                let payload = buffer[..bytes?].to_vec();
                socket.send(Message::Binary(payload.into())).await?;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(payload))) => drop(player.send(&payload).await?),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the server has ended the connection"),
            },
        }
    }
}

async fn by_webtransport(door: &Door, host: Ipv4Addr, ticket: &[u8], player: &RelaySocket) -> Result<()> {
    let digits = door.certificate.as_deref().context("the server has told no certificate")?.as_bytes();
    let dotted: Vec<&str> = digits.chunks(2).filter_map(|two| str::from_utf8(two).ok()).collect();
    let digest = Sha256Digest::from_str_fmt(dotted.join(":"), Sha256DigestFmt::DottedHex)?;
    let config = ClientConfig::builder().with_bind_address((host, 0).into());
    let endpoint = Endpoint::client(config.with_server_certificate_hashes([digest]).build())?;
    let connection = endpoint.connect(&door.url).await?;
    let (mut out, mut into) = connection.open_bi().await?.await?;
    out.write_all(&framing::message(ticket)).await?;
    let (mut buffer, mut received) = ([0; BUFFER_BYTES], Received::default());
    loop {
        while let Next::Message(range) = received.take_next() {
            player.send(received.message(range)).await?;
        }
        tokio::select! {
            bytes = player.recv(&mut buffer) => {
                let payload = &buffer[..bytes?];
                if connection.send_datagram(payload).is_err() {
                    out.write_all(&framing::message(payload)).await?;
                }
            }
            datagram = connection.receive_datagram() => match datagram {
                Ok(datagram) => drop(player.send(&datagram).await?),
                Err(error) => return Err(error.into()),
            },
            bytes = into.read(received.room()) => match bytes {
                Ok(Some(bytes)) => received.fill(bytes),
                Ok(None) => bail!("the server has ended the stream"),
                Err(error) => return Err(error.into()),
            },
        }
    }
}
