//! Bodies that walk, stand, sleep and are put elsewhere, and where they were.

use std::sync::Arc;

use bevy_ecs::system::SystemState;
use realmgate_protocol::ids::MapId;
use realmgate_protocol::movement::Angle;
use realmgate_protocol::wire::Seen;

use super::*;
use crate::body::{BodyPlugin, Speed, Walk};
use crate::channel_map::ChannelMap;
use crate::map::Map;
use crate::schedule::SchedulePlugin;

const START: Position = Position::tile_centre(2, 2);
const STEP: i32 = 80;
const TICK_HZ: u32 = 30;

fn app() -> App {
    let row = ".".repeat(200);
    let map = Map::sketch(MapId(1), &[row.as_str(); 4]).expect("a map of open ground");
    let mut app = App::empty();
    app.insert_resource(ChannelMap(Arc::new(map))).insert_resource(TickClock::new(TICK_HZ)).add_plugins((
        SchedulePlugin,
        BodyPlugin,
        PastPlugin,
    ));
    app
}

fn ticks(app: &mut App, count: u32) {
    (0..count).for_each(|_| app.world_mut().run_schedule(TickSchedule));
}

fn walker(app: &mut App) -> Entity {
    app.world_mut().spawn((Body { radius: 300 }, At(START), Walk(Some(Angle(0))), Speed(STEP))).id()
}

/// A moment so many eighths of a tick ago.
fn seen(now: Tick, eighths: u32) -> Seen {
    let parts = now.0 * Seen::PARTS - eighths;
    Seen { tick: Tick(parts / Seen::PARTS), part: (parts % Seen::PARTS) as u8 }
}

/// Where somebody saw the body who saw it so many eighths of a tick ago.
fn shown(app: &mut App, body: Entity, eighths: u32) -> Option<Position> {
    let clock = app.world().resource::<TickClock>();
    let lag = Lag::of(seen(clock.now(), eighths), clock);
    let trail = app.world().get::<Trail>(body).unwrap().clone();
    let mut state = SystemState::<Past<'_>>::new(app.world_mut());
    state.get(app.world()).unwrap().shown(&trail, lag)
}

#[test]
fn who_walks_was_on_its_way() {
    let mut app = app();
    let walker = walker(&mut app);
    ticks(&mut app, 30);
    let at = |steps: i32| Some(START.offset(steps * STEP, 0));
    assert_eq!((shown(&mut app, walker, 0), shown(&mut app, walker, 4 * 8)), (at(30), at(26)));
    for (eighths, from) in [(1, 29), (4, 29), (7, 29), (33, 25), (59, 22)] {
        let part = 8 - eighths as i32 % 8;
        let between = START.offset(from * STEP + STEP * part / 8, 0);
        assert_eq!(shown(&mut app, walker, eighths), Some(between), "{eighths} eighths ago");
    }
    app.world_mut().entity_mut(walker).insert(Walk(Some(Angle(128))));
    ticks(&mut app, 4);
    assert_eq!(
        (shown(&mut app, walker, 0), shown(&mut app, walker, 4 * 8), shown(&mut app, walker, 6 * 8)),
        (at(26), at(30), at(28))
    );
}

#[test]
fn who_stands_or_sleeps_was_where_it_is() {
    let mut app = app();
    let walker = walker(&mut app);
    let sleeper = app.world_mut().spawn((Body { radius: 300 }, At(START), Asleep)).id();
    ticks(&mut app, 10);
    app.world_mut().entity_mut(walker).insert(Walk(None));
    let end = START.offset(10 * STEP, 0);
    ticks(&mut app, 3);
    assert_eq!((shown(&mut app, walker, 8), shown(&mut app, walker, 24)), (Some(end), Some(end)));
    assert_eq!(shown(&mut app, walker, 32), Some(START.offset(9 * STEP, 0)), "it was still walking");
    ticks(&mut app, 40);
    for eighths in 0..60 {
        assert_eq!(shown(&mut app, walker, eighths), Some(end), "{eighths} eighths ago");
        assert_eq!(shown(&mut app, sleeper, eighths), Some(START), "{eighths} eighths ago");
    }
    // What it did before it stood is not taken for what it does after.
    app.world_mut().entity_mut(walker).insert(Walk(Some(Angle(0))));
    ticks(&mut app, 2);
    assert_eq!((shown(&mut app, walker, 8), shown(&mut app, walker, 16)), (Some(end.offset(STEP, 0)), Some(end)));
    assert_eq!(shown(&mut app, walker, 60), Some(end));
}

