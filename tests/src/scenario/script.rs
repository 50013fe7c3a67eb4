//! What a script makes players do, and what it waits for.

use realmgate_client::world::VisibleEntity;
use realmgate_protocol::ids::EntityId;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{ClientMessage, EntityKind, Refusal, ServerMessage};
use realmgate_protocol::wire::{Action, Aim};

use super::scene::SOON_S;
use super::{DATA, Scene, TICK_HZ, Who};

impl Scene {
    /// A player asks for something.
    pub fn say(&mut self, who: Who, message: ClientMessage) {
        self[who].send(&message);
    }

    /// A player sends any bytes as a reliable message.
    pub fn say_bytes(&mut self, who: Who, bytes: Vec<u8>) {
        self[who].send_bytes(bytes);
    }

    /// A player uses an ability in the coming tick.
    ///
    /// # Panics
    /// When its class does not have it.
    #[track_caller]
    pub fn act(&mut self, who: Who, ability: &str, aim: Aim) {
        let slot = self.slot(who, ability);
        self.press(who, slot, aim);
    }

    /// The slot on which a player has an ability.
    ///
    /// # Panics
    /// When its class does not have it.
    #[track_caller]
    pub fn slot(&self, who: Who, ability: &str) -> u8 {
        let place = DATA.abilities.find(ability).expect("the ability is in the data").0;
        let welcome = self[who].session.welcome().expect("it was welcomed");
        welcome.slots.iter().position(|slot| *slot == place).expect("its class has it") as u8
    }

    /// A player presses a slot in the coming tick, whatever is on it.
    pub fn press(&mut self, who: Who, slot: u8, aim: Aim) {
        self.aim(who, slot, aim);
        self.step();
    }

    /// A player will press a slot with its next tick.
    pub fn aim(&mut self, who: Who, slot: u8, aim: Aim) {
        self[who].action = Some(Action::new(slot, aim));
    }

    /// A player walks for so many ticks, then stands.
    pub fn walk(&mut self, who: Who, heading: Angle, ticks: u32) {
        self[who].heading = Some(heading);
        self.steps(ticks);
        self[who].heading = None;
    }

    /// A player walks straight to a place, as near as a step, then stands.
    #[track_caller]
    pub fn walk_to(&mut self, who: Who, to: Position) {
        self.until("walked there", 30, |scene| {
            let at = scene[who].session.position().unwrap_or_default();
            let there = at.within(to, 160);
            scene[who].heading = (!there).then(|| Angle::between(at, to));
            there
        });
    }

    /// Ticks until something is so.
    ///
    /// # Panics
    /// With `what` after so many seconds of the world.
    #[track_caller]
    pub fn until(&mut self, what: &str, seconds: u32, mut so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..seconds * TICK_HZ {
            if so(self) {
                return;
            }
            self.step();
        }
        assert!(so(self), "not in {seconds} s of the world: {what}");
    }

    /// Ticks until a player is told what is looked for; what was told before it is forgotten.
    ///
    /// # Panics
    /// When it is not told soon.
    #[track_caller]
    pub fn told<T>(&mut self, who: Who, what: &str, mut look: impl FnMut(&ServerMessage) -> Option<T>) -> T {
        self.told_within(who, what, SOON_S, &mut look)
    }

    /// The same within so many seconds of the world.
    ///
    /// # Panics
    /// When it is not told by then.
    #[track_caller]
    pub fn told_within<T>(
        &mut self,
        who: Who,
        what: &str,
        seconds: u32,
        mut look: impl FnMut(&ServerMessage) -> Option<T>,
    ) -> T {
        let mut passed = Vec::new();
        for _ in 0..=seconds * TICK_HZ {
            while let Some(message) = self[who].heard.pop_front() {
                if let Some(found) = look(&message) {
                    return found;
                }
                passed.push(message);
            }
            self.step();
        }
        panic!("{} is not told {what}, but {passed:?}", self[who].name);
    }

    /// What a player has been told since it last listened.
    pub fn hear(&mut self, who: Who) -> Vec<ServerMessage> {
        self[who].heard.drain(..).collect()
    }

    /// Ticks until a request of this name is refused.
    ///
    /// # Panics
    /// When it is not, or for another reason.
    #[track_caller]
    pub fn refused(&mut self, who: Who, request: &str, expected: Refusal) {
        let reason = self.told(who, &format!("that {request} is refused"), |message| match message {
            ServerMessage::Refused { request: refused, reason, .. } if refused == request => Some(*reason),
            _ => None,
        });
        assert_eq!(reason, expected, "why {request} is refused");
    }

    /// A player asks for something that is refused.
    #[track_caller]
    pub fn ask_in_vain(&mut self, who: Who, message: ClientMessage, expected: Refusal) {
        let request = message.name();
        self[who].heard.clear();
        self.say(who, message);
        self.refused(who, request, expected);
    }

    /// The mobs of a kind that a player sees, living and dead, the oldest first.
    ///
    /// # Panics
    /// When there is no such mob in the data.
    #[track_caller]
    pub fn mobs(&self, who: Who, mob: &str) -> Vec<EntityId> {
        let mob = DATA.mobs.find(mob).expect("the mob is in the data");
        self[who].all(EntityKind::Mob, Some(mob.0))
    }

    /// The only mob of a kind that a player sees.
    #[track_caller]
    pub fn mob(&self, who: Who, mob: &str) -> EntityId {
        let found = self.mobs(who, mob);
        assert_eq!(found.len(), 1, "one {mob} in view");
        found[0]
    }

    /// An entity as a player sees it.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn view(&self, who: Who, entity: EntityId) -> VisibleEntity<'_> {
        self[who].session.world.entity(entity).expect("it is in view")
    }

    /// The health of an entity as a player sees it.
    #[track_caller]
    pub fn health(&self, who: Who, entity: EntityId) -> u16 {
        self.view(who, entity).health.as_ref().map_or(0, |health| health.current)
    }

    /// Where a player sees an entity.
    #[track_caller]
    pub fn place(&self, who: Who, entity: EntityId) -> Position {
        self.view(who, entity).position().unwrap_or_default()
    }

    /// How far an entity is from a player, in 1/1,024 tile.
    #[track_caller]
    pub fn distance(&self, who: Who, entity: EntityId) -> i32 {
        self[who].me().position().unwrap_or_default().distance(self.place(who, entity))
    }
}
