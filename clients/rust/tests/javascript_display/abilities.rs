//! Traces of predicted uses of abilities: presses, snapshots, refusals, and what a session shows after each.

use std::collections::VecDeque;

use rand::RngExt;
use rand_pcg::Pcg64;
use realmgate_client::session::{Intent, PredictedUse, Session};
use realmgate_client::world::EntityView;
use realmgate_protocol::ids::Tick;
use realmgate_protocol::movement::{Angle, Position};
use realmgate_protocol::realm::{
    AbilityInfo, AbilityShape, Answers, Appearance, Casting, Cooldowns, EntityKind, Health, MoveSpeed, Refusal,
    Resource, ServerMessage, Status, status,
};
use realmgate_protocol::wire::datagram::ServerFrameHead;
use realmgate_protocol::wire::{Action, Aim};
use serde_json::{Value, json};

use crate::Counts;
use crate::server::{Shown, greeting, hex, tell};

/// Number of ability slots that are asked about: one more than the class has.
const SLOTS: u8 = 5;

/// Abilities of every kind, now and then with the greatest numbers that there are.
fn ability(random: &mut Pcg64) -> AbilityInfo {
    let is_extreme = random.random_ratio(1, 20);
    let mut ms = |most: u32| {
        let some = if random.random_ratio(1, 2) { 0 } else { random.random_range(0..most) };
        if is_extreme && random.random_ratio(1, 2) { u32::MAX - some } else { some }
    };
    let (cast_ms, cooldown_ms) = (ms(400), ms(600));
    AbilityInfo {
        id: "an_ability".to_owned(),
        name: "An ability".to_owned(),
        shape: AbilityShape::Cone,
        range: 2_048,
        cone_degrees: 120,
        radius: 0,
        burst_radius: 0,
        speed_per_s: 0,
        min_level: if random.random_ratio(1, 6) { 5 } else { 0 },
        cost: if is_extreme { u16::MAX } else { random.random_range(0..40) },
        cast_ms,
        cast_while_moving: random.random_ratio(1, 4),
        cooldown_ms,
        off_global_cooldown: random.random_ratio(1, 4),
        friendly: random.random_ratio(1, 4),
    }
}

/// A server that mostly does what it is asked for, some ticks later.
struct Server {
    /// How many commands wait before it makes haste.
    most_waiting: usize,
    tick_hz: u16,
    abilities: Vec<AbilityInfo>,
    tick: u32,
    last_command: u32,
    waiting: VecDeque<(u32, Option<u8>)>,
    ready_at: Vec<u32>,
    /// The ability under way, its slot, and when it takes effect.
    casting: Option<(u16, u8, u32)>,
    own: EntityView,
}

impl Server {
    fn ticks(&self, ms: u32) -> u32 {
        (u64::from(ms) * u64::from(self.tick_hz)).div_ceil(1_000) as u32
    }

    /// A tick. Returns the refusal of a command that it tells of.
    fn tick(&mut self, random: &mut Pcg64) -> Option<(u32, u8)> {
        self.tick = self.tick.saturating_add(1);
        if let Some((_, slot, until)) = self.casting
            && (until <= self.tick || random.random_ratio(1, 40))
        {
            if until <= self.tick {
                self.start_cooldown(slot);
            }
            self.casting = None;
        }
        self.own.health = random.random_ratio(9, 10).then(|| Health { current: random.random_range(0..15), max: 50 });
        let flags = [0, 0, 0, status::SAFE, status::ROOTED][random.random_range(0..5)];
        self.own.status = random.random_ratio(1, 2).then_some(Status { flags });
        let current = if random.random_ratio(1, 3) { u16::MAX } else { random.random_range(0..120) };
        self.own.resource = random.random_ratio(4, 5).then_some(Resource { current, max: u16::MAX });
        let is_idle = self.most_waiting > 4 || random.random_ratio(1, 4);
        if self.waiting.len() < self.most_waiting && is_idle {
            return None;
        }
        // A client may think that two commands are for the same tick, though no honest server applies them so.
        if random.random_ratio(1, 10) {
            self.apply(random);
        }
        self.apply(random)
    }

    fn apply(&mut self, random: &mut Pcg64) -> Option<(u32, u8)> {
        let (number, slot) = self.waiting.pop_front()?;
        self.last_command = number;
        let slot = slot?;
        let info = self.abilities.get(usize::from(slot));
        match info {
            Some(info) if random.random_ratio(2, 3) => {
                let cast = self.ticks(info.cast_ms);
                if cast > 0 {
                    self.casting = Some((slot.into(), slot, self.tick.saturating_add(cast)));
                } else {
                    self.start_cooldown(slot);
                }
                None
            }
            // A refusal that nobody is told of, or one that is.
            _ => random.random_ratio(1, 2).then_some((number, slot)),
        }
    }

    fn start_cooldown(&mut self, slot: u8) {
        let cooldown = self.ticks(self.abilities[usize::from(slot)].cooldown_ms);
        if let Some(ready_at) = self.ready_at.get_mut(usize::from(slot)) {
            *ready_at = self.tick.saturating_add(cooldown);
        }
    }

