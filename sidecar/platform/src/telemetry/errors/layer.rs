//! The layer of the log that hears of errors.

use tokio::sync::mpsc::Sender;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Event, Level};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::{Layer, Registry};

use super::panics;
use super::report::{Report, Tray};
use crate::clock::Clock;
use crate::telemetry::fields::Fields;
use crate::telemetry::traces::Open;
use crate::telemetry::{LogLayer, is_ours};

/// The field with an event's text.
const MESSAGE: &str = "message";
/// The field of a span that names its request.
const TRACE: &str = "trace";

/// A layer that queues errors of ours, and a hook that queues panics.
pub(in crate::telemetry) fn layer(reports: Sender<Report>, clock: Clock) -> LogLayer {
    let tray = Tray::new(reports, clock);
    panics::hook(tray.clone());
    // Spans of this level are those that name requests.
    let ours = filter_fn(|of| *of.level() == Level::ERROR && is_ours(of.target()));
    Errors { tray }.with_filter(ours.with_max_level_hint(LevelFilter::ERROR)).boxed()
}

struct Errors {
    tray: Tray,
}

/// What a request is called in the log.
struct RequestName(String);

impl Layer<Registry> for Errors {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, Registry>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(name) = fields.text(TRACE) {
            span.extensions_mut().insert(RequestName(name.to_owned()));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, Registry>) {
        self.tray.put(Some(event.metadata().callsite()), || self.report(event, &context));
    }
}

impl Errors {
    fn report(&self, event: &Event<'_>, context: &Context<'_, Registry>) -> Report {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let message = fields.take_text(MESSAGE).unwrap_or_default();
        let (mut request, mut within) = (None, None);
        for span in context.event_scope(event).into_iter().flatten() {
            let kept = span.extensions();
            request = request.or_else(|| kept.get::<RequestName>().map(|RequestName(name)| name.clone()));
            within = within.or_else(|| kept.get::<Open>().map(|open| (open.trace, open.span)));
        }
        let of = event.metadata();
        Report {
            is_panic: false,
            module: of.target().to_owned(),
            place: of.file().zip(of.line()).map(|(file, line)| (file.to_owned(), line)),
            message,
            fields,
            thread: None,
            request,
            within,
            at_ms: self.tray.clock.now_ms(),
        }
    }
}
