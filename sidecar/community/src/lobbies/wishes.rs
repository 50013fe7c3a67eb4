//! What clients want of lobbies, and what is wrong with it.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::accounts::rules::{length_fault, line_fault, metadata_fault};
use crate::field_limits::FieldLimits;
use crate::http::{Fault, Fields, Input};
use crate::store::{LobbyChange, LobbySettings};

/// Places of a lobby whose maker does not say.
const DEFAULT_USERS: i64 = 8;
/// Most seconds between two lines.
const LONGEST_SLOWDOWN: i64 = 3_600;
/// Most fields of metadata: lobbies are found by each of them.
pub(crate) const METADATA_FIELDS: usize = 128;

/// What somebody wants a lobby to be.
#[derive(Debug, Default)]
pub struct Wanted {
    pub(crate) change: LobbyChange,
    /// Its password, which is not hashed yet; empty for none.
    pub(crate) password: Option<String>,
}

impl Wanted {
    /// How a new lobby is then: what nobody has said is made up.
    pub(crate) fn settings(self, id: Uuid, password: Option<String>, limits: &FieldLimits) -> LobbySettings {
        let LobbyChange { title, max_users, hidden, locked, slowdown, metadata, .. } = self.change;
        let title = title.filter(|title| !title.is_empty());
        LobbySettings {
            title: title.unwrap_or_else(|| format!("lobby-{}", &id.simple().to_string()[16..])),
            max_users: max_users.unwrap_or(DEFAULT_USERS.min(limits.max_lobby_users.into())),
            hidden: hidden.unwrap_or_default(),
            locked: locked.unwrap_or_default(),
            password,
            slowdown: slowdown.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
        }
    }

    /// What scripts see of it, by the names that clients use. They do not see the password.
    pub(super) fn attrs(&self) -> Value {
        let change = &self.change;
        let all = json!({
            "title": change.title, "max_users": change.max_users, "is_hidden": change.hidden, "is_locked": change.locked,
            "slowdown": change.slowdown, "metadata": change.metadata, "hostless": change.hostless,
            "host_id": change.host.map(|host| host.to_string()),
        });
        match all {
            Value::Object(fields) => fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            other => other,
        }
    }

    /// The same with what scripts have made of what they saw.
    ///
    /// # Errors
    /// What is wrong with that.
    pub(super) fn rewritten(self, attrs: Map<String, Value>, limits: &FieldLimits) -> Result<Self, Fields> {
        let Self { change, .. } = read(&Input::from(attrs), limits)?;
        Ok(Self { change, password: self.password })
    }
}

/// Reads the fields of a lobby.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn read(input: &Input, limits: &FieldLimits) -> Result<Wanted, Fields> {
    let mut reading = Reading { input, faults: Fields::new() };
    let title = reading.field("title", |value| value.as_str().map(|title| title.trim().to_owned()));
    let password = reading.field("password", |value| value.as_str().map(str::to_owned));
    let change = LobbyChange {
        title: reading.check("title", title, |title| line_fault(title, limits.max_lobby_title)),
        max_users: reading.number("max_users", 1, limits.max_lobby_users.into()),
        slowdown: reading.number("slowdown", 0, LONGEST_SLOWDOWN),
        hidden: reading.flag("is_hidden"),
        locked: reading.flag("is_locked"),
        hostless: reading.flag("hostless"),
        host: reading.field("host_id", |value| value.as_str()?.parse().ok()),
        metadata: reading.metadata(limits),
        password: None,
    };
    let long = |password: &String| length_fault(password, limits.max_lobby_password);
    let password = reading.check("password", password, long);
    if reading.faults.is_empty() { Ok(Wanted { change, password }) } else { Err(reading.faults) }
}

/// Reads what is to be changed of a lobby that is there.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_change(input: &Input, limits: &FieldLimits) -> Result<Wanted, Fields> {
    let read = read(input, limits);
    match input.text("title").is_some_and(|title| title.trim().is_empty()) {
        true => {
            let mut faults = read.err().unwrap_or_default();
            faults.insert("title", vec!["can't be blank".into()]);
            Err(faults)
        }
        false => read,
    }
}

/// The fields of a call, and what is wrong with them.
struct Reading<'a> {
    input: &'a Input,
    faults: Fields,
}

impl Reading<'_> {
    /// A value that `read` understands; `None` where there is none, or where it is no good, which is noted.
    fn field<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let found = read(self.input.value(name)?);
        if found.is_none() {
            self.faults.insert(name, vec!["is invalid".into()]);
        }
        found
    }

    fn check<T>(&mut self, name: &'static str, value: Option<T>, fault: impl FnOnce(&T) -> Option<Fault>) -> Option<T> {
        if let Some(fault) = value.as_ref().and_then(fault) {
            self.faults.insert(name, vec![fault]);
        }
        value
    }

    /// A whole number, as such or as text.
    fn number(&mut self, name: &'static str, least: i64, most: i64) -> Option<i64> {
        let number = self.field(name, |value| match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_i64(),
        });
        self.check(name, number, |number| match *number {
            number if number < least => Some("is too small".into()),
            number if number > most => Some(format!("must be less than or equal to {most}").into()),
            _ => None,
        })
    }

    fn flag(&mut self, name: &'static str) -> Option<bool> {
        let input = self.input;
        self.field(name, |_| input.flag(name))
    }

    /// An object, as such or as text.
    fn metadata(&mut self, limits: &FieldLimits) -> Option<Map<String, Value>> {
        let metadata = self.field("metadata", |value| match value {
            Value::Object(fields) => Some(fields.clone()),
            Value::String(text) => serde_json::from_str(text).ok(),
            _ => None,
        });
        self.check("metadata", metadata, |fields| {
            let too_many = (fields.len() > METADATA_FIELDS).then_some("has more than 128 fields".into());
            too_many.or_else(|| metadata_fault(&Value::Object(fields.clone()), limits))
        })
    }
}
