//! Rate limits: for handshakes of one source (an IPv4 address or an IPv6 network) and of all together, before any
//! cryptography, and for each connected client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use super::refusal::PacketRefusal;

/// A token bucket in thousandths of a packet, refilled by the time that is passed in.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    rate: Rate,
    left_millis: u64,
    filled_at: Duration,
}

/// A limit on the rate of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Packets per second in the long run.
    pub per_second: u32,
    /// Most packets at once.
    pub burst: u32,
}

impl Budget {
    pub(super) fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, left_millis: u64::from(rate.burst) * 1_000, filled_at: now }
    }

    /// Takes one packet from the budget. Returns false if it is used up.
    pub(super) fn spend(&mut self, now: Duration) -> bool {
        self.spend_packets(1, now)
    }

    /// Takes so many packets from the budget, or none and returns false if fewer are left.
    pub(super) fn spend_packets(&mut self, packets: u32, now: Duration) -> bool {
        self.fill(now);
        let left = self.left_millis.checked_sub(u64::from(packets) * 1_000);
        self.left_millis = left.unwrap_or(self.left_millis);
        left.is_some()
    }

    fn fill(&mut self, now: Duration) {
        // Only whole milliseconds are booked, so that many calls within one lose nothing.
        let passed_ms = now.saturating_sub(self.filled_at).as_millis() as u64;
        self.filled_at += Duration::from_millis(passed_ms);
        let gained = passed_ms.saturating_mul(u64::from(self.rate.per_second));
        self.left_millis = self.left_millis.saturating_add(gained).min(u64::from(self.rate.burst) * 1_000);
    }

    fn is_full(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.left_millis == u64::from(self.rate.burst) * 1_000
    }
}

/// The rate limits of handshakes.
#[derive(Debug)]
pub(super) struct HandshakeBudgets {
    sources: SourceBudgets,
    everybody: Budget,
}

impl HandshakeBudgets {
    pub(super) fn new(per_source: Rate, everybody: Rate, now: Duration) -> Self {
        Self { sources: SourceBudgets::new(per_source, now), everybody: Budget::new(everybody, now) }
    }

    /// Takes one packet from the source's budget and from the shared one, or says which is used up.
    pub(super) fn spend(&mut self, source: IpAddr, now: Duration) -> Result<(), PacketRefusal> {
        if !self.sources.spend(source, now) {
            return Err(PacketRefusal::SourceBudget);
        }
        if !self.everybody.spend(now) {
            return Err(PacketRefusal::HandshakeBudget);
        }
        Ok(())
    }
}

/// Most sources with a budget of their own.
const MAX_SOURCES: usize = 4_096;
/// Shortest time between two sweeps that forget idle sources.
const SWEEP_EVERY: Duration = Duration::from_millis(250);

/// A budget for each source address. When there are too many sources, new ones share one budget.
#[derive(Debug)]
pub(super) struct SourceBudgets {
    rate: Rate,
    sources: HashMap<IpAddr, Budget>,
    others: Budget,
    swept_at: Duration,
}

impl SourceBudgets {
    pub(super) fn new(rate: Rate, now: Duration) -> Self {
        Self { rate, sources: HashMap::new(), others: Budget::new(rate, now), swept_at: now }
    }

    /// Takes one packet from the source's budget. Returns false if it is used up.
    pub(super) fn spend(&mut self, source: IpAddr, now: Duration) -> bool {
        let source = network_of(source);
        if let Some(budget) = self.sources.get_mut(&source) {
            return budget.spend(now);
        }
        if self.sources.len() >= MAX_SOURCES && now.saturating_sub(self.swept_at) >= SWEEP_EVERY {
            self.swept_at = now;
            self.sources.retain(|_, budget| !budget.is_full(now));
        }
        if self.sources.len() >= MAX_SOURCES {
            return self.others.spend(now);
        }
        self.sources.entry(source).or_insert_with(|| Budget::new(self.rate, now)).spend(now)
    }
}

/// The network that an address is counted under: one customer usually has a whole /64 of IPv6 addresses, and one IPv4
/// address.
pub(super) fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((address.to_bits() >> 64 << 64).to_be_bytes()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const RATE: Rate = Rate { per_second: 10, burst: 20 };

    #[test]
    fn a_budget_fills_with_time() {
        let mut budget = Budget::new(RATE, Duration::ZERO);
        assert_eq!((0..100).filter(|_| budget.spend(Duration::ZERO)).count(), 20);
        // Asked every 0.1 ms for a second: ten more, none lost to rounding.
        let mut spent = |steps: std::ops::Range<u64>| {
            steps.filter(|step| budget.spend(Duration::from_micros(step * 100))).collect::<Vec<u64>>()
        };
        assert_eq!(spent(0..10_001), (1..=10).map(|tenth| tenth * 1_000).collect::<Vec<_>>());
        assert_eq!(spent(36_000_000..36_000_100).len(), 20, "more than a burst is never saved");
    }

    #[test]
    fn a_flood_of_sources_shares_one_budget_and_the_table_stays_small() {
        let mut sources = SourceBudgets::new(RATE, Duration::ZERO);
        let address = |i: u32| IpAddr::V4(Ipv4Addr::from_bits(i));
        let granted = (0..100_000).filter(|i| sources.spend(address(*i), Duration::ZERO)).count();
        assert_eq!(granted, 4_096 + RATE.burst as usize);
        assert_eq!(sources.sources.len(), 4_096);
        let of_the_first = |sources: &mut SourceBudgets, now| {
            let granted = (0..100).filter(|_| sources.spend(address(0), now));
            granted.count()
        };
        assert_eq!(of_the_first(&mut sources, Duration::ZERO), 19, "the flood takes nothing from those before it");
        // Once their budgets are full again, the old ones are forgotten. That of the first is not full.
        let later = Duration::from_millis(300);
        assert!(sources.spend(address(1 << 20), later));
        assert_eq!((sources.sources.len(), of_the_first(&mut sources, later)), (2, 3));
    }

    #[test]
    fn everybody_together_has_a_budget_too() {
        let mut budgets = HandshakeBudgets::new(RATE, Rate { per_second: 1, burst: 30 }, Duration::ZERO);
        let source = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut asked = |last| (0..25).map(|_| budgets.spend(source(last), Duration::ZERO)).collect::<Vec<_>>();
        let (first, second) = (asked(1), asked(2));
        assert_eq!(first.iter().filter(|spent| spent.is_ok()).count(), 20);
        assert_eq!(first.last(), Some(&Err(PacketRefusal::SourceBudget)));
        assert_eq!(second.iter().filter(|spent| spent.is_ok()).count(), 10);
        assert_eq!(second[10], Err(PacketRefusal::HandshakeBudget));
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let mut sources = SourceBudgets::new(RATE, Duration::ZERO);
        let mut granted = |network: u128, shift: u32| {
            let address = |i: u128| IpAddr::from((network | i << shift).to_be_bytes());
            (0..100).filter(|i| sources.spend(address(*i), Duration::ZERO)).count()
        };
        let network = 0x2001_0db8_u128 << 96;
        assert_eq!((granted(network, 0), granted(network, 57)), (20, 0), "to the last of its addresses");
        assert_eq!(granted(network | 1 << 64, 0), 20, "its neighbour is another");
        // IPv4 within IPv6 has no networks: each address is a source.
        assert_eq!(granted(0xffff_0a00_0000, 0), 100);
        let v4 = |last: u8| IpAddr::from([10, 0, 0, last]);
        assert_eq!((0..20).filter(|_| sources.spend(v4(7), Duration::ZERO)).count(), 19, "in whichever form it comes");
    }
}
