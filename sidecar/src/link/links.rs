//! Links by map server: what is known about each, and how to send to it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, ServerId, TicketId};
use realmgate_protocol::limits::RETURN_LINK_VERSION;
use realmgate_protocol::link::{BodyPlace, CharacterLoad, PrepareRefusal, ToMap};
use realmgate_protocol::movement::Position;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::directory::LinkFacts;
use crate::lock::CookieHash;

/// Maximum number of messages that wait for a map server to read them.
pub(super) const OUTBOUND_QUEUE: usize = 1_024;
/// How long a map server may take to say whether it expects a character.
pub(crate) const PREPARE_DEADLINE: Duration = Duration::from_secs(3);

/// How long a link that seems open has to answer before a new one takes its place.
pub(crate) const PROBE: Duration = Duration::from_secs(2);

/// The link is closed, or the map server does not read what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the map link is closed")]
pub struct LinkGone;

/// Why a map server does not expect a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrepareFailure {
    /// It refused.
    Refused(PrepareRefusal),
    /// It did not answer in time, or its link is gone.
    Unreachable,
}

/// A request that a map server expect a character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The only ticket to admit the character by.
    pub ticket: TicketId,
    /// How long the ticket is valid, in milliseconds.
    pub expires_in_ms: u32,
    /// The map to enter.
    pub map: MapId,
    /// The channel of the map to enter.
    pub channel: ChannelId,
    /// The epoch (fencing token) under which the map server writes for the character.
    pub epoch: LockEpoch,
    /// The character.
    pub load: CharacterLoad,
    /// The trace id of the request that led here, for the logs.
    pub trace: String,
}

/// A request that a map server expect a spectator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchQuestion {
    /// The only ticket to admit the spectator by.
    pub ticket: TicketId,
    /// How long the ticket is valid, in milliseconds.
    pub expires_in_ms: u32,
    /// The map to watch.
    pub map: MapId,
    /// The channel of the map to watch.
    pub channel: ChannelId,
}

/// A request that a map server let a player come back to its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnQuestion {
    /// The only ticket to admit the player by.
    pub ticket: TicketId,
    /// How long the ticket is valid, in milliseconds.
    pub expires_in_ms: u32,
    /// The character's id.
    pub character: CharacterId,
    /// The account that owns the character.
    pub account: AccountId,
    /// The epoch of the character's lock, which the map server owns.
    pub epoch: LockEpoch,
    /// The channel that the player wants; `None` for the one in which the body stands.
    pub channel: Option<ChannelId>,
    /// The trace id of the request that led here, for the logs.
    pub trace: String,
}

/// A map server's answer to a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// Where the character will appear, if it says so, or why it does not expect it.
    Prepared(Result<Option<Position>, PrepareRefusal>),
    /// Where the body stands, if its player may come back to it.
    BodyFound(Option<BodyPlace>),
}

/// What a map server says about itself when it opens its link.
#[derive(Debug)]
pub(super) struct Introduction {
    pub(super) server: ServerId,
    pub(super) maps: Vec<MapId>,
    pub(super) channels: u16,
    pub(super) protocol_hash: u64,
    pub(super) cookie: CookieHash,
    pub(super) link_version: u16,
}

/// One map server's link.
#[derive(Debug)]
pub struct Link {
    /// The map server's id.
    pub server: ServerId,
    /// The maps it hosts.
    pub maps: Vec<MapId>,
    /// The number of channels of each map.
    pub channels: u16,
    /// The hash of the game protocol that its clients must speak.
    pub protocol_hash: u64,
    /// The hash of the cookie of its process.
    pub cookie: CookieHash,
    /// Cancelled when the link is to end.
    pub closed: CancellationToken,
    link_version: u16,
    outbound: mpsc::Sender<ToMap>,
    questions: Mutex<HashMap<RequestId, oneshot::Sender<Reply>>>,
    next_request: AtomicU64,
    /// Tickets that a seat is kept for, by character.
    tickets: Mutex<HashMap<CharacterId, TicketId>>,
    /// Notified of everything that is received.
    pub(super) heard: Notify,
    /// Notified when the map server is to be pinged at once.
    pub(super) ping: Notify,
}

