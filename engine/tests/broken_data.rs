//! Every broken file in `broken_data/` gives the faults that the snapshot beside it lists.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use realmgate_engine::data::{Faults, SpannedDocument, check_toml};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken_data")
}

fn schema() -> Value {
    let text = std::fs::read_to_string(folder().join("schema.json")).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

fn check(text: &str) -> Result<SpannedDocument, Faults> {
    check_toml(Path::new("beasts.toml"), text, &schema())
}

#[test]
fn every_fault_is_reported_where_it_is() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let is = |file: &PathBuf, kind: &str| file.extension().is_some_and(|extension| extension == kind);
    let snapshots = files.iter().filter(|file| is(file, "snap")).count();
    files.retain(|file| is(file, "toml"));
    files.sort();
    assert_eq!((files.len(), snapshots), (17, 17), "each broken file has its snapshot");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let faults = check_toml(Path::new(file.file_name().unwrap()), &text, &schema()).expect_err(name);
        insta::with_settings!({
            snapshot_path => folder(),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, faults.to_string());
        });
    }
}

const SOUND: &str = r#"
version = 1

[beasts.llama]
name = "Llama"
health = 60
temper = "calm"
attack = { kind = "spit", damage = 2, range_tiles = 5 }
food = "grass"

[[herds]]
beast = "llama"
size = 3
"#;

#[test]
fn a_sound_file_is_parsed_and_knows_its_positions() {
    #[derive(serde::Deserialize)]
    struct Bestiary {
        herds: Vec<Herd>,
    }
    #[derive(serde::Deserialize)]
    struct Herd {
        beast: String,
    }
    let document = check(SOUND).unwrap();
    let bestiary: Bestiary = document.parse().unwrap();
    assert_eq!(bestiary.herds[0].beast, "llama");
    assert_eq!(document.position("/beasts/llama"), (4, 1), "a table is where its header is");
    assert_eq!(document.position("/beasts/llama/attack/damage"), (8, 36));
    assert_eq!(document.position("/herds/0/beast"), (12, 9));
    assert_eq!(document.position("/herds/0/colour"), (11, 1), "what is not there is where it should be");
}

#[test]
fn checks_of_the_game_report_positions_too() {
    let document = check(SOUND).unwrap();
    let fault = document.fault("/herds/0/beast", "there is no beast `llama`", "one of `hare`");
    assert_eq!(fault.to_string(), "beasts.toml:12:9: there is no beast `llama`; expected one of `hare`");
    let fault = document.key_fault("/beasts/llama", "too many beasts", "");
    assert_eq!(fault.to_string(), "beasts.toml:4:9: too many beasts");
}

#[test]
fn what_only_the_type_refuses_has_a_position() {
    #[derive(Debug, serde::Deserialize)]
    #[expect(dead_code, reason = "it is never built: what is tested is the refusal")]
    struct Bestiary {
        version: bool,
    }
    let faults = check(SOUND).unwrap().parse::<Bestiary>().unwrap_err();
    assert!(faults.to_string().starts_with("beasts.toml:2:11: "), "{faults}");
}

proptest! {
    /// However a designer's slip damages a file, the check ends with faults inside the file, or with none; but not with
    /// none for what is no TOML.
    #[test]
    fn no_slip_of_the_fingers_stops_the_check(from in 0usize..400, cut in 0usize..30, typed in "[a-z0-9=\"\\[\\]{}.,# \n]{0,4}") {
        let letters: Vec<char> = SOUND.chars().collect();
        let from = from.min(letters.len());
        let until = (from + cut).min(letters.len());
        let text: String = letters[..from].iter().chain(&typed.chars().collect::<Vec<_>>()).chain(&letters[until..]).collect();
        let checked = check(&text);
        let is_toml = text.parse::<toml::Table>().is_ok();
        prop_assert!(is_toml || checked.is_err(), "no TOML, and passed:\n{}", text);
        if let Err(faults) = checked {
            prop_assert!(!faults.is_empty());
            let lines: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
            for fault in &faults {
                let (line, column) = (fault.line as usize, fault.column as usize);
                let is_inside = (1..=lines.len()).contains(&line) && (1..=lines[line - 1] + 1).contains(&column);
                prop_assert!(is_inside && fault.span.end <= text.len(), "{fault}");
            }
        }
    }
}
