//! Figures made of simple solids (ellipses, limbs and plates), lit from the upper left, with a dark outline.
//!
//! A figure is sampled four times finer than its pixels. Each pixel takes the part that covers most of it and one
//! step of that part's ramp. Then outlines and the shadows between parts are added.

use crate::math::{V, cos, noise, sin, smooth};
use crate::palette::{Colour, Ramp};
use crate::picture::Picture;

/// The form of one part, in the figure's own coordinates.
enum Form {
    Ellipse { at: V, r: V, deg: f32 },
    Limb { a: V, b: V, ra: f32, rb: f32 },
    Plate { points: Vec<V>, bevel: f32 },
}

/// One part of a figure.
pub struct Part {
    form: Form,
    ramp: Ramp,
    group: u32,
    /// Makes the whole part lighter (positive) or darker.
    pub light: f32,
    /// Leaves out the outline around this part.
    pub bare: bool,
    /// How rough the surface is: leaves, bark, rock.
    pub grain: f32,
}

/// A figure in the making. Later parts lie over earlier ones.
pub struct Sculpt {
    w: i32,
    h: i32,
    parts: Vec<Part>,
    dabs: Vec<(V, Colour)>,
    group: u32,
    origin: V,
    scale: f32,
    turn: f32,
}

/// What was found for one pixel.
#[derive(Clone, Copy)]
struct Cell {
    part: usize,
    step: usize,
}

/// Samples per pixel and direction.
const FINE: i32 = 4;

impl Sculpt {
    /// An empty figure in a frame; `origin` is where the figure's (0, 0) lies.
    pub fn new(w: i32, h: i32, origin: V) -> Self {
        Self { w, h, parts: Vec::new(), dabs: Vec::new(), group: 0, origin, scale: 1.0, turn: 0.0 }
    }

    /// Scales the figure around its origin.
    pub fn scaled(mut self, scale: f32) -> Self {
        self.scale = scale;
        self
    }

    /// Turns the figure clockwise around its origin.
    pub fn turned(mut self, degrees: f32) -> Self {
        self.turn = degrees;
        self
    }

    /// Parts added from now on are set off from the earlier ones by a line of shadow.
    pub fn layer(&mut self) -> &mut Self {
        self.group += 1;
        self
    }

    fn add(&mut self, form: Form, ramp: Ramp) -> &mut Part {
        self.parts.push(Part { form, ramp, group: self.group, light: 0.0, bare: false, grain: 0.0 });
        self.parts.last_mut().expect("a part was just added")
    }

    /// An ellipse.
    pub fn ell(&mut self, ramp: Ramp, x: f32, y: f32, rx: f32, ry: f32) -> &mut Part {
        self.add(Form::Ellipse { at: (x, y), r: (rx, ry), deg: 0.0 }, ramp)
    }

    /// An ellipse turned clockwise.
    pub fn tilted(&mut self, ramp: Ramp, at: V, r: V, deg: f32) -> &mut Part {
        self.add(Form::Ellipse { at, r, deg }, ramp)
    }

    /// A limb from `a` to `b` with a radius at each end.
    pub fn limb(&mut self, ramp: Ramp, a: V, b: V, ra: f32, rb: f32) -> &mut Part {
        self.add(Form::Limb { a, b, ra, rb }, ramp)
    }

    /// A plate with a bevelled edge.
    pub fn plate(&mut self, ramp: Ramp, points: &[V], bevel: f32) -> &mut Part {
        self.add(Form::Plate { points: points.to_vec(), bevel }, ramp)
    }

    /// A single pixel put on at the end.
    pub fn dab(&mut self, x: f32, y: f32, colour: Colour) {
        self.dabs.push(((x, y), colour));
    }

    /// A thin line of pixels put on at the end.
    pub fn thread(&mut self, a: V, b: V, colour: Colour) {
        let n = ((b.0 - a.0).abs().max((b.1 - a.1).abs()) * self.scale).ceil().max(1.0);
        for i in 0..=n as i32 {
            let t = i as f32 / n;
            self.dab(a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, colour);
        }
    }

    fn inward(&self, x: f32, y: f32) -> V {
        let (dx, dy) = ((x - self.origin.0) / self.scale, (y - self.origin.1) / self.scale);
        let (s, c) = (sin(self.turn), cos(self.turn));
        (dx * c + dy * s, dy * c - dx * s)
    }

    fn outward(&self, p: V) -> V {
        let (s, c) = (sin(self.turn), cos(self.turn));
        let (x, y) = (p.0 * c - p.1 * s, p.0 * s + p.1 * c);
        (x * self.scale + self.origin.0, y * self.scale + self.origin.1)
    }

    /// The part at a place of the frame and the light on it.
    fn sample(&self, x: f32, y: f32) -> Option<(usize, f32)> {
        let p = self.inward(x, y);
        let (s, c) = (sin(self.turn), cos(self.turn));
        self.parts.iter().enumerate().rev().find_map(|(i, part)| {
            let (nx, ny) = part.form.normal(p)?;
            let nz = (1.0 - nx * nx - ny * ny).max(0.0).sqrt();
            let (nx, ny) = (nx * c - ny * s, nx * s + ny * c);
            Some((i, 0.36 - 0.46 * nx - 0.58 * ny + 0.22 * nz + part.light))
        })
    }

