//! Two players over real sockets, in the real programs' own code: the client of the terminal, without the terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use realmgate_arena::client::Client;
use realmgate_arena::{ComponentValue, Condition};
use realmgate_protocol::movement::Angle;
use realmgate_protocol::wire::{Action, Aim, InputCommand};

/// A minute.
const DEADLINE_TICKS: u32 = 1_800;

/// The server's process, which ends with the test.
struct Server(Child, String);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_server() -> Server {
    let program = env!("CARGO_BIN_EXE_arena-server");
    let mut child = Command::new(program).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split_whitespace().find(|word| word.starts_with("127.0.0.1:")).unwrap();
    let address = address.trim_end_matches(';').to_owned();
    Server(child, address)
}

/// Runs both clients until one of them gives a result. `command` says what each does.
fn run<T>(
    clients: &mut [Client; 2],
    mut command: impl FnMut(usize, &Client) -> InputCommand,
    mut result: impl FnMut(&[Client; 2], &[String]) -> Option<T>,
) -> T {
    for _ in 0..DEADLINE_TICKS {
        let mut news = Vec::new();
        for (index, client) in clients.iter_mut().enumerate() {
            let command = command(index, client);
            news.extend(client.tick(command).unwrap());
        }
        if let Some(result) = result(clients, &news) {
            return result;
        }
    }
    panic!("not in time")
}

/// The fighters that a client sees, by their letters.
fn conditions(client: &Client) -> Vec<(char, Condition)> {
    let entities = client.view.iter().flat_map(|view| view.entities());
    let fighter = |components: &std::collections::BTreeMap<u8, ComponentValue>| match (
        components.get(&0)?,
        components.get(&1)?,
    ) {
        (ComponentValue::Look(look), ComponentValue::Condition(condition)) => {
            Some((look.letter as char, condition.clone()))
        }
        _ => None,
    };
    entities.filter_map(|(_, seen)| fighter(&seen.components)).collect()
}

/// Where the other fighter is from here.
fn towards_the_other(client: &Client) -> Option<(Angle, i64)> {
    let view = client.view.as_ref()?;
    let here = view.own().position;
    let (_, other) = view.entities().find(|(_, seen)| seen.course.is_some())?;
    let there = view.place(other);
    Some((Angle::between(here, there), here.distance_squared(there)))
}

#[test]
fn a_fighter_walks_to_another_and_beats_it() {
    let server = start_server();
    let mut clients = ["Ann", "Bob"].map(|name| Client::connect(&server.1, name).unwrap());
    let both = |clients: &[Client; 2]| clients.iter().all(|client| conditions(client).len() == 2);
    run(&mut clients, |_, _| InputCommand::default(), |clients, _| both(clients).then_some(()));
    let hunt = |index: usize, client: &Client| match towards_the_other(client) {
        Some((heading, _)) if index == 0 => {
            InputCommand { heading: Some(heading), action: Some(Action::new(0, Aim::None)), ..InputCommand::default() }
        }
        _ => InputCommand::default(),
    };
    let news = run(&mut clients, hunt, |_, news| news.first().cloned());
    assert_eq!(news, "Ann has beaten Bob");
    let score = |client: &Client| {
        conditions(client).iter().find(|(letter, _)| *letter == 'A').map_or(0, |(_, condition)| condition.score)
    };
    run(&mut clients, |_, _| InputCommand::default(), |clients, _| (score(&clients[1]) == 1).then_some(()));
}

#[test]
fn a_player_who_leaves_is_removed_for_the_others() {
    let server = start_server();
    let mut clients = ["Ann", "Bob"].map(|name| Client::connect(&server.1, name).unwrap());
    let seen_by = |clients: &[Client; 2], count| (conditions(&clients[0]).len() == count).then_some(());
    run(&mut clients, |_, _| InputCommand::default(), |clients, _| seen_by(clients, 2));
    let [mut ann, mut bob] = clients;
    bob.leave();
    let is_alone = |ann: &mut Client| {
        ann.tick(InputCommand::default()).unwrap();
        conditions(ann).len() == 1
    };
    assert!((0..DEADLINE_TICKS).any(|_| is_alone(&mut ann)), "not in time");
}

#[test]
fn a_name_that_is_no_name_is_refused() {
    let server = start_server();
    let error = Client::connect(&server.1, "7").err().expect("a refusal");
    assert!(error.to_string().contains("has to start with a letter"), "{error:#}");
}
