//! Tickets and connect tokens.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::limits::MAX_TICKET_BYTES;
use realmgate_protocol::netcode::{ConnectToken, MAX_ADDRESSES, PUBLIC_BYTES};
use realmgate_protocol::ticket::{KeyRing, SpectatorTicket, Ticket, ticket_id_of};

static KEYS: LazyLock<KeyRing> = LazyLock::new(|| "a golden secret of thirty-two bytes!".parse().expect("long enough"));

/// The ticket of a player who comes, or of a spectator.
pub fn ticket(bytes: &[u8]) {
    spectator_ticket(bytes);
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

/// The ticket of whoever comes to watch.
fn spectator_ticket(bytes: &[u8]) {
    if let Ok(ticket) = SpectatorTicket::open(bytes, &KEYS) {
        assert!(bytes.starts_with(&ticket.seal(&KEYS)), "a ticket that we did not sign was opened: {ticket:?}");
    }
    assert!(
        Ticket::open(bytes, &KEYS).is_err() || SpectatorTicket::open(bytes, &KEYS).is_err(),
        "a ticket of both kinds"
    );
    let Ok(ticket) = SpectatorTicket::peek(bytes) else { return };
    assert_eq!(ticket_id_of(bytes), Some(ticket.ticket_id));
    let sealed = ticket.seal(&KEYS);
    assert!(sealed.len() <= MAX_TICKET_BYTES, "a ticket of {} bytes", sealed.len());
    assert_eq!(SpectatorTicket::open(&sealed, &KEYS).as_ref(), Ok(&ticket), "it reads back as another");
}

/// The connect token that a gateway gives a client.
pub fn connect_token(bytes: &[u8]) {
    // Most of it is random or zero: the fuzzer need not find the length.
    let mut padded = bytes.to_vec();
    padded.resize(PUBLIC_BYTES, 0);
    if let Ok(token) = ConnectToken::read(&padded) {
        assert!(token.valid_s.end > token.valid_s.start);
        assert!((1..=MAX_ADDRESSES).contains(&token.servers.len()), "a token that leads nowhere");
        let written = token.to_bytes();
        assert_eq!(ConnectToken::read(&written).as_ref(), Ok(&token), "it reads back as another");
        assert!(token.open(&KEYS.netcode_key()).is_none(), "a token that we did not seal was opened: {token:?}");
    }
    assert!(ConnectToken::read(bytes).is_err() || bytes.len() == PUBLIC_BYTES);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = ConnectToken::read_text(text);
    }
}
