//! Which tests read which files that do not belong to their package.

/// Files, and a package whose tests read them.
pub struct Reader {
    /// A file or folder, from the root.
    pub path: &'static str,
    pub package: &'static str,
    /// Only this one of its tests, and of that only those whose name has this text in it.
    pub test: Option<(&'static str, &'static str)>,
}

const fn all(path: &'static str, package: &'static str) -> Reader {
    Reader { path, package, test: None }
}

const fn one(path: &'static str, package: &'static str, test: &'static str) -> Reader {
    Reader { path, package, test: Some((test, "")) }
}

const fn part(path: &'static str, package: &'static str, test: &'static str, name: &'static str) -> Reader {
    Reader { path, package, test: Some((test, name)) }
}

/// What is read where. What a package reads of its own folder is not here.
static READERS: [Reader; 35] = [
    all("assets", "realmgate-game"),
    one("assets", "realmgate-server", "check"),
    one("assets", "realmgate-sidecar", "binary"),
    one("assets", "realmgate-sidecar", "telemetry"),
    one("assets", "realmgate-tests", "contract"),
    one("maps", "realmgate-game", "maps"),
    one("maps", "realmgate-game", "world"),
    one("maps", "realmgate-server", "check"),
    one("maps", "realmgate-sidecar", "api"),
    part("maps", "realmgate-tests", "realms", "small_world"),
    one("clients/js", "realmgate-client", "javascript"),
    one("clients/js", "realmgate-client", "javascript_display"),
    part("clients/js", "realmgate-tests", "realms", "javascript"),
    // The sidecar hands out both.
    one("clients/js", "realmgate-sidecar", "api"),
    one("clients/page", "realmgate-sidecar", "api"),
    part("clients/page", "realmgate-tests", "realms", "page"),
    one("protocol/vectors", "realmgate-engine", "netcode"),
    one("protocol/vectors", "realmgate-client", "javascript"),
    one("hooks", "realmgate-sidecar", "community"),
    all("hooks", "realmgate-hooks"),
    one("docs/protocol.md", "realmgate-protocol", "golden"),
    one("docs/tickets.md", "realmgate-protocol", "golden"),
    one("docs/link.md", "realmgate-protocol", "golden"),
    one("docs/metrics.md", "realmgate-sidecar", "metrics"),
    one("docs/openapi.json", "realmgate-tests", "contract"),
    part("clients/js/README.md", "realmgate-tests", "realms", "readmes"),
    part("scripts", "realmgate-tests", "processes", "start_dev"),
    part("deploy/compose", "realmgate-tests", "processes", "compose"),
    one("fuzz/corpus", "realmgate-tests", "corpus"),
    one("fuzz/src/checks", "realmgate-tests", "corpus"),
    one("game/tests/broken_maps", "realmgate-server", "check"),
    one("game/tests/world/data", "realmgate-tests", "hits"),
    part("game/tests/world/golden.rec", "realmgate-tests", "processes", "replay"),
    one("engine/tests/worlds/gate.rs", "realmgate-tests", "scenarios"),
    one("sidecar/tests/community/openid.rs", "realmgate-tests", "realms"),
];

/// Those that read this file.
pub fn of(file: &str) -> impl Iterator<Item = &'static Reader> {
    READERS.iter().filter(move |reader| lies_in(file, reader.path))
}

/// Whether a file is this one, or lies in this folder.
pub fn lies_in(file: &str, path: &str) -> bool {
    file.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::packages;
    use crate::workspace::Workspace;

    #[test]
    fn every_path_package_and_test_of_the_table_is_there() {
        let workspace = Workspace::locate();
        let packages = packages(&workspace).unwrap();
        for Reader { path, package, test } in &READERS {
            assert!(workspace.root.join(path).exists(), "{path}");
            let found = packages.iter().find(|found| found.name == *package).expect(package);
            if let Some((test, _)) = test {
                assert!(
                    found.tests.iter().chain(&found.long_tests).any(|name| name == test),
                    "{package} --test {test}"
                );
            }
        }
    }

    #[test]
    fn a_folder_holds_what_lies_in_it_and_not_what_begins_like_it() {
        for (file, lies) in [("maps/1.tmx", true), ("maps", true), ("maps2/1.tmx", false), ("a/maps", false)] {
            assert_eq!(lies_in(file, "maps"), lies, "{file}");
        }
    }
}
