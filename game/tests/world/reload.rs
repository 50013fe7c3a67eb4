//! New data in a running world.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use realmgate_engine::body::Speed;
use realmgate_engine::channel::ToChannel;
use realmgate_engine::data::Faults;
use realmgate_engine::map::{Map, MapSet};
use realmgate_engine::replication::Replicated;
use realmgate_game::data::GameData;
use realmgate_game::reload::NewData;
use realmgate_game::stats::Stats;
use realmgate_protocol::realm::{Health, ServerMessage};
use tempfile::TempDir;

use crate::scene::{DATA, Scene, settings, tile};

const FIELD: [&str; 3] = ["S...............", "................", "................"];
const MOBS: [(&str, (i32, i32)); 2] = [("boar", (14, 2)), ("post", (1, 2))];

/// The data files of the scenes, to be edited.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(shipped()).expect("the scenes have data") {
            let file = entry.expect("it can be read").path();
            fs::copy(&file, folder.path().join(file.file_name().expect("a file"))).expect("writable");
        }
        Self(folder)
    }

    /// Replaces a text of a file, wherever it is.
    #[track_caller]
    fn edit(&self, file: &str, what: &str, by: &str) {
        let path = self.0.path().join(file);
        let text = fs::read_to_string(&path).expect("it can be read");
        assert!(text.contains(what), "{file} has {what:?}");
        fs::write(path, text.replace(what, by)).expect("writable");
    }

    /// The same in the definition of the boar alone.
    fn edit_boar(&self, what: &str, by: &str) {
        let boar = definition("mobs.toml", "boar");
        self.edit("mobs.toml", &boar, &boar.replace(what, by));
    }

    fn read(&self, before: &GameData) -> Result<NewData, Faults> {
        let map = Map::clone(&settings(&FIELD, &MOBS).map);
        NewData::read(self.0.path(), before, &MapSet::from_iter([map]))
    }
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/world/data")
}

fn give(scene: &mut Scene, new: &NewData) {
    scene.channel.push(ToChannel::Reload(new.reload()));
    scene.tick();
}

/// The definition of a table, from its name to the next one.
fn definition(file: &str, id: &str) -> String {
    let text = fs::read_to_string(shipped().join(file)).expect("it can be read");
    let from = text.find(&format!("[{id}]")).expect("there is such a definition");
    let end = text[from + 1..].find("\n[").map_or(text.len(), |end| from + 1 + end);
    text[from..end].to_owned()
}

#[test]
fn changed_numbers_hold_at_once_and_health_keeps_its_share() {
    let (files, mut scene) = (Files::new(), Scene::new(&FIELD, &MOBS));
    let boar = scene.mob("boar");
    scene.set_health(boar, 45);
    let speed = scene.get::<Speed>(boar);
    files.edit_boar("health = 60, speed_tiles_per_s = 3", "health = 100, speed_tiles_per_s = 6");
    let new = files.read(&DATA).expect("the data is good");
    assert_eq!(new.changes().to_string(), "mob `boar` changed");
    give(&mut scene, &new);
    assert_eq!(scene.get::<Replicated<Health>>(boar).0, Health { current: 75, max: 100 });
    assert_eq!(scene.get::<Speed>(boar).0, 2 * speed.0);
}

