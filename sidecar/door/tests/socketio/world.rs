//! A door with its logins, and how services are described to it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::uri::Scheme;
use realmgate_door::access::Access;
use realmgate_door::dictionary::{self, BaseUrl, Claim, Limits, Service, SocketIo};
use realmgate_door::socketio::{self, Parts, Relay, Settings};
use realmgate_platform::clock::Clock;
use realmgate_platform::config::TokenTimes;
use realmgate_platform::sessions::{Opening, SessionStore};
use realmgate_platform::testing::TestSql;
use realmgate_platform::tokens::Tokens;
use realmgate_protocol::ids::AccountId;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A door on a port of its own.
pub struct Door {
    pub address: SocketAddr,
    pub access: Arc<Access>,
    pub shutdown: CancellationToken,
    services: Arc<Mutex<HashMap<String, Arc<Service>>>>,
    tokens: Arc<Tokens>,
    sessions: SessionStore,
    /// Its database ends with it.
    _sql: TestSql,
}

/// A login.
pub struct Login {
    pub account: AccountId,
    pub session: Uuid,
    pub token: String,
}

impl Door {
    pub async fn open(settings: Settings, services: impl IntoIterator<Item = Service>) -> Self {
        Self::open_trusting(RootCertStore::empty(), settings, services).await
    }

    /// As [`Door::open`], with these certificates of services behind TLS.
    pub async fn open_trusting(
        roots: RootCertStore,
        settings: Settings,
        services: impl IntoIterator<Item = Service>,
    ) -> Self {
        let sql = TestSql::sqlite().await;
        let insert = "INSERT INTO accounts (id, created_at_ms) VALUES
                      ('01010101-0101-0101-0101-010101010101', 0), ('02020202-0202-0202-0202-020202020202', 0)";
        sql.execute(insert).await;
        let sessions = SessionStore::new(sql.sql.clone());
        let secrets = "a secret of at least thirty-two bytes!".parse().unwrap();
        let times = TokenTimes { access: Duration::from_secs(900), refresh: Duration::from_secs(9_000) };
        let tokens = Arc::new(Tokens::new(&secrets, times, sessions.clone(), Clock::system()));
        let access = Access::new(tokens.clone(), sessions.clone());
        let shutdown = CancellationToken::new();
        let services = services.into_iter().map(|service| (namespace(&service), Arc::new(service)));
        let services = Arc::new(Mutex::new(services.collect::<HashMap<_, _>>()));
        let find = services.clone();
        let relay = Relay::new(Parts {
            access: access.clone(),
            services: Box::new(move |namespace| find.lock().unwrap().get(namespace).cloned()),
            tls: ClientConfig::builder().with_root_certificates(roots).with_no_client_auth(),
            pid_key: [7; 32],
            settings,
            shutdown: shutdown.clone(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, socketio::service(relay)).await });
        Self { address, access, shutdown, services, tokens, sessions, _sql: sql }
    }

    /// A login of one of the two accounts.
    pub async fn login(&self, account: u8) -> Login {
        let (account, session) = (AccountId([account; 16]), Uuid::now_v7());
        let refresh = self.tokens.mint_refresh().unwrap();
        let opening = self.sessions.open(session, account, refresh.row()).await.unwrap();
        assert!(matches!(opening, Opening::Opened(_)), "{opening:?}");
        let (token, _) = self.tokens.mint_access(account, session, 0).unwrap();
        Login { account, session, token }
    }

    /// Ends a login as a log-out does.
    pub async fn log_out(&self, login: &Login) {
        self.sessions.end(login.session, 1).await.unwrap();
        self.access.end(login.session);
    }

    /// Adds or replaces a service.
    pub fn serve(&self, service: Service) {
        self.services.lock().unwrap().insert(namespace(&service), Arc::new(service));
    }
}

fn namespace(service: &Service) -> String {
    service.socket_io.as_ref().unwrap().namespace.clone()
}

/// A service that needs a token, at `/name` of the door and at this namespace of its own.
pub fn service(name: &str, service_namespace: &str, address: SocketAddr) -> Service {
    Service {
        name: name.into(),
        urls: vec![BaseUrl {
            scheme: Scheme::HTTP,
            authority: address.to_string().parse().unwrap(),
            path: String::new(),
        }],
        path: None,
        http: dictionary::Access::Off,
        sockets: dictionary::Access::Token,
        public: Vec::new(),
        socket_io: Some(SocketIo {
            namespace: format!("/{name}"),
            service_namespace: service_namespace.into(),
            path: "/socket.io/".into(),
        }),
        claims: vec![
            (Claim::UserId, HeaderName::from_static("x-user-id")),
            (Claim::Role, HeaderName::from_static("x-user-role")),
        ],
        health: None,
        limits: limits(),
    }
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(5),
        idle: Duration::from_secs(60),
        max_body_bytes: 1 << 20,
        max_packet_bytes: 64 << 10,
        retries: 0,
        max_requests: 100,
        max_sockets: 100,
        breaker_failures: NonZeroU32::MIN,
        breaker_open: Duration::from_secs(1),
    }
}
