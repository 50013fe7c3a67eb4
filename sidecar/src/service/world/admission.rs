//! The last step into a world, the same for entering and for travelling: a lock that a gateway holds passes to a map
//! server, and the player gets a ticket.

use std::sync::Arc;

use realmgate_platform::error::{Error, ErrorCode};
use realmgate_protocol::entry::{EntryGrant, SpawnPosition};
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, ServerId};
use realmgate_protocol::link::{BodyPlace, CharacterLoad, Fence, PrepareRefusal, ToMap};
use realmgate_protocol::movement::{Position, tiles};
use realmgate_protocol::ticket::KeyRing;
use tokio_util::sync::CancellationToken;

use super::choice::{Seats, Target};
use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::this_replica::ThisReplica;
use super::tickets::{self, Bearer, TICKET_LIFE};
use crate::directory::{LinkFacts, SessionCharacter};
use crate::link::{PrepareFailure, Question, ReturnQuestion};
use crate::lock::timers::{ID_HELD, deadline};
use crate::lock::{CharacterLock, LockStep};
use crate::store::locks::LockedCharacter;
use crate::store::{LockStore, ServerLockStore};

/// A character that a map server expects.
#[derive(Debug)]
pub(super) struct Admission {
    /// The grant that its player receives.
    pub(super) grant: EntryGrant,
    /// Its lock now.
    pub(super) lock: CharacterLock,
    /// The account of the character.
    pub(super) account: AccountId,
    /// The character as its session entry shows it.
    pub(super) character: SessionCharacter,
}

/// Hands characters over to map servers.
pub(super) struct Admissions {
    pub(super) locks: LockStore,
    pub(super) server_locks: ServerLockStore,
    pub(super) time: LockClock,
    pub(super) this: Arc<ThisReplica>,
    pub(super) map_servers: Arc<MapServers>,
    pub(super) seats: Arc<Seats>,
    /// What signs tickets.
    pub(super) ticket_keys: KeyRing,
}

impl Admissions {
    /// Announces the character to the map server, hands it the lock, and mints the ticket. After an error the lock is
    /// still `held`, or was taken by somebody else; the caller decides what happens to it.
    pub(super) async fn admit(
        &self,
        target: &Target,
        character: CharacterId,
        held: &CharacterLock,
        trace: &str,
        cancel: &CancellationToken,
    ) -> Result<Admission, Error> {
        let admitted = self.admit_to(target, character, held, trace, cancel).await;
        if admitted.is_err() {
            self.seats.give_back(target).await;
        }
        admitted
    }

    async fn admit_to(
        &self,
        target: &Target,
        character: CharacterId,
        held: &CharacterLock,
        trace: &str,
        cancel: &CancellationToken,
    ) -> Result<Admission, Error> {
        let load = self.locks.load(character).await?.ok_or(ErrorCode::CharacterNotFound)?;
        let bearer = Bearer { account: load.account, character, epoch: held.epoch };
        let name = load.name.clone();
        let saved = load.soft.as_ref().map(|soft| Position { x: soft.x, y: soft.y });
        let (lock, spawn) = match &target.link {
            Some(link) => self.announce(link, target, load, held, trace, cancel).await?,
            None => (self.lend(target, character, held).await?, None),
        };
        let spawn = spawn.or(saved);
        let grant = self.grant(target, bearer, spawn)?;
        let server = target.server.id.clone();
        let seen =
            SessionCharacter { id: character.to_string(), name, map_server: server, map_id: target.map, at: spawn };
        Ok(Admission { grant, lock, account: bearer.account, character: seen })
    }

    /// Lets the player of a character that is in a world come back to its body there, over another connection. Nothing
    /// changes hands: the lock stays as it is. `None` where its map server knows no body that the player may come back to,
    /// or cannot be asked.
    pub(super) async fn admit_again(
        &self,
        server: &ServerId,
        body: &LockedCharacter,
        channel: Option<ChannelId>,
        trace: &str,
    ) -> Result<Option<Admission>, Error> {
        let Some(server) = self.map_servers.registry.find(server).await? else { return Ok(None) };
        let Some(link) = server.link.clone() else { return Ok(None) };
        let (ticket, epoch) = (tickets::ticket_id()?, body.lock.epoch);
        let LockedCharacter { character, account, .. } = *body;
        let expires_in_ms = TICKET_LIFE.as_millis() as u32;
        let trace = trace.to_owned();
        let question = ReturnQuestion { ticket, expires_in_ms, character, account, epoch, channel, trace };
        let found = self.map_servers.find_body(&server.id, &link.replica, question).await;
        let Some(BodyPlace { map, channel, position }) = found else { return Ok(None) };
        let target = Target { server, map, channel, ticket, link: Some(link) };
        let grant = self.grant(&target, Bearer { account, character, epoch }, Some(position))?;
        let seen = SessionCharacter {
            id: character.to_string(),
            name: body.name.clone(),
            map_server: target.server.id,
            map_id: map,
            at: Some(position),
        };
        Ok(Some(Admission { grant, lock: body.lock.clone(), account, character: seen }))
    }

