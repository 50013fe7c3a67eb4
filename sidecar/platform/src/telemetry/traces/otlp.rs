//! Finished spans as OTLP has them in JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>.

use serde::Serialize;

use super::span::Span;
use crate::config::TelemetryConfig;
use crate::telemetry::fields::Said;

const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const ERROR: u8 = 2;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Resource<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    name: &'a str,
    kind: u8,
    /// Numbers of 64 bits are texts.
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(Serialize)]
struct Status {
    code: u8,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: Value<'a>,
}

#[derive(Serialize)]
enum Value<'a> {
    #[serde(rename = "stringValue")]
    Text(&'a str),
    #[serde(rename = "intValue")]
    Int(String),
    #[serde(rename = "doubleValue")]
    Float(f64),
    #[serde(rename = "boolValue")]
    Bool(bool),
}

/// The body of a post to `/v1/traces`.
pub(in crate::telemetry) fn batch(config: &TelemetryConfig, spans: &[Span]) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    let resource = [
        ("service.name", config.service.as_str()),
        ("service.namespace", "realmgate"),
        ("service.version", version),
        ("service.instance.id", &config.instance),
        ("deployment.environment.name", &config.environment),
        ("telemetry.sdk.name", "realmgate"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", version),
    ];
    let attributes = resource.map(|(key, text)| Attribute { key, value: Value::Text(text) }).into();
    let scope = Scope { name: "realmgate", version };
    let scope_spans = [ScopeSpans { scope, spans: spans.iter().map(told).collect() }];
    let request = Request { resource_spans: [ResourceSpans { resource: Resource { attributes }, scope_spans }] };
    // Texts, numbers and lists of them: nothing in it can fail.
    serde_json::to_vec(&request).unwrap_or_default()
}

fn told(Span(span): &Span) -> Told<'_> {
    Told {
        trace_id: span.trace.to_string(),
        span_id: span.span.to_string(),
        parent_span_id: span.parent.map(|parent| parent.to_string()),
        name: span.name.as_str(),
        kind: if span.is_request { SERVER } else { INTERNAL },
        start_time_unix_nano: span.began_ns.to_string(),
        // A clock that was set back meanwhile makes no span end before it began.
        end_time_unix_nano: span.ended_ns.unwrap_or(span.began_ns).max(span.began_ns).to_string(),
        attributes: span.fields.0.iter().map(|(key, said)| Attribute { key, value: value(said) }).collect(),
        status: span.has_failed.then_some(Status { code: ERROR }),
    }
}

fn value(said: &Said) -> Value<'_> {
    match said {
        Said::Text(text) => Value::Text(text),
        Said::Int(number) => Value::Int(number.to_string()),
        Said::Float(number) => Value::Float(*number),
        Said::Bool(is) => Value::Bool(*is),
    }
}
