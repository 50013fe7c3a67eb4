//! Builds the services of the worlds, each from what it needs.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use realmgate_community::Events;
use realmgate_platform::background::Background;
use realmgate_platform::clock::Clock;
use realmgate_platform::gates::Gates;
use realmgate_platform::limits::Limits;

use super::World;
use super::account::AccountLocks;
use super::admission::Admissions;
use super::choice::Seats;
use super::departures::DepartureNews;
use super::displace::Exits;
use super::enter::Entrance;
use super::entry_rules::Rules;
use super::leave::Releases;
use super::lock_clock::LockClock;
use super::reach::MapServers;
use super::renewal::Renewal;
use super::replica::ReplicaLock;
use super::servers::MapServerLocks;
use super::session_entry::SessionEntries;
use super::stay::Residents;
use super::sweeper::Sweeper;
use super::this_replica::ThisReplica;
use super::travel::Journeys;
use super::watch::Gallery;
use crate::config::SidecarConfig;
use crate::directory::{Registry, Sessions};
use crate::fleet::Fleet;
use crate::gateway::Sockets;
use crate::link::{Departures, Links};
use crate::replicas::Replicas;
use crate::service::characters::Characters;
use crate::social::Social;
use crate::store::Store;

/// What the services of the worlds are built from. None of them keeps all of it.
pub struct Foundation<'a> {
    /// The settings.
    pub config: &'a SidecarConfig,
    /// The clock of this process.
    pub clock: &'a Clock,
    /// The clock of the locks.
    pub time: &'a LockClock,
    /// The database.
    pub store: &'a Store,
    /// This sidecar.
    pub this: &'a Arc<ThisReplica>,
    /// The map servers' links.
    pub links: &'a Arc<Links>,
    /// The players' sockets.
    pub sockets: &'a Arc<Sockets>,
    /// Who waits here for characters to leave.
    pub departures: &'a Arc<Departures>,
    /// The map servers, wherever their links are.
    pub map_servers: &'a Arc<MapServers>,
    /// The registry of live map servers.
    pub registry: &'a Registry,
    /// The session entries of users.
    pub sessions: &'a Sessions,
    /// The other sidecars.
    pub replicas: &'a Replicas,
    /// Parties and whispers.
    pub social: &'a Social,
    /// The map servers that this process manages.
    pub fleet: &'a Arc<Fleet>,
    /// The rate limits.
    pub limits: &'a Arc<Limits>,
    /// The characters of accounts.
    pub characters: &'a Arc<Characters>,
    /// Where players' comings and goings are published.
    pub events: &'a Events,
    /// Background tasks.
    pub background: &'a Background,
}

impl World {
    /// Builds the services.
    pub fn new(on: &Foundation<'_>) -> Self {
        let departures = DepartureNews { here: on.departures.clone(), replicas: on.replicas.clone() };
        let entries = Arc::new(on.entries());
        let accounts = Arc::new(on.accounts(&entries));
        let gates = Arc::new(Gates::default());
        let exits = Arc::new(on.exits(&departures, &accounts, &entries, &gates));
        let seats = Arc::new(on.seats());
        let admissions = Arc::new(on.admissions(&seats));
        let journeys = Arc::new(on.journeys(&seats, &admissions, &entries));
        let entrance = Arc::new(Entrance {
            locks: on.store.locks.clone(),
            account_locks: on.store.account_locks.clone(),
            characters: on.characters.clone(),
            time: on.time.clone(),
            this: on.this.clone(),
            accounts: accounts.clone(),
            exits: exits.clone(),
            seats,
            admissions,
            entries: entries.clone(),
            gates,
            rules: Rules::default(),
            duplicate_login: on.config.gateway.duplicate_login,
        });
        let residents = Arc::new(on.residents());
        let releases = Arc::new(on.releases(&departures, &entries));
        let servers = Arc::new(on.servers(&departures, &entries));
        let replica = Arc::new(on.replica(&entries));
        let renewal = Arc::new(on.renewal(&replica));
        let sweeper = Arc::new(on.sweeper(&departures, &entries, &servers, &replica));
        Self {
            accounts,
            entries,
            entrance,
            exits,
            gallery: Arc::new(on.gallery()),
            servers,
            journeys,
            residents,
            releases,
            departures,
            replica,
            renewal,
            sweeper,
        }
    }
}

