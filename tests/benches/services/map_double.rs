//! A map server that admits everybody at once.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::{BatchId, ChannelId, CharacterId, LockEpoch, MapId};
use realmgate_protocol::limits::LINK_VERSION;
use realmgate_protocol::link::{ChannelLoad, FromMap, LeaveReason, ToMap};
use realmgate_protocol::realm;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::interval;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::http;

/// How often it says how full it is, which is its heartbeat.
const LOAD_EVERY: Duration = Duration::from_secs(4);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The link of a map server, held by a task.
#[derive(Debug, Clone)]
pub struct MapDouble {
    /// Who asks that everybody leaves, and waits for how many there were.
    asks: mpsc::UnboundedSender<oneshot::Sender<usize>>,
}

impl MapDouble {
    /// Registers a map server of map 1, and opens its link.
    pub async fn open(directory: SocketAddr, id: &str, service_token: &str) -> Result<Self> {
        let cookie = register(directory, id, service_token).await?;
        let mut request = format!("ws://{directory}/map-link").into_client_request()?;
        request.headers_mut().insert("authorization", HeaderValue::from_str(&format!("Bearer {service_token}"))?);
        let (mut socket, _) = connect_async(request).await?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_nodelay(true)?;
        }
        let hello = FromMap::Hello {
            server: id.to_owned(),
            link_version: LINK_VERSION,
            protocol_hash: realm::protocol_hash(),
            maps: vec![MapId(1)],
            channels: 1,
            cookie,
            fresh: true,
        };
        say(&mut socket, &hello).await?;
        match next(&mut socket).await? {
            ToMap::Welcome { .. } => say(&mut socket, &FromMap::Reclaim { locks: Vec::new(), last: true }).await?,
            other => bail!("no welcome: {other:?}"),
        }
        let (asks, inbox) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            if let Err(error) = serve(socket, inbox).await {
                // Whoever waits for an answer finds its sender gone.
                eprintln!("a map link has ended: {error:#}");
            }
        });
        Ok(Self { asks })
    }

    /// Lets everybody arrive and leave who was admitted; how many there were, once they are gone.
    pub async fn empty(&self) -> Result<usize> {
        let (gone, answer) = oneshot::channel();
        self.asks.send(gone)?;
        answer.await.context("the map link has ended")
    }
}

async fn register(directory: SocketAddr, id: &str, service_token: &str) -> Result<String> {
    let body =
        json!({"id": id, "name": id, "ip": "127.0.0.1", "port": 4001, "supported_maps": [1], "max_players": 100_000});
    let request = http::post("/map-registry/register", &body.to_string());
    let request = request.replace("host: bench", &format!("host: bench\r\nauthorization: Bearer {service_token}"));
    let mut connection = http::Connection::open(directory).await?;
    let (status, answer) = connection.call(&request).await?;
    ensure!(status == 201, "not registered: {}", String::from_utf8_lossy(answer));
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    Ok(answer["cookie"].as_str().context("no cookie")?.to_owned())
}

/// Answers the sidecar, and does what it is asked.
async fn serve(mut socket: Socket, mut asks: mpsc::UnboundedReceiver<oneshot::Sender<usize>>) -> Result<()> {
    let mut loads = interval(LOAD_EVERY);
    let mut admitted: Vec<(CharacterId, LockEpoch)> = Vec::new();
    let mut emptied: Option<(BatchId, usize, oneshot::Sender<usize>)> = None;
    let mut last = BatchId(0);
    loop {
        tokio::select! {
            message = next(&mut socket) => match message? {
                ToMap::Prepare { request, load, epoch, .. } => {
                    admitted.push((load.character, epoch));
                    say(&mut socket, &FromMap::Prepared { request, refusal: None, spawn: None }).await?;
                }
                ToMap::Committed { batch, .. } => {
                    if let Some((_, count, gone)) = emptied.take_if(|(asked, ..)| *asked == batch) {
                        let _ = gone.send(count);
                    }
                }
                ToMap::Fenced { character, .. } => bail!("{character} is somebody else's"),
                _ => {}
            },
            ask = asks.recv() => {
                let Some(gone) = ask else { return Ok(()) };
                last = BatchId(last.0 + 1);
                emptied = Some((last, admitted.len(), gone));
                for (character, epoch) in admitted.drain(..) {
                    feed(&mut socket, &FromMap::Entered { character, epoch }).await?;
                    let reason = LeaveReason::ConnectionLost;
                    feed(&mut socket, &FromMap::Dropped { character, epoch, reason }).await?;
                }
                // Messages are handled in order: the answer to an empty batch says that all before it was done.
                say(&mut socket, &FromMap::Events { batch: last, events: Vec::new() }).await?;
            },
            _ = loads.tick() => {
                let load = ChannelLoad { map: MapId(1), channel: ChannelId(1), players: 0, is_full: false };
                say(&mut socket, &FromMap::Load { channels: vec![load] }).await?;
            }
        }
    }
}

async fn say(socket: &mut Socket, message: &FromMap) -> Result<()> {
    Ok(socket.send(Message::binary(encode_link(message)?)).await?)
}

async fn feed(socket: &mut Socket, message: &FromMap) -> Result<()> {
    Ok(socket.feed(Message::binary(encode_link(message)?)).await?)
}

async fn next(socket: &mut Socket) -> Result<ToMap> {
    loop {
        match socket.next().await.context("closed")?? {
            Message::Binary(bytes) => return Ok(decode_link(&bytes)?),
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
}
