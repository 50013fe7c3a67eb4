//! The three backends: SQLite alone, PostgreSQL, and two replicas with PostgreSQL and Redis.

use axum::http::{Method, StatusCode};
use realmgate_platform::testing::{TestDatabase, TestRedis};
use realmgate_sidecar::config::Settings;
use serde_json::{Value, json};

use crate::testing::{Answer, Call, TestApp};

/// Sidecars over one database. Calls go to each in turn.
pub struct Realm {
    apps: Vec<TestApp>,
    next: std::sync::atomic::AtomicUsize,
    _database: Option<TestDatabase>,
    _redis: Option<TestRedis>,
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
        Self::of(vec![TestApp::start_with(change).await], None, None)
    }

    pub async fn postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        let app = TestApp::start_with(|settings| use_database(settings, &database)).await;
        Some(Self::of(vec![app], Some(database), None))
    }

    pub async fn replicas() -> Option<Self> {
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
            });
            apps.push(app.await);
        }
        Some(Self::of(apps, Some(database), Some(redis)))
    }

    fn of(apps: Vec<TestApp>, database: Option<TestDatabase>, redis: Option<TestRedis>) -> Self {
        Self { apps, next: 0.into(), _database: database, _redis: redis }
    }

    /// The sidecar whose turn it is.
    pub fn app(&self) -> &TestApp {
        let next = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        &self.apps[next % self.apps.len()]
    }

    /// A call below `/api/v1`; null for no body.
    pub fn call(&self, method: &str, path: &str, body: Value) -> Call {
        let method: Method = method.parse().unwrap();
        let call = self.app().call(method, &format!("/api/v1{path}"));
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

fn use_database(settings: &mut Settings, database: &TestDatabase) {
    let realmgate_platform::config::DatabaseAt::Postgres(url) = database.config().at else {
        panic!("it is PostgreSQL")
    };
    settings.database.database_url = Some(url);
    settings.database.database_pool = 4;
}

/// Three tests of each named function, which takes a [`Realm`].
macro_rules! on_every_backend {
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
