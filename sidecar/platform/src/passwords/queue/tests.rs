//! Properties of the queue, whatever comes, goes and is served: bounds hold, nothing is left behind, and nobody waits
//! longer than for their turn.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const ALL: usize = 12;
/// Places of a group on each level, the widest first.
const MOST: [usize; LEVELS] = [8, 6, 4, 2];

/// Few keys on each level, so that groups meet.
type Place = [u8; LEVELS];

#[derive(Debug, Clone)]
enum Step {
    Insert(Place),
    Take,
    /// Removes one of those who wait, by its index modulo their number.
    Remove(usize),
}

fn place() -> impl Strategy<Value = Place> {
    [0..6u8, 0..2u8, 0..2u8, 0..3u8]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => place().prop_map(Step::Insert),
        2 => Just(Step::Take),
        1 => any::<usize>().prop_map(Step::Remove),
    ];
    vec(step, 1..120)
}

fn path(place: Place) -> Path<u8> {
    std::array::from_fn(|level| Group { key: place[level], most: MOST[level] })
}

/// The queue, and a model of what it has to hold.
struct Bench {
    queue: Queue<u8, u64>,
    /// Their places by number.
    waiting: BTreeMap<u64, Place>,
}

impl Bench {
    fn new() -> Self {
        Self { queue: Queue::new(ALL), waiting: BTreeMap::new() }
    }

    fn of(&self, place: Place, level: usize) -> usize {
        self.waiting.values().filter(|other| other[..level] == place[..level]).count()
    }

    /// Groups of the first level that wait.
    fn networks(&self) -> BTreeSet<u8> {
        self.waiting.values().map(|place| place[0]).collect()
    }

    /// Whether there is no room for one more, in all or in a group of this place.
    fn is_full(&self, place: Place) -> bool {
        self.waiting.len() == ALL || (0..LEVELS).any(|level| self.of(place, level + 1) == MOST[level])
    }

    fn insert(&mut self, place: Place) -> Result<u64, Refused> {
        // The number is known before it is admitted: numbers go up by one.
        let (number, is_full) = (self.queue.next_number, self.is_full(place));
        let admitted = self.queue.insert(&path(place), number);
        assert!(is_full || admitted.is_ok(), "it is refused though there is room: {admitted:?}");
        let admitted = admitted?;
        assert_eq!(admitted.number, number);
        if let Some(displaced) = admitted.displaced {
            assert!(is_full, "it takes a place though there is room");
            let other = self.waiting.remove(&displaced).expect("who is displaced was waiting");
            // Within the narrowest group that they share, the other's group still has as many as the newcomer's will
            // have.
            let shared = (0..LEVELS).find(|&level| other[level] != place[level]).expect("never of one's own account");
            let (theirs, ours) = (self.of(other, shared + 1), self.of(place, shared + 1));
            assert!(theirs > ours, "who has {ours} has taken a place from who has {theirs} left");
        }
        self.waiting.insert(number, place);
        Ok(number)
    }

    fn take(&mut self) -> Option<(u64, Place)> {
        let number = self.queue.take()?;
        Some((number, self.waiting.remove(&number).expect("who is served was waiting")))
    }

    fn remove(&mut self, at: usize) {
        let Some((&number, &place)) = self.waiting.iter().nth(at % self.waiting.len().max(1)) else { return };
        assert_eq!(self.queue.remove(&path(place), number), Some(number));
        assert_eq!(self.queue.remove(&path(place), number), None, "only once");
        self.waiting.remove(&number);
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Insert(place) => drop(self.insert(*place)),
            Step::Take => drop(self.take()),
            Step::Remove(at) => self.remove(*at),
        }
        assert_eq!(self.queue.len(), self.waiting.len());
        assert!(self.queue.len() <= ALL);
        for (level, most) in MOST.iter().enumerate() {
            assert!(self.waiting.values().all(|place| self.of(*place, level + 1) <= *most), "level {level}");
        }
    }
}

proptest! {
    #[test]
    fn bounds_hold_and_nothing_is_left_behind(steps in steps()) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.run(step);
        }
        while !bench.waiting.is_empty() {
            bench.remove(0);
        }
        prop_assert_eq!(bench.queue.take(), None);
        prop_assert!(bench.queue.all.groups.is_empty(), "no group outlives its members");
    }

    #[test]
    fn one_account_is_served_in_order(steps in steps()) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.run(step);
        }
        let mut last = BTreeMap::new();
        while let Some((number, place)) = bench.take() {
            prop_assert!(last.insert(place, number) < Some(number), "{place:?}");
        }
        prop_assert!(bench.waiting.is_empty(), "all are served");
    }

    /// The newcomer has a network of its own; others come and are served before and after.
    #[test]
    fn a_newcomer_waits_for_one_of_each_other_network(before in steps(), after in steps()) {
        const OWN: Place = [99, 0, 0, 0];
        let mut bench = Bench::new();
        for step in &before {
            bench.run(step);
        }
        let others = bench.networks().len();
        let Ok(newcomer) = bench.insert(OWN) else {
            prop_assert!(others == ALL, "refused though {others} networks have {ALL} places");
            return Ok(());
        };
        let mut served = 0;
        // Those who come later do not delay it, even if they come before anybody has been served.
        for step in after.iter().filter(|step| !matches!(step, Step::Remove(_))).chain(std::iter::repeat(&Step::Take)) {
            match step {
                Step::Take => match bench.take() {
                    Some((number, _)) if number == newcomer => break,
                    _ => served += 1,
                },
                other => bench.run(other),
            }
            prop_assert!(bench.waiting.contains_key(&newcomer), "its place is nobody else's");
        }
        prop_assert!(served <= others, "{served} of {others} networks");
    }

    /// Within a network, the same holds for its networks and accounts: the turns of all levels multiply.
    #[test]
    fn a_newcomer_waits_for_the_rings_around_it(before in steps(), place in place()) {
        let mut bench = Bench::new();
        for step in &before {
            bench.run(step);
        }
        let Ok(newcomer) = bench.insert(place) else { return Ok(()) };
        let ring = |level: usize| {
            let beside = bench.waiting.values().filter(|other| other[..level] == place[..level]);
            beside.map(|other| other[level]).collect::<BTreeSet<_>>().len()
        };
        let rounds = bench.of(place, LEVELS);
        let most: usize = (0..LEVELS).map(ring).product::<usize>() * rounds;
        let mut turns = 1;
        while bench.take().expect("it is served").0 != newcomer {
            turns += 1;
        }
        prop_assert!(turns <= most, "turn {turns}, at most {most}");
    }
}
