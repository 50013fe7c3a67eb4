//! Reliable messages over links that lose, repeat and reorder datagrams.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::limits::MAX_PAYLOAD_BYTES;
use crate::wire::datagram::{self, Ack, MAX_SECTION_BYTES};

const TICK: Duration = Duration::from_millis(33);
const ALONE_AFTER: Duration = Duration::from_millis(60);

fn stream() -> Stream {
    Stream::new(ALONE_AFTER)
}

fn composed(stream: &mut Stream, section: Section<'_>, now: Duration) -> Vec<Vec<u8>> {
    let mut sent = Vec::new();
    stream.compose(section, now, &mut Vec::new(), |payload| sent.push(payload.to_vec()));
    assert!(sent.iter().all(|payload| payload.len() <= MAX_PAYLOAD_BYTES), "a payload is too long");
    sent
}

fn deliver(to: &mut Stream, payloads: &[Vec<u8>], now: Duration) {
    payloads.iter().for_each(|payload| to.receive(&datagram::open(payload).unwrap(), now).unwrap());
}

fn drain(stream: &mut Stream) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| stream.next_message()).collect()
}

/// A payload with these messages, from this id on.
fn messages(first: u16, messages: &[&[u8]]) -> Vec<u8> {
    beside(None, first, messages)
}

fn beside(ack: Option<Ack>, first: u16, messages: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut payload = PayloadWriter::start(&mut out, ack);
    for (at, message) in messages.iter().enumerate() {
        assert!(payload.push(first.wrapping_add(at as u16), message, 0));
    }
    payload.finish(Section::None);
    out
}

fn ack(next: u16, received_after: u32) -> Vec<u8> {
    beside(Some(Ack { next, received_after }), 0, &[])
}

fn receive(stream: &mut Stream, payload: &[u8]) -> Result<(), StreamError> {
    stream.receive(&datagram::open(payload).unwrap(), Duration::ZERO)
}

#[test]
fn a_message_and_its_acknowledgement_ride_in_frames_and_then_cost_nothing() {
    let (mut near, mut far) = (stream(), stream());
    near.queue(vec![1, 2, 3]).unwrap();
    let mut lengths = Vec::new();
    for tick in 0..5 {
        let now = TICK * tick;
        let out = composed(&mut near, Section::Snapshot(&[7; 20]), now);
        deliver(&mut far, &out, now);
        let back = composed(&mut far, Section::Input(&[8; 10]), now);
        deliver(&mut near, &back, now);
        assert_eq!((out.len(), back.len()), (1, 1), "one datagram each way");
        lengths.push((out[0].len(), back[0].len()));
    }
    assert_eq!(drain(&mut far), [[1, 2, 3]]);
    assert!(near.is_acknowledged() && near.is_quiet() && far.is_quiet());
    assert_eq!(lengths, [(2 + 3 + 2 + 3 + 20, 2 + 2 + 10), (22, 14), (22, 12), (22, 12), (22, 12)]);
}

#[test]
fn without_frames_an_acknowledgement_goes_alone_once() {
    let (mut near, mut far) = (stream(), stream());
    near.queue(vec![1]).unwrap();
    let out = composed(&mut near, Section::None, Duration::ZERO);
    assert_eq!(out.len(), 1);
    deliver(&mut far, &out, Duration::ZERO);
    let alone: Vec<u64> =
        (0..2_000).filter(|ms| !composed(&mut far, Section::None, Duration::from_millis(*ms)).is_empty()).collect();
    assert_eq!(alone, [ALONE_AFTER.as_millis() as u64]);
}

#[test]
fn a_burst_goes_at_once_as_far_as_the_window_reaches() {
    assert_eq!(arrivals(60, 900), [18, 18, 18, 6], "16,384 bytes at most");
    assert_eq!(arrivals(64, 256), [64]);
    assert_eq!(arrivals(150, 1), [64, 64, 22], "64 messages at most");
}

/// How many of a burst of messages arrive in each tick.
fn arrivals(count: u8, length: usize) -> Vec<usize> {
    let (mut near, mut far) = (stream(), stream());
    (0..count).for_each(|number| near.queue(vec![number; length]).unwrap());
    let mut arrived = Vec::new();
    while !near.is_acknowledged() {
        let now = TICK * arrived.len() as u32;
        let out = composed(&mut near, Section::Snapshot(&[0; 300]), now);
        assert!(out.iter().map(Vec::len).sum::<usize>() < WINDOW_BYTES + 2_000);
        deliver(&mut far, &out, now);
        let back = composed(&mut far, Section::Input(&[0; 30]), now);
        deliver(&mut near, &back, now);
        arrived.push(drain(&mut far).len());
    }
    arrived
}

