//! Accepts connections, with TLS if there is a certificate, and hands their requests to a router.
//!
//! `axum::serve` is not used, since it has no limits for clients that send a header a byte a minute, never finish a
//! handshake or open a thousand connections.

mod certificate;
mod guarded;
mod idle;
mod redirect;
mod slots;
mod unread;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

pub use certificate::Certificate;
pub use guarded::Inflow;
pub use redirect::router as redirect;

use crate::config::Edge;
use guarded::Guarded;
use idle::Idle;
use slots::ConnectionSlots;
use unread::Unread;

/// Maximum size of a request's first line and headers, in bytes; more is answered with 431. Also the maximum size of a
/// connection's buffer.
const MAX_HEADER_BYTES: usize = 16 * 1_024;
/// Bytes of a connection that the kernel holds and has not sent. With more, a write to a slow reader waits until a third of the kernel's
/// buffer (megabytes) is free, and a socket that reads 100 KiB/s would count as one that does not read.
const UNSENT_BYTES: u32 = 128 * 1_024;
/// HTTP/2 in the handshake of TLS (RFC 9113, section 3.2).
const HTTP_2: &[u8] = b"h2";
/// Maximum number of requests at once on an HTTP/2 connection.
const MAX_STREAMS: u32 = 64;
/// Bytes of an answer that an HTTP/2 connection holds for a client that does not read.
const STREAM_BUFFER_BYTES: usize = 64 * 1_024;
/// How long to wait after a failed accept, as when the process has no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Timeouts for clients.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// To finish a TLS handshake.
    pub handshake: Duration,
    /// To send a request's header, and to be idle between two requests.
    pub header: Duration,
    /// To read anything at all of what we write.
    pub reading: Duration,
    /// To stay without a request while nearly all slots are taken.
    pub crowded: Duration,
}

/// What a handler may know about the connection of its request.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The local address that the client connected to.
    pub local: SocketAddr,
    /// The limit of what the client may send.
    pub inflow: Arc<Inflow>,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            reading: Duration::from_secs(30),
            crowded: Duration::from_secs(2),
        }
    }
}

/// One listener and what it serves.
pub struct HttpListener {
    /// Its name in the metrics.
    pub name: &'static str,
    /// The bound listener.
    pub listener: TcpListener,
    /// The routes that it serves.
    pub router: Router,
    /// Accepts TLS; `None` for plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// Timeouts for its clients.
    pub patience: Patience,
}

