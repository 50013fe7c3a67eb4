//! A client that can also send any bytes at all, at any moment. It is there for the network only while it is pumped.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use tokio::runtime::Runtime;
use tokio_rustls::rustls::pki_types::CertificateDer;
use wtransport::config::QuicTransportConfig;
use wtransport::endpoint::ConnectOptions;
use wtransport::error::{ConnectingError, ConnectionError};
use wtransport::tls::Sha256Digest;
use wtransport::tls::server::build_default_tls_config;
use wtransport::{ClientConfig, Connection, Endpoint, Identity, RecvStream, SendStream};

pub use realmgate_engine::transport::webtransport::{WebTransport as Wire, WebTransportSettings as Settings};

use super::scene::now;

/// So often QUIC's task has its turn before the runtime of a connection that is closed ends.
const CLOSING_TURNS: usize = 16;
static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity::self_signed(["127.0.0.1"]).unwrap());

/// The usual settings.
pub fn settings(bind: SocketAddr) -> Settings {
    Settings::new(bind, Arc::new(build_default_tls_config(IDENTITY.clone_identity())))
}

/// A runtime on which nothing happens by itself.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What a client that trusts the server's certificate connects with.
fn config() -> ClientConfig {
    trusting(IDENTITY.certificate_chain().as_slice()[0].hash())
}

/// What a client connects with that trusts a certificate with this SHA-256.
pub fn trusting(certificate: Sha256Digest) -> ClientConfig {
    let config = ClientConfig::builder().with_bind_address("127.0.0.1:0".parse().unwrap());
    config.with_server_certificate_hashes([certificate]).build()
}

/// What a client on QUIC alone connects with.
pub fn quic_config() -> quinn::ClientConfig {
    config().quic_config().clone()
}

/// The server's certificate.
pub fn certificate() -> CertificateDer<'static> {
    CertificateDer::from(IDENTITY.certificate_chain().as_slice()[0].der().to_vec())
}

/// Asks for a session at this path, as a page of this origin.
pub async fn ask(server: SocketAddr, path: &str, origin: Option<&str>) -> Result<Connection, ConnectingError> {
    let options = ConnectOptions::builder(format!("https://{server}{path}"));
    let options = origin.into_iter().fold(options, |options, origin| options.add_header("origin", origin));
    Endpoint::client(config()).unwrap().connect(options.build()).await
}

/// The same for one that says often that it is there.
pub fn insistent() -> quinn::ClientConfig {
    let (mut config, mut transport) = (quic_config(), QuicTransportConfig::default());
    transport.keep_alive_interval(Some(Duration::from_secs(1)));
    config.transport_config(Arc::new(transport));
    config
}

/// What a client says of itself that takes datagrams of 1,100 bytes at most.
pub fn short_datagrams() -> Arc<QuicTransportConfig> {
    let mut transport = QuicTransportConfig::default();
    transport.datagram_receive_buffer_size(Some(1_100));
    Arc::new(transport)
}

/// A session of such a client.
async fn ask_with_short_datagrams(server: SocketAddr) -> Connection {
    let mut config = config();
    config.quic_config_mut().transport_config(short_datagrams());
    Endpoint::client(config).unwrap().connect(format!("https://{server}/play")).await.unwrap()
}

pub struct Client {
    runtime: Runtime,
    pub connection: Connection,
    out: SendStream,
    into: RecvStream,
    received: Vec<u8>,
    stream: Stream,
    started_at: Instant,
    /// Whether it sends a frame each time it is pumped, as a playing client does.
    pub plays: bool,
    /// Number of server frames received.
    pub frames: usize,
    /// The newest of them.
    pub newest: Vec<u8>,
    /// The messages received.
    pub messages: Vec<Vec<u8>>,
    /// The code with which the server has ended it; 0 if without.
    pub closed: Option<u16>,
    /// Payloads that came as datagrams, and on the stream.
    pub came: [usize; 2],
}

impl Client {
    /// A session that shows this ticket.
    pub fn new(server: SocketAddr, ticket: &[u8]) -> Self {
        let mut client = Self::silent(server);
        client.send_first(ticket);
        client
    }

    /// A session that has shown no ticket.
    pub fn silent(server: SocketAddr) -> Self {
        let runtime = runtime();
        let connection = runtime.block_on(ask(server, "/play", None)).unwrap();
        Self::of(runtime, connection)
    }

    /// One that shows this ticket, and takes short datagrams only.
    pub fn with_short_datagrams(server: SocketAddr, ticket: &[u8]) -> Self {
        let runtime = runtime();
        let connection = runtime.block_on(ask_with_short_datagrams(server));
        let mut client = Self::of(runtime, connection);
        client.send_first(ticket);
        client
    }

