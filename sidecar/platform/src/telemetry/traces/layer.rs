//! The layer of the log that hears of spans.

use tokio::sync::mpsc::Sender;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::{Layer, Registry};

use super::span::{Name, Open, Span};
use crate::clock::Clock;
use crate::telemetry::LogLayer;
use crate::telemetry::courier::lost;
use crate::telemetry::fields::Fields;
use crate::telemetry::ids::{Numbers, TraceNumber};

/// Those whose spans are in traces: the services. A world's tick has none, and never will have here.
const SERVICES: [&str; 4] = ["realmgate_platform", "realmgate_sidecar", "realmgate_community", "realmgate_hooks"];
/// The field of a span that names its request in the log.
const TRACE: &str = "trace";
/// The field that says whether what a span was for has failed.
const FAILED: &str = "failed";

/// A layer that queues finished spans of ours, of `ratio` of all traces. It hears of those that the log leaves out, too.
pub(in crate::telemetry) fn layer(spans: Sender<Span>, ratio: f64, clock: Clock) -> LogLayer {
    let services = filter_fn(|of| of.is_span() && is_service(of.target())).with_max_level_hint(LevelFilter::DEBUG);
    Traces { spans, ratio, numbers: Numbers::new(), clock }.with_filter(services).boxed()
}

/// Whether a span is of a service, by the crate that it is in.
fn is_service(target: &str) -> bool {
    SERVICES.contains(&target.split("::").next().unwrap_or_default())
}

struct Traces {
    spans: Sender<Span>,
    ratio: f64,
    numbers: Numbers,
    clock: Clock,
}

impl Traces {
    /// A span within another one, which is in its trace.
    fn within(&self, parent: &Open, name: &'static str) -> Open {
        Open { parent: Some(parent.span), is_sampled: parent.is_sampled, ..self.first(name, parent.trace) }
    }

    fn first(&self, name: &'static str, trace: TraceNumber) -> Open {
        Open {
            trace,
            span: self.numbers.span(),
            parent: None,
            is_sampled: false,
            name: Name::Known(name),
            is_request: false,
            has_failed: false,
            fields: Fields::default(),
            began_ns: self.clock.now_ns(),
            ended_ns: None,
            clock: self.clock.clone(),
        }
    }
}

impl Layer<Registry> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, Registry>) {
        let Some(span) = context.span(id) else { return };
        let name = attributes.metadata().name();
        let within = span.parent().and_then(|parent| Some(self.within(parent.extensions().get::<Open>()?, name)));
        let mut fields = Fields::default();
        let mut open = within.unwrap_or_else(|| {
            let is_sampled = self.numbers.chance(self.ratio);
            Open { is_sampled, ..self.first(name, self.numbers.trace()) }
        });
        if open.is_sampled {
            attributes.record(&mut fields);
            if let Some(named) = fields.text(TRACE).and_then(TraceNumber::parse).filter(|_| open.parent.is_none()) {
                // So that one finds a request's trace by the name that is in the log.
                open.trace = named;
            }
            open.fields = fields;
        }
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, Registry>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>().filter(|open| open.is_sampled) {
            values.record(&mut open.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, Registry>) {
        let Some(span) = context.span(&id) else { return };
        let Some(mut open) = span.extensions_mut().remove::<Open>().filter(|open| open.is_sampled) else { return };
        open.ended_ns.get_or_insert(self.clock.now_ns());
        open.has_failed |= open.fields.has(FAILED);
        if self.spans.try_send(Span(open)).is_err() {
            lost("traces", "full", 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn worlds_and_libraries_are_in_no_trace() {
        for service in
            ["realmgate_platform::database", "realmgate_sidecar", "realmgate_community::hooks", "realmgate_hooks"]
        {
            assert!(is_service(service), "{service}");
        }
        for other in ["realmgate_engine::host", "realmgate_game", "start_server", "hyper", "realmgate_platforms"] {
            assert!(!is_service(other), "{other}");
        }
        let (spans, mut queue) = tokio::sync::mpsc::channel(8);
        let log = tracing_subscriber::registry().with(layer(spans, 1.0, Clock::system()));
        tracing::subscriber::with_default(log, || {
            drop(tracing::info_span!(target: "realmgate_engine::host", "of a world"));
            drop(tracing::info_span!(target: "hyper", "of a library"));
            drop(tracing::info_span!(target: "realmgate_platform::database", "of a service"));
        });
        let Some(Span(told)) = queue.try_recv().ok() else { panic!("none is told") };
        assert_eq!((told.name.as_str(), queue.try_recv().is_err()), ("of a service", true));
    }
}
