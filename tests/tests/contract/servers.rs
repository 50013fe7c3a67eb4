//! The two servers that tests share.

use realmgate_tests::{MapServer, Settings, Shared, SharedOnce, SidecarProcess};

static SIDECAR: SharedOnce<SidecarProcess> = SharedOnce::new();
static MAP_SERVER: SharedOnce<MapServer> = SharedOnce::new();

/// A sidecar with every setting at its default and no map server.
pub async fn sidecar() -> Shared<SidecarProcess> {
    SIDECAR.get(async || SidecarProcess::start(&[]).await).await
}

/// A map server with every setting at its default, and the sidecar inside it.
pub async fn map_server() -> Shared<MapServer> {
    MAP_SERVER.get(async || MapServer::start_linked(&Settings::new()).await).await
}
