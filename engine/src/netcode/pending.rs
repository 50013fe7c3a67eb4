//! Clients that have shown a valid token and not answered their challenge yet.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use super::aead::Key;
use super::packet::{CHALLENGE_BODY_BYTES, Packet, Protocol};
use super::token::{PrivateToken, TokenId};
use super::{MAC_BYTES, USER_DATA_BYTES};

/// How long a client may take to answer.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most of them: about 8 MiB.
pub(super) const MAX_PENDING: usize = 4_096;
/// Most from one address: who forges an address with tokens of his own does not keep its owner out.
const MAX_PER_ADDRESS: usize = 4;

/// One of them. Everything about the client comes from its one token.
#[derive(Debug)]
pub(super) struct Pending {
    /// Names it in its challenge; no other ever has the same.
    pub(super) serial: u64,
    pub(super) token: TokenId,
    pub(super) client_id: u64,
    pub(super) timeout_s: i32,
    pub(super) user_data: Box<[u8; USER_DATA_BYTES]>,
    pub(super) send_key: Key,
    pub(super) receive_key: Key,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct PendingTable {
    by_address: HashMap<SocketAddr, Vec<Pending>>,
    /// When each ends, soonest first; one that is gone already may still be named.
    ends: VecDeque<(Duration, SocketAddr, u64)>,
    count: usize,
    serials: u64,
}

/// No room for another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl PendingTable {
    /// Takes in the client of a token.
    pub(super) fn add(
        &mut self,
        from: SocketAddr,
        id: TokenId,
        token: PrivateToken,
        now: Duration,
    ) -> Result<&Pending, Full> {
        self.forget_late(now);
        let here = self.by_address.get(&from).map_or(0, Vec::len);
        if self.count >= MAX_PENDING || here >= MAX_PER_ADDRESS {
            return Err(Full);
        }
        self.serials += 1;
        self.count += 1;
        self.ends.push_back((now + HANDSHAKE_TIMEOUT, from, self.serials));
        let pending = Pending {
            serial: self.serials,
            token: id,
            client_id: token.client_id,
            timeout_s: token.timeout_s,
            user_data: Box::new(token.user_data),
            send_key: Key::new(&token.server_to_client_key),
            receive_key: Key::new(&token.client_to_server_key),
        };
        let here = self.by_address.entry(from).or_default();
        here.push(pending);
        here.last().ok_or(Full)
    }

    /// The client at this address that showed this token.
    pub(super) fn find(&self, from: SocketAddr, token: &TokenId) -> Option<&Pending> {
        self.by_address.get(&from)?.iter().find(|pending| pending.token == *token)
    }

    /// Whether anybody at this address is pending.
    pub(super) fn is_any_at(&self, from: SocketAddr) -> bool {
        self.by_address.contains_key(&from)
    }

    /// Whose packet this is, and what is in it.
    pub(super) fn open<'b>(
        &self,
        from: SocketAddr,
        packet: &Packet<'_>,
        protocol: &Protocol,
        copy: &'b mut [u8; CHALLENGE_BODY_BYTES + MAC_BYTES],
    ) -> Option<(u64, &'b [u8])> {
        let here = self.by_address.get(&from)?;
        // Trying a key spoils the copy, so who it was is found first.
        let whose = here.iter().find(|pending| packet.open_copy(protocol, &pending.receive_key, copy).is_some())?;
        Some((whose.serial, &copy[..CHALLENGE_BODY_BYTES]))
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, from: SocketAddr, serial: u64) -> Option<Pending> {
        let here = self.by_address.get_mut(&from)?;
        let at = here.iter().position(|pending| pending.serial == serial)?;
        let pending = here.swap_remove(at);
        if here.is_empty() {
            self.by_address.remove(&from);
        }
        self.count -= 1;
        Some(pending)
    }

    /// Forgets those that have not answered in time.
    pub(super) fn forget_late(&mut self, now: Duration) {
        while let Some((_, from, serial)) = self.ends.pop_front_if(|(end, ..)| *end <= now) {
            self.remove(from, serial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(table: &mut PendingTable, client: u64, address: u32, now_s: u64) -> Result<u64, Full> {
        let mut mac = [0; MAC_BYTES];
        mac[..8].copy_from_slice(&client.to_le_bytes());
        let token = PrivateToken {
            client_id: client,
            timeout_s: 5,
            servers: Vec::new(),
            client_to_server_key: [1; 32],
            server_to_client_key: [2; 32],
            user_data: [3; USER_DATA_BYTES],
        };
        let from = SocketAddr::new(address.to_be_bytes().into(), 4_000);
        let id = TokenId { expires_s: 100, mac };
        table.add(from, id, token, Duration::from_secs(now_s)).map(|pending| pending.serial)
    }

    #[test]
    fn one_address_has_room_for_few_and_all_together_for_many() {
        let mut table = PendingTable::default();
        let granted = (0..10).filter(|client| add(&mut table, *client, 1, 0).is_ok()).count();
        assert_eq!(granted, MAX_PER_ADDRESS);
        let granted = (0..10_000).filter(|i| add(&mut table, u64::from(*i), 100 + i, 0).is_ok()).count();
        assert_eq!(granted, MAX_PENDING - MAX_PER_ADDRESS);
    }

    #[test]
    fn who_does_not_answer_in_time_is_forgotten() {
        let mut table = PendingTable::default();
        let first = add(&mut table, 1, 1, 0).unwrap();
        let second = add(&mut table, 2, 2, 3).unwrap();
        let from = |address: u32| SocketAddr::new(address.to_be_bytes().into(), 4_000);
        table.forget_late(Duration::from_secs(5));
        assert!(!table.is_any_at(from(1)) && table.is_any_at(from(2)));
        assert!(table.remove(from(1), first).is_none());
        assert_eq!(table.remove(from(2), second).map(|pending| pending.client_id), Some(2));
        table.forget_late(Duration::from_secs(60));
        assert_eq!((table.count, table.ends.len(), table.by_address.len()), (0, 0, 0));
    }
}
