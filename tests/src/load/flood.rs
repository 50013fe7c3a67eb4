//! Strangers who send a server what they like, as fast as they are told, while others play.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::chance::Chance;

/// Addresses that they come from: the budgets of the server are for each.
const SOURCES: u8 = 32;
/// What a connection request starts with, and how long it is.
const REQUEST: &[u8] = b"\0NETCODE 1.02\0";
const REQUEST_BYTES: usize = 1_078;
/// Prefix of a packet with a payload, and a length that clients' packets have.
const PAYLOAD: u8 = 0x15;
const PAYLOAD_BYTES: usize = 60;
/// How often they send.
const BEAT: Duration = Duration::from_millis(1);

/// A flood, until it is ended.
#[derive(Debug)]
pub struct Flood {
    /// Dropped to end it.
    goes_on: Sender<()>,
    sender: JoinHandle<u64>,
}

impl Flood {
    /// Sends so many datagrams a second to a server: connection requests, packets of sessions that are not there, and noise.
    ///
    /// # Errors
    /// When a socket cannot be bound.
    #[expect(clippy::disallowed_methods, reason = "a load keeps real time")]
    pub fn start(server: SocketAddr, per_second: u32) -> Result<Self> {
        let socket = |source: u8| UdpSocket::bind((Ipv4Addr::new(127, 9, 0, source), 0));
        let sockets: Vec<UdpSocket> = (1..=SOURCES).map(socket).collect::<std::io::Result<_>>()?;
        sockets.iter().try_for_each(|socket| socket.set_nonblocking(true))?;
        let (goes_on, told_to_stop) = channel();
        let sender = std::thread::spawn(move || {
            let (begun, mut chance, mut sent) = (Instant::now(), Chance::new(9), 0u64);
            while told_to_stop.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                while (sent as f64) < begun.elapsed().as_secs_f64() * f64::from(per_second) {
                    let socket = &sockets[sent as usize % sockets.len()];
                    // What a full buffer refuses is lost, as in a network.
                    socket.send_to(&datagram(&mut chance, sent), server).ok();
                    sent += 1;
                }
            }
            sent
        });
        Ok(Self { goes_on, sender })
    }

    /// Ends it; how many datagrams were sent.
    ///
    /// # Errors
    /// When the thread that sends has panicked.
    pub fn end(self) -> Result<u64> {
        drop(self.goes_on);
        self.sender.join().map_err(|_| anyhow!("the flood has failed"))
    }
}

fn datagram(chance: &mut Chance, number: u64) -> Vec<u8> {
    let (start, bytes): (&[u8], usize) = match number % 3 {
        0 => (REQUEST, REQUEST_BYTES),
        1 => (&[PAYLOAD], PAYLOAD_BYTES),
        _ => (&[], PAYLOAD_BYTES),
    };
    let noise = std::iter::repeat_with(|| chance.below(256) as u8).take(bytes - start.len());
    start.iter().copied().chain(noise).collect()
}
