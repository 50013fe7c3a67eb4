//! Walking: the client predicts with the very code the server runs.

use realmgate_protocol::movement::{Angle, UNITS_PER_TILE};
use realmgate_tests::scenario::{Character, Ground, Scene, Stage, tile};

const ROOMS: [&str; 9] = [
    "S..............",
    ".......#.......",
    ".......#.......",
    "..###..#..####.",
    "..#.......#....",
    "..#..##...#..#.",
    ".....##......#.",
    "..........####.",
    "...............",
];

pub fn prediction_agrees_with_the_server_to_the_bit(stage: &Stage) {
    stage.play(Ground::sketch(&ROOMS), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "ranger", tile(3, 2)));
        // Around the rooms in a widening turn: along walls, into corners, through the gap.
        for turn in 0..240u32 {
            let heading = Angle((turn * 5 % 256) as u8);
            scene.walk(anna, heading, 2);
            let predicted = scene[anna].session.position();
            assert_eq!(predicted, scene[anna].me().position(), "after {turn} turns");
        }
        assert_eq!(scene[anna].session.corrections(), 0);
    });
}

pub fn walls_stop_and_along_them_one_slides(stage: &Stage) {
    stage.play(Ground::sketch(&ROOMS), |scene: &mut Scene| {
        let anna = scene.enter(Character::at("Anna", "ranger", tile(5, 1)));
        let wall = 7 * UNITS_PER_TILE;
        scene.walk(anna, Angle(0), 30);
        let at = scene[anna].me().position().unwrap();
        assert_eq!(at.y, tile(5, 1).y, "straight on");
        assert!(at.x < wall && at.x > wall - UNITS_PER_TILE, "up to the wall: {at:?}");
        scene.walk(anna, Angle(48), 16);
        let slid = scene[anna].me().position().unwrap();
        assert!(slid.y > at.y + UNITS_PER_TILE, "along the wall: {slid:?}");
        assert!(slid.x < wall, "and not through it");
        assert_eq!(scene[anna].session.position(), Some(slid), "as the client has it");
        assert_eq!(scene[anna].session.corrections(), 0);
    });
}