impl Link {
    pub(super) fn new(hello: Introduction, closed: CancellationToken) -> (Self, mpsc::Receiver<ToMap>) {
        let (outbound, receiver) = mpsc::channel(OUTBOUND_QUEUE);
        let Introduction { server, maps, channels, protocol_hash, cookie, link_version } = hello;
        let link = Self {
            server,
            maps,
            channels,
            protocol_hash,
            cookie,
            closed,
            link_version,
            outbound,
            questions: Mutex::default(),
            next_request: AtomicU64::new(1),
            tickets: Mutex::default(),
            heard: Notify::new(),
            ping: Notify::new(),
        };
        (link, receiver)
    }

    /// The facts that the directory lists about it.
    pub(crate) fn facts(&self, replica: &str) -> LinkFacts {
        LinkFacts {
            replica: replica.to_owned(),
            maps: self.maps.clone(),
            channels: self.channels,
            protocol_hash: self.protocol_hash,
        }
    }

    /// Whether the map server still answers. A link that does not is closed.
    pub(crate) async fn answers(&self) -> bool {
        let heard = self.heard.notified();
        self.ping.notify_one();
        let answers = tokio::select! {
            heard = tokio::time::timeout(PROBE, heard) => heard.is_ok(),
            () = self.closed.cancelled() => false,
        };
        if !answers {
            self.closed.cancel();
        }
        answers
    }

    /// Queues a message. Never waits: backpressure ends the link, since a map server whose queue is full does not read.
    ///
    /// # Errors
    /// [`LinkGone`] when the link is closed, or its queue is full, which closes the link.
    pub fn send(&self, message: ToMap) -> Result<(), LinkGone> {
        if self.closed.is_cancelled() {
            return Err(LinkGone);
        }
        if message.link_version() > self.link_version {
            tracing::debug!(server = %self.server, "message not sent: the map server has an older link version");
            return Ok(());
        }
        if let ToMap::Cancel { character, .. } = &message {
            // The character is not expected any more, and the map server does not answer that: its seat ends by itself.
            self.tickets().remove(character);
        }
        self.outbound.try_send(message).map_err(|error| {
            if matches!(error, mpsc::error::TrySendError::Full(_)) {
                tracing::warn!(server = %self.server, "closing a map link: the map server does not read its messages");
            }
            self.closed.cancel();
            LinkGone
        })
    }

    /// Asks the map server to expect a character, and waits for its answer: where the character will appear.
    ///
    /// # Errors
    /// [`PrepareFailure::Refused`] when the map server says no, [`PrepareFailure::Unreachable`] when it does not answer
    /// within 3 s or its link is gone.
    pub async fn prepare(&self, question: Question) -> Result<Option<Position>, PrepareFailure> {
        let Question { ticket, expires_in_ms, map, channel, epoch, load, trace } = question;
        let character = load.character;
        let message = |request| ToMap::Prepare { request, ticket, expires_in_ms, map, channel, epoch, load, trace };
        let spawn = self.ask_to_expect(message).await?;
        self.tickets().insert(character, ticket);
        Ok(spawn)
    }

