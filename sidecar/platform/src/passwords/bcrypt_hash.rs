//! Hashes of accounts that were taken over from another program. Accepted, and renewed at the next log-in.

use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};

/// Highest cost that a stored hash may ask for; 14 takes about a second.
const MAX_COST: u32 = 14;

/// Whether this is a bcrypt hash: `$2a$`, `$2b$`, `$2x$` or `$2y$`.
pub(super) fn is_one(stored: &str) -> bool {
    stored.starts_with("$2")
}

/// Whether a password matches. As always with bcrypt, only its first 72 bytes count.
pub(super) fn verify(password: &SecretString, stored: &str) -> anyhow::Result<bool> {
    let parts: HashParts = stored.parse().map_err(|error| anyhow::anyhow!("a stored bcrypt hash: {error}"))?;
    anyhow::ensure!(parts.get_cost() <= MAX_COST, "a stored bcrypt hash asks for the cost {}", parts.get_cost());
    Ok(bcrypt::verify(password.expose_secret(), stored)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_programs_are_understood() {
        // A published test vector, and the prefix that PHP writes.
        let stored = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert!(verify(&"a".into(), stored).unwrap());
        assert!(verify(&"a".into(), &stored.replace("$2a$", "$2y$")).unwrap());
        assert!(!verify(&"b".into(), stored).unwrap());
    }

    #[test]
    fn absurd_costs_and_garbage_are_refused() {
        let absurd = "$2a$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        assert!(verify(&"a".into(), absurd).is_err());
        assert!(verify(&"a".into(), "$2a$garbage").is_err());
    }
}
