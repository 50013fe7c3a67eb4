//! The map link's client: one WebSocket to the sidecar, made again whenever it breaks.
//!
//! What must not be lost waits here while the link is down: batches of events until they are answered, departures until
//! they are known to have been handled, and all that is said once, in order. Soft state and loads are not kept, since
//! the next ones replace them.

#[cfg(test)]
mod tests;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::{SinkExt, StreamExt};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::limits::MAX_LINK_BYTES;
use realmgate_protocol::link::{FromMap, ToMap};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tokio_util::sync::CancellationToken;

use crate::placement::Directory;
use waiting::Waiting;

/// The wait before the link is made again; doubles up to [`MAX_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const MAX_WAIT: Duration = Duration::from_secs(5);
/// How long connecting and the first answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Silence after which the link counts as broken: both sides ping more often.
pub const SILENCE: Duration = Duration::from_secs(15);
/// How often we ping.
const PING_EVERY: Duration = Duration::from_secs(5);
/// How long one message may take to be written.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How often the link is tried again at the end, when something still waits to be told.
const LAST_TRIES: u32 = 8;
/// How long the sidecar may take to write the last of what it was told.
const LAST_WORDS: Duration = Duration::from_secs(8);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The link's client.
pub struct LinkClient {
    /// Where to.
    pub directory: Directory,
    /// The first message of every connection.
    pub hello: FromMap,
    /// What the sidecar says, to the host.
    pub to_host: mpsc::Sender<ToMap>,
    /// Whether the link is up.
    pub up: Arc<AtomicBool>,
    /// Set when the host has said its last word: the client ends when all of it was taken in, or after a few more tries.
    pub stop: CancellationToken,
    /// How much could not be told when the client ended.
    pub untold: Arc<AtomicUsize>,
    /// Told when the sidecar does not know this server any more: it has to register again.
    pub forgotten: Arc<Notify>,
    /// After how long a silence the link counts as broken.
    pub silence: Duration,
}

/// The host's messages, taken off its thread.
pub fn bridge(from_host: mpsc::Receiver<FromMap>) -> UnboundedReceiver<FromMap> {
    let (sender, receiver): (UnboundedSender<FromMap>, _) = unbounded_channel();
    std::thread::spawn(move || from_host.into_iter().try_for_each(|message| sender.send(message)));
    receiver
}

impl LinkClient {
    /// Keeps the link up until it is stopped and the host is gone.
    pub async fn run(self, mut from_host: UnboundedReceiver<FromMap>) {
        let mut waiting = Waiting::default();
        let mut wait = FIRST_WAIT;
        let mut last_tries = 0;
        loop {
            match self.connect().await {
                Ok(socket) => {
                    catch_up(&mut from_host, &mut waiting);
                    self.up.store(true, Ordering::Relaxed);
                    wait = FIRST_WAIT;
                    let ended = self.talk(socket, &mut from_host, &mut waiting).await;
                    self.up.store(false, Ordering::Relaxed);
                    match ended {
                        Ok(()) => return,
                        Err(error) => tracing::warn!("the map link broke: {error:#}"),
                    }
                }
                Err(error) => tracing::warn!("no map link, play goes on and grants wait: {error:#}"),
            }
            if self.stop.is_cancelled() {
                // The host is gone, so this ends.
                while let Some(message) = from_host.recv().await {
                    waiting.push(message);
                }
                waiting.rewind();
                last_tries += 1;
                if waiting.len() == 0 || last_tries > LAST_TRIES {
                    return self.untold.store(waiting.len(), Ordering::Relaxed);
                }
                wait = FIRST_WAIT;
            }
            tokio::select! {
                () = sleep(wait) => {}
                () = self.stop.cancelled(), if !self.stop.is_cancelled() => {}
            }
            wait = (wait * 2).min(MAX_WAIT);
            catch_up(&mut from_host, &mut waiting);
        }
    }