    /// Asks the map server to expect a spectator, and waits for its answer: where the spectator will look first.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub async fn watch(&self, question: WatchQuestion) -> Result<Option<Position>, PrepareFailure> {
        let WatchQuestion { ticket, expires_in_ms, map, channel } = question;
        self.ask_to_expect(|request| ToMap::Watch { request, ticket, expires_in_ms, map, channel }).await
    }

    /// Asks the map server to let a player come back to its body, and waits for its answer: where the body stands. `None`
    /// when there is none that the player may come back to, when the map server does not answer within 3 s or its link is
    /// gone, or when it is too old to know the request.
    pub async fn find_body(&self, question: ReturnQuestion) -> Option<BodyPlace> {
        if self.link_version < RETURN_LINK_VERSION {
            return None;
        }
        let ReturnQuestion { ticket, expires_in_ms, character, account, epoch, channel, trace } = question;
        let message =
            |request| ToMap::Return { request, ticket, expires_in_ms, character, account, epoch, channel, trace };
        match self.ask(message).await {
            Ok(Reply::BodyFound(body)) => body,
            Ok(Reply::Prepared(_)) | Err(_) => None,
        }
    }

    /// Asks something that the map server answers with `Prepared`.
    async fn ask_to_expect(
        &self,
        message: impl FnOnce(RequestId) -> ToMap,
    ) -> Result<Option<Position>, PrepareFailure> {
        match self.ask(message).await? {
            Reply::Prepared(readiness) => readiness.map_err(PrepareFailure::Refused),
            Reply::BodyFound(_) => Err(PrepareFailure::Unreachable),
        }
    }

    /// Asks something, and waits for the answer.
    async fn ask(&self, message: impl FnOnce(RequestId) -> ToMap) -> Result<Reply, PrepareFailure> {
        let request = RequestId(self.next_request.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = oneshot::channel();
        self.questions().insert(request, sender);
        let asked = Asked { link: self, request };
        let message = message(request);
        self.send(message).map_err(|LinkGone| PrepareFailure::Unreachable)?;
        let answer = tokio::select! {
            answer = tokio::time::timeout(PREPARE_DEADLINE, receiver) => answer,
            () = self.closed.cancelled() => return Err(PrepareFailure::Unreachable),
        };
        drop(asked);
        match answer {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) | Err(_) => Err(PrepareFailure::Unreachable),
        }
    }

    /// Hands an answer to the task that asked. An answer that comes too late is dropped.
    pub(super) fn answer(&self, request: RequestId, answer: Reply) {
        if let Some(question) = self.questions().remove(&request) {
            let _ = question.send(answer);
        }
    }

    /// Takes the ticket by which a character was expected, once it has come or is not expected any more.
    pub(crate) fn take_ticket(&self, character: CharacterId) -> Option<TicketId> {
        self.tickets().remove(&character)
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Reply>>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tickets(&self) -> MutexGuard<'_, HashMap<CharacterId, TicketId>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a question when it is dropped, however the waiting for its answer ends.
struct Asked<'a> {
    link: &'a Link,
    request: RequestId,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.link.questions().remove(&self.request);
    }
}

/// The links of this process.
#[derive(Debug, Default)]
pub struct Links {
    by_server: RwLock<BTreeMap<ServerId, Arc<Link>>>,
}

impl Links {
    /// The link of a map server, unless it is closed.
    pub fn get(&self, server: &ServerId) -> Option<Arc<Link>> {
        let links = self.by_server.read().unwrap_or_else(PoisonError::into_inner);
        links.get(server).filter(|link| !link.closed.is_cancelled()).cloned()
    }

    /// Every link.
    pub fn all(&self) -> Vec<Arc<Link>> {
        let links = self.by_server.read().unwrap_or_else(PoisonError::into_inner);
        links.values().cloned().collect()
    }

    /// The number of seats that are kept for characters that map servers expect.
    pub fn tickets(&self) -> usize {
        self.all().iter().map(|link| link.tickets().len()).sum()
    }

    /// Queues a message for a map server.
    ///
    /// # Errors
    /// [`LinkGone`] when the map server has no link here, and as in [`Link::send`].
    pub fn send(&self, server: &ServerId, message: ToMap) -> Result<(), LinkGone> {
        self.get(server).ok_or(LinkGone)?.send(message)
    }

    /// Adds a link. An older one of the same map server is closed.
    pub(super) fn insert(&self, link: Arc<Link>) {
        let mut links = self.by_server.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(older) = links.insert(link.server.clone(), link) {
            older.closed.cancel();
        }
        metrics::gauge!("realmgate_map_links").set(links.len() as f64);
    }

    /// Removes a link, unless a newer one has its place already.
    pub(super) fn remove(&self, link: &Arc<Link>) {
        let mut links = self.by_server.write().unwrap_or_else(PoisonError::into_inner);
        if links.get(&link.server).is_some_and(|current| Arc::ptr_eq(current, link)) {
            links.remove(&link.server);
        }
        metrics::gauge!("realmgate_map_links").set(links.len() as f64);
    }
}
