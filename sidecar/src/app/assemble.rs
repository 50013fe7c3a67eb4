//! Builds every service of a sidecar, each from the handles that it needs.

use std::sync::{Arc, Mutex};

use metrics_exporter_prometheus::PrometheusHandle;
use realmgate_community::{self as community, Community, DeclaredBoards, Events};
use realmgate_door::Door;
use realmgate_door::dictionary::Watch;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::config::ConfigError;
use realmgate_platform::database::DatabaseTime;
use realmgate_platform::gates::Gates;
use realmgate_platform::http::extract::UnnamedProxy;
use realmgate_platform::http::{HttpParts, HttpState};
use realmgate_platform::limits::Limits;
use realmgate_platform::passwords::Passwords;
use realmgate_platform::redis_client::RedisClient;
use realmgate_platform::tokens::Tokens;

use super::StartError;
use super::community::{ScriptsAtTheGate, WorldOfAccounts};
use crate::config::SidecarConfig;
use crate::directory::{Registry, Sessions};
use crate::fleet::Fleet;
use crate::gateway::{Gateway, Sockets};
use crate::http::{Documents, Pictures, Realm};
use crate::link::{Links, MapLinks};
use crate::replicas::Replicas;
use crate::service::accounts::Accounts;
use crate::service::characters::{Characters, ShownBeginning};
use crate::service::classes::Classes;
use crate::service::figures::Figures;
use crate::service::online::Online;
use crate::service::socket_closes::SocketCloses;
use crate::service::world::{Foundation, LockClock, MapServers, ThisReplica, World};
use crate::social::{Happenings, PartyService, Social, SocialParts};
use crate::state::{Addrs, AppState, Parts};
use crate::store::Store;

/// What a start has opened and read.
pub(super) struct Found {
    pub(super) addrs: Addrs,
    pub(super) classes: Classes,
    pub(super) boards: DeclaredBoards,
    pub(super) pictures: Pictures,
    pub(super) store: Store,
    pub(super) redis: Option<RedisClient>,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) clock: Clock,
}

