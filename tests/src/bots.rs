//! Sends in bots.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::binaries::binaries;
use crate::database::{Database, ItemRow};
use crate::map_server::MapServer;
use crate::process::{Finished, Process, command};
use crate::wait::PATIENCE;

/// Bots that play on a server.
#[derive(Debug)]
pub struct Bots {
    process: Process,
    seconds: u64,
    dump: PathBuf,
}

/// What is left of them.
#[derive(Debug)]
pub struct BotRun {
    /// How the program ended.
    pub finished: Finished,
    /// Its report.
    pub report: Value,
    /// What each character was last told.
    pub told: Vec<ToldCharacter>,
}

/// What a bot's character was last told it is and owns.
#[derive(Debug, Clone, Deserialize)]
pub struct ToldCharacter {
    /// Its id.
    pub character_id: String,
    /// Its name.
    pub name: String,
    /// Its gold.
    pub gold: i64,
    /// Its experience in all.
    pub experience: i64,
    /// Its level.
    pub level: i64,
    /// Its items.
    pub items: Vec<ToldItem>,
    /// The map it was on.
    pub map: i64,
    /// Where it was last shown, in 1/1,024 tile.
    pub position: Option<(i64, i64)>,
}

/// How far one who stands may be shoved after it was last shown, in 1/1,024 tile.
const SHOVE: u64 = 2 * 1_024;

/// An item that a bot was told of.
#[derive(Debug, Clone, Deserialize)]
pub struct ToldItem {
    /// Its identity.
    pub id: String,
    /// What it is.
    pub definition: String,
    /// Where it lies.
    pub slot: i64,
}

impl Bots {
    /// Starts so many, for so long once all are in the world, with further arguments.
    pub fn start(server: &MapServer, count: u32, seconds: u64, arguments: &[&str]) -> Self {
        let home = &server.settings.home;
        let dump = home.fresh_path("dump.json");
        let mut bots = command(&binaries().bot);
        bots.args(["--count", &count.to_string(), "--seconds", &seconds.to_string(), "--json", "--quiet"]);
        let api = server.ready.api.expect("the sidecar is embedded");
        bots.args(["--server", &format!("http://{api}"), "--gateway", &format!("ws://{}/ws", server.gateway())]);
        bots.arg("--dump").arg(&dump).args(arguments);
        Self { process: Process::start(home, bots), seconds, dump }
    }

    /// Waits for their end.
    ///
    /// # Panics
    /// When they do not end, or leave no report.
    pub async fn finished(&self) -> BotRun {
        // Registering takes a password hash each, and the goodbyes wait for their saves.
        let patience = Duration::from_secs(self.seconds) + 2 * PATIENCE;
        let finished = self.process.finished_within(patience).await;
        let Ok(report) = serde_json::from_str(&finished.stdout) else {
            panic!("the bots' report cannot be read{}", self.process.told())
        };
        let dump = std::fs::read(&self.dump).unwrap_or_else(|error| panic!("no dump: {error}{}", self.process.told()));
        let told = serde_json::from_slice(&dump).expect("the dump is JSON of the known shape");
        BotRun { finished, report, told }
    }
}

impl BotRun {
    /// Everything that was expected has happened.
    ///
    /// # Panics
    /// When something has not; the report is in the message.
    #[track_caller]
    pub fn assert_good(&self) {
        let why = &self.report["failed_expectations"];
        assert_eq!(self.finished.code, Some(0), "{why:#}\n{:#}\n{}", self.report, self.finished.stderr);
    }
}

impl ToldCharacter {
    /// The database says of this character what it was told.
    ///
    /// # Panics
    /// When it says anything else.
    pub async fn assert_stored(&self, database: &Database) {
        let row = database.character(&self.character_id).await;
        let told = (self.name.as_str(), self.level, self.experience, self.map);
        assert_eq!((row.name.as_str(), row.level, row.experience, row.map_id), told, "stored, and told");
        let (x, y) = self.position.unwrap_or_else(|| panic!("{} was never shown", self.name));
        let is_there = row.x.abs_diff(x) <= SHOVE && row.y.abs_diff(y) <= SHOVE;
        assert!(is_there, "{} is stored at {:?}, and was shown at {:?}", self.name, (row.x, row.y), (x, y));
        assert_eq!(database.gold(&self.character_id).await, self.gold, "gold of {}, stored and told", self.name);
        let item =
            |item: &ToldItem| (item.id.clone(), ItemRow { definition: item.definition.clone(), slot: item.slot });
        let told = self.items.iter().map(item).collect();
        assert_eq!(database.items(&self.character_id).await, told, "items of {}, stored and told", self.name);
    }
}
