//! What has come from a renet client, as far as it decides what may come next.

use crate::transport::refusal::PacketRefusal;

/// How many packets before the newest are remembered.
const REMEMBERED: u64 = u64::BITS as u64;
/// How far ahead of the next message that the host takes a message may be: more than fit one packet, so that the packet with the
/// oldest message of a client that has nothing else under way is always taken.
pub(super) const WINDOW_MESSAGES: u64 = 512;

/// The sequence numbers that have come.
///
/// renet keeps a range for each run of them until the client has acknowledged the acknowledgement. It drops the oldest of more
/// than 64, but only where it adds one at the end. So a late packet is taken only beside one that has come, which makes a range
/// longer. Where that range was dropped it is a new one, 32 times at most in what is remembered: there are never more than 96.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    newest: Option<u64>,
    /// Bit `i`: `newest - 1 - i` has come.
    before: u64,
}

impl Sequences {
    /// Whether a packet may be taken.
    pub(super) fn judge(&self, sequence: u64) -> Result<(), PacketRefusal> {
        let Some(back) = self.newest.and_then(|newest| newest.checked_sub(sequence)) else { return Ok(()) };
        let is_beside = self.has(back.wrapping_sub(1)) || self.has(back + 1);
        if back > 0 && back <= REMEMBERED && !self.has(back) && is_beside {
            Ok(())
        } else {
            Err(PacketRefusal::Replayed)
        }
    }

    /// Notes a packet that is taken.
    pub(super) fn note(&mut self, sequence: u64) {
        let newest = self.newest.unwrap_or(sequence);
        if self.newest.is_none() || sequence > newest {
            let ahead = u32::try_from(sequence - newest).unwrap_or(u32::MAX);
            let before = self.before.checked_shl(ahead).unwrap_or(0);
            let of_newest = if ahead == 0 { 0 } else { 1u64.checked_shl(ahead - 1).unwrap_or(0) };
            (self.newest, self.before) = (Some(sequence), before | of_newest);
        } else if let Some(bit) = (newest - sequence).checked_sub(1) {
            self.before |= 1 << bit;
        }
    }

    /// Whether the packet so far before the newest has come, as far as that is remembered.
    fn has(&self, back: u64) -> bool {
        match back {
            0 => true,
            1..=REMEMBERED => self.before >> (back - 1) & 1 == 1,
            _ => false,
        }
    }
}

/// The reliable messages that have come and that the host has not taken.
#[derive(Debug)]
pub(super) struct Messages {
    /// The next one that the host takes.
    next: u64,
    /// A bit for each id of the window, at the id's remainder.
    came: [u64; (WINDOW_MESSAGES / u64::BITS as u64) as usize],
    bytes: usize,
    most_bytes: usize,
}

impl Messages {
    /// At most so many bytes are held, beyond those of one packet.
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { next: 0, came: Default::default(), bytes: 0, most_bytes }
    }

    /// Whether a packet of these messages may be taken, each by its id and length. One that may not waits at the client: it may
    /// be honest, where the host is late. While the host waits for a message, the packet that has it is never too much.
    pub(super) fn judge(&self, messages: impl Iterator<Item = (u64, usize)>) -> Result<(), PacketRefusal> {
        let (mut bytes, mut has_next) = (self.bytes, false);
        for (id, length) in messages {
            if id >= self.next + WINDOW_MESSAGES {
                return Err(PacketRefusal::PollBudget);
            }
            if self.is_new(id) {
                has_next |= id == self.next;
                bytes += length;
            }
        }
        if has_next || bytes <= self.most_bytes { Ok(()) } else { Err(PacketRefusal::PollBudget) }
    }

    /// Notes a message of a packet that is taken.
    pub(super) fn note(&mut self, id: u64, length: usize) {
        if !self.is_new(id) {
            return;
        }
        let (word, bit) = place(id);
        self.came[word] |= 1 << bit;
        self.bytes += length;
    }

    /// The host takes the next message.
    pub(super) fn take(&mut self, length: usize) {
        let (word, bit) = place(self.next);
        self.came[word] &= !(1 << bit);
        self.next += 1;
        self.bytes -= length;
    }

    fn is_new(&self, id: u64) -> bool {
        let (word, bit) = place(id);
        id >= self.next && self.came[word] >> bit & 1 == 0
    }
}

fn place(id: u64) -> (usize, u64) {
    let at = id % WINDOW_MESSAGES;
    ((at / u64::from(u64::BITS)) as usize, at % u64::from(u64::BITS))
}
