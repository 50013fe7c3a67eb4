//! argon2id over memory that is allocated once: 19 MiB for each hash anew would leave the allocator's arenas in pieces,
//! and the process several times as large.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};

/// Most memory that a stored hash may ask for, in KiB: one that asks for more was not written by us.
const MAX_MEMORY_KIB: u32 = 256 * 1_024;

/// Hashes passwords, one after the other.
pub(super) struct Hasher {
    memory: Vec<Block>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        Self { memory: vec![Block::default(); Params::DEFAULT.block_count()] }
    }

    /// The PHC string of a password under a new random salt.
    pub(super) fn hash(&mut self, password: &SecretString) -> anyhow::Result<String> {
        let argon2 = Argon2::default();
        let salt = Salt::generate();
        let output = self.output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
        let hash = PasswordHash {
            algorithm: Algorithm::default().ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(argon2.params()).map_err(argon_error)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Whether a stored hash is what [`Hasher::hash`] would make today.
    pub(super) fn is_current(stored: &str) -> bool {
        let Ok(stored) = PasswordHash::new(stored) else { return false };
        let params = Params::try_from(&stored).ok();
        let same_costs = params.is_some_and(|params| {
            let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            cost(&params) == cost(&Params::DEFAULT)
        });
        let version = stored.version.map(Version::try_from).and_then(Result::ok);
        same_costs && stored.algorithm == Algorithm::default().ident() && version == Some(Version::default())
    }

    /// Whether a password fits a PHC string; compared in constant time.
    pub(super) fn verify(&mut self, password: &SecretString, stored: &str) -> anyhow::Result<bool> {
        let stored = PasswordHash::new(stored).map_err(argon_error)?;
        let (Some(salt), Some(wanted)) = (&stored.salt, &stored.hash) else {
            anyhow::bail!("the stored hash has no salt or no hash");
        };
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(argon_error)?;
        let version = stored.version.map(Version::try_from).transpose().map_err(argon_error)?.unwrap_or_default();
        let params = Params::try_from(&stored).map_err(argon_error)?;
        anyhow::ensure!(params.m_cost() <= MAX_MEMORY_KIB, "the stored hash asks for {} KiB", params.m_cost());
        let argon2 = Argon2::new(algorithm, version, params);
        Ok(self.output(&argon2, password, salt, wanted.len())? == *wanted)
    }

    fn output(
        &mut self,
        argon2: &Argon2<'_>,
        password: &SecretString,
        salt: &Salt,
        len: usize,
    ) -> anyhow::Result<Output> {
        let blocks = argon2.params().block_count();
        if self.memory.len() < blocks {
            self.memory.resize(blocks, Block::default());
        }
        let mut output = vec![0; len];
        let password = password.expose_secret().as_bytes();
        let filled = argon2.hash_password_into_with_memory(password, salt, &mut output, &mut self.memory[..]);
        filled.map_err(argon_error)?;
        Output::new(&output).map_err(argon_error)
    }
}

fn argon_error(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("argon2: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::PasswordVerifier;

    #[test]
    fn its_hashes_are_what_the_library_verifies_and_writes() {
        let mut hasher = Hasher::new();
        let ours = hasher.hash(&"right".into()).unwrap();
        assert!(Argon2::default().verify_password(b"right", ours.as_str()).is_ok());
        let theirs = argon2::PasswordHasher::hash_password(&Argon2::default(), b"right").unwrap().to_string();
        assert!(hasher.verify(&"right".into(), &theirs).unwrap());
        assert!(!hasher.verify(&"wrong".into(), &theirs).unwrap());
    }

    #[test]
    fn other_costs_are_understood_and_absurd_ones_refused() {
        let mut hasher = Hasher::new();
        let params = Params::new(8, 1, 1, Some(16)).unwrap();
        let small = argon2::PasswordHasher::hash_password(&Argon2::from(params), b"right").unwrap().to_string();
        assert!(hasher.verify(&"right".into(), &small).unwrap());
        let absurd = small.replace("m=8", "m=2000000");
        assert!(hasher.verify(&"right".into(), &absurd).is_err());
        assert!(hasher.verify(&"right".into(), "not a hash").is_err());
    }
}
