//! The network's side: one thread with the client's runtime, which owns the account and the player.
//!
//! The main thread sends [`Request`]s and gets [`News`]. For each frame it asks for a [`Picture`], and waits for it no longer
//! than [`FRAME_PATIENCE`]: a late one is shown a frame later.

mod account;
mod community;
mod failure;
mod news;
mod picture;
mod stay;
mod worker;

pub use community::CommunityCall;
pub use failure::{Failure, FailureKind, capitals};
pub use news::{News, Outcome, World};
pub use picture::{Picture, Shown};

use std::sync::mpsc as answers;
use std::thread::JoinHandle;
use std::time::Duration;

use realmgate_client::session::Intent;
use realmgate_protocol::realm::ClientMessage;
use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

/// How long a frame waits for its picture.
const FRAME_PATIENCE: Duration = Duration::from_millis(1);
/// Requests that may wait for the thread. Whoever sends more is told that it is busy.
const WAITING_REQUESTS: usize = 256;

/// What a game asks of an account. Each call has one [`Outcome`] or [`Failure`].
#[derive(Debug)]
pub enum Call {
    /// Makes an account, and logs in.
    Register { name: String, password: String },
    /// Logs in.
    LogIn { name: String, password: String },
    /// Ends the log-in, also in the world.
    LogOut,
    /// Lists the classes that characters can have.
    Classes,
    /// Lists the account's characters.
    Characters,
    /// Makes a character.
    CreateCharacter { name: String, class: String },
    /// Deletes a character, which can be restored for a while.
    DeleteCharacter { id: String },
    /// Undoes a deletion.
    RestoreCharacter { id: String },
    /// Enters the world.
    Enter { character: String },
    /// Leaves the world, and waits until the server has saved the character.
    Leave,
    /// Loads the files of a map that `/assets.json` names.
    MapFiles { map: u16 },
    /// A call of the services around the worlds.
    Community(CommunityCall),
}

/// What the main thread asks of the network's.
#[derive(Debug)]
pub enum Request {
    /// A call, with the number that its answer names.
    Call(u64, Call),
    /// A message to the map server.
    Ask(ClientMessage),
    /// A frame is about to be drawn, with what the player wants.
    Frame(Intent),
}

/// A way to send requests, for all who have something to ask.
#[derive(Debug, Clone)]
pub struct Link(mpsc::Sender<Request>);

impl Link {
    /// Sends a request.
    ///
    /// # Errors
    /// [`FailureKind::Misused`] when too many wait, or the network's thread has ended.
    pub fn send(&self, request: Request) -> Result<(), Failure> {
        self.0.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Failure::busy(),
            mpsc::error::TrySendError::Closed(_) => Failure::not_in_world(),
        })
    }
}

/// The network's thread. It ends when this is dropped; a player in the world is let go without a goodbye.
#[derive(Debug)]
pub struct Network {
    link: Link,
    /// Ends the thread when it is dropped: scripts may hold ways to ask for longer than that.
    running: Option<oneshot::Sender<()>>,
    news: answers::Receiver<News>,
    pictures: answers::Receiver<Picture>,
    awaited: bool,
    thread: Option<JoinHandle<()>>,
}

impl Network {
    /// Starts the thread, for the server at this address.
    ///
    /// # Errors
    /// When the operating system has no thread or no sockets for it.
    pub fn start(server: &str, through: Option<std::net::SocketAddr>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (link, requests) = mpsc::channel(WAITING_REQUESTS);
        let (tell, news) = answers::channel();
        let (show, pictures) = answers::channel();
        let (running, ended) = oneshot::channel();
        let mut worker = worker::Worker::new(server, through, tell, show);
        let works = move || {
            LocalSet::new().block_on(&runtime, async {
                tokio::select! {
                    _ = ended => {}
                    () = worker.run(requests) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("realmgate".to_owned()).spawn(works)?;
        Ok(Self { link: Link(link), running: Some(running), news, pictures, awaited: false, thread: Some(thread) })
    }

    /// A way to send requests.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Asks for the picture of this frame, and waits for it a moment. `None` where it is late.
    pub fn picture(&mut self, intent: Intent) -> Option<Picture> {
        // One that was late is no use when a newer one can be had.
        while self.awaited && self.pictures.try_recv().is_ok() {
            self.awaited = false;
        }
        if !self.awaited {
            self.awaited = self.link.send(Request::Frame(intent)).is_ok();
        }
        let picture = self.pictures.recv_timeout(FRAME_PATIENCE).ok()?;
        self.awaited = false;
        Some(picture)
    }

    /// What has happened since the last call, in order.
    pub fn news(&self) -> impl Iterator<Item = News> + '_ {
        self.news.try_iter()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.running = None;
        // A thread that panicked has said so on stderr.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_though_somebody_still_has_a_way_to_ask() {
        let network = Network::start("http://127.0.0.1:1", None).unwrap();
        let link = network.link().clone();
        drop(network);
        let asked = link.send(Request::Frame(Intent::default()));
        assert_eq!(asked.unwrap_err().code, "NOT_IN_WORLD", "and who asks is told");
    }
}
