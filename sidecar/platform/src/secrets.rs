//! Secrets: given by the operator, or generated once into `DATA_DIR/secrets`.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use realmgate_protocol::ticket::KeyRing;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::config::ConfigError;

/// Shortest secret, in bytes, for a listener that other machines can reach.
pub const MIN_SECRET_BYTES: usize = 32;
/// Minimum number of different bytes in such a secret.
const MIN_DIFFERENT_BYTES: usize = 8;
const GENERATED_BYTES: usize = 32;

/// Secrets from tutorials and example files.
const KNOWN_DEFAULTS: [&str; 4] = ["your-super-secret-jwt-key", "change-this", "changeme", "change-me"];

/// The secrets that the sidecar signs and verifies with.
#[derive(Clone)]
pub struct Secrets {
    /// Keys that sign access tokens.
    pub jwt: KeyRing,
    /// Keys that sign tickets; the netcode key is derived from them.
    pub ticket: KeyRing,
    /// The token that opens every internal route.
    pub service_token: ServiceToken,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// The token between servers, or several during a rotation: the first one is shown, all are accepted.
#[derive(Clone, Debug)]
pub struct ServiceToken {
    shown: SecretString,
    also: Vec<SecretString>,
}

impl ServiceToken {
    /// Parses one token, or several with commas between them. Does not check their length.
    pub fn new(text: &str) -> Self {
        let mut tokens = text.split(',').map(str::trim).filter(|token| !token.is_empty()).map(SecretString::from);
        Self { shown: tokens.next().unwrap_or_default(), also: tokens.collect() }
    }

    /// Whether `shown` is one of the tokens, compared in constant time. An empty text never is.
    pub fn matches(&self, shown: &str) -> bool {
        let is = |token: &SecretString| token.expose_secret().as_bytes().ct_eq(shown.as_bytes());
        let any = self.also.iter().fold(is(&self.shown), |any, token| any | is(token));
        !shown.is_empty() && bool::from(any)
    }

    /// The token that a client has to show.
    pub fn expose(&self) -> &str {
        self.shown.expose_secret()
    }

    /// All accepted tokens, the shown one first.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.shown).chain(&self.also).map(ExposeSecret::expose_secret)
    }
}

/// One secret as the settings give it: by value, by file, or neither.
#[derive(Debug, Clone, Default)]
pub struct SecretSource {
    /// The secret itself, as in `JWT_SECRET`.
    pub value: Option<SecretString>,
    /// A file with the secret, as in `JWT_SECRET_FILE`.
    pub file: Option<PathBuf>,
}

impl SecretSource {
    /// Whether the operator gave this secret.
    pub fn is_given(&self) -> bool {
        self.value.is_some() || self.file.is_some()
    }

