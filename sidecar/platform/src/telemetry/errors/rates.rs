//! How many reports are made: a database that is away is an error of each call, and one report says it.

use std::collections::HashMap;

use tracing::callsite::Identifier;

/// Most reports in a minute.
const ALL: u32 = 60;
/// Most of them from one place in the code.
const OF_A_SITE: u32 = 5;

/// The place in the code that an error is told by; `None` for panics.
pub(super) type Site = Option<Identifier>;

/// What was reported in this minute.
#[derive(Default)]
pub(super) struct Rates {
    minute: u64,
    all: u32,
    of: HashMap<Site, u32>,
}

impl Rates {
    /// Whether one more may be reported, which is counted.
    pub(super) fn allow(&mut self, site: Site, minute: u64) -> bool {
        if self.minute != minute {
            *self = Self { minute, ..Self::default() };
        }
        let of_site = self.of.entry(site).or_default();
        if *of_site >= OF_A_SITE || self.all >= ALL {
            return false;
        }
        *of_site += 1;
        self.all += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_so_much_a_minute() {
        let mut rates = Rates::default();
        let told = |rates: &mut Rates, minute| (0..100).filter(|_| rates.allow(None, minute)).count();
        assert_eq!((told(&mut rates, 7), told(&mut rates, 7), told(&mut rates, 8)), (5, 0, 5));
    }
}
