//! A sidecar with a door, and requests to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use realmgate_platform::testing::{a_moment, folder, soon};
use realmgate_sidecar::config::Settings;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::backends::{Player, Realm};
use crate::testing::{Answer, TestApp};

/// A sidecar with a door.
pub struct Place {
    pub realm: Realm,
    web: Client,
    folder: TempDir,
}

impl Place {
    /// A door with a `services.toml` of this text.
    pub async fn new(services: &str) -> Self {
        Self::with(services, |_| {}).await
    }

    /// The same with settings that the test changes.
    pub async fn with(services: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = folder();
        let file = folder.path().join("services.toml");
        std::fs::write(&file, services).unwrap();
        let realm = Realm::sqlite_with(|settings| {
            settings.services_file = file;
            change(settings);
        });
        Self { realm: realm.await, web: client(), folder }
    }

    /// Replaces `services.toml`.
    pub fn write(&self, services: &str) {
        std::fs::write(self.folder.path().join("services.toml"), services).unwrap();
    }

    pub fn addr(&self) -> SocketAddr {
        door_of(self.realm.app())
    }

    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.web.request(method, format!("http://{}{path}", self.addr()))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.call(Method::GET, path)
    }

    /// A user who is logged in.
    pub async fn user(&self, name: &str) -> Player {
        self.realm.device(name).await
    }
}

/// A service of the dictionary at `/name`, with these other keys.
pub fn entry(name: &str, url: &str, keys: &str) -> String {
    format!("[services.{name}]\nurl = \"{url}\"\npath = \"/{name}\"\n{keys}\n")
}

/// A `services.toml` that stays until the test run ends.
pub fn dictionary(services: &str) -> PathBuf {
    let file = folder().keep().join("services.toml");
    std::fs::write(&file, services).unwrap();
    file
}

/// The address of a sidecar's door.
pub fn door_of(app: &TestApp) -> SocketAddr {
    app.state().addrs.door.unwrap()
}

/// An HTTP client that follows no redirects.
pub fn client() -> Client {
    Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build().unwrap()
}

/// The answer to a request, with its whole body.
pub async fn answer(request: RequestBuilder) -> Answer {
    let answered = async {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer::of(status, headers, answer.bytes().await.unwrap())
    };
    soon("the answer", answered).await
}

/// Waits until a condition holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let holding = async {
        while !holds().await {
            a_moment().await;
        }
    };
    soon(what, holding).await;
}

/// Waits until a condition holds that takes timers of the door to come true.
pub async fn until_late<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let holding = async {
        while !holds().await {
            a_moment().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holding).await.unwrap_or_else(|_| panic!("{what} did not come"));
}

/// A WebSocket through the door.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one with these headers. The error is the answer of the refusal.
    pub async fn try_open(
        door: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<(Self, axum::http::HeaderMap), Answer> {
        let mut request = format!("ws://{door}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let tcp = TcpStream::connect(door).await.unwrap();
        match soon("the handshake", client_async(request, tcp)).await {
            Ok((socket, answer)) => Ok((Self(socket), answer.into_parts().0.headers)),
            Err(Error::Http(answer)) => {
                let (head, body) = answer.into_parts();
                Err(Answer::of(head.status, head.headers, body.unwrap_or_default().into()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one with a token.
    pub async fn open(door: SocketAddr, path: &str, token: &str) -> Self {
        let opened = Self::try_open(door, path, &[("authorization", &format!("Bearer {token}"))]).await;
        opened.unwrap_or_else(|answer| panic!("refused: {} {}", answer.status, answer.text)).0
    }

    pub async fn send(&mut self, message: Message) {
        use futures_util::SinkExt;
        self.0.send(message).await.unwrap();
    }

    pub async fn say(&mut self, text: &str) {
        self.send(Message::Text(text.into())).await;
    }

    /// The next message; `None` when the socket has ended without a close frame.
    pub async fn next(&mut self) -> Option<Message> {
        use futures_util::StreamExt;
        soon("a message", self.0.next()).await.and_then(Result::ok)
    }

    /// The next text.
    pub async fn text(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }
}
