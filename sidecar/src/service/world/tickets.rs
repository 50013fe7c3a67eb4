//! Mints what a player or a spectator shows to a map server: the ticket, and the netcode connect token with the ticket inside.

use std::time::Duration;

use realmgate_platform::error::Error;
use realmgate_protocol::ids::{AccountId, CharacterId, LockEpoch, TicketId};
use realmgate_protocol::netcode::{ConnectToken, PrivateToken, USER_DATA_BYTES};
use realmgate_protocol::ticket::{KeyRing, SpectatorTicket, Ticket};

use super::choice::Target;
use super::watch::WatchableChannel;
use crate::directory::MapServer;

/// Lifetime of a ticket.
pub(super) const TICKET_LIFE: Duration = Duration::from_secs(30);
/// How far the clocks of a map server and of the database may differ. Machines that use a time server are within a
/// second. netcode checks a connect token by the map server's own clock, and remembers a spent one as long as it is
/// valid. Whether the ticket inside has expired is for the map server to check, by the deadline that was announced to
/// it.
const CLOCKS_DIFFER_BY: Duration = Duration::from_mins(1);
/// Seconds without a packet after which a netcode connection is over.
const NETCODE_TIMEOUT_S: i32 = 10;

/// Whom a ticket is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bearer {
    pub(super) account: AccountId,
    pub(super) character: CharacterId,
    pub(super) epoch: LockEpoch,
}

/// The two forms of one ticket, as clients get them.
#[derive(Debug, Clone)]
pub(super) struct MintedTicket {
    pub(super) ticket: String,
    pub(super) connect_token: String,
}

/// A random ticket id. Never 0, which some netcode implementations take for "no client".
pub(super) fn ticket_id() -> Result<TicketId, Error> {
    loop {
        let id = getrandom::u64().map_err(no_random_bytes)?;
        if id != 0 {
            return Ok(TicketId(id));
        }
    }
}

/// Signs a ticket for one server, map and channel, and wraps it for netcode.
pub(super) fn mint(
    keys: &KeyRing,
    id: TicketId,
    bearer: Bearer,
    target: &Target,
    now_ms: u64,
) -> Result<MintedTicket, Error> {
    let ticket = Ticket {
        ticket_id: id,
        account: bearer.account,
        character: bearer.character,
        epoch: bearer.epoch,
        map: target.map,
        channel: target.channel,
        server: target.server.id.clone(),
        issued_ms: now_ms,
        expires_ms: now_ms.saturating_add(TICKET_LIFE.as_millis() as u64),
    };
    let connect_token = connect_token(keys, id, &ticket.seal(keys), &target.server, now_ms)?;
    Ok(MintedTicket { ticket: ticket.seal_text(keys), connect_token })
}

/// Signs a spectator's ticket for one channel, and wraps it for netcode.
pub(super) fn mint_spectator(
    keys: &KeyRing,
    id: TicketId,
    target: &WatchableChannel,
    now_ms: u64,
) -> Result<MintedTicket, Error> {
    let ticket = SpectatorTicket {
        ticket_id: id,
        map: target.map,
        channel: target.channel,
        server: target.server.id.clone(),
        issued_ms: now_ms,
        expires_ms: now_ms.saturating_add(TICKET_LIFE.as_millis() as u64),
    };
    let connect_token = connect_token(keys, id, &ticket.seal(keys), &target.server, now_ms)?;
    Ok(MintedTicket { ticket: ticket.seal_text(keys), connect_token })
}

/// Wraps a sealed ticket for netcode.
fn connect_token(
    keys: &KeyRing,
    id: TicketId,
    sealed: &[u8],
    server: &MapServer,
    now_ms: u64,
) -> Result<String, Error> {
    let mut user_data = [0; USER_DATA_BYTES];
    user_data[..sealed.len()].copy_from_slice(sealed);
    let private = PrivateToken {
        client_id: id.0,
        timeout_s: NETCODE_TIMEOUT_S,
        servers: vec![server.address()],
        client_to_server_key: random()?,
        server_to_client_key: random()?,
        user_data,
    };
    let expires_s = (Duration::from_millis(now_ms) + TICKET_LIFE + CLOCKS_DIFFER_BY).as_secs();
    // When it was made is not sealed, and read only by clients: they try to connect for the time between the two.
    let valid_s = expires_s - TICKET_LIFE.as_secs()..expires_s;
    Ok(ConnectToken::new(&private, valid_s, random()?, &keys.netcode_key()).to_text())
}

/// Bytes of a key or a nonce that nobody can guess.
fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(no_random_bytes)?;
    Ok(bytes)
}

fn no_random_bytes(error: getrandom::Error) -> Error {
    Error::internal(anyhow::anyhow!("random bytes: {error}"))
}
