//! In the sidecar's place: registers one map server, announces players, mints what they connect with, and commits at
//! once whatever is asked. Nobody logs in, and no password is hashed.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::ids::{ChannelId, LockEpoch, MapId, RequestId, TicketId};
use realmgate_protocol::link::{CharacterLoad, EventOutcome, FromMap, ToMap};
use realmgate_protocol::proof::{parse_nonce, prove};
use realmgate_protocol::ticket::{KeyRing, Ticket};
use renetcode::ConnectToken;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::netcode::{Forged, unix_now};

/// The map server's id.
const SERVER: &str = "map-server-1";
/// As operators set them; known to everybody who reads this, and worth nothing outside of a bench.
const SERVICE_TOKEN: &str = "a service token that only a bench uses";
const TICKET_KEY: &str = "a ticket key that nothing but a bench uses";
/// How long tickets are good for: a load that has thousands join takes a while.
const TICKET_S: u32 = 300;

/// What the map server has said.
#[derive(Debug, Default)]
pub struct Said {
    /// Players that it expects.
    pub prepared: AtomicU64,
    /// Players that it will not have.
    pub refused: AtomicU64,
    /// Players that are in the world.
    pub entered: AtomicU64,
    /// Players that have left it.
    pub left: AtomicU64,
    /// Changes of what players own, all committed.
    pub events: AtomicU64,
    /// Places and health that were saved.
    pub saves: AtomicU64,
}

