//! The dictionary in force, which follows its file.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use realmgate_platform::background::Background;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::Dictionary;
use super::fault::Faults;
use super::load::{read_bounded, unreadable};

/// How often the file is read.
const EVERY: Duration = Duration::from_secs(1);

/// The dictionary in force. A changed file replaces it, if it has no faults.
pub struct Watch {
    current: watch::Receiver<Arc<Dictionary>>,
}

/// What the file had when it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Contents([u8; 32]),
    Unreadable(io::ErrorKind),
}

/// Reads the file again and again.
struct Follower {
    file: PathBuf,
    dictionary: watch::Sender<Arc<Dictionary>>,
    /// What was used or refused last, and what was read last.
    seen: Mutex<(Seen, Seen)>,
}

impl Watch {
    /// Reads the file, and then again every second until the shutdown.
    ///
    /// A change counts when two readings in a row find the same contents, so that a file which is being written is not
    /// used. A change with faults is logged once, and the old dictionary stays.
    ///
    /// # Errors
    /// All faults of the file, also that it is missing or cannot be read.
    pub fn start(file: PathBuf, background: &Background) -> Result<Arc<Self>, Faults> {
        Self::start_every(EVERY, file, background)
    }

    fn start_every(every: Duration, file: PathBuf, background: &Background) -> Result<Arc<Self>, Faults> {
        let (follower, current) = Follower::start(file)?;
        let follower = Arc::new(follower);
        background.every(every, every, move || follower.clone().look());
        Ok(Arc::new(Self { current }))
    }

    /// The dictionary in force.
    pub fn current(&self) -> Arc<Dictionary> {
        self.current.borrow().clone()
    }

    /// Waits until the dictionary in force is not `old`, which [`Watch::current`] or this function returned before.
    /// `None` when the door shuts down.
    pub async fn changed(&self, old: &Arc<Dictionary>) -> Option<Arc<Dictionary>> {
        let mut current = self.current.clone();
        let new = current.wait_for(|dictionary| !Arc::ptr_eq(dictionary, old)).await.ok()?;
        Some(new.clone())
    }
}

impl Follower {
    /// Reads the file for the first time.
    fn start(file: PathBuf) -> Result<(Self, watch::Receiver<Arc<Dictionary>>), Faults> {
        let text = read_bounded(&file).map_err(|error| unreadable(&file, &error))?;
        let (dictionary, current) = watch::channel(Arc::new(Dictionary::parse(&text, &file)?));
        let seen = Seen::of(&Ok(text));
        Ok((Self { file, dictionary, seen: Mutex::new((seen.clone(), seen)) }, current))
    }

    /// Reads the file once, and uses what has changed.
    async fn look(self: Arc<Self>) {
        let file = self.file.clone();
        let reading = move || {
            let read = read_bounded(&file);
            (Seen::of(&read), read)
        };
        // An error stands for a runtime that shuts down.
        let Ok((now, read)) = spawn_blocking(reading).await else { return };
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let (used, last) = &mut *seen;
            let is_settled = *last == now;
            *last = now.clone();
            if !is_settled || *used == now {
                return;
            }
            *used = now;
        }
        let file = self.file.clone();
        let parsing = move || Dictionary::parse(&read.map_err(|error| unreadable(&file, &error))?, &file);
        if let Ok(parsed) = spawn_blocking(parsing).await {
            self.take(parsed);
        }
    }

    fn take(&self, parsed: Result<Dictionary, Faults>) {
        let file = self.file.display();
        let result = if parsed.is_ok() { "ok" } else { "failed" };
        metrics::counter!("realmgate_door_dictionary_reloads_total", "result" => result).increment(1);
        match parsed {
            Ok(new) => {
                tracing::info!(%file, services = new.services.len(), "service dictionary reloaded");
                // Other comments or another order of keys change nothing for sockets that are open.
                self.dictionary.send_if_modified(|current| {
                    let is_other = **current != new;
                    if is_other {
                        *current = Arc::new(new);
                    }
                    is_other
                });
            }
            Err(faults) => {
                tracing::error!(%file, %faults, "service dictionary not reloaded, the old one stays in force")
            }
        }
    }
}