#[test]
fn nobody_was_anywhere_before_it_was_put_there() {
    let mut app = app();
    let walker = walker(&mut app);
    ticks(&mut app, 20);
    let elsewhere = Position::tile_centre(150, 1);
    app.world_mut().entity_mut(walker).insert(At(elsewhere));
    ticks(&mut app, 2);
    assert_eq!(shown(&mut app, walker, 0), Some(elsewhere.offset(2 * STEP, 0)));
    assert_eq!(shown(&mut app, walker, 16), Some(elsewhere));
    for eighths in [17, 24, 60] {
        assert_eq!(shown(&mut app, walker, eighths), None, "{eighths} eighths ago it was elsewhere");
    }
    let longest = app.world().resource::<LongestStep>().in_one_tick();
    assert_eq!(longest, STEP, "nor has anybody stepped that far");
}

#[test]
fn a_lag_is_at_most_250_ms_and_never_of_the_future() {
    for hz in [1, 20, 30, 60, 128] {
        let mut clock = TickClock::new(hz);
        (0..500).for_each(|_| clock.advance());
        for eighths in 0..500 {
            let lag = Lag::of(seen(clock.now(), eighths), &clock);
            let parts = lag.ticks() * Seen::PARTS - lag.part();
            let most = (MAX_LAG_MS * hz * Seen::PARTS / 1_000).min(15 * Seen::PARTS);
            assert_eq!(parts, eighths.min(most), "{eighths} eighths ago at {hz} ticks a second");
            assert!(lag.ticks() < KEPT_TICKS as u32, "that tick is kept");
        }
        for later in [0, 1, 1_000] {
            assert!(
                Lag::of(Seen { tick: clock.now().after(later), part: 7 }, &clock).is_none(),
                "nobody sees the future"
            );
        }
    }
}

#[test]
fn nobody_has_seen_long_before_what_its_client_has_acknowledged() {
    let believes = |tick, part, later| {
        let Seen { tick, part } = believed(Seen { tick: Tick(tick), part }, Tick(100), later);
        (tick.0, part)
    };
    assert_eq!((believes(100, 3, 0), believes(97, 0, 0), believes(104, 7, 0)), ((100, 3), (97, 0), (104, 7)));
    assert_eq!((believes(96, 7, 0), believes(0, 0, 0)), ((97, 0), (97, 0)), "it has had a newer one since");
    assert_eq!((believes(91, 2, 6), believes(90, 7, 6)), ((91, 2), (91, 0)), "a command that was repeated is older");
}

#[test]
fn whoever_was_shown_is_looked_for_far_enough() {
    let mut app = app();
    let walker = walker(&mut app);
    ticks(&mut app, 20);
    for heading in [Some(Angle(0)), Some(Angle(128)), Some(Angle(160)), None] {
        app.world_mut().entity_mut(walker).insert(Walk(heading));
        ticks(&mut app, 4);
        let here = app.world().get::<At>(walker).unwrap().0;
        for eighths in 0..70 {
            let place = shown(&mut app, walker, eighths).unwrap();
            let clock = app.world().resource::<TickClock>();
            let lag = Lag::of(seen(clock.now(), eighths), clock);
            let mut state = SystemState::<Past<'_>>::new(app.world_mut());
            let farthest = state.get(app.world()).unwrap().farthest(lag);
            assert!(here.within(place, farthest), "{place:?} from {here:?} with {lag:?}, looked for within {farthest}");
            assert!(farthest <= 8 * (STEP + STEP / 2), "and no farther than it can be");
        }
    }
}