impl HttpListener {
    /// Serves until `shutdown`, then lets open requests finish. Every connection is a task of `tasks`.
    pub async fn serve(self, edge: Edge, shutdown: CancellationToken, tasks: TaskTracker) {
        let slots = ConnectionSlots::new(self.name, edge.connections, edge.proxies);
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => return,
                accepted = accept(&self.listener, &slots, self.patience) => accepted,
            };
            match accepted {
                Ok(Some((stream, peer))) => {
                    let client = self.client(stream, peer, &slots, shutdown.clone());
                    tasks.spawn(client);
                }
                Ok(None) => {}
                // The peer was gone before we accepted it: that is no reason to keep others waiting.
                Err(error) if is_of_the_peer(&error) => tracing::trace!(%error, "connection closed before accept"),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Serves one connection to its end.
    fn client(
        &self,
        stream: Guarded,
        peer: SocketAddr,
        slots: &Arc<ConnectionSlots>,
        shutdown: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (name, tls, patience) = (self.name, self.tls.clone(), self.patience);
        let (router, slots, idle) = (self.router.clone(), slots.clone(), Arc::new(Idle::new()));
        let overstayed = idle.overstayed(slots.crowded(), patience.crowded);
        let served = async move {
            let Ok(local) = stream.local_addr() else { return };
            let client = Client { peer, connection: Connection { local, inflow: stream.inflow() }, idle };
            let Some(tls) = tls else {
                return connection(stream, client, router, patience, shutdown).await;
            };
            let handshake = handshake(name, tls, stream, patience);
            if let Some(Some(stream)) = shutdown.run_until_cancelled(handshake).await {
                match stream.get_ref().1.alpn_protocol() {
                    Some(HTTP_2) => connection_http2(stream, client, router, patience, shutdown).await,
                    _ => connection(stream, client, router, patience, shutdown).await,
                }
            }
        };
        async move {
            tokio::select! {
                () = served => {}
                () = overstayed => slots.refused("crowded"),
            }
        }
    }
}

/// The client of a connection.
#[derive(Clone)]
struct Client {
    peer: SocketAddr,
    connection: Connection,
    idle: Arc<Idle>,
}

impl Client {
    /// Passes a request to the router, with what handlers may know about its connection.
    fn serve(
        &self,
        router: &Router,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + use<> {
        let busy = self.idle.busy();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        request.extensions_mut().insert(self.connection.clone());
        let answer = router.clone().oneshot(request.map(axum::body::Body::new));
        async move { answer.await.map(|answer| answer.map(|body| busy.until_end_of(body))) }
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Accepts the next connection; `None` for one that is closed at once because its IP or network has too many.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<ConnectionSlots>,
    patience: Patience,
) -> std::io::Result<Option<(Guarded, SocketAddr)>> {
    let room = slots.room().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    let Some(slot) = slots.take(peer.ip(), room) else { return Ok(None) };
    // They fail only if the peer is gone already, which the first read will report.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
    Ok(Some((Guarded::new(stream, slot, patience.reading), peer)))
}

async fn handshake(
    listener: &'static str,
    tls: TlsAcceptor,
    stream: Guarded,
    patience: Patience,
) -> Option<tokio_rustls::server::TlsStream<Guarded>> {
    let error = match timeout(patience.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => error,
        Err(_) => std::io::ErrorKind::TimedOut.into(),
    };
    metrics::counter!("realmgate_connections_refused_total", "listener" => listener, "reason" => "tls").increment(1);
    tracing::debug!(%error, listener, "TLS handshake failed");
    None
}

async fn connection<S>(stream: S, client: Client, router: Router, patience: Patience, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let peer = client.peer;
    let service = tower::service_fn(move |request| client.serve(&router, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.header)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    drive(connection, |connection| connection.graceful_shutdown(), std::future::pending(), peer, shutdown).await;
}

/// As [`connection`], over HTTP/2. Only a listener whose TLS settings offer it has such connections.
async fn connection_http2<S>(stream: S, client: Client, router: Router, patience: Patience, shutdown: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (peer, idle, unread) = (client.peer, client.idle.clone(), Arc::new(Unread::new()));
    let watching = unread.clone();
    let service = tower::service_fn(move |request| {
        let (answer, unread) = (client.serve(&router, request), watching.clone());
        async move { answer.await.map(|answer| answer.map(|body| unread.watch(body))) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .max_send_buf_size(STREAM_BUFFER_BYTES)
        .keep_alive_interval(patience.header)
        .keep_alive_timeout(patience.header)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    // An HTTP/1 connection ends so too. It also ends one whose client never finishes the HTTP/2 handshake.
    let overstayed = async {
        tokio::select! {
            () = idle.idle_for(patience.header) => {}
            () = unread.for_longer_than(patience.reading) => {}
        }
    };
    drive(connection, |connection| connection.graceful_shutdown(), overstayed, peer, shutdown).await;
}

/// Serves a connection to its end, or until `overstayed` completes. `drain` tells it to end after its open requests, at the shutdown.
async fn drive<C>(
    connection: C,
    drain: impl FnOnce(Pin<&mut C>),
    overstayed: impl Future<Output = ()>,
    peer: SocketAddr,
    shutdown: CancellationToken,
) where
    C: Future<Output = hyper::Result<()>>,
{
    let (mut connection, mut overstayed) = (std::pin::pin!(connection), std::pin::pin!(overstayed));
    let mut drain = Some(drain);
    loop {
        tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::trace!(%error, %peer, "connection ended early");
                }
                return;
            }
            () = overstayed.as_mut() => return,
            () = shutdown.cancelled(), if drain.is_some() => {
                if let Some(drain) = drain.take() {
                    drain(connection.as_mut());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::routing::get;
    use futures_util::StreamExt;
    use hyper::client::conn::http2::SendRequest;
    use rustls::crypto::aws_lc_rs;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::Notify;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::config::EdgeSettings;

    /// More bytes than fit into the buffers of two sockets.
    const LARGE: usize = 64 << 20;
    /// How long a test waits for anything.
    const WITHIN: Duration = Duration::from_secs(20);
    const LONGER: Duration = Duration::from_secs(40);
    /// No timeout of it ends while a test waits: only one that the test sets itself does.
    const PATIENT: Patience = Patience { handshake: LONGER, header: LONGER, reading: LONGER, crowded: LONGER };

    /// A connection to a listener with this patience, and its task.
    async fn connect(patience: Patience) -> (TcpStream, TaskTracker) {
        connect_with(patience, None).await
    }

    async fn connect_with(patience: Patience, tls: Option<TlsAcceptor>) -> (TcpStream, TaskTracker) {
        let router =
            Router::new().route("/", get(|| async { "here" })).route("/large", get(|| async { vec![0; LARGE] }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let listener = HttpListener { name: "test", listener, router, tls, patience };
        let (edge, connections) = (EdgeSettings::default().resolve().unwrap(), TaskTracker::new());
        tokio::spawn(listener.serve(edge, CancellationToken::new(), connections.clone()));
        (TcpStream::connect(addr).await.unwrap(), connections)
    }

    /// A timeout that ends while the test runs, for one step only.
    fn short() -> Duration {
        Duration::from_millis(200)
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_before_the_end() {
        let [begun, go] = [(); 2].map(|()| Arc::new(Notify::new()));
        let answer = {
            let (begun, go) = (begun.clone(), go.clone());
            move || async move {
                begun.notify_one();
                go.notified().await;
                "done"
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(answer));
        let listener = HttpListener { name: "test", listener, router, tls: None, patience: Patience::default() };
        let (edge, connections) = (EdgeSettings::default().resolve().unwrap(), TaskTracker::new());
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(listener.serve(edge, shutdown.clone(), connections.clone()));
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        begun.notified().await;
        shutdown.cancel();
        serving.await.unwrap();
        // The connection hears of it before its answer is ready.
        assert!(timeout(short(), stream.read_u8()).await.is_err(), "it is neither closed nor answered");
        go.notify_one();
        let mut answer = String::new();
        timeout(WITHIN, stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
        connections.close();
        timeout(WITHIN, connections.wait()).await.expect("nothing is left");
    }

    #[tokio::test]
    async fn a_header_has_to_come_in_time() {
        for sent in ["", "GET / HTTP/1.1\r\nHost: loc"] {
            let (mut stream, _) = connect(Patience { header: short(), ..PATIENT }).await;
            stream.write_all(sent.as_bytes()).await.unwrap();
            let mut answer = String::new();
            timeout(WITHIN, stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
            assert!(!answer.contains(" 200 "), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_header_that_comes_in_pieces_and_in_time_is_answered() {
        let (mut stream, _) = connect(Patience { header: WITHIN, ..Patience::default() }).await;
        for piece in ["GET / HTTP/1.1\r\nHost: loc", "alhost\r\nConnection: close\r\n\r\n"] {
            assert!(timeout(short(), stream.read_u8()).await.is_err(), "neither closed nor answered before its end");
            stream.write_all(piece.as_bytes()).await.unwrap();
        }
        let mut answer = String::new();
        timeout(WITHIN, stream.read_to_string(&mut answer)).await.expect("it is answered").unwrap();
        assert!(answer.contains(" 200 "), "{answer}");
    }

    #[tokio::test]
    async fn a_handshake_has_to_end_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let files = crate::config::TlsFiles { certificate: dir.path().join("cert"), key: dir.path().join("key") };
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        let tls: TlsAcceptor = Certificate::load(&files).unwrap().server_config().unwrap().into();
        let (mut stream, _) = connect_with(Patience::default(), Some(tls.clone())).await;
        assert!(timeout(short(), stream.read_u8()).await.is_err(), "there is time left");
        let patience = Patience { handshake: short(), ..PATIENT };
        // Clients that say nothing, and no more than how a handshake begins.
        for (sent, is_answered) in [(Vec::new(), false), (client_hello(), true)] {
            let (mut stream, _) = connect_with(patience, Some(tls.clone())).await;
            stream.write_all(&sent).await.unwrap();
            let mut answer = Vec::new();
            timeout(WITHIN, stream.read_to_end(&mut answer)).await.expect("it is closed").unwrap();
            assert_eq!(!answer.is_empty(), is_answered, "{answer:?}");
        }
    }

    /// How a TLS client begins.
    fn client_hello() -> Vec<u8> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        hello
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_left() {
        let (mut stream, connections) = connect(Patience { reading: short(), ..PATIENT }).await;
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        stream.readable().await.unwrap();
        connections.close();
        timeout(WITHIN, connections.wait()).await.expect("the connection is given up");
        let mut answer = Vec::new();
        // Cut off in the middle: an error or an early end.
        let _ = timeout(WITHIN, stream.read_to_end(&mut answer)).await.expect("it is closed");
        assert!(answer.len() < LARGE);

        let (mut stream, _) = connect(Patience { reading: WITHIN, ..Patience::default() }).await;
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        timeout(WITHIN, stream.read_to_end(&mut answer)).await.expect("it is answered").unwrap();
        assert!(answer.len() > LARGE, "one that reads gets all of it");
    }

    /// A client of HTTP/2 without a window beyond the first 64 KiB, and its connection.
    async fn http2_client(patience: Patience) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>, TaskTracker) {
        let chunks = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 16 * 1_024]));
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .route("/endless", get(|| async move { Body::from_stream(chunks) }));
        let (client, server) = tokio::io::duplex(1 << 20);
        let connection = Connection { local: SocketAddr::from(([127, 0, 0, 1], 1)), inflow: Arc::default() };
        let client_of = Client { peer: connection.local, connection, idle: Arc::new(Idle::new()) };
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(connection_http2(server, client_of, router, patience, shutdown));
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
        (sender, tokio::spawn(connection), tasks)
    }

    #[tokio::test]
    async fn http2_client_that_leaves_an_answer_unread_is_closed_though_others_are_read() {
        let (mut client, connection, tasks) = http2_client(Patience { reading: short(), ..PATIENT }).await;
        let request = Request::get("http://localhost/endless").body(Body::empty()).unwrap();
        let unread = client.send_request(request).await.unwrap();
        let others = async {
            loop {
                let request = Request::get("http://localhost/").body(Body::empty()).unwrap();
                if client.send_request(request).await.is_err() {
                    return;
                }
            }
        };
        timeout(WITHIN, others).await.expect("the connection is closed");
        tasks.close();
        timeout(WITHIN, tasks.wait()).await.expect("nothing is left");
        let _ = timeout(WITHIN, connection).await.expect("the client notices");
        drop(unread);
    }

    #[tokio::test]
    async fn http2_client_that_reads_slowly_stays() {
        let (mut client, _connection, _tasks) = http2_client(Patience { reading: 4 * short(), ..PATIENT }).await;
        let answer = client.send_request(Request::get("http://localhost/endless").body(Body::empty()).unwrap()).await;
        let mut body = Body::new(answer.unwrap().into_body()).into_data_stream();
        let mut beats = tokio::time::interval(short());
        for _ in 0..12 {
            beats.tick().await;
            let mut bytes = 0;
            while bytes < 2 * STREAM_BUFFER_BYTES {
                bytes += timeout(WITHIN, body.next()).await.unwrap().expect("it goes on").unwrap().len();
            }
        }
    }
}
