//! Checks that the JavaScript library shows what this one does, to the last bit: traces of this library that Node replays.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

mod abilities;
mod parts;
mod screen;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};

use rand::SeedableRng;
use rand_pcg::Pcg64;
use realmgate_skip::skip;
use serde_json::{Map, Value, json};

/// Records a trace.
type Recorder = fn(&mut Pcg64, &mut Counts) -> Value;

/// What is recorded, how many traces of it, and what records one. Each has `steps`; what is to be equal is the last
/// element of a step.
const KINDS: [(&str, usize, Recorder); 5] = [
    ("clocks", 600, parts::clock),
    ("tracks", 1_000, parts::track),
    ("smoothings", 500, parts::smoothing),
    ("displays", 400, screen::trace),
    ("abilities", 600, abilities::trace),
];

/// How often something has happened in the traces, so that none of them can be about nothing.
const LEAST: [(&str, usize); 29] = [
    ("clock: advance", 20_000),
    ("clock: jump", 300),
    ("clock: stretched", 2_000),
    ("clock: behind", 5_000),
    ("track: between courses", 5_000),
    ("track: refused", 800),
    ("track: nowhere", 500),
    ("smoothing: jump", 100),
    ("smoothing: moved", 5_000),
    ("display: frame not applied", 600),
    ("display: correction", 400),
    ("display: visible correction", 400),
    ("display: own place", 15_000),
    ("display: other place", 15_000),
    ("display: out of view", 1_000),
    ("display: blackout", 1_000),
    ("display: seen before the newest snapshot", 500),
    ("display: seen beyond the newest snapshot", 5_000),
    ("abilities: use under way", 10_000),
    ("abilities: as many as are kept", 100),
    ("abilities: taken back", 400),
    ("abilities: cast", 5_000),
    ("abilities: Dead", 200),
    ("abilities: HelloFirst", 500),
    ("abilities: NoSuchAbility", 500),
    ("abilities: InSafeZone", 200),
    ("abilities: TooLittleResource", 200),
    ("abilities: Busy", 500),
    ("abilities: OnCooldown", 500),
];

/// How often each thing has happened.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn note(&mut self, what: &str) {
        *self.0.entry(what.to_owned()).or_default() += 1;
    }

    fn note_if(&mut self, has_happened: bool, what: &str) {
        if has_happened {
            self.note(what);
        }
    }
}

fn record(random: &mut Pcg64, counts: &mut Counts) -> Map<String, Value> {
    let kinds = KINDS.iter().map(|(kind, number, trace)| {
        let traces: Vec<_> = (0..*number).map(|_| trace(random, counts)).collect();
        ((*kind).to_owned(), traces.into())
    });
    kinds.collect()
}

/// What Node says of a file of traces; `None` where it is not installed.
fn replay(name: &str, traces: &Value) -> Option<Output> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, traces.to_string()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../js/test/display-traces.mjs");
    match Command::new("node").arg(script).arg(file).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip("node (Node.js) is not installed: the JavaScript display was not tested");
            None
        }
        ran => Some(ran.unwrap()),
    }
}

#[test]
fn javascript_shows_the_same_to_the_last_bit() {
    let mut counts = Counts::default();
    let traces = record(&mut Pcg64::seed_from_u64(20), &mut counts);
    for (what, least) in LEAST {
        let count = counts.0.get(what).copied().unwrap_or(0);
        assert!(count >= least, "{what}: {count} of at least {least}, in {:?}", counts.0);
    }
    let expected: Map<_, _> = traces.iter().map(|(kind, traces)| (kind.clone(), size(traces))).collect();
    let Some(ran) = replay("display-traces.json", &Value::Object(traces)) else { return };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    let replayed: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(replayed, Value::Object(expected));
}

/// How many traces there are, and how many results they have.
fn size(traces: &Value) -> Value {
    let steps = |trace: &Value| trace["steps"].as_array().unwrap().len();
    let traces = traces.as_array().unwrap();
    json!({ "traces": traces.len(), "results": traces.iter().map(steps).sum::<usize>() })
}

#[test]
fn a_difference_in_the_last_bit_is_found() {
    let mut random = Pcg64::seed_from_u64(21);
    for (kind, _, trace) in KINDS {
        let mut traces = json!({ "clocks": [], "tracks": [], "smoothings": [], "displays": [], "abilities": [] });
        traces[kind] = json!([trace(&mut random, &mut Counts::default())]);
        let Some(ran) = replay("display-trace-as-recorded.json", &traces) else { return };
        assert!(ran.status.success(), "{kind}: {}", String::from_utf8_lossy(&ran.stderr));
        let steps = traces[kind][0]["steps"].as_array_mut().unwrap();
        assert!(change_last_number(steps.last_mut().unwrap()), "{kind}: the last result has a number");
        let Some(ran) = replay("display-trace-changed.json", &traces) else { return };
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(!ran.status.success() && said.contains("AssertionError"), "{kind}: {said}");
    }
}

/// Makes the last number in a value the next greater one.
fn change_last_number(value: &mut Value) -> bool {
    match value {
        Value::Array(values) => values.iter_mut().rev().any(change_last_number),
        Value::Number(number) if number.is_f64() => {
            *value = json!(number.as_f64().unwrap().next_up());
            true
        }
        Value::Number(number) => {
            *value = json!(number.as_u64().unwrap() + 1);
            true
        }
        _ => false,
    }
}
