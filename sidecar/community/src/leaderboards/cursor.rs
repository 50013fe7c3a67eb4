//! Where a page of records ended, as a text that clients give back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::store::Place;

/// Most characters of a cursor.
const MOST: usize = 128;

/// The place after which a page begins. It holds whatever happens to the record that stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Place);

impl Cursor {
    /// Reads what was given out earlier; `None` for any other text.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = (text.len() <= MOST).then(|| URL_SAFE_NO_PAD.decode(text).ok())??;
        let text = String::from_utf8(bytes).ok()?;
        let (points, tie) = text.split_once(' ')?;
        let place = Place { points: points.parse().ok()?, tie: tie.to_owned() };
        place.record().map(|_| Self(place))
    }

    /// The text for clients.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.0.points, self.0.tie))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let tie = format!("{:010x}{}", 1_800_000_000, uuid::Uuid::from_u128(7).simple());
        for points in [i64::MIN, -5, 0, i64::MAX] {
            let cursor = Cursor(Place { points, tie: tie.clone() });
            assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        }
        for bad in ["", "x", "!", &URL_SAFE_NO_PAD.encode("7"), &URL_SAFE_NO_PAD.encode("7 x"), &"A".repeat(500)] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
    }
}
