//! Services behind the door: one that shows what it is sent, and ones that break the rules of HTTP.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use realmgate_services::free_port;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// The maximum size of a body that a service shows.
const MAX_SHOWN: usize = 4 << 20;
/// The code with which a service closes a socket that sends `close`.
pub const CLOSE_CODE: u16 = 4_321;

/// The head of a request as a service received it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
}

/// A service, until this is dropped. Below `/events` is a stream, at `/socket` a WebSocket that echoes, and each other
/// path shows its request.
pub struct Service {
    addr: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Service {
    pub fn start() -> Self {
        Self::with(Router::new())
    }

    /// A service with routes of its own.
    pub fn with(routes: Router) -> Self {
        let (listener, addr) = listen();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let noted = seen.clone();
        let note = from_fn(move |request: Request, next: Next| {
            noted.lock().unwrap().push(Seen::of(&request));
            next.run(request)
        });
        let routes = routes.route("/events", get(events)).route("/socket", any(socket)).fallback(show).layer(note);
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { addr, seen, task }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The heads of all requests that it has received.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Lets it run until the test ends. Returns its base URL.
    pub fn keep(self) -> String {
        let url = self.url();
        std::mem::forget(self);
        url
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    fn of(request: &Request) -> Self {
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        Self { method: request.method().to_string(), target, headers: request.headers().clone() }
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }
}

/// Answers with the request.
async fn show(request: Request) -> Json<Value> {
    let seen = Seen::of(&request);
    let headers: Vec<(&str, String)> =
        seen.headers.iter().map(|(name, value)| (name.as_str(), text(value.as_bytes()))).collect();
    let body = to_bytes(request.into_body(), MAX_SHOWN).await;
    let body = body.map_or_else(|error| format!("broken: {error}"), |body| text(&body));
    Json(json!({"method": seen.method, "target": seen.target, "headers": headers, "body": body}))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An event with the user's id, and then nothing, without an end.
async fn events(headers: HeaderMap) -> Response {
    let first =
        stream::once(std::future::ready(Ok::<_, Infallible>(Bytes::from(format!("data: {}\n\n", user_of(&headers))))));
    let body = Body::from_stream(first.chain(stream::pending()));
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

/// The user whom the door names; empty for none.
pub fn user_of(headers: &HeaderMap) -> String {
    let ids: Vec<&str> = headers.get_all("x-user-id").iter().map(|value| value.to_str().unwrap()).collect();
    ids.join(" and ")
}

async fn socket(upgrade: WebSocketUpgrade, request: HeaderMap) -> Response {
    let user = user_of(&request);
    upgrade.protocols(["chat", "chess"]).on_upgrade(move |socket| echo(socket, user))
}

/// Says its user first. Then it echoes until a text `close`, after which it closes with [`CLOSE_CODE`].
async fn echo(mut socket: WebSocket, user: String) {
    let mut sent = socket.send(Message::Text(user.into())).await;
    while sent.is_ok()
        && let Some(Ok(message)) = socket.recv().await
    {
        sent = match message {
            Message::Text(text) if text == "close" => {
                let frame = CloseFrame { code: CLOSE_CODE, reason: "as you wish".into() };
                socket.send(Message::Close(Some(frame))).await
            }
            Message::Text(_) | Message::Binary(_) => socket.send(message).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        };
    }
}

/// A service that a test writes byte by byte. It ends when this is dropped.
pub struct RawService {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl RawService {
    /// Each connection is passed on, with its number from 0.
    pub fn start<F>(serve: impl Fn(TcpStream, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (listener, addr) = listen();
        let task = tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, number));
            }
        });
        Self { addr, task }
    }

    /// Lets it run until the test's runtime ends. Returns its URL.
    pub fn keep(self) -> String {
        let url = self.url();
        std::mem::forget(self);
        url
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for RawService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads the head of a request. Returns it and what came after it; the head is empty where the connection ends first.
pub async fn read_head(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let rest = read.split_off(end + 4);
            return (text(&read), rest);
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return (String::new(), Vec::new()),
            Ok(bytes) => read.extend_from_slice(&buffer[..bytes]),
        }
    }
}

/// The URL of a port at which nothing listens.
pub fn nowhere() -> String {
    format!("http://127.0.0.1:{}", free_port())
}

/// A listener on a port of its own. A test's settings are made where nothing can be awaited.
fn listen() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let addr = listener.local_addr().unwrap();
    (tokio::net::TcpListener::from_std(listener).unwrap(), addr)
}
