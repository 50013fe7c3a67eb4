//! `RealmError`: why something did not work, for scripts.

use godot::prelude::*;

use crate::net::{Failure, FailureKind};

/// Why a call failed or the server refused a request: what to decide by ([member kind]), a stable [member code], a [member text]
/// for the player, and [member advice] for the game's author.
#[derive(GodotClass)]
#[class(init, base=RefCounted)]
pub struct RealmError {
    /// One of the constants of this class: what a game decides by.
    #[var(no_set)]
    kind: i64,
    /// The stable code in capitals, such as [code]USERNAME_TAKEN[/code] or [code]BAG_FULL[/code].
    #[var(no_set)]
    code: StringName,
    /// What is wrong, in words.
    #[var(no_set)]
    text: GString,
    /// What to do about it.
    #[var(no_set)]
    advice: GString,
    /// What was asked for: the name of the request, such as [code]PickUp[/code]. Empty for calls, which know it.
    #[var(no_set)]
    request: GString,
    /// What is wrong with each field of the request, by its name.
    #[var(no_set)]
    fields: VarDictionary,
    /// Seconds to wait before asking again; 0 where waiting does not help.
    #[var(no_set)]
    retry_after: f64,
    /// The ability slot whose use was refused; -1 where it was something else.
    #[init(val = -1)]
    #[var(no_set)]
    slot: i64,
}

#[godot_api]
impl RealmError {
    /// The server says no, for the reason that [member code] names.
    #[constant]
    const REFUSED: i64 = 0;
    /// Asked too often: wait for [member retry_after].
    #[constant]
    const RATE_LIMITED: i64 = 1;
    /// Nobody answers.
    #[constant]
    const UNREACHABLE: i64 = 2;
    /// The log-in is no longer good: log in again.
    #[constant]
    const LOGGED_OUT: i64 = 3;
    /// Game and server are of different versions.
    #[constant]
    const OUTDATED: i64 = 4;
    /// The game asked for something at the wrong time, or for too much at once.
    #[constant]
    const MISUSED: i64 = 5;
}

impl RealmError {
    /// A failure, as scripts see it.
    pub fn of(failure: &Failure) -> Gd<Self> {
        let fields = failure.fields.iter().map(|(field, said)| (field.to_variant(), said.to_variant())).collect();
        Gd::from_object(Self {
            kind: match failure.kind {
                FailureKind::Refused => Self::REFUSED,
                FailureKind::RateLimited => Self::RATE_LIMITED,
                FailureKind::Unreachable => Self::UNREACHABLE,
                FailureKind::LoggedOut => Self::LOGGED_OUT,
                FailureKind::Outdated => Self::OUTDATED,
                FailureKind::Misused => Self::MISUSED,
            },
            code: StringName::from(failure.code.as_str()),
            text: GString::from(failure.text.as_str()),
            advice: GString::from(advice(failure)),
            request: GString::from(failure.request.as_str()),
            fields,
            retry_after: failure.retry_after.as_secs_f64(),
            slot: failure.slot.map_or(-1, i64::from),
        })
    }
}

/// What a game's author does about a failure.
fn advice(failure: &Failure) -> &'static str {
    match (failure.kind, failure.code.as_str()) {
        (FailureKind::RateLimited, _) => "Wait for `retry_after` seconds, then try again.",
        (FailureKind::Unreachable, _) => {
            "Check the address of the server and that the server is running, then try again."
        }
        (FailureKind::LoggedOut, _) => "Show the login screen again.",
        (FailureKind::Outdated, _) => "Build game and server from the same version of the protocol.",
        (_, "VALIDATION_FAILED" | "INVALID_DATA") => "Show `fields` beside the inputs.",
        (_, "USERNAME_TAKEN" | "NAME_TAKEN") => "Let the player choose another name.",
        (_, "INVALID_CREDENTIALS") => "Let the player type name and password again.",
        (_, "INVALID_CURRENT_PASSWORD") => "Let the player type the current password again.",
        (_, "ACCOUNT_NOT_ACTIVATED") => "Tell the player that an administrator activates new accounts.",
        (_, "TOO_MANY_CHARACTERS") => "Let the player delete a character first.",
        (_, "CHARACTER_IN_WORLD" | "ALREADY_ONLINE" | "IN_WORLD_ALREADY") => "Leave the world first.",
        (_, "CHARACTER_DELETED") => "Restore the character first.",
        (_, "CHARACTER_NOT_FOUND" | "NOT_FOUND") => "Reload the list.",
        (_, "MAP_FULL" | "MAP_NOT_FOUND" | "OVERLOADED" | "TIMEOUT" | "TRAVEL_FAILED") => "Try again a little later.",
        (_, "NOT_IN_WORLD") => "Enter the world first; a lost connection reconnects by itself.",
        (_, "BUSY") => "Send fewer requests at once.",
        (_, "OUT_OF_RANGE" | "NO_LINE_OF_SIGHT") => "Move closer.",
        (_, "ON_COOLDOWN") => "Wait until the slot is ready: `RealmAvatar.ready_in`.",
        (_, "TOO_LITTLE_RESOURCE" | "TOO_LITTLE_GOLD") => "Get more resource or gold first.",
        (_, "DEAD") => "Respawn first.",
        (_, "IN_COMBAT") => "Wait until the fight is over.",
        (_, "BAG_FULL") => "Make room in the bag first.",
        (_, "STALE_TRADE" | "WRONG_PRICE") => "Show the current state, and ask the player again.",
        (_, "STORE_AWAY" | "STORE_BUSY" | "NOT_COMMITTED") => "Nothing has changed. Try again a little later.",
        _ => "Show `text` to the player.",
    }
}
