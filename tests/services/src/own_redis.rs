//! A Redis of a test's own, which the test may put into a state that no other test could live with.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use realmgate_skip::skip;
use redis::{Client, cmd};
use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::port::free_port;
use crate::run::run;

const WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A Redis on a port of its own, which keeps nothing. It ends with this value, and with the run.
#[derive(Debug)]
pub struct OwnRedis {
    /// What goes into `REDIS_URL`.
    pub url: String,
    client: Client,
    process: Child,
    _folder: TempDir,
}

impl OwnRedis {
    /// Starts one; `None`, with a message, if `redis-server` is not installed, which is a failure on CI.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn start() -> Option<Self> {
        let folder = tempfile::tempdir_in(run().folder()).expect("a folder can be created");
        let port = free_port();
        let mut serve = Command::new("redis-server");
        serve.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        serve.current_dir(folder.path()).envs(run().environment());
        let started = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = started.map_err(|error| skip(format_args!("no redis-server: {error}"))).ok()?;
        let url = format!("redis://127.0.0.1:{port}");
        let client = Client::open(url.as_str()).expect("it is an address of Redis");
        let redis = Self { url, client, process, _folder: folder };
        timeout(WITHIN, redis.answers()).await.expect("a Redis that was started answers");
        Some(redis)
    }

    async fn answers(&self) {
        let mut looks = interval(LOOK_EVERY);
        while self.client.get_connection().is_err() {
            looks.tick().await;
        }
    }

    /// Runs a command, by its words.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, words: &[&str]) {
        let mut connection = self.client.get_connection().expect("it answered before");
        let (name, args) = words.split_first().expect("a command has a name");
        cmd(name).arg(args).exec(&mut connection).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
