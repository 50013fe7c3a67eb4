//! Where records stand on a board.

use std::fmt::Write as _;

use uuid::Uuid;

/// A place on a board: the lower, the better. No two records have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The score, turned around where higher scores are better.
    pub points: i64,
    /// Who came first, of those with equal points: the second in which the record was made, and its id.
    pub tie: String,
}

impl Place {
    /// Before every record.
    pub fn before_all() -> Self {
        Self { points: i64::MIN, tie: String::new() }
    }

    /// The id of the record that stands here; `None` for a place that is no record's.
    pub fn record(&self) -> Option<Uuid> {
        self.tie.get(SECONDS_DIGITS..).and_then(|id| Uuid::try_parse(id).ok())
    }
}

/// Digits of the second in a tie.
const SECONDS_DIGITS: usize = 10;

/// How a record that was made at this time stands among those with equal points. Text sorts as the two numbers do.
pub(super) fn tie(created_at_ms: u64, id: Uuid) -> String {
    let mut tie = format!("{:0SECONDS_DIGITS$x}", created_at_ms / 1_000);
    // Writing to a text does not fail.
    let _ = write!(tie, "{}", id.simple());
    tie
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_goes_before_the_id() {
        let [low, high] = [Uuid::from_u128(1), Uuid::from_u128(u128::MAX)];
        assert!(tie(1_000, high) < tie(2_000, low));
        assert!(tie(1_000, low) < tie(1_999, high));
        assert!(tie(1_999, low) < tie(1_000, high), "within a second the id decides");
        assert_eq!(Place { points: 0, tie: tie(7_000, high) }.record(), Some(high));
        assert_eq!(Place::before_all().record(), None);
        assert!(Place::before_all() < Place { points: i64::MIN, tie: tie(0, Uuid::nil()) });
    }
}
