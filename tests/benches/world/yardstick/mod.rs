//! What a server is held against: programs that move the same datagrams and do nothing else.

mod bare;
mod batch;
mod drive;
mod stock;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use drive::Driver;
use realmgate_tests::Home;
use realmgate_tests::Process;
use realmgate_tests::load::server::{pinned, read_json, threads, wait_for};
use realmgate_tests::load::turns::TICK;

/// Which yardstick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Yardstick {
    /// One datagram in and one out, opened and sealed, in batches once a tick.
    Floor,
    /// The floor of earlier tables: one call for each datagram, and a look at the socket each millisecond.
    Napping,
    /// The same through unmodified renet and renetcode, which take 1,024 clients.
    Stock,
}

/// What a yardstick's server is told.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerArgs {
    /// Which one
    #[arg(long, value_enum)]
    pub kind: Yardstick,
    /// How many clients
    #[arg(long)]
    pub players: usize,
    /// Bytes of each datagram to a client
    #[arg(long)]
    pub down: usize,
    /// Where it says where it listens
    #[arg(long)]
    pub ready_file: PathBuf,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    /// Which one.
    pub yardstick: Yardstick,
    /// How many clients.
    pub players: usize,
    /// Bytes of a datagram down.
    pub down: usize,
    /// Bytes of a datagram up.
    pub up: usize,
    /// The server's processor time for each client and tick, µs.
    pub cpu_us: f64,
    /// Datagrams that came, of those that should have.
    pub delivered: f64,
    /// The load's own share of its core.
    pub load_busy: f64,
}

/// How large the datagrams are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sizes {
    /// To a client.
    pub down: usize,
    /// From a client.
    pub up: usize,
}

#[derive(Serialize, Deserialize)]
struct Ready {
    address: SocketAddr,
}

/// Is a yardstick's server until it is ended.
pub fn serve(args: &ServerArgs) -> Result<()> {
    match args.kind {
        Yardstick::Floor => bare::serve(args),
        Yardstick::Napping => bare::serve_napping(args),
        Yardstick::Stock => stock::serve(args),
    }
}

/// Measures one: this program must, called with `role`, [`serve`].
pub fn measure(
    yardstick: Yardstick,
    role: &str,
    (players, sizes): (usize, Sizes),
    core: Option<usize>,
    lasts: Duration,
) -> Result<Measured> {
    let home = Home::new();
    let ready_file = home.fresh_path("ready.json");
    let mut start = pinned(core, &std::env::current_exe()?)?;
    let kind = match yardstick {
        Yardstick::Floor => "floor",
        Yardstick::Napping => "napping",
        Yardstick::Stock => "stock",
    };
    start.args([role, "--kind", kind, "--players", &players.to_string(), "--down", &sizes.down.to_string()]);
    start.arg("--ready-file").arg(&ready_file);
    let process = Process::start(&home, start);
    let ready: Ready = wait_for(&process, "it is up", || read_json(&ready_file))?;
    let mut driver = Driver::new(yardstick, players, sizes, ready.address)?;
    driver.join().with_context(|| process.told())?;

    let cpu = |pid| threads(pid).map(|threads| threads.iter().map(|(_, ns)| ns).sum::<u64>());
    let (before, own_before, begun) = (cpu(process.pid())?, cpu(std::process::id())?, driver.now());
    driver.reset();
    driver.drive(lasts)?;
    let (after, own_after) = (cpu(process.pid())?, cpu(std::process::id())?);
    let seconds = (driver.now() - begun).as_secs_f64();
    let due = players as f64 * seconds / TICK.as_secs_f64();
    Ok(Measured {
        yardstick,
        players,
        down: sizes.down,
        up: sizes.up,
        cpu_us: (after - before) as f64 / 1e3 / due,
        delivered: driver.received() as f64 / due,
        load_busy: (own_after - own_before) as f64 / 1e9 / seconds,
    })
}

/// Says where a server listens, all at once.
fn say_ready(args: &ServerArgs, address: SocketAddr) -> Result<()> {
    let whole = args.ready_file.with_extension("new");
    std::fs::write(&whole, serde_json::to_vec(&Ready { address })?)?;
    Ok(std::fs::rename(whole, &args.ready_file)?)
}

/// A server's socket: datagrams of a whole tick fit its buffers.
fn open_socket() -> Result<std::net::UdpSocket> {
    const BUFFER_BYTES: usize = 4 << 20;
    let socket = std::net::UdpSocket::bind(("127.0.0.1", 0))?;
    socket.set_nonblocking(true)?;
    rustix::net::sockopt::set_socket_recv_buffer_size(&socket, BUFFER_BYTES)?;
    rustix::net::sockopt::set_socket_send_buffer_size(&socket, BUFFER_BYTES)?;
    Ok(socket)
}
