//! Connect tokens in the form that `renetcode` takes.
//!
//! The standard's public token has no client id. `renetcode` needs that id too. Ours is the ticket's id, and the ticket
//! comes with the token.

use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::netcode::{ConnectToken, ConnectTokenError, VERSION_INFO};
use realmgate_protocol::ticket::{Ticket, TicketError};

/// Why a connect token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no connect token of ours.
    #[error(transparent)]
    Token(#[from] ConnectTokenError),
    /// The ticket, which holds the client id, is malformed.
    #[error("invalid ticket beside the connect token: {0}")]
    Ticket(#[from] TicketError),
}

/// Decodes the connect token of an admission. `ticket` is the text that came with it.
///
/// # Errors
/// [`TokenError::Ticket`] when `ticket` is malformed, otherwise [`TokenError::Token`].
pub fn decode(connect_token: &str, ticket: &str) -> Result<renetcode::ConnectToken, TokenError> {
    let client_id = Ticket::peek_text(ticket)?.ticket_id.0;
    Ok(for_renetcode(&ConnectToken::read_text(connect_token)?, client_id))
}

/// The same token as `renetcode` has it. Further addresses than it has room for are left out.
pub fn for_renetcode(token: &ConnectToken, client_id: u64) -> renetcode::ConnectToken {
    let mut server_addresses = [None; 32];
    server_addresses.iter_mut().zip(&token.servers).for_each(|(place, server)| *place = Some(*server));
    renetcode::ConnectToken {
        client_id,
        version_info: *VERSION_INFO,
        protocol_id: NETCODE_PROTOCOL_ID,
        create_timestamp: token.valid_s.start,
        expire_timestamp: token.valid_s.end,
        xnonce: token.nonce,
        private_data: token.sealed,
        timeout_seconds: token.timeout_s,
        server_addresses,
        client_to_server_key: token.client_to_server_key,
        server_to_client_key: token.server_to_client_key,
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
