//! The sidecar as a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use crate::api::Api;
use crate::binaries::binaries;
use crate::home::Home;
use crate::map_server::TEST_ENTRIES;
use crate::process::{Process, command};
use crate::shared::Tells;
use crate::wait::{PATIENCE, found_within};

/// A running `sidecar serve` whose every port was free.
#[derive(Debug)]
pub struct SidecarProcess {
    /// The process.
    pub process: Process,
    /// Where its data lies.
    pub home: Home,
    /// The file that said it is up.
    pub ready_file: PathBuf,
    /// What that file says.
    pub ready: SidecarReady,
}

/// The sidecar's `ready.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct SidecarReady {
    /// Its process.
    pub pid: u32,
    /// The public API.
    pub api_addr: SocketAddr,
    /// The directory.
    pub directory_addr: SocketAddr,
    /// The gateway.
    pub gateway_addr: SocketAddr,
}

impl SidecarProcess {
    /// Starts one in a home of its own, with these settings, and waits until it is up.
    ///
    /// # Panics
    /// When it does not come up; its output is in the message.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(&Home::new(), settings).await
    }

    /// As [`SidecarProcess::start`], in a home that is there already.
    ///
    /// # Panics
    /// When it does not come up; its output is in the message.
    pub async fn start_in(home: &Home, settings: &[(&str, &str)]) -> Self {
        let home = home.clone();
        let ready_file = home.fresh_path("ready.json");
        let mut serve = command(&binaries().sidecar);
        serve.arg("serve").env("DATA_DIR", home.data_dir()).env("READY_FILE", &ready_file);
        for listener in ["API_ADDR", "DIRECTORY_ADDR", "GATEWAY_ADDR"] {
            serve.env(listener, "127.0.0.1:0");
        }
        serve.env("ENTRIES_PER_MIN", TEST_ENTRIES).envs(settings.iter().copied());
        let process = Process::start(&home, serve);
        let up = found_within(PATIENCE, async || {
            assert!(process.is_running(), "the sidecar has ended{}", process.told());
            serde_json::from_slice(&std::fs::read(&ready_file).ok()?).ok()
        });
        let Some(ready) = up.await else { panic!("the sidecar is not up after {PATIENCE:?}{}", process.told()) };
        Self { process, home, ready_file, ready }
    }

    /// A client of the public API.
    pub fn api(&self) -> Api {
        Api::new(self.ready.api_addr)
    }

    /// A client of the directory that shows the service token.
    pub fn directory(&self) -> Api {
        Api::new(self.ready.directory_addr).with_token(&self.home.secret("service_token"))
    }

    /// Ends it as an operator does.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(self) {
        self.process.terminate();
        assert_eq!(self.process.finished().await.code, Some(0), "a sidecar ends well{}", self.told());
    }

    /// A client of the directory that shows nothing.
    pub fn directory_without_token(&self) -> Api {
        Api::new(self.ready.directory_addr)
    }
}

impl Tells for SidecarProcess {
    fn told(&self) -> String {
        self.process.told()
    }
}
