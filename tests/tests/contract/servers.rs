//! The servers that tests share: two for each backend.

use realmgate_tests::{Shared, SharedOnce};

use crate::backend::Backend;
use crate::sidecars::Sidecars;
use crate::world::World;

static SIDECARS: [SharedOnce<Sidecars>; 3] = [const { SharedOnce::new() }; 3];
static WORLDS: [SharedOnce<World>; 3] = [const { SharedOnce::new() }; 3];

/// A sidecar with every setting at its default and no map server. Nobody hosts a map below 100 there.
pub async fn sidecar(backend: Backend) -> Shared<Sidecars> {
    SIDECARS[backend as usize].get(async || Sidecars::start(backend, &[]).await).await
}

/// A map server with every setting at its default, and its sidecar.
pub async fn world(backend: Backend) -> Shared<World> {
    WORLDS[backend as usize].get(async || World::start(backend, &[]).await).await
}
