//! Accounts as clients see them.

use realmgate_platform::bans::Ban;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::oauth::Provider;
use crate::store::{ProfileRow, Ways};
use crate::time::iso;

/// What anyone may see of a user. Missing texts are empty.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Brief {
    /// The account's id.
    id: String,
    /// The unique user name.
    username: String,
    /// The display name.
    display_name: String,
    /// URL of the picture.
    profile_url: String,
    /// Custom data: a JSON object.
    metadata: Map<String, Value>,
    /// Whether the user is connected.
    is_online: bool,
    /// Whether the user may log in.
    is_activated: bool,
    /// When the user was last active, ISO 8601; 1970 if unknown.
    last_seen_at: String,
}

impl Brief {
    /// The account's id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A user with the lobby.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Public {
    #[serde(flatten)]
    brief: Brief,
    /// Id of the user's lobby; empty for none or a hidden one.
    lobby_id: String,
    /// Always empty.
    party_id: String,
}

/// What an administrator sees of a user.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Managed {
    #[serde(flatten)]
    public: Public,
    /// The e-mail address; empty for none.
    email: String,
    /// Whether the user is an administrator.
    is_admin: bool,
    /// Whether an administrator has banned the user. A user who is neither activated nor banned waits for activation.
    is_banned: bool,
    /// Reason of the ban; empty for none.
    ban_reason: String,
    /// End of the ban, ISO 8601; null if an administrator has to lift it.
    banned_until: Option<String>,
    /// End of the mute in the world's chat, ISO 8601; null if no administrator has muted the user. It may be in the past.
    muted_until: Option<String>,
}

/// The caller's account.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Me {
    /// The account's id.
    id: String,
    /// The e-mail address; empty for none.
    email: String,
    /// URL of the picture.
    profile_url: String,
    /// Custom data: a JSON object that only administrators and scripts change.
    metadata: Map<String, Value>,
    /// The unique user name.
    username: String,
    /// The display name.
    display_name: String,
    /// Id of the user's lobby; empty for none.
    lobby_id: String,
    /// Always empty.
    party_id: String,
    /// Whether the user is connected.
    is_online: bool,
    /// When the user was last active, ISO 8601.
    last_seen_at: String,
    /// The login methods besides a password.
    linked_providers: Linked,
    /// Whether the account has a password.
    has_password: bool,
    /// Whether friends may see the map of the user's character.
    show_map: bool,
}

/// Login methods of an account.
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