    fn frame(&self, random: &mut Pcg64) -> Vec<u8> {
        let head = ServerFrameHead {
            tick: Tick(self.tick),
            last_command: self.last_command,
            buffered_commands: self.waiting.len().min(15) as u8,
        };
        // Now and then one of another ability, which nobody has pressed or nothing is told of.
        let other = random.random_ratio(1, 10).then(|| random.random_range(0..6));
        let told = |(ability, _, until_tick)| Casting { ability: other.unwrap_or(ability), until_tick };
        let casting = self.casting.map(told);
        let cooldowns = random.random_ratio(19, 20).then(|| Cooldowns { ready_at: self.ready_at.clone() });
        let own = EntityView { casting, cooldowns, ..self.own.clone() };
        Shown { head, at: Position { x: 9_000, y: 9_000 }, own: Some(own), ..Shown::default() }.bytes()
    }
}

/// Records a trace.
pub(crate) fn trace(random: &mut Pcg64, counts: &mut Counts) -> Value {
    let tick_hz = [1, 10, 20, 30, 33, 60, u16::MAX][random.random_range(0..7)];
    let tick = [0, random.random_range(0..100_000), u32::MAX - 200][random.random_range(0..3)];
    let count = random.random_range(2..SLOTS);
    // Some have abilities that nothing hinders, on a server that is far behind.
    let is_unhindered = random.random_ratio(1, 12);
    let mut abilities: Vec<_> = (0..count).map(|_| ability(random)).collect();
    if is_unhindered {
        let free = AbilityInfo { cost: 0, min_level: 0, cast_ms: 0, off_global_cooldown: true, ..ability(random) };
        abilities.fill(AbilityInfo { cooldown_ms: 0, friendly: true, ..free });
    }
    // The last slot may hold an ability that nothing is told of.
    let mut slots: Vec<u16> = (0..count.into()).collect();
    if random.random_ratio(1, 10) {
        slots.push(99);
    }
    let mut session = Session::new(Default::default(), None);
    let global_cooldown_ms = random.random_range(0..500);
    let greeting = |tick, abilities| greeting(Tick(tick), tick_hz, slots.clone(), abilities, global_cooldown_ms);
    let messages = greeting(tick, abilities.clone());
    let messages: Vec<_> = messages.iter().flat_map(|message| tell(&mut session, message)).collect();
    let appearance = Appearance { kind: EntityKind::Player, definition: 0, level: random.random_range(1..8) };
    let own = EntityView {
        move_speed: Some(MoveSpeed { units_per_tick: 100 }),
        appearance: random.random_ratio(3, 4).then_some(appearance),
        ..EntityView::default()
    };
    let mut server = Server {
        most_waiting: if is_unhindered { 60 } else { 4 },
        tick_hz,
        tick,
        last_command: 0,
        waiting: VecDeque::new(),
        ready_at: vec![0; random.random_range(0..=abilities.len())],
        abilities,
        casting: None,
        own,
    };
    let mut steps = Vec::new();
    for _ in 0..40 {
        if random.random_ratio(1, 100) {
            // Welcomed once more, its commands count from 1 again.
            (server.last_command, server.casting) = (0, None);
            server.waiting.clear();
            let told = tell(&mut session, &greeting(server.tick, Vec::new())[0]);
            steps.push(json!(["messages", told, shown(&mut session, counts)]));
        }
        let heading = random.random_ratio(1, 4).then(|| Angle(random.random()));
        let is_pressed = is_unhindered || random.random_ratio(1, 2);
        let slot = is_pressed.then(|| random.random_range(0..=count));
        let action = slot.map(|slot| Action::new(slot, Aim::None));
        let sent = session.tick(Intent { heading, action }).commands.last().copied().unwrap();
        let seen = sent.action.and_then(|action| action.seen).map(|seen| [seen.tick.0, seen.part.into()]);
        server.waiting.push_back((session.commands_issued(), slot));
        steps.push(json!(["tick", heading, slot, [seen, shown(&mut session, counts)]]));
        let refused = server.tick(random);
        if random.random_ratio(3, 4) {
            let frame = server.frame(random);
            let is_applied = session.receive_frame(&frame);
            steps.push(json!(["frame", hex(&frame), [is_applied, shown(&mut session, counts)]]));
        }
        if let Some((number, slot)) = refused {
            let answers = Answers::Command { number, slot };
            let message = ServerMessage::Refused { request: "Ability".to_owned(), answers, reason: Refusal::BadTarget };
            let told = tell(&mut session, &message);
            steps.push(json!(["messages", told, shown(&mut session, counts)]));
        }
    }
    json!({ "messages": messages, "slots": SLOTS, "steps": steps })
}

/// All that a session shows of its abilities.
fn shown(session: &mut Session, counts: &mut Counts) -> Value {
    let fields = |of: &PredictedUse| json!([of.command, of.slot, of.ability, of.begins, of.takes_effect]);
    let taken_back: Vec<_> = session.take_taken_back().iter().map(fields).collect();
    let uses: Vec<_> = session.predicted_uses().map(fields).collect();
    let cast = session.cast().map(|cast| json!([cast.ability, cast.from, cast.until]));
    counts.note_if(!uses.is_empty(), "abilities: use under way");
    counts.note_if(uses.len() == 16, "abilities: as many as are kept");
    counts.note_if(!taken_back.is_empty(), "abilities: taken back");
    counts.note_if(cast.is_some(), "abilities: cast");
    let slots: Vec<_> = (0..SLOTS)
        .map(|slot| {
            let refusal = session.may_use(slot).err();
            if let Some(refusal) = refusal {
                counts.note(&format!("abilities: {refusal:?}"));
            }
            json!([refusal, session.ready_at(slot)])
        })
        .collect();
    let tick_of = session.tick_of(session.commands_issued() / 2);
    json!([taken_back, uses, cast, slots, tick_of, session.own_tick()])
}
