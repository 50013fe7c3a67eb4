//! The open sockets of this process: one for each account.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::AccountId;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Why a socket is closed by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The same account opened a newer one.
    Replaced,
    /// Its log-in has ended.
    LoggedOut,
}

#[derive(Debug)]
struct OpenSocket {
    number: u64,
    log_in: Uuid,
    close: oneshot::Sender<CloseReason>,
}

#[derive(Debug, Default)]
struct Open {
    by_account: HashMap<AccountId, OpenSocket>,
    last_number: u64,
}

/// Which accounts have an open socket here.
#[derive(Debug, Default)]
pub struct Sockets(Mutex<Open>);

/// An account's place among the sockets.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) account: AccountId,
    number: u64,
    /// Completes when this socket has to close.
    pub(super) close: oneshot::Receiver<CloseReason>,
}

impl Sockets {
    /// Takes a socket in. The account's older one is told to close.
    pub(super) fn take_seat(&self, account: AccountId, log_in: Uuid) -> Seat {
        let (sender, close) = oneshot::channel();
        let mut open = self.open();
        open.last_number += 1;
        let number = open.last_number;
        if let Some(older) = open.by_account.insert(account, OpenSocket { number, log_in, close: sender }) {
            // Its task may be at its end already.
            let _ = older.close.send(CloseReason::Replaced);
        }
        metrics::gauge!("realmgate_gateway_sockets").set(open.by_account.len() as f64);
        Seat { account, number, close }
    }

    /// Takes a socket out, unless a newer one has its place.
    pub(super) fn leave_seat(&self, seat: &Seat) {
        let mut open = self.open();
        if open.by_account.get(&seat.account).is_some_and(|socket| socket.number == seat.number) {
            open.by_account.remove(&seat.account);
        }
        metrics::gauge!("realmgate_gateway_sockets").set(open.by_account.len() as f64);
    }

    /// Closes the account's socket if it was opened by this log-in.
    pub(crate) fn close_log_in(&self, account: AccountId, log_in: Uuid) {
        let mut open = self.open();
        if open.by_account.get(&account).is_some_and(|socket| socket.log_in == log_in)
            && let Some(socket) = open.by_account.remove(&account)
        {
            let _ = socket.close.send(CloseReason::LoggedOut);
        }
    }

    /// Whether the account has an open socket.
    pub fn has(&self, account: AccountId) -> bool {
        self.open().by_account.contains_key(&account)
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open().by_account.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_socket_takes_the_place_of_the_older() {
        let (sockets, account) = (Sockets::default(), AccountId([1; 16]));
        let mut older = sockets.take_seat(account, Uuid::nil());
        let newer = sockets.take_seat(account, Uuid::nil());
        assert_eq!(older.close.try_recv(), Ok(CloseReason::Replaced));
        sockets.leave_seat(&older);
        assert!(sockets.has(account), "the end of the older one does not touch the newer one");
        sockets.leave_seat(&newer);
        assert!(!sockets.has(account));
    }

    #[test]
    fn only_the_log_in_that_ends_loses_its_socket() {
        let (sockets, account) = (Sockets::default(), AccountId([1; 16]));
        let mut seat = sockets.take_seat(account, Uuid::max());
        sockets.close_log_in(account, Uuid::nil());
        assert!(sockets.has(account));
        sockets.close_log_in(account, Uuid::max());
        assert_eq!(seat.close.try_recv(), Ok(CloseReason::LoggedOut));
    }
}
