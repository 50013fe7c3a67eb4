//! A map server that a test controls.

use std::collections::VecDeque;

use futures_util::{SinkExt, StreamExt};
use realmgate_platform::testing::soon;
use realmgate_protocol::codec::{decode_link, encode_link};
use realmgate_protocol::entry::EntryGrant;
use realmgate_protocol::ids::{BatchId, ChannelId, CharacterId, LockEpoch, MapId, RequestId, SaveSequence, TicketId};
use realmgate_protocol::limits::LINK_VERSION;
use realmgate_protocol::link::{
    BodyPlace, CharacterLoad, EventOutcome, Fence, FromMap, LeaveReason, OwnedEvent, PrepareRefusal, Save, SoftState,
    ToMap,
};
use realmgate_protocol::movement::Position;
use realmgate_protocol::realm;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::directory::{Cookie, Registration};
use crate::state::AppState;

/// Soft state somewhere on a map.
pub(crate) fn soft_at(map: u16, x: i32) -> SoftState {
    SoftState { map: MapId(map), x, y: 2_048, health: 50, resource: 10, cooldowns: Vec::new(), ..SoftState::default() }
}

/// Where the map server lets characters appear.
pub(crate) const SPAWN: Position = Position { x: 1_536, y: 3_072 };

/// The link of a map server. Messages that a test does not wait for are kept for later.
pub(crate) struct FakeMap {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    kept: VecDeque<ToMap>,
    /// The last announced character, and its epoch.
    pub(crate) announced: Option<(CharacterLoad, LockEpoch)>,
    /// Whether the test answers for the bodies to which players want back. Otherwise there are none.
    pub(crate) has_bodies: bool,
    last_batch: u64,
}

impl FakeMap {
    /// Lists a map server with room for ten players.
    pub(crate) async fn register(state: &AppState, id: &str, maps: &[u16], cookie: Option<Cookie>) -> Cookie {
        let port = 4_000 + u16::from(*id.as_bytes().last().unwrap());
        let registration = Registration {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            ip: [127, 0, 0, 1].into(),
            port,
            supported_maps: maps.iter().copied().map(MapId).collect(),
            map_names: maps.iter().map(|map| (*map, format!("map-{map}"))).collect(),
            spawns: maps.iter().map(|map| (*map, SPAWN)).collect(),
            ws_url: Some(format!("ws://127.0.0.1:{port}/play")),
            wt_url: Some(format!("https://127.0.0.1:{port}/play")),
            wt_cert_sha256: Some("5a".repeat(32)),
            max_players: 10,
            cookie,
        };
        state.world.servers.register(&registration).await.unwrap().cookie
    }

    /// Opens a socket to `/map-link` and says nothing yet.
    pub(crate) async fn open(state: &AppState) -> Self {
        let mut request = format!("ws://{}/map-link", state.addrs.directory).into_client_request().unwrap();
        let token = format!("Bearer {}", state.config.secrets.service_token.expose());
        request.headers_mut().insert("authorization", HeaderValue::from_str(&token).unwrap());
        let (socket, _) = soon("the link's handshake", tokio_tungstenite::connect_async(request)).await.unwrap();
        Self { socket, kept: VecDeque::new(), announced: None, has_bodies: false, last_batch: 0 }
    }

    pub(crate) async fn hello(&mut self, id: &str, maps: &[u16], cookie: &Cookie, fresh: bool) {
        self.hello_of(LINK_VERSION, id, maps, cookie, fresh).await;
    }

    /// The hello of a program of this link version.
    pub(crate) async fn hello_of(&mut self, link_version: u16, id: &str, maps: &[u16], cookie: &Cookie, fresh: bool) {
        self.say(FromMap::Hello {
            server: id.to_owned(),
            link_version,
            protocol_hash: realm::protocol_hash(),
            maps: maps.iter().copied().map(MapId).collect(),
            channels: 2,
            cookie: cookie.expose().to_owned(),
            fresh,
        })
        .await;
    }

    /// Waits for the welcome. Returns whether what this server held may be reclaimed.
    pub(crate) async fn welcomed(&mut self) -> bool {
        match self.next().await {
            ToMap::Welcome { resumed, .. } => resumed,
            message => panic!("{message:?}"),
        }
    }

    /// Reclaims the locks it still holds, and waits until that was handled.
    pub(crate) async fn reclaim(&mut self, locks: &[(CharacterId, LockEpoch)]) {
        let locks = locks.iter().map(|(character, epoch)| Fence { character: *character, epoch: *epoch }).collect();
        self.say(FromMap::Reclaim { locks, last: true }).await;
        self.sync().await;
    }

