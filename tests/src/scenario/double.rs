//! In the sidecar's place: announces characters, answers events from its ledger, sends travellers on, carries talk.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender};

use realmgate_engine::host::LinkNews;
use realmgate_protocol::entry::{EntryGrant, SpawnPosition};
use realmgate_protocol::ids::{ChannelId, CharacterId, LockEpoch, MapId, RequestId, TicketId};
use realmgate_protocol::link::{
    CharacterLoad, EventOutcome, EventRefusal, FromMap, LeaveReason, OwnedEvent, Save, ToMap,
};
use realmgate_protocol::movement::tiles;
use realmgate_protocol::realm::protocol_hash;
use realmgate_protocol::ticket::{KeyRing, Ticket};

use super::Ledger;
use super::parties::{Delivery, Parties};
use super::wire::Doors;
use crate::netcode::Forged;

/// How long its tickets are good for.
const TICKET_S: u32 = 30;

/// The double.
pub struct SidecarDouble {
    /// Who owns what.
    pub ledger: Ledger,
    /// All that the map server has said, in order.
    pub said: Vec<FromMap>,
    /// While it is set, events wait: the sidecar is away.
    pub is_away: bool,
    /// The next event that is not refused anyway is refused for this.
    pub refuse_next: Option<EventRefusal>,
    to_map: Sender<LinkNews>,
    from_map: Receiver<FromMap>,
    keys: KeyRing,
    address: SocketAddr,
    doors: Doors,
    known: BTreeMap<CharacterId, CharacterLoad>,
    parties: Parties,
    journeys: BTreeMap<RequestId, Journey>,
    waiting: Vec<FromMap>,
    last: u64,
}

/// A travel whose target has not answered.
struct Journey {
    question: RequestId,
    character: CharacterId,
    grant: EntryGrant,
}

/// The id of the map server in every scene.
pub(super) const SERVER: &str = "map-server-1";

impl SidecarDouble {
    pub(super) fn new(
        keys: KeyRing,
        address: SocketAddr,
        doors: Doors,
        to_map: Sender<LinkNews>,
        from_map: Receiver<FromMap>,
    ) -> Self {
        Self {
            ledger: Ledger::default(),
            said: Vec::new(),
            is_away: false,
            refuse_next: None,
            to_map,
            from_map,
            keys,
            address,
            doors,
            known: BTreeMap::new(),
            parties: Parties::default(),
            journeys: BTreeMap::new(),
            waiting: Vec::new(),
            last: 0,
        }
    }

    /// A character that begins here, with all that it brings.
    pub(super) fn create(&mut self, load: CharacterLoad) {
        self.ledger.add(&load);
        self.known.insert(load.character, load);
    }

    /// Announces a known character under a new epoch; what its player connects with.
    pub(super) fn admit(&mut self, character: CharacterId, map: MapId, channel: ChannelId) -> EntryGrant {
        self.announce(character, map, channel).1
    }

    /// Takes a character away, as the sidecar does when the same account enters elsewhere.
    pub fn kick(&self, character: CharacterId, reason: LeaveReason) {
        let epoch = self.ledger.epoch(character);
        self.send(ToMap::Kick { character, epoch, reason });
    }

    /// The link goes down.
    pub fn go_away(&mut self) {
        self.is_away = true;
        self.news(LinkNews::Lost);
    }

    /// The link is up again. Not `resumed`: what the map server held is others' by now, and what it said meanwhile is
    /// worth nothing.
    pub fn come_back(&mut self, resumed: bool) {
        self.is_away = false;
        if !resumed {
            self.waiting.clear();
        }
        self.news(LinkNews::Up { resumed });
    }

    /// Gives a character to somebody else while the link is down.
    pub fn give_away(&mut self, character: CharacterId) {
        self.next_epoch(character);
    }

    fn news(&self, news: LinkNews) {
        self.to_map.send(news).expect("the server runs");
    }

    /// Where a character was when it was last saved.
    ///
    /// # Panics
    /// When it never was.
    pub fn saved(&self, character: CharacterId) -> &Save {
        let saved = self.said.iter().rev().find_map(|said| match said {
            FromMap::Save { saves } => saves.iter().find(|save| save.character == character),
            FromMap::Released { save, .. } | FromMap::Travel { save, .. } => {
                Some(save).filter(|save| save.character == character)
            }
            _ => None,
        });
        saved.expect("it was saved")
    }

    /// Answers what the map server has said since the last call.
    pub(super) fn answer(&mut self) {
        let said: Vec<FromMap> = self.from_map.try_iter().collect();
        self.waiting.extend(said);
        if self.is_away {
            return;
        }
        for message in std::mem::take(&mut self.waiting) {
            self.said.push(message.clone());
            self.answer_one(message);
        }
    }

    fn send(&self, message: ToMap) {
        self.news(message.into());
    }

