//! The server: logins over TCP, which hand out connect tokens, and the game over UDP on the same port.
//!
//! `cargo run --bin arena-server [ADDRESS]`, by default on 127.0.0.1:5000.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its terminal is its log")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use realmgate_arena::ROWS;
use realmgate_arena::rules::arena;
use realmgate_engine::host::{self, LocalLink, MapServer};
use realmgate_engine::map::Map;
use realmgate_engine::transport::Transports;
use realmgate_engine::transport::udp::{UdpSettings, UdpTransport};
use realmgate_protocol::ids::{ChannelId, MapId};

fn main() -> Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5000".to_owned());
    let logins = TcpListener::bind(&address).with_context(|| format!("cannot listen on {address}"))?;
    let address = logins.local_addr()?;
    let (mut link, ends) = LocalLink::open("arena".parse()?)?;
    let udp = UdpTransport::bind(UdpSettings::new(address, link.keys().netcode_key())).context("no UDP port")?;
    let config = link.host_config(vec![Map::sketch(MapId(1), &ROWS).context("empty map")?])?;
    std::thread::spawn(move || {
        for login in logins.incoming().flatten() {
            log_in(&login, &mut link, address).unwrap_or_else(|error| eprintln!("login failed: {error:#}"));
        }
    });
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGINT, stop.clone())?;
    println!("the arena is open on {address}; Ctrl-C closes it");
    host::run(&mut MapServer::new(config, Arc::new(arena), Transports::new(vec![Box::new(udp)]), ends), &stop);
    Ok(())
}

/// One line with a name in, one line with a connect token out. A game of your own checks a password here.
fn log_in(mut login: &TcpStream, link: &mut LocalLink, address: SocketAddr) -> Result<()> {
    login.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut name = String::new();
    BufReader::new(login.take(32)).read_line(&mut name)?;
    ensure!(name.starts_with(|first: char| first.is_ascii_alphabetic()), "a name starts with a letter");
    let invitation = link.invite(name.trim(), MapId(1), ChannelId(1));
    let token = link.connect_token(&invitation, address)?.to_renetcode_text(invitation.client.0);
    Ok(writeln!(login, "{token}")?)
}