impl Foundation<'_> {
    fn entries(&self) -> SessionEntries {
        SessionEntries {
            sessions: self.sessions.clone(),
            locks: self.store.locks.clone(),
            account_locks: self.store.account_locks.clone(),
            accounts: self.store.accounts.clone(),
            time: self.time.clone(),
            links: self.links.clone(),
            sockets: self.sockets.clone(),
            this: self.this.clone(),
            events: self.events.clone(),
        }
    }

    fn accounts(&self, entries: &Arc<SessionEntries>) -> AccountLocks {
        AccountLocks {
            account_locks: self.store.account_locks.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            sockets: self.sockets.clone(),
            replicas: self.replicas.clone(),
            entries: entries.clone(),
            clock: self.clock.clone(),
            log_ins: AtomicU64::new(0),
        }
    }

    fn exits(
        &self,
        departures: &DepartureNews,
        accounts: &Arc<AccountLocks>,
        entries: &Arc<SessionEntries>,
        gates: &Arc<Gates>,
    ) -> Exits {
        Exits {
            locks: self.store.locks.clone(),
            account_locks: self.store.account_locks.clone(),
            time: self.time.clone(),
            registry: self.registry.clone(),
            links: self.links.clone(),
            sockets: self.sockets.clone(),
            replicas: self.replicas.clone(),
            map_servers: self.map_servers.clone(),
            departures: departures.clone(),
            social: self.social.clone(),
            accounts: accounts.clone(),
            entries: entries.clone(),
            gates: gates.clone(),
            events: self.events.clone(),
        }
    }

    fn gallery(&self) -> Gallery {
        Gallery {
            registry: self.registry.clone(),
            map_servers: self.map_servers.clone(),
            time: self.time.clone(),
            ticket_keys: self.config.secrets.ticket.clone(),
        }
    }

    fn seats(&self) -> Seats {
        Seats {
            registry: self.registry.clone(),
            fleet: self.fleet.clone(),
            allow_unlinked: self.config.gateway.allow_unlinked_map_servers,
        }
    }

    fn admissions(&self, seats: &Arc<Seats>) -> Admissions {
        Admissions {
            locks: self.store.locks.clone(),
            server_locks: self.store.server_locks.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            map_servers: self.map_servers.clone(),
            seats: seats.clone(),
            ticket_keys: self.config.secrets.ticket.clone(),
        }
    }

    fn journeys(&self, seats: &Arc<Seats>, admissions: &Arc<Admissions>, entries: &Arc<SessionEntries>) -> Journeys {
        Journeys {
            locks: self.store.locks.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            limits: self.limits.clone(),
            seats: seats.clone(),
            admissions: admissions.clone(),
            map_servers: self.map_servers.clone(),
            entries: entries.clone(),
            tasks: self.background.tasks.clone(),
        }
    }

    fn residents(&self) -> Residents {
        Residents {
            locks: self.store.locks.clone(),
            server_locks: self.store.server_locks.clone(),
            ledger: self.store.ledger.clone(),
            registry: self.registry.clone(),
            social: self.social.clone(),
            this: self.this.clone(),
            clock: self.clock.clone(),
        }
    }

    fn releases(&self, departures: &DepartureNews, entries: &Arc<SessionEntries>) -> Releases {
        Releases {
            locks: self.store.locks.clone(),
            time: self.time.clone(),
            registry: self.registry.clone(),
            social: self.social.clone(),
            departures: departures.clone(),
            entries: entries.clone(),
        }
    }

    fn servers(&self, departures: &DepartureNews, entries: &Arc<SessionEntries>) -> MapServerLocks {
        MapServerLocks {
            server_locks: self.store.server_locks.clone(),
            locks: self.store.locks.clone(),
            ledger: self.store.ledger.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            registry: self.registry.clone(),
            links: self.links.clone(),
            replicas: self.replicas.clone(),
            departures: departures.clone(),
            social: self.social.clone(),
            entries: entries.clone(),
        }
    }

    fn replica(&self, entries: &Arc<SessionEntries>) -> ReplicaLock {
        ReplicaLock {
            server_locks: self.store.server_locks.clone(),
            account_locks: self.store.account_locks.clone(),
            locks: self.store.locks.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            entries: entries.clone(),
            data_dir: self.config.data_dir.clone(),
            is_shared: self.config.redis.is_some(),
            folder: Mutex::default(),
        }
    }

    fn renewal(&self, replica: &Arc<ReplicaLock>) -> Renewal {
        Renewal {
            server_locks: self.store.server_locks.clone(),
            time: self.time.clone(),
            this: self.this.clone(),
            links: self.links.clone(),
            sockets: self.sockets.clone(),
            replica: replica.clone(),
        }
    }

    fn sweeper(
        &self,
        departures: &DepartureNews,
        entries: &Arc<SessionEntries>,
        servers: &Arc<MapServerLocks>,
        replica: &Arc<ReplicaLock>,
    ) -> Sweeper {
        Sweeper {
            store: self.store.clone(),
            time: self.time.clone(),
            map_servers: self.map_servers.clone(),
            departures: departures.clone(),
            social: self.social.clone(),
            entries: entries.clone(),
            servers: servers.clone(),
            replica: replica.clone(),
        }
    }
}
