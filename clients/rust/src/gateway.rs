//! The gateway: a WebSocket that hands out admissions to the world.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::ChannelId;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long any answer of the gateway may take. Entering waits until an older session is closed.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Longest time that a body may stay in a fight under any rules, in seconds.
const LINGER_AT_MOST_S: u64 = 600;
/// Longest part of the gateway's text in a log line, in characters.
const LOGGED_AT_MOST: usize = 200;
/// The close code of the gateway when it does not accept a token.
const POLICY: u16 = 1_008;

/// Why a request to the gateway failed.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It cannot be reached, or the handshake failed.
    #[error("cannot reach the gateway: {0}")]
    Unreachable(#[source] Box<SocketError>),
    /// The address or the token cannot be put into a request.
    #[error("invalid gateway address or token")]
    BadRequest,
    /// It refused the request.
    #[error("the gateway responded with {code}: {message}")]
    Refused {
        /// The stable code, such as `MAP_FULL`.
        code: String,
        /// What is wrong, in words.
        message: String,
        /// How long to wait before asking again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It closed the socket.
    #[error("the gateway closed the socket: {code} {reason}")]
    Closed {
        /// The close code: 1008 for a token that is no longer valid or whose log-in was not used in time, 4001 when
        /// replaced, 1006 when the connection broke.
        code: u16,
        /// The reason it gave.
        reason: String,
    },
    /// It did not answer in time.
    #[error("the gateway did not respond in time")]
    Silent,
    /// Its answer does not follow the contract.
    #[error("cannot read the gateway's response: {0}")]
    Unreadable(String),
}

impl GatewayError {
    /// How long to wait before asking again, if the gateway says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the gateway wants newer tokens: the old ones are no longer valid, or the log-in was not used in time. A
    /// refresh or another log-in helps.
    pub fn wants_fresh_tokens(&self) -> bool {
        matches!(self, Self::Closed { code: POLICY, .. })
    }

    /// The stable code of a refusal; `None` for other errors.
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

/// An open gateway socket. Dropping it closes the socket, but a player in the world stays there.
///
/// ```no_run
/// # async fn example(access_token: &str, character_id: &str) -> Result<(), realmgate_client::gateway::GatewayError> {
/// use realmgate_client::gateway::Gateway;
///
/// let mut gateway = Gateway::connect("ws://127.0.0.1:3002", access_token).await?;
/// let grant = gateway.enter_world(character_id, None).await?;
/// println!("map {} at {}:{}", grant.map_id, grant.map_ip, grant.map_port);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Gateway {
    sink: SplitSink<Socket, Message>,
    said: mpsc::Receiver<Result<Said, GatewayError>>,
    listener: tokio::task::JoinHandle<()>,
    welcome: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Gateway {
    /// Connects to `url` (`ws://host:3002`, with or without `/ws`), sends the token and waits for the welcome, whose message
    /// is a line in the log.
    ///
    /// # Errors
    /// [`GatewayError::BadRequest`] for an unusable address or token, [`GatewayError::Unreachable`] when the handshake
    /// fails, [`GatewayError::Closed`] when the token is not accepted, [`GatewayError::Silent`] after 15 s without an
    /// answer.
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
        let mut gateway = Self { sink, said, listener: tokio::spawn(listen(stream, tell)), welcome: String::new() };
        let welcome = gateway.answer(&["welcome"]).await?;
        gateway.welcome = loggable(welcome["message"].as_str().unwrap_or_default());
        tracing::info!("Welcome message: {}", gateway.welcome);
        Ok(gateway)
    }

    /// The message of the gateway's welcome, at most 200 characters, with spaces in place of control characters.
    pub fn welcome(&self) -> &str {
        &self.welcome
    }

    /// Requests a ticket into the world for a character, on `channel` or the least loaded one.
    ///
    /// # Errors
    /// [`GatewayError::Refused`] with the gateway's code, [`GatewayError::Closed`] or [`GatewayError::Unreachable`]
    /// when the socket is gone, [`GatewayError::Silent`] without an answer in time, [`GatewayError::Unreadable`] for a
    /// malformed one.
    pub async fn enter_world(
        &mut self,
        character_id: &str,
        channel: Option<ChannelId>,
    ) -> Result<EntryGrant, GatewayError> {
        let mut data = json!({ "character_id": character_id });
        if let Some(channel) = channel {
            data["channel"] = json!(channel.0);
        }
        // Messages from before the request do not answer it. Only a closed socket does.
        while let Ok(said) = self.said.try_recv() {
            said?;
        }
        self.say("enter_world", data).await?;
        let data = self.answer(&["enter_world_success"]).await?;
        serde_json::from_value(data).map_err(|error| GatewayError::Unreadable(error.to_string()))
    }

    /// Asks to leave the world. The end of the game connection is the answer.
    ///
    /// # Errors
    /// [`GatewayError::Unreachable`] when the request cannot be sent.
    pub async fn leave_world(&mut self) -> Result<(), GatewayError> {
        self.say("leave_world", json!({})).await
    }

    async fn say(&mut self, event: &str, data: Value) -> Result<(), GatewayError> {
        let text = json!({ "event": event, "data": data }).to_string();
        self.sink.send(Message::text(text)).await.map_err(|error| GatewayError::Unreachable(Box::new(error)))
    }

    /// The data of the next of these events. Other events are skipped, and an error event is returned as an error. If
    /// the gateway says that a body may not leave a fight yet, this waits that much longer.
    async fn answer(&mut self, events: &[&str]) -> Result<Value, GatewayError> {
        let mut within = ANSWER_WITHIN;
        loop {
            let said = tokio::time::timeout(within, self.said.recv()).await.map_err(|_| GatewayError::Silent)?;
            let Some(said) = said else {
                return Err(GatewayError::Closed { code: 1_006, reason: String::new() });
            };
            let Said { event, data } = said?;
            if event == "error" {
                let field = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
                let retry_after = data["retry_after"].as_u64().map(Duration::from_secs);
                return Err(GatewayError::Refused { code: field("code"), message: field("message"), retry_after });
            }
            if event == "leaving" {
                within =
                    ANSWER_WITHIN + Duration::from_secs(data["seconds"].as_u64().unwrap_or(0).min(LINGER_AT_MOST_S));
            }
            if events.contains(&event.as_str()) {
                return Ok(data);
            }
        }
    }
}

/// Reads the socket all the time, so that pings are answered even when nobody waits for a message.
async fn listen(mut stream: SplitStream<Socket>, tell: mpsc::Sender<Result<Said, GatewayError>>) {
    let closed = loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => {
                // Nobody may read for a long time. Messages that do not fit are news, and never an awaited answer.
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

/// A text of the gateway for a log line: short, and without characters that control a terminal.
fn loggable(text: &str) -> String {
    text.chars().take(LOGGED_AT_MOST).map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

fn read(text: &str) -> Result<Said, GatewayError> {
    let unreadable = || GatewayError::Unreadable(text.chars().take(200).collect());
    let mut value: Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    let event = value["event"].as_str().ok_or_else(unreadable)?.to_owned();
    // Errors carry their fields twice. Older gateways have them only at the top level.
    let data = if value["data"].is_null() { value } else { value["data"].take() };
    Ok(Said { event, data })
}

#[cfg(test)]
mod tests;
