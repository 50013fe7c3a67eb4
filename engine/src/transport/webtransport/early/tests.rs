use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const ID: [u8; 8] = [7; 8];

/// The kinds of packets with long headers.
const INITIAL: u8 = 0x00;
const HANDSHAKE: u8 = 0x20;
const RETRY: u8 = 0x30;

/// A packet with a long header and so many bytes behind it, from a client that calls the connection this.
fn long(kind: u8, id: [u8; 8], bytes: u8) -> Vec<u8> {
    let mut packet = vec![LONG_HEADER | 0x40 | kind, 0, 0, 0, 1, 8];
    packet.extend(id);
    // Its own id is empty; so is the token of a first packet.
    packet.extend(if kind == HANDSHAKE { &[0][..] } else { &[0, 0] });
    // Lengths of up to 63 take a byte.
    packet.push(bytes);
    packet.extend(vec![1; bytes.into()]);
    packet
}

fn short(id: [u8; 8], number: u8) -> Vec<u8> {
    [&[0x40][..], &id, &[number]].concat()
}

/// What comes out of these, which come in one buffer.
fn sifted(handshakes: &mut Handshakes, datagrams: &[Vec<u8>], now: Duration) -> Vec<u8> {
    let mut buffer = datagrams.concat();
    let stride = datagrams[0].len();
    let mut meta = RecvMeta { len: buffer.len(), stride, ..RecvMeta::default() };
    handshakes.sift(&mut buffer, &mut meta, now);
    buffer[..meta.len].to_vec()
}

fn handed_out(handshakes: &mut Handshakes) -> Vec<Vec<u8>> {
    let (mut one, mut other) = ([0; 64], [0; 64]);
    let mut metas = [RecvMeta::default(); 2];
    let count = handshakes.hand_out(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)], &mut metas);
    let bytes = [one, other];
    metas.iter().zip(bytes).take(count).map(|(meta, bytes)| bytes[..meta.len].to_vec()).collect()
}

#[test]
fn what_comes_before_the_end_of_its_handshake_is_handed_out_after_it() {
    let (mut handshakes, now) = (Handshakes::default(), Duration::ZERO);
    handshakes.begin(ConnectionId::new(&ID), now);
    let other = short([8; 8], 0);
    let came = [short(ID, 1), other.clone(), short(ID, 2)];
    assert_eq!(sifted(&mut handshakes, &came, now), other, "another connection's is none of it");
    assert!(handed_out(&mut handshakes).is_empty());
    let end_bytes = END_BYTES as u8;
    let acknowledges = [long(INITIAL, ID, 3), long(HANDSHAKE, ID, end_bytes - 1)].concat();
    assert_eq!(sifted(&mut handshakes, std::slice::from_ref(&acknowledges), now), acknowledges);
    assert!(handed_out(&mut handshakes).is_empty(), "that was not the end");
    let end = [long(INITIAL, ID, 3), long(HANDSHAKE, ID, end_bytes), short(ID, 3)].concat();
    assert_eq!(sifted(&mut handshakes, std::slice::from_ref(&end), now), end);
    assert_eq!(handed_out(&mut handshakes), [short(ID, 1), short(ID, 2)]);
    assert!(handed_out(&mut handshakes).is_empty(), "once");
    assert_eq!(sifted(&mut handshakes, &[short(ID, 4)], now), short(ID, 4), "it is over");
}

/// A socket that sends nothing and receives nothing.
#[derive(Debug)]
struct Nowhere;

impl AsyncUdpSocket for Nowhere {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        unreachable!("nobody waits for it")
    }

    fn try_send(&self, _: &Transmit<'_>) -> io::Result<()> {
        Ok(())
    }

    fn poll_recv(&self, _: &mut Context<'_>, _: &mut [IoSliceMut<'_>], _: &mut [RecvMeta]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(([127, 0, 0, 1], 1).into())
    }
}

