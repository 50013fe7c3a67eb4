//! Two whole sidecars of one world, on a shared PostgreSQL and Redis.

use std::sync::Arc;

use realmgate_platform::clock::Clock;
use realmgate_platform::testing::{TestDatabase, TestRedis, a_moment, folder, soon};

use super::{Cookies, TestWorld, config_in};
use crate::app::StartError;
use crate::config::SidecarConfig;

/// The sidecars `a` and `b`. They use the real time, since the database does.
pub(crate) struct Pair {
    pub(crate) a: TestWorld,
    pub(crate) b: TestWorld,
    pub(crate) services: Services,
}

/// What the two sidecars share.
pub(crate) struct Services {
    pub(crate) redis: TestRedis,
    database: TestDatabase,
    folder: Arc<tempfile::TempDir>,
    cookies: Cookies,
}

impl Pair {
    /// Starts both; `None` where this machine has no PostgreSQL or no Redis.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(|_| {}).await
    }

    /// Starts both with settings that the test changes.
    pub(crate) async fn start_with(change: impl Fn(&mut SidecarConfig)) -> Option<Self> {
        let services = Services::find().await?;
        let a = services.sidecar("a", &change).await.unwrap();
        let b = services.sidecar("b", &change).await.unwrap();
        let pair = Self { a, b, services };
        soon("the other sidecar", pair.know_each_other()).await;
        Some(pair)
    }

    async fn know_each_other(&self) {
        for world in [&self.a, &self.b] {
            while world.state().replicas.replicas().await.is_ok_and(|ids| ids != ["a", "b"]) {
                a_moment().await;
            }
        }
    }
}

impl Services {
    pub(crate) async fn find() -> Option<Self> {
        let (database, redis) = (TestDatabase::create().await?, TestRedis::connect().await?);
        let folder = Arc::new(folder());
        Some(Self { redis, database, folder, cookies: Cookies::default() })
    }

    /// A sidecar with this id, and settings that the test changes.
    pub(crate) async fn sidecar(
        &self,
        id: &str,
        change: impl FnOnce(&mut SidecarConfig),
    ) -> Result<TestWorld, StartError> {
        let mut config = config_in(self.folder.path());
        config.gateway.id = id.to_owned();
        config.database = self.database.config();
        config.redis = Some(self.redis.config.clone());
        // No test may pass because an answer was not waited for.
        config.timers.handover_wait = super::PATIENCE * 3;
        change(&mut config);
        TestWorld::run(config, Clock::system(), self.folder.clone(), self.cookies.clone()).await
    }
}
