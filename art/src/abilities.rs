//! Pictures of abilities, 32 by 32: a frame, a background by kind, and a glyph. (0, 0) is the middle.

use crate::glyphs::{arc, arrow, blade, burst, frame, sparks};
use crate::math::along;
use crate::palette::{BLUE, BONE, Colour, FOREST, GHOST, GOLD, GREEN, IRON, PURPLE, RED, SKIN, STEEL, WHITE, WOOD};
use crate::picture::{Picture, mix};
use crate::sculpt::Sculpt;

/// Draws a glyph.
pub type Draw = fn(&mut Sculpt);

/// Background of rage: the dark rim and the lit middle.
pub const FURY: (Colour, Colour) = (RED[0], 0x8a2a34);

/// Background of plain blows.
pub const STRENGTH: (Colour, Colour) = (0x2d1c2a, 0x7a4a38);

/// Background of woodcraft.
pub const NATURE: (Colour, Colour) = (FOREST[0], 0x2f6a48);

/// Background of poison and fire.
pub const POISON: (Colour, Colour) = (0x1d1b33, 0x4c6a3a);

/// Background of holy wrath.
pub const HOLY: (Colour, Colour) = (GOLD[0], 0xb67a34);

/// Background of healing.
pub const HEAL: (Colour, Colour) = (0x12303c, 0x2a8478);

/// Background of the barrow.
pub const DEATH: (Colour, Colour) = (PURPLE[0], 0x54387a);

