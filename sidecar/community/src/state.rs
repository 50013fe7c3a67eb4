//! What all handlers share.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use axum::response::Response;
use realmgate_platform::background::Background;
use realmgate_platform::database::SqlStore;
use realmgate_platform::error::Error;
use realmgate_platform::gates::Gates;
use realmgate_platform::http::HttpState;
use realmgate_platform::passwords::Passwords;
use realmgate_platform::redis_client::RedisClient;
use realmgate_platform::sessions::SessionStore;
use realmgate_platform::theme::Theme;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::abandoned::{Abandoned, GUESTS_EVERY, LOBBIES_EVERY};
use crate::accounts::{Addresses, Deletion, LogIns, Profiles, administrators};
use crate::config::CommunitySettings;
use crate::events::Events;
use crate::friends::Friends;
use crate::hooks::{Fetcher, Hooks, MayCall, Sources};
use crate::http::pages::Pages;
use crate::http::{Page, Published};
use crate::leaderboards::{DeclaredBoards, Leaderboards};
use crate::lobbies::Lobbies;
use crate::mail::{Letterhead, MailConfig, Post};
use crate::notifications::Notifications;
use crate::oauth::{Providers, ProvidersConfig, SignIn};
use crate::realtime::{Announcer, Presence, RENEW_EVERY, Spectators};
use crate::store::{
    AccountStore, ActStore, Audience, FriendStore, LobbyStore, MailStore, NotificationStore, OAuthSessionStore,
    PresenceStore, ProfileRow, ScriptStore,
};
use crate::world::World;

/// Searches that run at once.
const SEARCHES_AT_ONCE: usize = 4;

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
    /// Where what happens is published.
    pub events: Events,
    /// This sidecar's id.
    pub replica: String,
    /// Background tasks and sockets, and their end.
    pub background: Background,
    /// What several sidecars share, if they do.
    pub redis: Option<RedisClient>,
    /// The leaderboards that designers declare.
    pub boards: DeclaredBoards,
    /// The folder with the scripts.
    pub hooks_dir: PathBuf,
    /// Where scripts may call.
    pub hooks_may_call: MayCall,
    /// Whether players are told what is wrong with a script: where it is developed.
    pub hooks_show_faults: bool,
    /// How mails leave, and from whom.
    pub mail: MailConfig,
    /// By which other accounts players may log in.
    pub providers: ProvidersConfig,
    /// The realm's name, as mails call it.
    pub realm: String,
    /// How the realm looks.
    pub theme: Arc<Theme>,
    /// The address of the public API, for links in mails and the way back from providers where the settings name nothing else.
    pub here: String,
}

/// The services. Handlers take the one that they need.
pub struct Services {
    pub(crate) http: HttpState,
    pub(crate) settings: CommunitySettings,
    pub(crate) store: AccountStore,
    pub(crate) log_ins: Arc<LogIns>,
    pub(crate) profiles: Profiles,
    pub(crate) addresses: Addresses,
    pub(crate) sign_in: SignIn,
    post: Arc<Post>,
    pub(crate) deletion: Arc<Deletion>,
    /// Forgets what strangers have left for good.
    pub abandoned: Arc<Abandoned>,
    pub(crate) sessions: SessionStore,
    pub(crate) friends: Arc<Friends>,
    pub(crate) lobbies: Arc<Lobbies>,
    pub(crate) events: Events,
    pub(crate) world: Arc<dyn World>,
    pub(crate) audience: Audience,
    pub(crate) presence: Arc<Presence>,
    pub(crate) spectators: Arc<Spectators>,
    pub(crate) background: Background,
    pub(crate) boards: Arc<Leaderboards>,
    /// The scripts, which worlds ask too.
    pub hooks: Arc<Hooks>,
    pub(crate) acts: ActStore,
    /// The pages without a script.
    pub(crate) pages: Pages,
    /// Whether browsers reach this server by HTTPS.
    pub(crate) is_https: bool,
    /// The description of the calls.
    pub(crate) published: Published,
    /// Turns of searches, which read more rows than other calls do: however many search, others keep their connections to the
    /// database.
    searches: Semaphore,
}

