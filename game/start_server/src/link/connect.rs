//! How a connection begins: the WebSocket, who we are, and whether we are welcome.

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

use crate::placement::Directory;

/// How long connecting, the first answer, and the host's answer to it may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What this server says of itself at the beginning of every connection.
pub struct Greeting {
    /// Its id.
    pub server: String,
    /// What its clients must speak.
    pub protocol_hash: u64,
    /// The maps it hosts.
    pub maps: Vec<MapId>,
    /// Channels of each map.
    pub channels: u16,
}

/// A link that is welcome.
pub(super) struct Welcomed {
    pub socket: Socket,
    /// Whether what this server held may be its own still.
    pub resumed: bool,
}

/// Why there is no link.
pub(super) enum NoLink {
    /// The sidecar refuses it, by this code.
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

    /// Connects and says who we are. `fresh`: this process was never welcomed before.
    pub(super) async fn connect(&self, directory: &Directory, cookie: String, fresh: bool) -> Result<Welcomed, NoLink> {
        let mut socket = open(directory).await?;
        send(&mut socket, &self.hello(cookie, fresh)).await?;
        let answer = timeout(PATIENCE, socket.next()).await.context("no answer to the first message")?;
        let answer = answer.context("the link was closed")?.context("the link broke")?;
        let Message::Binary(bytes) = answer else {
            return Err(NoLink::Failed(anyhow!("the first answer is {answer:?}")));
        };
        match decode_link(&bytes).context("the first answer is not understood")? {
            ToMap::Welcome { gateway, resumed, reclaim_within_ms } => {
                tracing::info!(gateway, resumed, reclaim_within_ms, "the map link is up");
                Ok(Welcomed { socket, resumed })
            }
            ToMap::Refused { code, message } => {
                let error = anyhow!("the sidecar refuses the link: {code}: {message}");
                Err(NoLink::Refused(code, error))
            }
            other => Err(NoLink::Failed(anyhow!("the first answer is {}", other.name()))),
        }
    }
}

async fn open(directory: &Directory) -> anyhow::Result<Socket> {
    let url = format!("{}/map-link", directory.url.replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    let token = format!("Bearer {}", directory.service_token.expose_secret());
    let mut token: reqwest::header::HeaderValue = token.parse().context("SERVICE_TOKEN is no header value")?;
    token.set_sensitive(true);
    request.headers_mut().insert(reqwest::header::AUTHORIZATION, token);
    let config = WebSocketConfig::default().max_message_size(Some(MAX_LINK_BYTES)).max_frame_size(Some(MAX_LINK_BYTES));
    let connected =
        timeout(PATIENCE, connect_async_tls_with_config(request, Some(config), true, directory.trust.connector()))
            .await;
    let (socket, _) = connected.context("connecting takes too long")??;
    Ok(socket)
}

pub(super) async fn send(socket: &mut Socket, message: &FromMap) -> anyhow::Result<()> {
    write(socket, Message::Binary(encode_link(message)?.into())).await
}

/// A sidecar that does not read must not hold us up until the kernel gives the connection up.
pub(super) async fn write(socket: &mut Socket, message: Message) -> anyhow::Result<()> {
    Ok(timeout(WRITE_DEADLINE, socket.send(message)).await.context("the sidecar does not read")??)
}
