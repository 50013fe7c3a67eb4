//! Limits of sockets that have not shown a ticket: how many there are, of one source and in all, and how fast they come.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::future;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use super::runtime::StrangerCount;
use crate::transport::budget::{HandshakeBudgets, Rate, network_of};
use crate::transport::refusal::PacketRefusal;

/// The limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StrangerLimits {
    /// Most of them at once. One more, and the oldest makes way.
    pub most: usize,
    /// Most of one IPv4 address or IPv6 /64 network at once.
    pub most_of_source: usize,
    /// How fast they may come from one address or network.
    pub rate_of_source: Rate,
    /// How fast they may come from all together.
    pub rate: Rate,
}

impl Default for StrangerLimits {
    fn default() -> Self {
        Self {
            most: 1_024,
            most_of_source: 128,
            rate_of_source: Rate { per_second: 100, burst: 250 },
            rate: Rate { per_second: 400, burst: 800 },
        }
    }
}

/// All strangers.
#[derive(Debug)]
pub(in crate::transport) struct Strangers {
    inner: RefCell<Inner>,
    count: StrangerCount,
}

#[derive(Debug)]
struct Inner {
    limits: StrangerLimits,
    budgets: HandshakeBudgets,
    /// Only looked up by source, never iterated.
    of_sources: HashMap<IpAddr, usize>,
    /// In the order in which they came.
    all: BTreeMap<u64, Rc<MakesWay>>,
    came: u64,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(in crate::transport) struct Stranger {
    strangers: Rc<Strangers>,
    number: u64,
    source: IpAddr,
    makes_way: Rc<MakesWay>,
}

/// Tells a stranger that it has to make way for a newer one.
#[derive(Debug, Default)]
pub(in crate::transport) struct MakesWay {
    told: Notify,
    /// It has shown its ticket, or is gone.
    is_no_stranger: Cell<bool>,
}

impl Strangers {
    pub(super) fn new(limits: StrangerLimits, count: StrangerCount, now: Duration) -> Rc<Self> {
        let budgets = HandshakeBudgets::new(limits.rate_of_source, limits.rate, now);
        let (of_sources, all) = (HashMap::new(), BTreeMap::new());
        Rc::new(Self { inner: RefCell::new(Inner { limits, budgets, of_sources, all, came: 0 }), count })
    }

    /// Lets one in, or says which limit it exceeds.
    pub(in crate::transport) fn admit(
        self: &Rc<Self>,
        source: IpAddr,
        now: Duration,
    ) -> Result<Stranger, PacketRefusal> {
        let mut inner = self.inner.borrow_mut();
        inner.budgets.spend(source, now)?;
        let source = network_of(source);
        if inner.of_sources.get(&source).is_some_and(|count| *count >= inner.limits.most_of_source) {
            return Err(PacketRefusal::SourceBudget);
        }
        if inner.all.len() >= inner.limits.most
            && let Some((_, oldest)) = inner.all.pop_first()
        {
            oldest.told.notify_one();
        }
        *inner.of_sources.entry(source).or_default() += 1;
        let (number, makes_way) = (inner.came, Rc::<MakesWay>::default());
        inner.came += 1;
        inner.all.insert(number, makes_way.clone());
        self.count.set(inner.all.len());
        drop(inner);
        Ok(Stranger { strangers: self.clone(), number, source, makes_way })
    }
}

impl Strangers {
    /// Whether there is nobody who has not shown a ticket yet.
    pub(in crate::transport) fn are_none(&self) -> bool {
        self.inner.borrow().all.is_empty()
    }
}

impl Stranger {
    /// What tells that it has to make way for a newer one.
    pub(in crate::transport) fn makes_way(&self) -> Rc<MakesWay> {
        self.makes_way.clone()
    }
}

impl MakesWay {
    /// Waits until it has to; forever, once it is no stranger any more.
    pub(in crate::transport) async fn told(&self) {
        self.told.notified().await;
        if self.is_no_stranger.get() {
            future::pending().await
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.makes_way.is_no_stranger.set(true);
        let mut inner = self.strangers.inner.borrow_mut();
        inner.all.remove(&self.number);
        self.strangers.count.set(inner.all.len());
        if let Some(count) = inner.of_sources.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                inner.of_sources.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LIMITS: StrangerLimits = StrangerLimits {
        most: 6,
        most_of_source: 2,
        rate_of_source: Rate { per_second: 1, burst: 4 },
        rate: Rate { per_second: 1, burst: 12 },
    };

    const NO_RATE: Rate = Rate { per_second: 1_000_000, burst: 1_000_000 };

    fn source(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_source_has_so_many_and_gets_them_back() {
        let count = StrangerCount::default();
        let strangers = Strangers::new(LIMITS, count.clone(), Duration::ZERO);
        let admit = || strangers.admit(source(1), Duration::ZERO);
        let (first, second) = (admit().unwrap(), admit().unwrap());
        assert_eq!(admit().unwrap_err(), PacketRefusal::SourceBudget, "the third at once");
        assert_eq!(count.get(), 2, "the thread looks often");
        drop(first);
        assert!(admit().is_ok(), "a place was given back");
        drop(second);
        assert_eq!(admit().unwrap_err(), PacketRefusal::SourceBudget, "the fifth within a second");
        assert!(strangers.admit(source(2), Duration::ZERO).is_ok(), "of another source");
        assert_eq!(count.get(), 0);
        let inner = strangers.inner.borrow();
        assert!(inner.of_sources.is_empty() && inner.all.is_empty(), "nothing is kept of those who are gone");
    }

    #[test]
    fn the_oldest_makes_way_and_all_together_have_a_rate() {
        let strangers = Strangers::new(LIMITS, StrangerCount::default(), Duration::ZERO);
        let admitted = (0..12).map(|last| strangers.admit(source(last), Duration::ZERO).unwrap());
        let admitted: Vec<Stranger> = admitted.collect();
        let gone = admitted.iter().map(|stranger| stranger.makes_way().told().now_or_never().is_some());
        assert_eq!(gone.collect::<Vec<_>>(), [[true; 6], [false; 6]].concat(), "the oldest six");
        assert_eq!(strangers.admit(source(99), Duration::ZERO).unwrap_err(), PacketRefusal::HandshakeBudget);
    }

    #[test]
    fn who_shows_its_ticket_in_the_moment_in_which_it_is_to_make_way_stays() {
        let limits = StrangerLimits { most: 1, most_of_source: 2, rate_of_source: NO_RATE, rate: NO_RATE };
        let strangers = Strangers::new(limits, StrangerCount::default(), Duration::ZERO);
        let first = strangers.admit(source(1), Duration::ZERO).unwrap();
        let makes_way = first.makes_way();
        let _second = strangers.admit(source(2), Duration::ZERO).unwrap();
        drop(first);
        assert_eq!(makes_way.told().now_or_never(), None);
    }
}
