//! A log file for each role of a sidecar, besides the log on stderr: `auth.log`, `world.log` and `gateway.log`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use realmgate_platform::telemetry::LogLayer;
use tracing::Metadata;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::{Layer, fmt};

/// What a log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// Accounts, characters, and the community's services.
    Auth,
    /// The directory, map servers, and the locks of those who play.
    World,
    /// The gateway, and how characters enter through it.
    Gateway,
}

const FILES: [(Subject, &str); 3] =
    [(Subject::Auth, "auth.log"), (Subject::World, "world.log"), (Subject::Gateway, "gateway.log")];

/// The subject of the lines of a module and of those below it; of several, the longest decides.
const MODULES: [(&str, Subject); 14] = [
    ("realmgate_community", Subject::Auth),
    ("realmgate_sidecar::http", Subject::Auth),
    ("realmgate_door", Subject::Gateway),
    ("realmgate_sidecar::service::accounts", Subject::Auth),
    ("realmgate_sidecar::service::characters", Subject::Auth),
    ("realmgate_sidecar::directory", Subject::World),
    ("realmgate_sidecar::fleet", Subject::World),
    ("realmgate_sidecar::http::directory", Subject::World),
    ("realmgate_sidecar::link", Subject::World),
    ("realmgate_sidecar::service::world", Subject::World),
    ("realmgate_sidecar::social", Subject::World),
    ("realmgate_sidecar::gateway", Subject::Gateway),
    ("realmgate_sidecar::service::world::account", Subject::Gateway),
    ("realmgate_sidecar::service::world::enter", Subject::Gateway),
];

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// Plain text for people.
    Text,
    /// JSON for log collectors.
    Json,
}

/// Layers that append the lines which `filter` accepts to the three files in `folder`. A line that belongs to no single role,
/// such as one about the database, is in all three. Only the owner can read the files.
///
/// # Errors
/// When the folder or a file cannot be made.
pub fn layers(folder: &Path, filter: &str, format: LineFormat) -> io::Result<Vec<LogLayer>> {
    std::fs::create_dir_all(folder)?;
    FILES.map(|(subject, name)| layer(&folder.join(name), subject, filter, format)).into_iter().collect()
}

fn layer(path: &Path, subject: Subject, filter: &str, format: LineFormat) -> io::Result<LogLayer> {
    let file: File = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let filter: EnvFilter = filter.parse().map_err(io::Error::other)?;
    // A span is context of the lines within it, whatever their subject.
    let of_subject = filter_fn(move |line: &Metadata<'_>| line.is_span() || is_about(line.target(), subject));
    let lines = fmt::layer().log_internal_errors(false).with_ansi(false).with_writer(Arc::new(file));
    Ok(match format {
        LineFormat::Text => lines.with_filter(filter.and(of_subject)).boxed(),
        LineFormat::Json => lines.json().with_filter(filter.and(of_subject)).boxed(),
    })
}

fn is_about(target: &str, subject: Subject) -> bool {
    let is_below =
        |module: &str| target.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    let found = MODULES.iter().filter(|(module, _)| is_below(module)).max_by_key(|(module, _)| module.len());
    found.is_none_or(|(_, known)| *known == subject)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn each_line_is_in_the_file_of_its_role_and_a_common_one_in_all() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let layers = layers(&logs, "info,realmgate_sidecar::link=off", LineFormat::Text).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layers), || {
            let _span =
                tracing::info_span!(target: "realmgate_sidecar::gateway", "enter_world", trace = "t7").entered();
            tracing::info!(target: "realmgate_sidecar::service::accounts", "registered");
            tracing::info!(target: "realmgate_community::accounts", "activated");
            tracing::info!(target: "realmgate_sidecar::http::directory::register", "map server registered");
            tracing::info!(target: "realmgate_sidecar::gateway::socket", "connected");
            tracing::info!(target: "realmgate_sidecar::gateways", "of all");
            tracing::debug!(target: "realmgate_sidecar::gateway", "too fine");
            tracing::warn!(target: "realmgate_sidecar::link", "filtered");
        });
        let read = |name: &str| std::fs::read_to_string(logs.join(name)).unwrap();
        for (file, own) in [
            ("auth.log", &["registered", "activated", "of all"][..]),
            ("world.log", &["map server registered", "of all"]),
            ("gateway.log", &["connected", "of all"]),
        ] {
            let text = read(file);
            assert_eq!(text.lines().count(), own.len(), "{file}: {text}");
            for (line, said) in text.lines().zip(own) {
                assert!(line.ends_with(said) && line.contains("trace=\"t7\""), "{file}: {line}");
            }
        }
    }

    #[test]
    fn a_later_start_appends() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let layers = layers(folder.path(), "info", LineFormat::Json).unwrap();
            let log = tracing_subscriber::registry().with(layers);
            tracing::subscriber::with_default(log, || tracing::info!(target: "realmgate_sidecar::gateway", "here"));
        }
        let text = std::fs::read_to_string(folder.path().join("gateway.log")).unwrap();
        assert_eq!(text.lines().filter(|line| line.contains("\"message\":\"here\"")).count(), 2, "{text}");
    }

    #[test]
    fn every_module_of_the_sidecar_that_is_named_here_exists() {
        for (module, _) in MODULES {
            let Some(module) = module.strip_prefix("realmgate_sidecar::") else { continue };
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module.replace("::", "/"));
            assert!(path.is_dir() || path.with_extension("rs").is_file(), "{module}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(layers(&folder.path().join("file"), "info", LineFormat::Text).is_err());
    }
}
