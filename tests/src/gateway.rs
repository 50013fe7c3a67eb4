//! A plain WebSocket client of the gateway.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::wait::PATIENCE;

/// An open socket.
#[derive(Debug)]
pub struct Gateway {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The answer to the handshake.
    pub handshake: Response,
}

/// What the gateway does next.
#[derive(Debug)]
enum Heard {
    Event(Value),
    Closed { code: u16, reason: String },
    Gone,
}

impl Gateway {
    /// Opens `/ws` with this query and these headers, and expects nothing.
    ///
    /// # Errors
    /// When the query or a header is not valid, or the handshake fails or is refused.
    pub async fn connect(address: SocketAddr, query: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/ws{query}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value)?);
        }
        let (socket, handshake) = connect_async(request).await?;
        Ok(Self { socket, handshake })
    }

    /// Opens it with the token in the query, and takes the welcome.
    ///
    /// # Panics
    /// When there is no welcome.
    pub async fn open(address: SocketAddr, token: &str) -> Self {
        let mut gateway = Self::connect(address, &format!("?token={token}"), &[]).await.expect("the handshake is done");
        gateway.expect("welcome").await;
        gateway
    }

    /// Says something.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Says any text.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the socket is open");
    }

    /// Says several things in one go.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn say_at_once(&mut self, messages: &[Value]) {
        for message in messages {
            self.socket.feed(Message::text(message.to_string())).await.expect("the socket is open");
        }
        self.socket.flush().await.expect("the socket is open");
    }

    /// Asks to enter the world.
    pub async fn enter(&mut self, character: &str) {
        self.say(&enter_world(character)).await;
    }

    /// Asks to enter the world, and expects to be let in: the data of the answer.
    ///
    /// # Panics
    /// When the answer is another one.
    pub async fn entered(&mut self, character: &str) -> Value {
        self.enter(character).await;
        self.expect("enter_world_success").await
    }

    /// Asks to enter the world while others ask too: the answer, unless it is a refusal or the end of the socket.
    pub async fn try_enter(&mut self, character: &str) -> Option<Value> {
        self.socket.send(Message::text(enter_world(character).to_string())).await.ok()?;
        loop {
            match self.next().await {
                Heard::Event(message) if message["event"] == "enter_world_success" => {
                    return Some(message["data"].clone());
                }
                Heard::Event(message) if message["event"] == "error" => return None,
                Heard::Event(_) => {}
                Heard::Closed { .. } | Heard::Gone => return None,
            }
        }
    }

    /// The data of the next message, which has to be this event.
    ///
    /// # Panics
    /// When it is anything else.
    pub async fn expect(&mut self, event: &str) -> Value {
        match self.next().await {
            Heard::Event(message) if message["event"] == event => message["data"].clone(),
            other => panic!("expected {event}, not {other:?}"),
        }
    }

    /// The data of the next message if it is this event.
    ///
    /// # Panics
    /// When the socket is closed.
    pub async fn try_expect(&mut self, event: &str) -> Option<Value> {
        match self.next().await {
            Heard::Event(message) => (message["event"] == event).then(|| message["data"].clone()),
            other => panic!("expected {event} or an error, not {other:?}"),
        }
    }

    /// The next message has to be this error, with its fields in both places.
    ///
    /// # Panics
    /// When it is anything else.
    pub async fn expect_error(&mut self, code: &str) {
        match self.next().await {
            Heard::Event(message) if message["event"] == "error" => {
                assert_eq!(message["code"], code, "{message}");
                assert_eq!(message["data"]["code"], code, "{message}");
                assert!(message["message"].as_str().is_some_and(|text| !text.is_empty()), "{message}");
                assert_eq!(message["message"], message["data"]["message"]);
            }
            other => panic!("expected the error {code}, not {other:?}"),
        }
    }

    /// The socket has to be closed with this code and reason.
    ///
    /// # Panics
    /// When anything else happens.
    pub async fn expect_close(&mut self, code: u16, reason: &str) {
        match self.next().await {
            Heard::Closed { code: closed, reason: why } if closed == code && why == reason => {}
            other => panic!("expected to be closed with {code} {reason:?}, not {other:?}"),
        }
    }

    /// The socket has to be closed with this code, whatever the reason.
    ///
    /// # Panics
    /// When anything else happens.
    pub async fn expect_close_code(&mut self, code: u16) {
        match self.next().await {
            Heard::Closed { code: closed, .. } if closed == code => {}
            other => panic!("expected to be closed with {code}, not {other:?}"),
        }
    }

    /// Closes it properly.
    pub async fn close(mut self) {
        // The other side may have been faster.
        let _ = self.socket.close(None).await;
        while let Heard::Event(_) = self.next().await {}
    }

    async fn next(&mut self) -> Heard {
        let heard = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Heard::Event(serde_json::from_str(&text).expect("the gateway speaks JSON"));
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let Some(frame) = frame else { return Heard::Gone };
                        return Heard::Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Heard::Gone,
                }
            }
        };
        timeout(PATIENCE, heard).await.expect("the gateway says something in time")
    }
}

/// The message that asks to enter the world.
pub fn enter_world(character: &str) -> Value {
    json!({"event": "enter_world", "data": {"character_id": character}})
}

/// The message that asks to leave it.
pub fn leave_world() -> Value {
    json!({"event": "leave_world", "data": {}})
}
