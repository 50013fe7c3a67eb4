//! How much may be on its way to a client at once.
//!
//! QUIC's own controllers take every loss for a crowded line, and a line that loses one packet in ten would get next to
//! nothing. Here it is the world that limits what is sent, as over UDP: a snapshot a tick within its send budget, and
//! messages within the bounds of the reliable stream. So the window is fixed, at what these need on a long way.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use quinn::congestion::{Controller, ControllerFactory};

/// Bytes in flight: half a second of 1,200 bytes in every tick at 30 Hz, and some messages.
const WINDOW_BYTES: u64 = 24 << 10;

/// Makes a window for each connection.
#[derive(Debug)]
pub(super) struct FixedWindow;

impl ControllerFactory for FixedWindow {
    fn build(self: Arc<Self>, _: Instant, _: u16) -> Box<dyn Controller> {
        Box::new(Window)
    }
}

#[derive(Debug)]
struct Window;

impl Controller for Window {
    fn on_congestion_event(&mut self, _: Instant, _: Instant, _: bool, _: u64) {}

    fn on_mtu_update(&mut self, _: u16) {}

    fn window(&self) -> u64 {
        WINDOW_BYTES
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self)
    }

    fn initial_window(&self) -> u64 {
        WINDOW_BYTES
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}
