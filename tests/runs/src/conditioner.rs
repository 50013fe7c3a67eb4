//! A bad line between a client and a server: `cargo xtask conditioner` starts this.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use realmgate_tests::conditioner::{Conditions, Profile, TcpConditioner, UdpConditioner};

/// Simulate a bad network between clients and a server, for UDP and TCP on the same port
#[derive(Debug, Args)]
pub struct Arguments {
    /// Address of the server
    #[arg(long, value_name = "ADDRESS:PORT")]
    to: SocketAddr,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:4101", value_name = "ADDRESS:PORT")]
    at: SocketAddr,
    /// Network profile: lan, 50ms, 100ms, 200ms, 300ms; other options override its values
    #[arg(long, default_value = "lan")]
    line: String,
    /// Latency in milliseconds, each way
    #[arg(long, value_name = "MS")]
    latency: Option<f64>,
    /// Jitter of the latency in milliseconds, more or less
    #[arg(long, value_name = "MS")]
    jitter: Option<f64>,
    /// Percentage of lost packets
    #[arg(long, value_name = "PERCENT")]
    loss: Option<f64>,
    /// Mean number of packets lost in a row
    #[arg(long, value_name = "PACKETS")]
    burst: Option<f64>,
    /// Percentage of reordered packets
    #[arg(long, value_name = "PERCENT")]
    reordered: Option<f64>,
    /// Percentage of duplicated packets
    #[arg(long, value_name = "PERCENT")]
    duplicated: Option<f64>,
    /// Bandwidth in bytes per second, each way
    #[arg(long, value_name = "BYTES")]
    bandwidth: Option<u32>,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Arguments {
    fn conditions(&self) -> Result<Conditions> {
        let line = Profile::named(&self.line).with_context(|| format!("unknown network profile {}", self.line))?;
        let base = line.conditions;
        Ok(Conditions {
            latency_ms: self.latency.unwrap_or(base.latency_ms),
            jitter_ms: self.jitter.unwrap_or(base.jitter_ms),
            loss: self.loss.map_or(base.loss, |percent| percent / 100.0),
            burst: self.burst.unwrap_or(base.burst),
            reordered: self.reordered.map_or(base.reordered, |percent| percent / 100.0),
            duplicated: self.duplicated.map_or(base.duplicated, |percent| percent / 100.0),
            bytes_per_second: self.bandwidth.or(base.bytes_per_second),
        })
    }
}

pub async fn main(arguments: Arguments) -> ExitCode {
    match stand_between(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn stand_between(arguments: &Arguments) -> Result<()> {
    let conditions = arguments.conditions()?;
    let in_use = || format!("cannot listen on {}", arguments.at);
    let udp =
        UdpConditioner::bind(arguments.at, arguments.to, conditions, arguments.seed).await.with_context(in_use)?;
    let _tcp =
        TcpConditioner::bind(udp.address(), arguments.to, conditions, arguments.seed).await.with_context(in_use)?;
    println!("forwarding {} to {}: {conditions:?}; stop with Ctrl-C", udp.address(), arguments.to);
    tokio::signal::ctrl_c().await?;
    Ok(())
}
