//! Every call of a script goes through here: it is a part of a trace, and counted by how it went and how long it took.

use realmgate_hooks::{By, Call, CallError};
use serde_json::Value;
use tracing::{Instrument, debug_span, field};

use super::Hooks;

impl Hooks {
    /// Has a script called, and waits for its answer.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn ask(&self, call: Call<'_>) -> Result<Value, CallError> {
        let span = debug_span!("script", plugin = field::Empty, function = field::Empty, failed = field::Empty);
        // Names that no script has are players' own words.
        if self.plugins.info(call.plugin, call.function).is_some() {
            span.record("plugin", call.plugin).record("function", call.function);
        }
        let (clock, by) = (&self.sources.clock, name(&call.by));
        let began = clock.uptime();
        let answer = self.plugins.call(call).instrument(span.clone()).await;
        let took = clock.uptime().saturating_sub(began);
        let result = result(&answer);
        span.record("failed", !matches!(result, "ok" | "refused"));
        metrics::counter!("realmgate_hook_calls_total", "by" => by, "result" => result).increment(1);
        metrics::histogram!("realmgate_hook_seconds", "by" => by).record(took.as_secs_f64());
        answer
    }
}

fn name(by: &By) -> &'static str {
    match by {
        By::Player(_) => "player",
        By::Before(_) => "before",
        By::Server => "server",
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
        Err(CallError::Off) => "off",
    }
}
