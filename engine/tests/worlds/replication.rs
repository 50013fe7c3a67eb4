//! What clients are shown: themselves, others, and what changes.

use proptest::prelude::*;
use realmgate_engine::transport::memory::MemoryFaults;
use realmgate_protocol::movement::{Angle, Position};

use crate::stepper::{Shown, Stepper};
use crate::test_game::{Score, Secret};
use crate::wire::{Wire, over_both_wires};

over_both_wires!(
    a_player_is_shown_itself_and_its_secret_and_others_without_theirs,
    one_command_moves_a_player_by_one_tick_of_its_speed,
    a_turn_whose_command_waits_is_told_in_the_tick_before,
    who_walks_away_goes_out_of_view_and_comes_back,
    components_that_are_removed_and_entities_that_are_new_are_told,
    a_crowd_beyond_one_datagram_is_shown_in_full_after_some_ticks,
);

fn a_player_is_shown_itself_and_its_secret_and_others_without_theirs(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(5, 5), 1);
    let mut bert = stepper.join(Position::tile_centre(8, 5), 1);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    for (client, at, other) in [(&anna, 5, 8), (&bert, 8, 5)] {
        assert_eq!(client.shown.len(), 2, "both are in view: {:?}", client.shown);
        let own = client.own().unwrap();
        assert_eq!((own.place, &own.secret), (Some(Position::tile_centre(at, 5)), &Some(Secret(9))));
        let others = client.shown.values().filter(|shown| shown.place == Some(Position::tile_centre(other, 5)));
        assert_eq!(others.map(|shown| shown.secret.clone()).collect::<Vec<_>>(), [None], "that is its own");
        assert!(client.shown.values().all(|shown| shown.score == Some(Score(7))));
    }
}

fn one_command_moves_a_player_by_one_tick_of_its_speed(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(5, 5), 1);
    stepper.steps(2, &mut [&mut anna]);
    anna.command(Some(Angle(0)));
    anna.command(Some(Angle(0)));
    stepper.steps(5, &mut [&mut anna]);
    let shown = anna.shown.values().next().unwrap();
    assert_eq!(shown.place, Some(Position::tile_centre(5, 5).offset(200, 0)));
    assert_eq!(anna.head.last_command, 2, "the snapshot names the last command");
}

fn a_turn_whose_command_waits_is_told_in_the_tick_before(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(5, 5), 1);
    let mut bert = stepper.join(Position::tile_centre(8, 5), 1);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    let bert_is = *anna.shown.keys().max().unwrap();
    let (east, north) = (Some(Angle(0)), Some(Angle(192)));
    // The first is applied in the tick in which it comes; the others wait.
    [east, east, north, north, None, None, east, None].into_iter().for_each(|heading| bert.command(heading));
    stepper.step(&mut [&mut anna, &mut bert]);
    for tick in 0..10 {
        let foretold = anna.shown[&bert_is].in_the_next_tick().unwrap();
        stepper.step(&mut [&mut anna, &mut bert]);
        let came = bert.own().and_then(|own| own.place).unwrap();
        assert!(foretold.within(came, 64), "{foretold:?} was told, {came:?} came of it, {tick} ticks after the first");
    }
}

fn who_walks_away_goes_out_of_view_and_comes_back(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(5, 5), 1);
    let mut bert = stepper.join(Position::tile_centre(23, 5), 1);
    stepper.steps(2, &mut [&mut anna, &mut bert]);
    assert_eq!(anna.shown.len(), 2);
    for _ in 0..60 {
        bert.command(Some(Angle(0)));
        stepper.step(&mut [&mut anna, &mut bert]);
    }
    assert_eq!((anna.shown.len(), bert.shown.len()), (1, 1), "beyond the leave range nobody sees the other");
    for _ in 0..60 {
        bert.command(Some(Angle(128)));
        stepper.step(&mut [&mut anna, &mut bert]);
    }
    assert_eq!((anna.shown.len(), bert.shown.len()), (2, 2));
}

fn components_that_are_removed_and_entities_that_are_new_are_told(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(5, 5), 1);
    let mut bert = stepper.join(Position::tile_centre(8, 5), 1);
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    bert.link.send_message(b"hide".to_vec());
    bert.link.send_message(b"spawn".to_vec());
    stepper.steps(3, &mut [&mut anna, &mut bert]);
    // Herself, the one who has hidden his score, and what he has spawned where he stands; in the order of their ids.
    let shown: Vec<_> = anna.shown.values().map(|shown| (shown.place, shown.score.clone())).collect();
    let at = |tile: i32| Some(Position::tile_centre(tile, 5));
    assert_eq!(shown, [(at(5), Some(Score(7))), (at(8), None), (at(8), Some(Score(1)))]);
}

fn a_crowd_beyond_one_datagram_is_shown_in_full_after_some_ticks(wire: Wire) {
    let mut stepper = Stepper::new(wire, 1);
    let mut anna = stepper.join(Position::tile_centre(50, 15), 1);
    stepper.steps(2, &mut [&mut anna]);
    for _ in 0..300 {
        anna.link.send_message(b"spawn".to_vec());
    }
    stepper.steps(30, &mut [&mut anna]);
    assert_eq!(anna.shown.len(), 301);
    let place = Some(Position::tile_centre(50, 15));
    let is_whole = |shown: &Shown| shown.place == place && shown.score.is_some();
    assert!(anna.shown.values().all(is_whole), "of each it is known where it is, and its score");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is lost, delayed or out of order: once the loss stops, the client sees the world as it is.
    #[test]
    fn views_converge_after_any_loss(seed in any::<u64>(), loss in 0u32..700, steps in prop::collection::vec((any::<u8>(), 0u8..8), 20..80)) {
        let mut stepper = Stepper::new(Wire::Memory, 1);
        let mut anna = stepper.join(Position::tile_centre(30, 15), 1);
        let mut bert = stepper.join(Position::tile_centre(45, 15), 1);
        stepper.step(&mut [&mut anna, &mut bert]);
        stepper.networks[0].memory().set_faults(Some(MemoryFaults { seed, loss_per_mille: loss, delay_flushes: 0..=3 }));
        let (mut commands, mut spawned, mut score) = (0, 0, 7);
        for (angle, deed) in steps {
            bert.command(Some(Angle(angle)));
            commands += 1;
            match deed {
                0 => {
                    bert.link.send_message(vec![b'+', angle]);
                    score = u16::from(angle);
                }
                1 => {
                    bert.link.send_message(b"spawn".to_vec());
                    spawned += 1;
                }
                _ => {}
            }
            stepper.step(&mut [&mut anna, &mut bert]);
        }
        stepper.networks[0].memory().set_faults(None);
        // Commands that could not get through are applied one per tick.
        stepper.steps(100, &mut [&mut anna, &mut bert]);
        // Each is in the other's view, so apart from the secrets they are shown the same world.
        let open = |client: &crate::stepper::Client| {
            let shown = client.shown.iter();
            shown.map(|(id, shown)| (*id, shown.place, shown.score.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(open(&anna), open(&bert));
        prop_assert_eq!(anna.shown.len(), 2 + spawned, "everything is shown");
        let mut scores: Vec<_> = anna.shown.values().filter_map(|shown| Some(shown.score.clone()?.0)).collect();
        let mut truth = [vec![7, score], vec![1; spawned]].concat();
        scores.sort_unstable();
        truth.sort_unstable();
        prop_assert_eq!(scores, truth, "as it is now");
        prop_assert_eq!(bert.head.last_command, commands, "every command was applied");
    }
}
