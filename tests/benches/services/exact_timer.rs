//! A timer for loads at a rate whose answers are timed from when each question is due.

use anyhow::Result;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::Instant;

const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Wakes within some tens of microseconds. Tokio's own timers wake at whole milliseconds: what is due within one is then asked
/// at once, and late.
pub struct ExactTimer {
    /// The kernel's timer, which is read as a pipe is: by then it has gone off. A thread that sleeps would cost the load two
    /// switches for each question.
    timer: pipe::Receiver,
}

impl ExactTimer {
    pub fn new() -> Result<Self> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { timer: pipe::Receiver::from_owned_fd_unchecked(timer)? })
    }

    /// Returns at a moment; at once where it has passed.
    pub async fn sleep_until(&mut self, moment: Instant) -> Result<()> {
        let left = moment.saturating_duration_since(Instant::now());
        // A timer of no time at all is one that is off.
        if left.is_zero() {
            return Ok(());
        }
        let once = Itimerspec { it_interval: ZERO, it_value: Timespec::try_from(left)? };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        self.timer.read_u64_le().await?;
        Ok(())
    }
}
