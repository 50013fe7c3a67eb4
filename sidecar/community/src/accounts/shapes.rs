//! Accounts as clients see them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::store::{ProfileRow, Ways};
use crate::time::iso;

/// What everybody may see of a user. Texts that are not there are empty.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Brief {
    /// The account's id.
    id: String,
    /// Its unique name.
    username: String,
    /// What it wants to be called.
    display_name: String,
    /// Where its picture is.
    profile_url: String,
    /// What programs keep with it.
    metadata: Map<String, Value>,
    /// Whether it is connected.
    is_online: bool,
    /// Whether it may log in.
    is_activated: bool,
    /// When it was here last, ISO 8601; 1970 if that is not known.
    last_seen_at: String,
}

/// A user, with where it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Public {
    #[serde(flatten)]
    brief: Brief,
    /// The lobby it is in; empty for none.
    lobby_id: String,
    /// The party it is in; empty for none.
    party_id: String,
}

/// What an administrator sees of a user.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Managed {
    #[serde(flatten)]
    public: Public,
    /// Its address; empty for none.
    email: String,
    /// Whether it is an administrator.
    is_admin: bool,
}

/// The caller.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Me {
    /// The account's id.
    id: String,
    /// Its address; empty for none.
    email: String,
    /// Where its picture is.
    profile_url: String,
    /// What programs keep with it; only administrators change it.
    metadata: Map<String, Value>,
    /// Its unique name.
    username: String,
    /// What it wants to be called.
    display_name: String,
    /// The lobby it is in; empty for none.
    lobby_id: String,
    /// The party it is in; empty for none.
    party_id: String,
    /// Whether it is connected.
    is_online: bool,
    /// When it was here last, ISO 8601.
    last_seen_at: String,
    /// By what it may log in beside a password.
    linked_providers: Linked,
    /// Whether it has a password.
    has_password: bool,
}

/// By what an account may log in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
struct Linked {
    google: bool,
    facebook: bool,
    discord: bool,
    apple: bool,
    steam: bool,
    device: bool,
}

impl From<ProfileRow> for Brief {
    fn from(row: ProfileRow) -> Self {
        Self {
            id: row.account.to_string(),
            username: row.username,
            display_name: row.display_name,
            profile_url: row.profile_url,
            metadata: row.metadata,
            is_online: row.online,
            is_activated: row.activated,
            last_seen_at: iso(row.last_seen_ms),
        }
    }
}

impl From<ProfileRow> for Public {
    fn from(row: ProfileRow) -> Self {
        Self { brief: row.into(), lobby_id: String::new(), party_id: String::new() }
    }
}

impl Managed {
    /// A user, with what only administrators see.
    pub fn new(row: ProfileRow, ways: Ways) -> Self {
        Self { is_admin: row.admin, public: row.into(), email: ways.email }
    }
}

impl Me {
    /// The caller's own view.
    pub fn new(row: ProfileRow, ways: Ways) -> Self {
        Self {
            id: row.account.to_string(),
            email: ways.email,
            profile_url: row.profile_url,
            metadata: row.metadata,
            username: row.username,
            display_name: row.display_name,
            lobby_id: String::new(),
            party_id: String::new(),
            is_online: row.online,
            last_seen_at: iso(row.last_seen_ms),
            linked_providers: Linked {
                google: false,
                facebook: false,
                discord: false,
                apple: false,
                steam: false,
                device: ways.device,
            },
            has_password: ways.password,
        }
    }
}
