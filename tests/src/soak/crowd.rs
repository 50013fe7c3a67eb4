//! Bots in groups. Each group plays for a while, says goodbye, and is replaced by one of new accounts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::time::Instant;

use super::realm::Realm;
use crate::backends::program::find;
use crate::binaries::binaries;
use crate::home::Home;
use crate::process::{Process, command};

/// Longer than a bot tries to say goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(90);
/// Bots of a group come and go together.
const MOST_IN_A_GROUP: u32 = 15;

/// How many play, for how long each, and what their choices are drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// How many at once.
    pub players: u32,
    /// How long each plays.
    pub life: Duration,
    /// Seed of the first group; each has the next.
    pub seed: u64,
    /// Whether they run only while nothing else wants the processor, where `chrt` is there: players have machines of their own, and what
    /// is measured is the servers' work. On a busy machine they may then not run at all.
    pub is_idle: bool,
}

/// Where they play.
#[derive(Debug, Clone)]
struct Endpoints {
    server: String,
    gateway: String,
    metrics: String,
}

/// All of them.
#[derive(Debug)]
pub struct Crowd {
    size: Size,
    endpoints: Endpoints,
    groups: Vec<Group>,
    sent: u64,
    /// What became of those that have left.
    pub gone: Gone,
}

#[derive(Debug)]
struct Group {
    bots: u32,
    /// Groups begin one after the other, so that as many come at any time as go.
    begins: Instant,
    playing: Option<Process>,
}

/// What became of groups that have left.
#[derive(Debug, Clone, Default)]
pub struct Gone {
    /// Bots that were in the world.
    pub entered: u64,
    /// Bots that got their goodbye.
    pub logged_out: u64,
    /// Bots that were to play.
    pub sent: u64,
    /// Ends of connections that nobody asked for.
    pub disconnects: u64,
    /// Why some did not play, a few of them.
    pub troubles: Vec<String>,
}

impl Crowd {
    /// Nobody yet.
    pub fn new(size: Size, realm: &Realm) -> Self {
        let (api, gateway) = realm.entrance();
        let endpoints = Endpoints {
            server: format!("http://{api}"),
            gateway: format!("ws://{gateway}/ws"),
            metrics: format!("http://{}/metrics", realm.admin()),
        };
        let count = size.players.div_ceil(MOST_IN_A_GROUP).max(1);
        let now = Instant::now();
        let groups = (0..count).map(|number| Group {
            bots: size.players / count + u32::from(number < size.players % count),
            begins: now + size.life * number / count,
            playing: None,
        });
        Self { size, endpoints, groups: groups.collect(), sent: 0, gone: Gone::default() }
    }

    /// Sends in whoever is due, and others for those who have gone.
    pub fn tend(&mut self) {
        let now = Instant::now();
        for group in &mut self.groups {
            if group.playing.as_ref().is_some_and(Process::is_running) || now < group.begins {
                continue;
            }
            if let Some(ended) = group.playing.take() {
                self.gone.note(group.bots, &ended);
            }
            group.playing = Some(start(&self.endpoints, self.size, group.bots, self.sent));
            self.sent += 1;
        }
    }

    /// Sends everybody home.
    pub async fn leave(&mut self) {
        for group in &mut self.groups {
            group.playing.iter().for_each(|bots| bots.signal(Signal::INT));
        }
        for group in &mut self.groups {
            if let Some(bots) = group.playing.take() {
                bots.finished_within(GOODBYE_WITHIN).await;
                self.gone.note(group.bots, &bots);
            }
        }
    }
}

impl Gone {
    fn note(&mut self, bots: u32, ended: &Process) {
        self.sent += u64::from(bots);
        let report: Value = serde_json::from_str(&ended.stdout()).unwrap_or_default();
        let count = |name: &str| report[name].as_u64().unwrap_or_default();
        self.entered += count("entered");
        self.logged_out += count("logged_out");
        self.disconnects += count("disconnects");
        let troubles = report["troubles"].as_array().into_iter().flatten();
        let told = troubles.map(|trouble| trouble.as_str().unwrap_or_default().to_owned());
        let silent = report.is_null().then(|| format!("a group left no report{}", ended.told()));
        const MOST_TOLD: usize = 20;
        let room = MOST_TOLD.saturating_sub(self.troubles.len());
        self.troubles.extend(told.chain(silent).take(room));
    }
}

/// In a home of its own, which goes with it: a long run leaves no files behind.
fn start(endpoints: &Endpoints, size: Size, bots: u32, number: u64) -> Process {
    let mut group = program(&binaries().bot, size.is_idle);
    group.args(["--quiet", "--json", "--expect", "none", "--prefix", "Soak", "--log", "error"]);
    group.args(["--count", &bots.to_string(), "--seconds", &size.life.as_secs().to_string()]);
    group.args(["--seed", &size.seed.wrapping_add(number).to_string()]);
    group.args(["--server", &endpoints.server, "--gateway", &endpoints.gateway, "--metrics", &endpoints.metrics]);
    Process::start(&Home::new(), group)
}

fn program(program: &Path, is_idle: bool) -> Command {
    match find("chrt", "util-linux") {
        Ok(chrt) if is_idle => {
            let mut idle = command(&chrt);
            idle.args(["--idle", "0"]).arg(program);
            idle
        }
        _ => command(program),
    }
}