    fn answer_one(&mut self, message: FromMap) {
        match message {
            FromMap::Entered { character, .. } => {
                let name = self.known[&character].name.clone();
                let told = self.parties.arrived(character, &name);
                self.deliver(told);
            }
            FromMap::Events { batch, events } => {
                let outcomes = events.iter().map(|event| self.commit(event)).collect();
                self.send(ToMap::Committed { batch, outcomes });
            }
            FromMap::Released { save, .. } => {
                self.parties.left(save.character);
                let settled = ToMap::Settled { character: save.character, epoch: save.epoch };
                self.keep(save);
                self.send(settled);
            }
            FromMap::Save { saves } => saves.into_iter().for_each(|save| self.keep(save)),
            FromMap::Dropped { character, .. } => self.parties.left(character),
            FromMap::Travel { request, save, channel } => self.travel(request, save, channel),
            FromMap::Prepared { request, refusal, .. } => {
                let Some(journey) = self.journeys.remove(&request) else {
                    assert_eq!(refusal, None, "an announced character is expected");
                    return;
                };
                let Journey { question: request, character, grant } = journey;
                let answer = match refusal {
                    None => {
                        let grant = serde_json::to_string(&grant).expect("a grant is JSON");
                        ToMap::TravelGranted { request, character, grant }
                    }
                    Some(reason) => {
                        // Back under an epoch that the target never heard of.
                        let epoch = self.next_epoch(character);
                        ToMap::TravelRefused { request, character, epoch, code: reason.name().to_owned() }
                    }
                };
                self.send(answer);
            }
            FromMap::Social { character, command } => {
                let told = self.parties.command(character, command);
                self.deliver(told);
            }
            FromMap::Reclaim { locks, .. } => {
                let lost = locks.into_iter().filter(|lock| lock.epoch != self.ledger.epoch(lock.character));
                lost.for_each(|lock| self.send(ToMap::Fenced { character: lock.character, epoch: lock.epoch }));
            }
            FromMap::Hello { .. }
            | FromMap::Expired { .. }
            | FromMap::Load { .. }
            | FromMap::Lingers { .. }
            | FromMap::BodyFound { .. } => {}
        }
    }

    fn commit(&mut self, event: &OwnedEvent) -> EventOutcome {
        let refusal = self.refuse_next.take().or_else(|| self.ledger.commit(event));
        EventOutcome { key: event.key, refusal }
    }

    /// Keeps a save, if it is of the present owner.
    fn keep(&mut self, save: Save) {
        assert_eq!(save.epoch, self.ledger.epoch(save.character), "nobody saves under a stale epoch");
        if let Some(load) = self.known.get_mut(&save.character) {
            load.soft = Some(save.soft);
        }
    }

    fn travel(&mut self, question: RequestId, save: Save, channel: Option<ChannelId>) {
        let (character, map) = (save.character, save.soft.map);
        self.keep(save);
        let (request, grant) = self.announce(character, map, channel.unwrap_or(ChannelId(1)));
        self.journeys.insert(request, Journey { question, character, grant });
    }

    fn deliver(&self, told: Vec<Delivery>) {
        told.into_iter().for_each(|(character, event)| self.send(ToMap::Social { character, event }));
    }

    fn announce(&mut self, character: CharacterId, map: MapId, channel: ChannelId) -> (RequestId, EntryGrant) {
        self.last += 1;
        let epoch = self.next_epoch(character);
        let load = self.load(character);
        let ticket = Ticket {
            ticket_id: TicketId(1_000 + self.last),
            account: load.account,
            character,
            epoch,
            map,
            channel,
            server: SERVER.parse().expect("a legal id"),
            issued_ms: 0,
            expires_ms: u64::from(TICKET_S) * 1_000,
        };
        let (request, expires_in_ms) = (RequestId(self.last), TICKET_S * 1_000);
        let grant = self.grant(&ticket, &load);
        self.send(ToMap::Prepare {
            request,
            ticket: ticket.ticket_id,
            expires_in_ms,
            map,
            channel,
            epoch,
            load,
            trace: String::new(),
        });
        (request, grant)
    }

    fn next_epoch(&mut self, character: CharacterId) -> LockEpoch {
        let epoch = LockEpoch(self.ledger.epoch(character).0 + 1);
        self.ledger.lock(character, epoch);
        epoch
    }

    /// A character as it is now: its soft state as last saved, its goods as the ledger has them.
    fn load(&self, character: CharacterId) -> CharacterLoad {
        let (experience, level) = self.ledger.experience(character);
        let items = self.ledger.items(character).into_values().collect();
        let gold = self.ledger.gold(character);
        CharacterLoad { experience, level, gold, items, ..self.known[&character].clone() }
    }

    fn grant(&self, ticket: &Ticket, load: &CharacterLoad) -> EntryGrant {
        let soft = load.soft.as_ref();
        EntryGrant {
            character_id: Some(ticket.character.to_string()),
            map_ip: self.address.ip().to_string(),
            map_port: self.address.port(),
            ticket: ticket.seal_text(&self.keys),
            spawn_pos: soft.map(|soft| SpawnPosition { x: tiles(soft.x), y: tiles(soft.y) }),
            map_id: ticket.map.0,
            map_name: None,
            channel: ticket.channel.0,
            server_id: SERVER.to_owned(),
            connect_token: Forged::around(ticket, &self.keys, self.address).public().to_text(),
            renet_connect_token: None,
            map_ws_url: self.doors.ws_url.clone(),
            map_wt_url: self.doors.wt_url.clone(),
            map_wt_cert_sha256: self.doors.wt_cert_sha256.clone(),
            protocol_hash: format!("{:016x}", protocol_hash()),
            expires_in: TICKET_S,
        }
    }
}
