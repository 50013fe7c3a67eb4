//! Programs on a core of their own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use realmgate_tests::backends::program::find;
use realmgate_tests::process::command;
use realmgate_tests::wait::{PATIENCE, found_within};
use realmgate_tests::{Home, Process};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::de::DeserializeOwned;

use crate::databases::Base;

const SERVER_CORE: &str = "0";
/// The load's.
pub const LOAD_CORE: &str = "1";

/// Keeps this process, and what it starts from now on, on the load's core.
pub fn stay_on_load_core() -> Result<()> {
    let taskset = find("taskset", "util-linux")?;
    let pinned = Command::new(taskset).args(["-cp", LOAD_CORE, &std::process::id().to_string()]).output()?;
    ensure!(pinned.status.success(), "no core {LOAD_CORE}: {}", String::from_utf8_lossy(&pinned.stderr).trim());
    Ok(())
}

/// Lets this process, and what it starts from now on, have as many sockets as the machine allows.
pub fn allow_many_sockets() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}

/// A program on the server's core.
pub fn on_server_core(program: &Path) -> Result<Command> {
    let mut pinned = command(&find("taskset", "util-linux")?);
    pinned.args(["-c", SERVER_CORE]).arg(program);
    Ok(pinned)
}

/// A program that was built beside this one.
pub fn built(name: &str) -> Result<PathBuf> {
    let program = profile_folder()?.join(name);
    ensure!(program.is_file(), "{} is not built: start this by `cargo xtask bench services`", program.display());
    Ok(program)
}

/// `target/release` of `target/release/deps/services-0123`.
pub fn profile_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent);
    Ok(folder.context("a bench lies in a folder of a profile's folder")?.to_owned())
}

/// A server under load.
#[derive(Debug)]
pub struct Server {
    process: Process,
    /// Where HTTP is answered.
    pub api: SocketAddr,
    /// Where map servers connect.
    pub directory: SocketAddr,
    /// Where players connect.
    pub gateway: SocketAddr,
    /// Where services are reached that are not ours; `None` without a dictionary of services.
    pub door: Option<SocketAddr>,
}

/// What a server writes once it is up.
#[derive(serde::Deserialize)]
struct Ready {
    api_addr: SocketAddr,
    directory_addr: SocketAddr,
    gateway_addr: SocketAddr,
    door_addr: Option<SocketAddr>,
}

impl Server {
    /// Starts a sidecar with its defaults, but for limits that would turn the load away.
    pub async fn sidecar(base: &Base) -> Result<Self> {
        Self::sidecar_with(base, []).await
    }

    /// The same with more settings.
    pub async fn sidecar_with(base: &Base, more: impl IntoIterator<Item = (&'static str, String)>) -> Result<Self> {
        let ready_file = base.home.fresh_path("ready.json");
        let mut serve = on_server_core(&built("sidecar")?)?;
        serve.arg("serve").env("READY_FILE", &ready_file).envs(base.settings());
        for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
            serve.env(listener, "127.0.0.1:0");
        }
        for limit in ["CALLS_PER_MIN", "GATEWAY_MESSAGES_PER_10S", "ENTRIES_PER_MIN"] {
            serve.env(limit, "1000000000");
        }
        serve.env("ACCESS_TOKEN_SECONDS", "86400").envs(more);
        Self::start(&base.home, serve, &ready_file).await
    }

    /// Starts the bare server. Its map servers' acknowledgements are made at `echo`.
    pub async fn bare(base: &Base, echo: SocketAddr) -> Result<Self> {
        let ready_file = base.home.fresh_path("ready.json");
        let mut serve = on_server_core(&std::env::current_exe()?)?;
        let database = base.postgres_url().context("the bare server's database is on PostgreSQL")?;
        serve.args(["bare", "--database", database, "--jwt-secret", &base.jwt_secret()]);
        serve.args(["--echo", &echo.to_string()]).arg("--ready-file").arg(&ready_file);
        Self::start(&base.home, serve, &ready_file).await
    }

    async fn start(home: &Home, command: Command, ready_file: &Path) -> Result<Self> {
        let process = Process::start(home, command);
        let ready: Ready = ready(&process, ready_file).await?;
        let Ready { api_addr: api, directory_addr: directory, gateway_addr: gateway, door_addr: door } = ready;
        Ok(Self { process, api, directory, gateway, door })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Memory that it has in use, in bytes.
    pub fn resident(&self) -> Result<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.process.pid()))?;
        let pages: u64 = statm.split_whitespace().nth(1).context("no resident size")?.parse()?;
        Ok(pages * rustix::param::page_size() as u64)
    }

    /// The end of its output, for an error.
    pub fn told(&self) -> String {
        self.process.told()
    }
}

/// What a program writes into its ready file once it is up.
pub async fn ready<T: DeserializeOwned>(process: &Process, file: &Path) -> Result<T> {
    let up = found_within(PATIENCE, async || {
        let text = std::fs::read(file).ok();
        let read = text.and_then(|text| serde_json::from_slice(&text).ok());
        // One that has ended is waited for no longer.
        if read.is_none() && !process.is_running() { Some(None) } else { read.map(Some) }
    });
    up.await.flatten().with_context(|| format!("it does not come up{}", process.told()))
}

/// Processor time that a process has used.
pub fn cpu_of(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after_name) = stat.rsplit_once(')').context("no name in stat")?;
    let ticks = after_name.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}
