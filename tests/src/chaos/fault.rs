//! The faults that a run can strike with.

use std::fmt;
use std::time::Duration;

/// How late a slow link is, each way.
pub const LATE_BY: Duration = Duration::from_secs(2);
/// How far a clock is set, in milliseconds.
pub const CLOCK_SET_BY_MS: i64 = 60_000;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// kill -9 of a map server.
    KillMap,
    /// kill -9 of a sidecar replica.
    KillReplica,
    /// kill -9 of both at once.
    KillBoth,
    /// A map server stands still for a moment, as on a machine that swaps.
    FreezeMap,
    /// A replica stands still for a moment.
    FreezeReplica,
    /// Redis is killed and comes back without anything.
    EmptyRedis,
    /// PostgreSQL is stopped as an operator does in a hurry, and started again.
    StopPostgres,
    /// kill -9 of PostgreSQL.
    KillPostgres,
    /// The database's disk has no room.
    FillDisk,
    /// A link misbehaves.
    Link(Link, Trouble),
    /// The clock of a replica is set forward by a minute.
    ReplicaClockForward,
    /// The clock of a replica is set back by a minute.
    ReplicaClockBack,
    /// A map server comes up with its clock a minute ahead.
    MapClockForward,
    /// A map server comes up with its clock a minute behind.
    MapClockBack,
    /// A ticket is used a second time.
    TicketTwice,
    /// A ticket is used from two addresses at once.
    TicketFromTwo,
    /// A ticket is used after its time.
    TicketExpired,
    /// One account enters through two replicas at once.
    SameAccountTwice,
}

/// A link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// Map servers to the sidecar's internal port: the map link and the directory.
    MapToSidecar,
    /// Replicas to PostgreSQL.
    SidecarToPostgres,
    /// Replicas to Redis.
    SidecarToRedis,
    /// Players to the API and the gateway.
    ClientToGateway,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It is cut.
    Cut,
    /// It is slow.
    Late,
    /// It is half-open.
    HalfOpen,
}

const LINKS: [Link; 4] = [Link::MapToSidecar, Link::SidecarToPostgres, Link::SidecarToRedis, Link::ClientToGateway];
const TROUBLES: [Trouble; 3] = [Trouble::Cut, Trouble::Late, Trouble::HalfOpen];
const OTHERS: [Fault; 17] = [
    Fault::KillMap,
    Fault::KillReplica,
    Fault::KillBoth,
    Fault::FreezeMap,
    Fault::FreezeReplica,
    Fault::EmptyRedis,
    Fault::StopPostgres,
    Fault::KillPostgres,
    Fault::FillDisk,
    Fault::ReplicaClockForward,
    Fault::ReplicaClockBack,
    Fault::MapClockForward,
    Fault::MapClockBack,
    Fault::TicketTwice,
    Fault::TicketFromTwo,
    Fault::TicketExpired,
    Fault::SameAccountTwice,
];

/// What a realm is made of, as far as faults need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Whether it runs on PostgreSQL of its own, rather than on SQLite.
    pub postgres: bool,
    /// Whether that one's disk can be filled.
    pub small_disk: bool,
    /// Whether it has a Redis of its own.
    pub redis: bool,
    /// Replicas.
    pub replicas: usize,
}

impl Fault {
    /// Every fault there is.
    pub fn all() -> Vec<Self> {
        let links = LINKS.into_iter().flat_map(|link| TROUBLES.map(|trouble| Self::Link(link, trouble)));
        OTHERS.into_iter().chain(links).collect()
    }

    /// Whether it can happen to a realm of these parts.
    pub fn fits(self, parts: Parts) -> bool {
        match self {
            Self::EmptyRedis | Self::Link(Link::SidecarToRedis, _) => parts.redis,
            Self::StopPostgres | Self::KillPostgres | Self::Link(Link::SidecarToPostgres, _) => parts.postgres,
            Self::FillDisk => parts.postgres && parts.small_disk,
            Self::SameAccountTwice => parts.replicas > 1,
            _ => true,
        }
    }

    /// How long it lasts, in milliseconds: from, and to less than.
    pub(super) fn lasts_ms(self) -> std::ops::Range<u64> {
        match self {
            // These are over when their player has been let in or refused.
            Self::TicketTwice | Self::TicketFromTwo | Self::TicketExpired | Self::SameAccountTwice => 0..1,
            Self::FreezeMap | Self::FreezeReplica => 1_000..4_000,
            Self::Link(_, Trouble::Late) => 4_000..9_000,
            _ => 500..6_000,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::KillMap => "kill -9 of a map server",
            Self::KillReplica => "kill -9 of a replica",
            Self::KillBoth => "kill -9 of a map server and a replica",
            Self::FreezeMap => "a map server stands still",
            Self::FreezeReplica => "a replica stands still",
            Self::EmptyRedis => "Redis restarted empty",
            Self::StopPostgres => "PostgreSQL stopped and started",
            Self::KillPostgres => "kill -9 of PostgreSQL",
            Self::FillDisk => "disk full under PostgreSQL",
            Self::Link(link, trouble) => return write!(f, "{link} {trouble}"),
            Self::ReplicaClockForward => "a replica's clock a minute forward",
            Self::ReplicaClockBack => "a replica's clock a minute back",
            Self::MapClockForward => "a map server restarted a minute ahead",
            Self::MapClockBack => "a map server restarted a minute behind",
            Self::TicketTwice => "a ticket used twice",
            Self::TicketFromTwo => "a ticket from two addresses",
            Self::TicketExpired => "a ticket after its time",
            Self::SameAccountTwice => "one account on two replicas",
        };
        f.write_str(text)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MapToSidecar => "map server→sidecar",
            Self::SidecarToPostgres => "sidecar→PostgreSQL",
            Self::SidecarToRedis => "sidecar→Redis",
            Self::ClientToGateway => "client→gateway",
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "cut",
            Self::Late => "2 s late",
            Self::HalfOpen => "half-open",
        })
    }
}
