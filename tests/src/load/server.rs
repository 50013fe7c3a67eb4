//! The map server under load, and what it says of itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use realmgate_client::scrape::{Histogram, Scrape};
use realmgate_engine::schedule::TickSet;
use serde::Deserialize;

use super::double::Double;
use super::ground;
use super::scene::Scene;
use crate::backends::program::find;
use crate::binaries::workspace;
use crate::home::Home;
use crate::process::{Process, command};

/// How long it may take to come up.
const UP_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// So many ticks tell whether channels rest: then one in twenty is whole.
const WATCHED_TICKS: f64 = 20.0;
/// Parts that a channel measures in a whole tick; in one that is passed by, none.
const PARTS_OF_A_TICK: f64 = TickSet::ALL.len() as f64;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Program {
    /// `start_server`.
    pub path: PathBuf,
    /// The core that it has to itself; anywhere without one.
    pub core: Option<usize>,
}

/// A running map server.
pub struct Server {
    process: Process,
    /// Where players connect.
    pub game: SocketAddr,
    /// Where it answers WebSocket.
    pub websocket: String,
    /// Where it answers WebTransport.
    pub webtransport: String,
    /// Health and metrics.
    pub admin: SocketAddr,
}

#[derive(Deserialize)]
struct Ready {
    game: SocketAddr,
    websocket: String,
    webtransport: String,
    admin: SocketAddr,
}

/// What a server has used and counted so far.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Processor time of each thread since it began, by name, in ns.
    pub threads: Vec<(String, u64)>,
    /// Ticks run.
    pub ticks: u64,
    /// Work of ticks, in seconds.
    pub work: Histogram,
    /// The sum of it.
    pub work_s: f64,
    /// How late ticks began, in seconds.
    pub late: Histogram,
    /// Players.
    pub players: u64,
    /// Resident memory in bytes.
    pub resident: u64,
    /// Datagrams of connected clients that were refused, since each client has but so many a second.
    pub over_budget: u64,
    /// Datagrams that were refused, for any reason.
    pub refused: u64,
}

const REFUSED: &str = "realmgate_packets_refused_total";
const OVER_BUDGET: &str = "realmgate_packets_refused_total{reason=\"session_budget\"}";

impl Server {
    /// Starts one on the ground of a scene, linked to the double.
    ///
    /// # Errors
    /// When the ground cannot be laid, `taskset` is needed and missing, or the server or its link is not up in time.
    pub fn start(program: &Program, scene: &Scene, double: &Double, home: &Home) -> Result<Self> {
        let (maps, assets) = (home.path("maps"), home.path("assets"));
        ground::lay(scene, &maps, &assets)?;
        let mut start = pinned(program.core, &program.path)?;
        start.env("MAPS_DIR", maps).env("ASSETS_DIR", assets);
        start.env("MAX_PLAYERS", scene.players.max(16).to_string());
        Self::launch(start, double, home)
    }

    /// Starts one with all maps that are shipped, linked to the double.
    ///
    /// # Errors
    /// When `taskset` is needed and missing, or the server or its link is not up in time.
    pub fn start_shipped(program: &Program, double: &Double, home: &Home) -> Result<Self> {
        let mut start = pinned(program.core, &program.path)?;
        start.env("MAPS_DIR", workspace().join("maps")).env("ASSETS_DIR", workspace().join("assets"));
        start.env("HOST_MAPS", "all");
        Self::launch(start, double, home)
    }

    fn launch(mut start: std::process::Command, double: &Double, home: &Home) -> Result<Self> {
        let ready_file = home.fresh_path("ready.json");
        start.args(["1", "0", "--ready-file"]).arg(&ready_file);
        start.env("DATA_DIR", home.data_dir()).env("GAME_ADDR", "127.0.0.1").env("ADMIN_ADDR", "127.0.0.1:0");
        start.env("TICK_HZ", "20").env("LOG", "warn").envs(double.environment());
        let process = Process::start(home, start);
        let ready: Ready = wait_for(&process, "it is up", || read_json(&ready_file))?;
        let Ready { game, websocket, webtransport, admin } = ready;
        let server = Self { process, game, websocket, webtransport, admin };
        wait_for(&server.process, "its map link is up", || {
            let answer = get(admin, "/readyz").ok()?;
            answer.starts_with("HTTP/1.1 200").then_some(())
        })?;
        Ok(server)
    }

