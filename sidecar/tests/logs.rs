//! Secrets never reach a log, and a request can be found by its trace id. This is its own test binary, since its log is
//! that of the whole process, including threads of libraries.

#![expect(clippy::unwrap_used, reason = "what a test is built of fails by panicking")]

#[expect(dead_code, reason = "the API's tests use the rest")]
mod testing;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use realmgate_platform::testing::{a_moment, soon};
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

/// Uses every password and token there is, also where it does not belong. Returns them with what they are.
async fn used(app: &TestApp) -> Vec<(&'static str, String)> {
    let user = app.register("ann").await;
    let again = app.login("ann").await;
    app.try_login("ann", "a wrong password").send().await.problem(401, "INVALID_CREDENTIALS");
    let nested = json!({"username": "ann", "password": {"nested": PASSWORD}});
    app.post("/auth/login", nested).send().await.problem(422, "VALIDATION_FAILED");
    app.get(&format!("/characters?token={}", user.access)).send().await.problem(401, "UNAUTHORIZED");
    app.list(&user).await;
    let refresh = async || app.post("/auth/refresh", json!({"refresh_token": user.refresh})).send().await;
    let next = refresh().await.expect(StatusCode::OK);
    app.advance(Duration::from_secs(31));
    refresh().await.problem(401, "INVALID_REFRESH_TOKEN");
    app.post("/auth/logout", json!({})).bearer(&again.access).send().await.expect(StatusCode::NO_CONTENT);
    let by_socket = app.login("ann").await;
    open_gateway(app, &format!("/ws?token={}", by_socket.access), "").await;
    open_gateway(app, "/ws", &format!("Authorization: Bearer {}\r\n", by_socket.access)).await;
    open_gateway(app, "/ws", &format!("Sec-WebSocket-Protocol: bearer, {}\r\n", by_socket.access)).await;
    let text = |tokens: &Value, name: &str| tokens[name].as_str().unwrap().to_owned();
    vec![
        ("password", PASSWORD.to_owned()),
        ("wrong password", "a wrong password".to_owned()),
        ("access token", user.access),
        ("refresh token", user.refresh),
        ("second access token", again.access),
        ("second refresh token", again.refresh),
        ("refreshed access token", text(&next, "access_token")),
        ("refreshed refresh token", text(&next, "refresh_token")),
        ("access token of the socket", by_socket.access),
        ("refresh token of the socket", by_socket.refresh),
    ]
}

/// Registers a map server, and again by its cookie. Returns that.
async fn cookie(app: &TestApp) -> String {
    let server = json!({"id": "map-server-1", "name": "x", "ip": "127.0.0.1", "port": 4001, "supported_maps": [1],
        "max_players": 1});
    let register = async |server: Value| {
        app.post_internal("/map-registry/register", server).bearer(app.service_token()).send().await
    };
    let registered = register(server.clone()).await.expect(StatusCode::CREATED);
    let mut renewed = server;
    renewed["cookie"] = registered["cookie"].clone();
    register(renewed).await.expect(StatusCode::OK);
    registered["cookie"].as_str().unwrap().to_owned()
}

/// What a mail holds, and nothing else does.
const MAILED: &str = "token of a mail";

#[tokio::test]
async fn passwords_and_tokens_are_in_no_log_and_no_file() {
    let log = Log::default();
    let filter = tracing_subscriber::EnvFilter::new("trace");
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(log.clone()).init();

    let app = TestApp::start().await;
    let mut secrets = used(&app).await;
    secrets.push(("cookie", cookie(&app).await));
    // What it signs with, and the service token.
    let own = app.data_dir().join("secrets");
    for file in ["jwt_secret", "ticket_key", "service_token"] {
        secrets.push((file, std::fs::read_to_string(own.join(file)).unwrap()));
    }
    secrets.push((MAILED, token_of_a_mail(&app).await));
    app.get("/nowhere").header("x-request-id", "find-me-1").send().await.problem(404, "NOT_FOUND");

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("/auth/login"), "something was logged: {text}");
    // A mail is for whoever it is addressed to, and has to have its token.
    let mails = app.data_dir().join("mail");
    let stored = all_text(&app.data_dir(), &[own.as_path(), mails.as_path()]);
    let mailed = all_text(&mails, &[]);
    assert!(stored.contains("$argon2id$"), "the password's hash is stored");
    assert!(text.contains("mail written to a file"), "the mail is logged without its token");
    for (what, secret) in secrets {
        assert!(!text.contains(&secret), "the {what} is in the log");
        assert!(!stored.contains(&secret), "the {what} is in a file");
        assert_eq!(mailed.contains(&secret), what == MAILED, "the {what} is in a mail");
    }

    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let named = lines.iter().filter(|line| line["span"]["trace"] == "find-me-1");
    let said: Vec<&str> = named.filter_map(|line| line["fields"]["message"].as_str()).collect();
    assert!(said.contains(&"request") && said.contains(&"request refused"), "{said:?}");
}

/// Signs up by an address, and uses the link in the mail's file. Returns its token.
async fn token_of_a_mail(app: &TestApp) -> String {
    let body = json!({"email": "ann@example.org", "password": PASSWORD});
    app.post("/api/v1/register", body).send().await.expect(StatusCode::OK);
    let is_mail = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "eml");
    let written = async {
        loop {
            let entries = std::fs::read_dir(app.data_dir().join("mail")).into_iter().flatten();
            if let Some(file) = entries.map(|entry| entry.unwrap().path()).find(is_mail) {
                return file;
            }
            a_moment().await;
        }
    };
    let file = soon("the mail's file", written).await;
    let text = std::fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once("?token=").unwrap();
    let token = rest.split_whitespace().next().unwrap().to_owned();
    app.get(&format!("/account/link?token={token}")).send().await;
    app.post("/api/v1/confirm", json!({"token": token, "password": PASSWORD})).send().await.expect(StatusCode::OK);
    token
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

/// All text in the files below a folder, but for those in some others.
fn all_text(folder: &Path, without: &[&Path]) -> String {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| match path.is_dir() {
        true => all_text(&path, without),
        false => String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned(),
    };
    paths.filter(|path| !without.contains(&path.as_path())).map(text).collect()
}

realmgate_services::reaper!();
