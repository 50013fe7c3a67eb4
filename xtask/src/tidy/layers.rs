//! Who may depend on whom: the one table behind the rules on manifests and on imports.

/// What the crates in one folder may not name.
pub struct Layer {
    /// The folder; of two that hold a file, the deeper one counts.
    pub folder: &'static str,
    /// Its own library, as code spells it.
    pub own: &'static str,
    /// Which of our crates it may depend on.
    pub ours: &'static [&'static str],
    /// What else it must keep out.
    barred: &'static [Barred],
}

/// A crate, a family of crates (`bevy*`) or a path that a layer must keep out, and why.
pub struct Barred {
    path: &'static str,
    pub why: &'static str,
}

const fn barred(path: &'static str, why: &'static str) -> Barred {
    Barred { path, why }
}

const PROTOCOL: &str = "realmgate_protocol";
const ENGINE: &str = "realmgate_engine";
const GAME: &str = "realmgate_game";
const SIDECAR: &str = "realmgate_sidecar";
const CLIENT: &str = "realmgate_client";
/// For tests of every package.
const SKIP: &str = "realmgate_skip";

const CLIENTS_USE_IT: &str = "clients of every kind build on protocol: pass what it needs in from the caller";
const NO_IO: &str = "protocol does no I/O and reads no clock: pass bytes and times in from the caller";
const NO_HTTP: &str = "engine knows no HTTP and no database: what must outlive the map server goes over protocol::link";
const NO_GAME: &str = "engine knows no game: register the type from game, or move it to another module of protocol";

/// The house. A crate in a folder that no row covers is a finding of its own.
pub const LAYERS: [Layer; 11] = [
    Layer {
        folder: "protocol",
        own: PROTOCOL,
        ours: &[],
        barred: &[
            barred("bevy*", CLIENTS_USE_IT),
            barred("tokio*", CLIENTS_USE_IT),
            barred("axum*", CLIENTS_USE_IT),
            barred("sqlx*", CLIENTS_USE_IT),
            barred("std::net", NO_IO),
            barred("std::fs", NO_IO),
            barred("std::time::Instant", NO_IO),
            barred("std::time::SystemTime", NO_IO),
        ],
    },
    // Its tests read golden vectors from files; what they test does not.
    Layer { folder: "protocol/tests", own: PROTOCOL, ours: &[], barred: &[] },
    Layer {
        folder: "engine",
        own: ENGINE,
        ours: &[PROTOCOL],
        barred: &[
            barred("axum*", NO_HTTP),
            barred("sqlx*", NO_HTTP),
            barred("reqwest*", NO_HTTP),
            barred("http", NO_HTTP),
            barred("hyper*", NO_HTTP),
            barred("realmgate_protocol::realm", NO_GAME),
        ],
    },
    Layer { folder: "game", own: GAME, ours: &[PROTOCOL, ENGINE], barred: &[] },
    Layer {
        folder: "game/start_server",
        own: "realmgate_server",
        ours: &[PROTOCOL, ENGINE, GAME, SIDECAR],
        barred: &[],
    },
    Layer { folder: "sidecar", own: SIDECAR, ours: &[PROTOCOL], barred: &[] },
    Layer { folder: "clients/rust", own: CLIENT, ours: &[PROTOCOL], barred: &[] },
    Layer {
        folder: "tests",
        own: "realmgate_tests",
        ours: &[PROTOCOL, ENGINE, GAME, SIDECAR, CLIENT, "realmgate_server"],
        barred: &[],
    },
    Layer { folder: "tests/skip", own: SKIP, ours: &[], barred: &[] },
    Layer { folder: "fuzz", own: "realmgate_fuzz", ours: &[PROTOCOL, ENGINE, GAME, SIDECAR, CLIENT], barred: &[] },
    Layer { folder: "xtask", own: "xtask", ours: &[], barred: &[] },
];

impl Layer {
    /// The layer that a file belongs to.
    pub fn of(path: &str) -> Option<&'static Self> {
        let holds = |layer: &&Self| path.strip_prefix(layer.folder).is_some_and(|rest| rest.starts_with('/'));
        LAYERS.iter().filter(holds).max_by_key(|layer| layer.folder.len())
    }

    /// Why code here may not name this path, and what to do instead; `None` when it may.
    pub fn objection<S: AsRef<str>>(&self, segments: &[S]) -> Option<String> {
        let first = segments.first()?.as_ref();
        if first.starts_with("realmgate_") && first != self.own && first != SKIP && !self.ours.contains(&first) {
            return Some(format!("{} may depend on {} of ours only", self.folder, listed(self.ours)));
        }
        let barred = self.barred.iter().find(|barred| barred.covers(segments))?;
        Some(barred.why.to_owned())
    }
}

impl Barred {
    /// Whether a path lies at or below this one, or brings it in with a glob.
    fn covers<S: AsRef<str>>(&self, segments: &[S]) -> bool {
        let mut named = segments.iter().map(AsRef::as_ref);
        self.path.split("::").all(|mine| match (mine.strip_suffix('*'), named.next()) {
            (Some(family), Some(name)) => name.starts_with(family),
            (None, Some(name)) => name == mine || name == "*",
            (_, None) => segments.last().is_some_and(|last| last.as_ref() == "*"),
        })
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ").replace('_', "-") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(path: &str, names: &str) -> bool {
        Layer::of(path).unwrap().objection(&names.split("::").collect::<Vec<_>>()).is_none()
    }

    #[test]
    fn the_deeper_folder_counts() {
        assert_eq!(Layer::of("game/src/lib.rs").unwrap().folder, "game");
        assert_eq!(Layer::of("game/start_server/src/main.rs").unwrap().folder, "game/start_server");
        assert!(Layer::of("games/src/lib.rs").is_none(), "a folder is not the start of another's name");
    }

    #[test]
    fn our_crates_depend_downwards_only() {
        assert!(may("engine/src/a.rs", "realmgate_protocol::link"), "engine speaks the link");
        assert!(may("sidecar/src/bin/sidecar.rs", "realmgate_sidecar::serve"), "a binary uses its own library");
        assert!(!may("engine/src/a.rs", "realmgate_sidecar::lock"), "engine and sidecar never meet");
        assert!(!may("sidecar/src/a.rs", "realmgate_engine"), "engine and sidecar never meet");
        assert!(!may("clients/rust/src/lib.rs", "realmgate_game::class"), "a client knows the protocol only");
        assert!(!may("xtask/src/main.rs", "realmgate_protocol"), "xtask builds without the house");
    }

    #[test]
    fn a_barred_path_covers_what_is_below_it_and_globs_above_it() {
        assert!(!may("protocol/src/a.rs", "std::time::Instant::now"), "below");
        assert!(!may("protocol/src/a.rs", "std::time::*"), "a glob above");
        assert!(!may("protocol/src/a.rs", "std::*"), "a glob far above");
        assert!(!may("protocol/src/a.rs", "bevy_ecs::world::World"), "a family");
        assert!(may("protocol/src/a.rs", "std::time::Duration"), "a length of time is no clock");
        assert!(may("protocol/src/a.rs", "std::time"), "naming the module above brings nothing in");
        assert!(!may("engine/src/a.rs", "realmgate_protocol::realm::Class"), "a module of a crate that is allowed");
        assert!(!may("engine/src/a.rs", "realmgate_protocol::*"), "a glob over it");
    }
}
