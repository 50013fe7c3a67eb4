//! Ports for programs that have to be given one.

use std::net::{Ipv4Addr, TcpListener};

use uuid::Uuid;

/// The lowest port that is tried.
const LEAST: u16 = 10_000;
/// Where the range begins from which the kernel takes ports for sockets that name none, where it does not say.
const USUAL_RANGE_BEGINS: u16 = 32_768;

/// A port of loopback that is free. The kernel gives it to no socket that names none, so it stays free until its program listens, and
/// while that program is stopped.
///
/// # Panics
/// When none is found.
pub fn free_port() -> u16 {
    let ports = LEAST..range_begins().max(LEAST + 1);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let random = || ports.start + (Uuid::new_v4().as_u128() % ports.len() as u128) as u16;
    std::iter::repeat_with(random).take(1_000).find(is_free).expect("one of a thousand ports is free")
}

fn range_begins() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|begins| begins.parse().ok()).unwrap_or(USUAL_RANGE_BEGINS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_given_to_no_socket_that_names_none() {
        let (port, begins) = (free_port(), range_begins());
        assert!(port < begins, "{port} is among those from {begins} on");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert_eq!(listener.local_addr().unwrap().port(), port);
    }
}