    fn of(runtime: Runtime, connection: Connection) -> Self {
        let (out, into) = runtime.block_on(async { connection.open_bi().await.unwrap().await.unwrap() });
        Self {
            runtime,
            connection,
            out,
            into,
            received: Vec::new(),
            stream: Stream::new(Duration::ZERO),
            started_at: now(),
            plays: true,
            frames: 0,
            newest: Vec::new(),
            messages: Vec::new(),
            closed: None,
            came: [0; 2],
        }
    }

    /// Sends what should be a ticket.
    pub fn send_first(&mut self, bytes: &[u8]) {
        self.send_on_stream(bytes);
    }

    /// Sends a payload as a datagram, or on the stream if it is too long for one.
    pub fn send_payload(&mut self, payload: &[u8]) {
        if payload.len() > 1_100 || self.connection.send_datagram(payload).is_err() {
            return self.send_on_stream(payload);
        }
        self.give_a_turn();
    }

    /// Lets QUIC's packets and timers have their turn: for a moment, or until the connection is over.
    pub fn give_a_turn(&self) {
        let moment = Duration::from_millis(1);
        let _ = self.runtime.block_on(async { tokio::time::timeout(moment, self.connection.closed()).await });
    }

    /// Closes the connection, and lets that go out.
    pub fn close(self) {
        self.connection.close(wtransport::VarInt::from_u32(9), b"bye");
        self.runtime.block_on(async {
            for _ in 0..CLOSING_TURNS {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Sends it on the stream, behind its length.
    pub fn send_on_stream(&mut self, bytes: &[u8]) {
        self.send_raw(&[&(bytes.len() as u16).to_le_bytes(), bytes].concat());
    }

    /// Sends bytes on the stream as they are, if the session is open.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        let Self { runtime, out, .. } = self;
        let _ = runtime.block_on(out.write_all(bytes));
        self.give_a_turn();
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: &[u8]) {
        self.stream.queue(message.to_vec()).unwrap();
    }

    fn take(&mut self, payload: &[u8]) {
        let payload = datagram::open(payload).unwrap();
        self.stream.receive(&payload, now() - self.started_at).unwrap();
        self.messages.extend(std::iter::from_fn(|| self.stream.next_message()));
        if let Section::Snapshot(body) = payload.section {
            self.frames += 1;
            self.newest = body.to_vec();
        }
    }

    /// Takes the messages of the stream that are whole.
    fn take_received(&mut self) {
        while let Some((length, rest)) = self.received.split_first_chunk() {
            let length = usize::from(u16::from_le_bytes(*length));
            if length == 0 {
                self.closed = rest.first_chunk().map(|code| u16::from_le_bytes(*code));
                self.connection.close(wtransport::VarInt::from_u32(0), b"");
                return;
            }
            let Some(payload) = rest.get(..length).map(<[u8]>::to_vec) else { return };
            self.received.drain(..2 + length);
            self.came[1] += 1;
            self.take(&payload);
        }
    }

    fn receive(&mut self) {
        self.give_a_turn();
        let (mut datagrams, mut buffer) = (Vec::new(), [0; 4_096]);
        let Self { runtime, connection, into, received, .. } = self;
        let ended = runtime.block_on(async {
            while let Some(Ok(Some(bytes))) = into.read(&mut buffer).now_or_never() {
                received.extend_from_slice(&buffer[..bytes]);
            }
            loop {
                match connection.receive_datagram().now_or_never() {
                    Some(Ok(datagram)) => datagrams.push(datagram.payload()),
                    Some(Err(error)) => return Some(error),
                    None => {}
                }
                // The library passes them on one by one.
                tokio::task::yield_now().await;
                match connection.receive_datagram().now_or_never()? {
                    Ok(datagram) => datagrams.push(datagram.payload()),
                    Err(error) => return Some(error),
                }
            }
        });
        self.came[0] += datagrams.len();
        datagrams.iter().for_each(|payload| self.take(payload));
        self.take_received();
        if let (None, Some(error)) = (self.closed, ended) {
            self.closed = Some(match error {
                ConnectionError::ApplicationClosed(close) => close.code().into_inner() as u16,
                _ => 0,
            });
        }
    }

    /// Lets real time pass for it: receives, answers, plays.
    pub fn pump(&mut self) {
        self.receive();
        if self.closed.is_some() {
            return;
        }
        let mut body = BitWriter::default();
        ClientFrame::default().write(&mut body);
        let section = if self.plays { Section::Input(body.bytes()) } else { Section::None };
        let at = now() - self.started_at;
        let mut payloads = Vec::new();
        self.stream.compose(section, at, &mut Vec::new(), |payload| payloads.push(payload.to_vec()));
        payloads.iter().for_each(|payload| self.send_payload(payload));
    }
}
