//! A span: while it is under way, when it has ended, and after which answers it has failed.

use tracing_subscriber::Registry;
use tracing_subscriber::registry::LookupSpan;

use super::Parent;
use crate::clock::Clock;
use crate::telemetry::fields::{Fields, Said};
use crate::telemetry::ids::{SpanNumber, TraceNumber};

/// What is kept with a span of the log while it is under way.
pub(in crate::telemetry) struct Open {
    pub(in crate::telemetry) trace: TraceNumber,
    pub(in crate::telemetry) span: SpanNumber,
    pub(super) parent: Option<SpanNumber>,
    /// Whether it is told when it ends, as all of its trace.
    pub(super) is_sampled: bool,
    pub(super) name: Name,
    pub(super) is_request: bool,
    pub(super) has_failed: bool,
    pub(super) fields: Fields,
    pub(super) began_ns: u64,
    /// Where something goes on in it after its end.
    pub(super) ended_ns: Option<u64>,
    pub(super) clock: Clock,
}

/// What a span is called.
pub(super) enum Name {
    Known(&'static str),
    Made(String),
}

/// A span that has ended.
pub(in crate::telemetry) struct Span(pub(super) Open);

impl Open {
    pub(super) fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Made(name) => name,
        }
    }
}

/// Changes what is kept with a span; does nothing where it is in no trace.
fn change(span: &tracing::Span, change: impl FnOnce(&mut Open)) {
    span.with_subscriber(|(id, log)| {
        let Some(span) = log.downcast_ref::<Registry>().and_then(|registry| registry.span(id)) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            change(open);
        }
    });
}

/// Makes a span that has just begun one of a request, which belongs to the trace of whoever asks, if that names one. A request
/// whose trace is not kept there is not kept here, either.
pub fn follow(span: &tracing::Span, parent: Option<Parent>) {
    change(span, |open| {
        open.is_request = true;
        if let Some(Parent { trace, span, is_sampled }) = parent {
            (open.trace, open.parent) = (trace, Some(span));
            open.is_sampled &= is_sampled;
        }
    });
}

/// Names the request that is under way by its route: the pattern, which holds nothing of the caller.
pub fn name_request(method: &str, route: &str) {
    change(&tracing::Span::current(), |open| {
        if open.is_request && open.is_sampled {
            open.name = Name::Made(format!("{method} {route}"));
            open.fields.keep("http.request.method", Said::Text(method.to_owned()));
            open.fields.keep("http.route", Said::Text(route.to_owned()));
        }
    });
}

/// Says how a request was answered. Its span ends now, whatever goes on in it.
pub fn answered(span: &tracing::Span, status: u16) {
    change(span, |open| {
        open.fields.keep("http.response.status_code", Said::Int(status.into()));
        open.has_failed = status >= 500;
        open.ended_ns = Some(open.now_ns());
    });
}
