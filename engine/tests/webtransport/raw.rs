//! A client on QUIC alone, which says HTTP/3 as it likes.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use futures_util::FutureExt;
use quinn::{ClientConfig, Connection, Endpoint, RecvStream, SendStream};
use realmgate_protocol::wire::{framing, http3};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::client::{quic_config, runtime};
use super::scene::DEADLINE;

/// A connection; what it has opened ends with it.
pub struct Raw {
    pub runtime: Runtime,
    pub connection: Connection,
    endpoint: Endpoint,
    streams: Vec<(SendStream, RecvStream)>,
    held: Vec<SendStream>,
}

impl Raw {
    /// A connection that has said nothing yet.
    pub fn connect(server: SocketAddr) -> Self {
        Self::connect_on(runtime(), server, quic_config())
    }

    /// The same on a runtime that has more to do, with other settings.
    pub fn connect_on(runtime: Runtime, server: SocketAddr, config: ClientConfig) -> Self {
        let (endpoint, connection) = runtime.block_on(async {
            let endpoint = Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
            let connecting = endpoint.connect_with(config, server, "127.0.0.1").unwrap();
            (endpoint, timeout(DEADLINE, connecting).await.unwrap().unwrap())
        });
        Self { runtime, connection, endpoint, streams: Vec::new(), held: Vec::new() }
    }

    /// Opens a stream with these bytes, which stays open.
    pub fn say(&mut self, bytes: &[u8]) {
        let (mut out, into) = self.runtime.block_on(self.connection.open_bi()).unwrap();
        let _ = self.runtime.block_on(out.write_all(bytes));
        self.streams.push((out, into));
    }

    /// The same on a stream of one way.
    pub fn mention(&mut self, bytes: &[u8]) {
        let mut out = self.runtime.block_on(self.connection.open_uni()).unwrap();
        let _ = self.runtime.block_on(out.write_all(bytes));
        self.held.push(out);
    }

    /// Asks for a session and shows a ticket, all without waiting for anything.
    pub fn enter(&mut self, ticket: &[u8]) {
        self.mention(&http3::control_stream());
        self.say(&http3::request("127.0.0.1", "/play"));
        self.open_stream(&framing::message(ticket));
    }

    /// Asks for a session, with this as the beginning of its stream, which it does not open.
    pub fn ask_with(&mut self, beginning: &[u8]) {
        self.mention(&http3::control_stream());
        self.say(&http3::request("127.0.0.1", &http3::with_stream("/play", beginning)));
    }

    /// Opens the session's stream.
    pub fn open_stream(&mut self, bytes: &[u8]) {
        self.say(&[&http3::stream_header(), bytes].concat());
    }

    /// Ends its half of a stream.
    pub fn finish(&mut self, stream: usize) {
        self.streams[stream].0.finish().unwrap();
        self.give_a_turn();
    }

    /// Sends a payload of the session.
    pub fn send_payload(&mut self, payload: &[u8]) {
        let datagram = [&[http3::datagram_header()], payload].concat();
        self.connection.send_datagram(datagram.into()).unwrap();
        self.give_a_turn();
    }

    /// Goes on from another address.
    pub fn move_away(&mut self) {
        let _within = self.runtime.enter();
        self.endpoint.rebind(UdpSocket::bind("127.0.0.1:0").unwrap()).unwrap();
    }

    /// Lets QUIC's packets and timers have their turn for a moment.
    pub fn give_a_turn(&self) {
        let moment = Duration::from_millis(1);
        let _ = self.runtime.block_on(async { timeout(moment, self.connection.closed()).await });
    }

    /// The status that a request was answered with.
    pub fn answer(&mut self, stream: usize) -> Option<u16> {
        let Self { runtime, streams, .. } = self;
        let (mut head, mut bytes) = (Vec::new(), [0; 64]);
        runtime.block_on(async {
            loop {
                if let Some(status) = http3::read_status(&head).unwrap() {
                    return Some(status);
                }
                let count = timeout(DEADLINE, streams[stream].1.read(&mut bytes)).await.unwrap().ok()??;
                head.extend_from_slice(&bytes[..count]);
            }
        })
    }

    /// What has arrived on a stream and was not taken.
    pub fn arrived(&mut self, stream: usize) -> Vec<u8> {
        self.give_a_turn();
        let mut bytes = [0; 4_096];
        match self.runtime.block_on(async { self.streams[stream].1.read(&mut bytes).now_or_never() }) {
            Some(Ok(Some(count))) => bytes[..count].to_vec(),
            _ => Vec::new(),
        }
    }

    /// What follows on a stream, to its end.
    pub fn rest(&mut self, stream: usize) -> Vec<u8> {
        let Self { runtime, streams, .. } = self;
        let rest = async { timeout(DEADLINE, streams[stream].1.read_to_end(1_000)).await };
        runtime.block_on(rest).unwrap().unwrap()
    }

    /// The first bytes of a stream that the server opens.
    pub fn mentioned(&self, bytes: usize) -> Vec<u8> {
        let mut first = vec![0; bytes];
        self.runtime.block_on(async {
            let mut into = timeout(DEADLINE, self.connection.accept_uni()).await.unwrap().unwrap();
            timeout(DEADLINE, into.read_exact(&mut first)).await.unwrap().unwrap();
        });
        first
    }

    /// The next datagram.
    pub fn datagram(&self) -> Vec<u8> {
        let next = async { timeout(DEADLINE, self.connection.read_datagram()).await };
        self.runtime.block_on(next).unwrap().unwrap().to_vec()
    }

    /// The code that the server closes the connection with.
    pub fn closed_with(&self) -> u64 {
        let end = self.runtime.block_on(async { timeout(DEADLINE, self.connection.closed()).await }).unwrap();
        let quinn::ConnectionError::ApplicationClosed(close) = end else { panic!("{end}") };
        close.error_code.into_inner()
    }
}