    /// What the player of a character that is expected at a place receives.
    fn grant(&self, target: &Target, bearer: Bearer, spawn: Option<Position>) -> Result<EntryGrant, Error> {
        let minted = tickets::mint(&self.ticket_keys, target.ticket, bearer, target, self.time.now_ms())?;
        Ok(EntryGrant {
            character_id: Some(bearer.character.to_string()),
            map_ip: target.server.ip.to_string(),
            map_port: target.server.port,
            ticket: minted.ticket,
            // A map server without a map link does not say where a character appears.
            spawn_pos: spawn.filter(|_| target.link.is_some()).map(in_tiles),
            map_id: target.map.0,
            map_name: target.server.map_names.get(&target.map.0).cloned(),
            channel: target.channel.0,
            server_id: target.server.id.as_str().to_owned(),
            connect_token: minted.connect_token,
            renet_connect_token: None,
            map_ws_url: target.server.ws_url.clone(),
            map_wt_url: target.server.wt_url.clone(),
            map_wt_cert_sha256: target.server.wt_cert_sha256.clone(),
            protocol_hash: format!("{:016x}", target.link.as_ref().map_or(0, |link| link.protocol_hash)),
            expires_in: TICKET_LIFE.as_secs() as u32,
        })
    }

    /// Asks the map server to expect the character, and gives it the lock once it does. Returns where the character
    /// will appear.
    async fn announce(
        &self,
        link: &LinkFacts,
        target: &Target,
        load: CharacterLoad,
        held: &CharacterLock,
        trace: &str,
        cancel: &CancellationToken,
    ) -> Result<(CharacterLock, Option<Position>), Error> {
        let character = load.character;
        let question = Question {
            ticket: target.ticket,
            expires_in_ms: TICKET_LIFE.as_millis() as u32,
            map: target.map,
            channel: target.channel,
            epoch: held.epoch,
            load,
            trace: trace.to_owned(),
        };
        let answer = tokio::select! {
            answer = self.map_servers.prepare(&target.server.id, &link.replica, question) => answer,
            () = cancel.cancelled() => {
                self.call_off(&target.server.id, character, held.epoch);
                return Err(ErrorCode::CalledOff.into());
            }
        };
        count_answer(answer);
        let spawn = match answer {
            Ok(spawn) => spawn,
            Err(failure) => {
                self.call_off(&target.server.id, character, held.epoch);
                return Err(error_of(failure).into());
            }
        };
        let step = LockStep::Prepared { server: target.server.id.clone() };
        let owned = self.time.after(held, &step).map_err(Error::internal)?;
        if !self.locks.change(character, held, &owned, self.time.now_ms()).await? {
            self.call_off(&target.server.id, character, held.epoch);
            return Err(ErrorCode::AlreadyOnline.into());
        }
        Ok((owned, spawn))
    }

    /// Tells the map server not to expect the character any more. If the message is lost, it forgets by its own
    /// deadline.
    pub(super) fn call_off(&self, server: &ServerId, character: CharacterId, epoch: LockEpoch) {
        self.map_servers.tell_soon(server, ToMap::Cancel { character, epoch });
    }

    /// For a map server without a link, which acknowledges nothing: the lock stays with the gateway, and the server's
    /// heartbeats renew it.
    async fn lend(
        &self,
        target: &Target,
        character: CharacterId,
        held: &CharacterLock,
    ) -> Result<CharacterLock, Error> {
        let step = LockStep::Lent { gateway: self.this.id.clone() };
        let lent = self.time.after(held, &step).map_err(Error::internal)?;
        let until_ms = deadline(self.time.now_ms(), ID_HELD);
        let fence = Fence { character, epoch: held.epoch };
        let (gateway, server) = (&self.this.id, &target.server.id);
        if !self.server_locks.lend(&fence, gateway, server, until_ms).await? {
            return Err(ErrorCode::AlreadyOnline.into());
        }
        Ok(lent)
    }
}

fn in_tiles(position: Position) -> SpawnPosition {
    SpawnPosition { x: tiles(position.x), y: tiles(position.y) }
}

fn error_of(failure: PrepareFailure) -> ErrorCode {
    match failure {
        PrepareFailure::Unreachable | PrepareFailure::Refused(PrepareRefusal::Draining) => {
            ErrorCode::MapServerUnreachable
        }
        PrepareFailure::Refused(PrepareRefusal::Full) => ErrorCode::MapFull,
        PrepareFailure::Refused(PrepareRefusal::NotHosted) => ErrorCode::MapNotFound,
        PrepareFailure::Refused(PrepareRefusal::StillHere) => ErrorCode::AlreadyOnline,
        PrepareFailure::Refused(PrepareRefusal::BadCharacter) => ErrorCode::Internal,
    }
}

fn count_answer(answer: Result<Option<Position>, PrepareFailure>) {
    let result = match answer {
        Ok(_) => "ok",
        Err(PrepareFailure::Unreachable) => "unreachable",
        Err(PrepareFailure::Refused(refusal)) => refusal.name(),
    };
    metrics::counter!("realmgate_prepares_total", "result" => result).increment(1);
}
