//! Lobbies as clients see them.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::accounts::shapes::Brief;
use crate::store::{LobbyRow, ProfileRow};

/// Most metadata of a lobby that the list is told, in bytes of JSON.
const LISTED_METADATA: usize = 512;

/// A lobby. Missing texts are empty.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Lobby {
    #[serde(flatten)]
    shown: Shown,
    /// Whether joining needs a password.
    is_passworded: bool,
    /// Seconds between two chat messages of a member; clients apply it.
    slowdown: i64,
}

/// The fields of a lobby that members and lists see.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Shown {
    /// The lobby's id.
    id: String,
    /// The title.
    title: String,
    /// Account id of the host; empty for none.
    host_id: String,
    /// Display name of the host.
    host_name: String,
    /// Whether it has no host: any member may change it.
    hostless: bool,
    /// Maximum number of members.
    max_users: i64,
    /// Whether lists leave it out.
    is_hidden: bool,
    /// Whether new members are refused.
    is_locked: bool,
    /// Custom data: a JSON object.
    metadata: Map<String, Value>,
}

/// A lobby with its members.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LobbyWithMembers {
    /// The lobby.
    data: Lobby,
    /// The members, oldest accounts first.
    members: Vec<Brief>,
    /// Number of spectators, who are not members.
    spectator_count: i64,
}

/// What an administrator sees of a lobby.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ManagedLobby {
    #[serde(flatten)]
    lobby: Lobby,
    /// Number of spectators, who are not members.
    spectator_count: i64,
}

/// A lobby in the events of the list, which everybody may read: without its metadata where that is large.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Listing(Lobby);

/// The event `updated` of a lobby's topic.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct State {
    #[serde(flatten)]
    shown: Shown,
    members: Vec<Brief>,
}

/// The same for who has just joined the topic.
#[derive(Debug, Serialize)]
pub(crate) struct Joined<'a> {
    #[serde(flatten)]
    pub(crate) state: &'a State,
    pub(crate) spectator: bool,
}

/// A member, in events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Member {
    #[serde(flatten)]
    brief: Brief,
    user_id: String,
}

/// Who is a member no more.
#[derive(Debug, Serialize)]
pub(crate) struct Former<'a> {
    pub(crate) user_id: String,
    pub(crate) display_name: &'a str,
}

/// Who is the host now.
#[derive(Debug, Serialize)]
pub(crate) struct NewHost<'a> {
    pub(crate) new_host_id: String,
    pub(crate) display_name: &'a str,
}

/// A lobby's id alone.
#[derive(Debug, Serialize)]
pub(crate) struct Only {
    pub(crate) id: Uuid,
}

impl From<LobbyRow> for Shown {
    fn from(row: LobbyRow) -> Self {
        Self {
            id: row.id.to_string(),
            title: row.settings.title,
            hostless: row.host.is_none(),
            host_id: row.host.map(|host| host.to_string()).unwrap_or_default(),
            host_name: row.host_name,
            max_users: row.settings.max_users,
            is_hidden: row.settings.hidden,
            is_locked: row.settings.locked,
            metadata: row.settings.metadata,
        }
    }
}

impl From<LobbyRow> for Lobby {
    fn from(row: LobbyRow) -> Self {
        let (is_passworded, slowdown) = (row.settings.password.is_some(), row.settings.slowdown);
        Self { is_passworded, slowdown, shown: row.into() }
    }
}

impl From<LobbyRow> for Listing {
    fn from(mut row: LobbyRow) -> Self {
        let metadata = &mut row.settings.metadata;
        if serde_json::to_string(metadata).is_ok_and(|text| text.len() > LISTED_METADATA) {
            metadata.clear();
        }
        Self(row.into())
    }
}

impl From<LobbyRow> for ManagedLobby {
    fn from(row: LobbyRow) -> Self {
        Self { spectator_count: row.spectators, lobby: row.into() }
    }
}

impl From<(LobbyRow, Vec<ProfileRow>)> for LobbyWithMembers {
    fn from((row, members): (LobbyRow, Vec<ProfileRow>)) -> Self {
        let members = members.into_iter().map(Brief::from).collect();
        Self { spectator_count: row.spectators, data: row.into(), members }
    }
}

impl From<(LobbyRow, Vec<ProfileRow>)> for State {
    fn from((row, members): (LobbyRow, Vec<ProfileRow>)) -> Self {
        Self { shown: row.into(), members: members.into_iter().map(Brief::from).collect() }
    }
}

impl From<ProfileRow> for Member {
    fn from(row: ProfileRow) -> Self {
        Self { user_id: row.account.to_string(), brief: row.into() }
    }
}
