//! What players live through, as scripts: the real game in a real map server, over every transport: in memory, UDP, UDP in
//! the framing of stock renet, WebSocket and WebTransport.
//!
//! Each scenario is a test on each wire. At the end stands a check that together they have shown every message in both
//! directions, every ability and every mob of the shipped data, and a refusal of every kind of request.

#![expect(clippy::unwrap_used, reason = "what a test helper cannot do, fails the test")]

#[path = "scenarios/boss.rs"]
mod boss;
#[path = "scenarios/cleric.rs"]
mod cleric;
#[path = "scenarios/company.rs"]
mod company;
#[path = "scenarios/entering.rs"]
mod entering;
#[path = "scenarios/fate.rs"]
mod fate;
#[path = "scenarios/fighting.rs"]
mod fighting;
#[path = "scenarios/goods.rs"]
mod goods;
#[path = "scenarios/journeys.rs"]
mod journeys;
#[path = "scenarios/limits.rs"]
mod limits;
#[path = "scenarios/market.rs"]
mod market;
#[path = "scenarios/outage.rs"]
mod outage;
#[path = "scenarios/ranger.rs"]
mod ranger;
#[path = "scenarios/tempers.rs"]
mod tempers;
#[path = "scenarios/walking.rs"]
mod walking;
#[path = "scenarios/warrior.rs"]
mod warrior;

use std::sync::{LazyLock, OnceLock};

use realmgate_tests::scenario::{Outcome, Seen, Stage, Wire};

/// A scenario, and what came of it on each wire.
struct Scenario {
    name: &'static str,
    script: fn(&Stage),
    outcomes: [OnceLock<Outcome>; Wire::ALL.len()],
}

