//! The three backends: SQLite alone, PostgreSQL, and two replicas with PostgreSQL and Redis.

use axum::http::StatusCode;
use realmgate_platform::testing::{TestDatabase, TestRedis, a_moment, soon};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::client::Client;
use crate::testing::{Answer, TestApp};
use crate::web::{Call, Web};

/// Sidecars over one database. Calls go to each in turn.
pub struct Realm {
    apps: Vec<TestApp>,
    next: std::sync::atomic::AtomicUsize,
    web: Web,
    _database: Option<TestDatabase>,
    redis: Option<TestRedis>,
}

/// A user with tokens.
#[derive(Debug, Clone)]
pub struct Player {
    pub id: String,
    pub access: String,
    pub refresh: String,
    pub username: String,
}

impl Realm {
    pub async fn sqlite() -> Self {
        Self::sqlite_with(|_| {}).await
    }

    pub async fn sqlite_with(change: impl FnOnce(&mut Settings)) -> Self {
        let app = TestApp::start_with(|settings| {
            let_wait(settings);
            change(settings);
        });
        Self::of(vec![app.await], None, None)
    }

    pub async fn postgres() -> Option<Self> {
        Self::postgres_with(|_| {}).await
    }

    pub async fn postgres_with(change: impl FnOnce(&mut Settings)) -> Option<Self> {
        let database = TestDatabase::create().await?;
        let app = TestApp::start_with(|settings| {
            use_database(settings, &database);
            let_wait(settings);
            change(settings);
        });
        Some(Self::of(vec![app.await], Some(database), None))
    }

    pub async fn replicas() -> Option<Self> {
        Self::replicas_with(|_| {}).await
    }

    pub async fn replicas_with(change: impl Fn(&mut Settings)) -> Option<Self> {
        let (database, redis) = (TestDatabase::create().await?, TestRedis::connect().await?);
        let mut apps = Vec::new();
        for number in 1..=2 {
            let app = TestApp::start_with(|settings| {
                use_database(settings, &database);
                settings.redis_url = Some(redis.config.url.clone());
                settings.redis_prefix.clone_from(&redis.config.prefix);
                settings.gateway_id = format!("gateway-{number}");
                let secret = Some("a secret of at least thirty-two bytes!".to_owned().into());
                (settings.jwt_secret, settings.ticket_key, settings.service_token) =
                    (secret.clone(), secret.clone(), secret);
                let_wait(settings);
                change(settings);
            });
            apps.push(app.await);
        }
        until_all_hear(&redis, apps.len()).await;
        Some(Self::of(apps, Some(database), Some(redis)))
    }

    /// Stops the only sidecar, and starts it again with the same data, and with settings that the test changes.
    pub async fn restarted_with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        let app = self.apps.pop().unwrap().restart_with(|settings| {
            let_wait(settings);
            change(settings);
        });
        Self::of(vec![app.await], self._database.take(), self.redis.take())
    }

    fn of(apps: Vec<TestApp>, database: Option<TestDatabase>, redis: Option<TestRedis>) -> Self {
        Self { apps, next: 0.into(), web: Web::new(), _database: database, redis }
    }

    /// The sidecar whose turn it is.
    pub fn app(&self) -> &TestApp {
        let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        &self.apps[next % self.apps.len()]
    }

    /// A realtime socket of a player, at the sidecar whose turn it is.
    pub async fn socket(&self, player: &Player) -> Client {
        Client::open(self.app(), &player.access).await
    }

    /// A realtime socket of a player that has joined the player's topic, and was told how things stand: itself, its
    /// friends, and so many notifications.
    pub async fn online_with(&self, player: &Player, notifications: usize) -> Client {
        let mut client = self.socket(player).await;
        client.join(&player.topic()).await;
        assert_eq!(client.event("updated").await["id"], player.id);
        client.event("friend_updated").await;
        for _ in 0..notifications {
            client.event("notification_created").await;
        }
        client
    }

    /// The same of a player who has none.
    pub async fn online(&self, player: &Player) -> Client {
        self.online_with(player, 0).await
    }

    /// Makes friends of two players.
    pub async fn befriend(&self, one: &Player, other: &Player) {
        for (asks, asked) in [(one, other), (other, one)] {
            let answer = self.by(asks, "POST", "/friends", json!({"target_user_id": asked.id})).await;
            answer.expect(StatusCode::CREATED);
        }
    }

    /// Does something to every sidecar.
    pub fn each(&self, work: impl FnMut(&TestApp)) {
        self.apps.iter().for_each(work);
    }

    /// The Redis that the replicas share.
    pub fn redis(&self) -> &TestRedis {
        self.redis.as_ref().unwrap()
    }

    /// The number that a query finds.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut db = self.app().state().store.sql().read("test").await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut *db).await.unwrap()
    }

    /// Runs a statement that no route runs.
    pub async fn execute(&self, sql: &'static str) {
        let mut db = self.app().state().store.sql().write("test").await.unwrap();
        sqlx::query(sql).execute(&mut *db).await.unwrap();
    }

    /// A call below `/api/v1`, over HTTP; null for no body.
    pub fn call(&self, method: &str, path: &str, body: Value) -> Call {
        let call = self.web.call(self.app(), method.parse().unwrap(), &format!("/api/v1{path}"));
        if body.is_null() { call } else { call.json(body) }
    }

    /// A call of a player.
    pub async fn by(&self, player: &Player, method: &str, path: &str, body: Value) -> Answer {
        self.call(method, path, body).bearer(&player.access).send().await
    }

    /// Logs in by a device, which makes an account the first time.
    pub async fn device(&self, device: &str) -> Player {
        let answer = self.call("POST", "/login/device", json!({"device_id": device})).send().await;
        Player::of(&answer.expect(StatusCode::OK))
    }
}

