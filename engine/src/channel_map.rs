//! The map a world plays on.

use std::sync::Arc;

use bevy_ecs::prelude::*;

use crate::map::Map;

/// The map a world plays on. It never changes.
#[derive(Resource, Debug, Clone)]
pub struct ChannelMap(pub Arc<Map>);

impl std::ops::Deref for ChannelMap {
    type Target = Map;
    fn deref(&self) -> &Map {
        &self.0
    }
}
