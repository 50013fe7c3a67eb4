//! Hashes for addresses that change with what is behind them.

use sha2::{Digest, Sha256};

/// A hash of content, as addresses have it.
pub fn content_hash<'bytes>(contents: impl IntoIterator<Item = &'bytes [u8]>) -> String {
    let mut hasher = Sha256::new();
    for content in contents {
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::content_hash;

    #[test]
    fn a_hash_tells_contents_and_their_borders_apart() {
        let hash = |contents: &[&[u8]]| content_hash(contents.iter().copied());
        assert_eq!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"c"]));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"ab", b"d"]), "of the same length");
    }
}
