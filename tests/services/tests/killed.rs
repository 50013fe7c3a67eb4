//! What a killed test process leaves behind: nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use realmgate_services::{TestDatabase, TestRedis, run};
use sqlx::{Connection, PgConnection};

realmgate_services::reaper!();

/// Asks [`victim`] to take something of everything.
const ASKED: &str = "REALMGATE_VICTIM";
const WITHIN: Duration = Duration::from_secs(60);

/// A test process that takes something of everything, says what, and waits to be killed. No test by itself.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this is how the test asks")]
async fn victim() {
    if std::env::var_os(ASKED).is_none() {
        return;
    }
    let database = TestDatabase::create().await.expect("the test has asked for one");
    let redis = TestRedis::connect().expect("the test has asked for one");
    redis::cmd("SET").arg(format!("{}key", redis.prefix)).arg(1).exec(&mut redis.plain()).expect("a key can be set");
    // A child that has a child in a session of its own, as scripts have.
    let mut shell = Command::new("sh");
    shell.args(["-c", "setsid sleep 600 & echo $!; exec sleep 600"]).envs(run().environment());
    let mut shell = shell.stdout(Stdio::piped()).spawn().expect("a shell can be started");
    let mut grandchild = String::new();
    BufReader::new(shell.stdout.take().expect("it is piped")).read_line(&mut grandchild).expect("it says its child");
    let url = database.url();
    let name = url.rsplit_once('/').expect("it names a database").1;
    println!("{name} {} {} {} {} .", redis.prefix, run().folder().display(), shell.id(), grandchild.trim());
    let _ = std::io::stdin().read_line(&mut String::new());
    // Not killed after all, the test has ended.
    let _ = shell.kill().and_then(|()| shell.wait());
}

/// What a victim has taken.
struct Taken {
    child: Child,
    database: String,
    prefix: String,
    folder: String,
    processes: [String; 2],
}

impl Taken {
    fn by_a_victim() -> Self {
        let mut victim = Command::new(std::env::current_exe().expect("a running program has a path"));
        victim.args(["--exact", "victim", "--nocapture"]).env(ASKED, "1").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = victim.spawn().expect("a program that runs can be started again");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let line = output.lines().map_while(Result::ok).find(|line| line.ends_with(" .")).expect("what it has taken");
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        // Behind the harness's own words on the same line.
        let [.., database, prefix, folder, shell, grandchild, _] = words.as_slice() else { panic!("{line}") };
        let processes = [shell.clone(), grandchild.clone()];
        let [database, prefix, folder] = [database, prefix, folder].map(String::clone);
        Self { child, database, prefix, folder, processes }
    }

    /// What of it is there.
    async fn left(&self) -> Vec<String> {
        let server = self.server();
        let mut connection = PgConnection::connect(&server).await.expect("PostgreSQL answered before");
        let databases = sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname = $1").bind(&self.database);
        let mut left: Vec<String> = databases.fetch_all(&mut connection).await.expect("it lists databases");
        let mut redis = self.redis();
        let user = self.prefix.trim_end_matches(':');
        let users: Vec<String> = redis::cmd("ACL").arg("USERS").query(&mut redis).expect("it lists users");
        left.extend(users.into_iter().filter(|known| known == user));
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{}*", self.prefix)).query(&mut redis).expect("it lists keys");
        left.extend(keys);
        left.extend(Path::new(&self.folder).exists().then(|| self.folder.clone()));
        left.extend(self.processes.iter().filter(|pid| is_alive(pid)).cloned());
        left
    }

    #[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
    fn server(&self) -> String {
        let server = std::env::var("TEST_POSTGRES_URL");
        server.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned())
    }

    #[expect(clippy::disallowed_methods, reason = "where a test's services are is no setting of the game")]
    fn redis(&self) -> redis::Connection {
        let server = std::env::var("TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
        redis::Client::open(server).and_then(|client| client.get_connection()).expect("Redis answered before")
    }
}

fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the deadline of this test")]
async fn a_killed_test_process_leaves_no_process_database_key_or_folder() {
    if !TestDatabase::is_possible().await || !TestRedis::is_possible() {
        return;
    }
    let mut taken = Taken::by_a_victim();
    assert_eq!(taken.left().await.len(), 6, "a database, a user, a key, a folder and two processes");
    taken.child.kill().expect("it runs");
    taken.child.wait().expect("it was killed");
    let begun = Instant::now();
    let mut looks = tokio::time::interval(Duration::from_millis(25));
    while !taken.left().await.is_empty() {
        assert!(begun.elapsed() < WITHIN, "left behind: {:?}", taken.left().await);
        looks.tick().await;
    }
}
