//! What all handlers share.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use realmgate_platform::database::SqlStore;
use realmgate_platform::http::HttpState;
use realmgate_platform::passwords::Passwords;
use realmgate_platform::sessions::SessionStore;

use crate::accounts::{Deletion, LogIns, Profiles};
use crate::config::CommunitySettings;
use crate::store::AccountStore;
use crate::world::World;

/// The community's services, behind a cheap handle.
#[derive(Clone)]
pub struct Community(Arc<Services>);

/// What the services are built from.
pub struct Parts {
    /// What operators switch on and off.
    pub settings: CommunitySettings,
    /// What extractors and layers need; its tokens, limits and clock are the services' too.
    pub http: HttpState,
    /// The database.
    pub sql: SqlStore,
    /// Hashes passwords, a few at a time.
    pub passwords: Arc<Passwords>,
    /// The worlds.
    pub world: Arc<dyn World>,
}

/// The services. Handlers take the one that they need.
pub struct Services {
    pub(crate) http: HttpState,
    pub(crate) settings: CommunitySettings,
    pub(crate) store: AccountStore,
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) profiles: Profiles,
    pub(crate) deletion: Deletion,
}

impl Community {
    /// Builds the services.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, http, sql, passwords, world } = parts;
        let store = AccountStore::new(sql.clone());
        let log_ins = Arc::new(LogIns {
            settings,
            store: store.clone(),
            sessions: SessionStore::new(sql),
            passwords: passwords.clone(),
            limits: http.limits.clone(),
            tokens: http.tokens.clone(),
            world: world.clone(),
            clock: http.clock.clone(),
        });
        let profiles =
            Profiles { store: store.clone(), passwords, log_ins: log_ins.clone(), clock: http.clock.clone() };
        let deletion = Deletion { store: store.clone(), world, clock: http.clock.clone() };
        Self(Arc::new(Services { http, settings, store, log_ins, profiles, deletion }))
    }

    /// Fills in what profiles of earlier versions lack: without it, they are not found by name.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn fill_name_keys(&self) -> sqlx::Result<()> {
        while self.store.fill_name_keys().await? > 0 {}
        Ok(())
    }
}

impl Deref for Community {
    type Target = Services;
    fn deref(&self) -> &Services {
        &self.0
    }
}

impl FromRef<Community> for HttpState {
    fn from_ref(community: &Community) -> Self {
        community.http.clone()
    }
}
