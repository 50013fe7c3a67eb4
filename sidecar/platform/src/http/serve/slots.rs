//! Limits how many connections a listener has at once: in total, from one IP, and from one network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, watch};

use crate::config::{ConnectionLimits, TrustedProxies};
use crate::limits::Source;

/// Limits of networks as multiples of the limit of one IP: for an IPv4 address itself and its /24, for an IPv6 /64
/// itself, its /56 and its /48. The owner of a network has all its addresses.
const SHARES: [u32; 3] = [1, 4, 8];

/// The connection slots of one listener.
pub(super) struct ConnectionSlots {
    listener: &'static str,
    free: Arc<Semaphore>,
    limits: ConnectionLimits,
    proxies: TrustedProxies,
    /// Open connections by network, the narrowest included.
    taken: Mutex<HashMap<IpNet, u32>>,
    open: AtomicU32,
    crowded: watch::Sender<bool>,
}

/// A connection's slot, held until it is dropped.
pub(super) struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    /// The source it is counted under; `None` where the IP is not limited.
    source: Option<Source>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionSlots {
    pub(super) fn new(listener: &'static str, limits: ConnectionLimits, proxies: TrustedProxies) -> Arc<Self> {
        let total = usize::try_from(limits.total).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            listener,
            free: Arc::new(Semaphore::new(total)),
            limits,
            proxies,
            taken: Mutex::default(),
            open: AtomicU32::new(0),
            crowded: watch::Sender::new(false),
        })
    }

    /// Waits until there is room for one more.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.free.clone().acquire_owned().await
    }

    /// Takes a slot for a connection from `ip`; `None` if that or one of its networks has as many as it may. This
    /// machine and our own proxies are not limited, since they connect for many clients.
    pub(super) fn take(self: &Arc<Self>, ip: IpAddr, permit: OwnedSemaphorePermit) -> Option<ConnectionSlot> {
        let source = Source::from(ip);
        let limited = !(source.is_this_machine() || self.proxies.contains(ip));
        if limited && let Err(reason) = self.count(source) {
            self.refused(reason);
            return None;
        }
        metrics::gauge!("realmgate_connections", "listener" => self.listener).increment(1);
        self.opened(self.open.fetch_add(1, Ordering::Relaxed).saturating_add(1));
        Some(ConnectionSlot { slots: self.clone(), source: limited.then_some(source), _permit: permit })
    }

    /// Whether nearly all slots are taken, and when that changes.
    pub(super) fn crowded(&self) -> watch::Receiver<bool> {
        self.crowded.subscribe()
    }

    /// Counts a connection that was refused or closed.
    pub(super) fn refused(&self, reason: &'static str) {
        metrics::counter!("realmgate_connections_refused_total", "listener" => self.listener, "reason" => reason)
            .increment(1);
    }

    /// Counts a connection for a source and all its networks, or for none of them. The error is the reason.
    fn count(&self, source: Source) -> Result<(), &'static str> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |(network, share): (IpNet, u32)| {
            taken.get(&network).is_some_and(|count| *count >= self.limits.per_ip.saturating_mul(share))
        };
        match source.networks().zip(SHARES).position(full) {
            Some(0) => return Err("per_ip"),
            Some(_) => return Err("per_network"),
            None => source.networks().for_each(|network| *taken.entry(network).or_default() += 1),
        }
        Ok(())
    }

    /// Updates whether the listener is crowded: at most an eighth of its slots is left.
    fn opened(&self, open: u32) {
        let is_crowded = u64::from(open) * 8 >= u64::from(self.limits.total) * 7;
        self.crowded.send_if_modified(|crowded| std::mem::replace(crowded, is_crowded) != is_crowded);
    }
}

impl ConnectionSlot {
    /// Counts a connection that sends too much.
    pub(super) fn flooded(&self) {
        self.slots.refused("flood");
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        metrics::gauge!("realmgate_connections", "listener" => self.slots.listener).decrement(1);
        self.slots.opened(self.slots.open.fetch_sub(1, Ordering::Relaxed).saturating_sub(1));
        let Some(source) = self.source else { return };
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for network in source.networks() {
            if let Some(count) = taken.get_mut(&network) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(&network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ip_has_so_many_and_gets_them_back() {
        let limits = ConnectionLimits { total: 100, per_ip: 2 };
        let slots = ConnectionSlots::new("test", limits, TrustedProxies::parse(Some("10.0.0.1")).unwrap());
        let take = async |ip: &str| slots.take(ip.parse().unwrap(), slots.room().await.unwrap());
        let first = take("203.0.113.9").await;
        let second = take("203.0.113.9").await;
        assert!(first.is_some() && second.is_some());
        assert!(take("203.0.113.9").await.is_none(), "the third");
        assert!(take("203.0.113.10").await.is_some(), "another IP");
        drop(first);
        assert!(take("203.0.113.9").await.is_some(), "a slot was given back");
        let mut many = Vec::new();
        for _ in 0..5 {
            many.push(take("127.0.0.1").await.expect("this machine is not limited"));
            many.push(take("10.0.0.1").await.expect("nor is a proxy"));
        }
        drop((second, many));
        assert!(slots.taken.lock().unwrap().is_empty(), "nothing is kept of those who are gone");
        assert_eq!(slots.free.available_permits(), 100);
    }

    #[tokio::test]
    async fn whoever_has_a_network_has_not_all_places() {
        let limits = ConnectionLimits { total: 1_000, per_ip: 2 };
        let slots = ConnectionSlots::new("test", limits, TrustedProxies::default());
        let networks =
            [("203.0.113.{}", 8), ("2001:db8:3:1::{}", 2), ("2001:db8:1:{}::1", 8), ("2001:db8:2:{}00::1", 16)];
        for (network, most) in networks {
            // IPv6 reads these digits as hexadecimal, which gives as many different hosts.
            let address = |host: u8| network.replace("{}", &host.to_string()).parse().unwrap();
            let mut taken = Vec::new();
            for host in 0..64 {
                taken.extend(slots.take(address(host), slots.room().await.unwrap()));
            }
            assert_eq!(taken.len(), most, "of {network}");
            let other = slots.take("198.51.100.1".parse().unwrap(), slots.room().await.unwrap());
            assert!(other.is_some(), "others have their own");
            drop((taken, other));
            let again = slots.take(address(63), slots.room().await.unwrap());
            assert!(again.is_some(), "they were given back");
        }
        assert!(slots.taken.lock().unwrap().is_empty(), "nothing is kept of those who are gone");
    }

    #[tokio::test]
    async fn a_full_house_waits() {
        let slots = ConnectionSlots::new("test", ConnectionLimits { total: 1, per_ip: 9 }, TrustedProxies::default());
        let slot = slots.take("127.0.0.1".parse().unwrap(), slots.room().await.unwrap());
        let mut next = Box::pin(slots.room());
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(slot);
        assert!(next.await.is_ok());
    }
}
