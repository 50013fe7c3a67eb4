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
        let mut told = |site: &Site, minute| (0..100).filter(|_| rates.allow(site.clone(), minute)).count();
        let place = |span: &tracing::Span| span.metadata().map(tracing::Metadata::callsite);
        let (one, other) = (place(&tracing::error_span!("one")), place(&tracing::error_span!("other")));
        for site in [&None, &one, &other] {
            assert_eq!((told(site, 7), told(site, 7)), (5, 0), "each place has a share of its own: {site:?}");
        }
        assert_eq!(told(&one, 8), 5, "and another minute");
    }

    #[test]
    fn all_places_together_tell_so_much_a_minute() {
        let mut rates = Rates { minute: 7, all: ALL - 2, ..Rates::default() };
        let mut told = |minute| (0..100).filter(|_| rates.allow(None, minute)).count();
        assert_eq!((told(7), told(8)), (2, 5));
    }
}