    /// The given secret, or `None` where there is none.
    fn given(&self, key: &str) -> Result<Option<SecretString>, ConfigError> {
        match (&self.value, &self.file) {
            (Some(_), Some(_)) => Err(ConfigError::new(key, format!("set {key} or {key}_FILE, not both"))),
            (Some(value), None) => Ok(Some(value.expose_secret().trim().to_owned().into())),
            (None, Some(file)) => match fs::read_to_string(file) {
                Ok(text) => {
                    warn_of_readers(&format!("{key}_FILE"), file);
                    Ok(Some(text.trim().to_owned().into()))
                }
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
    /// Reads the given secrets and generates the missing ones in `DATA_DIR/secrets`. `exposed` says that a listener can
    /// be reached from other machines: then a weak secret is refused.
    ///
    /// # Errors
    /// When a secret is given twice, is empty or cannot be read or generated, or is weak though `exposed`; the error
    /// names the setting.
    pub fn resolve(&self, data_dir: &Path, exposed: bool) -> Result<Secrets, ConfigError> {
        let dir = data_dir.join("secrets");
        let ring = |key: &str, source: &SecretSource, file: &str| -> Result<KeyRing, ConfigError> {
            let text = resolve_one(key, source, &dir.join(file), exposed)?;
            let ring: KeyRing =
                text.expose_secret().parse().map_err(|error| ConfigError::new(key, format!("{error}")))?;
            // Check each of several keys: together they always look strong.
            if exposed && ring.iter().any(|(_, secret)| is_weak(secret)) {
                return Err(weak(key));
            }
            Ok(ring)
        };
        let tokens = resolve_one("SERVICE_TOKEN", &self.service_token, &dir.join("service_token"), exposed)?;
        let service_token = ServiceToken::new(tokens.expose_secret());
        if service_token.expose().is_empty() {
            return Err(ConfigError::new("SERVICE_TOKEN", "has no token between its commas"));
        }
        // Check each of several tokens, as with the keys.
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
            .map_err(|error| not_generated(key, generated, &error));
    };
    check_given(key, given.expose_secret(), exposed)?;
    Ok(given)
}

/// Why a secret cannot be read or generated. A disk without room is not a wrong setting.
fn not_generated(key: &str, file: &Path, error: &io::Error) -> ConfigError {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let why = format!("{}: {error}", file.display());
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => {
            let why = format!("{why}; no disk space for a new secret: free some and start again");
            ConfigError { may_pass: true, ..ConfigError::new(key, why) }
        }
        _ => ConfigError::new(key, why),
    }
}

/// Refuses useless secrets: an empty one anywhere, a short or well-known one where other machines can reach us.
fn check_given(key: &str, secret: &str, exposed: bool) -> Result<(), ConfigError> {
    if secret.is_empty() {
        return Err(ConfigError::new(key, "is empty: unset it to generate one"));
    }
    if exposed && is_weak(secret.as_bytes()) { Err(weak(key)) } else { Ok(()) }
}

/// Whether somebody could guess the secret. Random bytes, raw or encoded, have far more different ones.
fn is_weak(secret: &[u8]) -> bool {
    let lower = secret.to_ascii_lowercase();
    let is_known = KNOWN_DEFAULTS.iter().any(|known| lower.windows(known.len()).any(|part| part == known.as_bytes()));
    let different: std::collections::BTreeSet<&u8> = secret.iter().collect();
    secret.len() < MIN_SECRET_BYTES || is_known || different.len() < MIN_DIFFERENT_BYTES
}

fn weak(key: &str) -> ConfigError {
    let why = "is short, repetitive or well known, and a listener is not on loopback: use 32 random bytes or more, \
               or unset it to generate one";
    ConfigError::new(key, why)
}

/// Reads the secret in `file`, and generates it if there is none. Two processes that start at once get the same one.
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
    // A hard link is made whole or not at all, and unlike a rename it never replaces what another process has written.
    let linked = write_new(&draft, text.as_bytes()).and_then(|()| fs::hard_link(&draft, file));
    let removed = fs::remove_file(&draft);
    match linked {
        Ok(()) => removed.map(|()| text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_generated(file),
        Err(error) => Err(error),
    }
}

fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    out.write_all(bytes)?;
    out.sync_all()
}

fn read_generated(file: &Path) -> io::Result<String> {
    let text = fs::read_to_string(file)?.trim().to_owned();
    close_to_others(file, 0o600);
    if let Some(folder) = file.parent() {
        close_to_others(folder, 0o700);
    }
    if text.len() < MIN_SECRET_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "too short for a secret: delete the file to generate a new one",
        ));
    }
    Ok(text)
}

/// Restricts a generated file to its owner; a copy or a backup may have opened it to others.
fn close_to_others(path: &Path, mode: u32) {
    let Ok(found) = fs::metadata(path).map(|found| found.permissions().mode() & 0o777) else { return };
    if found & 0o077 == 0 {
        return;
    }
    match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        Ok(()) => tracing::warn!(
            path = %path.display(),
            "other users could read the file (mode {found:o}); changed to {mode:o}. Replace the secret if anyone has read it"
        ),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "other users can read the file (mode {found:o}): run chmod {mode:o}");
        }
    }
}

