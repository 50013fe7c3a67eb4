//! The designers' sounds: the page and other clients find them by their names, so a name that nobody asks for is a mistake.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use realmgate_engine::data::{Fault, Faults, one_of};
use realmgate_engine::map::MapSet;

use super::GameData;

/// Most bytes of one sound.
const MAX_SOUND_BYTES: u64 = 256 * 1024;
/// Most bytes of all sounds: every player loads most of them.
const MAX_SOUNDS_BYTES: u64 = 1024 * 1024;
/// What happens in the world, as the page knows it.
const EFFECTS: [&str; 16] = [
    "bolt", "burst", "death", "fall", "gold", "heal", "hit", "hurt", "level", "loot", "portal", "shot", "spell",
    "step", "swing", "ward",
];
/// What happens in windows.
const INTERFACE: [&str; 5] = ["close", "message", "open", "press", "refused"];
/// The folders of all kinds of sounds.
const FOLDERS: [&str; 4] = ["abilities", "ambience", "effects", "interface"];

impl GameData {
    /// Checks the sounds below `folder`, where the data files lie: what each is called, its type, and how long the files are. A
    /// world need not have any.
    ///
    /// # Errors
    ///
    /// Returns one fault for each file that would not be played, or is too long to be loaded.
    pub fn check_sounds(&self, folder: &Path, maps: &MapSet) -> Result<(), Faults> {
        let folder = folder.join("sounds");
        let mut faults = Faults::new();
        let mut bytes = 0;
        for kind in entries(&folder, &mut faults) {
            let name = name_of(&kind).unwrap_or_default();
            match (FOLDERS.contains(&name), kind.is_dir()) {
                (true, true) => {
                    let names = self.names_of(name, maps);
                    for file in entries(&kind, &mut faults) {
                        bytes += check_sound(&file, &names, &mut faults);
                    }
                }
                _ => faults.push(Fault::of_file(&kind, "this is not a folder of sounds", one_of(name, FOLDERS))),
            }
        }
        if bytes > MAX_SOUNDS_BYTES {
            let message = format!("all sounds together have {bytes} bytes");
            faults.push(Fault::of_file(&folder, message, format!("at most {MAX_SOUNDS_BYTES} bytes")));
        }
        faults.into_result(())
    }

    /// What there can be sounds of in a folder.
    fn names_of(&self, kind: &str, maps: &MapSet) -> Vec<String> {
        match kind {
            "abilities" => self.abilities.ids().map(str::to_owned).collect(),
            "ambience" => maps.iter().map(|map| format!("{}_{}", map.id.0, map.name)).collect(),
            "effects" => EFFECTS.map(str::to_owned).into(),
            _ => INTERFACE.map(str::to_owned).into(),
        }
    }
}

/// What lies in a folder, in the order of the names; hidden files are nobody's.
fn entries(folder: &Path, faults: &mut Faults) -> Vec<PathBuf> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    let mut paths = match read() {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            faults.push(Fault::of_file(folder, format!("cannot read the folder: {error}"), "a folder of sounds"));
            Vec::new()
        }
    };
    paths.retain(|path| !name_of(path).unwrap_or_default().starts_with('.'));
    paths.sort();
    paths
}

fn name_of(path: &Path) -> Option<&str> {
    path.file_name().and_then(OsStr::to_str)
}

/// Reports what is wrong with a sound. Answers its length.
fn check_sound(file: &Path, names: &[String], faults: &mut Faults) -> u64 {
    let mp3 = "an MP3 file, such as `name.mp3`";
    let Some((name, "mp3")) = name_of(file).and_then(|name| name.rsplit_once('.')) else {
        faults.push(Fault::of_file(file, "this is not a sound file", mp3));
        return 0;
    };
    if !names.iter().any(|known| known == name) {
        let expected = one_of(name, names.iter().map(String::as_str));
        faults.push(Fault::of_file(file, format!("unknown sound `{name}`"), expected));
    }
    match fs::metadata(file) {
        Ok(found) if found.len() > MAX_SOUND_BYTES => {
            let message = format!("this sound has {} bytes", found.len());
            faults.push(Fault::of_file(file, message, format!("at most {MAX_SOUND_BYTES} bytes")));
            found.len()
        }
        Ok(found) if found.is_file() => {
            match fs::read(file) {
                Ok(bytes) if is_mp3(&bytes) => {}
                Ok(_) => faults.push(Fault::of_file(file, "the content is not MP3", mp3)),
                Err(error) => faults.push(Fault::of_file(file, format!("cannot read the file: {error}"), mp3)),
            }
            found.len()
        }
        _ => {
            faults.push(Fault::of_file(file, "this is not a sound file", mp3));
            0
        }
    }
}

