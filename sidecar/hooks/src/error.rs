//! Why a call has no result.

use std::time::Duration;

/// The longest text with which a script refuses or fails, in bytes.
const TEXT_BYTES: usize = 1_024;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There is no such plugin.
    #[error("unknown plugin")]
    NoPlugin,
    /// The plugin has no such function, or none that takes so many arguments.
    #[error("the plugin has no function of this name that takes this number of arguments")]
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
    #[error("too many calls of the plugin are waiting")]
    Busy,
    /// Too many of the plugin's calls did not end: it does no more until its file changes.
    #[error("the plugin is off")]
    Off,
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
    bounded(&one_line(text.lines().next().unwrap_or_default()))
}

/// A text of a script as the log has it: what would begin another line or steer a terminal is spelled out. It may be a player's.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut line, symbol| {
        match symbol {
            '\t' => line.push(symbol),
            '\u{2028}' | '\u{2029}' => line.extend(symbol.escape_unicode()),
            _ if symbol.is_control() => line.extend(symbol.escape_default()),
            _ => line.push(symbol),
        }
        line
    })
}

/// What of a script's text is told.
pub(crate) fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_printed_text_stays_on_its_line() {
        assert_eq!(one_line("ann\tsaid äh"), "ann\tsaid äh");
        assert_eq!(one_line("a\nERROR forged\r\u{1b}[2J\u{2028}"), "a\\nERROR forged\\r\\u{1b}[2J\\u{2028}");
    }
}
