//! Secrets: given by the operator, or generated once into `DATA_DIR/secrets`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ticket::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::config::ConfigError;

/// Shortest secret that may guard a listener others can reach.
pub const MIN_SECRET_BYTES: usize = 32;
/// Fewest different bytes of such a secret.
const MIN_DIFFERENT_BYTES: usize = 8;
const GENERATED_BYTES: usize = 32;

/// Secrets that stand in tutorials and example files.
const KNOWN_DEFAULTS: [&str; 4] = ["your-super-secret-jwt-key", "change-this", "changeme", "change-me"];

/// What the sidecar signs and checks with.
#[derive(Clone)]
pub struct Secrets {
    /// Sign access tokens.
    pub jwt: KeyRing,
    /// Sign tickets; the netcode key is derived from them.
    pub ticket: KeyRing,
    /// Opens every internal route.
    pub service_token: ServiceToken,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// The token between servers, or several while one replaces another: the first is shown, all are accepted.
#[derive(Clone, Debug)]
pub struct ServiceToken {
    shown: SecretString,
    also: Vec<SecretString>,
}

impl ServiceToken {
    /// Takes the text, whatever its length. A comma stands between several.
    pub fn new(text: &str) -> Self {
        let mut tokens = text.split(',').map(str::trim).filter(|token| !token.is_empty()).map(SecretString::from);
        Self { shown: tokens.next().unwrap_or_default(), also: tokens.collect() }
    }

    /// Whether a caller showed one of them, compared in constant time. Nobody shows an empty one.
    pub fn matches(&self, shown: &str) -> bool {
        let is = |token: &SecretString| token.expose_secret().as_bytes().ct_eq(shown.as_bytes());
        let any = self.also.iter().fold(is(&self.shown), |any, token| any | is(token));
        !shown.is_empty() && bool::from(any)
    }

    /// For a client that has to show it.
    pub fn expose(&self) -> &str {
        self.shown.expose_secret()
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.shown).chain(&self.also).map(ExposeSecret::expose_secret)
    }
}

/// One secret as the settings give it: by value, by file, or neither.
#[derive(Debug, Clone, Default)]
pub struct SecretSource {
    /// `JWT_SECRET` and the like.
    pub value: Option<SecretString>,
    /// `JWT_SECRET_FILE` and the like.
    pub file: Option<PathBuf>,
}

impl SecretSource {
    /// Whether the operator gave it.
    pub fn is_given(&self) -> bool {
        self.value.is_some() || self.file.is_some()
    }

    /// The given secret, or `None` where there is none.
    fn given(&self, key: &str) -> Result<Option<SecretString>, ConfigError> {
        match (&self.value, &self.file) {
            (Some(_), Some(_)) => Err(ConfigError::new(key, format!("give {key} or {key}_FILE, not both"))),
            (Some(value), None) => Ok(Some(value.expose_secret().trim().to_owned().into())),
            (None, Some(file)) => match fs::read_to_string(file) {
                Ok(text) => Ok(Some(text.trim().to_owned().into())),
                Err(error) => Err(ConfigError::new(&format!("{key}_FILE"), format!("{}: {error}", file.display()))),
            },
            (None, None) => Ok(None),
        }
    }
}

/// Where the three secrets come from.
#[derive(Debug, Clone, Default)]
pub struct SecretSources {
    /// `JWT_SECRET`.
    pub jwt: SecretSource,
    /// `TICKET_KEY`.
    pub ticket: SecretSource,
    /// `SERVICE_TOKEN`.
    pub service_token: SecretSource,
}

