//! The messages on the stream of a WebTransport session: two bytes of length, least significant first, and so many bytes.
//!
//! The first message from a client is its ticket, every other one a payload; what the stream begins with may come in the
//! request. A length of 0 ends the session; from the server two bytes follow, the code with which a WebSocket would be closed.

use std::ops::Range;

use crate::limits::MAX_PAYLOAD_BYTES;

const LENGTH_BYTES: usize = 2;

/// What stands next on the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A message; [`Received::message`] has its bytes.
    Message(Range<usize>),
    /// More bytes are needed.
    Unfinished,
    /// The other end ends the session.
    End,
    /// A message that is longer than any payload.
    TooLong,
}

/// What has been received of the stream and not taken.
#[derive(Debug)]
pub struct Received {
    bytes: Box<[u8]>,
    from: usize,
    to: usize,
}

impl Default for Received {
    /// Nothing, with room for the longest message.
    fn default() -> Self {
        Self { bytes: vec![0; LENGTH_BYTES + MAX_PAYLOAD_BYTES].into(), from: 0, to: 0 }
    }
}

impl Received {
    /// These bytes, of which nothing is taken; `None` where there is no room for them.
    pub fn begun(bytes: &[u8]) -> Option<Self> {
        let mut received = Self::default();
        received.room().get_mut(..bytes.len())?.copy_from_slice(bytes);
        received.fill(bytes.len());
        Some(received)
    }

    /// Where the next bytes go. There is always room while a message is unfinished.
    pub fn room(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        &mut self.bytes[self.to..]
    }

    /// Notes that so many bytes of that room have been filled.
    pub fn fill(&mut self, bytes: usize) {
        self.to = (self.to + bytes).min(self.bytes.len());
    }

    /// Takes what stands next. Of what ends the session nothing is taken: [`Self::end_code`] may follow.
    pub fn take_next(&mut self) -> Next {
        let received = &self.bytes[self.from..self.to];
        let Some((length, rest)) = received.split_first_chunk() else { return Next::Unfinished };
        let length = usize::from(u16::from_le_bytes(*length));
        if length == 0 {
            return Next::End;
        }
        if length > MAX_PAYLOAD_BYTES {
            return Next::TooLong;
        }
        if rest.len() < length {
            return Next::Unfinished;
        }
        let from = self.from + LENGTH_BYTES;
        self.from = from + length;
        Next::Message(from..self.from)
    }

    /// The code behind a length of 0, once it is there.
    pub fn end_code(&self) -> Option<u16> {
        let rest = self.bytes[self.from..self.to].get(LENGTH_BYTES..)?;
        rest.first_chunk().map(|code| u16::from_le_bytes(*code))
    }

    /// The bytes of a message that was taken, until the next bytes are received.
    pub fn message(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }
}

/// A ticket or payload as a message for the stream.
pub fn message(payload: &[u8]) -> Vec<u8> {
    // A payload is never longer than 1,200 bytes.
    let length = u16::try_from(payload.len()).unwrap_or_default();
    [&length.to_le_bytes(), payload].concat()
}

/// The last message for a client, with this code.
pub fn end(code: u16) -> [u8; 4] {
    let [low, high] = code.to_le_bytes();
    [0, 0, low, high]
}

/// What must hold for any bytes that a client sends on its stream.
///
/// # Panics
/// When it does not hold.
pub fn check(bytes: &[u8]) {
    let whole = messages(bytes, usize::MAX);
    for part in [1, 2, 3, 7, 1_201] {
        assert_eq!(messages(bytes, part), whole, "however it comes: {part} bytes at a time");
    }
    let (taken, last) = whole;
    let again: Vec<u8> = taken.iter().flat_map(|payload| message(payload)).collect();
    assert!(bytes.starts_with(&again), "what is taken is what was sent");
    let rest = &bytes[again.len()..];
    let length = rest.first_chunk().map(|length| usize::from(u16::from_le_bytes(*length)));
    match last {
        Next::End => assert_eq!(length, Some(0), "a length of 0 ends it"),
        Next::TooLong => assert!(length > Some(MAX_PAYLOAD_BYTES), "{length:?} bytes are not too long"),
        Next::Message(_) | Next::Unfinished => {
            let is_open =
                |length: usize| (1..=MAX_PAYLOAD_BYTES).contains(&length) && rest.len() < LENGTH_BYTES + length;
            assert!(length.is_none_or(is_open), "{length:?} bytes need no more than the {} there", rest.len());
        }
    }
}

/// The messages in these bytes, which come so many at a time, and what stands after the last of them.
fn messages(mut bytes: &[u8], at_a_time: usize) -> (Vec<Vec<u8>>, Next) {
    let (mut received, mut taken) = (Received::default(), Vec::new());
    loop {
        match received.take_next() {
            Next::Message(range) => taken.push(received.message(range).to_vec()),
            Next::Unfinished if bytes.is_empty() => return (taken, Next::Unfinished),
            Next::Unfinished => {
                let room = received.room();
                let count = room.len().min(at_a_time).min(bytes.len());
                room[..count].copy_from_slice(&bytes[..count]);
                received.fill(count);
                bytes = &bytes[count..];
            }
            last => return (taken, last),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_of_every_length_are_taken_as_they_were_sent() {
        let sent: Vec<Vec<u8>> = [1, 2, 3, 255, 256, MAX_PAYLOAD_BYTES].map(|length| vec![7; length]).into();
        let bytes: Vec<u8> = sent.iter().flat_map(|payload| message(payload)).collect();
        assert_eq!(messages(&bytes, 5), (sent, Next::Unfinished));
    }

    #[test]
    fn what_came_before_the_stream_is_taken_first() {
        let mut received = Received::begun(&[2, 0, 7, 8, 1]).unwrap();
        assert_eq!(received.take_next(), Next::Message(2..4));
        assert_eq!(received.message(2..4), [7, 8]);
        assert_eq!(received.take_next(), Next::Unfinished);
        received.room()[..2].copy_from_slice(&[0, 9]);
        received.fill(2);
        assert_eq!(received.take_next(), Next::Message(2..3));
        assert_eq!(received.message(2..3), [9]);
        assert!(Received::begun(&[0; LENGTH_BYTES + MAX_PAYLOAD_BYTES]).is_some());
        assert!(Received::begun(&[0; LENGTH_BYTES + MAX_PAYLOAD_BYTES + 1]).is_none(), "more than a message");
    }

    #[test]
    fn the_code_of_an_end_may_come_later() {
        let mut received = Received::default();
        for byte in end(1_013) {
            assert_eq!(received.end_code(), None);
            received.room()[0] = byte;
            received.fill(1);
        }
        assert_eq!((received.take_next(), received.end_code()), (Next::End, Some(1_013)));
    }

    #[test]
    fn a_length_of_nothing_ends_it_and_one_that_is_too_long_too() {
        let after = |last: &[u8]| messages(&[&[1, 0, 9], last].concat(), 2);
        assert_eq!(after(&[0, 0, 1, 0, 5]), (vec![vec![9]], Next::End), "what follows is not looked at");
        assert_eq!(after(&1_201_u16.to_le_bytes()), (vec![vec![9]], Next::TooLong));
        assert_eq!(end(1_008), [0, 0, 240, 3]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_the_same_messages_however_they_come(
            bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..4_000),
        ) {
            check(&bytes);
        }
    }
}
