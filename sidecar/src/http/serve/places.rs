//! How many connections a listener has at once, in all and from one IP.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::config::{ConnectionLimits, TrustedProxies};
use crate::service::limits::Source;

/// The places of one listener.
pub(super) struct Places {
    listener: &'static str,
    free: Arc<Semaphore>,
    per_ip: u32,
    proxies: TrustedProxies,
    taken: Mutex<HashMap<Source, u32>>,
}

/// A connection's place, for as long as this lives.
pub(super) struct Place {
    places: Arc<Places>,
    /// Counted under this; `None` where the IP is not limited.
    source: Option<Source>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(listener: &'static str, limits: ConnectionLimits, proxies: TrustedProxies) -> Arc<Self> {
        let total = usize::try_from(limits.total).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let free = Arc::new(Semaphore::new(total));
        Arc::new(Self { listener, free, per_ip: limits.per_ip, proxies, taken: Mutex::default() })
    }

    /// Waits until there is room for one more.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.free.clone().acquire_owned().await
    }

    /// A place for a connection from `ip`; `None` where that has as many as it may. This machine and our own proxies
    /// speak for many.
    pub(super) fn take(self: &Arc<Self>, ip: IpAddr, permit: OwnedSemaphorePermit) -> Option<Place> {
        let source = Source::from(ip);
        let limited = !(source.is_loopback() || self.proxies.contains(ip));
        if limited {
            let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let count = taken.entry(source).or_default();
            if *count >= self.per_ip {
                metrics::counter!("realmgate_connections_refused_total", "listener" => self.listener, "reason" => "per_ip")
                    .increment(1);
                return None;
            }
            *count += 1;
        }
        metrics::gauge!("realmgate_connections", "listener" => self.listener).increment(1);
        Some(Place { places: self.clone(), source: limited.then_some(source), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("realmgate_connections", "listener" => self.places.listener).decrement(1);
        let Some(source) = self.source else { return };
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&source);
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
        let places = Places::new("test", limits, TrustedProxies::parse(Some("10.0.0.1")).unwrap());
        let take = async |ip: &str| places.take(ip.parse().unwrap(), places.room().await.unwrap());
        let first = take("203.0.113.9").await;
        let second = take("203.0.113.9").await;
        assert!(first.is_some() && second.is_some());
        assert!(take("203.0.113.9").await.is_none(), "the third");
        assert!(take("203.0.113.10").await.is_some(), "another IP");
        drop(first);
        assert!(take("203.0.113.9").await.is_some(), "a place was given back");
        let mut many = Vec::new();
        for _ in 0..5 {
            many.push(take("127.0.0.1").await.expect("this machine is not limited"));
            many.push(take("10.0.0.1").await.expect("nor is a proxy"));
        }
        drop((second, many));
        assert!(places.taken.lock().unwrap().is_empty(), "nothing is kept of those who are gone");
        assert_eq!(places.free.available_permits(), 100);
    }

    #[tokio::test]
    async fn a_full_house_waits() {
        let places = Places::new("test", ConnectionLimits { total: 1, per_ip: 9 }, TrustedProxies::default());
        let place = places.take("127.0.0.1".parse().unwrap(), places.room().await.unwrap());
        let mut next = Box::pin(places.room());
        assert!(futures_util::poll!(&mut next).is_pending());
        drop(place);
        assert!(next.await.is_ok());
    }
}
