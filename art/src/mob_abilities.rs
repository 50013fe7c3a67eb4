//! Pictures of what mobs do, made like those of players' abilities.

use crate::abilities::{DEATH, Draw, FURY, POISON, STRENGTH};
use crate::glyphs::{arc, arrow, blade};
use crate::math::along;
use crate::palette::{BONE, Colour, DARK, GHOST, INK, IRON, WATER, WOOD};

/// Every ability of mobs by its id, with its background.
pub const MOB_ABILITIES: &[(&str, (Colour, Colour), Draw)] = &[
    ("gore", STRENGTH, |s| {
        for (x, m) in [(-7.0, 1.0), (7.0, -1.0)] {
            s.layer().limb(BONE, (x, 9.0), (x * 1.3, 0.0), 3.2, 2.4);
            s.limb(BONE, (x * 1.3, 0.0), (x + 3.0 * m, -10.0), 2.4, 0.6);
        }
    }),
    ("bite", FURY, |s| {
        for (y, m) in [(-7.0, 1.0), (7.0, -1.0)] {
            for x in [-8.0, -2.7, 2.7, 8.0] {
                let long = if x == -2.7 || x == 2.7 { 5.0 } else { 8.0 };
                s.layer().plate(BONE, &[(x - 2.6, y - 2.0 * m), (x + 2.6, y - 2.0 * m), (x, y + long * m)], 1.4);
            }
        }
    }),
    ("goblin_arrow", POISON, |s| arrow(s, (-9.0, 9.0), 45.0, 25.0, IRON)),
    ("rusty_blade", STRENGTH, |s| {
        s.limb(WOOD, (-9.0, 9.0), (-4.0, 4.0), 1.6, 1.6);
        s.layer().plate(
            IRON,
            &[(-6.0, 3.0), (8.0, -12.0), (12.0, -11.0), (9.0, -4.0), (6.0, -3.0), (4.0, 1.0), (1.0, 1.0), (-3.0, 6.0)],
            1.6,
        );
    }),
    ("kings_blow", DEATH, |s| blade(s, (-8.0, -9.0), 140.0, 23.0)),
    ("kings_sweep", DEATH, |s| {
        arc(s, (-2.0, 2.0), 12.0, -30.0, 140.0, GHOST);
        blade(s, (-9.0, 8.0), 60.0, 18.0);
    }),
    ("grave_chill", DEATH, |s| {
        for i in 0..6 {
            let d = i as f32 * 60.0;
            s.limb(WATER, (0.0, 0.0), along((0.0, 0.0), d, 11.5), 1.5, 1.1).light = 0.2;
            let m = along((0.0, 0.0), d, 7.0);
            for turn in [-50.0, 50.0] {
                s.limb(WATER, m, along(m, d + turn, 4.0), 1.0, 0.8).light = 0.2;
            }
        }
    }),
    ("grasp_of_the_dead", DEATH, |s| {
        s.limb(BONE, (0.0, 12.0), (0.0, 3.0), 2.4, 3.6);
        for (x, y, m) in [(-8.0, -3.0, 0.5), (-3.0, -9.0, 0.0), (2.5, -9.5, 0.0), (7.0, -6.0, -0.3)] {
            s.layer().limb(BONE, (x * 0.45, 1.0), (x, y), 1.5, 1.3);
            s.limb(BONE, (x, y), (x + 4.0 * m + 0.8, y - 3.4), 1.3, 0.6);
        }
    }),
    ("raise_skeletons", DEATH, |s| {
        s.ell(BONE, 0.0, -2.5, 8.0, 7.5);
        s.ell(BONE, 0.0, 5.0, 5.0, 4.0);
        for x in [-3.4, 3.4] {
            s.layer().ell(DARK, x, -1.0, 2.2, 2.4).bare = true;
            s.dab(x - 0.4, -1.0, GHOST[4]);
        }
        for x in [-2.5, 0.0, 2.5] {
            s.thread((x, 5.5), (x, 8.0), BONE[0]);
        }
        s.dab(-0.5, 3.0, INK);
    }),
];
