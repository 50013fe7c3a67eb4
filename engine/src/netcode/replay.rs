//! Replay protection: which packets of a session have come already.

/// Size of the window up to the newest packet: 256, as in the standard.
const WINDOW: u64 = 256;
const WORDS: usize = (WINDOW / 64) as usize;

/// Replay protection over the last 256 sequence numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplayWindow {
    /// One more than the highest number so far.
    next: u64,
    /// A bit for each number, at the number modulo 256.
    seen: [u64; WORDS],
}

impl ReplayWindow {
    /// Whether this sequence number is neither received already nor too old to tell.
    pub(super) fn is_fresh(&self, sequence: u64) -> bool {
        sequence >= self.next || (self.next - sequence <= WINDOW && self.seen[word(sequence)] & bit(sequence) == 0)
    }

    /// Marks a sequence number as received. To be called only after the packet was found authentic. Numbers end well
    /// below `u64::MAX` ([`MAX_SEQUENCE`](super::packet::MAX_SEQUENCE)).
    pub(super) fn note(&mut self, sequence: u64) {
        if sequence >= self.next {
            // The skipped numbers have not come, whatever older number shared their bits.
            let skipped = sequence - self.next;
            if skipped >= WINDOW {
                self.seen = [0; WORDS];
            } else {
                (self.next..sequence).for_each(|number| self.seen[word(number)] &= !bit(number));
            }
            self.next = sequence + 1;
        }
        self.seen[word(sequence)] |= bit(sequence);
    }
}

fn word(sequence: u64) -> usize {
    (sequence / 64) as usize % WORDS
}

fn bit(sequence: u64) -> u64 {
    1 << (sequence % 64)
}

#[cfg(test)]
mod tests {
    use super::super::packet::MAX_SEQUENCE;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_window_is_256_wide() {
        let mut window = ReplayWindow::default();
        window.note(1_000);
        assert!(!window.is_fresh(1_000));
        assert!((0..=1_000 - 256).all(|sequence| !window.is_fresh(sequence)), "too old to be told apart");
        assert!((1_000 - 255..1_000).all(|sequence| window.is_fresh(sequence)));
        assert!((1_000 - 255..1_000).all(|sequence| {
            window.note(sequence);
            !window.is_fresh(sequence)
        }));
        assert!(window.is_fresh(1_001), "none of them is taken for another");
        window.note(MAX_SEQUENCE);
        assert!(window.is_fresh(MAX_SEQUENCE - 255) && !window.is_fresh(MAX_SEQUENCE));
        assert!(!window.is_fresh(0));
    }

    proptest! {
        /// Compared with a set of everything that came: nothing passes twice, and nothing within the window is refused
        /// wrongly.
        #[test]
        fn it_agrees_with_a_perfect_memory(
            start in prop_oneof![Just(0), 0..10_000u64, Just(MAX_SEQUENCE - 20_000)],
            moves in prop::collection::vec(prop_oneof![4 => -300i64..=5, 4 => 0i64..=3, 1 => 0i64..=700], 1..400),
        ) {
            let (mut window, mut came, mut newest) = (ReplayWindow::default(), BTreeSet::new(), None::<u64>);
            let mut at = start;
            for step in moves {
                at = at.saturating_add_signed(step).min(MAX_SEQUENCE);
                let in_window = newest.is_none_or(|newest| at > newest || newest - at < WINDOW);
                prop_assert_eq!(window.is_fresh(at), in_window && !came.contains(&at));
                if window.is_fresh(at) {
                    window.note(at);
                    came.insert(at);
                    newest = newest.max(Some(at));
                }
            }
        }
    }
}
