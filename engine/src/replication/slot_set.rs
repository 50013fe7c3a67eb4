//! Sets of slots, a bit for each.

/// A set of slots. Words beyond the last that was needed count as empty.
#[derive(Debug, Default, Clone)]
pub(super) struct SlotSet {
    words: Vec<u64>,
}

impl SlotSet {
    pub fn contains(&self, slot: u32) -> bool {
        self.word(slot / 64) >> (slot % 64) & 1 == 1
    }

    /// The slots from 64 times `word` on, lowest first.
    pub fn word(&self, word: u32) -> u64 {
        self.words.get(word as usize).copied().unwrap_or(0)
    }

    pub fn insert(&mut self, slot: u32) {
        let word = slot as usize / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (slot % 64);
    }

    pub fn remove(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }

    /// Inserts a slot that there is room for if `condition` holds, without a branch.
    pub fn insert_if(&mut self, slot: u32, condition: bool) {
        self.words[slot as usize / 64] |= u64::from(condition) << (slot % 64);
    }

    /// Removes a slot that there is room for if `condition` holds, without a branch.
    pub fn remove_if(&mut self, slot: u32, condition: bool) {
        self.words[slot as usize / 64] &= !(u64::from(condition) << (slot % 64));
    }

    /// Empties the set, and makes room for slots below `slots`.
    pub fn clear(&mut self, slots: usize) {
        self.words.clear();
        self.words.resize(slots.div_ceil(64), 0);
    }

    /// Makes room for slots below `slots`.
    pub fn grow(&mut self, slots: usize) {
        let words = slots.div_ceil(64);
        if self.words.len() < words {
            self.words.resize(words, 0);
        }
    }

    /// The words, each of 64 slots.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The same to be changed.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }
}

/// The slots of a word, ascending.
pub(super) fn slots_of((number, mut word): (u32, u64)) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let slot = (word != 0).then(|| number * 64 + word.trailing_zeros());
        word &= word.wrapping_sub(1);
        slot
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    fn set(of: &BTreeSet<u32>) -> SlotSet {
        let mut set = SlotSet::default();
        of.iter().for_each(|slot| set.insert(*slot));
        set
    }

    proptest! {
        #[test]
        fn sets_are_sets(
            here in prop::collection::btree_set(0u32..500, 0..40),
            gone in 0u32..600,
        ) {
            let mut one = set(&here);
            prop_assert!((0..600).all(|slot| one.contains(slot) == here.contains(&slot)));
            let listed: Vec<u32> = (0..).zip(one.words().iter().copied()).flat_map(slots_of).collect();
            prop_assert_eq!(listed, here.iter().copied().collect::<Vec<_>>());
            if let Some(most) = here.last() {
                one.insert_if(*most, false);
                prop_assert!(one.contains(*most));
                one.remove_if(*most, false);
                prop_assert!(one.contains(*most));
                one.remove_if(*most, true);
                prop_assert!(!one.contains(*most));
                one.insert_if(*most, false);
                prop_assert!(!one.contains(*most));
                one.insert_if(*most, true);
                prop_assert!(one.contains(*most));
            }
            one.remove(gone);
            prop_assert!((0..600).all(|slot| one.contains(slot) == (slot != gone && here.contains(&slot))));
            one.clear(500);
            prop_assert!(one.words().iter().all(|word| *word == 0));
            one.insert_if(499, true);
            one.grow(600);
            one.words_mut()[9] = 1 << 5;
            one.grow(10);
            let held: Vec<u32> = (0..).zip(one.words().iter().copied()).flat_map(slots_of).collect();
            prop_assert_eq!(held, [499, 9 * 64 + 5]);
        }
    }
}
