//! Users who make lobbies, come, go and score as fast as they are answered, and remember what they were told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use realmgate_tests::wait::until_within;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::interval;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// How soon a user does the next thing.
const PACE: Duration = Duration::from_millis(50);
/// How long an answer may take. Who waits longer does not know what came of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How soon a user who was not answered tries something again, at first.
const AGAIN: Duration = Duration::from_millis(200);

/// Someone, and what it was told.
#[derive(Debug)]
pub struct User {
    pub id: Uuid,
    /// How many points it was confirmed to have got.
    pub confirmed: i64,
    /// How many points it may have got at most.
    pub attempted: i64,
    /// The lobby that it is in, as far as it was told; `None` where the last answer did not come.
    pub lobby: Option<Option<Uuid>>,
    /// Whether nothing it wanted was done.
    pub was_refused: bool,
}

/// What all share.
struct Shared {
    base: String,
    http: Client,
    /// The administrator's token, by which scores are submitted.
    admin: String,
    board: Uuid,
    done: AtomicU64,
    ends: AtomicBool,
}

/// All of them.
pub struct Crowd {
    shared: Arc<Shared>,
    users: Vec<JoinHandle<User>>,
    sockets: Vec<JoinHandle<()>>,
}

impl Crowd {
    /// Users who begin at once.
    pub async fn gather(api: SocketAddr, count: usize) -> Self {
        // A connection for each call: calls in a row reach both replicas.
        let http =
            Client::builder().no_proxy().tls_certs_only([]).pool_max_idle_per_host(0).timeout(ANSWER_WITHIN).build();
        let mut shared = Shared {
            base: format!("http://{api}"),
            http: http.expect("a plain client can be made"),
            admin: String::new(),
            board: Uuid::nil(),
            done: AtomicU64::new(0),
            ends: AtomicBool::new(false),
        };
        shared.admin = shared.log_in("the administrator's").await.1;
        let board = json!({"slug": "points", "title": "Points", "operator": "incr"});
        let made = shared.call(Method::POST, "/admin/leaderboards", &shared.admin, Some(board)).await;
        let made = made.expect("it answers before anything fails").1;
        shared.board = id(&made["data"]["id"]).unwrap_or_else(|| panic!("no board: {made}"));
        let shared = Arc::new(shared);
        let (mut users, mut sockets) = (Vec::new(), Vec::new());
        for number in 0..count {
            let (id, token) = shared.log_in(&format!("device {number}")).await;
            sockets.push(tokio::spawn(stay_online(shared.clone(), id, token.clone())));
            users.push(tokio::spawn(live(shared.clone(), number as u64, id, token)));
        }
        Self { shared, users, sockets }
    }

    /// Waits until they have done so much more.
    pub async fn does(&mut self, count: u64, within: Duration) {
        let done = &self.shared.done;
        let until = done.load(Ordering::Relaxed) + count;
        until_within("users have done something", within, async || {
            (done.load(Ordering::Relaxed) >= until).then_some(())
        })
        .await;
    }

    /// They stop, and say what they were told.
    pub async fn go(self) -> Vec<User> {
        self.shared.ends.store(true, Ordering::Relaxed);
        let mut users = Vec::new();
        for user in self.users {
            users.push(user.await.expect("a user makes no mistake"));
        }
        self.sockets.iter().for_each(JoinHandle::abort);
        users
    }
}

impl Shared {
    /// Calls; the status and the answer. `None` where none came, or one that says nothing of what was done.
    async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let call = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(token);
        let call = body.into_iter().fold(call, |call, body| call.json(&body));
        let answer = call.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.json().await.ok()?;
        (status < 500).then_some((status, body))
    }

    async fn log_in(&self, device: &str) -> (Uuid, String) {
        let body = json!({"device_id": device});
        let answer = self.call(Method::POST, "/login/device", "", Some(body)).await;
        let (_, answer) = answer.expect("it answers before anything fails");
        let data = &answer["data"];
        let token = data["access_token"].as_str().unwrap_or_else(|| panic!("not logged in: {answer}"));
        (id(&data["user_id"]).expect("a user has an id"), token.to_owned())
    }

    fn ends(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }
}

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

/// Does one thing after the other.
async fn live(shared: Arc<Shared>, number: u64, id: Uuid, token: String) -> User {
    let mut user = User { id, confirmed: 0, attempted: 0, lobby: Some(None), was_refused: true };
    let (mut random, mut pace) = (Pcg64Mcg::seed_from_u64(number), interval(PACE));
    while !shared.ends() {
        pace.tick().await;
        let done = match random.random_range(0..4) {
            0 => user.scores(&shared).await,
            1 => user.makes_a_lobby(&shared, &token).await,
            2 => user.joins(&shared, &token, &mut random).await,
            _ => user.leaves(&shared, &token).await,
        };
        match done {
            Some(true) => {
                user.was_refused = false;
                shared.done.fetch_add(1, Ordering::Relaxed);
            }
            Some(false) => {}
            None => pace.reset_after(AGAIN),
        }
    }
    user
}

impl User {
    /// Whether it was done; `None` where that is not known.
    async fn scores(&mut self, shared: &Shared) -> Option<bool> {
        let path = format!("/admin/leaderboards/{}/records", shared.board);
        let body = json!({"score": 1, "user_id": self.id});
        self.attempted += 1;
        let (status, answer) = shared.call(Method::POST, &path, &shared.admin, Some(body)).await?;
        assert_eq!(status, 200, "{answer}");
        self.confirmed += 1;
        Some(true)
    }

    async fn makes_a_lobby(&mut self, shared: &Shared, token: &str) -> Option<bool> {
        let asked = shared.call(Method::POST, "/lobbies", token, Some(json!({"max_users": 4})));
        let Some((status, answer)) = asked.await else {
            self.lobby = None;
            return None;
        };
        let made = (status < 300).then(|| id(&answer["id"]).or_else(|| id(&answer["data"]["id"]))).flatten();
        if made.is_some() {
            self.lobby = Some(made);
        }
        Some(made.is_some())
    }

    async fn joins(&mut self, shared: &Shared, token: &str, random: &mut Pcg64Mcg) -> Option<bool> {
        let (_, listed) = shared.call(Method::GET, "/lobbies", token, None).await?;
        let lobbies = listed["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        if lobbies.is_empty() {
            return Some(false);
        }
        let lobby = id(&lobbies[random.random_range(0..lobbies.len())]["id"])?;
        let Some((status, _)) = shared.call(Method::POST, &format!("/lobbies/{lobby}/join"), token, None).await else {
            self.lobby = None;
            return None;
        };
        if status == 200 {
            self.lobby = Some(Some(lobby));
        }
        Some(status == 200)
    }

    async fn leaves(&mut self, shared: &Shared, token: &str) -> Option<bool> {
        let Some((status, _)) = shared.call(Method::POST, "/lobbies/leave", token, None).await else {
            self.lobby = None;
            return None;
        };
        if status == 200 {
            self.lobby = Some(None);
        }
        Some(status == 200)
    }
}

/// Keeps a socket open, at another replica where one has gone.
async fn stay_online(shared: Arc<Shared>, id: Uuid, token: String) {
    let base = shared.base.replacen("http", "ws", 1);
    let join = json!(["1", "1", format!("user:{id}"), "phx_join", {}]).to_string();
    let mut pace = interval(AGAIN);
    while !shared.ends() {
        pace.tick().await;
        let url = format!("{base}/socket/websocket?token={token}&vsn=2.0.0");
        let Ok((mut socket, _)) = connect_async(url).await else { continue };
        if socket.send(Message::text(join.clone())).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    }
}
