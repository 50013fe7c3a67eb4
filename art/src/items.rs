//! Pictures of items, 32 by 32. (0, 0) is the middle.

use crate::item_forms::{boots, bow, pelt, potion, ring, shirt, staff, sword};
use crate::math::{along, between};
use crate::palette::{
    BLUE, BONE, BRISTLE, DARK, FUR, GHOST, GOLD, GREEN, HAIR, INK, IRON, PURPLE, RED, Ramp, STEEL, WATER, WHITE, WOOD,
};
use crate::picture::Picture;
use crate::sculpt::Sculpt;

/// Draws one item.
type Draw = fn(&mut Sculpt);

/// Rust.
pub const RUST: Ramp = &[0x2a1f30, 0x544a55, 0x7b7377, 0x9f9690, 0xc4b9a8, 0xe4dcc8];

/// Ash wood, lighter than planks.
const ASH: Ramp = &[0x3d2a33, 0x6e4c42, 0x9a7252, 0xc49c68, 0xe2c68d, 0xf4e6bd];

/// Every item by its id.
pub const ITEMS: &[(&str, Draw)] = &[
    ("rusty_sword", |s| sword(s, RUST, WOOD, 1.9, None)),
    ("iron_sword", |s| sword(s, STEEL, GOLD, 2.2, Some(RED[3]))),
    ("barrow_blade", |s| {
        sword(s, GHOST, IRON, 2.8, Some(GHOST[4]));
        for t in [0.25, 0.45, 0.65] {
            let p = between((-4.0, 4.0), (10.0, -10.0), t);
            s.dab(p.0, p.1, GHOST[0]);
            s.dab(p.0 + 1.0, p.1, GHOST[1]);
        }
    }),
    ("short_bow", |s| bow(s, WOOD, WOOD, 10.5)),
    ("hunting_bow", |s| bow(s, ASH, RED, 13.0)),
    ("wraith_bow", |s| {
        bow(s, PURPLE, GHOST, 13.5);
        for p in [(-12.0, -6.0), (-8.0, 9.0), (7.0, 11.0), (12.0, 2.0), (0.0, -13.0)] {
            s.dab(p.0, p.1, GHOST[3]);
        }
    }),
    ("oak_staff", |s| {
        staff(s, WOOD);
        s.limb(WOOD, (8.0, -8.0), (12.0, -9.0), 1.6, 1.0);
        s.limb(WOOD, (8.0, -8.0), (9.0, -12.5), 1.6, 1.0);
        s.layer().ell(GREEN, 12.2, -12.0, 1.6, 1.6);
    }),
    ("silver_staff", |s| {
        staff(s, STEEL);
        s.layer().ell(STEEL, 9.0, -9.0, 5.0, 5.0);
        s.layer().ell(WATER, 9.0, -9.0, 3.2, 3.2).light = 0.2;
        s.dab(8.0, -10.0, WHITE);
    }),
    ("kings_sceptre", |s| {
        staff(s, GOLD);
        s.layer().ell(GOLD, 8.5, -8.5, 4.6, 4.6);
        s.layer().ell(PURPLE, 8.5, -8.5, 3.0, 3.0).light = 0.1;
        s.dab(7.5, -9.5, WHITE);
        for d in [0.0, 45.0, 90.0] {
            let (a, b) = (along((8.5, -8.5), d, 4.0), along((8.5, -8.5), d, 7.0));
            s.layer().limb(GOLD, a, b, 1.4, 0.5);
        }
    }),
    ("leather_cap", |s| {
        s.ell(WOOD, 0.0, -1.0, 11.0, 9.5);
        s.plate(WOOD, &[(-11.0, -1.0), (11.0, -1.0), (10.0, 4.0), (-10.0, 4.0)], 2.0);
        s.layer().limb(HAIR, (-11.0, 3.6), (11.0, 3.6), 1.9, 1.9);
        s.layer().plate(WOOD, &[(-10.5, 5.0), (-5.5, 5.0), (-7.0, 12.0), (-9.5, 10.5)], 1.4);
        s.layer().plate(WOOD, &[(10.5, 5.0), (5.5, 5.0), (7.0, 12.0), (9.5, 10.5)], 1.4);
        s.thread((0.0, -10.0), (0.0, 1.0), WOOD[1]);
    }),
    ("iron_helmet", |s| {
        s.ell(STEEL, 0.0, -2.0, 10.5, 10.0);
        s.plate(STEEL, &[(-10.5, -3.0), (10.5, -3.0), (9.5, 10.0), (4.0, 12.5), (-4.0, 12.5), (-9.5, 10.0)], 3.0);
        s.layer().plate(DARK, &[(-7.0, 1.0), (7.0, 1.0), (6.4, 4.0), (-6.4, 4.0)], 0.0).bare = true;
        s.layer().limb(STEEL, (0.0, -11.5), (0.0, 11.0), 1.6, 1.2).light = 0.12;
        for y in [7.0, 9.5] {
            s.dab(4.0, y, INK);
            s.dab(-5.0, y, INK);
        }
        s.layer().limb(GOLD, (-10.0, -2.2), (10.0, -2.2), 1.1, 1.1);
    }),
    ("padded_jacket", |s| {
        shirt(s, BONE);
        for x in [-4.5, 0.0, 4.5] {
            s.thread((x, -7.0), (x, 11.0), BONE[1]);
        }
        s.layer().limb(WOOD, (-7.0, 5.0), (7.0, 5.0), 1.3, 1.3);
    }),
    ("chain_shirt", |s| {
        shirt(s, STEEL);
        for y in -4..6 {
            for x in -4..5 {
                let p = (x as f32 * 2.0 + (y & 1) as f32, y as f32 * 2.0);
                if p.0.abs() < 7.0 {
                    s.dab(p.0, p.1, STEEL[1]);
                }
            }
        }
        s.layer().limb(GOLD, (-3.5, -9.5), (3.5, -9.5), 1.2, 1.2);
    }),
    ("worn_boots", |s| boots(s, WOOD, None)),
    ("traveller_boots", |s| boots(s, HAIR, Some(GREEN))),
    ("rabbit_foot", |s| {
        s.limb(HAIR, (5.0, -4.0), (-3.0, 7.0), 4.4, 5.2);
        s.limb(HAIR, (-3.0, 7.0), (-8.0, 9.0), 4.2, 3.2);
        for x in [-9.0, -6.5, -4.0] {
            s.thread((x, 9.5), (x, 11.5), HAIR[1]);
        }
        s.layer().limb(GOLD, (2.5, -7.5), (9.0, -3.0), 2.0, 2.0);
        ring(s, (9.5, -10.0), 3.2, GOLD);
    }),
    ("wolf_fang_necklace", |s| {
        for i in 0..33 {
            let p = along((0.0, 0.0), 24.0 + i as f32 * 9.75, 1.0);
            s.ell(WOOD, p.0 * 10.0, p.1 * 9.5 - 3.0, 1.1, 1.1);
        }
        s.layer().limb(BONE, (-7.5, 4.5), (-7.0, 9.5), 1.9, 0.5).light = 0.15;
        s.layer().limb(BONE, (7.5, 4.5), (7.0, 9.5), 1.9, 0.5).light = 0.15;
        s.layer().limb(BONE, (0.0, 6.0), (1.0, 14.0), 2.8, 0.6).light = 0.15;
        s.layer().ell(RED, 0.0, 5.6, 2.0, 1.6);
    }),
    ("crown_shard", |s| {
        s.plate(
            GOLD,
            &[
                (-9.0, 10.0),
                (-11.0, -6.0),
                (-5.0, 0.0),
                (-1.0, -12.0),
                (3.0, -1.0),
                (7.0, 1.0),
                (4.0, 4.0),
                (8.0, 7.0),
                (3.0, 11.0),
            ],
            2.4,
        );
        s.layer().limb(GOLD, (-8.5, 7.0), (3.5, 7.6), 1.4, 1.4).light = 0.15;
        s.layer().ell(PURPLE, -2.0, 1.5, 2.6, 3.0).light = 0.1;
        s.dab(-3.0, 0.0, WHITE);
        s.dab(-1.0, -14.0, WHITE);
        s.dab(10.0, -5.0, GOLD[4]);
    }),
    ("healing_potion", |s| potion(s, RED, 6.6)),
    ("strong_healing_potion", |s| {
        potion(s, RED, 8.6);
        s.layer().limb(GOLD, (-3.4, -4.5), (3.4, -4.5), 1.3, 1.3);
        s.thread((-2.0, 4.0), (2.0, 4.0), WHITE);
        s.thread((0.0, 2.0), (0.0, 6.0), WHITE);
    }),
    ("draught_of_vigour", |s| potion(s, BLUE, 6.6)),
    ("rabbit_pelt", |s| pelt(s, HAIR)),
    ("boar_tusk", |s| {
        s.limb(BONE, (-8.0, 8.0), (3.0, 5.0), 4.6, 3.6);
        s.limb(BONE, (3.0, 5.0), (9.0, -3.0), 3.6, 2.2);
        s.limb(BONE, (9.0, -3.0), (10.0, -11.0), 2.2, 0.6);
        s.layer().ell(BRISTLE, -9.5, 8.5, 3.0, 4.6);
    }),
    ("wolf_pelt", |s| pelt(s, FUR)),
    ("goblin_ear", |s| {
        s.plate(GREEN, &[(-9.0, 11.0), (-7.0, -2.0), (11.0, -12.0), (6.0, 4.0), (0.0, 11.0)], 2.6);
        s.layer().plate(RED, &[(-5.0, 7.0), (-3.0, 0.0), (6.0, -6.0), (2.0, 4.0)], 2.0).light = -0.1;
        ring(s, (4.0, 7.5), 2.4, GOLD);
        s.dab(-8.0, 11.0, RED[2]);
        s.dab(-6.0, 11.0, RED[1]);
    }),
    ("old_bone", |s| {
        s.limb(BONE, (-8.0, 8.0), (8.0, -8.0), 2.2, 2.2);
        for p in [(-10.5, 7.0), (-7.0, 10.5), (10.5, -7.0), (7.0, -10.5)] {
            s.ell(BONE, p.0, p.1, 3.2, 3.2);
        }
        s.thread((-2.0, 3.0), (0.0, 3.0), BONE[1]);
    }),
];

/// The picture of an item.
pub fn icon(draw: Draw) -> Picture {
    let mut s = Sculpt::new(32, 32, (16.0, 16.0));
    draw(&mut s);
    s.render()
}
