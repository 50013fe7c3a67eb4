//! Writing payloads.

use super::{ACK, ACK_RECEIVED_AFTER, Ack, HEADER_BYTES, MESSAGES, Section, VERSION};
use crate::limits::MAX_PAYLOAD_BYTES;

/// A payload with a section of at most [`MAX_SECTION_BYTES`](super::MAX_SECTION_BYTES), and nothing else.
/// [`open`](super::open) has an example.
pub fn seal(section: Section<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES + section.body().len());
    PayloadWriter::start(&mut out, None).finish(section);
    out
}

/// Writes a payload into a buffer, which can be reused for the next one.
#[derive(Debug)]
pub struct PayloadWriter<'o> {
    out: &'o mut Vec<u8>,
    /// The position of the message count, and the id that the next message must have.
    run: Option<(usize, u16)>,
}

impl<'o> PayloadWriter<'o> {
    /// Starts a payload. The buffer's old contents are discarded.
    pub fn start(out: &'o mut Vec<u8>, ack: Option<Ack>) -> Self {
        out.clear();
        out.extend([VERSION, 0]);
        if let Some(Ack { next, received_after }) = ack {
            out[1] |= ACK;
            out.extend(next.to_le_bytes());
            if received_after != 0 {
                out[1] |= ACK_RECEIVED_AFTER;
                out.extend(received_after.to_le_bytes());
            }
        }
        Self { out, run: None }
    }

    /// Appends a message of 1 to [`MAX_RELIABLE_BYTES`](crate::limits::MAX_RELIABLE_BYTES). Returns `false` if its id
    /// does not follow the last one, if there are 255 messages already, or if it would leave less than `reserved`
    /// bytes. An empty payload with nothing reserved always takes it.
    pub fn push(&mut self, id: u16, message: &[u8], reserved: usize) -> bool {
        let head_bytes = if self.run.is_none() { 1 + 2 } else { 0 };
        let bytes = self.out.len() + head_bytes + 2 + message.len() + reserved;
        let fits = self.run.is_none_or(|(count_at, next)| next == id && self.out[count_at] < u8::MAX);
        if bytes > MAX_PAYLOAD_BYTES || !fits {
            return false;
        }
        let (count_at, _) = self.run.unwrap_or_else(|| {
            self.out[1] |= MESSAGES;
            self.out.push(0);
            self.out.extend(id.to_le_bytes());
            (self.out.len() - 3, id)
        });
        self.out[count_at] += 1;
        self.out.extend((message.len() as u16).to_le_bytes());
        self.out.extend_from_slice(message);
        self.run = Some((count_at, id.wrapping_add(1)));
        true
    }

    /// Whether the payload has nothing worth sending.
    pub fn is_empty(&self) -> bool {
        self.out[1] == 0
    }

    /// Ends the payload with its section.
    pub fn finish(self, section: Section<'_>) -> &'o [u8] {
        self.out[1] |= section.flag();
        self.out.extend_from_slice(section.body());
        self.out
    }
}