impl Player {
    /// The topic of the account.
    pub fn topic(&self) -> String {
        format!("user:{}", self.id)
    }

    pub fn of(answer: &Value) -> Self {
        let text = |name: &str| answer["data"][name].as_str().unwrap_or_else(|| panic!("{name}: {answer}")).to_owned();
        assert_eq!(answer["data"]["expires_in"], 900);
        Self {
            id: text("user_id"),
            access: text("access_token"),
            refresh: text("refresh_token"),
            username: text("username"),
        }
    }
}

/// Waits until so many sidecars hear each other's events.
async fn until_all_hear(redis: &TestRedis, count: usize) {
    let channel = format!("{}community-events", redis.config.prefix);
    let mut plain = redis.plain();
    let all_hear = async {
        loop {
            let heard: (String, usize) = redis::cmd("PUBSUB").arg("NUMSUB").arg(&channel).query(&mut plain).unwrap();
            if heard.1 == count {
                return;
            }
            a_moment().await;
        }
    };
    soon("the sidecars' listening", all_hear).await;
}

/// Lets a test ask again and again until something has happened. Its clock stands still, and so does the minute of a limit.
fn let_wait(settings: &mut Settings) {
    settings.calls_per_min = 1_000_000;
}

fn use_database(settings: &mut Settings, database: &TestDatabase) {
    let realmgate_platform::config::DatabaseAt::Postgres(url) = database.config().at else {
        panic!("it is PostgreSQL")
    };
    settings.database.database_url = Some(url);
    settings.database.database_pool = 4;
}

/// Three tests of each named function, which takes a [`Realm`]; with `settings =>`, one of these settings.
macro_rules! on_every_backend {
    ($settings:ident => $($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $test() {
                super::$test($crate::backends::Realm::sqlite_with(super::$settings).await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $test() {
                let realm = $crate::backends::Realm::postgres_with(super::$settings).await;
                if let Some(realm) = realm { super::$test(realm).await; }
            })+
        }
        mod on_replicas {
            $(#[tokio::test] async fn $test() {
                let realm = $crate::backends::Realm::replicas_with(super::$settings).await;
                if let Some(realm) = realm { super::$test(realm).await; }
            })+
        }
    };
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $test() { super::$test($crate::backends::Realm::sqlite().await).await; })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $test() {
                if let Some(realm) = $crate::backends::Realm::postgres().await { super::$test(realm).await; }
            })+
        }
        mod on_replicas {
            $(#[tokio::test] async fn $test() {
                if let Some(realm) = $crate::backends::Realm::replicas().await { super::$test(realm).await; }
            })+
        }
    };
}
pub(crate) use on_every_backend;
