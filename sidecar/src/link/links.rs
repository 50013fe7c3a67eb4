//! Links by map server: what is known of each, and how to speak with it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch, MapId, RequestId, ServerId, TicketId};
use realmgate_protocol::link::{CharacterLoad, PrepareRefusal, ToMap};
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::directory::LinkFacts;
use crate::lock::CookieHash;
use crate::service::world::PROBE;

/// Messages that may wait for a map server to read them.
pub(super) const OUTBOUND_QUEUE: usize = 1_024;
/// How long a map server may take to say whether it expects a character.
pub(super) const PREPARE_DEADLINE: Duration = Duration::from_secs(3);

/// The link is closed, or the map server does not read what it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the map link is gone")]
pub struct LinkGone;

/// Why a map server does not expect a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrepareFailure {
    /// It says so.
    Refused(PrepareRefusal),
    /// It did not answer in time, or its link is gone.
    Unreachable,
}

/// What a map server is asked to expect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The only ticket to admit the character by.
    pub ticket: TicketId,
    /// How long the ticket is good for.
    pub expires_in_ms: u32,
    /// Which map.
    pub map: MapId,
    /// Which channel.
    pub channel: ChannelId,
    /// The epoch of all it will write.
    pub epoch: LockEpoch,
    /// The character.
    pub load: CharacterLoad,
    /// The request that led here, for the logs.
    pub trace: String,
}

/// What a map server says of itself when it opens its link.
#[derive(Debug)]
pub(super) struct Introduction {
    pub(super) server: ServerId,
    pub(super) maps: Vec<MapId>,
    pub(super) channels: u16,
    pub(super) protocol_hash: u64,
    pub(super) cookie: CookieHash,
}

/// One map server's link.
#[derive(Debug)]
pub struct Link {
    /// Whose.
    pub server: ServerId,
    /// The maps it hosts.
    pub maps: Vec<MapId>,
    /// Channels of each map.
    pub channels: u16,
    /// What its clients must speak.
    pub protocol_hash: u64,
    /// Of its process.
    pub cookie: CookieHash,
    /// Cancelled when the link is to end.
    pub closed: CancellationToken,
    outbound: mpsc::Sender<ToMap>,
    questions: Mutex<HashMap<RequestId, oneshot::Sender<Option<PrepareRefusal>>>>,
    next_request: AtomicU64,
    /// Tickets that a seat is kept for, by whose they are.
    tickets: Mutex<HashMap<CharacterId, TicketId>>,
    /// Notified at everything that is heard.
    pub(super) heard: Notify,
    /// Notified when the map server is to be pinged at once.
    pub(super) ping: Notify,
}

impl Link {
    pub(super) fn new(hello: Introduction, closed: CancellationToken) -> (Self, mpsc::Receiver<ToMap>) {
        let (outbound, receiver) = mpsc::channel(OUTBOUND_QUEUE);
        let Introduction { server, maps, channels, protocol_hash, cookie } = hello;
        let link = Self {
            server,
            maps,
            channels,
            protocol_hash,
            cookie,
            closed,
            outbound,
            questions: Mutex::default(),
            next_request: AtomicU64::new(1),
            tickets: Mutex::default(),
            heard: Notify::new(),
            ping: Notify::new(),
        };
        (link, receiver)
    }

    /// What the directory tells of it.
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

    /// Says something. Never waits: a map server whose queue is full does not read, and loses its link.
    pub fn send(&self, message: ToMap) -> Result<(), LinkGone> {
        if self.closed.is_cancelled() {
            return Err(LinkGone);
        }
        self.outbound.try_send(message).map_err(|error| {
            if matches!(error, mpsc::error::TrySendError::Full(_)) {
                tracing::warn!(server = %self.server, "map link closed: the map server does not read");
            }
            self.closed.cancel();
            LinkGone
        })
    }

    /// Asks the map server to expect a character, and waits for its answer.
    pub async fn prepare(&self, question: Question) -> Result<(), PrepareFailure> {
        let request = RequestId(self.next_request.fetch_add(1, Ordering::Relaxed));
        let (sender, receiver) = oneshot::channel();
        self.questions().insert(request, sender);
        let asked = Asked { link: self, request };
        let Question { ticket, expires_in_ms, map, channel, epoch, load, trace } = question;
        let character = load.character;
        let message = ToMap::Prepare { request, ticket, expires_in_ms, map, channel, epoch, load, trace };
        self.send(message).map_err(|LinkGone| PrepareFailure::Unreachable)?;
        let answer = tokio::select! {
            answer = tokio::time::timeout(PREPARE_DEADLINE, receiver) => answer,
            () = self.closed.cancelled() => return Err(PrepareFailure::Unreachable),
        };
        drop(asked);
        match answer {
            Ok(Ok(None)) => {
                self.tickets().insert(character, ticket);
                Ok(())
            }
            Ok(Ok(Some(refusal))) => Err(PrepareFailure::Refused(refusal)),
            Ok(Err(_)) | Err(_) => Err(PrepareFailure::Unreachable),
        }
    }

    /// Hands an answer to who asked. One that comes too late is nobody's.
    pub(super) fn answer(&self, request: RequestId, refusal: Option<PrepareRefusal>) {
        if let Some(question) = self.questions().remove(&request) {
            let _ = question.send(refusal);
        }
    }

    /// The ticket by which a character was expected, once it has come or is expected no more.
    pub(crate) fn take_ticket(&self, character: CharacterId) -> Option<TicketId> {
        self.tickets().remove(&character)
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<RequestId, oneshot::Sender<Option<PrepareRefusal>>>> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tickets(&self) -> MutexGuard<'_, HashMap<CharacterId, TicketId>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a question however its waiting ends.
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
    /// The link of a map server.
    pub fn get(&self, server: &ServerId) -> Option<Arc<Link>> {
        let links = self.by_server.read().unwrap_or_else(PoisonError::into_inner);
        links.get(server).filter(|link| !link.closed.is_cancelled()).cloned()
    }

    /// Every link.
    pub fn all(&self) -> Vec<Arc<Link>> {
        let links = self.by_server.read().unwrap_or_else(PoisonError::into_inner);
        links.values().cloned().collect()
    }

    /// Says something to a map server.
    pub fn send(&self, server: &ServerId, message: ToMap) -> Result<(), LinkGone> {
        self.get(server).ok_or(LinkGone)?.send(message)
    }

    /// Takes a link in. An older one of the same map server ends.
    pub(super) fn insert(&self, link: Arc<Link>) {
        let mut links = self.by_server.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(older) = links.insert(link.server.clone(), link) {
            older.closed.cancel();
        }
        metrics::gauge!("realmgate_map_links").set(links.len() as f64);
    }

    /// Takes a link out, unless a newer one has its place already.
    pub(super) fn remove(&self, link: &Arc<Link>) {
        let mut links = self.by_server.write().unwrap_or_else(PoisonError::into_inner);
        if links.get(&link.server).is_some_and(|current| Arc::ptr_eq(current, link)) {
            links.remove(&link.server);
        }
        metrics::gauge!("realmgate_map_links").set(links.len() as f64);
    }
}
