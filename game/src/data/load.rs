//! Reading the data files of a folder.

use std::collections::BTreeMap;
use std::path::Path;

use realmgate_engine::data::{Faults, SourceText, SpannedDocument, check_toml};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::check::{Ids, Judge, Judged, check_prices};
use super::reference::{BoardIndex, ContentIndex};
use super::table::Table;
use super::{GameData, Leaderboard, Theme, schema};

impl GameData {
    /// Checks and loads the data files of a folder. All faults of all files are found at once.
    ///
    /// # Errors
    ///
    /// Returns all faults if any file is missing, cannot be read or has a fault.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut classes = read(folder, "classes.toml", &mut faults);
        let mut abilities = read(folder, "abilities.toml", &mut faults);
        let mut mobs = read(folder, "mobs.toml", &mut faults);
        let mut items = read(folder, "items.toml", &mut faults);
        let mut loot_tables = read(folder, "loot_tables.toml", &mut faults);
        let mut vendors = read(folder, "vendors.toml", &mut faults);
        // A world need not feed any board, nor look different from others.
        let is_there = |name: &str| folder.join(name).exists();
        let boards_there = is_there("leaderboards.toml");
        let mut boards = boards_there.then(|| read(folder, "leaderboards.toml", &mut faults)).flatten();
        let theme = is_there("theme.toml").then(|| read::<Theme>(folder, "theme.toml", &mut faults)).flatten();
        let mut world = read(folder, "world.toml", &mut faults);

        let mut ids = BTreeMap::new();
        learn(&mut ids, &classes);
        learn(&mut ids, &abilities);
        learn(&mut ids, &mobs);
        learn(&mut ids, &items);
        learn(&mut ids, &loot_tables);
        learn(&mut ids, &vendors);

        judge(&mut classes, &ids, &mut faults);
        judge(&mut abilities, &ids, &mut faults);
        judge(&mut mobs, &ids, &mut faults);
        judge(&mut items, &ids, &mut faults);
        judge(&mut loot_tables, &ids, &mut faults);
        judge(&mut vendors, &ids, &mut faults);
        judge::<Table<BoardIndex, Leaderboard>>(&mut boards, &ids, &mut faults);
        judge(&mut world, &ids, &mut faults);
        if let Some(File { document, data }) = &theme {
            data.judge(folder, document, &mut faults);
        }
        if let (Some(vendors), Some(items)) = (&vendors, &items) {
            check_prices(&vendors.data, &items.data, &vendors.document, &mut faults);
        }

        let all = (classes, abilities, mobs, items, loot_tables, vendors, world);
        let (Some(classes), Some(abilities), Some(mobs), Some(items), Some(loot_tables), Some(vendors), Some(world)) =
            all
        else {
            return Err(faults);
        };
        faults.into_result(Self {
            classes: classes.data,
            abilities: abilities.data,
            mobs: mobs.data,
            items: items.data,
            loot_tables: loot_tables.data,
            vendors: vendors.data,
            leaderboards: boards.map(|file| file.data),
            theme: theme.map(|file| file.data),
            world: world.data,
            world_document: world.document,
        })
    }
}

/// A file that fits its schema.
struct File<T> {
    document: SpannedDocument,
    data: T,
}

fn read<T: JsonSchema + DeserializeOwned>(folder: &Path, name: &str, faults: &mut Faults) -> Option<File<T>> {
    let file = folder.join(name);
    let read = SourceText::read(&file).map_err(Faults::from);
    let checked = read.and_then(|source| check_toml(&file, source.text(), &schema::of::<T>()));
    let parsed = checked.and_then(|document| document.parse().map(|data| File { document, data }));
    parsed.map_err(|found| faults.extend(found)).ok()
}

/// Notes which ids there are. Where a file is broken, what refers to it is not judged.
fn learn<I: ContentIndex, T>(ids: &mut Ids, file: &Option<File<Table<I, T>>>) {
    if let Some(file) = file {
        ids.insert(I::KIND, file.data.ids().map(str::to_owned).collect());
    }
}

fn judge<T: Judged>(file: &mut Option<File<T>>, ids: &Ids, faults: &mut Faults) {
    if let Some(File { document, data }) = file {
        data.judge("", &mut Judge { ids, document, faults });
    }
}
