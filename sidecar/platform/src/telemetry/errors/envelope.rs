//! Reports as a Sentry takes them: <https://develop.sentry.dev/sdk/data-model/envelopes/>.

use axum::http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::report::Report;
use super::scrub::{hidden, scrubbed};
use crate::config::{ErrorSink, TelemetryConfig};
use crate::telemetry::fields::Said;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What opens the project.
///
/// # Errors
/// When the key is not a valid header value; returns the reason.
pub(in crate::telemetry) fn headers(sink: &ErrorSink) -> Result<HeaderMap, &'static str> {
    let key = sink.key.expose_secret();
    let auth = format!("Sentry sentry_version=7, sentry_client=realmgate/{VERSION}, sentry_key={key}");
    let mut auth = HeaderValue::try_from(auth).map_err(|_| "contains an invalid key")?;
    auth.set_sensitive(true);
    Ok(HeaderMap::from_iter([(axum::http::HeaderName::from_static("x-sentry-auth"), auth)]))
}

/// Envelopes one after the other: a line about each, a line about its event, and the event.
pub(in crate::telemetry) fn envelope(config: &TelemetryConfig, reports: Vec<Report>) -> Vec<u8> {
    let mut text = String::new();
    for report in reports {
        let id = Uuid::new_v4().simple().to_string();
        let event = event(config, &id, &report).to_string();
        let about = json!({"event_id": id, "sdk": sdk()});
        let item = json!({"type": "event", "content_type": "application/json", "length": event.len()});
        text.push_str(&format!("{about}\n{item}\n{event}\n"));
    }
    text.into_bytes()
}

fn sdk() -> Value {
    json!({"name": "realmgate", "version": VERSION})
}

fn event(config: &TelemetryConfig, id: &str, report: &Report) -> Value {
    let message = scrubbed(&report.message);
    let place = report.place.as_ref().map(|(file, line)| format!("{file}:{line}"));
    let tags = [
        ("service", Some(config.service.clone())),
        ("instance", Some(config.instance.clone())),
        ("request", report.request.clone()),
        ("thread", report.thread.as_deref().map(scrubbed)),
        ("place", place.clone()),
    ];
    let tags: Map<String, Value> =
        tags.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect();
    let mut contexts = json!({"fields": fields(report)});
    if let Some((trace, span)) = report.within {
        contexts["trace"] = json!({"trace_id": trace.to_string(), "span_id": span.to_string()});
    }
    let mut event = json!({
        "event_id": id,
        "timestamp": report.at_ms as f64 / 1_000.0,
        "platform": "native",
        "level": if report.is_panic { "fatal" } else { "error" },
        "logger": report.module,
        "release": format!("realmgate@{VERSION}"),
        "environment": config.environment,
        "sdk": sdk(),
        "tags": tags,
        "contexts": contexts,
    });
    if report.is_panic {
        let mechanism = json!({"type": "panic", "handled": false});
        event["exception"] = json!({"values": [{"type": "panic", "value": message, "mechanism": mechanism}]});
        event["culprit"] = json!(place);
    } else {
        event["message"] = json!({"formatted": message});
    }
    event
}

fn fields(report: &Report) -> Map<String, Value> {
    let told = |(name, said): &(&'static str, Said)| {
        let value = match (hidden(name), said) {
            (Some(instead), _) => json!(instead),
            (None, Said::Text(text)) => json!(scrubbed(text)),
            (None, Said::Int(number)) => json!(number),
            (None, Said::Float(number)) => json!(number),
            (None, Said::Bool(is)) => json!(is),
        };
        ((*name).to_owned(), value)
    };
    report.fields.0.iter().map(told).collect()
}