#[test]
fn a_first_packet_of_ours_begins_a_handshake_and_no_other() {
    let initial = [&[LONG_HEADER | 0x40, 0, 0, 0, 1, 0, 8][..], &ID, &[0, 3, 1, 2, 3]].concat();
    // A socket that sends this, and watches these.
    let begun = |contents: &[u8]| {
        let socket = OrderedSocket::new(Arc::new(Nowhere));
        let destination = SocketAddr::from(([127, 0, 0, 1], 1));
        socket.try_send(&Transmit { destination, ecn: None, contents, segment_size: None, src_ip: None }).unwrap();
        let watched: Vec<ConnectionId> = socket.handshakes().watched.iter().map(|handshake| handshake.id).collect();
        watched
    };
    assert_eq!(begun(&initial), [ConnectionId::new(&ID)]);
    let mut handshake = initial.clone();
    handshake[0] |= HANDSHAKE;
    let (mut retry, mut negotiation, cut) = (initial.clone(), initial.clone(), initial[..9].to_vec());
    retry[0] |= RETRY;
    negotiation[4] = 0;
    for datagram in [handshake, retry, negotiation, cut, short(ID, 1), Vec::new()] {
        assert!(begun(&datagram).is_empty(), "{datagram:x?}");
    }
}

#[test]
fn a_length_that_leads_beyond_the_datagram_ends_nothing() {
    let (end, mut far) = (long(HANDSHAKE, ID, END_BYTES as u8), long(INITIAL, ID, 3));
    assert_eq!(id_of_end(&[far.clone(), end.clone()].concat()), Some(ConnectionId::new(&ID)));
    // Its length takes eight bytes: the largest there is.
    far.truncate(far.len() - 4);
    far.extend([0xff; 8]);
    assert_eq!(id_of_end(&[far, end].concat()), None);
}

proptest! {
    #[test]
    fn whatever_comes_is_handed_out_or_kept(
        bytes in vec(
            prop_oneof![
                Just(short(ID, 1)),
                Just(long(HANDSHAKE, ID, END_BYTES as u8)),
                Just(long(INITIAL, ID, 63)[..20].to_vec()),
                vec(any::<u8>(), 10),
            ],
            0..20,
        ),
        stride in 0..120usize,
    ) {
        let (mut handshakes, bytes) = (Handshakes::default(), bytes.concat());
        handshakes.begin(ConnectionId::new(&ID), Duration::ZERO);
        let (mut buffer, mut meta) = (bytes.clone(), RecvMeta { len: bytes.len(), stride, ..RecvMeta::default() });
        handshakes.sift(&mut buffer, &mut meta, Duration::ZERO);
        let kept = handshakes.watched.iter().flat_map(|handshake| &handshake.early).chain(&handshakes.due);
        prop_assert_eq!(meta.len + kept.map(|(_, datagram)| datagram.len()).sum::<usize>(), bytes.len());
    }
}

#[test]
fn as_much_is_kept_as_is_allowed_and_not_for_ever() {
    let (mut handshakes, now) = (Handshakes::default(), Duration::ZERO);
    handshakes.begin(ConnectionId::new(&ID), now);
    let came = vec![short(ID, 1); MOST_EARLY + 1];
    assert_eq!(sifted(&mut handshakes, &came, now).len(), short(ID, 1).len(), "one is too many");
    let (mut others, mut long) = (Handshakes::default(), short(ID, 1));
    others.begin(ConnectionId::new(&ID), now);
    long.resize(MOST_BYTES, 0);
    assert!(sifted(&mut others, std::slice::from_ref(&long), now).is_empty(), "as long as is allowed");
    long.push(0);
    assert_eq!(sifted(&mut others, std::slice::from_ref(&long), now), long, "too long");
    for n in 0..MOST_HANDSHAKES as u8 {
        handshakes.begin(ConnectionId::new(&[100, n]), now);
    }
    assert_eq!(handshakes.watched.len(), MOST_HANDSHAKES);
    assert_eq!(sifted(&mut handshakes, &[short(ID, 2)], now), short(ID, 2), "the oldest is forgotten");
    let (in_time, early) = (now + OPEN_WITHIN, [&[0x40, 100, 1][..], &[0; 8]].concat());
    assert!(sifted(&mut handshakes, std::slice::from_ref(&early), in_time).is_empty(), "it is watched so long");
    let late = in_time + Duration::from_millis(1);
    assert_eq!(sifted(&mut handshakes, std::slice::from_ref(&early), late), early, "it has become old");
}
