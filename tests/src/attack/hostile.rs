//! One hostile account: an address, a log-in, a character, and chances of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use realmgate_client::client::{GameClient, Setup};
use realmgate_client::transport::Carrier;
use realmgate_protocol::entry::EntryGrant;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::endpoints::{ANSWER_WITHIN, Endpoints, pause};
use super::raw::Answered;

/// How often a hostile tries to come into being: log-ins may wait for their turn.
const BIRTHS: u32 = 20;

/// An open gateway socket.
pub type Socket = WebSocketStream<TcpStream>;

/// What came of one act: how much was asked, how much of it was refused, and how many connections ended for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Responses {
    /// Requests, messages or frames.
    pub asked: u64,
    /// Those that were answered with a refusal.
    pub refused: u64,
    /// Connections that the server ended, or took nothing more from.
    pub ended: u64,
}

impl Responses {
    /// Counts one answer of the API.
    pub fn answer(&mut self, answer: Option<&(u16, Value)>) {
        self.asked += 1;
        match answer {
            Some((status, _)) => self.refused += u64::from(*status >= 400),
            None => self.ended += 1,
        }
    }

    /// Counts several answers of the API.
    pub fn answers(&mut self, answers: &[Option<(u16, Value)>]) {
        answers.iter().for_each(|answer| self.answer(answer.as_ref()));
    }

    /// Counts what came of a request that was sent byte by byte.
    pub fn raw_answer(&mut self, answered: Answered) {
        self.asked += 1;
        match answered {
            Answered::Status(status) => self.refused += u64::from(status >= 400),
            Answered::Ended => self.ended += 1,
            Answered::Nothing => {}
        }
    }
}

/// The account.
#[derive(Debug)]
pub struct Hostile {
    /// The server's doors.
    pub endpoints: Arc<Endpoints>,
    /// Its chances.
    pub rng: Pcg64,
    /// Its address.
    pub source: Ipv4Addr,
    /// Its account's id.
    pub user_id: String,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: String,
    /// Its access token.
    pub access: String,
    /// Its refresh token.
    pub refresh: String,
    /// The access token of a log-in that has ended, where there was one.
    pub ended: Option<String>,
    /// Its character, where it has one.
    pub character: Option<String>,
    http: reqwest::Client,
}

impl Hostile {
    /// Registers the account of this number, and makes it a character.
    ///
    /// # Errors
    /// What refused it, in words.
    pub async fn make(endpoints: &Arc<Endpoints>, seed: u64, number: u32) -> Result<Self, String> {
        let mut rng = Pcg64::seed_from_u64(seed.rotate_left(20) ^ u64::from(number));
        let [.., high, low] = number.to_be_bytes();
        let source = Ipv4Addr::new(127, 66, high, low.max(1));
        let http = reqwest::Client::builder().no_proxy().local_address(Some(source.into())).timeout(ANSWER_WITHIN);
        let mut hostile = Self {
            endpoints: endpoints.clone(),
            source,
            user_id: String::new(),
            name: letters("x", &mut rng, 12),
            password: letters("Pw", &mut rng, 16),
            access: String::new(),
            refresh: String::new(),
            ended: None,
            character: None,
            http: http.build().map_err(|error| error.to_string())?,
            rng,
        };
        let mut last = None;
        for _ in 0..BIRTHS {
            let body = json!({"username": hostile.name, "password": hostile.password});
            last = hostile.call(Method::POST, "/auth/register", Some(body)).await;
            match &last {
                Some((201, tokens)) => {
                    hostile.take(tokens);
                    hostile.character = hostile.new_character().await;
                    return Ok(hostile);
                }
                // It may have been registered by a try whose answer was lost.
                Some((409, _)) if hostile.log_in().await => return Ok(hostile),
                _ => pause(Duration::from_secs(1)).await,
            }
        }
        Err(format!("the hostile {number} cannot register: {last:?}"))
    }

    /// A call of the API, from its own address: status and body, unless there was no answer.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let mut request = self.http.request(method, self.url(path));
        if !self.access.is_empty() {
            request = request.bearer_auth(&self.access);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// A request with any body.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Sends it: status and body, unless there was no answer.
    pub async fn send(&self, request: RequestBuilder) -> Option<(u16, Value)> {
        let request = request.build().ok()?;
        let asked = format!("{} {}", request.method(), request.url().path());
        let answer = self.http.execute(request).await.ok()?;
        let status = answer.status().as_u16();
        self.endpoints.breaches.check_status(&asked, status);
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.endpoints.api)
    }

    /// Logs in anew; whether that went well.
    pub async fn log_in(&mut self) -> bool {
        let body = json!({"username": self.name, "password": self.password});
        let Some((200, tokens)) = self.call(Method::POST, "/auth/login", Some(body)).await else { return false };
        self.take(&tokens);
        true
    }

    fn take(&mut self, tokens: &Value) {
        let text = |field: &str| tokens[field].as_str().unwrap_or_default().to_owned();
        (self.access, self.refresh, self.user_id) = (text("access_token"), text("refresh_token"), text("user_id"));
    }

    /// Logs in again where the log-in has ended; whether it is good now.
    pub async fn is_logged_in(&mut self) -> bool {
        match self.call(Method::GET, "/api/v1/me", None).await {
            Some((401, _)) => self.log_in().await,
            answer => answer.is_some(),
        }
    }

