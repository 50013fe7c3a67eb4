//! The open sockets of this process: one for each account.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use realmgate_protocol::ids::AccountId;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Why we close a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// The same account opened a newer socket.
    Replaced,
    /// Its log-in has ended.
    LoggedOut,
    /// This sidecar was silent for too long, and has lost its accounts.
    Lost,
    /// Another sidecar asks for it: the close code and the reason.
    Told(u16, String),
}

#[derive(Debug)]
struct OpenSocket {
    number: u64,
    log_in: Uuid,
    /// Whether it has taken its account's lock.
    came_in: bool,
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
    /// Adds a socket. The account's older one is told to close.
    pub(super) fn take_seat(&self, account: AccountId, log_in: Uuid) -> Seat {
        let (sender, close) = oneshot::channel();
        let mut open = self.open();
        open.last_number += 1;
        let number = open.last_number;
        if let Some(older) =
            open.by_account.insert(account, OpenSocket { number, log_in, came_in: false, close: sender })
        {
            // Its task may have ended already.
            let _ = older.close.send(CloseReason::Replaced);
        }
        metrics::gauge!("realmgate_gateway_sockets").set(open.by_account.len() as f64);
        Seat { account, number, close }
    }

    /// Records that the socket has taken its account's lock.
    pub(super) fn came_in(&self, seat: &Seat) {
        let mut open = self.open();
        if let Some(socket) = open.by_account.get_mut(&seat.account).filter(|socket| socket.number == seat.number) {
            socket.came_in = true;
        }
    }

    /// The accounts with a socket that has taken their lock.
    pub(crate) fn have_come_in(&self) -> Vec<AccountId> {
        self.open().by_account.iter().filter(|(_, socket)| socket.came_in).map(|(account, _)| *account).collect()
    }

    /// Removes a socket, unless a newer one has its place.
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

    /// Closes the socket that was opened by this log-in, of whichever account.
    pub(crate) fn close_session(&self, log_in: Uuid) {
        let account = self.open().by_account.iter().find(|(_, socket)| socket.log_in == log_in).map(|(id, _)| *id);
        if let Some(account) = account {
            self.close_log_in(account, log_in);
        }
    }

    /// Closes the account's socket unless it was opened by the log-in to `keep`. Returns how many were closed.
    pub(crate) fn close_others(&self, account: AccountId, keep: Option<Uuid>, code: u16, reason: &str) -> u32 {
        let mut open = self.open();
        let other = open.by_account.get(&account).is_some_and(|socket| keep != Some(socket.log_in));
        let Some(socket) = other.then(|| open.by_account.remove(&account)).flatten() else { return 0 };
        // Its task may have ended already.
        let _ = socket.close.send(CloseReason::Told(code, reason.to_owned()));
        1
    }

    /// Closes all sockets: this sidecar has lost its accounts.
    pub(crate) fn close_all(&self) {
        for (_, socket) in self.open().by_account.drain() {
            let _ = socket.close.send(CloseReason::Lost);
        }
    }

    /// Whether the account has an open socket.
    pub fn has(&self, account: AccountId) -> bool {
        self.open().by_account.contains_key(&account)
    }

    /// Whether a socket here was opened by this log-in.
    pub(crate) fn has_log_in(&self, log_in: Uuid) -> bool {
        self.open().by_account.values().any(|socket| socket.log_in == log_in)
    }

    /// The accounts with an open socket.
    pub(crate) fn accounts(&self) -> Vec<AccountId> {
        self.open().by_account.keys().copied().collect()
    }

    /// The log-in that opened the account's socket.
    #[cfg(test)]
    pub(crate) fn log_in_of(&self, account: AccountId) -> Option<Uuid> {
        self.open().by_account.get(&account).map(|socket| socket.log_in)
    }

    /// The number of open sockets.
    pub fn count(&self) -> usize {
        self.open().by_account.len()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot::error::TryRecvError;

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
        let mut others =
            [2, 3, 4, 5].map(|other| sockets.take_seat(AccountId([other; 16]), Uuid::from_bytes([other; 16])));
        let mut seat = sockets.take_seat(account, Uuid::max());
        sockets.close_log_in(account, Uuid::nil());
        sockets.close_session(Uuid::nil());
        assert!(sockets.has(account));
        sockets.close_log_in(account, Uuid::max());
        assert_eq!(seat.close.try_recv(), Ok(CloseReason::LoggedOut));
        let mut seat = sockets.take_seat(account, Uuid::max());
        sockets.close_session(Uuid::max());
        assert_eq!(seat.close.try_recv(), Ok(CloseReason::LoggedOut));
        assert!(others.iter_mut().all(|other| other.close.try_recv() == Err(TryRecvError::Empty)), "nobody else's");
        assert_eq!(sockets.count(), others.len());
    }

    #[test]
    fn another_sidecar_closes_all_but_the_newest_log_in() {
        let (sockets, account) = (Sockets::default(), AccountId([1; 16]));
        let mut nobodys = sockets.take_seat(AccountId([2; 16]), Uuid::nil());
        let close = |newest| sockets.close_others(account, newest, 4_001, "Replaced");
        let told = Ok(CloseReason::Told(4_001, "Replaced".to_owned()));
        let mut seat = sockets.take_seat(account, Uuid::max());
        assert_eq!(close(Some(Uuid::max())), 0);
        assert_eq!((seat.close.try_recv(), sockets.has(account)), (Err(TryRecvError::Empty), true));
        assert_eq!(close(Some(Uuid::nil())), 1);
        assert_eq!((seat.close.try_recv(), sockets.has(account)), (told.clone(), false));
        assert_eq!(close(None), 0, "it is closed already");
        let mut seat = sockets.take_seat(account, Uuid::max());
        assert_eq!(close(None), 1, "no log-in is to stay");
        assert_eq!((seat.close.try_recv(), sockets.has(account)), (told, false));
        assert_eq!(nobodys.close.try_recv(), Err(TryRecvError::Empty), "another account's");
    }
}
