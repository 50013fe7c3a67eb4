//! Where scenarios are played, once on each wire, and what they have shown together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::{Ground, Scene, Seen, Wire};

/// What a scenario has shown, or how it failed.
pub type Outcome = Result<Seen, String>;

/// A stage for the scenes of one scenario.
pub struct Stage {
    wire: Wire,
    seen: Mutex<Seen>,
}

impl Stage {
    /// Plays a scenario on a wire. A failure is caught, so that it can be told by all who wait for the outcome.
    ///
    /// # Errors
    /// The text of the panic, when the scenario panics.
    pub fn perform(wire: Wire, scenario: fn(&Self)) -> Outcome {
        let stage = Self { wire, seen: Mutex::default() };
        match catch_unwind(AssertUnwindSafe(|| scenario(&stage))) {
            Ok(()) => Ok(stage.seen.into_inner().unwrap_or_else(PoisonError::into_inner)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(text.unwrap_or_else(|| "it panicked".to_owned()))
            }
        }
    }

    /// Plays one scene, and checks at its end what must be so at the end of every scene.
    pub fn play(&self, ground: Ground, script: impl FnOnce(&mut Scene)) {
        let mut scene = Scene::new(self.wire, ground);
        script(&mut scene);
        scene.check();
        let seen = scene.close();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).add(&seen);
    }

    /// Notes an ability whose effect a script has seen, though nobody is told of it.
    pub fn saw_ability(&self, ability: &str) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).abilities.insert(ability.to_owned());
    }
}
