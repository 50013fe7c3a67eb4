//! New data in a running world.
//!
//! Data files are read and checked aside, and compared with the data that the world plays by. Then every channel takes the new
//! data between two ticks, as a whole: definitions keep their numbers, numbers in them hold at once, and health keeps its share of the
//! maximum. A mob whose definition is gone lives on by the old one. What is copied when a body enters the world, such as its size
//! or a character's abilities, is that of the new data from its next entrance on.

use std::path::Path;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use realmgate_engine::channel::Reload;
use realmgate_engine::data::Faults;
use realmgate_engine::map::MapSet;

use crate::data::{Changes, Data, DataFiles, GameData};
use crate::{equipment, mob, session, starter_kits, stats, vendor};

/// Data that can take the place of another one in a running world.
#[derive(Debug)]
pub struct NewData {
    data: Arc<GameData>,
    files: Vec<(String, String)>,
    changes: Changes,
}

impl NewData {
    /// Reads and checks the data files of a folder, to take the place of `before` in worlds on these maps.
    ///
    /// # Errors
    ///
    /// Returns all faults of all files, and what `before` has that players may have and the files no longer name.
    pub fn read(folder: &Path, before: &GameData, maps: &MapSet) -> Result<Self, Faults> {
        let files = DataFiles::read(folder);
        let data = before.reload(&files)?;
        let mut faults = Faults::new();
        for checked in [data.check_maps(maps), data.check_sounds(folder, maps)] {
            faults.extend(checked.err().unwrap_or_default());
        }
        let changes = Changes::between(before, &data);
        faults.into_result(Self { data: Arc::new(data), files: files.for_worlds(), changes })
    }

    /// The data.
    pub fn data(&self) -> &Arc<GameData> {
        &self.data
    }

    /// What it changes.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What every channel is given.
    pub fn reload(&self) -> Reload {
        Reload::new(self.files.clone(), self.data.clone())
    }
}

/// Gives a world new data.
pub(crate) fn apply(world: &mut World, reload: &Reload) {
    let Some(data) = reload.rules().or_else(|| replayed(world, reload)) else { return };
    world.insert_resource(starter_kits(&data));
    world.resource_mut::<Data>().0 = data;
    equipment::reload(world);
    mob::reload(world);
    stats::reload(world);
    vendor::reload(world);
    session::reload(world);
}

/// The data of a replay, made from the files of the recording.
fn replayed(world: &World, reload: &Reload) -> Option<Arc<GameData>> {
    let made = world.resource::<Data>().reload(&DataFiles::recorded(&reload.files));
    made.inspect_err(|faults| tracing::error!("the data of a recorded reload has faults:\n{faults}")).ok().map(Arc::new)
}