impl SecretSources {
    /// Reads the given secrets and makes the missing ones in `DATA_DIR/secrets`. `exposed` says that a listener can be
    /// reached from other machines: then a weak secret is refused.
    pub fn resolve(&self, data_dir: &Path, exposed: bool) -> Result<Secrets, ConfigError> {
        let dir = data_dir.join("secrets");
        let ring = |key: &str, source: &SecretSource, file: &str| -> Result<KeyRing, ConfigError> {
            let text = resolve_one(key, source, &dir.join(file), exposed)?;
            let ring: KeyRing =
                text.expose_secret().parse().map_err(|error| ConfigError::new(key, format!("{error}")))?;
            // Each of several keys: together they always look strong.
            if exposed && ring.iter().any(|(_, secret)| is_weak(secret)) {
                return Err(weak(key));
            }
            Ok(ring)
        };
        let tokens = resolve_one("SERVICE_TOKEN", &self.service_token, &dir.join("service_token"), exposed)?;
        let service_token = ServiceToken::new(tokens.expose_secret());
        if service_token.expose().is_empty() {
            return Err(ConfigError::new("SERVICE_TOKEN", "has nothing between its commas"));
        }
        // Each of several, as with the keys.
        if exposed && service_token.all().any(|token| is_weak(token.as_bytes())) {
            return Err(weak("SERVICE_TOKEN"));
        }
        Ok(Secrets {
            jwt: ring("JWT_SECRET", &self.jwt, "jwt_secret")?,
            ticket: ring("TICKET_KEY", &self.ticket, "ticket_key")?,
            service_token,
        })
    }
}

fn resolve_one(key: &str, source: &SecretSource, generated: &Path, exposed: bool) -> Result<SecretString, ConfigError> {
    let Some(given) = source.given(key)? else {
        return read_or_generate(generated)
            .map(SecretString::from)
            .map_err(|error| ConfigError::new(key, format!("{}: {error}", generated.display())));
    };
    check_given(key, given.expose_secret(), exposed)?;
    Ok(given)
}

/// Refuses what guards nothing: an empty secret anywhere, a short or well-known one where others can reach us.
fn check_given(key: &str, secret: &str, exposed: bool) -> Result<(), ConfigError> {
    if secret.is_empty() {
        return Err(ConfigError::new(key, "is empty: leave it out to have one generated"));
    }
    if exposed && is_weak(secret.as_bytes()) { Err(weak(key)) } else { Ok(()) }
}

/// Whether somebody could guess it. Random bytes, as bytes or written out, have far more different ones.
fn is_weak(secret: &[u8]) -> bool {
    let lower = secret.to_ascii_lowercase();
    let is_known = KNOWN_DEFAULTS.iter().any(|known| lower.windows(known.len()).any(|part| part == known.as_bytes()));
    let different: std::collections::BTreeSet<&u8> = secret.iter().collect();
    secret.len() < MIN_SECRET_BYTES || is_known || different.len() < MIN_DIFFERENT_BYTES
}

fn weak(key: &str) -> ConfigError {
    let why = "is short, repetitive or well known, and a listener is not on loopback: use 32 random bytes or more, \
               or leave it out to have one generated";
    ConfigError::new(key, why)
}

/// The secret in `file`, made first where there is none. Of two processes that start at once, both get the same.
fn read_or_generate(file: &Path) -> io::Result<String> {
    match read_generated(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut bytes = [0; GENERATED_BYTES];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text = URL_SAFE_NO_PAD.encode(bytes);

    let draft = file.with_extension(format!("draft-{}", uuid::Uuid::new_v4().simple()));
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    // A hard link is made whole or not at all, and unlike a rename it never replaces what another start has written.
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_generated(file),
        Err(error) => Err(error),
    }
}

