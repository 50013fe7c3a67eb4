//! Secrets never reach a log, and a request can be found by its trace id. This is its own test binary, since its log is
//! that of the whole process, including threads of libraries.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

#[expect(dead_code, reason = "the API's tests use the rest")]
mod testing;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing_subscriber::fmt::MakeWriter;

use testing::{PASSWORD, TestApp};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn passwords_and_tokens_are_in_no_log_and_no_file() {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(log.clone()).init();

    let app = TestApp::start().await;
    let user = app.register("ann").await;
    let again = app.login("ann").await;
    app.try_login("ann", "a wrong password").send().await;
    app.post("/auth/login", json!({"username": "ann", "password": {"nested": PASSWORD}})).send().await;
    app.get(&format!("/characters?token={}", user.access)).send().await;
    app.get("/characters").bearer(&user.access).send().await;
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    app.post("/auth/logout", json!({})).bearer(&again.access).send().await;
    let server = json!({"id": "map-server-1", "name": "x", "ip": "127.0.0.1", "port": 4001, "supported_maps": [1],
        "max_players": 1});
    let token = app.service_token().to_owned();
    let registered = app.post_internal("/map-registry/register", server.clone()).bearer(&token).send().await;
    let cookie = registered.expect(StatusCode::CREATED)["cookie"].as_str().unwrap().to_owned();
    let mut renewed = server;
    renewed["cookie"] = json!(cookie);
    app.post_internal("/map-registry/register", renewed).bearer(&token).send().await.expect(StatusCode::OK);
    let by_socket = app.login("ann").await;
    open_gateway(&app, &format!("/ws?token={}", by_socket.access), "").await;
    open_gateway(&app, "/ws", &format!("Authorization: Bearer {}\r\n", by_socket.access)).await;
    open_gateway(&app, "/ws", &format!("Sec-WebSocket-Protocol: bearer, {}\r\n", by_socket.access)).await;
    app.get("/nowhere").header("x-request-id", "find-me-1").send().await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("/auth/login"), "something was logged: {text}");
    let stored = all_text(&app.data_dir());
    let secrets = &app.state().config.secrets;
    for (what, secret) in [
        ("password", PASSWORD),
        ("wrong password", "a wrong password"),
        ("access token", &user.access),
        ("refresh token", &user.refresh),
        ("second refresh token", &again.refresh),
        ("access token of the socket", &by_socket.access),
        ("cookie", &cookie),
        ("service token", secrets.service_token.expose()),
    ] {
        assert!(!text.contains(secret), "the {what} is in the log");
        assert!(!stored.contains(secret), "the {what} is in the database");
    }

    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let named = lines.iter().filter(|line| line["span"]["trace"] == "find-me-1");
    let said: Vec<&str> = named.filter_map(|line| line["fields"]["message"].as_str()).collect();
    assert!(said.contains(&"request") && said.contains(&"request refused"), "{said:?}");
}

/// Opens the gateway's socket by hand, since a client library would log here too, and waits for the welcome.
async fn open_gateway(app: &TestApp, path: &str, header: &str) {
    let mut stream = TcpStream::connect(app.state().addrs.gateway).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("Connected to Gateway") {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "{}", String::from_utf8_lossy(&heard));
    }
}

/// All text in the files of a folder.
fn all_text(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    files.map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()).collect()
}
