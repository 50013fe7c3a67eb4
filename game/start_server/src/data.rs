//! Maps, game data and sounds: finds, checks, lists and describes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use realmgate_engine::data::Faults;
use realmgate_engine::map::MapSet;
use realmgate_engine::record::Source;
use realmgate_game::data::GameData;
use realmgate_game::maps::map_objects;
use realmgate_game::travel::Portal;
use realmgate_protocol::realm;

use crate::args::Args;
use crate::console;
use crate::failure::Failure;

/// All data, loaded and checked.
pub struct World {
    /// The game data.
    pub game: Arc<GameData>,
    /// The maps.
    pub maps: Arc<MapSet>,
}

/// Loads and checks the game data and the maps. All faults of all files are found at once.
///
/// # Errors
///
/// [`Failure::Settings`] if a folder is missing, [`Failure::Data`] with all faults if a file has any.
pub fn load(args: &Args) -> Result<World, Failure> {
    let assets = assets(args)?;
    let maps = find(&args.sidecar.maps_dir, "MAPS_DIR")?;
    let mut faults = Faults::new();
    let game = GameData::load(&assets).map_err(|found| faults.extend(found)).ok();
    let maps = MapSet::load(&maps, &map_objects()).map_err(|found| faults.extend(found)).ok();
    if let (Some(game), Some(maps)) = (&game, &maps) {
        for checked in [game.check_maps(maps), game.check_sounds(&assets, maps)] {
            faults.extend(checked.err().unwrap_or_default());
        }
    }
    match (game, maps) {
        (Some(game), Some(maps)) if faults.is_empty() => Ok(World { game: Arc::new(game), maps: Arc::new(maps) }),
        _ => Err(Failure::Data(faults)),
    }
}

/// The files that [`load`] reads, for recordings: a replay needs the same files.
///
/// # Errors
///
/// Fails if a folder is missing or cannot be read.
pub fn sources(args: &Args) -> Result<Vec<Source>, Failure> {
    let folders = [
        (&args.sidecar.assets_dir, "ASSETS_DIR", &["toml"][..]),
        (&args.sidecar.maps_dir, "MAPS_DIR", &["tmx", "tsx"]),
    ];
    let mut sources = Vec::new();
    for (given, setting, extensions) in folders {
        let folder = find(given, setting)?;
        let found = Source::all_below(&folder, extensions);
        sources.extend(found.with_context(|| format!("{setting}: cannot read {}", folder.display()))?);
    }
    Ok(sources)
}

/// The folder of the data files.
///
/// # Errors
///
/// Fails if there is none.
pub fn assets(args: &Args) -> Result<PathBuf, Failure> {
    find(&args.sidecar.assets_dir, "ASSETS_DIR")
}

/// A folder as given, or else beside the executable or in one of the folders above it.
fn find(given: &Path, setting: &str) -> Result<PathBuf, Failure> {
    let missing = || Failure::Settings(format!("{setting}: {} is not a folder", given.display()));
    if given.is_dir() {
        return Ok(given.to_owned());
    }
    let executable = std::env::current_exe().map_err(|_| missing())?;
    let above = executable.ancestors().skip(1).map(|folder| folder.join(given));
    if given.is_absolute() {
        Err(missing())
    } else {
        above.into_iter().find(|folder| folder.is_dir()).ok_or_else(missing)
    }
}

/// `--check`: checks all data and prints a summary, and what players will not see of the maps.
///
/// # Errors
///
/// Fails as [`load`] does.
pub fn check(args: &Args) -> Result<(), Failure> {
    let world = load(args)?;
    let (game, warnings) = (&world.game, world.maps.warnings());
    let verdict = match warnings.len() {
        0 => "No faults".to_owned(),
        1 => "No faults, 1 warning".to_owned(),
        many => format!("No faults, {many} warnings"),
    };
    warnings.iter().for_each(|warning| console::progress(&warning.to_string()));
    console::say(&format!(
        "{verdict}: {} maps, {} classes, {} abilities, {} mobs, {} items, {} vendors, {} leaderboards.",
        world.maps.iter().len(),
        game.classes.len(),
        game.abilities.len(),
        game.mobs.len(),
        game.items.len(),
        game.vendors.len(),
        game.leaderboards.as_ref().map_or(0, |boards| boards.len()),
    ));
    Ok(())
}

/// `--maps`: lists all maps.
///
/// # Errors
///
/// Fails as [`load`] does.
pub fn list_maps(args: &Args) -> Result<(), Failure> {
    for map in load(args)?.maps.iter() {
        let (width, height) = (map.grid.width(), map.grid.height());
        let to: Vec<String> = map.all::<Portal>().iter().map(|portal| portal.to_map.to_string()).collect();
        let to = if to.is_empty() { String::new() } else { format!("  portals to {}", to.join(", ")) };
        console::say(&format!("{:>4}  {:<16} {width}×{height}{to}", map.id.0, map.name));
    }
    Ok(())
}

/// `--schema`: writes the schemas of data files and maps, and the description of the protocol.
///
/// # Errors
///
/// Fails if a folder cannot be made or a file cannot be written.
pub fn write_schemas(out: &Path) -> Result<(), Failure> {
    let write = |name: &str, text: String| -> anyhow::Result<()> {
        let path = out.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        console::say(&format!("wrote {}", path.display()));
        Ok(())
    };
    for (name, schema) in realmgate_game::data::schemas() {
        write(&format!("assets/schema/{name}"), pretty(&schema)?)?;
    }
    let protocol = serde_json::to_value(realm::document()).context("cannot describe the protocol")?;
    write("maps/propertytypes.json", map_objects().property_types_json())?;
    write("docs/protocol.json", pretty(&protocol)?)?;
    Ok(())
}

fn pretty(value: &serde_json::Value) -> anyhow::Result<String> {
    Ok(format!("{}\n", serde_json::to_string_pretty(value)?))
}