/// Lists the scenarios and makes a test of each on every wire.
macro_rules! scenarios {
    ($($topic:ident: $($name:ident),+;)+) => {
        static SCENARIOS: LazyLock<Vec<Scenario>> = LazyLock::new(|| vec![$($(
            Scenario { name: stringify!($name), script: $topic::$name, outcomes: Default::default() },
        )+)+]);
        mod over_memory {
            $(mod $topic { $(#[test] fn $name() { crate::play(stringify!($name), crate::Wire::Memory); })+ })+
        }
        mod over_udp {
            $(mod $topic { $(#[test] fn $name() { crate::play(stringify!($name), crate::Wire::Udp); })+ })+
        }
        mod over_renet {
            $(mod $topic { $(#[test] fn $name() { crate::play(stringify!($name), crate::Wire::Renet); })+ })+
        }
        mod over_websocket {
            $(mod $topic { $(#[test] fn $name() { crate::play(stringify!($name), crate::Wire::WebSocket); })+ })+
        }
        mod over_webtransport {
            $(mod $topic { $(#[test] fn $name() { crate::play(stringify!($name), crate::Wire::WebTransport); })+ })+
        }
    };
}

scenarios! {
    entering:
        a_newborn_is_told_all_it_needs,
        others_see_what_one_says_one_looks_like,
        before_hello_nothing_else_is_heard,
        who_speaks_another_protocol_is_told_so_and_leaves,
        a_logout_saves_and_one_comes_back_as_one_was,
        who_enters_elsewhere_is_let_go_here,
        who_fights_leaves_when_the_fight_is_over,
        who_loses_its_connection_stays_a_while;
    outage:
        what_waits_for_the_store_is_shown_and_done_when_it_is_back,
        whose_character_was_given_away_is_sent_away_and_nobody_else,
        when_the_world_has_moved_on_everybody_is_sent_away_unsaved,
        when_the_store_stays_away_everybody_is_let_go;
    walking:
        prediction_agrees_with_the_server_to_the_bit,
        walls_stop_and_along_them_one_slides;
    warrior:
        a_strike_hurts_one_and_a_cleave_those_in_front,
        a_whirlwind_hurts_all_around,
        a_battle_cry_makes_stronger,
        a_shield_bash_pushes_away,
        a_hamstring_holds_to_the_spot;
    ranger:
        an_arrow_takes_its_time,
        an_aimed_shot_is_cast_and_flies_far,
        a_snare_holds_one_under_a_rain_of_arrows,
        poison_goes_on_hurting,
        swiftness_quickens_for_a_while,
        a_burst_hurts_those_around;
    cleric:
        a_smite_is_cast_and_walking_breaks_it,
        mending_and_prayer_heal,
        a_blessing_makes_stronger,
        a_burning_word_goes_on_hurting,
        a_sanctuary_heals_all_inside,
        a_holy_wave_throws_back_those_in_front;
    limits:
        aims_that_can_not_be_reached_are_refused,
        what_is_not_ready_or_paid_for_is_refused,
        nobody_fights_from_a_safe_place;
    tempers:
        a_passive_one_flees_once_it_is_hurt,
        a_newcomer_kills_a_sheep_and_a_training_dummy_unharmed,
        an_aggressive_one_attacks_whoever_comes_near,
        one_of_a_pack_calls_the_others,
        an_archer_keeps_its_distance,
        who_is_led_too_far_from_home_goes_back,
        a_skeleton_strikes_with_its_blade;
    boss:
        the_barrow_king_has_two_phases,
        a_king_can_be_slain_by_the_sword;
    fate:
        who_dies_comes_back_at_the_nearest_safe_place,
        a_kill_teaches_and_a_level_strengthens,
        the_dead_are_buried_and_others_are_born;
    goods:
        loot_belongs_to_who_earned_it_for_a_while,
        what_is_dropped_is_anybodys,
        what_is_worn_changes_who_wears_it,
        a_potion_heals_once,
        nothing_is_told_before_the_store_has_it;
    market:
        a_vendor_lists_sells_and_buys,
        a_sold_item_is_bought_back,
        a_vendor_refuses_bad_bargains,
        a_full_bag_takes_nothing_more,
        a_trade_is_done_when_both_have_confirmed,
        a_trade_can_be_declined_cancelled_and_walked_away_from,
        trades_that_can_not_be_are_refused;
    company:
        chat_reaches_the_channel_and_no_other,
        a_whisper_reaches_one_anywhere,
        who_is_ignored_is_not_heard,
        a_party_shares_what_is_learned,
        what_parties_refuse;
    journeys:
        a_portal_takes_one_to_another_map_with_everything,
        a_portal_to_where_nobody_answers_refuses,
        a_portal_within_the_map_needs_no_ticket,
        channels_can_be_listed_and_switched;
}

impl Scenario {
    /// Plays it once, however many ask.
    fn outcome(&self, wire: Wire) -> &Outcome {
        let place = Wire::ALL.iter().position(|other| *other == wire).expect("it is among all");
        self.outcomes[place].get_or_init(|| Stage::perform(wire, self.script))
    }
}

fn play(name: &str, wire: Wire) {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).expect("it is in the list");
    if let Err(failure) = scenario.outcome(wire) {
        panic!("{failure}");
    }
}

/// Demands that nothing was forgotten.
fn check_that_everything_was_shown(wire: Wire) {
    let mut seen = Seen::default();
    for scenario in SCENARIOS.iter() {
        match scenario.outcome(wire) {
            Ok(shown) => seen.add(shown),
            Err(failure) => panic!("{} failed: {failure}", scenario.name),
        }
    }
    assert_eq!(seen.missing(), [""; 0], "nothing of this was shown");
}

#[test]
fn everything_was_shown_over_memory() {
    check_that_everything_was_shown(Wire::Memory);
}

#[test]
fn everything_was_shown_over_udp() {
    check_that_everything_was_shown(Wire::Udp);
}

#[test]
fn everything_was_shown_over_renet() {
    check_that_everything_was_shown(Wire::Renet);
}

#[test]
fn everything_was_shown_over_websocket() {
    check_that_everything_was_shown(Wire::WebSocket);
}

#[test]
fn everything_was_shown_over_webtransport() {
    check_that_everything_was_shown(Wire::WebTransport);
}

realmgate_services::reaper!();
