//! Which entities may be in an area of interest: listed once a tick for all clients that look from the same cell.

use std::ops::Range;

use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::Position;

use super::slots::Slots;
use crate::spatial::{Cell, SpatialIndex};

/// A replicated entity that may be near somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub slot: u32,
    pub position: Position,
}

/// The candidates around each cell from which somebody looked in this tick.
#[derive(Debug, Default)]
pub(super) struct CandidateLists {
    /// Of each cell, when its candidates were last listed, and where in `listed` they lie.
    lists: Vec<(Tick, Range<u32>)>,
    listed: Vec<Candidate>,
}

impl CandidateLists {
    /// Forgets the lists of the last tick.
    pub fn begin_tick(&mut self, index: &SpatialIndex) {
        self.listed.clear();
        self.lists.resize(index.cell_count(), (Tick(0), 0..0));
    }

    /// All replicated entities that may be within `range` units of somebody in a cell, in any order; some are farther.
    pub fn around(&mut self, cell: Cell, range: i32, index: &SpatialIndex, slots: &Slots, now: Tick) -> &[Candidate] {
        let list = &mut self.lists[index.number(cell)];
        if list.0 != now {
            let start = self.listed.len() as u32;
            let candidates = index.near_cell(cell, range).filter_map(|entry| {
                let slot = slots.of_entity(entry.entity)?;
                Some(Candidate { slot, position: entry.position })
            });
            self.listed.extend(candidates);
            *list = (now, start..self.listed.len() as u32);
        }
        let Range { start, end } = list.1.clone();
        &self.listed[start as usize..end as usize]
    }
}
