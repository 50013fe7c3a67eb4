//! Every call of a script goes through here: it is a part of a trace, and counted by how it went and how long it took.

use realmgate_hooks::{Call, CallError};
use serde_json::Value;
use tracing::{Instrument, debug_span, field};

use super::Hooks;

/// Who calls a script.
#[derive(Debug, Clone, Copy)]
pub(super) enum By {
    /// A player.
    Player,
    /// The server, before something happens: somebody waits.
    Before,
    /// The server, after something has happened or when it is time.
    Server,
}

impl Hooks {
    /// Has a script called, and waits for its answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn ask(&self, by: By, call: Call<'_>) -> Result<Value, CallError> {
        let span = debug_span!("script", plugin = field::Empty, function = field::Empty, failed = field::Empty);
        // Names that no script has are players' own words.
        if self.plugins.info(call.plugin, call.function).is_some() {
            span.record("plugin", call.plugin).record("function", call.function);
        }
        let clock = &self.sources.clock;
        let began = clock.uptime();
        let answer = self.plugins.call(call).instrument(span.clone()).await;
        let took = clock.uptime().saturating_sub(began);
        let result = result(&answer);
        span.record("failed", !matches!(result, "ok" | "refused"));
        metrics::counter!("realmgate_hook_calls_total", "by" => by.name(), "result" => result).increment(1);
        metrics::histogram!("realmgate_hook_seconds", "by" => by.name()).record(took.as_secs_f64());
        answer
    }
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Before => "before",
            Self::Server => "server",
        }
    }
}

fn result(answer: &Result<Value, CallError>) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(CallError::Refused(_)) => "refused",
        Err(CallError::NoPlugin | CallError::NoFunction) => "unknown",
        Err(CallError::Exception(_)) => "exception",
        Err(CallError::Timeout) => "timeout",
        Err(CallError::Busy) => "busy",
    }
}
