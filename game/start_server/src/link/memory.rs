//! The state of the link's client that outlives a connection: the messages of the host that the sidecar may not have, and
//! the locks that are claimed again.

use std::collections::BTreeSet;

use anyhow::Context;
use realmgate_protocol::limits::MAX_RECLAIM_LOCKS;
use realmgate_protocol::link::{Fence, FromMap};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use super::connect::{PATIENCE, Socket, send};
use super::waiting::Waiting;

pub(super) struct Memory {
    pub from_host: UnboundedReceiver<FromMap>,
    pub waiting: Waiting,
    /// Whether this process was ever welcomed.
    pub welcomed: bool,
    /// How many times the host was told that the link is up without having answered with its locks.
    owed: u32,
    /// Whether the locks of this server belong to others by now. Until the host has dropped them, its messages are
    /// discarded.
    moved_on: bool,
}

impl Memory {
    pub fn new(from_host: UnboundedReceiver<FromMap>) -> Self {
        Self { from_host, waiting: Waiting::default(), welcomed: false, owed: 0, moved_on: false }
    }

    /// Takes in the messages that the host sent while there was no link, so that they do not pile up in its channel.
    pub fn catch_up(&mut self) {
        while let Ok(message) = self.from_host.try_recv() {
            self.take(message);
        }
        self.waiting.rewind();
    }

    /// Takes in a message of the host. A list of locks answers only one connection: at any other time it is stale, and
    /// the host was asked again.
    pub fn take(&mut self, message: FromMap) {
        if matches!(message, FromMap::Reclaim { .. }) {
            self.owed = self.owed.saturating_sub(1);
        } else if !self.moved_on {
            self.waiting.push(message);
        }
    }

    /// Drops all waiting messages: the locks of this server belong to others by now.
    pub fn move_on(&mut self) {
        self.waiting.clear();
        self.moved_on = true;
    }

    /// Records that the host is told that the link is up.
    pub fn host_is_told(&mut self) {
        self.owed += 1;
    }

    /// Names the locks that the host holds, and those of players whose departure the sidecar may not know of: their
    /// last messages are void once their locks are released. The waiting messages follow.
    ///
    /// # Errors
    ///
    /// Fails if the host does not name its locks in time or the link breaks.
    pub async fn reclaim(&mut self, socket: &mut Socket) -> anyhow::Result<()> {
        let held = timeout(PATIENCE, self.held()).await.context("the host did not report its locks in time")?;
        self.moved_on = false;
        self.waiting.rewind();
        let named: BTreeSet<_> =
            held.into_iter().chain(self.waiting.leavers()).map(|f| (f.character, f.epoch)).collect();
        let locks: Vec<Fence> = named.into_iter().map(|(character, epoch)| Fence { character, epoch }).collect();
        let mut left = locks.as_slice();
        loop {
            let (chunk, rest) = left.split_at(left.len().min(MAX_RECLAIM_LOCKS));
            left = rest;
            send(socket, &FromMap::Reclaim { locks: chunk.to_vec(), last: left.is_empty() }).await?;
            if left.is_empty() {
                return Ok(());
            }
        }
    }

    /// The host's answer to the last news that the link is up. Empty if the host is gone.
    async fn held(&mut self) -> Vec<Fence> {
        while let Some(message) = self.from_host.recv().await {
            match message {
                FromMap::Reclaim { locks, .. } if self.owed <= 1 => {
                    self.owed = 0;
                    return locks;
                }
                message => self.take(message),
            }
        }
        Vec::new()
    }
}
