//! Sixty users around the worlds, on two replicas, while replicas are killed and Redis loses all it knows.
//!
//! Afterwards the database is held against what users were told: no score is lost that was confirmed, scripts were told of each
//! score once, no lobby has a host who is not in it, nobody is in a lobby that it was told to have left, and nobody is online whose
//! socket has gone.

mod users;

use std::path::Path;
use std::time::Duration;

use realmgate_tests::backends::{Missing, Postgres, Redis, or_skip};
use realmgate_tests::binaries::binaries;
use realmgate_tests::process::command;
use realmgate_tests::proxy::Proxy;
use realmgate_tests::wait::until_within;
use realmgate_tests::{Home, Process, SidecarProcess};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use users::Crowd;

const DATABASE: &str = "around";
/// How many users there are.
const USERS: usize = 60;
/// What they have done, together, between two faults.
const DONE_BETWEEN: u64 = 300;
/// How long they may take for it, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);
/// How soon all is well again. On a machine with nothing else to do it takes less than 30 s; other tests keep this one busy.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);
/// But for what a sidecar had begun that was killed: another one does it when a minute is over.
const TOLD_WITHIN: Duration = Duration::from_secs(180);

/// Two sidecars, and what they share.
struct Around {
    postgres: Postgres,
    redis: Redis,
    replicas: [Replica; 2],
    /// The users' way to them, in turn.
    api: Proxy,
}

struct Replica {
    home: Home,
    settings: Vec<(&'static str, String)>,
    process: Option<SidecarProcess>,
}

impl Around {
    async fn start() -> Result<Self, Missing> {
        let (postgres, redis) = (Postgres::start().await?, Redis::start().await?);
        postgres.create_database(DATABASE).await;
        let secret = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let (jwt, ticket, service) = (secret(), secret(), secret());
        let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/realms/community_chaos/hooks");
        let replica = |number: usize| Replica {
            home: Home::new(),
            settings: vec![
                ("GATEWAY_ID", format!("gateway-{number}")),
                ("DATABASE_URL", postgres.url(DATABASE)),
                ("REDIS_URL", redis.url()),
                ("JWT_SECRET", jwt.clone()),
                ("TICKET_KEY", ticket.clone()),
                ("SERVICE_TOKEN", service.clone()),
                ("HOOKS_DIR", hooks.to_string_lossy().into_owned()),
                ("CALLS_PER_MIN", "1000000".to_owned()),
                ("ACCESS_TOKEN_SECONDS", "86400".to_owned()),
                ("LOOPBACK_REGISTRATIONS_PER_MIN", "1000000".to_owned()),
            ],
            process: None,
        };
        let replicas = [replica(1), replica(2)];
        make_tables(&replicas[0]).await;
        let mut around = Self { postgres, redis, replicas, api: Proxy::to(&[]).await };
        for number in 0..2 {
            around.start_replica(number).await;
        }
        Ok(around)
    }

    async fn start_replica(&mut self, number: usize) {
        let Replica { home, settings, process } = &mut self.replicas[number];
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        *process = Some(SidecarProcess::start_in(home, &settings).await);
        self.lead();
    }

    /// kill -9.
    fn kill_replica(&mut self, number: usize) {
        self.replicas[number].process = None;
        self.lead();
    }

    /// It is killed, and comes back with nothing.
    async fn empty_redis(&mut self) {
        self.redis.kill().await;
        self.redis.start_again().await;
    }

    fn lead(&self) {
        let running = self.replicas.iter().filter_map(|replica| replica.process.as_ref());
        self.api.lead_to(&running.map(|process| process.ready.api_addr).collect::<Vec<_>>());
    }

    async fn count(&self, query: &str) -> i64 {
        use sqlx::Connection;
        let mut db = PgConnection::connect(&self.postgres.url(DATABASE)).await.expect("PostgreSQL is there");
        let count = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut db).await;
        count.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Waits until a query counts nothing.
    async fn none(&self, what: &str, within: Duration, query: &str) {
        until_within(what, within, async || (self.count(query).await == 0).then_some(())).await;
    }
}

async fn make_tables(replica: &Replica) {
    let mut migrate = command(&binaries().sidecar);
    migrate.arg("migrate").env("DATA_DIR", replica.home.data_dir()).envs(replica.settings.iter().cloned());
    let migrating = Process::start(&replica.home, migrate);
    assert_eq!(migrating.finished().await.code, Some(0), "{}", migrating.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_were_told_holds_while_replicas_die() {
    let Some(mut around) = or_skip(Around::start().await) else { return };
    let mut crowd = Crowd::gather(around.api.address(), USERS).await;
    for number in [0, 1, 0] {
        crowd.does(DONE_BETWEEN, PATIENCE).await;
        around.kill_replica(number);
        crowd.does(DONE_BETWEEN / 3, PATIENCE).await;
        around.start_replica(number).await;
        crowd.does(DONE_BETWEEN / 3, PATIENCE).await;
        around.empty_redis().await;
    }
    crowd.does(DONE_BETWEEN, PATIENCE).await;
    let users = crowd.go().await;

    let online = "SELECT COUNT(*) FROM realtime_accounts";
    around.none("nobody is online whose socket has gone", SETTLED_WITHIN, online).await;
    around
        .none(
            "every host is in its lobby",
            SETTLED_WITHIN,
            "SELECT COUNT(*) FROM lobbies l WHERE NOT EXISTS \
             (SELECT 1 FROM lobby_members m WHERE m.lobby_id = l.id AND m.account_id = l.host_id)",
        )
        .await;
    let crowded = "SELECT COUNT(*) FROM lobbies l WHERE \
                   (SELECT COUNT(*) FROM lobby_members m WHERE m.lobby_id = l.id) > l.max_users";
    assert_eq!(around.count(crowded).await, 0, "a lobby has more members than places");
    around.none("scripts were told of everything", TOLD_WITHIN, "SELECT COUNT(*) FROM due_hooks").await;
    let (mut scored, mut came) = (0, 0);
    for user in &users {
        let id = user.id;
        let score = format!("SELECT COALESCE(MAX(score), 0) FROM leaderboard_records WHERE owner = 'user:{id}'");
        let told = format!(
            "SELECT COALESCE(MAX(CAST(value AS BIGINT)), 0) FROM script_values WHERE key = 'told' AND user_id = '{id}'"
        );
        let (score, told) = (around.count(&score).await, around.count(&told).await);
        assert_eq!(told, score, "scripts were told of each score once: {user:?}");
        assert!((user.confirmed..=user.attempted).contains(&score), "{score} of {user:?}");
        if let Some(lobby) = user.lobby {
            let wanted = lobby.map(|lobby| lobby.to_string()).unwrap_or_default();
            let there = format!(
                "SELECT COUNT(*) FROM lobby_members WHERE account_id = '{id}' AND lobby_id {} '{wanted}'",
                if wanted.is_empty() { "<>" } else { "=" }
            );
            assert_eq!(around.count(&there).await, i64::from(!wanted.is_empty()), "{user:?}");
        }
        (scored, came) = (scored + user.confirmed, came + i64::from(user.was_refused));
    }
    assert!(scored > USERS as i64 && came < USERS as i64, "{scored} scores; {came} were only refused");
}
