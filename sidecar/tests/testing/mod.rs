//! A sidecar for tests: temporary data, a clock that stands still, requests straight through the routers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use realmgate_platform::clock::Clock;
use realmgate_platform::testing::{self, create_sqlite};
use realmgate_sidecar::config::Settings;
use realmgate_sidecar::http::{self, Routers};
use realmgate_sidecar::{AppState, Running, Sidecar};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// A password that follows the rules.
pub const PASSWORD: &str = "correct horse battery";
/// The time at which a sidecar starts.
pub const START_MS: u64 = 1_800_000_000_000;
const CLASSES: &str = r#"
    [warrior]
    name = "Warrior"
    description = "Stands in front."
    health = 120
    [mage]
    name = "Mage"
"#;

/// A running sidecar.
pub struct TestApp {
    running: Running,
    routers: Routers,
    clock: Clock,
    dir: TempDir,
}

/// A user who is logged in.
pub struct User {
    pub id: String,
    pub access: String,
    pub refresh: String,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts it with settings that the test changes.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = testing::folder();
        let assets = dir.path().join("assets");
        std::fs::create_dir(&assets).unwrap();
        std::fs::write(assets.join("classes.toml"), CLASSES).unwrap();
        std::fs::write(assets.join("world.toml"), "start_map = 7").unwrap();
        Self::start_in(dir, Clock::manual(START_MS), change).await
    }

    /// Stops it, and starts it again with the same data.
    pub async fn restart_with(self, change: impl FnOnce(&mut Settings)) -> Self {
        self.running.shutdown().await;
        Self::start_in(self.dir, self.clock, change).await
    }

    async fn start_in(dir: TempDir, clock: Clock, change: impl FnOnce(&mut Settings)) -> Self {
        let data = dir.path().join("data");
        if !data.exists() {
            create_sqlite(&data.join("realmgate.db")).await;
        }
        let mut settings = Settings::with_defaults(data);
        settings.assets_dir = dir.path().join("assets");
        settings.hooks_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/community/scripts");
        change(&mut settings);
        let config = settings.resolve().unwrap();
        let running = Sidecar::start_with_clock(config, None, clock.clone()).await.unwrap();
        let routers = http::routers(running.state());
        Self { running, routers, clock, dir }
    }

    pub fn state(&self) -> &AppState {
        self.running.state()
    }

    /// What makes the first administrator, if this start has printed it.
    pub fn administrator_code(&self) -> Option<&str> {
        self.running.administrator_code()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        self.call_on(false, method, path)
    }

    /// A call to the directory's listener, or to the API's.
    pub fn call_on(&self, directory: bool, method: Method, path: &str) -> Call {
        let router = if directory { &self.routers.directory } else { &self.routers.api };
        Call {
            router: router.clone(),
            request: Request::builder().method(method).uri(path),
            peer: Ipv4Addr::LOCALHOST.into(),
            body: Vec::new(),
        }
    }

    /// The same call on the directory's listener.
    pub fn get_internal(&self, path: &str) -> Call {
        self.call_on(true, Method::GET, path)
    }

    /// The same call on the gateway's listener.
    pub fn get_gateway(&self, path: &str) -> Call {
        Call { router: self.routers.gateway.clone(), ..self.get(path) }
    }

    pub fn post_internal(&self, path: &str, body: Value) -> Call {
        self.call_on(true, Method::POST, path).json(body)
    }

    /// Deletes the characters whose time has come.
    pub async fn delete_due_characters(&self) {
        let now_ms = self.state().store.now_ms().await.unwrap();
        self.state().characters.keep_up(now_ms).await.unwrap();
    }

    pub fn service_token(&self) -> &str {
        self.state().config.secrets.service_token.expose()
    }

    pub async fn register(&self, username: &str) -> User {
        let body = json!({"username": username, "password": PASSWORD});
        User::of(&self.post("/auth/register", body).send().await.expect(StatusCode::CREATED))
    }

    pub async fn login(&self, username: &str) -> User {
        User::of(&self.try_login(username, PASSWORD).send().await.expect(StatusCode::OK))
    }

    /// The characters of a user, as the API lists them.
    pub async fn list(&self, user: &User) -> Value {
        self.get("/characters").bearer(&user.access).send().await.expect(StatusCode::OK)
    }

    pub fn try_login(&self, username: &str, password: &str) -> Call {
        self.post("/auth/login", json!({"username": username, "password": password}))
    }

    /// Creates a character. Returns its id.
    pub async fn character(&self, user: &User, name: &str) -> String {
        let body = json!({"name": name, "class_id": "mage"});
        let made = self.post("/characters", body).bearer(&user.access).send().await.expect(StatusCode::CREATED);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Puts a character into a world, as far as the database is concerned.
    pub async fn lock(&self, character: &str) {
        let there = "lock_owner = 'map:map-server-1', x = 1536, y = -512, map_id = 3";
        self.execute(&format!("UPDATE characters SET {there} WHERE id = '{character}'")).await;
    }

    /// Changes the database behind the sidecar's back.
    pub async fn execute(&self, sql: &str) {
        let file = self.data_dir().join("realmgate.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

impl User {
    fn of(tokens: &Value) -> Self {
        let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{name} is no string")).to_owned();
        Self { id: text("user_id"), access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// A request that is being built.
pub struct Call {
    router: Router,
    request: axum::http::request::Builder,
    peer: IpAddr,
    body: Vec<u8>,
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), content_type)
    }

    /// Makes the request come from this address.
    pub fn from(mut self, peer: &str) -> Self {
        self.peer = peer.parse().unwrap();
        self
    }

    pub async fn send(self) -> Answer {
        let peer = SocketAddr::new(self.peer, 50_000);
        let request = self.request.extension(ConnectInfo(peer)).body(Body::from(self.body)).unwrap();
        let (parts, body) = self.router.oneshot(request).await.unwrap().into_parts();
        Answer::of(parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap())
    }
}

/// An answer of the server.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The body as text.
    pub text: String,
}

impl Answer {
    pub fn of(status: StatusCode, headers: HeaderMap, bytes: Bytes) -> Self {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self { status, headers, bytes, text }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of an answer that must have this status.
    pub fn expect(&self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The names of the fields that an answer complains about.
    pub fn wrong_fields(&self) -> Vec<String> {
        let problem = self.problem(422, "VALIDATION_FAILED");
        let errors = problem["errors"].as_object().unwrap_or_else(|| panic!("no complaints by field: {problem}"));
        assert!(errors.values().all(|complaints| complaints[0].is_string()), "{problem}");
        errors.keys().cloned().collect()
    }

    /// The problem document of an answer that must be this refusal.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "the document repeats the status");
        assert!(problem["title"].is_string() && problem["detail"].is_string() && problem["type"] == "about:blank");
        problem
    }
}
