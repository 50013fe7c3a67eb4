//! The client of the map link: one WebSocket to the sidecar, reconnected whenever it breaks.
//!
//! Messages that must not be lost wait here while the link is down: batches of events until they are answered,
//! departures until they are known to be handled, and everything that is sent only once, in order. Soft state and loads
//! are not kept, since the next ones replace them. Each connection begins with the locks that this server still holds.
//! If they turn out to belong to others by now, all waiting messages are dropped.

mod connect;
mod memory;
#[cfg(test)]
mod tests;
mod waiting;

pub use connect::Greeting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use futures_util::StreamExt;
use realmgate_engine::host::LinkNews;
use realmgate_protocol::codec::decode_link;
use realmgate_protocol::link::{FromMap, ToMap};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::cookie::CookieJar;
use crate::directory_choice::Directory;
use connect::{NoLink, Socket, Welcomed, send, write};
use memory::Memory;
use waiting::Waiting;

/// First wait before reconnecting; doubles up to [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Silence after which the link counts as broken: both sides ping more often.
pub const SILENCE: Duration = Duration::from_secs(6);
/// Interval between two pings from us.
const PING_EVERY: Duration = Duration::from_secs(2);
/// Attempts to reconnect at shutdown while messages are still waiting.
const LAST_TRIES: u32 = 8;
/// How long the sidecar may take to handle the last messages.
const LAST_WORDS: Duration = Duration::from_secs(8);

/// The client of the map link.
pub struct LinkClient {
    /// The directory whose sidecar it connects to.
    pub directory: Directory,
    /// Introduces this server at the start of every connection.
    pub greeting: Greeting,
    /// Proves the identity of this server.
    pub cookie: CookieJar,
    /// Passes messages and news of the link to the host.
    pub to_host: mpsc::Sender<LinkNews>,
    /// Whether the link is up.
    pub up: Arc<AtomicBool>,
    /// Cancelled once the host has ended. The client then ends when everything was delivered, or after a few more
    /// attempts.
    pub stop: CancellationToken,
    /// Number of messages that were not delivered when the client ended.
    pub undelivered: Arc<AtomicUsize>,
    /// Notified when the sidecar no longer knows this server: it has to register again.
    pub forgotten: Arc<Notify>,
    /// Signals that the id of this server belongs to another one by now.
    pub disowned: Arc<Notify>,
    /// Silence after which the link counts as broken.
    pub silence: Duration,
}

/// Forwards the messages of the host from its thread to an asynchronous channel.
pub fn bridge(from_host: mpsc::Receiver<FromMap>) -> UnboundedReceiver<FromMap> {
    let (sender, receiver): (UnboundedSender<FromMap>, _) = unbounded_channel();
    std::thread::spawn(move || from_host.into_iter().try_for_each(|message| sender.send(message)));
    receiver
}

impl LinkClient {
    /// Keeps the link up until it is stopped and the host is gone.
    pub async fn run(self, from_host: UnboundedReceiver<FromMap>) {
        let mut memory = Memory::new(from_host);
        self.set_up(false);
        let mut wait = FIRST_WAIT;
        let mut last_tries = 0;
        loop {
            match self.connect(&memory).await {
                Ok(welcomed) => {
                    wait = FIRST_WAIT;
                    let ended = self.hold(welcomed, &mut memory).await;
                    self.set_up(false);
                    match ended {
                        Ok(()) => return,
                        Err(error) => tracing::warn!("map link lost: {error:#}"),
                    }
                    self.tell_host(LinkNews::Lost);
                }
                Err(NoLink::Refused(code, error)) => {
                    tracing::warn!("map link unavailable, play continues; loot, trade and travel wait: {error:#}");
                    self.refused(&code, &mut memory);
                }
                Err(NoLink::Failed(error)) => {
                    tracing::warn!("map link unavailable, play continues; loot, trade and travel wait: {error:#}");
                }
            }
            if self.stop.is_cancelled() {
                // Ends, since the host is gone and its channel is closed.
                while let Some(message) = memory.from_host.recv().await {
                    memory.take(message);
                }
                memory.waiting.rewind();
                last_tries += 1;
                if memory.waiting.len() == 0 || last_tries > LAST_TRIES {
                    return self.undelivered.store(memory.waiting.len(), Ordering::Relaxed);
                }
                wait = FIRST_WAIT;
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.disowned.notified() => self.move_on(&mut memory),
                () = self.stop.cancelled(), if !self.stop.is_cancelled() => {}
            }
            wait = (wait * 2).min(MAX_WAIT);
            memory.catch_up();
        }
    }

