//! Both ends of the relay without a library of Socket.IO: a service that a test scripts, and a client that sends raw
//! packets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, Uri};
use futures_util::{SinkExt, StreamExt};
use realmgate_platform::testing::soon;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

/// What a side receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Closed,
}

pub fn text(text: impl Into<String>) -> Seen {
    Seen::Text(text.into())
}

pub fn binary(bytes: impl Into<Vec<u8>>) -> Seen {
    Seen::Binary(bytes.into())
}

/// A service that accepts sockets.
pub struct FakeService {
    listener: TcpListener,
    pub address: SocketAddr,
}

/// An end of a WebSocket.
pub struct End(WebSocketStream<TcpStream>);

/// A socket of the door at a service.
pub struct FakeSocket {
    pub end: End,
    pub headers: HeaderMap,
    pub uri: Uri,
}

impl FakeService {
    pub async fn listen() -> Self {
        Self::listen_at(([127, 0, 0, 1], 0).into()).await
    }

    pub async fn listen_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// The next TCP connection.
    pub async fn accept_tcp(&self) -> TcpStream {
        soon("a connection of the door", self.listener.accept()).await.unwrap().0
    }

    /// The next socket, after the WebSocket's handshake.
    pub async fn accept_raw(&self) -> FakeSocket {
        let tcp = self.accept_tcp().await;
        let seen = Arc::new(Mutex::new(None));
        let note = seen.clone();
        #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
        let callback = move |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            *note.lock().unwrap() = Some((request.headers().clone(), request.uri().clone()));
            Ok(response)
        };
        let ws = soon("a handshake", accept_hdr_async(tcp, callback)).await.unwrap();
        let (headers, uri) = seen.lock().unwrap().take().unwrap();
        FakeSocket { end: End(ws), headers, uri }
    }

    /// The next socket, after the handshake of Engine.IO.
    pub async fn accept(&self) -> FakeSocket {
        self.accept_with(25_000, 20_000).await
    }

    /// As [`FakeService::accept`], with these times of the heartbeat in milliseconds.
    pub async fn accept_with(&self, interval_ms: u64, timeout_ms: u64) -> FakeSocket {
        let mut socket = self.accept_raw().await;
        let open = json!({"sid": "e", "upgrades": [], "pingInterval": interval_ms, "pingTimeout": timeout_ms,
                          "maxPayload": 1_000_000});
        socket.end.send(format!("0{open}")).await;
        socket
    }

    /// The next socket, joined as `sid`. Returns the auth object too.
    pub async fn join(&self, namespace: &str) -> (End, Value) {
        let FakeSocket { mut end, .. } = self.accept().await;
        let auth = end.joins(namespace).await;
        end.send(format!("40{}{}", prefix(namespace), json!({"sid": "s", "pid": "p"}))).await;
        (end, auth)
    }
}

/// How a namespace is written before a payload.
fn prefix(namespace: &str) -> String {
    if namespace == "/" { String::new() } else { format!("{namespace},") }
}

impl End {
    pub async fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::Text(text.into().into())).await.unwrap();
    }

    pub async fn send_binary(&mut self, bytes: impl Into<Vec<u8>>) {
        self.0.send(Message::Binary(bytes.into().into())).await.unwrap();
    }

    /// Sends a text if the other side still reads.
    pub async fn try_send(&mut self, text: impl Into<String>) -> bool {
        self.0.send(Message::Text(text.into().into())).await.is_ok()
    }

    /// What comes next; pings of the door are answered.
    pub async fn next(&mut self) -> Seen {
        loop {
            match soon("a message", self.0.next()).await {
                Some(Ok(Message::Text(ping))) if ping.as_str() == "2" => self.send("3").await,
                Some(Ok(Message::Text(text))) => return Seen::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => return Seen::Binary(bytes.to_vec()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Seen::Closed,
                Some(Ok(_)) => {}
            }
        }
    }

    pub async fn next_text(&mut self) -> String {
        match self.next().await {
            Seen::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    /// The end of the connection, whatever comes before it.
    pub async fn until_closed(&mut self) -> Vec<Seen> {
        let mut before = Vec::new();
        loop {
            match self.next().await {
                Seen::Closed => return before,
                seen => before.push(seen),
            }
        }
    }

    /// The auth object with which a service's namespace is joined.
    pub async fn joins(&mut self, namespace: &str) -> Value {
        let connect = self.next_text().await;
        let payload = connect.strip_prefix(&format!("40{}", prefix(namespace)));
        serde_json::from_str(payload.unwrap_or_else(|| panic!("not CONNECT: {connect}"))).unwrap()
    }

    /// A client of the door, after the handshake of Engine.IO.
    pub async fn connect(door: SocketAddr) -> Self {
        let tcp = TcpStream::connect(door).await.unwrap();
        let url = format!("ws://{door}/socket.io/?EIO=4&transport=websocket");
        let (ws, _) = soon("the door", client_async(url, tcp)).await.unwrap();
        let mut end = Self(ws);
        let open = end.next_text().await;
        assert!(open.starts_with("0{"), "{open}");
        end
    }

    /// Asks for a namespace.
    pub async fn ask(&mut self, namespace: &str, auth: &Value) {
        self.send(format!("40{namespace},{auth}")).await;
    }

    /// The confirmation of a namespace.
    pub async fn confirmed(&mut self, namespace: &str) -> Value {
        let text = self.next_text().await;
        let payload = text.strip_prefix(&format!("40{namespace},"));
        serde_json::from_str(payload.unwrap_or_else(|| panic!("not confirmed: {text}"))).unwrap()
    }

    /// The refusal of a namespace.
    pub async fn refused(&mut self, namespace: &str) -> Value {
        let text = self.next_text().await;
        let payload = text.strip_prefix(&format!("44{namespace},"));
        serde_json::from_str(payload.unwrap_or_else(|| panic!("not refused: {text}"))).unwrap()
    }
}
