//! The Socket.IO relay between clients and services that are not ours.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod endings;
mod fake;
mod limits;
mod metrics;
mod node;
mod opening;
mod relaying;
mod tls;
mod world;

use fake::{End, FakeService};
use realmgate_door::socketio::Settings;
use serde_json::json;
use world::{Door, Login, service};

realmgate_services::reaper!();

/// A client that has joined `/shop`, whose namespace at the service is `/`.
struct Joined {
    door: Door,
    shop: FakeService,
    login: Login,
    client: End,
    socket: End,
}

impl Joined {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let shop = FakeService::listen().await;
        let door = Door::open(settings, [service("shop", "/", shop.address)]).await;
        let login = door.login(1).await;
        let (client, socket) = join(&door, &shop, &login).await;
        Self { door, shop, login, client, socket }
    }

    /// Another client of `/shop`.
    async fn another(&self) -> (End, End) {
        join(&self.door, &self.shop, &self.login).await
    }
}

async fn join(door: &Door, shop: &FakeService, login: &Login) -> (End, End) {
    let mut client = End::connect(door.address).await;
    client.ask("/shop", &json!({"token": login.token})).await;
    let (socket, _) = shop.join("/").await;
    client.confirmed("/shop").await;
    (client, socket)
}