    fn cell(&self, px: i32, py: i32) -> Option<Cell> {
        let mut found: Vec<(usize, i32, f32)> = Vec::new();
        for i in 0..FINE * FINE {
            let at = |k: i32| (k as f32 + 0.5) / FINE as f32;
            if let Some((part, light)) = self.sample(px as f32 + at(i % FINE), py as f32 + at(i / FINE)) {
                match found.iter_mut().find(|f| f.0 == part) {
                    Some(f) => {
                        f.1 += 1;
                        f.2 += light;
                    }
                    None => found.push((part, 1, light)),
                }
            }
        }
        let covered: i32 = found.iter().map(|f| f.1).sum();
        let (part, n, light) = found.into_iter().max_by_key(|f| (f.1, f.0))?;
        if covered < 7 {
            return None;
        }
        let rough = smooth(px as f32, py as f32, 2, 256, part as u32) + noise(px, py, part as u32) * 0.5 - 0.75;
        let light = light + rough * self.parts[part].grain * n as f32;
        let steps = self.parts[part].ramp.len() as f32 - 1.0;
        let step = 1.0 + (light / n as f32 * steps).clamp(0.0, steps - 1.0).floor();
        Some(Cell { part, step: step as usize })
    }

    /// The finished picture.
    pub fn render(&self) -> Picture {
        let cells: Vec<Option<Cell>> = (0..self.w * self.h).map(|i| self.cell(i % self.w, i / self.w)).collect();
        let at = |x: i32, y: i32| {
            if x < 0 || y < 0 || x >= self.w || y >= self.h { None } else { cells[(y * self.w + x) as usize] }
        };
        let mut picture = Picture::new(self.w, self.h);
        for y in 0..self.h {
            for x in 0..self.w {
                let around = [at(x + 1, y), at(x, y + 1), at(x - 1, y), at(x, y - 1)];
                match at(x, y) {
                    Some(c) => picture.dot(x, y, self.inner(c, around)),
                    None => {
                        let edge = around.iter().flatten().find(|c| !self.parts[c.part].bare);
                        if let Some(c) = edge {
                            picture.dot(x, y, self.parts[c.part].ramp[0]);
                        }
                    }
                }
            }
        }
        for &(p, colour) in &self.dabs {
            let (x, y) = self.outward(p);
            picture.dot(x.floor() as i32, y.floor() as i32, colour);
        }
        picture
    }

    /// The colour of a covered pixel: darker where a part of a later layer lies beside it.
    fn inner(&self, cell: Cell, around: [Option<Cell>; 4]) -> Colour {
        let part = &self.parts[cell.part];
        let over =
            |c: &Option<Cell>| c.is_some_and(|c| self.parts[c.part].group > part.group && !self.parts[c.part].bare);
        let less =
            if over(&around[2]) || over(&around[3]) { 2 } else { usize::from(over(&around[0]) || over(&around[1])) };
        part.ramp[cell.step.saturating_sub(less)]
    }
}

impl Form {
    /// The sideways part of the surface's direction where the form covers a point.
    fn normal(&self, p: V) -> Option<V> {
        match self {
            Form::Ellipse { at, r, deg } => {
                let (dx, dy) = (p.0 - at.0, p.1 - at.1);
                let (s, c) = if *deg == 0.0 { (0.0, 1.0) } else { (sin(*deg), cos(*deg)) };
                let (u, v) = ((dx * c + dy * s) / r.0, (dy * c - dx * s) / r.1);
                (u * u + v * v <= 1.0).then_some((u * c - v * s, u * s + v * c))
            }
            Form::Limb { a, b, ra, rb } => {
                let (bx, by) = (b.0 - a.0, b.1 - a.1);
                let (px, py) = (p.0 - a.0, p.1 - a.1);
                let t = ((px * bx + py * by) / (bx * bx + by * by).max(0.0001)).clamp(0.0, 1.0);
                let r = ra + (rb - ra) * t;
                let (dx, dy) = ((px - bx * t) / r, (py - by * t) / r);
                (dx * dx + dy * dy <= 1.0).then_some((dx, dy))
            }
            Form::Plate { points, bevel } => plate_normal(points, *bevel, p),
        }
    }
}

fn plate_normal(points: &[V], bevel: f32, p: V) -> Option<V> {
    let (mut inside, mut nearest, mut normal) = (false, f32::MAX, (0.0, 0.0));
    for i in 0..points.len() {
        let (a, b) = (points[i], points[(i + 1) % points.len()]);
        if (a.1 > p.1) != (b.1 > p.1) && p.0 < (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) + a.0 {
            inside = !inside;
        }
        let (ex, ey) = (b.0 - a.0, b.1 - a.1);
        let t = (((p.0 - a.0) * ex + (p.1 - a.1) * ey) / (ex * ex + ey * ey).max(0.0001)).clamp(0.0, 1.0);
        let (dx, dy) = (a.0 + ex * t - p.0, a.1 + ey * t - p.1);
        let d = (dx * dx + dy * dy).sqrt();
        if d < nearest {
            nearest = d;
            normal = (dx / d.max(0.001), dy / d.max(0.001));
        }
    }
    let slope = if bevel > 0.0 { (1.0 - nearest / bevel).clamp(0.0, 1.0) * 0.9 } else { 0.0 };
    inside.then_some((normal.0 * slope, normal.1 * slope))
}