    async fn connect(&self, memory: &Memory) -> Result<Welcomed, NoLink> {
        let cookie = self.cookie.get().ok_or_else(|| anyhow!("this server is not registered"))?;
        self.greeting.connect(&self.directory, cookie, !memory.welcomed).await
    }

    fn refused(&self, code: &str, memory: &mut Memory) {
        match code {
            "NOT_REGISTERED" => self.forgotten.notify_one(),
            "COOKIE_UNKNOWN" => {
                self.move_on(memory);
                self.forgotten.notify_one();
            }
            _ => {}
        }
    }

    /// The locks of this server belong to others by now, and its cookie is no longer valid: drops the players and all
    /// unconfirmed messages.
    fn move_on(&self, memory: &mut Memory) {
        memory.move_on();
        self.tell_host(LinkNews::Disowned);
        if let Err(error) = self.cookie.forget() {
            tracing::warn!("cannot remove the cookie file: {error:#}");
        }
    }

    /// Runs a connection from its welcome to its end: reclaims the locks that are still held, then sends messages.
    async fn hold(&self, welcomed: Welcomed, memory: &mut Memory) -> anyhow::Result<()> {
        let Welcomed { mut socket, resumed } = welcomed;
        if !resumed && memory.welcomed {
            memory.move_on();
        }
        let is_back = std::mem::replace(&mut memory.welcomed, true);
        memory.host_is_told();
        self.tell_host(LinkNews::Up { resumed });
        memory.reclaim(&mut socket).await?;
        self.set_up(true);
        if is_back {
            // A restarted directory does not know us, and our next heartbeat may be far off.
            self.forgotten.notify_one();
        }
        self.talk(socket, memory).await
    }

    /// Sends and receives until the link breaks, or until the host is gone and all its messages are sent.
    async fn talk(&self, mut socket: Socket, memory: &mut Memory) -> anyhow::Result<()> {
        let mut ping = tokio::time::interval(PING_EVERY);
        let mut last_heard = Instant::now();
        loop {
            while let Some(message) = memory.waiting.next() {
                send(&mut socket, &message).await?;
            }
            tokio::select! {
                said = memory.from_host.recv() => match said {
                    Some(message) => memory.take(message),
                    None => return self.say_goodbye(socket, &mut memory.waiting).await,
                },
                heard = socket.next() => {
                    last_heard = Instant::now();
                    self.hear(heard.context("the sidecar closed the link")??, &mut memory.waiting)?;
                }
                () = self.disowned.notified() => {
                    self.move_on(memory);
                    bail!("another server has taken over this server's id");
                }
                () = sleep_until(last_heard + self.silence) => bail!("timeout: the sidecar sent nothing"),
                _ = ping.tick() => write(&mut socket, Message::Ping(Vec::new().into())).await?,
            }
        }
    }

    /// Closes the link and waits until the sidecar does so too. It handles messages in order, so by then it has handled
    /// all. A link that ends in another way may have lost the last messages.
    async fn say_goodbye(&self, mut socket: Socket, waiting: &mut Waiting) -> anyhow::Result<()> {
        socket.close(None).await?;
        let taken_in = async {
            loop {
                match socket.next().await.context("the link closed before the last messages were handled")?? {
                    Message::Close(_) => return anyhow::Ok(()),
                    heard => self.hear(heard, waiting)?,
                }
            }
        };
        timeout(LAST_WORDS, taken_in).await.context("timeout: the sidecar did not handle the last messages")??;
        waiting.clear();
        Ok(())
    }

    fn hear(&self, message: Message, waiting: &mut Waiting) -> anyhow::Result<()> {
        match message {
            Message::Binary(bytes) => {
                let message: ToMap = decode_link(&bytes)?;
                match &message {
                    ToMap::Committed { batch, .. } => waiting.answered(*batch),
                    ToMap::Settled { character, epoch } => waiting.settled(*character, *epoch),
                    ToMap::TravelGranted { request, .. } | ToMap::TravelRefused { request, .. } => {
                        waiting.travel_answered(*request);
                    }
                    ToMap::Refused { code, message } => bail!("the sidecar ended the link: {code}: {message}"),
                    _ => {}
                }
                self.tell_host(message.into());
                Ok(())
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
            Message::Close(frame) => bail!("the sidecar closed the link: {frame:?}"),
            Message::Text(_) => bail!("the sidecar sent a text message instead of a binary one"),
        }
    }

    fn tell_host(&self, news: LinkNews) {
        // The host is gone only when the process is ending.
        let _ = self.to_host.send(news);
    }

    fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::Relaxed);
        metrics::gauge!("realmgate_link_up").set(f64::from(u8::from(up)));
    }
}
