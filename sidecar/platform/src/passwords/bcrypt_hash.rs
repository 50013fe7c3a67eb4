//! Hashes of accounts that were taken over from another program. Accepted, and renewed at the next log-in.

use bcrypt::HashParts;
use secrecy::{ExposeSecret, SecretString};

/// Highest cost that a stored hash may ask for; 14 takes about a second.
const MAX_COST: u32 = 14;

/// Whether this is a bcrypt hash: `$2a$`, `$2b$`, `$2x$` or `$2y$`.
pub(super) fn is_one(stored: &str) -> bool {
    stored.starts_with("$2")
}

/// Most bytes of a password that bcrypt looks at.
const SEEN_BYTES: usize = 72;

/// Whether bcrypt looks at the whole of a password: neither at the first 72 bytes alone, nor, in some programs, at those before a zero
/// byte.
pub(super) fn sees_whole(password: &SecretString) -> bool {
    let password = password.expose_secret();
    password.len() <= SEEN_BYTES && !password.contains('\0')
}

/// Whether a password matches. As always with bcrypt, only its first 72 bytes count.
pub(super) fn verify(password: &SecretString, stored: &str) -> anyhow::Result<bool> {
    let parts: HashParts = stored.parse().map_err(|error| anyhow::anyhow!("invalid stored bcrypt hash: {error}"))?;
    anyhow::ensure!(
        parts.get_cost() <= MAX_COST,
        "a stored bcrypt hash has a cost of {}, above the limit",
        parts.get_cost()
    );
    Ok(bcrypt::verify(password.expose_secret(), stored)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_other_programs_are_understood() {
        // A published test vector, and the prefix that PHP writes.
        let stored = "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe";
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let stored = stored.replace("$2a$", prefix);
            assert!(is_one(&stored) && verify(&"a".into(), &stored).unwrap(), "{prefix}");
            assert!(!verify(&"b".into(), &stored).unwrap(), "{prefix}");
        }
        // With the cost that most programs use.
        let stored = "$2a$10$k87L/MF28Q673VKh8/cPi.SUl7MU/rWuSiIDDFayrKk/1tBsSQu4u";
        assert!(verify(&"a".into(), stored).unwrap());
        // Of a long password they took the first 72 bytes.
        let stored = bcrypt::hash("x".repeat(80), 4).unwrap();
        for (length, fits) in [(71, false), (72, true), (80, true)] {
            assert_eq!(verify(&"x".repeat(length).into(), &stored).unwrap(), fits, "{length} bytes");
        }
    }

    #[test]
    fn absurd_costs_and_garbage_are_refused() {
        let refusal = |stored: &str| verify(&"a".into(), stored).unwrap_err().to_string();
        for cost in [15, 31] {
            let absurd = format!("$2a${cost}$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe");
            assert_eq!(refusal(&absurd), format!("a stored bcrypt hash has a cost of {cost}, above the limit"));
        }
        let garbage = refusal("$2a$garbage");
        assert!(garbage.starts_with("invalid stored bcrypt hash: "), "{garbage}");
    }
}