impl Seen {
    fn of(read: &io::Result<String>) -> Self {
        match read {
            Ok(text) => Self::Contents(Sha256::digest(text).into()),
            Err(error) => Self::Unreadable(error.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
    use tempfile::TempDir;

    use super::*;

    const FAULTY: &str = "[services.shop]\nurl = 7\n";

    fn service(name: &str) -> String {
        format!("[services.{name}]\nurl = \"http://a\"\npath = \"/{name}\"\n")
    }

    fn names(dictionary: &Dictionary) -> Vec<&str> {
        dictionary.services.iter().map(|service| service.name.as_str()).collect()
    }

    /// `services.toml` with the service `shop`, in a folder of its own.
    struct Place(TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().unwrap());
            place.write(service("shop"));
            place
        }

        fn file(&self) -> PathBuf {
            self.0.path().join("services.toml")
        }

        fn write(&self, contents: impl AsRef<[u8]>) {
            std::fs::write(self.file(), contents).unwrap();
        }

        /// Starts a watch whose readings are milliseconds apart.
        fn watch(&self) -> (Arc<Watch>, Background) {
            let background = Background::default();
            (Watch::start_every(Duration::from_millis(5), self.file(), &background).unwrap(), background)
        }

        /// A follower that a test steps.
        fn follower(&self) -> (Arc<Follower>, Watch) {
            let (follower, current) = Follower::start(self.file()).unwrap();
            (Arc::new(follower), Watch { current })
        }
    }

    async fn changed(watch: &Watch, old: &Arc<Dictionary>) -> Option<Arc<Dictionary>> {
        tokio::time::timeout(Duration::from_secs(20), watch.changed(old)).await.expect("no change within 20 s")
    }

    /// Counts reloads, by their result.
    #[derive(Default)]
    struct Reloads {
        ok: Arc<AtomicU64>,
        failed: Arc<AtomicU64>,
    }

    impl Reloads {
        fn counts(&self) -> (u64, u64) {
            (self.ok.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
        }
    }

    impl Recorder for Reloads {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            assert_eq!(key.name(), "realmgate_door_dictionary_reloads_total");
            match key.labels().next().map(|label| (label.key(), label.value())) {
                Some(("result", "ok")) => Counter::from_arc(self.ok.clone()),
                Some(("result", "failed")) => Counter::from_arc(self.failed.clone()),
                other => panic!("{other:?}"),
            }
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[tokio::test]
    async fn a_changed_file_replaces_the_dictionary() {
        let place = Place::new();
        let (watch, _background) = place.watch();
        let mut current = watch.current();
        assert_eq!(names(&current), ["shop"]);
        for name in ["forum", "shop"] {
            place.write(service(name));
            current = changed(&watch, &current).await.unwrap();
            assert_eq!(names(&current), [name]);
            assert!(Arc::ptr_eq(&watch.current(), &current));
        }
    }

    #[tokio::test]
    async fn a_change_before_the_wait_is_returned_at_once() {
        let place = Place::new();
        let (watch, _background) = place.watch();
        let first = watch.current();
        place.write(service("forum"));
        let second = changed(&watch, &first).await.unwrap();
        assert!(Arc::ptr_eq(&changed(&watch, &first).await.unwrap(), &second));
    }

    #[tokio::test]
    async fn waiting_ends_with_the_shutdown() {
        let place = Place::new();
        let (watch, background) = place.watch();
        background.shutdown.cancel();
        assert!(changed(&watch, &watch.current()).await.is_none());
        assert_eq!(names(&watch.current()), ["shop"]);
    }

    #[tokio::test]
    async fn a_door_does_not_start_with_a_faulty_or_missing_file() {
        let place = Place::new();
        place.write(FAULTY);
        let start = || Watch::start(place.file(), &Background::default()).err().unwrap().to_string();
        assert!(start().contains("services.toml:2:7: `url` is 7; expected a text"), "{}", start());
        std::fs::remove_file(place.file()).unwrap();
        assert!(start().contains("services.toml:1:1: the file does not exist"), "{}", start());
    }

    #[tokio::test]
    async fn each_change_counts_once_after_two_equal_readings() {
        let reloads = Reloads::default();
        let _listens = metrics::set_default_local_recorder(&reloads);
        let place = Place::new();
        let (follower, watch) = place.follower();
        let look = async |times: usize| {
            for _ in 0..times {
                follower.clone().look().await;
            }
            (names(&watch.current()).join(" "), reloads.counts())
        };
        let after = |name: &str, ok: u64, failed: u64| (name.to_owned(), (ok, failed));
        assert_eq!(look(3).await, after("shop", 0, 0), "nothing has changed");
        place.write(service("forum"));
        assert_eq!(look(1).await, after("shop", 0, 0), "the file may still be written");
        assert_eq!(look(3).await, after("forum", 1, 0));
        place.write(FAULTY);
        assert_eq!(look(5).await, after("forum", 1, 1), "a faulty file is refused once");
        std::fs::remove_file(place.file()).unwrap();
        assert_eq!(look(5).await, after("forum", 1, 2), "a removed file is reported once");
        place.write(b"\xff");
        assert_eq!(look(5).await, after("forum", 1, 3), "so is one that cannot be read");
        place.write(format!("# A comment.\n{}", service("forum")));
        let before = watch.current();
        assert_eq!(look(5).await, after("forum", 2, 3));
        assert!(Arc::ptr_eq(&before, &watch.current()), "a comment changes nothing");
        // A file that changes with each reading is not used.
        for name in ["a", "b", "c"] {
            place.write(service(name));
            assert_eq!(look(1).await, after("forum", 2, 3));
        }
        assert_eq!(look(1).await, after("c", 3, 3));
    }
}
