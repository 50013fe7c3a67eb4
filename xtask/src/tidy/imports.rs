//! Rule: a crate's source names only what its layer allows.

use super::Finding;
use super::layers::Layer;
use super::paths;
use super::tree::File;

/// Checks one Rust file.
pub fn check(file: &File) -> Vec<Finding> {
    let Some(layer) = Layer::of(&file.path).filter(|_| file.has_ending(&["rs"])) else { return Vec::new() };
    let judge = |path: paths::Named| {
        let mend = layer.objection(&path.segments)?;
        let wrong = format!("{} names {}", layer.folder, path.segments.join("::"));
        Some(Finding::new(&file.path, path.line, wrong, mend))
    };
    paths::named(&file.code).into_iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds, tidy};

    #[test]
    fn protocol_reads_no_clock_and_opens_nothing() {
        assert_finds(
            "protocol/src/a.rs",
            "//! A.\nuse std::{net::IpAddr, fmt};\n",
            2,
            "protocol names std::net::IpAddr",
        );
        assert_finds("protocol/src/a.rs", "fn a() { std::fs::read(\"b\"); }", 1, "does no I/O");
        assert_finds(
            "protocol/src/a.rs",
            "use std::time;\nfn a() { time::Instant::now(); }",
            2,
            "std::time::Instant::now",
        );
    }

    #[test]
    fn engine_knows_no_game_and_no_sidecar() {
        assert_finds("engine/src/a.rs", "use realmgate_protocol::{link, realm::Class};", 1, "engine knows no game");
        assert_finds("engine/tests/a.rs", "fn a() -> http::Uri { b }", 1, "engine knows no HTTP");
        assert_eq!(tidy(&[("engine/src/a.rs", "use realmgate_sidecar as s;\nfn a() { s::b() }")]).len(), 2);
    }

    #[test]
    fn prose_our_own_modules_and_other_layers_are_clean() {
        assert_clean("protocol/src/a.rs", "//! Never `std::net::IpAddr`.\nconst A: &str = \"std::fs::read\";");
        assert_clean("engine/src/a.rs", "use crate::http::Uri;\nuse realmgate_protocol::link;");
        assert_clean("game/src/a.rs", "use realmgate_protocol::realm::Class;\nuse realmgate_engine::tick;");
    }
}
