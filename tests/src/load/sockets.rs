//! Thousands of sockets, looked at together.

use std::os::fd::AsFd;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};
use rustix::fd::OwnedFd;

/// Longest sleep, so that datagrams come in bunches but not late.
const NAP: Duration = Duration::from_micros(500);
/// Sockets looked at in one go.
const BUNCH: usize = 1_024;

/// Sockets by number.
pub struct Sockets {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Sockets {
    /// None yet.
    ///
    /// # Errors
    /// When the system gives no epoll instance.
    pub fn new() -> Result<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, events: Vec::with_capacity(BUNCH) })
    }

    /// One more, under this number.
    ///
    /// # Errors
    /// When epoll does not take the socket.
    pub fn add(&self, number: usize, socket: impl AsFd) -> Result<()> {
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(number as u64), EventFlags::IN)?)
    }

    /// Waits until something has come to one of them, at most so long and never longer than a nap; how many there are.
    ///
    /// # Errors
    /// When epoll fails, other than by an interruption.
    pub fn wait(&mut self, at_most: Duration) -> Result<usize> {
        let timeout = Timespec { tv_sec: 0, tv_nsec: at_most.min(NAP).subsec_nanos().into() };
        self.events.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(self.events.len()),
            Err(error) => Err(error).context("waiting for datagrams"),
        }
    }

    /// The number of the socket at a place among those that [`Self::wait`] has found.
    pub fn found(&self, at: usize) -> usize {
        self.events[at].data.u64() as usize
    }
}
