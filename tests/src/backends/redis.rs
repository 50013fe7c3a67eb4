//! A Redis of a test's own, which keeps nothing: started again it is empty.

use std::path::PathBuf;

use realmgate_services::free_port;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::program::{Missing, ServiceFolder, ServiceUser, find};
use crate::home::Home;
use crate::process::{Process, command};
use crate::wait::{PATIENCE, until_within};

/// A Redis on a port of its own.
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    user: Option<ServiceUser>,
    folder: ServiceFolder,
    home: Home,
    port: u16,
    process: Option<Process>,
}

impl Redis {
    /// Starts one and waits until it answers.
    ///
    /// # Errors
    /// When `redis-server` is not installed.
    ///
    /// # Panics
    /// When it does not; its output is in the message.
    pub async fn start() -> Result<Self, Missing> {
        let program = find("redis-server", "redis-server")?;
        let user = ServiceUser::of(&["redis", "nobody"]);
        let folder = ServiceFolder::new(user);
        let mut redis = Self { program, user, folder, home: Home::new(), port: free_port(), process: None };
        redis.start_again().await;
        Ok(redis)
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers nobody from now on who does not show this password.
    ///
    /// # Panics
    /// When it does not do what it is told.
    pub async fn ask_for_password(&self, password: &str) {
        let done = ask(self.port, &format!("CONFIG SET requirepass {password}")).await;
        assert_eq!(done.as_deref(), Some("+OK\r\n"), "Redis can be told to ask for a password");
    }

    /// Ends it at once, with all it knew.
    pub async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(Signal::KILL);
            process.finished().await;
        }
    }

    /// Starts it on the same port, empty.
    ///
    /// # Panics
    /// When it does not answer; its output is in the message.
    pub async fn start_again(&mut self) {
        let mut serve = command(&self.program);
        serve.current_dir(self.folder.path()).args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        serve.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]).arg("--dir").arg(self.folder.path());
        if let Some(user) = self.user {
            user.runs(&mut serve);
        }
        let process = Process::start(&self.home, serve);
        let port = self.port;
        until_within("Redis answers", PATIENCE, async || {
            assert!(process.is_running(), "Redis has ended{}", process.told());
            let answer = ask(port, "PING").await?;
            answer.starts_with("+PONG").then_some(())
        })
        .await;
        self.process = Some(process);
    }
}

/// One command on a connection of its own, and what comes back at first.
async fn ask(port: u16, question: &str) -> Option<String> {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    socket.write_all(format!("{question}\r\n").as_bytes()).await.ok()?;
    let mut answer = [0; 64];
    let length = socket.read(&mut answer).await.ok()?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::program::or_skip;

    #[tokio::test]
    async fn it_comes_back_empty_and_leaves_nothing() {
        let Some(mut redis) = or_skip(Redis::start().await) else { return };
        let (port, folder) = (redis.port(), redis.folder.path().to_owned());
        assert_eq!(ask(port, "SET seat taken").await.as_deref(), Some("+OK\r\n"));
        let saves = ask(port, "CONFIG GET save").await;
        assert_eq!(
            saves.as_deref(),
            Some("*2\r\n$4\r\nsave\r\n$0\r\n\r\n"),
            "it writes nothing down, however long it runs"
        );
        redis.kill().await;
        assert_eq!(ask(port, "PING").await, None);
        redis.start_again().await;
        assert_eq!(ask(port, "GET seat").await.as_deref(), Some("$-1\r\n"), "it has forgotten everything");
        drop(redis);
        assert_eq!(ask(port, "PING").await, None);
        assert!(!folder.exists());
    }
}
