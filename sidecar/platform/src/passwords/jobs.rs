//! The jobs that wait for a hashing thread, and what a helper takes over when that thread stands still.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Takes jobs. When it is dropped, the threads end after the jobs that wait.
pub(super) struct Sender<J>(Arc<Queue<J>>);

/// Hands out jobs, to one thread and its stand-in or to several threads.
pub(super) struct Receiver<J>(Arc<Queue<J>>);

struct Queue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    waiting: VecDeque<Arc<J>>,
    /// The job that was handed out last, until it is done or the stand-in does it, too.
    in_work: Option<Arc<J>>,
    /// Grows with every job that is handed out or done.
    steps: u64,
    is_closed: bool,
    /// Without any, jobs are dropped, which whoever waits for their answer notices.
    receivers: usize,
}

/// An empty queue.
pub(super) fn channel<J>() -> (Sender<J>, Receiver<J>) {
    let state = State { waiting: VecDeque::new(), in_work: None, steps: 0, is_closed: false, receivers: 1 };
    let queue = Arc::new(Queue { state: Mutex::new(state), changed: Condvar::new() });
    (Sender(queue.clone()), Receiver(queue))
}

impl<J> Sender<J> {
    pub(super) fn send(&self, job: J) {
        let mut state = self.0.lock();
        if state.receivers > 0 {
            state.waiting.push_back(Arc::new(job));
            self.0.changed.notify_all();
        }
    }
}

impl<J> Drop for Sender<J> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl<J> Clone for Receiver<J> {
    fn clone(&self) -> Self {
        self.0.lock().receivers += 1;
        Self(self.0.clone())
    }
}

impl<J> Drop for Receiver<J> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.receivers -= 1;
        let orphaned = if state.receivers == 0 { std::mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        drop(orphaned);
    }
}

impl<J> Receiver<J> {
    /// Waits for a job; `None` when the sender is gone and no job is left. The job handed out before is done.
    pub(super) fn next(&self) -> Option<Arc<J>> {
        let mut state = self.0.lock();
        state.in_work = None;
        state.steps += 1;
        self.0.changed.notify_all();
        let nothing = |state: &mut State<J>| state.waiting.is_empty() && !state.is_closed;
        let mut state = self.0.changed.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
        state.in_work = state.waiting.pop_front();
        state.steps += 1;
        self.0.changed.notify_all();
        state.in_work.clone()
    }

    /// For the stand-in of a thread: waits for a job on which the thread has made no step for `patience`, whether it
    /// has the job in work or has not taken it yet. A job in work is then done twice; the first to be done answers it.
    pub(super) fn next_overdue(&self, patience: Duration) -> Option<Arc<J>> {
        let mut state = self.0.lock();
        loop {
            let nothing =
                |state: &mut State<J>| state.in_work.is_none() && state.waiting.is_empty() && !state.is_closed;
            state = self.0.changed.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner);
            let steps = state.steps;
            let no_step = |state: &mut State<J>| state.steps == steps && !state.is_closed;
            let waited = self.0.changed.wait_timeout_while(state, patience, no_step);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.steps == steps {
                let overdue = state.in_work.take();
                return overdue.or_else(|| state.waiting.pop_front());
            }
        }
    }
}

impl<J> Queue<J> {
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;
    const NEVER: Duration = Duration::from_secs(3_600);

    #[test]
    fn jobs_come_in_order_and_end_with_the_sender() {
        let (sender, receiver) = channel();
        (1..=2).for_each(|job| sender.send(job));
        assert_eq!(receiver.next().as_deref(), Some(&1));
        drop(sender);
        assert_eq!(receiver.next().as_deref(), Some(&2), "what waits is still done");
        assert_eq!(receiver.next(), None);
        assert_eq!(receiver.next_overdue(NEVER), None);
    }

    #[test]
    fn a_thread_that_makes_no_step_gets_a_stand_in_for_the_job_in_work_and_the_next() {
        let (sender, receiver) = channel();
        (1..=3).for_each(|job| sender.send(job));
        assert_eq!(receiver.next().as_deref(), Some(&1));
        assert_eq!(receiver.next_overdue(AT_ONCE).as_deref(), Some(&1));
        assert_eq!(receiver.next_overdue(AT_ONCE).as_deref(), Some(&2));
        assert_eq!(receiver.next().as_deref(), Some(&3), "the thread goes on where the stand-in has come to");
    }

    #[test]
    fn a_job_that_is_done_in_time_is_not_overdue() {
        const JOBS: u64 = 1_000;
        let (sender, receiver) = channel();
        let late = receiver.clone();
        let stand_in = std::thread::spawn(move || late.next_overdue(NEVER));
        let own = receiver.clone();
        let thread = std::thread::spawn(move || std::iter::from_fn(|| own.next()).count());
        // So many that the stand-in is awake during one of them.
        for job in 1..=JOBS {
            sender.send("in time");
            // Asked, handed out, asked again: whoever asks for the next job has done the one before.
            while receiver.0.lock().steps < 2 * job + 1 && !stand_in.is_finished() {
                std::thread::yield_now();
            }
        }
        assert_eq!(receiver.0.lock().in_work, None, "what is done is not left for the stand-in");
        assert!(!stand_in.is_finished(), "it waits for a thread that makes no step");
        drop(sender);
        assert_eq!(thread.join().unwrap(), JOBS as usize);
        assert_eq!(stand_in.join().unwrap(), None);
    }

    #[test]
    fn jobs_that_nobody_will_do_are_dropped() {
        let (sender, receiver) = channel();
        let (job, other) = (Arc::new(()), receiver.clone());
        sender.send(job.clone());
        drop(receiver);
        assert_eq!(Arc::strong_count(&job), 2, "one receiver is left");
        drop(other);
        sender.send(job.clone());
        assert_eq!(Arc::strong_count(&job), 1);
    }
}