/// Every ability of players by its id, with its background.
pub const ABILITIES: &[(&str, (Colour, Colour), Draw)] = &[
    ("strike", STRENGTH, |s| blade(s, (-8.0, 8.0), 45.0, 21.0)),
    ("cleave", FURY, |s| {
        arc(s, (-3.0, 4.0), 11.5, -20.0, 130.0, GOLD);
        blade(s, (-8.0, 8.0), 52.0, 17.0);
    }),
    ("battle_cry", FURY, |s| {
        s.limb(BONE, (-8.0, 4.0), (4.0, -1.0), 2.0, 4.0);
        s.plate(BONE, &[(2.0, -7.0), (9.0, -10.5), (9.0, 6.5), (4.0, 4.5)], 2.0);
        s.layer().limb(GOLD, (-7.0, 2.0), (-5.0, 6.5), 1.3, 1.3);
        for (a, b) in [((11.0, -6.0), (13.0, -8.0)), ((11.5, -2.0), (13.5, -2.0)), ((11.0, 3.0), (13.0, 5.0))] {
            s.thread(a, b, GOLD[4]);
        }
        s.limb(BONE, (-8.0, 4.0), (-10.0, 5.0), 1.4, 1.8);
    }),
    ("shield_bash", STRENGTH, |s| {
        let shape = [(-8.0, -9.0), (4.0, -10.5), (6.0, 1.0), (1.0, 10.0), (-6.0, 4.0)];
        s.plate(STEEL, &shape, 2.2);
        s.layer().plate(RED, &[(-5.6, -6.4), (2.0, -7.6), (3.4, 0.4), (0.2, 5.8), (-4.0, 2.0)], 1.6);
        burst(s, (8.0, -3.0), 5.0, GOLD);
    }),
    ("hamstring", FURY, |s| {
        s.limb(SKIN, (-3.0, -12.0), (1.0, 0.0), 4.6, 3.4);
        s.limb(SKIN, (1.0, 0.0), (-2.0, 9.0), 3.4, 2.2);
        s.limb(WOOD, (-2.0, 9.0), (5.0, 10.5), 2.6, 2.0);
        s.layer().limb(STEEL, (10.0, -7.0), (-8.0, 5.0), 0.6, 1.7);
        s.dab(-4.0, 4.0, RED[3]);
        s.dab(-5.0, 6.0, RED[3]);
        s.dab(-6.0, 8.0, RED[2]);
    }),
    ("whirlwind", FURY, |s| {
        for i in 0..3 {
            arc(s, (0.0, 0.0), 11.0, i as f32 * 120.0, i as f32 * 120.0 + 85.0, GOLD);
            let d = i as f32 * 120.0 + 30.0;
            s.layer().limb(STEEL, along((0.0, 0.0), d, 2.0), along((0.0, 0.0), d, 10.0), 1.9, 0.6).light = 0.1;
        }
        s.layer().ell(GOLD, 0.0, 0.0, 2.2, 2.2);
    }),
    ("shoot", NATURE, |s| arrow(s, (-9.0, 9.0), 45.0, 25.0, STEEL)),
    ("aimed_shot", NATURE, |s| {
        for i in 0..24 {
            let p = along((0.0, 0.0), i as f32 * 15.0, 9.0);
            s.ell(RED, p.0, p.1, 1.2, 1.2);
        }
        for d in [0.0, 90.0, 180.0, 270.0] {
            s.limb(RED, along((0.0, 0.0), d, 6.0), along((0.0, 0.0), d, 12.5), 0.9, 0.9);
        }
        arrow(s, (-9.0, 9.0), 45.0, 15.5, GOLD);
    }),
    ("snare", NATURE, |s| {
        for (y, m) in [(-1.0, -1.0), (3.0, 1.0)] {
            for i in 0..9 {
                let t = i as f32 / 4.0 - 1.0;
                let at = (t * 11.0, y + m * 7.5 * (1.0 - t * t));
                s.ell(IRON, at.0, at.1, 1.8, 1.6).light = 0.15;
            }
            for i in 0..6 {
                let t = (i as f32 + 0.5) / 3.0 - 1.0;
                let at = (t * 11.0, y + m * 7.5 * (1.0 - t * t));
                s.layer().plate(STEEL, &[(at.0 - 1.6, at.1), (at.0 + 1.6, at.1), (at.0, at.1 - m * 5.5)], 0.8).light =
                    0.1;
            }
        }
        for x in [-11.5, 11.5] {
            s.layer().ell(IRON, x, 1.0, 2.4, 2.8).light = 0.1;
        }
    }),
    ("poison_arrow", POISON, |s| {
        arrow(s, (-10.0, 8.0), 45.0, 23.0, GREEN);
        for (x, y, r) in [(7.0, 5.0, 2.8), (2.0, 9.5, 1.8), (11.0, -1.0, 1.4)] {
            s.layer().ell(GREEN, x, y, r, r).light = 0.2;
        }
    }),
    ("rain_of_arrows", NATURE, |s| {
        for (x, y) in [(-7.0, -10.0), (1.0, -12.0), (8.0, -9.0), (-2.0, -3.0)] {
            arrow(s, (x, y), 192.0, 14.0, STEEL);
        }
    }),
    ("swiftness", NATURE, |s| {
        s.limb(GOLD, (-1.0, -7.0), (-2.0, 4.0), 3.4, 3.0);
        s.limb(GOLD, (-2.0, 5.0), (7.0, 6.5), 3.2, 2.2);
        for (y, w) in [(-8.0, 11.0), (-4.5, 9.0), (-1.0, 7.0)] {
            s.layer().tilted(BONE, (-3.0 - w * 0.45, y + 1.0), (w * 0.5, 1.8), 24.0).light = 0.15;
        }
        for y in [2.0, 6.0, 10.0] {
            s.thread((-12.0, y), (-7.0, y), WHITE);
        }
    }),
    ("bursting_arrow", POISON, |s| {
        burst(s, (4.0, -4.0), 9.5, RED);
        burst(s, (4.0, -4.0), 6.0, GOLD);
        arrow(s, (-10.0, 10.0), 45.0, 18.0, STEEL);
    }),
    ("smite", HOLY, |s| {
        s.plate(
            GOLD,
            &[(3.0, -13.0), (-6.0, 1.0), (-0.5, 1.0), (-4.0, 13.0), (7.5, -3.0), (1.5, -3.0), (7.0, -13.0)],
            1.6,
        )
        .light = 0.15;
        for p in [(-9.0, -6.0), (9.0, 5.0), (-8.0, 8.0), (10.0, -8.0)] {
            s.dab(p.0, p.1, WHITE);
        }
    }),
    ("mend", HEAL, |s| {
        s.plate(
            GHOST,
            &[
                (-3.2, -10.0),
                (3.2, -10.0),
                (3.2, -3.2),
                (10.0, -3.2),
                (10.0, 3.2),
                (3.2, 3.2),
                (3.2, 10.0),
                (-3.2, 10.0),
                (-3.2, 3.2),
                (-10.0, 3.2),
                (-10.0, -3.2),
                (-3.2, -3.2),
            ],
            2.0,
        )
        .light = 0.12;
        sparks(s);
    }),
    ("blessing", HOLY, |s| {
        for i in 0..8 {
            let d = i as f32 * 45.0;
            s.layer().limb(
                GOLD,
                along((0.0, 0.0), d, 6.0),
                along((0.0, 0.0), d, if i % 2 == 0 { 13.0 } else { 10.5 }),
                1.8,
                0.5,
            );
        }
        s.layer().ell(GOLD, 0.0, 0.0, 6.0, 6.0).light = 0.2;
    }),
    ("burning_word", HOLY, |s| {
        s.plate(
            RED,
            &[
                (0.0, -13.0),
                (3.0, -6.0),
                (6.0, -8.0),
                (8.5, 2.0),
                (5.0, 10.0),
                (-5.0, 10.0),
                (-8.5, 2.0),
                (-5.0, -5.0),
                (-2.5, -3.0),
            ],
            3.0,
        );
        s.layer()
            .plate(GOLD, &[(0.5, -4.0), (3.0, 1.0), (4.6, 4.0), (2.5, 9.6), (-2.5, 9.6), (-4.6, 4.0), (-1.0, 1.0)], 2.0)
            .light = 0.1;
    }),
    ("prayer", HEAL, |s| {
        s.layer().limb(SKIN, (-5.5, 9.0), (-1.2, -6.0), 3.0, 1.5).light = 0.1;
        s.layer().limb(SKIN, (5.5, 9.0), (1.2, -6.0), 3.0, 1.5).light = 0.05;
        s.layer().limb(BLUE, (-8.0, 11.0), (-5.0, 8.0), 3.2, 3.2);
        s.layer().limb(BLUE, (8.0, 11.0), (5.0, 8.0), 3.2, 3.2);
        for d in [-50.0, -25.0, 0.0, 25.0, 50.0] {
            s.thread(along((0.0, -4.0), d, 6.0), along((0.0, -4.0), d, 8.5), GOLD[4]);
        }
    }),
    ("sanctuary", HEAL, |s| {
        for i in 0..28 {
            let p = along((0.0, 0.0), i as f32 * 360.0 / 28.0, 1.0);
            s.ell(GHOST, p.0 * 11.5, p.1 * 5.0 + 6.0, 1.3, 1.1);
        }
        s.layer().limb(GOLD, (0.0, -10.0), (0.0, 6.0), 1.7, 1.7).light = 0.15;
        s.limb(GOLD, (-5.0, -5.5), (5.0, -5.5), 1.7, 1.7).light = 0.15;
        sparks(s);
    }),
    ("holy_wave", HOLY, |s| {
        arc(s, (-11.0, 0.0), 20.0, 55.0, 125.0, GOLD);
        arc(s, (-11.0, 0.0), 14.0, 50.0, 130.0, GOLD);
        arc(s, (-11.0, 0.0), 8.0, 45.0, 135.0, BONE);
    }),
];

/// The picture of an ability.
pub fn icon((rim, middle): (Colour, Colour), draw: Draw) -> Picture {
    let mut p = Picture::new(32, 32);
    for y in 0..32 {
        for x in 0..32 {
            let (dx, dy) = (x as f32 - 13.5, y as f32 - 12.5);
            let grain = if (x + y) % 2 == 0 { 0.06 } else { -0.06 };
            let d = (dx * dx + dy * dy).sqrt() / 21.0 + grain;
            let t = ((1.0 - d).clamp(0.0, 1.0) * 5.0).floor() / 5.0;
            p.dot(x, y, mix(rim, middle, t));
        }
    }
    let mut s = Sculpt::new(32, 32, (16.0, 16.0));
    draw(&mut s);
    p.lay(&s.render(), 0, 0);
    frame(&mut p);
    p
}
