//! A Socket.IO client of a few lines: Engine.IO v4 over WebSocket, one namespace, events without attachments.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::future::{try_join, try_join_all};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::PATH;
use crate::exact_timer::ExactTimer;
use crate::rounds::Latencies;

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Before the first event, so that all clients are ready.
const LEAD: Duration = Duration::from_millis(100);

/// Small buffers: ten thousand sockets are in this process.
pub(super) fn small() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4 * 1_024).write_buffer_size(0)
}

/// A client that is connected to its namespace.
pub(super) struct Client {
    socket: WebSocketStream<TcpStream>,
    /// What its packets begin with after their type: `/bench,`, or nothing for the default namespace.
    namespace: String,
}

impl Client {
    /// Connects to a namespace, `None` for the default one.
    ///
    /// # Errors
    /// When the handshake is refused, see [`is_not_found`], or the namespace is.
    pub(super) async fn connect(addr: SocketAddr, namespace: Option<&str>, token: &str) -> Result<Self> {
        let namespace = namespace.map(|name| format!("{name},")).unwrap_or_default();
        let connecting = async {
            let stream = TcpStream::connect(addr).await?;
            stream.set_nodelay(true)?;
            let url = format!("ws://{addr}{PATH}?EIO=4&transport=websocket");
            let (socket, _) = client_async_with_config(url, stream, Some(small())).await?;
            let mut client = Self { socket, namespace };
            let open = client.packet().await?;
            ensure!(open.starts_with('0'), "instead of an open packet: {open}");
            let connect = format!(r#"40{}{{"token":"{token}"}}"#, client.namespace);
            client.socket.send(Message::text(connect)).await?;
            let answer = client.packet().await?;
            ensure!(answer.starts_with(&format!("40{}", client.namespace)), "refused: {answer}");
            Ok(client)
        };
        timeout(PATIENCE, connecting).await.context("connecting takes too long")?
    }

    /// Answers pings until the connection ends.
    pub(super) async fn idle(mut self) {
        while self.packet().await.is_ok() {}
    }

    /// The next packet but pings, which are answered.
    async fn packet(&mut self) -> Result<String> {
        loop {
            let packet = text(&mut self.socket).await?;
            if packet != "2" {
                return Ok(packet);
            }
            self.socket.send(Message::text("3")).await?;
        }
    }
}

/// The next text of a socket.
async fn text(socket: &mut (impl StreamExt<Item = Result<Message, Error>> + Unpin)) -> Result<String> {
    loop {
        match socket.next().await.context("closed")?? {
            Message::Text(text) => return Ok(text.as_str().to_owned()),
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// Whether a handshake was answered with 404.
pub(super) fn is_not_found(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Http(answer)) if answer.status() == 404)
}

/// When events are due. They are numbered: client `n` of `c` sends `n`, `n + c` and so on.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    begins: Instant,
    every: Duration,
    /// Events of one client.
    each: usize,
}

impl Schedule {
    fn due(self, number: usize) -> Instant {
        self.begins + self.every.mul_f64(number as f64)
    }
}

/// Each client sends events at a rate, and its service returns them. Returns how long after it was due each returned, for
/// each client.
pub(super) async fn talk(clients: Vec<Client>, per_second: f64, lasts: Duration) -> Result<Vec<Latencies>> {
    let schedule = Schedule {
        begins: Instant::now() + LEAD,
        every: Duration::from_secs_f64(1.0 / per_second / clients.len() as f64),
        each: (lasts.as_secs_f64() * per_second) as usize,
    };
    let namespace = clients.first().map(|client| client.namespace.clone()).unwrap_or_default();
    let prefix = format!(r#"42{namespace}["e","#);
    let (writers, readers): (Vec<Writer>, Vec<Reader>) =
        clients.into_iter().map(|client| client.socket.split()).unzip();
    let until = schedule.begins + lasts + PATIENCE;
    let reading = readers.into_iter().map(|reader| tokio::spawn(returned(reader, prefix.clone(), schedule, until)));
    let reading = try_join_all(reading.map(async |reading| reading.await?));
    let (latencies, ()) = try_join(reading, send(writers, &prefix, schedule)).await?;
    Ok(latencies)
}

type Writer = SplitSink<WebSocketStream<TcpStream>, Message>;
type Reader = SplitStream<WebSocketStream<TcpStream>>;

async fn send(mut writers: Vec<Writer>, prefix: &str, schedule: Schedule) -> Result<()> {
    let (mut timer, count) = (ExactTimer::new()?, writers.len());
    for number in 0..count * schedule.each {
        timer.sleep_until(schedule.due(number)).await?;
        writers[number % count].send(Message::text(format!("{prefix}{number}]"))).await?;
    }
    Ok(())
}

async fn returned(mut reader: Reader, prefix: String, schedule: Schedule, until: Instant) -> Result<Latencies> {
    let (mut latencies, mut left) = (Latencies::default(), schedule.each);
    while left > 0 {
        let packet = timeout_at(until, text(&mut reader)).await.context("an event does not return")??;
        if let Some(number) = packet.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(']')) {
            latencies.push(schedule.due(number.parse()?).elapsed());
            left -= 1;
        }
    }
    Ok(latencies)
}
