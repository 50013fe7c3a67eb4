//! Notifications: what a player is told when it happens or, having been away, when it comes back.

use realmgate_platform::clock::Clock;
use realmgate_protocol::ids::AccountId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::events::{Events, Topic};
use crate::store::{NewNotification, NotificationRow, NotificationStore};
use crate::time::iso;

/// The event that tells of one.
pub(crate) const CREATED: &str = "notification_created";

/// Sends notifications.
#[derive(Clone)]
pub struct Notifications {
    pub(crate) store: NotificationStore,
    pub(crate) events: Events,
    pub(crate) clock: Clock,
}

/// A notification as clients see it.
#[derive(Debug, Clone, Serialize)]
pub struct Notification {
    id: String,
    sender_id: String,
    sender_name: String,
    recipient_id: String,
    title: String,
    content: String,
    metadata: Map<String, Value>,
    inserted_at: String,
}

impl From<NotificationRow> for Notification {
    fn from(row: NotificationRow) -> Self {
        Self {
            id: row.id.to_string(),
            sender_id: row.sender.to_string(),
            sender_name: row.sender_name,
            recipient_id: row.recipient.to_string(),
            title: row.title,
            content: row.content,
            metadata: row.metadata,
            inserted_at: iso(row.created_ms),
        }
    }
}

impl Notifications {
    /// Sends a notification. What it is about has happened already: where it cannot be kept, that is logged and no more.
    pub async fn send(&self, sender: AccountId, recipient: AccountId, title: &str, content: &str, metadata: &Value) {
        let new = NewNotification { sender, recipient, title, content, metadata, at_ms: self.clock.now_ms() };
        match self.store.insert(new).await {
            Ok(Some(row)) => self.tell(row),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, account = %recipient, "saving a notification failed"),
        }
    }

    /// Tells of a notification that is kept.
    pub(crate) fn tell(&self, row: NotificationRow) {
        self.events.tell_once(Topic::User(row.recipient), CREATED, row.id, &Notification::from(row));
    }
}
