//! The README shows the minimal example as it is; and every class, method, signal, property and constant that scripts see has a documentation, which the editor shows.

use std::fs;
use std::path::{Path, PathBuf};

/// What makes something visible to scripts.
const VISIBLE: [&str; 6] = ["#[derive(GodotClass)]", "#[func", "#[signal]", "#[constant]", "#[var", "#[export"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The lines on which something visible begins that has no documentation, from 1, and how many have one.
fn undocumented(text: &str) -> (Vec<usize>, usize) {
    let (mut missing, mut documented) = (Vec::new(), 0);
    let (mut has_doc, mut is_visible) = (false, false);
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with("///") {
            has_doc = true;
        } else if line.starts_with("#[") {
            is_visible |= VISIBLE.iter().any(|attribute| line.starts_with(attribute));
        } else {
            match (is_visible, has_doc) {
                (true, false) => missing.push(number + 1),
                (true, true) => documented += 1,
                (false, _) => {}
            }
            (has_doc, is_visible) = (false, false);
        }
    }
    (missing, documented)
}

#[test]
fn all_that_scripts_see_is_documented() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut all = 0;
    for file in files {
        let (missing, documented) = undocumented(&fs::read_to_string(&file).unwrap());
        assert_eq!(missing, [0usize; 0], "lines of {} without a documentation for scripts", file.display());
        all += documented;
    }
    assert!(all > 100, "there are classes with members, and the check sees only {all}");
}

#[test]
fn what_has_none_is_found() {
    let text = "/// Says.\n#[func]\nfn say() {}\n\n#[func]\nfn shout() {}\n/// Inner.\nfn hidden() {}\n#[var(no_set)]\nlevel: i64,\n";
    assert_eq!(undocumented(text), (vec![6, 10], 1));
}

#[test]
fn the_readme_shows_the_minimal_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [readme, example] =
        ["README.md", "examples/minimal/main.gd"].map(|name| fs::read_to_string(folder.join(name)).unwrap());
    assert!(readme.contains(&format!("```gdscript\n{example}```")), "the README shows another script");
    assert!(example.lines().count() <= 40, "it is to be 40 lines at most");
}