    async fn connect(&self) -> anyhow::Result<Socket> {
        let url = format!("{}/map-link", self.directory.url.replacen("http", "ws", 1));
        let mut request = url.into_client_request()?;
        let token = format!("Bearer {}", self.directory.service_token.expose_secret());
        let mut token: reqwest::header::HeaderValue = token.parse().context("SERVICE_TOKEN is no header value")?;
        token.set_sensitive(true);
        request.headers_mut().insert(reqwest::header::AUTHORIZATION, token);
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_LINK_BYTES)).max_frame_size(Some(MAX_LINK_BYTES));
        let connected = timeout(PATIENCE, connect_async_with_config(request, Some(config), true)).await;
        let (mut socket, _) = connected.context("connecting takes too long")??;
        send(&mut socket, &self.hello).await?;
        let answer = timeout(PATIENCE, socket.next()).await.context("no answer to the first message")?;
        match answer.context("the link was closed")?? {
            Message::Binary(bytes) => match decode_link(&bytes)? {
                ToMap::Welcome { gateway } => {
                    tracing::info!(gateway, "the map link is up");
                    Ok(socket)
                }
                ToMap::Refused { code, message } => {
                    if code == "NOT_REGISTERED" {
                        self.forgotten.notify_one();
                    }
                    bail!("the sidecar refuses the link: {code}: {message}")
                }
                other => bail!("the first answer is {}", other.name()),
            },
            other => bail!("the first answer is {other:?}"),
        }
    }

    /// Speaks until the link breaks, or the host is gone and all it said is sent.
    async fn talk(
        &self,
        mut socket: Socket,
        from_host: &mut UnboundedReceiver<FromMap>,
        waiting: &mut Waiting,
    ) -> anyhow::Result<()> {
        let mut ping = tokio::time::interval(PING_EVERY);
        let mut last_heard = Instant::now();
        loop {
            while let Some(message) = waiting.next() {
                send(&mut socket, &message).await?;
            }
            tokio::select! {
                said = from_host.recv() => match said {
                    Some(message) => waiting.push(message),
                    None => return self.say_goodbye(socket, waiting).await,
                },
                heard = socket.next() => {
                    last_heard = Instant::now();
                    self.hear(heard.context("the sidecar closed the link")??, waiting)?;
                }
                () = sleep_until(last_heard + self.silence) => bail!("the sidecar is silent"),
                _ = ping.tick() => write(&mut socket, Message::Ping(Vec::new().into())).await?,
            }
        }
    }

    /// Closes the link and waits until the sidecar does so too: it handles messages in order, so by then it has written
    /// all. A link that ends in another way may have lost the last of them.
    async fn say_goodbye(&self, mut socket: Socket, waiting: &mut Waiting) -> anyhow::Result<()> {
        socket.close(None).await?;
        let taken_in = async {
            loop {
                match socket.next().await.context("the link ended before its last words were taken in")?? {
                    Message::Close(_) => return anyhow::Ok(()),
                    heard => self.hear(heard, waiting)?,
                }
            }
        };
        timeout(LAST_WORDS, taken_in).await.context("the sidecar does not finish")??;
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
                    ToMap::Refused { code, message } => bail!("the sidecar ends the link: {code}: {message}"),
                    _ => {}
                }
                // The host is gone only when the process is ending.
                let _ = self.to_host.send(message);
                Ok(())
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
            Message::Close(frame) => bail!("the sidecar closed the link: {frame:?}"),
            Message::Text(_) => bail!("the sidecar sent text"),
        }
    }
}

async fn send(socket: &mut Socket, message: &FromMap) -> anyhow::Result<()> {
    write(socket, Message::Binary(encode_link(message)?.into())).await
}

/// A sidecar that does not read must not hold us up until the kernel gives the connection up.
async fn write(socket: &mut Socket, message: Message) -> anyhow::Result<()> {
    Ok(timeout(WRITE_DEADLINE, socket.send(message)).await.context("the sidecar does not read")??)
}

/// Takes in what the host said while there was no link, so that it does not pile up behind its back.
fn catch_up(from_host: &mut UnboundedReceiver<FromMap>, waiting: &mut Waiting) {
    while let Ok(message) = from_host.try_recv() {
        waiting.push(message);
    }
    waiting.rewind();
}
