//! Standard netcode 1.02 connect tokens, converted to the form that `renetcode` takes.
//!
//! The standard's public token is 2,048 bytes, padded with zeros, and has no client id. `renetcode` needs that id too.
//! Ours is the ticket's id, and the ticket comes with the token.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::limits::NETCODE_PROTOCOL_ID;
use realmgate_protocol::ticket::{Ticket, TicketError};
use renetcode::ConnectToken;

/// Bytes of a standard public connect token.
pub const TOKEN_BYTES: usize = 2_048;
const VERSION_INFO: &[u8; 13] = b"NETCODE 1.02\0";
const MAX_ADDRESSES: u32 = 32;

/// Why a connect token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not base64url without padding.
    #[error("the connect token is not base64url")]
    Encoding,
    /// It has this many bytes instead of 2,048, or ends within a field.
    #[error("a connect token has 2,048 bytes, not {0}")]
    Length(usize),
    /// It is for another netcode version.
    #[error("the connect token is not of netcode 1.02")]
    Version,
    /// It is for another protocol, with this id.
    #[error("the connect token is for the protocol {0:#018x}")]
    Protocol(u64),
    /// It does not expire after it was created.
    #[error("the connect token expires before it was made")]
    Times,
    /// It has no server address, too many, or one of an unknown type.
    #[error("the connect token has no usable list of addresses")]
    Addresses,
    /// The ticket, which holds the client id, is malformed.
    #[error("the ticket beside the connect token: {0}")]
    Ticket(#[from] TicketError),
}

/// Decodes the connect token of an admission. `ticket` is the text that came with it.
///
/// # Errors
/// [`TokenError::Ticket`] when `ticket` is malformed, otherwise the [`TokenError`] of the first rule that the token
/// breaks.
pub fn decode(connect_token: &str, ticket: &str) -> Result<ConnectToken, TokenError> {
    let client_id = Ticket::peek_text(ticket)?.ticket_id.0;
    let bytes = URL_SAFE_NO_PAD.decode(connect_token).map_err(|_| TokenError::Encoding)?;
    if bytes.len() != TOKEN_BYTES {
        return Err(TokenError::Length(bytes.len()));
    }
    read(&bytes, client_id)
}

fn read(bytes: &[u8], client_id: u64) -> Result<ConnectToken, TokenError> {
    let mut from = Bytes(bytes);
    let version_info: [u8; 13] = from.take()?;
    if version_info != *VERSION_INFO {
        return Err(TokenError::Version);
    }
    let protocol_id = u64::from_le_bytes(from.take()?);
    if protocol_id != NETCODE_PROTOCOL_ID {
        return Err(TokenError::Protocol(protocol_id));
    }
    let (create_timestamp, expire_timestamp) = (u64::from_le_bytes(from.take()?), u64::from_le_bytes(from.take()?));
    if expire_timestamp <= create_timestamp {
        return Err(TokenError::Times);
    }
    Ok(ConnectToken {
        client_id,
        version_info,
        protocol_id,
        create_timestamp,
        expire_timestamp,
        xnonce: from.take()?,
        private_data: from.take()?,
        timeout_seconds: i32::from_le_bytes(from.take()?),
        server_addresses: read_addresses(&mut from)?,
        client_to_server_key: from.take()?,
        server_to_client_key: from.take()?,
    })
}

fn read_addresses(from: &mut Bytes<'_>) -> Result<[Option<SocketAddr>; 32], TokenError> {
    let count = u32::from_le_bytes(from.take()?);
    if !(1..=MAX_ADDRESSES).contains(&count) {
        return Err(TokenError::Addresses);
    }
    let mut addresses = [None; 32];
    for address in addresses.iter_mut().take(count as usize) {
        let [kind] = from.take()?;
        let ip = match kind {
            1 => Ipv4Addr::from(from.take::<4>()?).into(),
            2 => {
                let mut groups = [0u16; 8];
                for group in &mut groups {
                    *group = u16::from_le_bytes(from.take()?);
                }
                Ipv6Addr::from(groups).into()
            }
            _ => return Err(TokenError::Addresses),
        };
        *address = Some(SocketAddr::new(ip, u16::from_le_bytes(from.take()?)));
    }
    Ok(addresses)
}

/// Bytes not read yet.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TokenError> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(TokenError::Length(self.0.len()))?;
        self.0 = rest;
        Ok(*head)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
