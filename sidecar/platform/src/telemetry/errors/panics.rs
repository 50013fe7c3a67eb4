//! Panics, as reports.

use std::panic::PanicHookInfo;

use super::report::{Report, Tray};
use crate::telemetry::fields::{Fields, shortened};

/// Queues every panic of this process from now on, before whatever else is done about one.
pub(super) fn hook(tray: Tray) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // It looks at no span: who panics may be within one, and hold its lock.
        tray.put(None, || report(panic, tray.clock.now_ms()));
        before(panic);
    }));
}

fn report(panic: &PanicHookInfo<'_>, at_ms: u64) -> Report {
    let place = panic.location().map(|place| (within_its_crate(place.file()), place.line()));
    Report {
        is_panic: true,
        module: "panic".to_owned(),
        place,
        message: shortened(format_args!("{}", panic.payload_as_str().unwrap_or("panic without a message"))),
        fields: Fields::default(),
        thread: std::thread::current().name().map(|name| shortened(format_args!("{name}"))),
        request: None,
        within: None,
        at_ms,
    }
}

/// The path of a file of code without where it lies on the machine that built it.
fn within_its_crate(file: &str) -> String {
    let Some(source) = file.rfind("/src/").filter(|_| file.starts_with('/')) else { return file.to_owned() };
    let crate_name = file[..source].rfind('/').map_or(0, |slash| slash + 1);
    file[crate_name..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_without_where_they_lie() {
        for (file, told) in [
            ("sidecar/src/app.rs", "sidecar/src/app.rs"),
            ("/somewhere/registry/bytes-1.0/src/buf/a.rs", "bytes-1.0/src/buf/a.rs"),
            ("/a/library/core/src/option.rs", "core/src/option.rs"),
        ] {
            assert_eq!(within_its_crate(file), told);
        }
    }
}
