//! Connect tokens that were shown, remembered until they expire: each is good for one connection.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::token::TokenId;

/// Most tokens that are remembered: some 4 MiB. More log-ins than this in the time that a token is good for are turned
/// away, since forgetting one of these would let it be used again.
pub(super) const MAX_TOKENS: usize = 65_536;

/// The tokens, soonest to expire first.
#[derive(Debug, Default)]
pub(super) struct UsedTokens {
    tokens: BTreeMap<TokenId, Use>,
}

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Use {
    /// Who showed it first; for anybody else it is worthless.
    address: SocketAddr,
    /// Whether it has made a connection.
    is_spent: bool,
}

/// No room to remember another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl UsedTokens {
    /// Whether the token may still make a connection from this address, as far as is known.
    pub(super) fn may_connect(&self, token: &TokenId, from: SocketAddr) -> bool {
        self.tokens.get(token).is_none_or(|used| !used.is_spent && used.address == from)
    }

    /// Remembers who showed it, and forgets those that have expired.
    pub(super) fn shown(&mut self, token: TokenId, from: SocketAddr, unix_s: u64) -> Result<(), Full> {
        while let Some(first) = self.tokens.first_entry()
            && first.key().expires_s <= unix_s
        {
            first.remove();
        }
        if self.tokens.len() >= MAX_TOKENS && !self.tokens.contains_key(&token) {
            return Err(Full);
        }
        self.tokens.entry(token).or_insert(Use { address: from, is_spent: false });
        Ok(())
    }

    /// Notes that it has made its connection.
    pub(super) fn spend(&mut self, token: &TokenId) {
        if let Some(used) = self.tokens.get_mut(token) {
            used.is_spent = true;
        }
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

    fn address(port: u16) -> SocketAddr {
        SocketAddr::new([192, 0, 2, 1].into(), port)
    }

    #[test]
    fn a_token_belongs_to_who_showed_it_first_and_connects_once() {
        let (mut used, token) = (UsedTokens::default(), token(1, 100));
        assert!(used.may_connect(&token, address(1)));
        used.shown(token, address(1), 0).unwrap();
        used.shown(token, address(2), 0).unwrap();
        assert!(used.may_connect(&token, address(1)));
        assert!(!used.may_connect(&token, address(2)), "the first was another");
        used.spend(&token);
        assert!(!used.may_connect(&token, address(1)), "it had its connection");
    }

    #[test]
    fn none_is_forgotten_before_it_expires() {
        let mut used = UsedTokens::default();
        for number in 0..MAX_TOKENS as u32 {
            used.shown(token(number, 100 + u64::from(number % 7)), address(1), 0).unwrap();
        }
        let late = token(1 << 20, 200);
        assert_eq!(used.shown(late, address(1), 99), Err(Full));
        assert_eq!(used.shown(token(0, 100), address(1), 99), Ok(()), "it is remembered already");
        assert_eq!(used.tokens.len(), MAX_TOKENS);
        used.shown(late, address(1), 100).unwrap();
        assert!(used.tokens.len() < MAX_TOKENS, "those that expired made room");
        assert!(!used.may_connect(&token(3, 103), address(2)), "and the others are still known");
    }
}
