//! The service behind the door of the attacked server. It knows what must never reach it, and notes it as a breach.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::breaches::Breaches;

/// The header in which the door names the user.
pub const USER: &str = "x-user-id";
/// A path that no request may reach: only smuggled ones and tricks with dots lead here.
pub const SECRET: &str = "/secret";

/// Starts the service on a free port. It runs until the adversary ends.
///
/// # Errors
/// When there is no free port.
pub async fn start(breaches: Arc<Breaches>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let addr = listener.local_addr()?;
    let router = Router::new().route("/socket.io/", any(socket)).fallback(echo).with_state(breaches);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(addr)
}

/// The `services.toml` with this service: at `/shop` with a token, at `/open` without one.
pub fn dictionary(service: SocketAddr) -> String {
    let entry = |name: &str, access: &str| {
        format!(
            "[services.{name}]\nurl = \"http://{service}\"\npath = \"/{name}\"\nhttp = \"{access}\"\ntimeout_s = 10.0\n"
        )
    };
    format!("{}{}[services.shop.socket_io]\nnamespace = \"/shop\"\n", entry("open", "open"), entry("shop", "token"))
}

/// Answers with the user whom the request names.
async fn echo(State(breaches): State<Arc<Breaches>>, request: Request) -> Response {
    let path = request.uri().path();
    if path.contains(SECRET) {
        breaches.note(format!("{path} was reached through the door"));
    }
    match user(request.headers(), &breaches) {
        Some(user) => Json(json!({"user": user})).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The user in a request's headers, which may be nobody. `None` if there are two, or the token is there.
fn user(headers: &HeaderMap, breaches: &Breaches) -> Option<Option<String>> {
    let names = headers.keys().map(|name| name.as_str());
    let spellings = names.filter(|name| name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-") == USER);
    let values: Vec<_> = spellings.flat_map(|name| headers.get_all(name)).collect();
    if values.len() > 1 {
        breaches.note(format!("a request through the door names {} users", values.len()));
        return None;
    }
    if headers.contains_key("authorization") && !values.is_empty() {
        breaches.note("a token was passed on with its user".to_owned());
        return None;
    }
    Some(values.first().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|mut socket| async move {
        // A client that is gone ends it.
        let _ = serve(&mut socket).await;
    })
}

/// A Socket.IO service that answers each event with the user of its client.
async fn serve(socket: &mut WebSocket) -> Result<(), axum::Error> {
    let open =
        json!({"sid": "e", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 100_000});
    socket.send(Message::text(format!("0{open}"))).await?;
    let mut user = String::new();
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else { continue };
        if let Some(auth) = text.strip_prefix("40") {
            let auth: Value = serde_json::from_str(auth).unwrap_or_default();
            auth["userId"].as_str().unwrap_or_default().clone_into(&mut user);
            socket.send(Message::text("40{\"sid\":\"s\"}")).await?;
        } else if text.starts_with("42") {
            socket.send(Message::text(format!("42[\"user\",\"{user}\"]"))).await?;
        }
    }
    Ok(())
}