/// The double, on a thread of its own.
pub struct Double {
    address: SocketAddr,
    keys: KeyRing,
    announced: AtomicU64,
    said: Arc<Said>,
    certificate: Arc<Mutex<Option<String>>>,
    to_map: mpsc::UnboundedSender<ToMap>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a player connects with.
pub struct Announced {
    /// Over UDP.
    pub token: ConnectToken,
    /// Otherwise.
    pub ticket: Vec<u8>,
}

/// What its handlers share.
struct Shared {
    certificate: Arc<Mutex<Option<String>>>,
    said: Arc<Said>,
    to_map: mpsc::UnboundedSender<ToMap>,
    /// What waits for the link; taken by it.
    outbox: Mutex<Option<mpsc::UnboundedReceiver<ToMap>>>,
}

impl Double {
    /// Starts it on a free port of the loopback.
    ///
    /// # Errors
    /// When no port can be bound, or its runtime or thread cannot be started.
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (to_map, outbox) = mpsc::unbounded_channel();
        let said = Arc::<Said>::default();
        let certificate = Arc::default();
        let shared = Shared {
            certificate: Arc::clone(&certificate),
            said: said.clone(),
            to_map: to_map.clone(),
            outbox: Mutex::new(Some(outbox)),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sidecar-double".to_owned()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else { return };
                let served = axum::serve(listener, routes(shared, address)).into_future();
                tokio::select! { _ = served => {}, _ = stopped => {} }
            });
        })?;
        let keys = TICKET_KEY.parse().context("the key of tickets")?;
        let announced = AtomicU64::new(0);
        Ok(Self { address, keys, announced, said, certificate, to_map, stop: Some(stop), thread: Some(thread) })
    }

    /// What a map server must be told to join it.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("WORLD_DIRECTORY_URL", format!("http://{}", self.address)),
            ("SERVICE_TOKEN", SERVICE_TOKEN.to_owned()),
            ("TICKET_KEY", TICKET_KEY.to_owned()),
            ("SERVER_ID", SERVER.to_owned()),
        ]
    }

    /// What the map server has said so far.
    pub fn said(&self) -> &Said {
        &self.said
    }

    /// Whether the map server has answered every announcement.
    pub fn is_settled(&self) -> bool {
        let answered = self.said.prepared.load(Ordering::Relaxed) + self.said.refused.load(Ordering::Relaxed);
        answered == self.announced.load(Ordering::Relaxed)
    }

    /// The certificate that the map server has told for WebTransport.
    pub fn certificate(&self) -> Option<String> {
        self.certificate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Announces a character to the map server at this address; what its player connects with.
    ///
    /// # Errors
    /// When the map link has ended.
    pub fn announce(&self, load: CharacterLoad, server: SocketAddr) -> Result<Announced> {
        let number = self.announced.fetch_add(1, Ordering::Relaxed) + 1;
        let (map, channel, epoch) = (MapId(1), ChannelId(1), LockEpoch(1));
        let now_ms = unix_now().as_millis() as u64;
        let ticket = Ticket {
            ticket_id: TicketId(number),
            account: load.account,
            character: load.character,
            epoch,
            map,
            channel,
            server: SERVER.parse().context("the server's id")?,
            issued_ms: now_ms,
            expires_ms: now_ms + u64::from(TICKET_S) * 1_000,
        };
        let token = Forged { seconds: TICKET_S.into(), ..Forged::around(&ticket, &self.keys, server) }.seal();
        let prepare = ToMap::Prepare {
            request: RequestId(number),
            ticket: ticket.ticket_id,
            expires_in_ms: TICKET_S * 1_000,
            map,
            channel,
            epoch,
            load,
            trace: String::new(),
        };
        self.to_map.send(prepare).ok().context("the map link has ended")?;
        Ok(Announced { token, ticket: ticket.seal(&self.keys) })
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn routes(shared: Shared, address: SocketAddr) -> Router {
    let registered = async |State(shared): State<Arc<Shared>>, Json(said): Json<serde_json::Value>| {
        let told = said["wt_cert_sha256"].as_str().map(str::to_owned);
        *shared.certificate.lock().unwrap_or_else(PoisonError::into_inner) = told;
        let answer = serde_json::json!({"cookie": "the bench's", "heartbeat_interval_ms": 5_000});
        (StatusCode::CREATED, Json(answer))
    };
    let proof = move |Query(question): Query<HashMap<String, String>>| async move {
        let nonce = question.get("nonce").and_then(|nonce| parse_nonce(nonce)).ok_or(StatusCode::BAD_REQUEST)?;
        let proof = prove(SERVICE_TOKEN, &nonce, address);
        Ok::<_, StatusCode>(Json(serde_json::json!({"address": address, "proofs": [proof]})))
    };
    Router::new()
        .route("/map-registry/proof", get(proof))
        .route("/map-registry/register", post(registered))
        .route("/map-registry/heartbeat", post(|| async { Json(serde_json::json!({})) }))
        .route("/map-registry/server/{id}", delete(|| async { StatusCode::NO_CONTENT }))
        .route("/map-link", get(link))
        .with_state(Arc::new(shared))
}

async fn link(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    let outbox = shared.outbox.lock().unwrap_or_else(PoisonError::into_inner).take();
    match outbox {
        Some(outbox) => upgrade.on_upgrade(move |socket| serve(socket, outbox, shared)).into_response(),
        // A link that broke has cost the load its meaning.
        None => StatusCode::CONFLICT.into_response(),
    }
}

/// Says what waits, and answers what is asked, until either end is gone.
async fn serve(mut socket: WebSocket, mut outbox: mpsc::UnboundedReceiver<ToMap>, shared: Arc<Shared>) {
    loop {
        tokio::select! {
            said = socket.recv() => match said {
                Some(Ok(Message::Binary(bytes))) => {
                    let Ok(message) = decode_link(&bytes) else { return };
                    shared.answer(message);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            message = outbox.recv() => {
                let Some(bytes) = message.and_then(|message| encode_link(&message).ok()) else { return };
                if socket.send(Message::Binary(bytes.into())).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Shared {
    fn answer(&self, message: FromMap) {
        let said = &self.said;
        let answer = match message {
            FromMap::Hello { .. } => {
                Some(ToMap::Welcome { gateway: "bench".to_owned(), resumed: true, reclaim_within_ms: 30_000 })
            }
            FromMap::Prepared { refusal, .. } => {
                let counter = if refusal.is_none() { &said.prepared } else { &said.refused };
                counter.fetch_add(1, Ordering::Relaxed);
                None
            }
            FromMap::Events { batch, events } => {
                said.events.fetch_add(events.len() as u64, Ordering::Relaxed);
                let outcome =
                    |event: &realmgate_protocol::link::OwnedEvent| EventOutcome { key: event.key, refusal: None };
                Some(ToMap::Committed { batch, outcomes: events.iter().map(outcome).collect() })
            }
            FromMap::Released { save, .. } => {
                said.left.fetch_add(1, Ordering::Relaxed);
                Some(ToMap::Settled { character: save.character, epoch: save.epoch })
            }
            FromMap::Entered { .. } => {
                said.entered.fetch_add(1, Ordering::Relaxed);
                None
            }
            FromMap::Dropped { .. } | FromMap::Expired { .. } => {
                said.left.fetch_add(1, Ordering::Relaxed);
                None
            }
            FromMap::Save { saves } => {
                said.saves.fetch_add(saves.len() as u64, Ordering::Relaxed);
                None
            }
            FromMap::Travel { .. } | FromMap::Load { .. } | FromMap::Social { .. } | FromMap::Reclaim { .. } => None,
            FromMap::Lingers { .. } | FromMap::BodyFound { .. } => None,
        };
        if let Some(answer) = answer {
            // Fails when the link is gone, which its own task has noticed.
            let _ = self.to_map.send(answer);
        }
    }
}
