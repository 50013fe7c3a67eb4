//! Accounts as clients see them.

use realmgate_platform::bans::Ban;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::oauth::Provider;
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

impl Brief {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A user, with where it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Public {
    #[serde(flatten)]
    brief: Brief,
    /// The lobby it is in; empty for none, and for one that is in no list.
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
    /// Whether an administrator has banned it. One that is not activated and not banned waits for its activation.
    is_banned: bool,
    /// Why it is banned; empty where that is not said.
    ban_reason: String,
    /// When its ban ends, ISO 8601; null where an administrator has to lift it.
    banned_until: Option<String>,
    /// Until when it may not chat in the world, ISO 8601; null if no administrator has muted it. It may be past.
    muted_until: Option<String>,
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
    /// Whether its friends may see in which map its character is.
    show_map: bool,
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

impl Linked {
    fn of(ways: &Ways) -> Self {
        let has = |provider: Provider| ways.providers.iter().any(|name| name == provider.name());
        Self {
            google: has(Provider::Google),
            facebook: has(Provider::Facebook),
            discord: has(Provider::Discord),
            apple: has(Provider::Apple),
            steam: has(Provider::Steam),
            device: ways.device,
        }
    }
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
        // Whoever knows a lobby's id may join it: that of one that is in no list is nobody else's to know.
        let lobby_id = row.lobby.filter(|_| !row.lobby_hidden).map(|lobby| lobby.to_string()).unwrap_or_default();
        Self { brief: row.into(), lobby_id, party_id: String::new() }
    }
}

impl Managed {
    /// A user, with what only administrators see.
    pub fn new(mut row: ProfileRow, ways: Ways) -> Self {
        let (is_admin, ban) = (row.admin, row.ban.take());
        let (is_banned, Ban { reason, until_ms }) = (ban.is_some(), ban.unwrap_or_default());
        let (banned_until, muted_until) = (until_ms.map(iso), row.muted_until_ms.map(iso));
        Self {
            is_admin,
            public: row.into(),
            email: ways.email,
            is_banned,
            ban_reason: reason,
            banned_until,
            muted_until,
        }
    }
}

impl Me {
    /// The caller's own view.
    pub fn new(row: ProfileRow, ways: Ways) -> Self {
        let linked_providers = Linked::of(&ways);
        Self {
            id: row.account.to_string(),
            email: ways.email,
            profile_url: row.profile_url,
            metadata: row.metadata,
            username: row.username,
            display_name: row.display_name,
            lobby_id: row.lobby.map(|lobby| lobby.to_string()).unwrap_or_default(),
            party_id: String::new(),
            is_online: row.online,
            last_seen_at: iso(row.last_seen_ms),
            linked_providers,
            has_password: ways.password,
            show_map: row.show_map,
        }
    }
}
