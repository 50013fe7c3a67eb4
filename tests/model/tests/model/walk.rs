//! Random walks through worlds that are too large to be searched: every fault at once, more players, more of everything.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use stateright::Model;

use super::machine::{Action, Machine};
use super::properties::always;

/// What a walk has found.
pub struct Found {
    pub steps: usize,
    /// The property that broke, and how it came to that.
    pub broken: Option<(&'static str, Vec<Action>)>,
}

/// Walks from the beginning until a property breaks, the boundary is reached, or the steps are done. Each walk has its
/// own temper: kinds of actions are likelier or less likely by powers of four, so that some walks are full of faults and
/// others go deep.
pub fn walk(machine: &Machine, seed: u64, steps: usize) -> Found {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let properties = always();
    let mut state = machine.init_states().remove(0);
    let mut path = Vec::new();
    let mut actions = Vec::new();
    while path.len() < steps {
        actions.clear();
        machine.actions(&state, &mut actions);
        let next = std::iter::from_fn(|| {
            let total: u64 = actions.iter().map(|action| weight(seed, action)).sum();
            if total == 0 {
                return None;
            }
            let mut left = random.random_range(0..total);
            let at = actions.iter().position(|action| {
                let weight = weight(seed, action);
                let hit = left < weight;
                left = left.saturating_sub(weight);
                hit
            })?;
            Some(actions.swap_remove(at))
        })
        .find_map(|action| Some((action, machine.next_state(&state, action)?)));
        let Some((action, next)) = next else { break };
        if !machine.within_boundary(&next) {
            break;
        }
        path.push(action);
        state = next;
        if let Some(broken) = properties.iter().find(|property| !(property.condition)(machine, &state)) {
            return Found { steps: path.len(), broken: Some((broken.name, path)) };
        }
    }
    Found { steps: path.len(), broken: None }
}

fn weight(seed: u64, action: &Action) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, discriminant(action)).hash(&mut hasher);
    let progress = matches!(action, Action::Deliver { .. } | Action::Work { .. } | Action::Connect { .. });
    4_u64.pow((hasher.finish() % 4) as u32 + u32::from(progress))
}
