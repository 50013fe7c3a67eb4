//! A client of the realtime socket.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use realmgate_platform::testing::soon;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::testing::TestApp;

/// What the kernel may hold for a client that does not read.
const RECEIVE_BUFFER: u32 = 4 << 10;

/// An open socket. Its references are numbers that count up.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    last: u32,
    /// Events that came before the reply to a message.
    early: VecDeque<Value>,
    /// The reference of the last join.
    pub join_ref: Value,
}

impl Client {
    pub async fn open(app: &TestApp, token: &str) -> Self {
        let query = format!("token={token}&vsn=2.0.0");
        Self::try_open(app.state().addrs.api, &query).await.unwrap_or_else(|status| panic!("refused: {status}"))
    }

    /// Opens a socket with this query. The error is the status of the refusal.
    pub async fn try_open(addr: SocketAddr, query: &str) -> Result<Self, u16> {
        Self::try_open_from(addr, query, None).await
    }

    /// The same from a page of this origin.
    pub async fn try_open_from(addr: SocketAddr, query: &str, origin: Option<&str>) -> Result<Self, u16> {
        Self::try_open_with(addr, query, origin.map(|origin| ("origin", origin))).await
    }

    /// The same with this header.
    pub async fn try_open_with(
        addr: SocketAddr,
        query: &str,
        header: Option<(&'static str, &str)>,
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{addr}/socket/websocket?{query}").into_client_request().unwrap();
        if let Some((name, value)) = header {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let tcp = TcpSocket::new_v4().unwrap();
        tcp.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        let tcp = tcp.connect(addr).await.unwrap();
        match client_async(request, tcp).await {
            Ok((socket, _)) => Ok(Self { socket, last: 0, early: VecDeque::new(), join_ref: Value::Null }),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next reference.
    pub fn count(&mut self) -> Value {
        self.last += 1;
        json!(self.last.to_string())
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    pub async fn send_binary(&mut self) {
        self.socket.send(Message::Binary(vec![0, 1].into())).await.unwrap();
    }

    /// Joins a topic. Returns the payload of the reply.
    pub async fn try_join(&mut self, topic: &str) -> Value {
        self.join_ref = self.count();
        self.send(json!([self.join_ref, self.join_ref, topic, "phx_join", {}])).await;
        self.reply(topic, &self.join_ref.clone()).await
    }

    pub async fn join(&mut self, topic: &str) {
        assert_eq!(self.try_join(topic).await, json!({"status": "ok", "response": {}}));
    }

    /// Says something on a topic. Returns the payload of the reply.
    pub async fn push(&mut self, topic: &str, event: &str, payload: Value) -> Value {
        let own = self.count();
        self.send(json!([self.join_ref, own, topic, event, payload])).await;
        self.reply(topic, &own).await
    }

    /// The payload of the reply to a message. Events that come before it are kept: nothing orders the two.
    async fn reply(&mut self, topic: &str, own: &Value) -> Value {
        let mut frame = self.received("a reply").await;
        while frame[1].is_null() {
            self.early.push_back(frame);
            frame = self.received("a reply").await;
        }
        assert_eq!(
            frame.as_array().unwrap()[..4],
            [&self.join_ref, own, &json!(topic), &json!("phx_reply")].map(Value::clone)
        );
        frame[4].clone()
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        self.awaited("a frame").await
    }

    async fn awaited(&mut self, what: &str) -> Value {
        match self.early.pop_front() {
            Some(event) => event,
            None => self.received(what).await,
        }
    }

    async fn received(&mut self, what: &str) -> Value {
        loop {
            match soon(what, self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    /// The payload of the next frame, which must be this event.
    pub async fn event(&mut self, event: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame[3], event, "{frame}");
        assert_eq!(frame[1], Value::Null, "{frame}");
        frame[4].clone()
    }

    /// The same on a topic.
    pub async fn told(&mut self, topic: &str, event: &str) -> Value {
        let frame = self.awaited(&format!("{event} of {topic}")).await;
        assert_eq!((&frame[2], &frame[3]), (&json!(topic), &json!(event)), "{frame}");
        frame[4].clone()
    }

    /// The next frame must end the channel of a join.
    pub async fn closed_channel(&mut self, join_ref: &Value, topic: &str) {
        assert_eq!(self.frame().await, json!([join_ref, join_ref, topic, "phx_close", {}]));
    }

    /// Reads until the socket ends. Returns the close code; `None` where it ends without.
    pub async fn closed(mut self) -> Option<u16> {
        let reading = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return None,
                }
            }
        };
        soon("the end", reading).await
    }

    pub async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        soon("the end", async { while self.socket.next().await.is_some_and(|frame| frame.is_ok()) {} }).await;
    }
}