    /// Logs in and out again: the access token of the log-in that has ended.
    pub async fn end_log_in(&mut self) -> Option<String> {
        let body = json!({"username": self.name, "password": self.password});
        let (_, tokens) = self.call(Method::POST, "/auth/login", Some(body)).await?;
        let token = tokens["access_token"].as_str()?.to_owned();
        let logout = self.request(Method::DELETE, "/api/v1/logout").bearer_auth(&token);
        let has_ended = matches!(self.send(logout).await, Some((200, _)));
        has_ended.then(|| self.ended.insert(token).clone())
    }

    /// Makes a character of a random name: its id.
    pub async fn new_character(&mut self) -> Option<String> {
        let name = letters("H", &mut self.rng, 11);
        let (_, classes) = self.call(Method::GET, "/character-classes", None).await?;
        let body = json!({"name": name, "class_id": classes[0]["id"]});
        let (_, made) = self.call(Method::POST, "/characters", Some(body)).await?;
        Some(made["id"].as_str()?.to_owned())
    }

    /// Opens the gateway and takes the welcome; logs in anew where the log-in has ended.
    pub async fn gateway(&mut self) -> Option<Socket> {
        match self.open_gateway().await? {
            Some(socket) => Some(socket),
            None if self.log_in().await => self.open_gateway().await?,
            None => None,
        }
    }

    /// A socket that was welcomed; `Some(None)` where it was closed instead, since the log-in is no good any more.
    async fn open_gateway(&self) -> Option<Option<Socket>> {
        let url = format!("ws://{}/ws?token={}", self.endpoints.gateway, self.access);
        let request = url.into_client_request().ok()?;
        let stream = self.connect(self.endpoints.gateway).await?;
        let (mut socket, _) = timeout(ANSWER_WITHIN, client_async(request, stream)).await.ok()?.ok()?;
        match timeout(ANSWER_WITHIN, socket.next()).await.ok()?? {
            Ok(Message::Text(_)) => Some(Some(socket)),
            Ok(Message::Close(_)) => Some(None),
            _ => None,
        }
    }

    /// Opens the realtime socket with a version of the channel protocol.
    pub async fn realtime(&self, version: &str) -> Option<Socket> {
        let url = format!("ws://{}/socket/websocket?token={}&vsn={version}", self.endpoints.api, self.access);
        let request = url.into_client_request().ok()?;
        let stream = self.connect(self.endpoints.api).await?;
        Some(timeout(ANSWER_WITHIN, client_async(request, stream)).await.ok()?.ok()?.0)
    }

    /// A connection from its own address.
    pub async fn connect(&self, to: SocketAddr) -> Option<TcpStream> {
        Endpoints::connect(self.source, to).await
    }

    /// Asks into the world: where to connect, or the code of the refusal.
    ///
    /// # Errors
    /// The refusal's code, `NO_CHARACTER` without a character, `CLOSED` without an answer, or why it is unreadable.
    pub async fn ask_in(&self, socket: &mut Socket) -> Result<EntryGrant, String> {
        let Some(character) = &self.character else { return Err("NO_CHARACTER".to_owned()) };
        let ask = json!({"event": "enter_world", "data": {"character_id": character}});
        if socket.send(Message::text(ask.to_string())).await.is_err() {
            return Err("CLOSED".to_owned());
        }
        while let Some(message) = heard(socket).await {
            match message["event"].as_str() {
                Some("enter_world_success") => {
                    return serde_json::from_value(message["data"].clone()).map_err(|error| error.to_string());
                }
                Some("error") => return Err(message["code"].as_str().unwrap_or_default().to_owned()),
                _ => {}
            }
        }
        Err("CLOSED".to_owned())
    }

    /// Comes into the world: the client, and the socket it came over.
    pub async fn enter(&mut self) -> Option<(GameClient, Socket)> {
        if self.character.is_none() {
            self.character = self.new_character().await;
        }
        let mut socket = self.gateway().await?;
        let success = self.ask_in(&mut socket).await.ok()?;
        let carrier = *any(&mut self.rng, &[Carrier::Udp, Carrier::Renet]);
        let setup = Setup { carrier, ..self.endpoints.setup.clone() };
        Some((GameClient::enter(&success, &setup, None).await.ok()?, socket))
    }

    /// An address somewhere in 127.0.0.0/8.
    pub fn any_source(&mut self) -> Ipv4Addr {
        Ipv4Addr::new(127, self.rng.random_range(1..250), self.rng.random(), self.rng.random_range(1..255))
    }
}

/// The next message; `None` at the end of the socket, or of patience.
pub async fn heard(socket: &mut Socket) -> Option<Value> {
    let next = async {
        loop {
            match socket.next().await? {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).ok(),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    };
    timeout(ANSWER_WITHIN, next).await.ok()?
}

/// Any one of these.
pub fn any<'a, T>(rng: &mut Pcg64, of: &'a [T]) -> &'a T {
    &of[rng.random_range(0..of.len())]
}

/// A name of small letters after a prefix.
pub fn letters(prefix: &str, rng: &mut Pcg64, count: usize) -> String {
    let letter = |_| char::from(b'a' + rng.random_range(0..26));
    format!("{prefix}{}", (0..count).map(letter).collect::<String>())
}
