//! The last stretch into a world, the same for entering and for travelling: a lock that a gateway holds becomes a map
//! server's, and the player gets a ticket.

use realmgate_protocol::ids::{CharacterId, LockEpoch, TicketId};
use realmgate_protocol::link::{CharacterLoad, PrepareRefusal, ToMap, TravelGrant};
use tokio_util::sync::CancellationToken;

use super::choice::Target;
use super::tickets::{self, Bearer, TICKET_LIFE};
use super::unlinked::Guest;
use crate::error::{Error, ErrorCode};
use crate::link::{Link, PrepareFailure, Question};
use crate::lock::{CharacterLock, LockStep};
use crate::state::AppState;

/// A character that is expected somewhere.
#[derive(Debug)]
pub(super) struct Admission {
    /// What its player is told.
    pub(super) grant: TravelGrant,
    /// Its lock now.
    pub(super) lock: CharacterLock,
}

/// Announces the character to the map server, hands it the lock, and mints the ticket. On an error the lock is still
/// `held`, or was taken by somebody else; what becomes of it is the caller's to say.
pub(super) async fn admit(
    state: &AppState,
    target: &Target,
    character: CharacterId,
    held: &CharacterLock,
    cancel: &CancellationToken,
) -> Result<Admission, Error> {
    let load = state.store.locks.load(character).await?.ok_or(ErrorCode::CharacterNotFound)?;
    let ticket = tickets::ticket_id()?;
    let spawn = load.soft.as_ref().map_or((0, 0), |soft| (soft.x, soft.y));
    let bearer = Bearer { account: load.account, character, epoch: held.epoch };
    let lock = match &target.link {
        Some(link) => announce(state, link, target, ticket, load, held, cancel).await?,
        None => {
            let guest = Guest { account: bearer.account, server: target.server.id.clone(), lock: held.clone() };
            state.link.unlinked.insert(character, guest);
            held.clone()
        }
    };
    let minted = tickets::mint(&state.config.secrets.ticket, ticket, bearer, target, state.clock.now_ms())?;
    let grant = TravelGrant {
        map_ip: target.server.ip.to_string(),
        map_port: target.server.port,
        ticket: minted.ticket,
        spawn_x: spawn.0,
        spawn_y: spawn.1,
        map: target.map,
        channel: target.channel,
        server: target.server.id.as_str().to_owned(),
        connect_token: minted.connect_token,
        map_ws_url: None,
        protocol_hash: target.link.as_ref().map_or(0, |link| link.protocol_hash),
        expires_in_s: TICKET_LIFE.as_secs() as u32,
    };
    Ok(Admission { grant, lock })
}

/// Asks the map server to expect the character, and gives it the lock once it does.
async fn announce(
    state: &AppState,
    link: &Link,
    target: &Target,
    ticket: TicketId,
    load: CharacterLoad,
    held: &CharacterLock,
    cancel: &CancellationToken,
) -> Result<CharacterLock, Error> {
    let character = load.character;
    let question = Question {
        ticket,
        expires_in_ms: TICKET_LIFE.as_millis() as u32,
        map: target.map,
        channel: target.channel,
        epoch: held.epoch,
        load,
    };
    let answer = tokio::select! {
        answer = link.prepare(question) => answer,
        () = cancel.cancelled() => {
            call_off(link, character, held.epoch);
            return Err(Error::new(ErrorCode::BadMessage, "Called off"));
        }
    };
    count_answer(answer);
    if let Err(failure) = answer {
        call_off(link, character, held.epoch);
        return Err(error_of(failure).into());
    }
    let step = LockStep::Prepared { server: target.server.id.clone() };
    let owned = held.after(&step).map_err(Error::internal)?;
    if !state.store.locks.change(character, held, &owned, state.clock.now_ms()).await? {
        call_off(link, character, held.epoch);
        return Err(ErrorCode::AlreadyOnline.into());
    }
    Ok(owned)
}

/// The character is not to be expected any more. A map server that does not hear it forgets by its own deadline.
pub(super) fn call_off(link: &Link, character: CharacterId, epoch: LockEpoch) {
    let _ = link.send(ToMap::Cancel { character, epoch });
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

fn count_answer(answer: Result<(), PrepareFailure>) {
    let result = match answer {
        Ok(()) => "ok",
        Err(PrepareFailure::Unreachable) => "unreachable",
        Err(PrepareFailure::Refused(refusal)) => refusal.name(),
    };
    metrics::counter!("realmgate_prepares_total", "result" => result).increment(1);
}