/// Whether it begins as an MP3 does: with a tag, or with the head of a frame of layer III.
fn is_mp3(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ID3") || matches!(bytes, [0xff, second, ..] if second & 0xe6 == 0xe2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::map_objects;

    const HEAD: [u8; 4] = [0xff, 0xf3, 0x40, 0xc0];

    fn shipped(folder: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
    }

    /// What is wrong with sounds of these names and contents in the shipped world.
    fn faults_of(sounds: &[(&str, &[u8])]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in sounds {
            let file = folder.path().join("sounds").join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
        let game = GameData::load(&shipped("assets")).unwrap();
        let maps = MapSet::load(&shipped("maps"), &map_objects()).unwrap();
        let found = game.check_sounds(folder.path(), &maps).err();
        let line = |fault: &Fault| fault.to_string().replace(&format!("{}/", folder.path().display()), "");
        found.iter().flat_map(Faults::iter).map(line).collect()
    }

    #[test]
    fn a_world_without_sounds_is_well() {
        assert!(faults_of(&[]).is_empty());
    }

    #[test]
    fn the_shipped_world_has_a_sound_of_everything() {
        let game = GameData::load(&shipped("assets")).unwrap();
        let maps = MapSet::load(&shipped("maps"), &map_objects()).unwrap();
        game.check_sounds(&shipped("assets"), &maps).unwrap();
        for kind in ["ambience", "effects", "interface"] {
            for name in game.names_of(kind, &maps) {
                let file = shipped("assets/sounds").join(kind).join(format!("{name}.mp3"));
                assert!(file.is_file(), "{} is missing", file.display());
            }
        }
    }

    #[test]
    fn sounds_of_what_there_is_are_taken() {
        let tagged = b"ID3\x04";
        let found = faults_of(&[
            ("effects/hit.mp3", &HEAD),
            ("interface/open.mp3", tagged),
            ("abilities/cleave.mp3", &HEAD),
            ("ambience/1_greenvale.mp3", &HEAD),
            ("effects/.hit.mp3.swp", b"an editor's"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_sound_of_nothing_is_refused_with_the_nearest_name() {
        let found = faults_of(&[
            ("effects/hti.mp3", &HEAD),
            ("abilities/cleaves.mp3", &HEAD),
            ("ambience/1_greenvail.mp3", &HEAD),
            ("effect/hit.mp3", &HEAD),
        ]);
        assert_eq!(found.len(), 4, "{found:?}");
        for (line, begin, end) in [
            (0, "sounds/abilities/cleaves.mp3:1:1: unknown sound `cleaves`; expected ", "`cleave`?"),
            (1, "sounds/ambience/1_greenvail.mp3:1:1: unknown sound", "did you mean `1_greenvale`?"),
            (2, "sounds/effect:1:1: this is not a folder of sounds; expected ", "did you mean `effects`?"),
            (3, "sounds/effects/hti.mp3:1:1: unknown sound `hti`; expected ", "did you mean `hit`?"),
        ] {
            assert!(found[line].starts_with(begin) && found[line].ends_with(end), "{}", found[line]);
        }
    }

    #[test]
    fn what_is_no_mp3_is_refused() {
        let found = faults_of(&[
            ("effects/hit.ogg", b"OggS"),
            ("effects/gold.mp3", b"RIFF\x10\0\0\0WAVE"),
            ("effects/heal.mp3", b""),
            ("effects/loot.mp3/inner.mp3", &HEAD),
            ("readme.txt", b"sounds"),
        ]);
        let expected = [
            "sounds/effects/gold.mp3:1:1: the content is not MP3; expected an MP3 file, such as `name.mp3`",
            "sounds/effects/heal.mp3:1:1: the content is not MP3; expected an MP3 file, such as `name.mp3`",
            "sounds/effects/hit.ogg:1:1: this is not a sound file; expected an MP3 file, such as `name.mp3`",
            "sounds/effects/loot.mp3:1:1: this is not a sound file; expected an MP3 file, such as `name.mp3`",
            "sounds/readme.txt:1:1: this is not a folder of sounds; expected one of `abilities`, `ambience`, `effects`, `interface`",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn long_sounds_are_refused_each_and_together() {
        let long = |bytes: u64| {
            let mut content = HEAD.to_vec();
            content.resize(usize::try_from(bytes).unwrap(), 0);
            content
        };
        let (most, over) = (long(MAX_SOUND_BYTES), long(MAX_SOUND_BYTES + 1));
        assert_eq!(
            faults_of(&[("effects/hit.mp3", &most), ("effects/hurt.mp3", &over)]),
            ["sounds/effects/hurt.mp3:1:1: this sound has 262145 bytes; expected at most 262144 bytes"]
        );
        let four = ["hit", "hurt", "heal", "gold"].map(|name| format!("effects/{name}.mp3"));
        let mut all: Vec<(&str, &[u8])> = four.iter().map(|name| (name.as_str(), &most[..])).collect();
        assert!(faults_of(&all).is_empty(), "exactly as much as may be");
        all.push(("effects/fall.mp3", &HEAD));
        assert_eq!(
            faults_of(&all),
            ["sounds:1:1: all sounds together have 1048580 bytes; expected at most 1048576 bytes"]
        );
    }
}
