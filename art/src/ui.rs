//! The emblem and the word mark.

use crate::math::{V, along};
use crate::palette::{GHOST, GOLD, INK, PORTAL, PORTAL_HEART, STONE, WHITE};
use crate::picture::{Picture, mix, solid};
use crate::sculpt::Sculpt;

/// What the page is before its pictures: `--slate-1` in its styles.
const SLATE: u32 = 0x14_1a_22;

/// A stone gate with light in it, `scale` 1 being 32 pixels.
pub fn gate(size: i32, scale: f32, origin: V) -> Picture {
    let mut s = Sculpt::new(size, size, origin).scaled(scale);
    s.plate(
        PORTAL,
        &[(-7.0, 13.0), (-7.0, -4.0), (-4.0, -8.0), (0.0, -9.5), (4.0, -8.0), (7.0, -4.0), (7.0, 13.0)],
        6.0,
    )
    .light = 0.1;
    s.ell(PORTAL_HEART, 0.0, 2.0, 3.6, 7.0).light = 0.2;
    for x in [-9.5, 9.5] {
        for (y, w) in [(12.0, 4.2), (7.0, 3.5), (2.0, 3.5), (-3.0, 3.5)] {
            let block = [(x - w, y - 2.5), (x + w, y - 2.5), (x + w, y + 2.4), (x - w, y + 2.4)];
            s.layer().plate(STONE, &block, 1.6);
        }
    }
    for i in 0..7 {
        let d = -78.0 + i as f32 * 26.0;
        let (a, b) = (along((0.0, -3.0), d - 12.5, 7.0), along((0.0, -3.0), d + 12.5, 7.0));
        let (c, e) = (along((0.0, -3.0), d + 12.5, 13.0), along((0.0, -3.0), d - 12.5, 13.0));
        let ramp = if i == 3 { GOLD } else { STONE };
        s.layer().plate(ramp, &[a, b, c, e], 1.6);
    }
    s.render()
}

/// The emblem, 32 by 32.
pub fn emblem() -> Picture {
    gate(32, 0.98, (16.0, 15.8))
}

/// The emblem on a square of this size, for devices that show the game among their programs. They cut its corners as they like.
pub fn icon(size: i32) -> Picture {
    let mut p = Picture::new(size, size);
    p.rect(0, 0, size, size, SLATE);
    let times = size * 13 / 16 / 32;
    let margin = (size - 32 * times) / 2;
    p.lay(&emblem().enlarged(times), margin, margin);
    p
}

/// Letters of the word mark: strokes in a box 8 wide and 14 high (capital) with the base line at 0.
fn strokes(letter: char) -> (f32, Vec<(V, V)>) {
    match letter {
        'R' => (
            12.0,
            vec![
                ((2.0, 0.0), (2.0, -18.0)),
                ((2.0, -18.0), (7.0, -18.0)),
                ((7.0, -18.0), (10.0, -15.5)),
                ((10.0, -15.5), (10.0, -12.0)),
                ((10.0, -12.0), (7.0, -9.5)),
                ((7.0, -9.5), (2.0, -9.5)),
                ((6.0, -9.0), (11.0, 0.0)),
            ],
        ),
        'e' => (
            10.0,
            vec![
                ((1.5, -6.2), (8.5, -6.2)),
                ((8.5, -6.2), (8.0, -10.0)),
                ((8.0, -10.0), (5.0, -12.0)),
                ((5.0, -12.0), (2.0, -10.0)),
                ((2.0, -10.0), (1.5, -5.0)),
                ((1.5, -5.0), (3.0, -1.0)),
                ((3.0, -1.0), (6.0, 0.0)),
                ((6.0, 0.0), (8.5, -1.5)),
            ],
        ),
        'a' => (
            10.0,
            vec![
                ((2.0, -11.0), (5.0, -12.0)),
                ((5.0, -12.0), (8.0, -10.0)),
                ((8.0, -10.0), (8.2, 0.0)),
                ((8.0, -6.8), (4.0, -6.8)),
                ((4.0, -6.8), (1.5, -4.5)),
                ((1.5, -4.5), (2.0, -1.2)),
                ((2.0, -1.2), (4.5, 0.0)),
                ((4.5, 0.0), (8.0, -2.5)),
            ],
        ),
        'l' => (5.0, vec![((2.0, -19.0), (2.0, -1.0)), ((2.0, -1.0), (3.6, 0.0))]),
        'm' => (
            15.5,
            vec![
                ((2.0, 0.0), (2.0, -12.0)),
                ((2.0, -9.5), (5.0, -12.0)),
                ((5.0, -12.0), (7.6, -10.0)),
                ((7.6, -10.0), (7.8, 0.0)),
                ((7.8, -9.5), (10.6, -12.0)),
                ((10.6, -12.0), (13.2, -10.0)),
                ((13.2, -10.0), (13.4, 0.0)),
            ],
        ),
        'g' => (
            10.0,
            vec![
                ((8.2, -12.0), (8.2, 3.0)),
                ((8.2, 3.0), (5.5, 5.0)),
                ((5.5, 5.0), (2.0, 4.0)),
                ((8.2, -11.0), (4.5, -12.0)),
                ((4.5, -12.0), (1.8, -9.0)),
                ((1.8, -9.0), (1.8, -4.0)),
                ((1.8, -4.0), (4.5, -1.0)),
                ((4.5, -1.0), (8.2, -3.0)),
            ],
        ),
        _ => (
            8.0,
            vec![
                ((3.5, -16.5), (3.5, -2.0)),
                ((3.5, -2.0), (5.0, 0.0)),
                ((5.0, 0.0), (7.4, -1.0)),
                ((0.8, -11.5), (7.0, -11.5)),
            ],
        ),
    }
}

