//! A client that can also send any bytes at all, at any moment.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use realmgate_protocol::bits::BitWriter;
use realmgate_protocol::wire::datagram::{self, ClientFrame, Section};
use realmgate_protocol::wire::stream::Stream;
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::scene::now;

/// A request that is answered by 101.
pub const ASKED: &str = "GET /play HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

pub use realmgate_engine::transport::websocket::{WebSocketSettings as Settings, WebSocketTransport as Wire};

/// The usual settings.
pub fn settings(bind: SocketAddr) -> Settings {
    Settings::new(bind)
}

/// A connection that has not said anything, and takes little of what it is sent.
pub fn connect(server: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&server.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// What a request is answered, up to the end of its head.
pub fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        answer.push(byte[0]);
    }
    String::from_utf8(answer).unwrap()
}

/// Whether the server has closed a connection, within a long while; what it said before is passed over.
pub fn is_closed(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1_024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

pub struct Client {
    pub socket: WebSocket<TcpStream>,
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
    /// The code with which the server has closed it; 0 if without.
    pub closed: Option<u16>,
}

impl Client {
    /// An open WebSocket that shows this ticket.
    pub fn new(server: SocketAddr, ticket: &[u8]) -> Self {
        let mut client = Self::silent(server);
        client.send_first(ticket);
        client
    }

    /// An open WebSocket that has shown no ticket.
    pub fn silent(server: SocketAddr) -> Self {
        let mut stream = connect(server);
        let answer = ask(&mut stream, ASKED);
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
        stream.set_nonblocking(true).unwrap();
        Self {
            socket: WebSocket::from_raw_socket(stream, Role::Client, None),
            stream: Stream::new(Duration::ZERO),
            started_at: now(),
            plays: true,
            frames: 0,
            newest: Vec::new(),
            messages: Vec::new(),
            closed: None,
        }
    }

    /// Sends a message, if it is still open; what the socket does not take now goes out later.
    pub fn send(&mut self, message: Message) {
        let _ = self.socket.send(message);
    }

    /// Sends what should be a ticket.
    pub fn send_first(&mut self, bytes: &[u8]) {
        self.send_payload(bytes);
    }

    pub fn send_payload(&mut self, payload: &[u8]) {
        self.send(Message::Binary(Bytes::copy_from_slice(payload)));
    }

    /// Queues a reliable message.
    pub fn send_message(&mut self, message: &[u8]) {
        self.stream.queue(message.to_vec()).unwrap();
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Binary(payload) => {
                let payload = datagram::open(&payload).unwrap();
                self.stream.receive(&payload, now() - self.started_at).unwrap();
                self.messages.extend(std::iter::from_fn(|| self.stream.next_message()));
                if let Section::Snapshot(body) = payload.section {
                    self.frames += 1;
                    self.newest = body.to_vec();
                }
            }
            Message::Close(frame) => self.closed = Some(frame.map_or(0, |frame| frame.code.into())),
            _ => {}
        }
    }

    /// Lets real time pass for it: receives, answers, plays.
    pub fn pump(&mut self) {
        if self.closed.is_some() {
            let _ = self.socket.flush();
            return;
        }
        loop {
            match self.socket.read() {
                Ok(message) => self.take(message),
                Err(tokio_tungstenite::tungstenite::Error::Io(error))
                    if error.kind() == std::io::ErrorKind::WouldBlock =>
                {
                    break;
                }
                Err(_) => {
                    self.closed.get_or_insert(0);
                    return;
                }
            }
        }
        let mut body = BitWriter::default();
        ClientFrame::default().write(&mut body);
        let section = if self.plays { Section::Input(body.bytes()) } else { Section::None };
        let at = now() - self.started_at;
        let Self { stream, socket, .. } = self;
        stream.compose(section, at, &mut Vec::new(), |payload| {
            let _ = socket.send(Message::Binary(Bytes::copy_from_slice(payload)));
        });
    }
}
