//! Clients that have shown a valid token and not answered their challenge yet.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use realmgate_protocol::netcode::aead::Key;
use realmgate_protocol::netcode::{MAC_BYTES, PrivateToken, USER_DATA_BYTES};

use super::packet::{CHALLENGE_BODY_BYTES, Packet, Protocol};
use super::token::TokenId;

/// How long a client may take to answer its challenge.
pub(super) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Most pending clients: about 8 MiB. The transport takes 4,000 handshake packets a second from all sources, 2,000 of
/// them at once, so that a client that answers within half a second is not pushed out, whatever others do.
pub(super) const MAX_PENDING: usize = 4_096;
/// Most pending clients at one address: each response is tried with the keys of all of them.
const MAX_PER_ADDRESS: usize = 4;

/// A pending client. Everything about it comes from its one token.
#[derive(Debug)]
pub(super) struct Pending {
    /// Identifies it in its challenge; never reused.
    pub(super) serial: u64,
    pub(super) token: TokenId,
    pub(super) client_id: u64,
    pub(super) timeout_s: i32,
    pub(super) user_data: Box<[u8; USER_DATA_BYTES]>,
    pub(super) send_key: Key,
    pub(super) receive_key: Key,
}

/// A pending client, its address, and until when it may answer.
#[derive(Debug)]
struct Waiting {
    pending: Pending,
    from: SocketAddr,
    until: Duration,
}

/// All pending clients. Without room, the oldest makes way for a newer one: occupying the places then takes a flood of
/// tokens, not one token for each place every five seconds.
#[derive(Debug, Default)]
pub(super) struct PendingTable {
    /// By serial number, and so by age.
    waiting: BTreeMap<u64, Waiting>,
    /// The serial numbers of the pending clients at an address, oldest first.
    by_address: HashMap<SocketAddr, Vec<u64>>,
    by_token: HashMap<TokenId, u64>,
    serials: u64,
    pushed_out: u64,
}

impl PendingTable {
    /// Adds the client of a token that is not pending yet.
    pub(super) fn add(&mut self, from: SocketAddr, id: TokenId, token: PrivateToken, now: Duration) -> &Pending {
        self.make_room(from);
        self.serials += 1;
        let serial = self.serials;
        let pending = Pending {
            serial,
            token: id,
            client_id: token.client_id,
            timeout_s: token.timeout_s,
            user_data: Box::new(token.user_data),
            send_key: Key::new(&token.server_to_client_key),
            receive_key: Key::new(&token.client_to_server_key),
        };
        self.by_address.entry(from).or_default().push(serial);
        self.by_token.insert(id, serial);
        let waiting = Waiting { pending, from, until: now + HANDSHAKE_TIMEOUT };
        &self.waiting.entry(serial).or_insert(waiting).pending
    }

    fn make_room(&mut self, from: SocketAddr) {
        let here = self.by_address.get(&from).filter(|here| here.len() >= MAX_PER_ADDRESS);
        let oldest_here = here.and_then(|here| here.first()).copied();
        let is_full = self.waiting.len() >= MAX_PENDING;
        let oldest = is_full.then(|| self.waiting.keys().next().copied()).flatten();
        if let Some(oldest) = oldest_here.or(oldest) {
            self.take(oldest);
            self.pushed_out += 1;
        }
    }

    /// The pending client that has shown this token, and its address.
    pub(super) fn find(&self, token: &TokenId) -> Option<(&Pending, SocketAddr)> {
        let waiting = self.waiting.get(self.by_token.get(token)?)?;
        Some((&waiting.pending, waiting.from))
    }

    /// Whether nobody is pending.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a client at this address is pending.
    pub(super) fn is_any_at(&self, from: SocketAddr) -> bool {
        self.by_address.contains_key(&from)
    }

