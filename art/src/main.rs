//! Makes the pictures and the sounds of the game: `realmgate-art <folder of the repository> [<folder for contact sheets>]`.

#![forbid(unsafe_code)]

mod abilities;
mod arms;
mod beasts;
mod boar;
mod body;
mod decor;
mod effects;
mod floors;
mod fringe;
mod glyphs;
mod goblin;
mod ground;
mod head;
mod item_forms;
mod items;
mod magic;
mod math;
mod mob_abilities;
mod openings;
mod palette;
mod people;
mod picture;
mod pose;
mod rabbit;
mod sculpt;
mod sheep;
mod sheet;
mod skull;
mod sound;
mod tileset;
mod title;
mod title_land;
mod title_sky;
mod training_dummy;
mod trees;
mod ui;
mod undead;
mod walls;
mod wolf;

use std::path::{Path, PathBuf};
use std::{env, io};

use picture::Picture;
use pose::View;

/// Draws a frame of a sheet.
type Frame = fn(View, i32) -> Picture;

/// Where pictures go.
struct Folder {
    pictures: PathBuf,
    contact: Option<PathBuf>,
}

impl Folder {
    fn save(&self, name: &str, picture: &Picture) -> io::Result<()> {
        picture.save(&self.pictures.join(format!("{name}.png")))?;
        if let Some(contact) = &self.contact {
            let mut on = Picture::new(picture.w, picture.h);
            on.rect(0, 0, on.w, on.h, 0x6a9a4e);
            on.lay(picture, 0, 0);
            on.enlarged(if picture.w > 300 { 3 } else { 4 })
                .save(&contact.join(format!("{}.png", name.replace('/', "_"))))?;
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let root = arguments.next().ok_or_else(|| io::Error::other("give the folder of the repository"))?;
    let contact = arguments.next().map(PathBuf::from);
    let folder = Folder { pictures: Path::new(&root).join("assets/pictures"), contact };
    let mobs: [(&str, i32, Frame); 9] = [
        ("rabbit", 48, rabbit::rabbit),
        ("sheep", 48, sheep::sheep),
        ("training_dummy", 48, training_dummy::training_dummy),
        ("boar", 48, boar::boar),
        ("wolf", 48, wolf::wolf),
        ("creature", 48, beasts::creature),
        ("goblin_archer", 48, goblin::goblin),
        ("skeleton", 48, undead::skeleton),
        ("barrow_king", 80, undead::barrow_king),
    ];
    for (name, size, frame) in mobs {
        folder.save(&format!("mobs/{name}"), &sheet::sheet(size, frame))?;
    }
    let tall: [(&str, Picture); 17] = [
        ("roof", decor::roof(5, 4, palette::TILES, 4)),
        ("thatch", decor::roof(4, 2, palette::STRAW, 2)),
        ("seal", decor::seal()),
        ("barrel", decor::barrel()),
        ("crates", decor::crates()),
        ("lamp", decor::lamp()),
        ("flowers", decor::flowers(3)),
        ("flowers_2", decor::flowers(8)),
        ("anvil", decor::anvil()),
        ("oak", trees::oak(1)),
        ("oak_2", trees::oak(6)),
        ("pine", trees::pine(1)),
        ("pine_2", trees::pine(7)),
        ("boulder", trees::boulder(2)),
        ("boulder_2", trees::boulder(5)),
        ("dead_tree", trees::dead_tree(1)),
        ("dead_tree_2", trees::dead_tree(9)),
    ];
    for (name, picture) in &tall {
        folder.save(&format!("tall/{name}"), picture)?;
    }
    tileset::tileset().save(&Path::new(&root).join("maps/tileset.png"))?;
    for (name, draw) in items::ITEMS {
        folder.save(&format!("items/{name}"), &items::icon(*draw))?;
    }
    for (name, back, draw) in abilities::ABILITIES.iter().chain(mob_abilities::MOB_ABILITIES) {
        folder.save(&format!("abilities/{name}"), &abilities::icon(*back, *draw))?;
    }
    for (name, picture) in effects::all() {
        folder.save(&format!("effects/{name}"), &picture)?;
    }
    folder.save("ui/emblem", &ui::emblem())?;
    folder.save("ui/icon-192", &ui::icon(192))?;
    folder.save("ui/icon-512", &ui::icon(512))?;
    folder.save("ui/title", &title::title())?;
    folder.save("ui/logo", &ui::logo())?;
    for (name, look) in people::PEOPLE {
        folder.save(name, &sheet::person(look, name.starts_with("vendors/")))?;
    }
    sound::save(&Path::new(&root).join("assets/sounds"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::abilities::ABILITIES;
    use crate::items::ITEMS;
    use crate::mob_abilities::MOB_ABILITIES;

    /// The ids of a file of content: its tables without a dot.
    fn ids(file: &str) -> Vec<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets").join(file);
        let text = fs::read_to_string(path).expect("the content of the game lies beside this folder");
        let table = |line: &str| line.strip_prefix('[')?.strip_suffix(']').map(str::to_owned);
        let ids: Vec<String> = text.lines().filter_map(table).filter(|id| !id.contains('.')).collect();
        assert!(!ids.is_empty(), "there is something in {file}");
        ids
    }

    #[test]
    fn every_item_has_a_picture() {
        for id in ids("items.toml") {
            assert!(ITEMS.iter().any(|(name, _)| *name == id), "no picture of the item {id}");
        }
    }

    #[test]
    fn every_ability_has_a_picture() {
        for id in ids("abilities.toml") {
            let mut all = ABILITIES.iter().chain(MOB_ABILITIES);
            assert!(all.any(|(name, ..)| *name == id), "no picture of the ability {id}");
        }
    }
}
