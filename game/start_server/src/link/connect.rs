//! The start of a connection: the WebSocket, our greeting, and the answer of the sidecar.

use std::time::Duration;

use anyhow::{Context, anyhow};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::MapId;
use realmgate_protocol::limits::{LINK_VERSION, MAX_LINK_BYTES};
use realmgate_protocol::link::{FromMap, ToMap};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};

use crate::directory_choice::{self, Directory};

/// Timeout for connecting, for the first answer, and for the host's answer to it.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
const READ_BUFFER_BYTES: usize = 16 * 1_024;
/// Bytes that may wait to be written besides one message: answers to pings.
const UNWRITTEN_BYTES: usize = 64 * 1_024;
/// Timeout for writing one message.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Introduces this server at the start of every connection.
pub struct Greeting {
    /// Id of the server.
    pub server: String,
    /// Hash of the protocol that its clients must use.
    pub protocol_hash: u64,
    /// The maps it hosts.
    pub maps: Vec<MapId>,
    /// Channels of each map.
    pub channels: u16,
}

/// A link that the sidecar has accepted.
pub(super) struct Welcomed {
    pub socket: Socket,
    /// Whether the locks that this server held may still be its own.
    pub resumed: bool,
}

/// Why there is no link.
pub(super) enum NoLink {
    /// The sidecar refuses it, with this code.
    Refused(String, anyhow::Error),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for NoLink {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Greeting {
    fn hello(&self, cookie: String, fresh: bool) -> FromMap {
        FromMap::Hello {
            server: self.server.clone(),
            link_version: LINK_VERSION,
            protocol_hash: self.protocol_hash,
            maps: self.maps.clone(),
            channels: self.channels,
            cookie,
            fresh,
        }
    }

    /// Connects and introduces this server. `fresh` means that this process was never welcomed before.
    pub(super) async fn connect(&self, directory: &Directory, cookie: String, fresh: bool) -> Result<Welcomed, NoLink> {
        let mut socket = open(directory).await?;
        send(&mut socket, &self.hello(cookie, fresh)).await?;
        let answer = timeout(PATIENCE, socket.next()).await.context("the sidecar did not respond to the greeting")?;
        let answer = answer.context("the sidecar closed the link")?.context("link error")?;
        let Message::Binary(bytes) = answer else {
            return Err(NoLink::Failed(anyhow!("unexpected first message {answer:?}")));
        };
        match decode_link(&bytes).context("cannot decode the first message")? {
            ToMap::Welcome { gateway, resumed, reclaim_within_ms } => {
                tracing::info!(gateway, resumed, reclaim_within_ms, "map link connected");
                Ok(Welcomed { socket, resumed })
            }
            ToMap::Refused { code, message } => {
                let error = anyhow!("the sidecar refused the link: {code}: {message}");
                Err(NoLink::Refused(code, error))
            }
            other => Err(NoLink::Failed(anyhow!("unexpected first message {}", other.name()))),
        }
    }
}

async fn open(directory: &Directory) -> anyhow::Result<Socket> {
    directory.prove(&directory_choice::http(PATIENCE, &directory.tls_roots)?).await?;
    let url = format!("{}/map-link", directory.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let token = format!("Bearer {}", directory.service_token.expose_secret());
    let mut token: reqwest::header::HeaderValue =
        token.parse().context("SERVICE_TOKEN has characters that an HTTP header cannot hold")?;
    token.set_sensitive(true);
    request.headers_mut().insert(reqwest::header::AUTHORIZATION, token);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_LINK_BYTES + UNWRITTEN_BYTES)
        .max_message_size(Some(MAX_LINK_BYTES))
        .max_frame_size(Some(MAX_LINK_BYTES));
    let connected =
        timeout(PATIENCE, connect_async_tls_with_config(request, Some(config), true, directory.tls_roots.connector()))
            .await;
    let (socket, _) = connected.context("timed out while connecting")??;
    Ok(socket)
}

pub(super) async fn send(socket: &mut Socket, message: &FromMap) -> anyhow::Result<()> {
    write(socket, Message::Binary(encode_link(message)?.into())).await
}

/// Writes a message within a deadline: a sidecar that does not read must not block us until the kernel gives up the
/// connection.
pub(super) async fn write(socket: &mut Socket, message: Message) -> anyhow::Result<()> {
    Ok(timeout(WRITE_DEADLINE, socket.send(message)).await.context("timed out while sending")??)
}
