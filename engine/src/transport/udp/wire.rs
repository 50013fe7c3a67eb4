//! The socket as the network thread uses it: every datagram is counted, and nothing blocks except [`Wire::wait`].

use std::cell::{Cell, RefCell};
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;

use super::batch::{ReceiveBatch, SendBatch};
use super::socket::Woken;

/// What a datagram takes of the socket's buffer, however short it is: the buffer of a network card, and the kernel's note of it.
const KERNEL_BYTES: usize = 2_304;

/// The socket with its counters, and the thread's end of the waker.
pub(super) struct Wire {
    socket: UdpSocket,
    woken: Woken,
    outgoing: RefCell<SendBatch>,
    came: Counted,
    went: Counted,
}

/// Counts datagrams of one direction. Reported in batches, since a counter that others read costs more than a sum.
struct Counted {
    unreported: Cell<(u64, u64)>,
    datagrams: metrics::Counter,
    bytes: metrics::Counter,
}

impl Counted {
    fn add(&self, bytes: usize) {
        let (datagrams, sum) = self.unreported.get();
        self.unreported.set((datagrams + 1, sum + bytes as u64));
    }

    fn report(&self) {
        let (datagrams, bytes) = self.unreported.take();
        if datagrams > 0 {
            self.datagrams.increment(datagrams);
            self.bytes.increment(bytes);
        }
    }
}

/// What ends a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitFor {
    /// The host alone: datagrams may gather meanwhile, so that many are taken at once.
    Host,
    /// The host, or a datagram.
    Anything,
}

impl Wire {
    pub(super) fn new(socket: UdpSocket, woken: Woken) -> Self {
        Self {
            socket,
            woken,
            outgoing: RefCell::new(SendBatch::new()),
            came: Counted {
                unreported: Cell::default(),
                datagrams: metrics::counter!("realmgate_datagrams_in_total", "transport" => "udp"),
                bytes: metrics::counter!("realmgate_bytes_in_total", "transport" => "udp"),
            },
            went: Counted {
                unreported: Cell::default(),
                datagrams: metrics::counter!("realmgate_datagrams_out_total", "transport" => "udp"),
                bytes: metrics::counter!("realmgate_bytes_out_total", "transport" => "udp"),
            },
        }
    }

    /// How many datagrams the kernel keeps at least until they are received.
    pub(super) fn holds(&self) -> u32 {
        let bytes = SockRef::from(&self.socket).recv_buffer_size().unwrap_or_default();
        u32::try_from(bytes / KERNEL_BYTES).unwrap_or(u32::MAX)
    }

    /// Receives what is there, as far as there is room for it.
    pub(super) fn receive(&self, received: &mut ReceiveBatch) {
        received.fill(&self.socket);
        received.iter_mut().for_each(|(datagram, _)| self.came.add(datagram.len()));
    }

    /// Sends a datagram, at the next [`Self::flush`] at the latest. One that the kernel does not take is as good as lost on the way.
    pub(super) fn send(&self, datagram: &[u8], to: SocketAddr) {
        self.outgoing.borrow_mut().push(datagram, to);
        if self.outgoing.borrow().is_full() {
            self.flush();
        }
    }

    /// Sends what waits.
    pub(super) fn flush(&self) {
        self.outgoing.borrow_mut().send(&self.socket, |bytes| self.went.add(bytes));
    }

    /// Brings the counters up to date.
    pub(super) fn report(&self) {
        self.came.report();
        self.went.report();
    }

    /// Sleeps until there is something to do, for this long at most.
    pub(super) fn wait(&self, until: WaitFor, at_most: Duration) {
        let timeout = Timespec { tv_sec: at_most.as_secs() as i64, tv_nsec: i64::from(at_most.subsec_nanos()) };
        let mut both = [PollFd::new(&self.woken, PollFlags::IN), PollFd::new(&self.socket, PollFlags::IN)];
        let waited = match until {
            WaitFor::Host => poll(&mut both[..1], Some(&timeout)),
            WaitFor::Anything => poll(&mut both, Some(&timeout)),
        };
        let was_woken = !both[0].revents().is_empty();
        match waited {
            Ok(_) if was_woken => self.woken.clear(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // It must not make the thread spin.
            Err(_) => std::thread::sleep(at_most.min(Duration::from_millis(1))),
        }
    }
}
