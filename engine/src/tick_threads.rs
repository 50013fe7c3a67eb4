//! The threads that a tick is shared among: channels, and the snapshots of a large one. What comes out is the same with any
//! number of them.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bevy_tasks::{TaskPool, TaskPoolBuilder};

/// With fewer players for each thread, waking another costs more than it takes over.
const FEWEST_PLAYERS: usize = 32;

/// The thread that ticks, and those that help it.
#[derive(Debug, Clone, Default)]
pub struct TickThreads {
    helpers: Option<Arc<TaskPool>>,
    is_eager: bool,
}

impl TickThreads {
    /// So many threads, the one that ticks included.
    pub fn new(count: NonZeroUsize) -> Self {
        let helpers = count.get() - 1;
        let pool = || Arc::new(TaskPoolBuilder::new().num_threads(helpers).thread_name("tick".to_owned()).build());
        Self { helpers: (helpers > 0).then(pool), is_eager: false }
    }

    /// So many threads that share even what is not worth it: for tests with few players.
    pub fn eager(count: NonZeroUsize) -> Self {
        Self { is_eager: true, ..Self::new(count) }
    }

    /// Into how many parts to divide the work on so many players: one, where other threads are not worth waking.
    pub fn parts(&self, players: usize) -> usize {
        let threads = 1 + self.helpers.as_ref().map_or(0, |pool| pool.thread_num());
        let worth_it = if self.is_eager { players } else { players / FEWEST_PLAYERS };
        worth_it.clamp(1, threads)
    }

    /// Does all of this and waits for it. The results are in the order of the parts. A panic of a part goes on here, once no part is
    /// at work any more.
    pub fn share<T: Send + 'static>(&self, parts: impl ExactSizeIterator<Item = impl FnOnce() -> T + Send>) -> Vec<T> {
        match &self.helpers {
            Some(pool) if parts.len() > 1 => {
                pool.scope(|scope| parts.for_each(|part| scope.spawn(async move { part() })))
            }
            _ => parts.map(|part| part()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn threads(count: usize) -> TickThreads {
        TickThreads::new(NonZeroUsize::new(count).unwrap())
    }

    #[test]
    fn results_are_in_the_order_of_the_parts_whichever_thread_they_come_from() {
        for count in [1, 2, 4] {
            let threads = threads(count);
            let squares = threads.share((0..50).map(|part| move || part * part));
            assert_eq!(squares, (0..50).map(|part| part * part).collect::<Vec<_>>(), "{count} threads");
        }
    }

    #[test]
    fn there_are_as_many_parts_as_threads_where_each_has_enough_to_do() {
        let parts = |threads: TickThreads| [0, 1, 63, 64, 1_000].map(|players| threads.parts(players));
        assert_eq!(parts(threads(4)), [1, 1, 1, 2, 4]);
        assert_eq!(parts(threads(1)), [1; 5]);
        assert_eq!(parts(TickThreads::eager(NonZeroUsize::new(2).unwrap())), [1, 1, 2, 2, 2]);
    }

    #[test]
    fn a_part_that_panics_is_a_panic_of_the_tick() {
        for count in [1, 2] {
            let threads = threads(count);
            let share = || threads.share((0..4).map(|part| move || assert_ne!(part, 2, "part 2 is wrong")));
            assert!(catch_unwind(AssertUnwindSafe(share)).is_err(), "{count} threads");
            assert_eq!(threads.share((0..2).map(|part| move || part)), [0, 1], "the others go on");
        }
    }

    #[test]
    fn parts_share_what_they_do_among_the_same_threads() {
        for count in [1, 2, 4] {
            let threads = threads(count);
            let inner = |outer: u32| threads.share((0..8).map(move |part| move || outer * 10 + part));
            let all = threads.share((0..8).map(|outer| move || inner(outer))).concat();
            let wanted: Vec<_> = (0..8).flat_map(|outer| (0..8).map(move |part| outer * 10 + part)).collect();
            assert_eq!(all, wanted, "{count} threads");
        }
    }
}