fn read_generated(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?.trim().to_owned();
    if text.len() < MIN_SECRET_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "too short for a secret: delete it to have a new one made",
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn given(value: &str) -> SecretSource {
        SecretSource { value: Some(value.to_owned().into()), file: None }
    }

    #[test]
    fn secrets_are_made_once_and_only_for_the_owner() {
        let dir = tempfile::tempdir().unwrap();
        let first = SecretSources::default().resolve(dir.path(), true).unwrap();
        let second = SecretSources::default().resolve(dir.path(), true).unwrap();
        assert_eq!(first.service_token.expose(), second.service_token.expose());
        let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("secrets"), 0o700);
        for file in ["secrets/jwt_secret", "secrets/ticket_key", "secrets/service_token"] {
            assert_eq!(mode(file), 0o600, "{file}");
        }
        assert_eq!(fs::read_dir(dir.path().join("secrets")).unwrap().count(), 3, "no drafts are left");
    }

    #[test]
    fn weak_secrets_are_for_loopback_only() {
        let dir = tempfile::tempdir().unwrap();
        let sources = SecretSources { service_token: given("dev"), ..SecretSources::default() };
        assert!(sources.resolve(dir.path(), false).is_ok());
        assert!(sources.resolve(dir.path(), true).unwrap_err().to_string().starts_with("SERVICE_TOKEN"));
        let known = given("your-super-secret-jwt-key-change-this-in-production");
        let sources = SecretSources { jwt: known, ..SecretSources::default() };
        assert!(sources.resolve(dir.path(), false).is_ok());
        assert!(sources.resolve(dir.path(), true).is_err());
    }

    #[test]
    fn each_of_several_keys_has_to_be_strong() {
        use base64::engine::general_purpose::STANDARD;
        let dir = tempfile::tempdir().unwrap();
        let strong = STANDARD.encode("x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu");
        for (kind, secret) in [
            ("repetitive", "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb"),
            ("known", "your-super-secret-jwt-key-please-replace-me"),
        ] {
            let both = format!("new:{strong},old:{}", STANDARD.encode(secret));
            let sources = SecretSources { ticket: given(&both), ..SecretSources::default() };
            assert!(sources.resolve(dir.path(), false).is_ok(), "{kind}: loopback may");
            assert!(sources.resolve(dir.path(), true).unwrap_err().to_string().starts_with("TICKET_KEY"), "{kind}");
        }
        let strong = SecretSources { ticket: given(&format!("new:{strong}")), ..SecretSources::default() };
        assert!(strong.resolve(dir.path(), true).is_ok());
    }

    #[test]
    fn a_secret_may_lie_in_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        fs::write(&file, "the token\n").unwrap();
        let from_file = SecretSource { value: None, file: Some(file.clone()) };
        let sources = SecretSources { service_token: from_file, ..SecretSources::default() };
        assert_eq!(sources.resolve(dir.path(), false).unwrap().service_token.expose(), "the token");
        let both = SecretSource { file: Some(file), ..given("the token") };
        let sources = SecretSources { service_token: both, ..SecretSources::default() };
        assert!(sources.resolve(dir.path(), false).unwrap_err().to_string().contains("not both"));
    }

    #[test]
    fn a_service_token_matches_itself_alone() {
        let token = ServiceToken::new("secret");
        assert!(token.matches("secret"));
        assert!(!token.matches("secret2") && !token.matches(""));
        assert!(!format!("{token:?}").contains("secret\""));
    }

    #[test]
    fn while_a_service_token_is_replaced_both_are_accepted_and_the_first_is_shown() {
        let dir = tempfile::tempdir().unwrap();
        let both = SecretSources { service_token: given("new token, old token"), ..SecretSources::default() };
        let tokens = both.resolve(dir.path(), false).unwrap().service_token;
        assert_eq!(tokens.expose(), "new token");
        assert!(tokens.matches("new token") && tokens.matches("old token"));
        for wrong in ["", "token", "new token, old token", ","] {
            assert!(!tokens.matches(wrong), "{wrong:?}");
        }
        let strong = "x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu";
        for bad in [format!("{strong},weak"), " , ".to_owned()] {
            let sources = SecretSources { service_token: given(&bad), ..SecretSources::default() };
            assert!(sources.resolve(dir.path(), true).unwrap_err().to_string().starts_with("SERVICE_TOKEN"), "{bad}");
        }
    }
}
