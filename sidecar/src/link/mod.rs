//! The map link: one WebSocket from each map server, and what this process knows about who is connected.
//!
//! Messages of a map server are handled strictly in order, one after the other; answers to our own questions are handed
//! to the task that asked. Our messages go through a bounded queue; a map server that does not empty it loses its link,
//! and continues where it was when it connects again.

mod departures;
mod inbound;
mod links;
mod socket;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use departures::{Departure, Departures};
pub use links::{Link, LinkGone, Links, PrepareFailure, Question, ReturnQuestion, WatchQuestion};
pub(crate) use links::{PREPARE_DEADLINE, PROBE};
pub use socket::router;

use crate::directory::Registry;
use crate::service::world::{DepartureNews, Journeys, LockClock, MapServerLocks, Releases, Residents, ThisReplica};
use crate::social::Social;

/// What serves the map servers that are linked here.
pub struct MapLinks {
    /// The open links.
    pub(crate) links: Arc<Links>,
    /// This sidecar.
    pub(crate) this: Arc<ThisReplica>,
    /// How long a map server has to reclaim what it held.
    pub(crate) time: LockClock,
    /// The locks of map servers.
    pub(crate) servers: Arc<MapServerLocks>,
    /// The characters on them.
    pub(crate) residents: Arc<Residents>,
    /// The characters that they let go.
    pub(crate) releases: Arc<Releases>,
    /// The characters that go to other channels.
    pub(crate) journeys: Arc<Journeys>,
    /// Who waits for characters to leave.
    pub(crate) departures: DepartureNews,
    /// Where map servers are listed.
    pub(crate) registry: Registry,
    /// Parties and whispers.
    pub(crate) social: Social,
    /// The links, while they are open.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the links are to end.
    pub(crate) shutdown: CancellationToken,
}
