//! A player and the socket of its client.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use realmgate_platform::testing::soon;
use realmgate_protocol::ids::{AccountId, CharacterId};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

/// An account that is logged in and has a character.
pub(crate) struct Player {
    pub(crate) account: AccountId,
    pub(crate) log_in: Uuid,
    pub(crate) token: String,
    pub(crate) character: CharacterId,
    pub(crate) gateway: SocketAddr,
}

impl Player {
    /// Opens the gateway socket and takes the welcome.
    pub(crate) async fn connect(&self) -> Client {
        let mut client = Client::open(&format!("ws://{}/ws?token={}", self.gateway, self.token), &[]).await;
        client.expect("welcome").await;
        client
    }
}

/// The socket of a player's client.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Opens a socket with the test's own headers.
    pub(crate) async fn open(url: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::try_open(url, headers).await.unwrap()
    }

    /// The HTTP status of a refused handshake.
    pub(crate) async fn refused(url: &str, headers: &[(&'static str, &str)]) -> u16 {
        match Self::try_open(url, headers).await {
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => response.status().as_u16(),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("the handshake was completed"),
        }
    }

    async fn try_open(
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, tokio_tungstenite::tungstenite::Error> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let (socket, _) = soon("the handshake", tokio_tungstenite::connect_async(request)).await?;
        Ok(Self { socket })
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send(&mut self, event: &str, data: Value) {
        self.send_text(&json!({"event": event, "data": data}).to_string()).await;
    }

    pub(crate) async fn enter(&mut self, character: CharacterId) {
        self.send("enter_world", json!({"character_id": character.to_string()})).await;
    }

    /// The data of the next message, which must be this event.
    pub(crate) async fn expect(&mut self, event: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["event"], event, "{message}");
        message["data"].clone()
    }

    /// The code of the next message, which must be an error.
    pub(crate) async fn expect_error(&mut self) -> String {
        let message = self.next().await;
        assert_eq!(message["event"], "error", "{message}");
        assert_eq!(message["code"], message["data"]["code"], "an error has its fields twice");
        assert_eq!(message["message"], message["data"]["message"]);
        message["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn next(&mut self) -> Value {
        loop {
            match soon("a gateway message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?} is no message"),
            }
        }
    }

    /// Code and reason of the close frame that has to come next.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            match soon("a close", self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?} is no close"),
            }
        }
    }

    /// The code of the close frame; messages before it are skipped.
    pub(super) async fn closed_after_events(&mut self) -> u16 {
        loop {
            match soon("a close", self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("{other:?} is no close"),
            }
        }
    }

    /// Reads until the socket is closed, in whatever way.
    pub(crate) async fn read_to_the_end(mut self) {
        soon("the end of a socket", async { while let Some(Ok(_)) = self.socket.next().await {} }).await;
    }

    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while !matches!(soon("a close", self.socket.next()).await.expect("no close").unwrap(), Message::Close(_)) {}
    }
}