impl Community {
    /// Builds the services.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            settings, http, sql, passwords, world, events, replica, background, redis, boards, hooks_dir, ..
        } = parts;
        let mails = MailStore::new(sql.clone());
        let public_url = parts.mail.public_url.clone().unwrap_or_else(|| parts.here.clone());
        let is_https = public_url.starts_with("https://");
        let providers = Providers::new(parts.providers, &http.clock);
        let pages = Pages::new(&parts.theme, &parts.realm);
        let letterhead = Letterhead::new(&parts.mail, parts.realm, parts.here, &parts.theme.texts);
        let post = Arc::new(Post::new(parts.mail.carrier, letterhead, mails.clone(), http.clock.clone()));
        let boards = Arc::new(Leaderboards::new(sql.clone(), redis, boards, http.clock.clone(), settings.limits));
        let store = AccountStore::new(sql.clone());
        let notifications = Notifications {
            store: NotificationStore::new(sql.clone()),
            events: events.clone(),
            clock: http.clock.clone(),
        };
        let sources = Sources {
            store: ScriptStore::new(sql.clone(), boards.store.clone()),
            accounts: store.clone(),
            lobbies: LobbyStore::new(sql.clone()),
            boards: boards.clone(),
            fetcher: Fetcher::new(parts.hooks_may_call),
            clock: http.clock.clone(),
            limits: settings.limits,
        };
        let hooks = Hooks::new(hooks_dir, sources, notifications.clone(), events.clone(), parts.hooks_show_faults);
        let hooks = Arc::new(hooks);
        let log_ins = Arc::new(LogIns {
            settings,
            store: store.clone(),
            sessions: SessionStore::new(sql.clone()),
            passwords: passwords.clone(),
            limits: http.limits.clone(),
            tokens: http.tokens.clone(),
            world: world.clone(),
            events: events.clone(),
            hooks: hooks.clone(),
            clock: http.clock.clone(),
        });
        let lobbies = Arc::new(Lobbies {
            store: LobbyStore::new(sql.clone()),
            accounts: store.clone(),
            events: events.clone(),
            notifications: notifications.clone(),
            hooks: hooks.clone(),
            passwords: passwords.clone(),
            limits: http.limits.clone(),
            clock: http.clock.clone(),
            field_limits: settings.limits,
            doors: Gates::default(),
        });
        let profiles = Profiles {
            store: store.clone(),
            passwords,
            log_ins: log_ins.clone(),
            lobbies: lobbies.clone(),
            events: events.clone(),
            hooks: hooks.clone(),
            clock: http.clock.clone(),
        };
        let addresses = Addresses { log_ins: log_ins.clone(), mails, post: post.clone(), clock: http.clock.clone() };
        let sign_in = SignIn {
            providers,
            sessions: OAuthSessionStore::new(sql.clone()),
            store: store.clone(),
            log_ins: log_ins.clone(),
            events: events.clone(),
            clock: http.clock.clone(),
            public_url,
        };
        let friends = Arc::new(Friends {
            store: FriendStore::new(sql.clone(), settings.limits),
            accounts: store.clone(),
            events: events.clone(),
            notifications: notifications.clone(),
            world: world.clone(),
            limits: http.limits.clone(),
            clock: http.clock.clone(),
        });
        let deletion = Arc::new(Deletion {
            store: store.clone(),
            friends: friends.clone(),
            lobbies: lobbies.clone(),
            events: events.clone(),
            world: world.clone(),
            records: boards.clone(),
            clock: http.clock.clone(),
        });
        let abandoned = Arc::new(Abandoned {
            store: store.clone(),
            lobbies: lobbies.clone(),
            deletion: deletion.clone(),
            guests_stay: settings.guests_stay(),
            clock: http.clock.clone(),
        });
        let sessions = SessionStore::new(sql.clone());
        let acts = ActStore::new(sql.clone());
        let audience = Audience::new(sql.clone());
        let present = PresenceStore::new(sql);
        let spectators = Arc::new(Spectators::new(present.clone(), events.hub.clone(), replica.clone()));
        let presence = Presence::new(present, events.clone(), world.clone(), replica, http.clock.clone());
        Self(Arc::new(Services {
            http,
            settings,
            store,
            log_ins,
            profiles,
            addresses,
            sign_in,
            post,
            deletion,
            abandoned,
            sessions,
            friends,
            lobbies,
            events,
            world,
            audience,
            presence,
            spectators,
            background,
            boards,
            hooks,
            acts,
            pages,
            is_https,
            published: Published::default(),
            searches: Semaphore::new(SEARCHES_AT_ONCE),
        }))
    }

    /// Starts what goes on in the background, until the shutdown: what has changed is told, and crosses to the other
    /// sidecars; who is online is kept up to date.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn start(&self) -> sqlx::Result<()> {
        self.presence.begin().await?;
        self.hooks.start(&self.background);
        let Background { tasks, shutdown } = self.background.clone();
        let (announcer, until) = (
            Announcer {
                hub: self.events.hub.clone(),
                accounts: self.store.clone(),
                friends: self.friends.clone(),
                lobbies: self.lobbies.store.clone(),
                wait: Duration::from_millis(self.settings.realtime_debounce_ms.into()),
            },
            shutdown.clone(),
        );
        tasks.spawn(async move { announcer.announce_all(until).await });
        let (hub, until) = (self.events.hub.clone(), shutdown.clone());
        tasks.spawn(async move { hub.fan_out(until).await });
        let (presence, spectators) = (self.presence.clone(), self.spectators.clone());
        self.background.keep(RENEW_EVERY, RENEW_EVERY, "renewing the online users failed", move || {
            let (presence, spectators) = (presence.clone(), spectators.clone());
            async move { presence.renew(&spectators).await }
        });
        let (said_all, presence, end) = (CancellationToken::new(), self.presence.clone(), shutdown.clone());
        let saying = said_all.clone();
        tasks.spawn(async move {
            end.cancelled().await;
            presence.end().await;
            // Only now: the others are to hear who is gone.
            said_all.cancel();
        });
        if let Some(crossing) = &self.events.crossing {
            let (publisher, listener, hub) = (crossing.clone(), crossing.clone(), self.events.hub.clone());
            tasks.spawn(async move { publisher.publish_all(saying).await });
            tasks.spawn(async move { listener.listen(&hub, shutdown).await });
        }
        Ok(())
    }

    /// Starts forgetting what strangers have left for good, until the shutdown.
    pub fn forget_abandoned(&self) {
        let abandoned = self.abandoned.clone();
        self.background.keep(GUESTS_EVERY, GUESTS_EVERY, "deleting abandoned guests failed", move || {
            let abandoned = abandoned.clone();
            async move { abandoned.forget_guests().await }
        });
        let abandoned = self.abandoned.clone();
        self.background.keep(LOBBIES_EVERY, LOBBIES_EVERY, "deleting abandoned lobbies failed", move || {
            let abandoned = abandoned.clone();
            async move { abandoned.forget_lobbies().await }
        });
    }

    /// Starts sending the mails that are due, until the shutdown.
    pub fn send_mails(&self) {
        self.post.clone().start(&self.background);
    }

    /// Fills in what profiles of earlier versions lack: without it, they are not found by name.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn fill_name_keys(&self) -> sqlx::Result<()> {
        while self.store.fill_name_keys().await? > 0 {}
        Ok(())
    }

    /// A new code that makes an account the administrator, where there is none; `None` where there is one. An earlier code no longer
    /// works.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn offer_administrator_code(&self) -> Result<Option<String>, Error> {
        administrators::offer_code(&self.store).await
    }

    /// A page of the users that a text finds, and how many it finds, once it is this search's turn.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(crate) async fn search_users(&self, text: &str, page: Page) -> Result<(Vec<ProfileRow>, i64), Error> {
        let _turn = self.searches.acquire().await.map_err(Error::internal)?;
        Ok(self.store.search(text, page.limit(), page.offset()).await?)
    }

    /// Whether there is an administrator who may log in.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn has_administrator(&self) -> sqlx::Result<bool> {
        self.store.has_administrator().await
    }

    /// Each login that ends from now on, here or at another sidecar. A notice of another one may be lost.
    pub fn log_in_ends(&self) -> broadcast::Receiver<Uuid> {
        self.events.hub.log_in_ends()
    }

    /// The leaderboards, for whoever keeps them up.
    pub fn leaderboards(&self) -> Arc<Leaderboards> {
        self.boards.clone()
    }
}

impl Community {
    /// The page for an address at which there is none.
    pub fn not_found_page(&self) -> Response {
        self.pages.not_found()
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
