//! The door in front of a small fast service: its rate beside nginx, the latency it adds, its memory, and whether a
//! service that misbehaves slows down the others.
//!
//! The door has the server's core. The load and the services, which are one thread of this program, have the other one.

mod faults;
mod large;
mod latency;
mod nginx;
mod rate;
mod service;
mod socket_io;

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::time::Instant;

use crate::databases::Base;
use crate::http::{self, Connection};
use crate::report::Report;
use crate::rounds::{Latencies, Plan, together};
use crate::seed::{self, Player};
use crate::server::Server;
use service::{ANSWER_BYTES, Service};

/// Socket.IO clients that are connected before memory is measured, so that what is allocated once is not counted.
const WARM_PAIRS: usize = 100;

/// A sidecar with the role door, and the services behind it.
pub struct Bench {
    server: Server,
    door: SocketAddr,
    service: Service,
    players: Vec<Player>,
    /// Keeps the sidecar's folder.
    _base: Base,
}

/// Measures everything that the door has a target for.
pub async fn measure(plan: &Plan, report: &mut Report) -> Result<()> {
    let bench = Bench::start(plan).await?;
    let measured = measure_all(&bench, plan, report).await;
    measured.with_context(|| bench.server.told())
}

async fn measure_all(bench: &Bench, plan: &Plan, report: &mut Report) -> Result<()> {
    // Before anything else has grown the process.
    socket_io::weigh(bench, plan, report).await.context("idle Socket.IO pairs")?;
    socket_io::time_events(bench, plan, report).await.context("Socket.IO events")?;
    let rate = rate::compare(bench, plan, report).await.context("rate beside nginx")?;
    latency::compare(bench, plan, rate / 2.0, report).await.context("added latency")?;
    large::measure(bench, plan, report).await.context("large bodies")?;
    faults::compare(bench, plan, rate / 4.0, report).await.context("services that misbehave")
}

impl Bench {
    async fn start(plan: &Plan) -> Result<Self> {
        let base = Base::create(None, "door").await?;
        let players = seed::players(&base, WARM_PAIRS + plan.pairs, 0).await?;
        base.settle().await?;
        let service = Service::start().await?;
        let file = base.home.path("services.toml");
        std::fs::write(&file, dictionary(service.addr))?;
        let services = ("SERVICES_FILE", file.to_string_lossy().into_owned());
        let server = Server::sidecar_with(&base, [services, ("DOOR_ADDR", "127.0.0.1:0".to_owned())]).await?;
        let door = server.door.with_context(|| format!("the sidecar has no door{}", server.told()))?;
        Ok(Self { server, door, service, players, _base: base })
    }

    /// A GET with the token of this player.
    fn get(&self, path: &str, player: usize) -> String {
        http::get(path, &self.players[player % self.players.len()].token)
    }
}

/// One service for each kind of behaviour, all at one address. They have limits that the load does not reach.
fn dictionary(service: SocketAddr) -> String {
    let behaviours = ["plain", "hangs", "floods", "dies"].map(|name| {
        format!(
            "[services.{name}]\nurl = \"http://{service}\"\npath = \"/{name}\"\nmax_requests = 4096\n\
             connect_timeout_s = 0.5\ntimeout_s = 1.0\n[services.{name}.breaker]\nfailures = 1000\nopen_s = 0.01\n"
        )
    });
    format!(
        "{}[services.large]\nurl = \"http://{service}\"\npath = \"/large\"\nmax_body_bytes = 2147483648\n\
         [services.echo]\nurl = \"http://{service}\"\nmax_sockets = 20000\n\
         [services.echo.socket_io]\nnamespace = \"{}\"\n",
        behaviours.concat(),
        socket_io::NAMESPACE,
    )
}

/// Clients that send the next request as soon as they have their answer, each on its own connection.
async fn closed_loop(addr: SocketAddr, requests: Vec<String>, until: Instant) -> Result<Latencies> {
    let clients = requests.into_iter().map(async |request| {
        let (mut connection, mut latencies) = (Connection::open(addr).await?, Latencies::default());
        while Instant::now() < until {
            let (status, body) = latencies.time(connection.call(&request)).await?;
            check(status, body)?;
        }
        anyhow::Ok(latencies)
    });
    together(clients).await
}

/// Checks an answer of the service's small page.
fn check(status: u16, body: &[u8]) -> Result<()> {
    ensure!(status == 200 && body.len() == ANSWER_BYTES, "{status}: {}", String::from_utf8_lossy(body));
    Ok(())
}

/// What follows a figure that misses its target.
fn verdict(is_met: bool) -> &'static str {
    if is_met { "" } else { ", **missed**" }
}
