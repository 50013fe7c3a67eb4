//! `start_server --check`, as a designer runs it: all faults of all files at once, each with its line.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A world folder with all the faults that the tests of the engine and the game have.
struct BrokenWorld {
    dir: TempDir,
    files: usize,
}

impl BrokenWorld {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut world = Self { dir, files: 0 };
        world.break_maps();
        world.break_file_names();
        world.break_data();
        world
    }

    /// Copies each broken map of the game's tests, with a number of its own, beside the tilesets it names.
    fn break_maps(&mut self) {
        let from = workspace().join("game/tests/broken_maps");
        let maps = self.dir.path().join("maps");
        fs::create_dir(&maps).unwrap();
        fs::copy(from.join("tiles.tsx"), self.dir.path().join("tiles.tsx")).unwrap();
        let mut cases: Vec<PathBuf> = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).collect();
        cases.retain(|path| path.is_dir());
        cases.sort();
        for (number, case) in cases.iter().enumerate() {
            let name = case.file_name().unwrap().to_str().unwrap();
            let mut files: Vec<PathBuf> = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "tsx")) {
                fs::copy(file, maps.join(file.file_name().unwrap())).unwrap();
            }
            if let Some(map) = files.iter().find(|file| file.extension().is_some_and(|ending| ending == "tmx")) {
                fs::copy(map, maps.join(format!("{}_{name}.tmx", number + 1))).unwrap();
                self.files += 1;
            }
        }
    }

    /// A second map with the first one's number, and one without a number.
    fn break_file_names(&mut self) {
        let good = workspace().join("maps/1_greenvale.tmx");
        for name in ["1_zz_again.tmx", "no_number.tmx"] {
            fs::copy(&good, self.dir.path().join("maps").join(name)).unwrap();
            self.files += 1;
        }
    }

    /// Copies one broken file of each kind of data.
    fn break_data(&mut self) {
        let from = workspace().join("game/tests/broken_data");
        let assets = self.dir.path().join("assets");
        fs::create_dir(&assets).unwrap();
        let broken = [
            ("abilities", "abilities-unknown_key"),
            ("classes", "classes-too_many_abilities"),
            ("items", "items-wrong_slot"),
            ("loot_tables", "loot_tables-most_below_least"),
            ("mobs", "mobs-health_too_high"),
            ("vendors", "vendors-free_goods"),
            ("world", "world-levels_fall"),
        ];
        for (kind, case) in broken {
            fs::copy(from.join(format!("{case}.toml")), assets.join(format!("{kind}.toml"))).unwrap();
            self.files += 1;
        }
    }
}

fn check(folder: &Path) -> Output {
    let start_server = Command::new(env!("CARGO_BIN_EXE_start_server"))
        .current_dir(folder)
        .args(["--check", "--assets-dir", "assets", "--maps-dir", "maps"])
        .output();
    start_server.unwrap()
}

#[test]
fn every_fault_of_a_broken_world_is_reported_at_its_line() {
    let world = BrokenWorld::new();
    assert!(world.files >= 25, "only {} files are broken", world.files);
    let output = check(world.dir.path());
    assert_eq!(output.status.code(), Some(2), "wrong data is exit 2");
    assert!(output.stdout.is_empty(), "nothing is well: {}", String::from_utf8_lossy(&output.stdout));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

/// The shipped world, whose maps name a mob that its data does not have.
fn misfit() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["assets", "maps"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        for entry in fs::read_dir(workspace().join(folder)).unwrap() {
            let from = entry.unwrap().path();
            if from.extension().is_some_and(|ending| ["toml", "tmx", "tsx"].iter().any(|known| ending == *known)) {
                let text = fs::read_to_string(&from).unwrap();
                let text = text.replace(r#"name="mob" value="rabbit""#, r#"name="mob" value="hare""#);
                fs::write(dir.path().join(folder).join(from.file_name().unwrap()), text).unwrap();
            }
        }
    }
    dir
}

#[test]
fn nothing_starts_on_a_broken_world() {
    for world in [BrokenWorld::new().dir, misfit()] {
        let output = Command::new(env!("CARGO_BIN_EXE_start_server"))
            .current_dir(world.path())
            // What starts after all ends at once, since its standard input is empty.
            .args(["1", "0", "--data-dir", "data", "--end-with-stdin"])
            .env("DIRECTORY_ADDR", "127.0.0.1:0")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.ends_with(" faults in the data, the server did not start\n"), "another reason: {said}");
        assert!(!world.path().join("data").exists(), "not even a folder is made");
    }
}

#[test]
fn sounds_that_nothing_would_play_are_refused() {
    let world = misfit();
    let sounds = world.path().join("assets/sounds/effects");
    fs::create_dir_all(&sounds).unwrap();
    fs::write(sounds.join("swnig.mp3"), [0xff, 0xf3, 0x40, 0xc0]).unwrap();
    let output = check(world.path());
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("assets/sounds/effects/swnig.mp3:1:1: unknown sound `swnig`"), "{said}");
    assert!(said.contains("did you mean `swing`?"), "{said}");
    assert!(said.contains("hare"), "what is wrong elsewhere is said too: {said}");
}

#[test]
fn the_shipped_world_is_well() {
    let output = check(&workspace());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("No faults: "));
}

#[test]
fn what_players_will_not_see_of_a_map_is_a_warning() {
    let world = misfit();
    let map = world.path().join("maps/1_greenvale.tmx");
    let text = fs::read_to_string(workspace().join("maps/1_greenvale.tmx")).unwrap();
    fs::write(&map, text.replacen(" <layer", " <imagelayer id=\"90\" name=\"sky\"/>\n <layer", 1)).unwrap();
    fs::copy(workspace().join("maps/tileset.png"), world.path().join("maps/tileset.png")).unwrap();
    let output = check(world.path());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let line = text.lines().take_while(|line| !line.contains("<layer")).count() + 1;
    let warning = format!("maps/1_greenvale.tmx:{line}:2: warning: image layer: it is not drawn");
    assert!(said.starts_with(&warning), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("No faults, 1 warning: 3 maps"));
}
