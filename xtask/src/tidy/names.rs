//! Rule: folders and modules are named after what they are about, never after the fact that they hold things.

use super::Finding;
use super::tree::{File, is_in_comment, line_of, words};

const EMPTY_NAMES: [&str; 9] =
    ["util", "utils", "common", "misc", "manager", "managers", "helper", "helpers", "miscellaneous"];
const MEND: &str = "name it after what it is about, or move each piece to where it is used";

/// Checks the folders that a file lies in, its own name if it is a module, and the modules inside it.
pub fn check(file: &File) -> Vec<Finding> {
    let is_module = file.has_ending(&["rs"]);
    let mut findings: Vec<_> = empty_name(&file.path, is_module).into_iter().collect();
    if is_module {
        let code = words(&file.text, "mod").filter(|offset| !is_in_comment(&file.text, *offset));
        let modules = code.filter_map(|offset| {
            let name = file.text[offset + 3..].trim_start();
            let name = &name[..name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len())];
            let wrong = format!("the module name {name} says nothing");
            EMPTY_NAMES.contains(&name).then(|| Finding::new(&file.path, line_of(&file.text, offset), wrong, MEND))
        });
        findings.extend(modules);
    }
    findings
}

/// The outermost folder, or the module file, whose name is empty of meaning.
fn empty_name(path: &str, is_module: bool) -> Option<Finding> {
    let mut end = 0;
    for part in path.split_inclusive('/') {
        end += part.len();
        let name = match part.strip_suffix('/') {
            Some(folder) => folder,
            None if is_module => part.trim_end_matches(".rs"),
            None => return None,
        };
        if EMPTY_NAMES.contains(&name) {
            return Some(Finding::new(
                path[..end].trim_end_matches('/'),
                1,
                format!("the name {name} says nothing"),
                MEND,
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::EMPTY_NAMES;
    use crate::tidy::testing::{assert_clean, assert_finds, tidy};

    #[test]
    fn a_folder_is_named_once_however_many_files_it_holds() {
        let found = tidy(&[("game/src/utils/a.rs", ""), ("game/src/utils/b.rs", "")]);
        let [finding] = &found[..] else { panic!("one finding, not {found:#?}") };
        assert!(finding.starts_with("game/src/utils:1: the name utils says nothing"), "{finding}");
    }

    #[test]
    fn module_files_and_modules_inside_files_are_found() {
        assert_finds("sidecar/src/helpers.rs", "", 1, "the name helpers");
        let inner = EMPTY_NAMES[3];
        assert_finds("sidecar/src/lock.rs", &format!("fn a() {{}}\npub mod {inner} {{}}"), 2, "the module name misc");
    }

    #[test]
    fn names_that_only_contain_one_are_clean() {
        assert_clean("game/src/common_sense.rs", "mod utility {}\n// mod misc\nlet manager = 1;");
        assert_clean("docs/common", "");
    }
}
