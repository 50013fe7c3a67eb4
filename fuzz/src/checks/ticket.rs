//! Tickets and connect tokens.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_client::token;
use realmgate_protocol::ids::{AccountId, ChannelId, CharacterId, LockEpoch, MapId, TicketId};
use realmgate_protocol::limits::MAX_TICKET_BYTES;
use realmgate_protocol::ticket::{KeyRing, Ticket};

static KEYS: LazyLock<KeyRing> = LazyLock::new(|| "a golden secret of thirty-two bytes!".parse().expect("long enough"));

/// The ticket of a player who comes.
pub fn ticket(bytes: &[u8]) {
    if let Ok(ticket) = Ticket::open(bytes, &KEYS) {
        let sealed = ticket.seal(&KEYS);
        assert!(bytes.starts_with(&sealed), "a ticket that we did not sign was opened: {ticket:?}");
    }
    // What carries no valid signature is read by clients.
    let Ok(ticket) = Ticket::peek_text(&URL_SAFE_NO_PAD.encode(bytes)) else { return };
    let sealed = ticket.seal(&KEYS);
    assert!(sealed.len() <= MAX_TICKET_BYTES, "a ticket of {} bytes", sealed.len());
    assert_eq!(Ticket::open(&sealed, &KEYS).as_ref(), Ok(&ticket), "it reads back as another");
    let mut forged = sealed.clone();
    let at = bytes.len() % forged.len();
    forged[at] ^= 1 << (bytes[0] % 8);
    assert!(Ticket::open(&forged, &KEYS).is_err(), "a bit of it was changed, and it was opened");
}

/// The connect token that a gateway gives a client.
pub fn connect_token(bytes: &[u8]) {
    static TICKET: LazyLock<String> = LazyLock::new(|| some_ticket().seal_text(&KEYS));
    // Most of it is random or zero: the fuzzer need not find the length.
    let mut padded = bytes.to_vec();
    padded.resize(token::TOKEN_BYTES, 0);
    let text = URL_SAFE_NO_PAD.encode(&padded);
    if let Ok(read) = token::decode(&text, &TICKET) {
        assert_eq!(read.client_id, some_ticket().ticket_id.0);
        assert!(read.expire_timestamp > read.create_timestamp);
        assert!(read.server_addresses.iter().any(Option::is_some), "a token that leads nowhere");
    }
    // As text of any length.
    assert!(token::decode(&URL_SAFE_NO_PAD.encode(bytes), &TICKET).is_err() || bytes.len() == token::TOKEN_BYTES);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = token::decode(text, text);
    }
}

fn some_ticket() -> Ticket {
    Ticket {
        ticket_id: TicketId(7),
        account: AccountId([1; 16]),
        character: CharacterId([2; 16]),
        epoch: LockEpoch(3),
        map: MapId(1),
        channel: ChannelId(1),
        server: "map-server-1".parse().expect("a name"),
        issued_ms: 1_000,
        expires_ms: 31_000,
    }
}
