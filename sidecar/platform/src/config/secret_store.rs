//! Secrets from a folder or a command, as an agent of Vault, Kubernetes or a cloud's command line provides them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::{ConfigError, defaults, secret_command};
use crate::secrets::warn_of_readers;

/// The settings whose values may come from a store.
pub const STORABLE: [&str; 8] = [
    "JWT_SECRET",
    "TICKET_KEY",
    "SERVICE_TOKEN",
    "DATABASE_URL",
    "REDIS_URL",
    "MAIL_URL",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
/// Largest file of a secret, and largest output of the command, in bytes.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

const DIR: &str = "SECRETS_DIR";
const COMMAND: &str = "SECRETS_COMMAND";

/// Flags and environment variables of the stores of secrets.
#[derive(Debug, Clone, clap::Args)]
pub struct SecretStoreSettings {
    /// Directory with a file per secret, named as its setting: JWT_SECRET, DATABASE_URL and so on [default: none]
    #[arg(long, env = "SECRETS_DIR")]
    pub secrets_dir: Option<PathBuf>,
    /// Shell command, run once at start, that prints secrets as lines SETTING=value [default: none]
    #[arg(long, env = "SECRETS_COMMAND", hide_env_values = true)]
    pub secrets_command: Option<String>,
    /// How long that command may run, in seconds
    #[arg(long, env = "SECRETS_COMMAND_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub secrets_command_seconds: u32,
}

impl Default for SecretStoreSettings {
    fn default() -> Self {
        defaults()
    }
}

/// What the stores hold. A debug form shows no secret.
#[derive(Debug, Default)]
pub struct StoredSecrets {
    found: BTreeMap<&'static str, Found>,
    used: Vec<(&'static str, &'static str)>,
    /// Files that were read, by their settings.
    files: Vec<(&'static str, PathBuf)>,
    /// Lines of the command with other keys.
    ignored_lines: usize,
}

#[derive(Debug)]
struct Found {
    value: SecretString,
    store: &'static str,
}

impl SecretStoreSettings {
    /// Reads these settings' values from the stores. The folder takes precedence over the command, which runs once, in
    /// `/bin/sh`. Nothing is logged yet: [`StoredSecrets::log`] does that when there is a log.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, a value is empty, too large or not UTF-8, a store has no secret of
    /// this program, or the command fails, takes too long or prints lines that are not `SETTING=value`. The error names the
    /// store, and never quotes a value or the command's output.
    pub fn read(&self, wanted: &[&str]) -> Result<StoredSecrets, ConfigError> {
        let mut stored = StoredSecrets::default();
        if let Some(folder) = self.secrets_dir.as_deref().filter(|folder| !folder.as_os_str().is_empty()) {
            stored.read_folder(folder, wanted).map_err(|why| ConfigError::new(DIR, why))?;
        }
        if let Some(command) = self.secrets_command.as_deref().filter(|command| !command.trim().is_empty()) {
            let within = Duration::from_secs(self.secrets_command_seconds.into());
            // The store that it queries may be available later.
            let failed = |why| ConfigError { may_pass: true, ..ConfigError::new(COMMAND, why) };
            let output = secret_command::output(command, within).map_err(failed)?;
            stored.read_lines(&output, wanted).map_err(|why| ConfigError::new(COMMAND, why))?;
        }
        Ok(stored)
    }
}

impl StoredSecrets {
    /// Puts the stored value of `key` into a setting that has none.
    pub fn fill(&mut self, key: &str, setting: &mut Option<SecretString>) {
        if setting.is_some() {
            return;
        }
        if let Some((key, found)) = self.found.remove_entry(key) {
            *setting = Some(found.value);
            self.used.push((key, found.store));
        }
    }

    /// The settings that got their values here.
    pub fn used(&self) -> impl Iterator<Item = &'static str> {
        self.used.iter().map(|(key, _)| *key)
    }

    /// Logs which settings got their values from which store, and warns of files that every user can read.
    pub fn log(&self) {
        for (setting, store) in &self.used {
            tracing::info!(setting, store, "secret read");
        }
        for (key, file) in &self.files {
            warn_of_readers(key, file);
        }
        if self.ignored_lines > 0 {
            tracing::warn!(lines = self.ignored_lines, "{COMMAND} printed settings that are not secrets; ignored");
        }
    }

    fn read_folder(&mut self, folder: &Path, wanted: &[&str]) -> Result<(), String> {
        // A folder that is missing is not one without secrets.
        fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let present = |key: &&str| folder.join(key).symlink_metadata().is_ok();
        if !STORABLE.iter().any(present) {
            return Err(format!("{} has no file named as a secret: {}", folder.display(), STORABLE.join(", ")));
        }
        for key in STORABLE.into_iter().filter(|key| wanted.contains(key) && present(key)) {
            let file = folder.join(key);
            let text = read_file(&file).map_err(|why| format!("{}: {why}", file.display()))?;
            self.found.insert(key, Found { value: text.into(), store: DIR });
            self.files.push((key, file));
        }
        Ok(())
    }

    fn read_lines(&mut self, output: &[u8], wanted: &[&str]) -> Result<(), String> {
        let text = std::str::from_utf8(output).map_err(|_| "printed bytes that are not UTF-8")?;
        let mut seen = Vec::new();
        for (index, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // Not even the key of a line is quoted: in one that is malformed it may be a part of a secret.
            let (key, value) = line.split_once('=').ok_or(format!("line {index} is not SETTING=value"))?;
            let Some(key) = STORABLE.into_iter().find(|known| *known == key) else {
                self.ignored_lines += 1;
                continue;
            };
            if seen.contains(&key) {
                return Err(format!("printed {key} twice, again in line {index}"));
            }
            seen.push(key);
            if value.trim().is_empty() {
                return Err(format!("printed an empty {key} in line {index}"));
            }
            if wanted.contains(&key) {
                self.found.entry(key).or_insert(Found { value: value.trim().into(), store: COMMAND });
            }
        }
        if seen.is_empty() {
            return Err(format!("printed no secret, such as a line SETTING=value with one of {}", STORABLE.join(", ")));
        }
        Ok(())
    }
}

/// The trimmed text of a secret's file.
fn read_file(file: &Path) -> Result<String, String> {
    let metadata = fs::metadata(file).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        // Opening a pipe could wait forever.
        return Err("is not a file".to_owned());
    }
    let mut text = String::new();
    let opened = fs::File::open(file).map_err(|error| error.to_string())?;
    opened.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("has more than {MAX_BYTES} bytes"));
    }
    match text.trim() {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