    /// The serial number of the pending client at this address that sealed the packet, and the packet's decrypted body.
    pub(super) fn open<'b>(
        &self,
        from: SocketAddr,
        packet: &Packet<'_>,
        protocol: &Protocol,
        copy: &'b mut [u8; CHALLENGE_BODY_BYTES + MAC_BYTES],
    ) -> Option<(u64, &'b [u8])> {
        let mut here = self.by_address.get(&from)?.iter().filter_map(|serial| self.waiting.get(serial));
        // Trying a key overwrites the copy, so the client is found first and the copy read afterwards.
        let is_whose = |waiting: &&Waiting| packet.open_copy(protocol, &waiting.pending.receive_key, copy).is_some();
        let serial = here.find(is_whose)?.pending.serial;
        Some((serial, &copy[..CHALLENGE_BODY_BYTES]))
    }

    /// Removes a pending client and returns it.
    pub(super) fn take(&mut self, serial: u64) -> Option<Pending> {
        let Waiting { pending, from, .. } = self.waiting.remove(&serial)?;
        self.by_token.remove(&pending.token);
        if let Some(here) = self.by_address.get_mut(&from) {
            here.retain(|other| *other != serial);
            if here.is_empty() {
                self.by_address.remove(&from);
            }
        }
        Some(pending)
    }

    /// Forgets the clients that have not answered in time.
    pub(super) fn forget_late(&mut self, now: Duration) {
        while let Some((&serial, _)) = self.waiting.first_key_value().filter(|(_, waiting)| waiting.until <= now) {
            self.take(serial);
        }
    }

    /// Number of clients that have made way for newer ones since the last call.
    pub(super) fn take_pushed_out(&mut self) -> u64 {
        std::mem::take(&mut self.pushed_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(client: u64) -> TokenId {
        let mut mac = [0; MAC_BYTES];
        mac[..8].copy_from_slice(&client.to_le_bytes());
        TokenId { expires_s: 100, mac }
    }

    fn from(address: u32) -> SocketAddr {
        SocketAddr::new(address.to_be_bytes().into(), 4_000)
    }

    fn add(table: &mut PendingTable, client: u64, address: u32, now_s: u64) -> u64 {
        let token = PrivateToken {
            client_id: client,
            timeout_s: 5,
            servers: Vec::new(),
            client_to_server_key: [1; 32],
            server_to_client_key: [2; 32],
            user_data: [3; USER_DATA_BYTES],
        };
        table.add(from(address), id(client), token, Duration::from_secs(now_s)).serial
    }

    #[test]
    fn one_address_has_room_for_few_and_all_together_for_many() {
        let mut table = PendingTable::default();
        for client in 0..10 {
            add(&mut table, client, 1, 0);
        }
        assert_eq!((table.waiting.len(), table.take_pushed_out()), (MAX_PER_ADDRESS, 6));
        assert!(table.find(&id(5)).is_none() && table.find(&id(6)).is_some(), "the newest are there");
        for client in 10..10_000 {
            add(&mut table, client, client as u32 + 100, 0);
        }
        let held = (table.waiting.len(), table.by_token.len(), table.by_address.len());
        assert_eq!(held, (MAX_PENDING, MAX_PENDING, MAX_PENDING));
        assert_eq!(table.take_pushed_out(), 9_994 - MAX_PENDING as u64);
        let oldest = 10_000 - MAX_PENDING as u64;
        assert!(table.find(&id(9_999)).is_some() && table.find(&id(oldest)).is_some());
        assert!(table.find(&id(oldest - 1)).is_none());
        // The fifth of another address takes the place of its own first.
        for client in 10_000..10_005 {
            add(&mut table, client, 2, 0);
        }
        assert!(table.find(&id(10_000)).is_none() && table.find(&id(10_001)).is_some());
        assert_eq!((table.waiting.len(), table.by_address.len()), (MAX_PENDING, MAX_PENDING - MAX_PER_ADDRESS + 1));
    }

    #[test]
    fn who_does_not_answer_in_time_is_forgotten() {
        let mut table = PendingTable::default();
        let first = add(&mut table, 1, 1, 0);
        let also_first = add(&mut table, 3, 3, 0);
        let second = add(&mut table, 2, 2, 3);
        table.forget_late(Duration::from_millis(4_999));
        assert!([1, 2, 3].map(from).into_iter().all(|address| table.is_any_at(address)), "there is still time");
        table.forget_late(Duration::from_secs(5));
        assert_eq!([1, 2, 3].map(|address| table.is_any_at(from(address))), [false, true, false]);
        assert!(table.take(first).is_none() && table.take(also_first).is_none());
        assert_eq!(table.find(&id(2)).map(|(pending, from)| (pending.serial, from)), Some((second, from(2))));
        assert_eq!(table.take(second).map(|pending| pending.client_id), Some(2));
        assert_eq!((table.waiting.len(), table.by_address.len(), table.by_token.len()), (0, 0, 0));
    }
}
