//! The gateway: a WebSocket that hands out admissions to the world.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::ids::{ChannelId, MapId};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long any answer of the gateway may take; entering waits for an older session to be closed.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The data of `enter_world_success`: where and how to connect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct EnterWorld {
    /// Address of the map server.
    pub map_ip: String,
    /// Its port.
    pub map_port: u16,
    /// The ticket in base64url.
    pub ticket: String,
    /// Where the character arrives, in tiles.
    pub spawn_pos: SpawnPosition,
    /// The map.
    #[serde(deserialize_with = "number_or_text")]
    pub map_id: u16,
    /// The channel.
    #[serde(deserialize_with = "number_or_text")]
    pub channel: u16,
    /// The map server.
    pub server_id: String,
    /// The netcode connect token in base64url.
    pub connect_token: String,
    /// Where the map server answers WebSocket, if it does.
    #[serde(default)]
    pub map_ws_url: Option<String>,
    /// What the map server speaks: 16 hexadecimal digits.
    pub protocol_hash: String,
    /// Seconds the ticket is good for.
    pub expires_in: u32,
}

/// A point in tiles.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct SpawnPosition {
    /// Tiles from the west.
    pub x: f64,
    /// Tiles from the north.
    pub y: f64,
}

impl EnterWorld {
    /// The map.
    pub fn map(&self) -> MapId {
        MapId(self.map_id)
    }
}

fn number_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(u16),
        Text(String),
    }
    match Id::deserialize(from)? {
        Id::Number(number) => Ok(number),
        Id::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// Why the gateway did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It can not be reached, or the handshake failed.
    #[error("the gateway can not be reached: {0}")]
    Unreachable(#[source] Box<SocketError>),
    /// The address or the token can not be put into a request.
    #[error("not a usable gateway address or token")]
    BadRequest,
    /// It answered with an error.
    #[error("the gateway answers {code}: {message}")]
    Refused {
        /// The stable code, `MAP_FULL` for instance.
        code: String,
        /// What is wrong, in words.
        message: String,
    },
    /// It closed the socket.
    #[error("the gateway closed the socket: {code} {reason}")]
    Closed {
        /// The close code: 1008 for a bad token, 4001 when replaced, 1006 when the connection broke.
        code: u16,
        /// The reason it gave.
        reason: String,
    },
    /// It did not answer.
    #[error("the gateway did not answer in time")]
    Silent,
    /// The answer is not what the contract says.
    #[error("the gateway's answer can not be read: {0}")]
    Unreadable(String),
}

impl GatewayError {
    /// The stable code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Said {
    event: String,
    data: Value,
}

/// An open gateway socket. Dropping it closes the socket and leaves a player in the world where it is.
#[derive(Debug)]
pub struct Gateway {
    sink: SplitSink<Socket, Message>,
    said: mpsc::Receiver<Result<Said, GatewayError>>,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Gateway {
    /// Connects to `url` (`ws://host:3002`, with or without `/ws`), shows the token and waits for the welcome.
    pub async fn connect(url: &str, access_token: &str) -> Result<Self, GatewayError> {
        let url = if url.ends_with("/ws") { url.to_owned() } else { format!("{}/ws", url.trim_end_matches('/')) };
        let mut request = url.into_client_request().map_err(|_| GatewayError::BadRequest)?;
        let bearer = HeaderValue::from_str(&format!("Bearer {access_token}")).map_err(|_| GatewayError::BadRequest)?;
        request.headers_mut().insert("authorization", bearer);
        let opening = tokio::time::timeout(ANSWER_WITHIN, tokio_tungstenite::connect_async(request)).await;
        let (socket, _) =
            opening.map_err(|_| GatewayError::Silent)?.map_err(|error| GatewayError::Unreachable(Box::new(error)))?;
        let (sink, stream) = socket.split();
        let (tell, said) = mpsc::channel(16);
        let mut gateway = Self { sink, said, listener: tokio::spawn(listen(stream, tell)) };
        gateway.answer(&["welcome"]).await?;
        Ok(gateway)
    }

    /// Asks into the world with a character, on the channel of one's choice or the least loaded.
    pub async fn enter_world(
        &mut self,
        character_id: &str,
        channel: Option<ChannelId>,
    ) -> Result<EnterWorld, GatewayError> {
        let mut data = json!({ "character_id": character_id });
        if let Some(channel) = channel {
            data["channel"] = json!(channel.0);
        }
        // What was said before the question is no answer to it; a closed socket still is.
        while let Ok(said) = self.said.try_recv() {
            said?;
        }
        self.say("enter_world", data).await?;
        let data = self.answer(&["enter_world_success"]).await?;
        serde_json::from_value(data).map_err(|error| GatewayError::Unreadable(error.to_string()))
    }

    /// Leaves the world by this door; the end of the game connection is the answer.
    pub async fn leave_world(&mut self) -> Result<(), GatewayError> {
        self.say("leave_world", json!({})).await
    }

    async fn say(&mut self, event: &str, data: Value) -> Result<(), GatewayError> {
        let text = json!({ "event": event, "data": data }).to_string();
        self.sink.send(Message::text(text)).await.map_err(|error| GatewayError::Unreachable(Box::new(error)))
    }

    /// The data of the next of these events; other events are passed over, an error is one.
    async fn answer(&mut self, events: &[&str]) -> Result<Value, GatewayError> {
        let waiting = async {
            loop {
                let Some(said) = self.said.recv().await else {
                    return Err(GatewayError::Closed { code: 1_006, reason: String::new() });
                };
                let Said { event, data } = said?;
                if event == "error" {
                    let field = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
                    return Err(GatewayError::Refused { code: field("code"), message: field("message") });
                }
                if events.contains(&event.as_str()) {
                    return Ok(data);
                }
            }
        };
        tokio::time::timeout(ANSWER_WITHIN, waiting).await.map_err(|_| GatewayError::Silent)?
    }
}

/// Reads the socket all the time, so that pings are answered while nobody waits for anything.
async fn listen(mut stream: SplitStream<Socket>, tell: mpsc::Sender<Result<Said, GatewayError>>) {
    let closed = loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                // Nobody may be listening for long; what does not fit is news, never an answer awaited.
                let _ = tell.try_send(read(text.as_str()));
            }
            Some(Ok(Message::Close(Some(frame)))) => {
                break GatewayError::Closed { code: frame.code.into(), reason: frame.reason.to_string() };
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => break GatewayError::Closed { code: 1_006, reason: error.to_string() },
            None => break GatewayError::Closed { code: 1_006, reason: String::new() },
        }
    };
    let _ = tell.send(Err(closed)).await;
}

fn read(text: &str) -> Result<Said, GatewayError> {
    let unreadable = || GatewayError::Unreadable(text.chars().take(200).collect());
    let mut value: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    let event = value["event"].as_str().ok_or_else(unreadable)?.to_owned();
    // Errors carry their fields twice, and older gateways only at the top.
    let data = if value["data"].is_null() { value } else { value["data"].take() };
    Ok(Said { event, data })
}

#[cfg(test)]
mod tests;
