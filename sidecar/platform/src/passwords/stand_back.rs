//! Keeps a hashing thread out of the way of everything else, and above all of a world in the same process.

use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};
use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};

/// Niceness of the hashing threads, below the game: a flood of log-ins must not delay the tick.
const NICENESS: i32 = 10;

/// How a hashing thread yields to others. Everything here concerns the calling thread only.
pub(super) struct StandsBack {
    /// Whether it rests as long as it has worked. It does so on a single core that it shares with a world, and so takes
    /// half of that core, as elsewhere half of the cores. Then half of the ticks find their caches as they left them.
    rests: bool,
}

impl StandsBack {
    /// Lowers this thread's priority; beside a world it also leaves the first half of the cores to it. Where the system
    /// refuses, hashing is only less polite.
    pub(super) fn low(beside_world: bool) -> Self {
        if let Err(error) = rustix::process::nice(NICENESS) {
            tracing::debug!(%error, "cannot lower the priority of a password thread");
        }
        let cores = allowed_cores();
        if beside_world && let Some(cores) = later_half(&cores) {
            let mut set = CpuSet::new();
            cores.iter().for_each(|&core| set.set(core));
            if let Err(error) = sched_setaffinity(None, &set) {
                tracing::debug!(%error, "cannot pin a password thread to cores");
            }
        }
        Self { rests: beside_world && cores.len() == 1 }
    }

    /// Gives this thread only the time in which nobody else wants its core (`SCHED_IDLE`): it never delays a tick, but
    /// on a busy core it starves.
    pub(super) fn idle() -> Self {
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        match set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy) {
            Ok(()) => Self { rests: false },
            Err(error) => {
                tracing::debug!(%error, "cannot give a password thread the idle policy");
                Self::low(true)
            }
        }
    }

    /// Does some work, and rests after it if needed.
    pub(super) fn after(&self, work: impl FnOnce()) {
        let began = processor_time();
        work();
        // By processor time: while others have the core, this thread rests anyway.
        std::thread::sleep(self.rest(processor_time().saturating_sub(began)));
    }

    /// How long it rests after this much work.
    fn rest(&self, worked: Duration) -> Duration {
        if self.rests { worked } else { Duration::ZERO }
    }
}

/// Whether this process has one core for everything.
pub(super) fn is_single_core() -> bool {
    allowed_cores().len() == 1
}

/// The cores that this process may use.
fn allowed_cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|&core| set.is_set(core)).collect()
}

/// The later half of several cores; `None` for fewer than two.
fn later_half(cores: &[usize]) -> Option<&[usize]> {
    (cores.len() > 1).then(|| &cores[cores.len() / 2..])
}

fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use thread_priority::unix::thread_schedule_policy;

    use super::*;

    #[test]
    fn the_world_keeps_the_first_half_of_the_cores() {
        assert_eq!(later_half(&[0, 1]), Some(&[1][..]));
        assert_eq!(later_half(&[0, 1, 2]), Some(&[1, 2][..]));
        assert_eq!(later_half(&[2, 3, 6, 7]), Some(&[6, 7][..]));
        assert_eq!(later_half(&[0]), None, "there is no other");
        assert_eq!(later_half(&[]), None);
    }

    #[test]
    fn an_idle_thread_does_not_rest_besides() {
        let worked = Duration::from_secs(1);
        let found = std::thread::spawn(move || (StandsBack::idle().rest(worked), thread_schedule_policy().unwrap()));
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        assert_eq!(found.join().unwrap(), (Duration::ZERO, idle));
        assert_eq!(StandsBack { rests: true }.rest(worked), worked, "one that does rests as long as it has worked");
    }

    #[test]
    fn beside_a_world_it_is_on_the_later_cores_and_alone_on_all() {
        let on = |beside_world| {
            let thread = std::thread::spawn(move || {
                let before = allowed_cores();
                StandsBack::low(beside_world);
                (before, allowed_cores())
            });
            thread.join().unwrap()
        };
        let (before, after) = on(true);
        assert_eq!(after, later_half(&before).unwrap_or(&before));
        let (before, after) = on(false);
        assert_eq!(after, before);
    }
}