    pub(crate) async fn say(&mut self, message: FromMap) {
        self.say_bytes(encode_link(&message).unwrap()).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    async fn next(&mut self) -> ToMap {
        loop {
            match self.next_or_end().await.expect("the link ended") {
                ToMap::Return { request, .. } if !self.has_bodies => {
                    self.say(FromMap::BodyFound { request, body: None }).await;
                }
                message => return message,
            }
        }
    }

    /// The next message; `None` at the end of the link.
    pub(crate) async fn next_or_end(&mut self) -> Option<ToMap> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => return Some(decode_link(&bytes).unwrap()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    None | Some(Ok(Message::Close(_)) | Err(_)) => return None,
                    Some(other) => panic!("{other:?} is no link message"),
                }
            }
        };
        soon("a link message", next).await
    }

    /// The first message that `pick` accepts; those before it are kept for later.
    pub(crate) async fn wait<T>(&mut self, pick: impl Fn(&ToMap) -> Option<T>) -> T {
        let kept = self.kept.iter().position(|message| pick(message).is_some());
        if let Some(message) = kept.and_then(|at| self.kept.remove(at)) {
            return pick(&message).unwrap();
        }
        loop {
            let message = self.next().await;
            match pick(&message) {
                Some(picked) => return picked,
                None => self.kept.push_back(message),
            }
        }
    }

    /// Whether such a message has come that the test has not taken, once everything said before was handled.
    async fn has_heard(&mut self, is_such: impl Fn(&ToMap) -> bool) -> bool {
        self.sync().await;
        self.kept.iter().any(is_such)
    }

    /// Whether a player wants back to its body, and the test has not answered that.
    pub(crate) async fn was_asked_for_a_body(&mut self) -> bool {
        self.has_heard(|message| matches!(message, ToMap::Return { .. })).await
    }

    /// Answers the next player who wants back to its body. Returns whose body it is, under which epoch, the ticket, and the
    /// channel that is wanted.
    pub(crate) async fn find_body(
        &mut self,
        body: Option<BodyPlace>,
    ) -> (CharacterId, LockEpoch, TicketId, Option<ChannelId>) {
        let (request, asked) = self
            .wait(|message| match message {
                ToMap::Return { request, character, epoch, ticket, channel, .. } => {
                    Some((*request, (*character, *epoch, *ticket, *channel)))
                }
                _ => None,
            })
            .await;
        self.say(FromMap::BodyFound { request, body }).await;
        asked
    }

    /// Whether an announcement has come that the test has not taken.
    pub(crate) async fn was_asked(&mut self) -> bool {
        self.has_heard(|message| matches!(message, ToMap::Prepare { .. })).await
    }

    /// Whether a kick has come that the test has not taken.
    pub(crate) async fn was_told_to_kick(&mut self) -> bool {
        self.has_heard(|message| matches!(message, ToMap::Kick { .. })).await
    }

    /// Takes the next announcement.
    pub(crate) async fn prepare(&mut self) -> (RequestId, CharacterLoad, LockEpoch) {
        let (request, load, epoch) = self
            .wait(|message| match message {
                ToMap::Prepare { request, load, epoch, .. } => Some((*request, load.clone(), *epoch)),
                _ => None,
            })
            .await;
        self.announced = Some((load.clone(), epoch));
        (request, load, epoch)
    }

    /// Answers the next announcement.
    pub(crate) async fn answer(&mut self, refusal: Option<PrepareRefusal>) -> (CharacterId, LockEpoch) {
        let (request, load, epoch) = self.prepare().await;
        let spawn = refusal.is_none().then_some(SPAWN);
        self.say(FromMap::Prepared { request, refusal, spawn }).await;
        (load.character, epoch)
    }

    /// Answers the next announcement of a spectator. Returns its ticket and what it watches.
    pub(crate) async fn answer_watch(&mut self, refusal: Option<PrepareRefusal>) -> (TicketId, MapId, ChannelId) {
        let (request, ticket, map, channel) = self
            .wait(|message| match message {
                ToMap::Watch { request, ticket, map, channel, .. } => Some((*request, *ticket, *map, *channel)),
                _ => None,
            })
            .await;
        let spawn = refusal.is_none().then_some(SPAWN);
        self.say(FromMap::Prepared { request, refusal, spawn }).await;
        (ticket, map, channel)
    }

    /// Admits the next character that is announced.
    pub(crate) async fn admit(&mut self) -> (CharacterId, LockEpoch) {
        self.answer(None).await
    }

    pub(crate) async fn entered(&mut self, character: CharacterId, epoch: LockEpoch) {
        self.say(FromMap::Entered { character, epoch }).await;
    }

    pub(crate) async fn kick(&mut self) -> (CharacterId, LockEpoch, LeaveReason) {
        self.wait(|message| match message {
            ToMap::Kick { character, epoch, reason } => Some((*character, *epoch, *reason)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn fenced(&mut self) -> (CharacterId, LockEpoch) {
        self.wait(|message| match message {
            ToMap::Fenced { character, epoch } => Some((*character, *epoch)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn release(&mut self, save: Save, reason: LeaveReason) {
        self.say(FromMap::Released { save, reason }).await;
    }

    /// Sends a batch and takes its outcomes.
    pub(crate) async fn commit(&mut self, events: Vec<OwnedEvent>) -> Vec<EventOutcome> {
        self.last_batch += 1;
        let batch = BatchId(self.last_batch);
        self.say(FromMap::Events { batch, events }).await;
        self.wait(|message| match message {
            ToMap::Committed { batch: answered, outcomes } if *answered == batch => Some(outcomes.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until everything said before has been handled: messages are handled in order.
    pub(crate) async fn sync(&mut self) {
        self.commit(Vec::new()).await;
    }

    /// Closes the link. The sidecar's own close means that everything before it was handled.
    pub(crate) async fn close(mut self) {
        self.socket.close(None).await.unwrap();
        while !matches!(soon("a close", self.socket.next()).await.expect("no close").unwrap(), Message::Close(_)) {}
    }
}

/// A save of a character.
pub(crate) fn save(character: CharacterId, epoch: LockEpoch, sequence: u64, soft: SoftState) -> Save {
    Save { character, epoch, sequence: SaveSequence(sequence), soft }
}

/// The grant in a `TravelGranted`.
pub(crate) fn read_grant(text: &str) -> EntryGrant {
    serde_json::from_str(text).unwrap()
}
