//! How far clients see.

use bevy_ecs::prelude::*;

/// How far clients see, in 1/1,024 tile.
///
/// ```
/// use bevy_app::App;
/// use realmgate_engine::replication::InterestRange;
/// use realmgate_protocol::movement::UNITS_PER_TILE;
///
/// fn game(app: &mut App) {
///     app.insert_resource(InterestRange { enter: 12 * UNITS_PER_TILE, leave: 14 * UNITS_PER_TILE });
/// }
/// # game(&mut App::empty());
/// ```
#[derive(Resource, Debug, Clone, Copy)]
pub struct InterestRange {
    /// Entities nearer than this come into view.
    pub enter: i32,
    /// Entities farther than this go out of view; the gap keeps those at the edge from flickering.
    pub leave: i32,
}

impl Default for InterestRange {
    fn default() -> Self {
        Self { enter: 20 * 1_024, leave: 23 * 1_024 }
    }
}
