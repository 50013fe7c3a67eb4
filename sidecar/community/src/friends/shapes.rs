//! Friends and requests as clients see them.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::accounts::shapes::Brief;
use crate::store::{Friendship, ProfileRow, RequestRow};
use crate::time::iso;

/// A friend.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Friend {
    #[serde(flatten)]
    brief: Brief,
    /// The friendship's id.
    friendship_id: String,
    /// Map of the friend's character, if it is in the world and its player shows the map to friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    map_id: Option<u16>,
}

/// A pending friend request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Request {
    /// The friendship's id.
    id: String,
    /// The sender.
    requester: Brief,
    /// The receiver.
    target: Brief,
    /// Always `pending`.
    status: &'static str,
    /// When it was sent, ISO 8601.
    inserted_at: String,
}

/// A blocked user.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Blocked {
    /// The friendship's id.
    pub id: String,
    /// The blocked user.
    pub requester: Brief,
}

/// How two users stand, in events.
#[derive(Debug, Clone, Serialize)]
pub struct Relation {
    id: String,
    requester_id: String,
    target_id: String,
    status: &'static str,
}

/// The event `friend_updated`: friends by their ids.
#[derive(Debug, Serialize)]
pub struct Updated {
    friends: BTreeMap<String, FriendState>,
}

#[derive(Debug, Serialize)]
struct FriendState {
    #[serde(flatten)]
    friend: Friend,
    user_id: String,
}

impl Friend {
    /// A friend, in this map if that is known.
    pub fn new(profile: ProfileRow, friendship: Uuid, map_id: Option<u16>) -> Self {
        Self { brief: profile.into(), friendship_id: friendship.to_string(), map_id }
    }
}

impl Request {
    /// A request, whose other side is the caller `own`.
    pub fn new(row: RequestRow, own: Brief, is_incoming: bool) -> Self {
        let other = Brief::from(row.profile);
        let (requester, target) = if is_incoming { (other, own) } else { (own, other) };
        let status = row.friendship.status.as_str();
        Self { id: row.friendship.id.to_string(), requester, target, status, inserted_at: iso(row.created_ms) }
    }
}

impl From<Friendship> for Relation {
    fn from(row: Friendship) -> Self {
        Self {
            id: row.id.to_string(),
            requester_id: row.requester.to_string(),
            target_id: row.target.to_string(),
            status: row.status.as_str(),
        }
    }
}

impl Updated {
    /// One friend.
    pub fn of(friend: Friend) -> Self {
        [friend].into_iter().collect()
    }
}

impl FromIterator<Friend> for Updated {
    fn from_iter<I: IntoIterator<Item = Friend>>(friends: I) -> Self {
        let state = |friend: Friend| {
            let user_id = friend.brief.id().to_owned();
            (user_id.clone(), FriendState { friend, user_id })
        };
        Self { friends: friends.into_iter().map(state).collect() }
    }
}
