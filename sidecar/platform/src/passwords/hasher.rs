//! argon2id with memory that is allocated once. New megabytes for each hash would fragment the allocator's arenas and
//! make the process several times as large.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};

use crate::config::PasswordMemory;

/// Maximum memory that a stored hash may ask for, in KiB: one that asks for more was not written by us.
const MAX_MEMORY_KIB: u32 = 256 * 1_024;

/// Hashes passwords, one after the other.
pub(super) struct Hasher {
    params: Params,
    memory: Vec<Block>,
}

impl Hasher {
    /// A hasher with the costs of new hashes. Its memory is allocated with the first hash.
    pub(super) fn new(memory: PasswordMemory) -> Self {
        let params = Params::new(memory.kib(), memory.passes(), 1, None).unwrap_or(Params::DEFAULT);
        Self { params, memory: Vec::new() }
    }

    /// The PHC string of a password under a new random salt.
    pub(super) fn hash(&mut self, password: &SecretString) -> anyhow::Result<String> {
        let argon2 = Argon2::new(Algorithm::default(), Version::default(), self.params.clone());
        let salt = Salt::generate();
        let output = self.output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
        self.written(salt, output)
    }

    /// A PHC string that no password matches, and that takes as long to check as any other.
    pub(super) fn decoy(&self) -> anyhow::Result<String> {
        let output = Output::new(&[0; Params::DEFAULT_OUTPUT_LEN]).map_err(argon_error)?;
        self.written(Salt::generate(), output)
    }

    fn written(&self, salt: Salt, output: Output) -> anyhow::Result<String> {
        let hash = PasswordHash {
            algorithm: Algorithm::default().ident(),
            version: Some(Version::default().into()),
            params: ParamsString::try_from(&self.params).map_err(argon_error)?,
            salt: Some(salt),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Whether a stored hash has the costs and version that [`Hasher::hash`] would use today.
    pub(super) fn is_current(&self, stored: &str) -> bool {
        let Ok(stored) = PasswordHash::new(stored) else { return false };
        let params = Params::try_from(&stored).ok();
        let same_costs = params.is_some_and(|params| {
            let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
            cost(&params) == cost(&self.params)
        });
        let version = stored.version.map(Version::try_from).and_then(Result::ok);
        same_costs && stored.algorithm == Algorithm::default().ident() && version == Some(Version::default())
    }

    /// Whether a password matches a PHC string; compared in constant time.
    pub(super) fn verify(&mut self, password: &SecretString, stored: &str) -> anyhow::Result<bool> {
        let stored = PasswordHash::new(stored).map_err(argon_error)?;
        let (Some(salt), Some(wanted)) = (&stored.salt, &stored.hash) else {
            anyhow::bail!("the stored hash has no salt or no hash");
        };
        let algorithm = Algorithm::try_from(stored.algorithm.as_str()).map_err(argon_error)?;
        let version = stored.version.map(Version::try_from).transpose().map_err(argon_error)?.unwrap_or_default();
        let params = Params::try_from(&stored).map_err(argon_error)?;
        anyhow::ensure!(
            params.m_cost() <= MAX_MEMORY_KIB,
            "the stored hash needs {} KiB, above the limit",
            params.m_cost()
        );
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
        // A hash of another program may have needed more memory than we keep.
        let kept = self.params.block_count();
        if self.memory.len() > kept {
            self.memory.truncate(kept);
            self.memory.shrink_to_fit();
        }
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
        let mut hasher = Hasher::new(PasswordMemory::default());
        let ours = hasher.hash(&"right".into()).unwrap();
        assert!(Argon2::default().verify_password(b"right", ours.as_str()).is_ok());
        let theirs = argon2::PasswordHasher::hash_password(&Argon2::default(), b"right").unwrap().to_string();
        assert!(hasher.verify(&"right".into(), &theirs).unwrap());
        assert!(!hasher.verify(&"wrong".into(), &theirs).unwrap());
    }

    #[test]
    fn each_cost_is_what_it_is_named_and_renewed_by_another() {
        let all = [
            (PasswordMemory::Mib7, "$m=7168,t=5,p=1$"),
            (PasswordMemory::Mib9, "$m=9216,t=4,p=1$"),
            (PasswordMemory::Mib12, "$m=12288,t=3,p=1$"),
            (PasswordMemory::Mib19, "$m=19456,t=2,p=1$"),
        ];
        for (memory, cost) in all {
            let hash = Hasher::new(memory).hash(&"right".into()).unwrap();
            assert!(hash.contains(cost), "{hash}");
            assert!(Argon2::default().verify_password(b"right", hash.as_str()).is_ok(), "it was made so: {hash}");
            for (other, _) in all {
                assert_eq!(Hasher::new(other).is_current(&hash), other == memory);
            }
        }
    }

    #[test]
    fn nothing_fits_the_decoy_which_costs_what_a_hash_costs() {
        let mut hasher = Hasher::new(PasswordMemory::default());
        let decoy = hasher.decoy().unwrap();
        assert!(hasher.is_current(&decoy));
        for password in ["decoy", "", "right"] {
            assert!(!hasher.verify(&password.into(), &decoy).unwrap(), "{password:?}");
        }
    }

    #[test]
    fn other_costs_are_understood_and_absurd_ones_refused() {
        let mut hasher = Hasher::new(PasswordMemory::default());
        let params = Params::new(8, 1, 1, Some(16)).unwrap();
        let small = argon2::PasswordHasher::hash_password(&Argon2::from(params), b"right").unwrap().to_string();
        assert!(hasher.verify(&"right".into(), &small).unwrap());
        assert!(!hasher.verify(&"wrong".into(), &small).unwrap());
        for kib in [256 * 1_024 + 1, 2_000_000] {
            let absurd = small.replace("m=8", &format!("m={kib}"));
            let error = hasher.verify(&"right".into(), &absurd).unwrap_err();
            assert_eq!(error.to_string(), format!("the stored hash needs {kib} KiB, above the limit"));
        }
        let error = hasher.verify(&"right".into(), "not a hash").unwrap_err();
        assert!(error.to_string().starts_with("argon2: "), "{error}");
    }
}
