//! Rule: nothing of one person's machine or network is in the repository.

use super::Finding;
use super::tree::{File, line_of};

// Put together here, so that this file does not hold what it looks for.
const HOMES: [&str; 4] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Hosts that serve packages, and settings that name a mirror of one: what a person's own configuration is for.
const REGISTRIES: [&str; 10] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi.", "org/simple"),
    concat!("files.", "pythonhosted.org"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("proxy.", "golang.org"),
    concat!("deb.", "debian.org"),
    concat!("index", "-url"),
    concat!("replace", "-with"),
];

/// Where lock files of a clean checkout say that packages come from.
const LOCKED_FROM: [&str; 2] = ["https://github.com/rust-lang/crates.io-index", REGISTRY_OF_NPM];
const REGISTRY_OF_NPM: &str = concat!("https://registry.", "npmjs.org/");

/// Checks one text file.
pub fn check(file: &File) -> Vec<Finding> {
    let text = &file.text;
    let finding =
        |offset: usize, wrong: String, mend: &str| Finding::new(&file.path, line_of(text, offset), wrong, mend);
    let mut findings = Vec::new();
    for home in HOMES {
        let found = text.match_indices(home).filter(|(offset, _)| begins_a_path(&text[..*offset]));
        let mend = "use a path from the root of the repository, or a setting";
        findings.extend(found.map(|(offset, _)| finding(offset, format!("a path of one machine ({home}…)"), mend)));
    }
    if is_lock(&file.path) {
        let urls = text.match_indices("://").map(|(offset, _)| start_of_scheme(text, offset));
        let foreign = urls.filter(|&offset| {
            is_source(text, offset) && !LOCKED_FROM.iter().any(|known| text[offset..].starts_with(known))
        });
        let mend = "lock again without the mirror, so that others can resolve it";
        findings
            .extend(foreign.map(|offset| finding(offset, "locked from a registry of one network".to_owned(), mend)));
    } else {
        for name in REGISTRIES {
            let mend = "remove it; the registry is a setting of each machine";
            let found = text.match_indices(name);
            findings.extend(found.map(|(offset, _)| finding(offset, format!("a registry is named ({name})"), mend)));
        }
    }
    findings
}

/// Whether a path that follows `before` begins there, rather than going on from another folder or a variable.
fn begins_a_path(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || "_-.~}])$*".contains(c))
}

fn is_lock(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    matches!(file, "Cargo.lock" | "package-lock.json")
}

/// Where the scheme of a URL begins whose `://` is at an offset.
fn start_of_scheme(text: &str, offset: usize) -> usize {
    text[..offset].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |before| before + 1)
}

/// Whether the line of a lock file that holds this offset says where a package comes from.
fn is_source(text: &str, offset: usize) -> bool {
    let line = text[..offset].rsplit('\n').next().unwrap_or("").trim_start();
    line.starts_with("source") || line.starts_with("\"resolved\"")
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn paths_of_a_machine_are_found_in_any_file() {
        for home in [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")] {
            assert_finds("docs/a.md", &format!("Fine.\nSee `{home}me/notes`."), 2, "a path of one machine");
            assert_finds("deploy/a.service", &format!("ExecStart={home}me/run"), 1, home);
            assert_clean("docs/a.md", &format!("the folder docs{home}, ${{BASE}}{home} and .{home}"));
        }
    }

    #[test]
    fn registries_are_found_in_settings() {
        let settings = [
            (".cargo/config.toml", concat!("index.", "crates.io")),
            (".cargo/config.toml", concat!("static.", "crates.io")),
            (".cargo/config.toml", concat!("replace", "-with")),
            ("pip.conf", concat!("pypi.", "org/simple")),
            ("requirements.txt", concat!("files.", "pythonhosted.org")),
            ("pip.conf", concat!("index", "-url")),
            (".npmrc", concat!("registry.", "npmjs.org")),
            (".yarnrc.yml", concat!("registry.", "yarnpkg.com")),
            ("go.env", concat!("proxy.", "golang.org")),
            ("Containerfile", concat!("deb.", "debian.org")),
        ];
        for (file, name) in settings {
            assert_finds(file, &format!("first\nx = \"{name}\""), 2, &format!("a registry is named ({name})"));
        }
    }

    #[test]
    fn a_lock_file_comes_from_where_everyone_gets_it() {
        let locked = |from: &str| format!("[[package]]\nname = \"a\"\nsource = \"registry+{from}\"\n");
        assert_clean("Cargo.lock", &locked("https://github.com/rust-lang/crates.io-index"));
        assert_finds("Cargo.lock", &locked("https://mirror.example/index"), 3, "locked from a registry of one network");
        let resolved =
            |from: &str| format!("{{\n\"resolved\": \"{from}a.tgz\",\n\"funding\": \"https://example.org\"\n}}");
        assert_clean("clients/web/package-lock.json", &resolved(concat!("https://registry.", "npmjs.org/")));
        assert_finds("package-lock.json", &resolved("https://mirror.example/"), 2, "lock again");
        for other in ["http", "ssh", "git"] {
            assert_finds("Cargo.lock", &locked(&format!("{other}://localhost/index")), 3, "locked from");
            assert_finds("package-lock.json", &resolved(&format!("{other}://localhost:4873/")), 2, "locked from");
        }
    }
}