    /// Waits until all of its channels rest, which they do after ten seconds in which nothing happens.
    ///
    /// # Errors
    /// When it ends first, or they go on.
    pub fn wait_for_rest(&self) -> Result<()> {
        let mut last = None;
        wait_for(&self.process, "its channels rest", || {
            let metrics = Scrape::of(&get(self.admin, "/metrics").ok()?);
            let ticks = metrics.sum("realmgate_ticks_total")?;
            let parts = metrics.sum("realmgate_tick_part_seconds_count")?;
            let (since, before) = *last.get_or_insert((ticks, parts));
            if ticks - since < WATCHED_TICKS {
                return None;
            }
            last = Some((ticks, parts));
            (parts - before < (ticks - since) * PARTS_OF_A_TICK).then_some(())
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// The end of its output, for an error.
    pub fn told(&self) -> String {
        self.process.told()
    }

    /// What it has used and counted; takes a while, since it is asked over HTTP.
    ///
    /// # Errors
    /// When the server does not answer, its page lacks the ticks or a histogram, or `/proc` cannot be read.
    pub fn sample(pid: u32, admin: SocketAddr) -> Result<Sample> {
        let metrics = Scrape::of(&get(admin, "/metrics")?);
        let histogram = |name: &str| metrics.histogram(name).with_context(|| format!("there is no {name}"));
        Ok(Sample {
            threads: threads(pid)?,
            ticks: metrics.sum("realmgate_ticks_total").context("it counts no ticks")? as u64,
            work: histogram("realmgate_tick_work_seconds")?,
            work_s: metrics.sum("realmgate_tick_work_seconds_sum").unwrap_or_default(),
            late: histogram("realmgate_tick_late_seconds")?,
            players: metrics.sum("realmgate_players").unwrap_or_default() as u64,
            resident: resident(pid)?,
            refused: metrics.sum(REFUSED).unwrap_or_default() as u64,
            over_budget: metrics.value(OVER_BUDGET).unwrap_or_default() as u64,
        })
    }
}

impl Server {
    /// What it has refused so far, by reason: for an error.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn refusals(admin: SocketAddr) -> Result<String> {
        let text = get(admin, "/metrics")?;
        let lines = text.lines().filter(|line| line.contains("refused_total") && !line.starts_with('#'));
        Ok(lines.filter(|line| !line.ends_with(" 0")).collect::<Vec<_>>().join(", "))
    }
}

/// A program on a core of its own.
///
/// # Errors
/// When a core is given and `taskset` is not installed.
pub fn pinned(core: Option<usize>, program: &Path) -> Result<std::process::Command> {
    let Some(core) = core else { return Ok(command(program)) };
    let mut pinned = command(&find("taskset", "util-linux")?);
    pinned.args(["-c", &core.to_string()]).arg(program);
    Ok(pinned)
}

/// Waits for something about a program that has just been started.
///
/// # Errors
/// When the process ends first, or it takes too long.
#[expect(clippy::disallowed_methods, reason = "real time passes while a process starts")]
pub fn wait_for<T>(process: &Process, what: &str, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let begun = std::time::Instant::now();
    while begun.elapsed() < UP_WITHIN {
        if let Some(found) = look() {
            return Ok(found);
        }
        ensure!(process.is_running(), "it has ended before {what}{}", process.told());
        std::thread::park_timeout(LOOK_EVERY);
    }
    bail!("waited {UP_WITHIN:?} in vain until {what}{}", process.told())
}

/// The contents of a file, once it is there and whole.
pub fn read_json<T: serde::de::DeserializeOwned>(file: &Path) -> Option<T> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// Asks the health port, on a connection of its own.
fn get(admin: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(admin)?;
    stream.set_read_timeout(Some(UP_WITHIN))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// Processor time of a process's threads by name, as the scheduler counts it.
///
/// # Errors
/// When the process is gone, or a thread's `schedstat` holds no time.
pub fn threads(pid: u32) -> Result<Vec<(String, u64)>> {
    let mut threads: Vec<(String, u64)> = Vec::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let folder = entry?.path();
        let read = |file: &str| std::fs::read_to_string(folder.join(file));
        // A thread may end while it is looked at.
        let (Ok(name), Ok(stat)) = (read("comm"), read("schedstat")) else { continue };
        let ns = stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).context("no time in schedstat")?;
        let name = name.trim().to_owned();
        match threads.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += ns,
            None => threads.push((name, ns)),
        }
    }
    Ok(threads)
}

/// How often the threads of a process have slept so far: they were woken as often, but for those that sleep still.
///
/// # Errors
/// When the process is gone.
pub fn sleeps(pid: u32) -> Result<u64> {
    let mut sleeps = 0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while it is looked at.
        let Ok(status) = std::fs::read_to_string(entry?.path().join("status")) else { continue };
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        sleeps += count.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or_default();
    }
    Ok(sleeps)
}

/// Resident memory of a process in bytes.
///
/// # Errors
/// When the process is gone, or its `statm` holds no resident size.
pub fn resident(pid: u32) -> Result<u64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages: u64 = statm.split_whitespace().nth(1).context("no resident size")?.parse()?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Processor time that a process has taken so far, in seconds; that of threads that have ended counts.
///
/// # Errors
/// When the process is gone, or its `stat` holds no times.
pub fn cpu_s(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name before the last bracket may hold anything. `utime` and `stime` are fields 14 and 15 (proc_pid_stat(5)).
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (Some(Ok(user)), Some(Ok(system))) = (fields.next(), fields.next()) else { bail!("no times in stat") };
    Ok((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}
