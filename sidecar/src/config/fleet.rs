//! Settings of the server manager.

use std::path::{Path, PathBuf};
use std::time::Duration;

use realmgate_platform::config::{defaults, secret};
use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;

/// The program that hosts maps, beside our own executable.
const BINARY: &str = "start_server";

/// How map servers are started for maps that no server hosts, or that are full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ServerManager {
    /// The operator starts all map servers.
    None,
    /// This process starts them as its children on this machine.
    Local,
}

/// Flags and environment variables of the server manager.
#[derive(Debug, Clone, clap::Args)]
pub struct FleetSettings {
    /// How map servers are started for maps that no server hosts, or that are full
    #[arg(long, env = "SERVER_MANAGER", value_enum, default_value_t = ServerManager::None)]
    pub server_manager: ServerManager,
    /// Program that the manager starts [default: start_server beside this executable]
    #[arg(long, env = "SERVER_MANAGER_BINARY")]
    pub server_manager_binary: Option<PathBuf>,
    /// Map servers at once, at most
    #[arg(long, env = "SERVER_MANAGER_MAX", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub server_manager_max: u32,
    /// How long a map server may be empty before it is stopped, in seconds
    #[arg(long, env = "SERVER_MANAGER_IDLE_S", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub server_manager_idle_s: u32,
    /// How long a player waits for a map server to start, in seconds
    #[arg(long, env = "SERVER_MANAGER_WAIT_S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub server_manager_wait_s: u32,
    /// Starts of map servers per minute, at most
    #[arg(long, env = "SERVER_MANAGER_STARTS_PER_MIN", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..))]
    pub server_manager_starts_per_min: u32,
    /// Settings of the map servers, KEY=VALUE;KEY=VALUE; they inherit no other variables of this process
    #[arg(long, env = "SERVER_MANAGER_SET", hide_env_values = true, value_parser = secret)]
    pub server_manager_set: Option<SecretString>,
}

impl Default for FleetSettings {
    fn default() -> Self {
        defaults()
    }
}

/// Settings of map servers that run as children of this process.
#[derive(Debug, Clone)]
pub struct LocalFleet {
    /// The program to start.
    pub binary: PathBuf,
    /// Maximum number of map servers at once.
    pub most: usize,
    /// How long a map server may be empty before it is stopped.
    pub idle: Duration,
    /// How long a player waits for a map server that is starting.
    pub wait: Duration,
    /// Maximum number of starts per minute.
    pub starts_per_min: u32,
    /// The settings that a child sees as environment variables, secrets included.
    pub environment: Vec<(String, SecretString)>,
}

impl FleetSettings {
    /// Checks the settings and finds the program; `None` without a server manager. `secrets` are the secrets that a
    /// child needs and that are not in `DATA_DIR`.
    ///
    /// # Errors
    /// When `SERVER_MANAGER_SET` is not a list of `KEY=VALUE`, or when `SERVER_MANAGER_BINARY` is not a file.
    pub fn resolve(&self, secrets: Vec<(String, SecretString)>) -> Result<Option<LocalFleet>, ConfigError> {
        if self.server_manager == ServerManager::None {
            return Ok(None);
        }
        let set = self.server_manager_set.as_ref().map_or("", |set| set.expose_secret());
        let set = (1..).zip(set.split(';')).filter(|(_, pair)| !pair.trim().is_empty());
        let set = set.map(|(number, text)| pair(number, text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(LocalFleet {
            binary: find_binary(self.server_manager_binary.as_deref())?,
            most: self.server_manager_max as usize,
            idle: Duration::from_secs(self.server_manager_idle_s.into()),
            wait: Duration::from_secs(self.server_manager_wait_s.into()),
            starts_per_min: self.server_manager_starts_per_min,
            environment: secrets.into_iter().chain(set).collect(),
        }))
    }
}

/// A setting for children. What is wrong is named by its number, since it may be a secret.
fn pair(number: u32, text: &str) -> Result<(String, SecretString), ConfigError> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().into())),
        _ => Err(ConfigError::new("SERVER_MANAGER_SET", format!("part {number} must be KEY=VALUE"))),
    }
}

fn find_binary(given: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => std::env::current_exe().map(|own| own.with_file_name(BINARY)).unwrap_or_else(|_| BINARY.into()),
    };
    if path.is_file() {
        return Ok(path);
    }
    let why = format!("no program at {}: SERVER_MANAGER=local needs it", path.display());
    Err(ConfigError::new("SERVER_MANAGER_BINARY", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(set: &str, binary: &str) -> FleetSettings {
        FleetSettings {
            server_manager: ServerManager::Local,
            server_manager_binary: Some(binary.into()),
            server_manager_set: Some(set.into()),
            ..FleetSettings::default()
        }
    }

    #[test]
    fn a_child_sees_what_it_is_given() {
        let secrets = vec![("TICKET_KEY".to_owned(), SecretString::from("k"))];
        let fleet =
            local("MAX_PLAYERS=7; LOG=info,realmgate_engine=debug;", "/bin/sh").resolve(secrets).unwrap().unwrap();
        let seen: Vec<_> = fleet.environment.iter().map(|(key, value)| (key.as_str(), value.expose_secret())).collect();
        assert_eq!(seen, [("TICKET_KEY", "k"), ("MAX_PLAYERS", "7"), ("LOG", "info,realmgate_engine=debug")]);
        assert!(!format!("{fleet:?}").contains("\"k\""), "no secret in the debug form");
        assert!(!format!("{:?}", local("KEY=hidden", "/bin/sh")).contains("hidden"));
    }

    #[test]
    fn what_can_not_be_used_is_named() {
        let fault = |set: &str, binary: &str| local(set, binary).resolve(Vec::new()).unwrap_err();
        for (set, number) in [("MAX_PLAYERS", 1), ("=7", 1), (" =7", 1), ("A=1;B;C=3", 2), ("A=1;;C=3;7", 4)] {
            let why = format!("part {number} must be KEY=VALUE");
            assert_eq!(fault(set, "/bin/sh"), ConfigError::new("SERVER_MANAGER_SET", why));
        }
        for binary in ["/nonexistent", "/bin"] {
            let why = format!("no program at {binary}: SERVER_MANAGER=local needs it");
            assert_eq!(fault("", binary), ConfigError::new("SERVER_MANAGER_BINARY", why));
        }
        assert!(FleetSettings::default().resolve(Vec::new()).unwrap().is_none(), "by default there is no manager");
    }
}
