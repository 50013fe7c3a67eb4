//! New data files in a running world: they are taken up when they are saved (`RELOAD`), and on `POST /reload`.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use realmgate_engine::data::Faults;
use realmgate_engine::host::Reloader;
use realmgate_engine::map::MapSet;
use realmgate_game::data::{DataFiles, GameData};
use realmgate_game::reload::NewData;
use tokio::sync::{Mutex, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the files are read. A change counts when two readings in a row find the same, so that a file which is being written
/// is not used.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Maximum number of faults of a reload that are logged.
const MAX_LOGGED: usize = 20;

/// What became of a reload.
#[derive(Debug)]
pub enum Outcome {
    /// The files say what the worlds play by already.
    Unchanged,
    /// All worlds play by the new data. What it changes, in words.
    Applied(String),
    /// The files have faults, and the old data stays.
    Refused(Faults),
    /// The simulation has ended.
    Ended,
}

/// The data files of the worlds that run here.
pub struct Reloads {
    folder: PathBuf,
    maps: Arc<MapSet>,
    data: RwLock<Arc<GameData>>,
    reloader: Reloader,
    /// One reload at a time.
    turn: Mutex<()>,
}

impl Reloads {
    /// The files in a folder, which have this data.
    pub fn new(folder: PathBuf, data: Arc<GameData>, maps: Arc<MapSet>, reloader: Reloader) -> Arc<Self> {
        Arc::new(Self { folder, maps, data: RwLock::new(data), reloader, turn: Mutex::default() })
    }

    /// Reads the files, checks them, and gives what they say to all worlds, or to none if there is a fault. Completes when the
    /// worlds play by it. A reload that has begun goes on to its end, also if its caller does not wait: the next one has to know
    /// which numbers the worlds have.
    pub async fn reload(self: &Arc<Self>) -> Outcome {
        // An error stands for a runtime that shuts down.
        tokio::spawn(self.clone().reload_to_the_end()).await.unwrap_or(Outcome::Ended)
    }

    async fn reload_to_the_end(self: Arc<Self>) -> Outcome {
        let _turn = self.turn.lock().await;
        let begun = Instant::now();
        let this = self.clone();
        let outcome = match tokio::task::spawn_blocking(move || this.read()).await {
            Ok(Ok(new)) => self.apply(&new).await,
            Ok(Err(faults)) => Outcome::Refused(faults),
            // The runtime shuts down.
            Err(_) => Outcome::Ended,
        };
        report(&outcome, begun.elapsed());
        outcome
    }

    fn read(&self) -> Result<NewData, Faults> {
        NewData::read(&self.folder, &self.data(), &self.maps)
    }

    async fn apply(&self, new: &NewData) -> Outcome {
        if new.changes().is_empty() {
            return Outcome::Unchanged;
        }
        let (done, applied) = oneshot::channel();
        let build = realmgate_game::build_world(new.data().clone(), self.maps.clone());
        self.reloader.reload(new.reload(), build, move || {
            // Nobody waits for it when the process shuts down.
            let _ = done.send(());
        });
        if applied.await.is_err() {
            return Outcome::Ended;
        }
        *self.data.write().unwrap_or_else(PoisonError::into_inner) = new.data().clone();
        Outcome::Applied(new.changes().to_string())
    }

    fn data(&self) -> Arc<GameData> {
        self.data.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up files that change, until `stop`. Files with faults are reported once.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        // The first reading finds what has changed since the start.
        let (mut used, mut before) = (Vec::new(), Vec::new());
        while tokio::time::timeout(LOOK_EVERY, stop.cancelled()).await.is_err() {
            let now = self.texts().await;
            if now == before && now != used {
                self.reload().await;
                used.clone_from(&now);
            }
            before = now;
        }
    }

    async fn texts(&self) -> Vec<(String, String)> {
        let folder = self.folder.clone();
        // An error stands for a runtime that shuts down.
        tokio::task::spawn_blocking(move || DataFiles::read(&folder).for_worlds()).await.unwrap_or_default()
    }
}

fn report(outcome: &Outcome, took: Duration) {
    let count = |outcome: &'static str| metrics::counter!("realmgate_reloads_total", "outcome" => outcome).increment(1);
    match outcome {
        Outcome::Unchanged | Outcome::Ended => {}
        Outcome::Applied(changes) => {
            count("applied");
            tracing::info!(took_ms = took.as_millis(), "data reloaded: {changes}");
        }
        Outcome::Refused(faults) => {
            count("refused");
            tracing::warn!(faults = faults.len(), "data not reloaded, the old data stays");
            faults.iter().take(MAX_LOGGED).for_each(|fault| tracing::warn!("{fault}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use realmgate_engine::host::{LocalLink, MapServer};
    use realmgate_engine::map::Map;
    use realmgate_engine::transport::Transports;
    use realmgate_game::maps::map_objects;
    use realmgate_platform::testing::{a_moment, soon};
    use realmgate_protocol::ids::MapId;

    use super::*;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    /// A folder with the shipped data files and sounds.
    fn copied_assets() -> tempfile::TempDir {
        fn copy(from: &Path, to: &Path) {
            for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
                let target = to.join(entry.file_name().unwrap());
                if entry.is_dir() {
                    fs::create_dir(&target).unwrap();
                    copy(&entry, &target);
                } else {
                    fs::copy(&entry, &target).unwrap();
                }
            }
        }
        let folder = tempfile::tempdir().unwrap();
        copy(&Path::new(ROOT).join("assets"), folder.path());
        folder
    }

    #[tokio::test]
    async fn reload_whose_caller_is_gone_goes_on_to_its_end() {
        let assets = copied_assets();
        let data = Arc::new(GameData::load(assets.path()).unwrap());
        let maps = Arc::new(MapSet::load(&Path::new(ROOT).join("maps"), &map_objects()).unwrap());
        let (link, ends) = LocalLink::open("test".parse().unwrap()).unwrap();
        let map = Map::clone(maps.get(MapId(1)).unwrap());
        let config = link.host_config(vec![map]).unwrap();
        let build = realmgate_game::build_world(data.clone(), maps.clone());
        let mut server = MapServer::new(config, build, Transports::new(Vec::new()), ends);
        let reloads = Reloads::new(assets.path().to_owned(), data, maps, server.reloader());

        let file = assets.path().join("mobs.toml");
        let text = fs::read_to_string(&file).unwrap();
        let boar = &text[text.find("[boar]").unwrap()..];
        let boar = &boar[..boar.find("\n\n[wolf]").unwrap_or(boar.len())];
        fs::write(&file, format!("{text}\n{}\n", boar.replace("[boar", "[ant"))).unwrap();
        let caller = tokio::spawn({
            let reloads = reloads.clone();
            async move { reloads.reload().await }
        });
        a_moment().await;
        caller.abort();
        soon("the data that the worlds play by", async {
            while reloads.data().mobs.find("ant").is_none() {
                server.step(0);
                a_moment().await;
            }
        })
        .await;
    }
}