#[test]
fn player_is_sent_the_new_names_and_keeps_playing() {
    let (files, mut scene) = (Files::new(), Scene::new(&FIELD, &MOBS));
    scene.enter(1, "fighter", tile(8, 0));
    scene.hear(1);
    let (me, before) = (scene.player(1), scene.get::<Stats>(scene.player(1)));
    // Its id comes before all others.
    let ant = definition("mobs.toml", "boar").replace("[boar]", "[ant]").replace("\"Boar\"", "\"Ant of the reload\"");
    let mut mobs = fs::read_to_string(shipped().join("mobs.toml")).expect("it can be read");
    mobs.push_str(&format!("\n{ant}\n"));
    fs::write(files.0.path().join("mobs.toml"), mobs).expect("writable");
    let new = files.read(&DATA).expect("the data is good");
    assert_eq!(new.changes().to_string(), "mob `ant` added");
    give(&mut scene, &new);
    let heard = scene.hear(1);
    let names = heard.iter().find_map(|message| match message {
        ServerMessage::Content { mobs, .. } => Some(mobs.iter().map(|mob| mob.name.as_str()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(names.and_then(|names| names.last().copied()), Some("Ant of the reload"), "{heard:?}");
    assert_eq!(scene.get::<Stats>(me), before);
    let (old, now) = (DATA.mobs.find("boar").map(|boar| boar.0), new.data().mobs.find("boar").map(|boar| boar.0));
    assert_eq!(old, now, "a mob that was there keeps its number");
    let last = DATA.mobs.len() as u16;
    assert_eq!(new.data().mobs.find("ant").map(|ant| ant.0), Some(last));
}

#[test]
fn mob_whose_definition_is_gone_lives_on_by_the_old_one() {
    let (files, mut scene) = (Files::new(), Scene::new(&FIELD, &MOBS));
    let boar = scene.mob("boar");
    files.edit("mobs.toml", &definition("mobs.toml", "rabbit"), "");
    let without_rabbit = files.read(&DATA);
    let without_rabbit = without_rabbit.expect("no map and no ability has a rabbit");
    assert_eq!(without_rabbit.changes().to_string(), "mob `rabbit` removed");
    give(&mut scene, &without_rabbit);
    assert_eq!(without_rabbit.data().mobs.find("rabbit"), None);
    scene.ticks(30);
    assert_eq!(scene.get::<Stats>(boar).max_health, 60);
    let again = Files::new().read(without_rabbit.data()).expect("the data is good");
    assert_eq!(again.changes().to_string(), "mob `rabbit` added");
    assert_eq!(again.data().mobs.find("rabbit"), DATA.mobs.find("rabbit"));
}

#[test]
fn new_data_with_a_fault_or_without_what_players_have_is_refused_as_a_whole() {
    let files = Files::new();
    files.edit_boar("health = 60", "health = 100");
    let id = DATA.items.ids().next().expect("there are items").to_owned();
    files.edit("items.toml", &format!("[{id}]"), "[other_name]");
    let faults = files.read(&DATA).expect_err("it is refused").to_string();
    assert!(faults.contains(&format!("items.toml:1:1: the item `{id}` is gone, and players may have it")), "{faults}");
    let mob_on_the_map = Files::new();
    mob_on_the_map.edit("mobs.toml", &definition("mobs.toml", "post"), "");
    let faults = mob_on_the_map.read(&DATA).expect_err("it is refused").to_string();
    assert!(faults.contains("there is no mob `post`"), "{faults}");
}

#[test]
fn unchanged_files_change_nothing() {
    let new = Files::new().read(&DATA).expect("the data is good");
    assert!(new.changes().is_empty(), "{}", new.changes());
    assert_eq!(new.data().mobs, DATA.mobs);
}

#[test]
fn world_that_makes_the_data_from_the_recorded_files_becomes_the_same() {
    let (files, reload) = (Files::new(), |files: &Files| files.read(&DATA).expect("the data is good").reload());
    files.edit_boar("health = 60, speed_tiles_per_s = 3", "health = 90, speed_tiles_per_s = 5");
    let hashes = |recorded: bool| {
        let mut scene = Scene::new(&FIELD, &MOBS);
        scene.enter(1, "fighter", tile(9, 2));
        let mut event = ToChannel::Reload(reload(&files));
        if recorded {
            let text = serde_json::to_string(&event).expect("an event can be recorded");
            event = serde_json::from_str(&text).expect("and read back");
        }
        scene.channel.push(event);
        let each = (0..90).map(|_| {
            scene.tick();
            scene.channel.state_hash()
        });
        each.collect::<Vec<_>>()
    };
    let (live, replayed) = (hashes(false), hashes(true));
    assert!(live == replayed, "a replay makes the same data");
    let mut without = Scene::new(&FIELD, &MOBS);
    without.enter(1, "fighter", tile(9, 2));
    without.ticks(90);
    assert_ne!(Some(&without.channel.state_hash()), live.last(), "the data makes a difference");
}

#[test]
fn worlds_share_the_data_that_was_read_once() {
    let new = Files::new().read(&DATA).expect("the data is good");
    assert!(new.reload().rules::<GameData>().is_some_and(|data| Arc::ptr_eq(&data, new.data())));
}