#[test]
fn a_snapshot_that_leaves_no_room_goes_first_and_whole() {
    let mut near = stream();
    near.queue(vec![1; 500]).unwrap();
    near.queue(vec![2; 1]).unwrap();
    let body = [9; MAX_SECTION_BYTES];
    let sent = composed(&mut near, Section::Snapshot(&body), Duration::ZERO);
    let opened: Vec<_> = sent.iter().map(|payload| datagram::open(payload).unwrap()).collect();
    assert_eq!(opened.iter().map(|payload| payload.messages.len()).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(opened[0].section, Section::Snapshot(&body[..]));
    assert_eq!(opened[1].section, Section::None);
}

#[test]
fn only_what_is_missing_is_sent_again() {
    let (mut near, mut far) = (stream(), stream());
    (0..3u8).for_each(|number| near.queue(vec![number; 900]).unwrap());
    let out = composed(&mut near, Section::None, Duration::ZERO);
    assert_eq!(out.len(), 3);
    deliver(&mut far, &[out[0].clone(), out[2].clone()], Duration::ZERO);
    let back = composed(&mut far, Section::Input(&[0]), Duration::ZERO);
    deliver(&mut near, &back, Duration::ZERO);
    assert!(composed(&mut near, Section::None, Duration::from_millis(99)).is_empty(), "not before its time");
    assert_eq!(composed(&mut near, Section::None, Duration::from_millis(100)), [out[1].clone()]);
    assert_eq!(drain(&mut far).len(), 1, "the third waits for the second");
}

#[test]
fn a_long_round_trip_is_learnt() {
    let (mut near, mut far) = (stream(), stream());
    let one_way = 200;
    let mut under_way: VecDeque<(u64, bool, Vec<u8>)> = VecDeque::new();
    let (mut resent_early, mut resent_late, mut arrived) = (0, 0, 0);
    for ms in 0..20_000u64 {
        let now = Duration::from_millis(ms);
        if ms % 1_000 == 0 {
            near.queue(vec![1; 10]).unwrap();
        }
        let out = composed(&mut near, Section::None, now);
        if ms % 1_000 != 0 {
            *if ms < 1_000 { &mut resent_early } else { &mut resent_late } += out.len();
        }
        under_way.extend(out.into_iter().map(|payload| (ms + one_way, true, payload)));
        let back = composed(&mut far, Section::None, now);
        under_way.extend(back.into_iter().map(|payload| (ms + one_way, false, payload)));
        while let Some((_, to_far, payload)) = under_way.pop_front_if(|(at, ..)| *at <= ms) {
            deliver(if to_far { &mut far } else { &mut near }, &[payload], now);
        }
        arrived += drain(&mut far).len();
    }
    assert_eq!(arrived, 20);
    assert_eq!((resent_early, resent_late), (3, 0), "what only takes its time is not sent twice once that is known");
}

#[test]
fn an_end_that_never_answers_is_not_flooded_and_overflows() {
    let mut near = stream();
    let queued = (0..).take_while(|_| near.queue(vec![0; 1_000]).is_ok()).count();
    assert_eq!(queued, QUEUE_BYTES / 1_000);
    assert_eq!(near.queue(vec![0; 1_000]), Err(QueueError::Full));
    let mut sent_at = |ms| composed(&mut near, Section::None, Duration::from_millis(ms)).len();
    let sent: Vec<_> = (0..6_000).map(|ms| (ms, sent_at(ms))).filter(|(_, count)| *count > 0).collect();
    let times = [0, 100, 200, 400, 800, 1_600, 2_600, 3_600, 4_600, 5_600];
    assert_eq!(sent, times.map(|ms| (ms, WINDOW_BYTES / 1_000)), "a window, and again ever later, up to once a second");
    assert_eq!(near.queue(Vec::new()), Err(QueueError::Length(0)));
    assert_eq!(near.queue(vec![0; 1_001]), Err(QueueError::Length(1_001)));
    let mut near = stream();
    assert_eq!((0..).take_while(|_| near.queue(vec![0]).is_ok()).count(), QUEUE_MESSAGES);
    assert_eq!(near.queue(vec![0]), Err(QueueError::Full));
}

#[test]
fn acknowledgements_of_what_was_never_sent_are_refused() {
    let mut near = stream();
    for (next, received_after) in [(1, 0), (0, 1), (u16::MAX, 0), (u16::MAX, 1), (0x8000, 0)] {
        assert_eq!(
            receive(&mut near, &ack(next, received_after)),
            Err(StreamError::NeverSent),
            "{next} {received_after}"
        );
    }
    let with_a_message = beside(Some(Ack { next: 1, received_after: 0 }), 0, &[&[1]]);
    assert_eq!(receive(&mut near, &with_a_message), Err(StreamError::NeverSent));
    assert!(!near.has_message() && near.is_quiet(), "and nothing beside it is taken");
    assert_eq!(receive(&mut near, &ack(0, 0)), Ok(()));
    (0..3).for_each(|_| near.queue(vec![1]).unwrap());
    assert_eq!(receive(&mut near, &ack(1, 0)), Err(StreamError::NeverSent), "it is queued, and not sent yet");
    composed(&mut near, Section::None, Duration::ZERO);
    assert_eq!(receive(&mut near, &ack(0, 0b100)), Err(StreamError::NeverSent));
    assert_eq!(receive(&mut near, &ack(0, 0b10)), Ok(()));
    assert_eq!(receive(&mut near, &ack(2, 0b1)), Err(StreamError::NeverSent));
    assert_eq!(receive(&mut near, &ack(3, 0)), Ok(()));
    assert!(near.is_acknowledged());
    assert_eq!(receive(&mut near, &ack(1, 0b1)), Ok(()), "an older one that was overtaken");
}

#[test]
fn what_is_outside_the_window_is_refused_and_changes_nothing() {
    let mut far = stream();
    let before = format!("{far:?}");
    let before_the_first = messages(u16::MAX, &[&[1], &[2]]);
    for outside in [messages(64, &[&[1]]), messages(62, &[&[1], &[2], &[3]]), before_the_first] {
        assert_eq!(receive(&mut far, &outside), Err(StreamError::OutsideWindow));
        assert_eq!(format!("{far:?}"), before);
    }
    assert!(!far.has_message() && far.is_quiet());
    assert_eq!(receive(&mut far, &messages(63, &[&[1]])), Ok(()));
    for id in 1..=32 {
        assert_eq!(receive(&mut far, &messages(id, &[&[0; 1_000]])), Ok(()));
    }
    far.queue(vec![1]).unwrap();
    composed(&mut far, Section::None, Duration::ZERO);
    let before = format!("{far:?}");
    let ack = Some(Ack { next: 1, received_after: 0 });
    for too_much in [messages(33, &[&[0; 1_000]]), beside(ack, 33, &[&[0; 1_000]])] {
        assert_eq!(receive(&mut far, &too_much), Err(StreamError::TooMuch));
        assert_eq!(format!("{far:?}"), before, "nor is what is beside it taken");
    }
    assert_eq!(receive(&mut far, &beside(ack, 64, &[&[1]])), Err(StreamError::OutsideWindow));
    assert_eq!(format!("{far:?}"), before, "nor is what is beside it taken");
    assert_eq!(receive(&mut far, &messages(0, &[&[5]])), Ok(()));
    assert_eq!(drain(&mut far).len(), 33);
}

#[test]
fn what_nobody_takes_is_bounded_and_comes_again() {
    let (mut near, mut far) = (stream(), stream());
    (0..200u8).for_each(|number| near.queue(vec![number; 1_000]).unwrap());
    for tick in 0..100 {
        deliver(&mut far, &composed(&mut near, Section::None, TICK * tick), TICK * tick);
        deliver(&mut near, &composed(&mut far, Section::Input(&[0]), TICK * tick), TICK * tick);
    }
    let mut arrived = drain(&mut far);
    assert_eq!(arrived.len(), HELD_BYTES / 1_000);
    for tick in 100..300 {
        deliver(&mut far, &composed(&mut near, Section::None, TICK * tick), TICK * tick);
        deliver(&mut near, &composed(&mut far, Section::Input(&[0]), TICK * tick), TICK * tick);
        arrived.extend(drain(&mut far));
    }
    assert_eq!(arrived, (0..200u8).map(|number| vec![number; 1_000]).collect::<Vec<_>>());
}

#[test]
fn ids_wrap_around() {
    let (mut near, mut far) = (stream(), stream());
    let (mut sent, mut arrived) = (0u32, 0u32);
    for tick in 0..4_000 {
        let now = TICK * tick;
        while sent < arrived + 100 {
            near.queue(sent.to_le_bytes().to_vec()).unwrap();
            sent += 1;
        }
        let out = composed(&mut near, Section::None, now);
        // The datagrams of some ticks are lost. Those of other ticks arrive in reverse order.
        if tick % 29 != 3 {
            let reversed: Vec<_> = out.into_iter().rev().collect();
            deliver(&mut far, &reversed, now);
        }
        for message in drain(&mut far) {
            assert_eq!(message, arrived.to_le_bytes());
            arrived += 1;
        }
        deliver(&mut near, &composed(&mut far, Section::Input(&[0]), now), now);
    }
    assert!(arrived > 2 * u32::from(u16::MAX), "two times around, not only {arrived}");
}

/// A link that loses, duplicates and reorders datagrams as `fates` says, and then loses none. Fates that come again and
/// again would lose every resend of a message, once their period fits the wait before it.
#[derive(Debug)]
struct Link {
    fates: VecDeque<u8>,
    under_way: Vec<(u32, Vec<u8>)>,
}

impl Link {
    fn send(&mut self, round: u32, payloads: Vec<Vec<u8>>) {
        for payload in payloads {
            let fate = self.fates.pop_front().unwrap_or(0);
            let delay = u32::from(fate >> 4 & 3);
            match fate % 8 {
                5 | 6 => {}
                7 => self.under_way.extend([(round + delay, payload.clone()), (round + 3, payload)]),
                _ => self.under_way.push((round + delay, payload)),
            }
        }
    }

    fn arrived(&mut self, round: u32) -> Vec<Vec<u8>> {
        let (now, later) = std::mem::take(&mut self.under_way).into_iter().partition(|(at, _)| *at <= round);
        self.under_way = later;
        let now: Vec<(u32, Vec<u8>)> = now;
        now.into_iter().map(|(_, payload)| payload).rev().collect()
    }
}

fn link() -> impl Strategy<Value = Link> {
    let fates = prop::collection::vec(any::<u8>(), 1..600);
    fates.prop_map(|fates| Link { fates: fates.into(), under_way: Vec::new() })
}

/// A payload that can be read: perhaps an acknowledgement, where its messages begin if not at the next id, and how long they are.
fn told() -> impl Strategy<Value = (Option<Ack>, Option<u16>, Vec<usize>)> {
    let received_after = prop_oneof![Just(0_u32), any::<u32>()];
    let ack = (0..=40_u16, received_after).prop_map(|(next, received_after)| Ack { next, received_after });
    let first = prop_oneof![0..80_u16, any::<u16>()];
    (prop::option::weighted(0.2, ack), prop::option::weighted(0.3, first), prop::collection::vec(1..9_usize, 1..8))
}

proptest! {
    #[test]
    fn everything_arrives_once_and_in_order_over_any_link(
        lengths in prop::array::uniform2(prop::collection::vec(1usize..=1_000, 0..120)),
        mut links in (link(), link()),
        sections in prop::collection::vec(prop::option::of(1..=MAX_SECTION_BYTES), 1..40),
        steps in prop::collection::vec(1u64..120, 1..40),
    ) {
        let said = lengths.map(|lengths| -> Vec<Vec<u8>> {
            lengths.iter().enumerate().map(|(number, length)| vec![number as u8; *length]).collect()
        });
        let mut ends = [stream(), stream()];
        for (end, said) in ends.iter_mut().zip(&said) {
            said.iter().for_each(|message| end.queue(message.clone()).unwrap());
        }
        let (mut now, mut heard) = (Duration::ZERO, [Vec::new(), Vec::new()]);
        let mut quiet_rounds = 0;
        for round in 0..5_000 {
            now += Duration::from_millis(steps[round as usize % steps.len()]);
            for (side, link) in [&mut links.0, &mut links.1].into_iter().enumerate() {
                let body = sections[(round as usize + side) % sections.len()].map(|length| vec![0; length]);
                let section = body.as_deref().map_or(Section::None, Section::Snapshot);
                let sent = composed(&mut ends[side], section, now);
                let with_section = sent.iter().filter(|payload| {
                    datagram::open(payload).unwrap().section.body().len() == section.body().len()
                        && section != Section::None
                });
                prop_assert_eq!(with_section.count(), usize::from(section != Section::None));
                link.send(round, sent);
                for payload in link.arrived(round) {
                    prop_assert_eq!(ends[1 - side].receive(&datagram::open(&payload).unwrap(), now), Ok(()));
                }
                heard[1 - side].extend(drain(&mut ends[1 - side]));
            }
            quiet_rounds = if ends.iter().all(Stream::is_quiet) { quiet_rounds + 1 } else { 0 };
            if quiet_rounds > 8 {
                break;
            }
        }
        prop_assert!(quiet_rounds > 8, "both ends fall silent");
        let [first, second] = heard;
        prop_assert_eq!([second, first], said);
        let is_silent = |end: &mut Stream| {
            let frame = composed(end, Section::Snapshot(&[1]), now);
            let _ = composed(end, Section::Snapshot(&[1]), now);
            composed(end, Section::None, now).is_empty() && frame.len() == 1
        };
        prop_assert!(ends.iter_mut().all(is_silent), "and then nothing is left to say");
    }

    // Random bytes are hardly ever messages, so some are told by one who says well what it should not.
    #[test]
    fn hostile_bytes_never_panic(
        payloads in prop::collection::vec(
            (0u8..32, prop::collection::vec(prop_oneof![0u8..4, 30u8..70, any::<u8>()], 0..40)), 0..40),
        garbage in prop::collection::vec(any::<u8>(), 0..300),
        told in prop::collection::vec(told(), 0..40),
    ) {
        let mut bytes = Vec::new();
        for (flags, body) in payloads {
            bytes.extend((body.len() as u16 + 2).to_le_bytes());
            bytes.extend([datagram::VERSION, flags]);
            bytes.extend(body);
        }
        check(&bytes);
        check(&garbage);
        let mut next = 0_u16;
        for (ack, first, lengths) in told {
            let said: Vec<Vec<u8>> = lengths.iter().map(|length| vec![7; *length]).collect();
            let parts: Vec<&[u8]> = said.iter().map(Vec::as_slice).collect();
            let payload = beside(ack, first.unwrap_or(next), &parts);
            next = if first.is_none() { next.wrapping_add(parts.len() as u16) } else { next };
            bytes.extend((payload.len() as u16).to_le_bytes());
            bytes.extend(payload);
        }
        check(&bytes);
    }
}

#[test]
fn one_payload_at_a_time_they_are_what_would_be_sent_at_once() {
    let queued = |sizes: &[usize]| {
        let mut near = stream();
        sizes.iter().for_each(|size| near.queue(vec![7; *size]).unwrap());
        near
    };
    for sizes in [&[][..], &[1], &[10, 20, 30], &[1_000; 40], &[600, 700, 1, 1_000]] {
        for section in [Section::None, Section::Snapshot(&[5; 900]), Section::Snapshot(&[5; MAX_SECTION_BYTES])] {
            let at_once = composed(&mut queued(sizes), section, TICK);
            let (mut near, mut out, mut section) = (queued(sizes), Vec::new(), section);
            let mut next =
                || near.compose_one(std::mem::replace(&mut section, Section::None), TICK, &mut out).map(<[u8]>::to_vec);
            let one_at_a_time: Vec<_> = std::iter::from_fn(&mut next).collect();
            assert_eq!(one_at_a_time, at_once, "{sizes:?} beside {section:?}");
        }
    }
}

#[test]
fn an_end_may_keep_less_for_the_other_than_usual() {
    let bounds =
        Bounds { queue_bytes: 5_000, queue_messages: 9, behind_bytes: 2_000, behind_messages: 3, held_bytes: 1_500 };
    let bounded = || Stream::bounded(ALONE_AFTER, bounds);
    let queue = |bytes: usize, most: usize| {
        let mut near = bounded();
        let behind = (0..most).find(|_| near.is_behind() || near.queue(vec![0; bytes]).is_err());
        (behind, (0..20).take_while(|_| near.queue(vec![0; bytes]).is_ok()).count(), near.queued())
    };
    assert_eq!(queue(1_000, 20), (Some(2), 3, (5_000, 5)));
    assert_eq!(queue(1, 20), (Some(3), 6, (9, 9)));
    let mut near = bounded();
    assert_eq!(receive(&mut near, &messages(1, &[&[1; 700], &[2; 400]])), Ok(()));
    assert_eq!(receive(&mut near, &messages(3, &[&[3; 401]])), Err(StreamError::TooMuch));
    assert_eq!(receive(&mut near, &messages(3, &[&[3; 400]])), Ok(()));
}
