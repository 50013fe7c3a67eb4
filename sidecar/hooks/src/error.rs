//! Why a call has no result.

use std::time::Duration;

/// The longest text with which a script refuses or fails, in bytes.
const TEXT_BYTES: usize = 1_024;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no such plugin.
    #[error("there is no such plugin")]
    NoPlugin,
    /// The plugin has no such function, or none that takes so many arguments.
    #[error("the plugin has no such function with that many arguments")]
    NoFunction,
    /// The script says no, and why: it has returned `nil` and a text.
    #[error("{0}")]
    Refused(String),
    /// The script has a fault, or has used too much memory: the text has file and line.
    #[error("{0}")]
    Exception(String),
    /// It took too long.
    #[error("the call took too long")]
    Timeout,
    /// Too many calls wait for the plugin.
    #[error("too many calls wait for the plugin")]
    Busy,
}

impl CallError {
    /// What a script's error is. One of a call that has run for this long may be the end of its time.
    pub(crate) fn of(error: &mlua::Error, ran: Duration) -> Self {
        if ran >= crate::CALL_WITHIN {
            return Self::Timeout;
        }
        Self::Exception(text(error))
    }
}

/// The first line of an error; below it is what the machine was doing.
pub(crate) fn text(error: &mlua::Error) -> String {
    let cause = match error {
        mlua::Error::CallbackError { cause, .. } => cause.as_ref(),
        other => other,
    };
    let text = match cause {
        mlua::Error::RuntimeError(text) | mlua::Error::SyntaxError { message: text, .. } => text.clone(),
        mlua::Error::MemoryError(_) => "the script has used too much memory".to_owned(),
        other => other.to_string(),
    };
    bounded(text.lines().next().unwrap_or_default())
}

/// What of a script's text is told.
pub(crate) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}
