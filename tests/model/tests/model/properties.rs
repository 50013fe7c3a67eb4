//! What must always hold, and what must happen somewhere.

use stateright::Property;

use super::machine::{Machine, Reached};
use super::rows::Owner;
use super::state::{Character, Present, State, id_of};

/// All of them.
pub fn all() -> Vec<Property<Machine>> {
    let mut all = always();
    all.extend(sometimes());
    all
}

/// What must hold in every state.
pub fn always() -> Vec<Property<Machine>> {
    vec![
        Property::always("never two writers for a character", |_, state: &State| {
            !state.wrong.two_writers && state.characters.iter().all(|character| who_may_write(character) <= 1)
        }),
        Property::always("epochs of accepted writes never go back", |_, state: &State| !state.wrong.epoch_went_back),
        Property::always("no stale save is accepted", |_, state: &State| !state.wrong.stale_save),
        Property::always("who plays has what is stored", |_, state: &State| !state.wrong.stale_load),
        Property::always("what a player was told is in the store", |_, state: &State| {
            keys(state).all(|key| !key.told || key.done > 0)
        }),
        Property::always("an event is done once", |_, state| keys(state).all(|key| key.done <= 1)),
        Property::always("an account is in one world at a time", |machine: &Machine, state: &State| {
            (0..machine.accounts).all(|account| {
                let in_worlds = |who: &u8| state.characters[usize::from(*who)].lock.owner.is_map();
                machine.characters_of(account).filter(in_worlds).count() <= 1
            })
        }),
        Property::always("only the process of the cookie speaks for a server", |_, state: &State| {
            !state.wrong.impostor
        }),
        Property::always("a replica that is heard of keeps its lock", |_, state: &State| !state.wrong.robbed),
        Property::always("a replica's lock is one process's", |_, state: &State| {
            [0, 1].into_iter().all(|id| {
                let has_it = |at: &u8| id_of(*at) == id && state.gateways[usize::from(*at)].up && state.is_gateway(*at);
                (0..state.gateways.len() as u8).filter(has_it).count() <= 1
            })
        }),
        Property::always("no log-in comes before a newer one", |_, state: &State| !state.wrong.older_came),
        Property::always("no log-in comes when its time is over", |_, state: &State| !state.wrong.late_came),
        Property::always("every lock has a timer that can end it", |_, state: &State| every_lock_has_a_timer(state)),
        Property::always("no lock is held forever by the dead", |_, state| dead_hold_nothing_for_ever(state)),
    ]
}

fn sometimes() -> Vec<Property<Machine>> {
    macro_rules! reached {
        ($($what:ident $name:literal),* $(,)?) => {
            vec![$(Property::sometimes($name, |machine: &Machine, _| machine.first_reached(Reached::$what))),*]
        };
    }
    reached![
        Socket "a socket opens",
        Refused "a log-in is turned away",
        AccountFenced "an account lock is taken from a gateway that does not answer",
        Entered "a player enters",
        Arrived "an arrival stops the timer",
        Saved "a save is written",
        Committed "an event is committed",
        Travelled "a character travels",
        CameBack "a refused journey ends where it began",
        Left "a player leaves",
        Fenced "a lock is fenced",
        DroppedAsFenced "a map server drops who was fenced",
        EntryAbandoned "an entry is called off",
        Expired "a character's timer fires",
    ]
}

fn keys(state: &State) -> impl Iterator<Item = &super::state::Key> {
    state.characters.iter().flat_map(|character| &character.keys)
}

/// How many processes have the character under the epoch and the server id of its lock.
fn who_may_write(character: &Character) -> usize {
    let Owner::Map(id) = character.lock.owner else { return 0 };
    let writes = |process: u8| match character.bodies[usize::from(process)].present {
        Present::Playing(epoch, _) | Present::Travelling(epoch, _) => {
            id_of(process) == id && epoch == character.lock.epoch
        }
        Present::Not => false,
    };
    (0..character.bodies.len() as u8).filter(|process| writes(*process)).count()
}

/// A lock that is held ends by its own deadline, or by that of its holder's server lock.
fn every_lock_has_a_timer(state: &State) -> bool {
    let is_being_freed = |owner| state.gateways.iter().any(|replica| replica.freeing.contains(&owner));
    let of_characters = state.characters.iter().all(|character| match character.lock.owner {
        Owner::None | Owner::LogIn => true,
        Owner::Gateway(_) => character.lock.timed,
        Owner::Map(id) => {
            character.lock.timed || state.map_rows[usize::from(id)].is_some() || is_being_freed(character.lock.owner)
        }
    });
    let of_accounts = state.accounts.iter().all(|account| match account.lock.owner {
        Owner::None | Owner::Map(_) => true,
        Owner::LogIn => account.lock.timed,
        Owner::Gateway(id) => {
            account.lock.timed || state.gateway_rows[usize::from(id)].is_some() || is_being_freed(account.lock.owner)
        }
    });
    of_characters && of_accounts
}

/// Where the process that holds a lock is dead, the lock has a deadline of its own, or its server's lock has one that
/// nobody renews, or the process in its place has still to open its link, which sets one.
fn dead_hold_nothing_for_ever(state: &State) -> bool {
    let of_characters = state.characters.iter().all(|character| {
        let Owner::Map(id) = character.lock.owner else { return true };
        let opens_link = |at: u8| id_of(at) == id && state.is_map(at) && state.maps[usize::from(at)].link.is_none();
        state.maps[usize::from(character.holder)].up
            || character.lock.timed
            || !state.map_lives(id)
            || (0..state.maps.len() as u8).any(opens_link)
    });
    let of_accounts = state.accounts.iter().all(|account| {
        let Owner::Gateway(id) = account.lock.owner else { return true };
        state.gateways[usize::from(account.holder)].up || account.lock.timed || !state.gateway_lives(id)
    });
    of_characters && of_accounts
}