/// Warns, when a file that the operator gave is read, that everybody on this machine can read it. Its mode is left as
/// it is: access for a group is in order, and some ways to mount secrets leave no choice.
pub fn warn_of_readers(key: &str, file: &Path) {
    let mode = fs::metadata(file).map_or(0, |found| found.permissions().mode() & 0o777);
    if mode & 0o007 != 0 {
        let file = file.display();
        tracing::warn!(key, "every user of this machine can read {file} (mode {mode:o}): run chmod o-rwx {file}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: &str) -> SecretSource {
        SecretSource { value: Some(value.to_owned().into()), file: None }
    }

    #[test]
    fn secrets_are_made_once_and_only_for_the_owner() {
        let dir = tempfile::tempdir().unwrap();
        let all = |secrets: Secrets| {
            let key = |ring: &KeyRing| ring.iter().map(|(_, key)| key.to_vec()).collect::<Vec<_>>();
            let token = secrets.service_token.expose().as_bytes().to_vec();
            [key(&secrets.jwt), key(&secrets.ticket), vec![token]]
        };
        let [first, second] = [(); 2].map(|()| all(SecretSources::default().resolve(dir.path(), true).unwrap()));
        assert_eq!(first, second);
        let different: std::collections::BTreeSet<_> = first.iter().collect();
        assert_eq!(different.len(), 3, "each is another one");
        let mode = |path: &str| fs::metadata(dir.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("secrets"), 0o700);
        for file in ["secrets/jwt_secret", "secrets/ticket_key", "secrets/service_token"] {
            assert_eq!(mode(file), 0o600, "{file}");
        }
        assert_eq!(fs::read_dir(dir.path().join("secrets")).unwrap().count(), 3, "no drafts are left");
    }

    #[test]
    fn a_secret_that_others_could_read_is_theirs_no_more() {
        let dir = tempfile::tempdir().unwrap();
        SecretSources::default().resolve(dir.path(), true).unwrap();
        let (folder, file) = (dir.path().join("secrets"), dir.path().join("secrets/service_token"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        for (of_folder, of_file) in [(0o755, 0o644), (0o750, 0o640), (0o710, 0o620), (0o705, 0o604)] {
            fs::set_permissions(&folder, fs::Permissions::from_mode(of_folder)).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(of_file)).unwrap();
            SecretSources::default().resolve(dir.path(), true).unwrap();
            assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600), "they were {of_folder:o} and {of_file:o}");
        }

        let given = dir.path().join("given");
        fs::write(&given, "x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu").unwrap();
        fs::set_permissions(&given, fs::Permissions::from_mode(0o444)).unwrap();
        let from_file = SecretSource { value: None, file: Some(given.clone()) };
        SecretSources { jwt: from_file, ..SecretSources::default() }.resolve(dir.path(), true).unwrap();
        assert_eq!(mode(&given), 0o444, "what an operator gives is the operator's");
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
        assert_eq!(sources.resolve(dir.path(), true).unwrap_err().key, "JWT_SECRET");
        let strong = "x7Qm2pZr9LbT4vWn8KcY6hJd3sGf5aEu";
        let mut secrets = vec![(strong[..31].to_owned(), true), (strong.to_owned(), false)];
        secrets.extend([("abcdefg".repeat(5), true), ("abcdefgh".repeat(4), false)]);
        let known = ["your-super-secret-jwt-key", "change-this", "ChangeMe", "change-me"];
        secrets.extend(known.map(|known| (format!("{strong}-{known}"), true)));
        for (secret, is_weak) in secrets {
            let sources = SecretSources { service_token: given(&secret), ..SecretSources::default() };
            assert!(sources.resolve(dir.path(), false).is_ok(), "{secret}");
            let refused = sources.resolve(dir.path(), true).err().map(|error| error.key);
            assert_eq!(refused.as_deref(), is_weak.then_some("SERVICE_TOKEN"), "{secret}");
        }
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
            let weak = STANDARD.encode(secret);
            for both in [format!("new:{strong},old:{weak}"), format!("new:{weak},old:{strong}")] {
                let sources = SecretSources { ticket: given(&both), ..SecretSources::default() };
                assert!(sources.resolve(dir.path(), false).is_ok(), "{kind}: loopback may");
                assert_eq!(sources.resolve(dir.path(), true).unwrap_err().key, "TICKET_KEY", "{kind}: {both}");
            }
        }
        let another = STANDARD.encode("hR4tYp8WqZ2nLmC6vXbK9sDf3gJ7aEuT");
        for good in [format!("new:{strong}"), format!("new:{strong},old:{another}")] {
            let sources = SecretSources { ticket: given(&good), ..SecretSources::default() };
            assert!(sources.resolve(dir.path(), true).is_ok(), "{good}");
        }
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
        for other in ["secret2", "sec", "Secret", " secret", "secretsecret", ""] {
            assert!(!token.matches(other), "{other:?}");
        }
        assert!(!ServiceToken::new("").matches(""), "no token is none to show");
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
