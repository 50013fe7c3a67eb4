//! Connect tokens that have made their connection: none makes a second one while it is remembered here.

use std::collections::BTreeSet;

use super::token::TokenId;

/// Most tokens that are remembered: about 3 MiB. Only the holder of its keys can spend a token, and tokens live for a
/// minute and a half: this covers seven hundred connections a second for all of that time.
const MAX_SPENT: usize = 65_536;

/// The tokens, soonest to expire first.
///
/// Beyond the limit, the one that would expire next is forgotten, as the reference implementation forgets the oldest:
/// turning newcomers away instead would let a few clients keep out everybody. A forgotten token is still no second way
/// in, since the ticket in it has admitted already ([`crate::admission`]).
#[derive(Debug, Default)]
pub(super) struct SpentTokens(BTreeSet<TokenId>);

impl SpentTokens {
    /// Whether this token is remembered as spent.
    pub(super) fn contains(&self, token: &TokenId) -> bool {
        self.0.contains(token)
    }

    /// Remembers a token until it expires, and forgets those that have expired.
    pub(super) fn add(&mut self, token: TokenId, unix_s: u64) {
        while self.0.first().is_some_and(|first| first.expires_s <= unix_s) {
            self.0.pop_first();
        }
        if self.0.len() >= MAX_SPENT {
            self.0.pop_first();
        }
        self.0.insert(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32, expires_s: u64) -> TokenId {
        let mut mac = [0; 16];
        mac[..4].copy_from_slice(&number.to_le_bytes());
        TokenId { expires_s, mac }
    }

    #[test]
    fn a_token_is_remembered_until_it_expires() {
        let mut spent = SpentTokens::default();
        spent.add(token(4, 100), 0);
        spent.add(token(3, 101), 99);
        assert!(spent.contains(&token(4, 100)) && spent.contains(&token(3, 101)));
        spent.add(token(2, 200), 100);
        assert!(!spent.contains(&token(4, 100)) && spent.contains(&token(3, 101)));
        spent.add(token(1, 300), 200);
        assert_eq!(spent.0, BTreeSet::from([token(1, 300)]), "two have expired since");
    }

    #[test]
    fn beyond_the_bound_the_next_to_expire_makes_room() {
        let mut spent = SpentTokens::default();
        // The later one came, the sooner it expires.
        let last = MAX_SPENT as u32 - 1;
        for number in 0..=last {
            spent.add(token(number, 100 + u64::from(last - number)), 0);
        }
        let newest = token(1 << 20, 1 << 40);
        spent.add(newest, 0);
        assert_eq!(spent.0.len(), MAX_SPENT);
        assert!(spent.contains(&newest), "whoever connects now is remembered");
        assert!(!spent.contains(&token(last, 100)), "the first to expire has gone");
        assert!(spent.contains(&token(last - 1, 101)) && spent.contains(&token(0, 100 + u64::from(last))));
    }
}