/// Colours of a letter from top to bottom.
fn gilt(y: f32) -> u32 {
    let t = (y + 19.0) / 24.0;
    if t < 0.22 {
        mix(GOLD[4], WHITE, 0.5)
    } else if t < 0.45 {
        GOLD[4]
    } else if t < 0.68 {
        GOLD[3]
    } else {
        GOLD[2]
    }
}

/// How far a point is from the nearest stroke, and the thickness there.
fn inked(strokes: &[(V, V)], p: V, scale: f32) -> bool {
    strokes.iter().any(|(a, b)| {
        let (bx, by) = (b.0 - a.0, b.1 - a.1);
        let t = (((p.0 - a.0) * bx + (p.1 - a.1) * by) / (bx * bx + by * by).max(0.01)).clamp(0.0, 1.0);
        let (dx, dy) = (p.0 - a.0 - bx * t, p.1 - a.1 - by * t);
        // Strokes going up and down are thicker, as with a broad pen.
        let upright = by.abs() / (bx.abs() + by.abs()).max(0.01);
        let r = (0.85 + 0.75 * upright) * scale;
        dx * dx + dy * dy < r * r
    })
}

/// The word mark with the emblem, 256 by 80.
pub fn logo() -> Picture {
    let mut p = Picture::new(256, 80);
    p.lay(&gate(80, 2.0, (33.0, 40.0)), 0, 0);
    let (mut x, base, size) = (66.0, 55.0, 2.02);
    let mut words: Vec<(f32, char)> = Vec::new();
    for letter in "Realmgate".chars() {
        words.push((x, letter));
        x += strokes(letter).0 * size;
    }
    let mut face = Picture::new(256, 80);
    for (x0, letter) in words {
        let (wide, lines) = strokes(letter);
        for y in 0..80 {
            for x in (x0 as i32 - 4)..(x0 + wide * size) as i32 + 4 {
                let at = ((x as f32 + 0.5 - x0) / size, (y as f32 + 0.5 - base) / size);
                if inked(&lines, at, 1.0) {
                    face.dot(x, y, gilt(at.1));
                }
            }
        }
    }
    for y in 0..80 {
        for x in 0..256 {
            if face.get(x, y) != 0 {
                for (dx, dy) in [
                    (-1, 0),
                    (1, 0),
                    (0, -1),
                    (0, 1),
                    (-1, -1),
                    (1, 1),
                    (1, -1),
                    (-1, 1),
                    (0, 2),
                    (1, 2),
                    (2, 2),
                    (2, 1),
                ] {
                    if face.get(x + dx, y + dy) == 0 {
                        p.dot(x + dx, y + dy, if dy == 2 || dx == 2 { INK } else { GOLD[0] });
                    }
                }
            }
        }
    }
    for y in 0..80 {
        for x in 0..256 {
            let c = face.get(x, y);
            if c != 0 {
                let top = face.get(x, y - 1) == 0 || face.get(x - 1, y) == 0;
                let low = face.get(x, y + 1) == 0 || face.get(x + 1, y) == 0;
                let c = c & 0xff_ffff;
                p.put(
                    x,
                    y,
                    solid(if top {
                        WHITE
                    } else if low {
                        mix(c, GOLD[1], 0.55)
                    } else {
                        c
                    }),
                );
            }
        }
    }
    for (x, y) in [(248, 20), (118, 14), (172, 16)] {
        for i in -2..=2 {
            p.dot(x + i, y, if i == 0 { WHITE } else { GHOST[4] });
            p.dot(x, y + i, if i == 0 { WHITE } else { GHOST[4] });
        }
    }
    p
}
