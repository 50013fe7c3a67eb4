//! One address for each listener of several replicas: each new connection goes to the next of them.

use std::net::SocketAddr;

use realmgate_tests::proxy::Proxy;
use realmgate_tests::sidecar::SidecarReady;
use tokio::runtime::{Builder, Runtime};

/// Where a sidecar listens.
#[derive(Debug, Clone, Copy)]
pub struct Listeners {
    /// The public API.
    pub api: SocketAddr,
    /// The directory.
    pub directory: SocketAddr,
    /// The gateway.
    pub gateway: SocketAddr,
}

impl From<&SidecarReady> for Listeners {
    fn from(ready: &SidecarReady) -> Self {
        Self { api: ready.api_addr, directory: ready.directory_addr, gateway: ready.gateway_addr }
    }
}

/// A TCP proxy before each listener.
#[derive(Debug)]
pub struct Balancer {
    api: Proxy,
    directory: Proxy,
    gateway: Proxy,
    /// Its own, since it outlives the test that has started it if others use it too.
    runtime: Option<Runtime>,
}

impl Balancer {
    /// Leads to these in turn.
    pub async fn to(replicas: &[Listeners]) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread can be had");
        let proxy = async || runtime.spawn(Proxy::to(&[])).await.expect("there is a free port");
        let (api, directory, gateway) = (proxy().await, proxy().await, proxy().await);
        let balancer = Self { api, directory, gateway, runtime: Some(runtime) };
        balancer.lead_to(replicas);
        balancer
    }

    /// Leads new connections elsewhere.
    pub fn lead_to(&self, replicas: &[Listeners]) {
        let all = |of: fn(&Listeners) -> SocketAddr| replicas.iter().map(of).collect::<Vec<_>>();
        self.api.lead_to(&all(|replica| replica.api));
        self.directory.lead_to(&all(|replica| replica.directory));
        self.gateway.lead_to(&all(|replica| replica.gateway));
    }

    /// Where to connect instead of at a replica.
    pub fn listeners(&self) -> Listeners {
        let (api, directory, gateway) = (self.api.address(), self.directory.address(), self.gateway.address());
        Listeners { api, directory, gateway }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // A test's own runtime must not wait for another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
