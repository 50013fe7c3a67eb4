//! Little arithmetic that gives the same result on every machine: noise of whole numbers, sines by a polynomial.

/// A point or a direction.
pub type V = (f32, f32);

/// A number in `0..=1` for a place and a seed, without any visible order.
pub fn noise(x: i32, y: i32, seed: u32) -> f32 {
    let mut h =
        (x as u32).wrapping_mul(0x9E37_79B1) ^ (y as u32).wrapping_mul(0x85EB_CA77) ^ seed.wrapping_mul(0xC2B2_AE3D);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2C1B_3C6D);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_215.0
}

/// Smooth noise with cells of `cell` pixels that repeats after `period` pixels in both directions.
pub fn smooth(x: f32, y: f32, cell: i32, period: i32, seed: u32) -> f32 {
    let n = (period / cell).max(1);
    let (fx, fy) = (x / cell as f32, y / cell as f32);
    let (cell_x, cell_y) = (fx.floor() as i32, fy.floor() as i32);
    let ease = |t: f32| t * t * (3.0 - 2.0 * t);
    let (tx, ty) = (ease(fx - cell_x as f32), ease(fy - cell_y as f32));
    let at = |dx: i32, dy: i32| noise((cell_x + dx).rem_euclid(n), (cell_y + dy).rem_euclid(n), seed);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * tx;
    let low = at(0, 1) + (at(1, 1) - at(0, 1)) * tx;
    top + (low - top) * ty
}

/// The sine of an angle in degrees.
pub fn sin(degrees: f32) -> f32 {
    let mut d = f64::from(degrees).rem_euclid(360.0);
    let sign = if d >= 180.0 { -1.0 } else { 1.0 };
    if d >= 180.0 {
        d -= 180.0;
    }
    if d > 90.0 {
        d = 180.0 - d;
    }
    let r = d * core::f64::consts::PI / 180.0;
    let q = r * r;
    (sign * r * (1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0 * (1.0 - q / 72.0))))) as f32
}

/// The cosine of an angle in degrees.
pub fn cos(degrees: f32) -> f32 {
    sin(degrees + 90.0)
}

/// A power of a number that is not negative, as is the exponent: whole multiplications, and square roots for the rest.
pub fn power(base: f32, exponent: f32) -> f32 {
    let mut result = 1.0_f64;
    for _ in 0..exponent as u32 {
        result *= f64::from(base);
    }
    let (mut root, mut rest) = (f64::from(base), f64::from(exponent.fract()));
    for _ in 0..24 {
        root = root.sqrt();
        rest *= 2.0;
        if rest >= 1.0 {
            result *= root;
            rest -= 1.0;
        }
    }
    result as f32
}

/// The direction of an angle: 0 is up, 90 is right.
pub fn toward(degrees: f32) -> V {
    (sin(degrees), -cos(degrees))
}

/// `a` moved by `length` in the direction of an angle (0 is up, 90 is right).
pub fn along(a: V, degrees: f32, length: f32) -> V {
    let d = toward(degrees);
    (a.0 + d.0 * length, a.1 + d.1 * length)
}

/// The point between two points, `t` of the way.
pub fn between(a: V, b: V, t: f32) -> V {
    (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
}