/// Builds every service, each from what it needs. `now_ms` is the database's time.
pub(super) fn assemble(config: SidecarConfig, found: Found, now_ms: u64) -> Result<(AppState, Happenings), StartError> {
    let Found { addrs, classes, boards, pictures, mut store, redis, metrics, clock } = found;
    store.ledger = store.ledger.feeding(boards.events());
    let (this, background) = (Arc::new(ThisReplica::new(&config.gateway.id)), Background::default());
    let (links, sockets, departures) = (Arc::<Links>::default(), Arc::<Sockets>::default(), Arc::default());
    let database_time = Arc::new(DatabaseTime::new(clock.clone(), now_ms));
    let time = LockClock::new(database_time.clone(), config.timers);
    let limits = Arc::new(Limits::new(&config.limits, &clock, redis.as_ref()));
    let passwords = Arc::new(Passwords::new(&config.passwords)?);
    let tokens = Tokens::new(&config.secrets.jwt, config.tokens, store.sessions.clone(), clock.clone());
    let (tokens, classes) = (Arc::new(tokens), Arc::new(classes));
    let registry = Registry::new(redis.as_ref(), &this.id, clock.clone());
    let sessions = Sessions::new(redis.as_ref(), &this.id, clock.clone());
    let events = Events::new(redis.as_ref(), &this.id);
    let replicas = Replicas::new(redis.as_ref(), &this.id);
    let map_servers = Arc::new(MapServers {
        links: links.clone(),
        registry: registry.clone(),
        replicas: replicas.clone(),
        this: this.clone(),
        tasks: background.tasks.clone(),
    });
    let (social, happenings) = Social::queue();
    let parties = Arc::new(PartyService::new(SocialParts {
        redis: redis.as_ref(),
        store: &store,
        map_servers: map_servers.clone(),
        registry: registry.clone(),
        sessions: sessions.clone(),
        events: events.clone(),
        limits: limits.clone(),
        time: database_time.clone(),
    }));
    let (locks, tasks) = (store.locks.clone(), background.tasks.clone());
    let fleet = Arc::new(Fleet::new(&config, addrs, registry.clone(), locks, clock.clone(), tasks));
    let characters = Arc::new(Characters {
        store: store.characters.clone(),
        classes: classes.clone(),
        rules: config.characters,
        start: config.start,
        registry: registry.clone(),
        clock: clock.clone(),
        database_time,
        shown_beginning: ShownBeginning::default(),
    });
    let world = World::new(&Foundation {
        config: &config,
        clock: &clock,
        time: &time,
        store: &store,
        this: &this,
        links: &links,
        sockets: &sockets,
        departures: &departures,
        map_servers: &map_servers,
        registry: &registry,
        sessions: &sessions,
        replicas: &replicas,
        social: &social,
        fleet: &fleet,
        limits: &limits,
        characters: &characters,
        events: &events,
        background: &background,
    });
    let accounts = Accounts {
        store: store.accounts.clone(),
        log_ins: store.sessions.clone(),
        passwords: passwords.clone(),
        limits: limits.clone(),
        tokens: tokens.clone(),
        locks: world.accounts.clone(),
        exits: world.exits.clone(),
        clock: clock.clone(),
        require_activation: config.community.require_activation,
        handover_wait: config.timers.handover_wait,
        tasks: background.tasks.clone(),
    };
    let closes = Arc::new(SocketCloses {
        is_on: config.community.log_out_on_socket_close,
        grace: config.community.log_out_grace,
        sockets: sockets.clone(),
        events: events.clone(),
        replicas: replicas.clone(),
        this: this.clone(),
        log_ins: store.sessions.clone(),
        exits: world.exits.clone(),
        clock: clock.clone(),
        background: background.clone(),
    });
    let gateway = gateway(&world, this.clone(), closes.clone(), tokens.clone(), limits.clone(), &background);
    let map_links =
        map_links(&world, this.clone(), links.clone(), time.clone(), registry.clone(), social.clone(), &background);
    let http = HttpState::new(HttpParts {
        clock: clock.clone(),
        proxies: config.edge.proxies.clone(),
        origins: config.gateway.origins.clone(),
        public_url: config.mail.public_url.as_deref().and_then(|url| url.parse().ok()),
        service_token: config.secrets.service_token.clone(),
        tokens: tokens.clone(),
        limits: limits.clone(),
        unnamed_proxy: UnnamedProxy::default(),
    });
    let door = door(&config, &http, &store, &background)?;
    let documents = Documents::new(Realm {
        theme: &config.theme,
        name: &config.realm_name,
        sends_mails: config.mail.has_server(),
        pictures: &pictures,
        public_url: config.mail.public_url.as_deref(),
    });
    let community = Community::new(community::Parts {
        settings: config.community,
        http: http.clone(),
        sql: store.sql().clone(),
        passwords: passwords.clone(),
        world: Arc::new(WorldOfAccounts {
            locks: world.accounts.clone(),
            exits: world.exits.clone(),
            characters: characters.clone(),
            sessions: sessions.clone(),
            social,
            parties: parties.clone(),
            closes,
            handover_wait: config.timers.handover_wait,
            tasks: background.tasks.clone(),
        }),
        events: events.clone(),
        replica: this.id.clone(),
        background: background.clone(),
        redis: redis.clone(),
        boards,
        hooks_dir: config.hooks_dir.clone(),
        hooks_may_call: config.hooks_may_call.clone(),
        hooks_show_faults: !config.is_production,
        mail: config.mail.clone(),
        realm: config.realm_name.clone(),
        theme: config.theme.clone(),
        providers: config.providers.clone(),
        here: addrs.api_url(config.edge.tls.is_some()),
    });
    let scripts = ScriptsAtTheGate { hooks: community.hooks.clone(), characters: characters.clone() };
    world.entrance.rules.set(Arc::new(scripts));
    let parts = Parts {
        community,
        events,
        figures: Figures {
            registry: registry.clone(),
            accounts: world.accounts.clone(),
            clock: clock.clone(),
            kept: Mutex::default(),
        },
        online: Online { store: store.online.clone(), sessions: sessions.clone() },
        door,
        http,
        gateway: Arc::new(gateway),
        map_links: Arc::new(map_links),
        parties,
        addrs,
        config,
        clock,
        time,
        store,
        redis,
        replicas,
        registry,
        sessions,
        limits,
        passwords,
        tokens,
        accounts,
        classes,
        documents,
        pictures,
        characters,
        world,
        map_servers,
        links,
        sockets,
        departures,
        fleet,
        metrics,
        background,
    };
    Ok((AppState::new(parts), happenings))
}

/// The door, if this process has the role and there are services.
fn door(
    config: &SidecarConfig,
    http: &HttpState,
    store: &Store,
    background: &Background,
) -> Result<Option<Door>, StartError> {
    let Some(file) = config.services_file.clone().filter(|_| config.roles.door) else { return Ok(None) };
    let watch = Watch::start(file, background);
    let watch = watch.map_err(|faults| ConfigError::new("SERVICES_FILE", faults.to_string()))?;
    Ok(Some(Door::new(realmgate_door::Parts {
        watch,
        http: http.clone(),
        sessions: store.sessions.clone(),
        background: background.clone(),
        is_https: config.edge.tls.is_some(),
        recovery_key: http.tokens.derived_key(b"realmgate door recovery 1"),
    })))
}

fn gateway(
    world: &World,
    this: Arc<ThisReplica>,
    closes: Arc<SocketCloses>,
    tokens: Arc<Tokens>,
    limits: Arc<Limits>,
    background: &Background,
) -> Gateway {
    Gateway {
        this,
        sockets: closes.sockets.clone(),
        closes,
        accounts: world.accounts.clone(),
        entries: world.entries.clone(),
        entrance: world.entrance.clone(),
        exits: world.exits.clone(),
        tokens,
        limits,
        claims: Gates::default(),
        tasks: background.tasks.clone(),
        shutdown: background.shutdown.clone(),
    }
}

fn map_links(
    world: &World,
    this: Arc<ThisReplica>,
    links: Arc<Links>,
    time: LockClock,
    registry: Registry,
    social: Social,
    background: &Background,
) -> MapLinks {
    MapLinks {
        links,
        this,
        time,
        servers: world.servers.clone(),
        residents: world.residents.clone(),
        releases: world.releases.clone(),
        journeys: world.journeys.clone(),
        departures: world.departures.clone(),
        registry,
        social,
        tasks: background.tasks.clone(),
        shutdown: background.shutdown.clone(),
    }
}
