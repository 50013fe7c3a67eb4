//! Reading the data files of a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use realmgate_engine::data::{Fault, Faults, SourceText, SpannedDocument, check_toml};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::check::{Ids, Judge, Judged, check_prices};
use super::reference::{BoardIndex, ContentIndex};
use super::table::Table;
use super::{GameData, Leaderboard, Theme, schema};

/// The files of the data that a world cannot do without.
const NEEDED: [&str; 7] =
    ["classes.toml", "abilities.toml", "mobs.toml", "items.toml", "loot_tables.toml", "vendors.toml", "world.toml"];
/// The other ones: a world need not feed any board, nor look different from others.
const OPTIONAL: [&str; 2] = [BOARDS, THEME];
const BOARDS: &str = "leaderboards.toml";
const THEME: &str = "theme.toml";

/// The texts of the data files of a folder, read at one moment.
#[derive(Debug, Clone)]
pub struct DataFiles {
    folder: PathBuf,
    /// By name; those that are needed and could not be read have the reason.
    texts: BTreeMap<&'static str, Result<SourceText, Fault>>,
}

impl DataFiles {
    /// Reads the data files of a folder. What is wrong with them is said when they are parsed.
    pub fn read(folder: &Path) -> Self {
        let is_there = |name: &&str| folder.join(name).exists();
        let names = NEEDED.into_iter().chain(OPTIONAL.into_iter().filter(is_there));
        let texts = names.map(|name| (name, SourceText::read(&folder.join(name)))).collect();
        Self { folder: folder.to_owned(), texts }
    }

    /// The files of a recording, which [`DataFiles::for_worlds`] returned.
    pub fn recorded(files: &[(String, String)]) -> Self {
        let folder = PathBuf::from("recording");
        let text = |name: &str| files.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        let source = |name: &'static str| {
            let file = folder.join(name);
            let missing = || Fault::of_file(&file, "the file does not exist", "a recording with this file");
            (name, text(name).map(|text| SourceText::new(&file, text)).ok_or_else(missing))
        };
        let boards = text(BOARDS).map(|_| source(BOARDS));
        let texts = NEEDED.into_iter().map(source).chain(boards).collect();
        Self { folder, texts }
    }

    /// What a world is made of, by name: all that could be read but the theme, which only pages show.
    pub fn for_worlds(&self) -> Vec<(String, String)> {
        let of_worlds = self.texts.iter().filter(|(name, _)| **name != THEME);
        let read = of_worlds.filter_map(|(name, text)| Some((*name, text.as_ref().ok()?)));
        read.map(|(name, text)| (name.to_owned(), text.text().to_owned())).collect()
    }

    /// A file that fits its schema; `None` if it has faults, or is not there.
    fn file<T: JsonSchema + DeserializeOwned>(&self, name: &str, faults: &mut Faults) -> Option<File<T>> {
        let source = self.texts.get(name)?.clone().map_err(Faults::from);
        let checked = source.and_then(|source| check_toml(source.file(), source.text(), &schema::of::<T>()));
        let parsed = checked.and_then(|document| document.parse().map(|data| File { document, data }));
        parsed.map_err(|found| faults.extend(found)).ok()
    }

    /// A file of definitions, with the numbers that they have in `before`.
    fn table<I, T>(&self, name: &str, before: Option<&Table<I, T>>, faults: &mut Faults) -> Option<File<Table<I, T>>>
    where
        I: ContentIndex,
        T: JsonSchema + DeserializeOwned + Clone,
    {
        let mut file: File<Table<I, T>> = self.file(name, faults)?;
        if let Some(before) = before
            && !file.data.keep_numbers_of(before)
        {
            let message = format!("too many {} definitions since the server started", I::KIND);
            faults.push(file.document.fault("", message, "a restart, which forgets those that are gone"));
            return None;
        }
        Some(file)
    }
}

impl GameData {
    /// Checks and loads the data files of a folder. All faults of all files are found at once.
    ///
    /// # Errors
    ///
    /// Returns all faults if any file is missing, cannot be read or has a fault.
    pub fn load(folder: &Path) -> Result<Self, Faults> {
        Self::parse(&DataFiles::read(folder), None)
    }

    /// Checks and loads data files that take the place of this data in a running world: every definition keeps its number.
    ///
    /// # Errors
    ///
    /// As [`GameData::load`], and one fault for each class and item that is gone: players may have it.
    pub fn reload(&self, files: &DataFiles) -> Result<Self, Faults> {
        Self::parse(files, Some(self))
    }

    fn parse(files: &DataFiles, before: Option<&Self>) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let mut classes = files.table("classes.toml", before.map(|data| &data.classes), &mut faults);
        let mut abilities = files.table("abilities.toml", before.map(|data| &data.abilities), &mut faults);
        let mut mobs = files.table("mobs.toml", before.map(|data| &data.mobs), &mut faults);
        let mut items = files.table("items.toml", before.map(|data| &data.items), &mut faults);
        let mut loot_tables = files.table("loot_tables.toml", before.map(|data| &data.loot_tables), &mut faults);
        let mut vendors = files.table("vendors.toml", before.map(|data| &data.vendors), &mut faults);
        let boards_before = before.and_then(|data| data.leaderboards.as_ref());
        let mut boards: Option<File<Table<BoardIndex, Leaderboard>>> = files.table(BOARDS, boards_before, &mut faults);
        let theme = files.file::<Theme>(THEME, &mut faults);
        let mut world = files.file("world.toml", &mut faults);
        if let Some(before) = before {
            check_gone(&before.classes, &classes, &mut faults);
            check_gone(&before.items, &items, &mut faults);
        }

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
        judge(&mut boards, &ids, &mut faults);
        judge(&mut world, &ids, &mut faults);
        if let Some(File { document, data }) = &theme {
            data.judge(&files.folder, document, &mut faults);
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

/// Finds definitions that players may have and that are gone.
fn check_gone<I: ContentIndex, T>(before: &Table<I, T>, file: &Option<File<Table<I, T>>>, faults: &mut Faults) {
    let Some(File { document, data }) = file else { return };
    for id in before.ids().filter(|id| data.find(id).is_none()) {
        let message = format!("the {} `{id}` is gone, and players may have it", I::KIND);
        let expected = format!("`[{id}]`; without it, restart the server");
        faults.push(document.fault("", message, expected));
    }
}

/// A file that fits its schema.
struct File<T> {
    document: SpannedDocument,
    data: T,
}

/// Notes which ids there are. Where a file is broken, what refers to it is not judged.
fn learn<I: ContentIndex, T>(ids: &mut Ids, file: &Option<File<Table<I, T>>>) {
    if let Some(file) = file {
        ids.insert(I::KIND, file.data.places().clone());
    }
}

fn judge<T: Judged>(file: &mut Option<File<T>>, ids: &Ids, faults: &mut Faults) {
    if let Some(File { document, data }) = file {
        data.judge("", &mut Judge { ids, document, faults });
    }
}
