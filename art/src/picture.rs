//! A picture in memory, and how it becomes an indexed PNG.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::palette::Colour;

/// Pixels as `0xAARRGGBB`; 0 is nothing.
#[derive(Clone)]
pub struct Picture {
    /// Width in pixels.
    pub w: i32,
    /// Height in pixels.
    pub h: i32,
    pixels: Vec<u32>,
}

/// An opaque pixel of a colour.
pub const fn solid(colour: Colour) -> u32 {
    0xff00_0000 | colour
}

impl Picture {
    /// An empty picture.
    pub fn new(w: i32, h: i32) -> Self {
        Self { w, h, pixels: vec![0; (w * h) as usize] }
    }

    /// The pixel at a place; outside there is nothing.
    pub fn get(&self, x: i32, y: i32) -> u32 {
        if self.holds(x, y) { self.pixels[(y * self.w + x) as usize] } else { 0 }
    }

    /// Whether the place is inside.
    pub fn holds(&self, x: i32, y: i32) -> bool {
        x >= 0 && y >= 0 && x < self.w && y < self.h
    }

    /// Sets a pixel with its alpha; places outside are left out.
    pub fn put(&mut self, x: i32, y: i32, pixel: u32) {
        if self.holds(x, y) {
            self.pixels[(y * self.w + x) as usize] = pixel;
        }
    }

    /// Sets an opaque pixel.
    pub fn dot(&mut self, x: i32, y: i32, colour: Colour) {
        self.put(x, y, solid(colour));
    }

    /// Sets an opaque pixel, wrapping around at the borders (for tiles).
    pub fn wrap(&mut self, x: i32, y: i32, colour: Colour) {
        self.put(x.rem_euclid(self.w), y.rem_euclid(self.h), solid(colour));
    }

    /// Fills a rectangle.
    pub fn rect(&mut self, x: i32, y: i32, w: i32, h: i32, colour: Colour) {
        for dy in 0..h {
            for dx in 0..w {
                self.dot(x + dx, y + dy, colour);
            }
        }
    }

    /// Draws a line of single pixels.
    pub fn line(&mut self, a: (i32, i32), b: (i32, i32), colour: Colour) {
        let n = (b.0 - a.0).abs().max((b.1 - a.1).abs()).max(1);
        for i in 0..=n {
            let at = |p: i32, q: i32| (2 * (p * (n - i) + q * i) + n).div_euclid(2 * n);
            self.dot(at(a.0, b.0), at(a.1, b.1), colour);
        }
    }

    /// Lays another picture over this one.
    pub fn lay(&mut self, other: &Picture, x: i32, y: i32) {
        for dy in 0..other.h {
            for dx in 0..other.w {
                let p = other.get(dx, dy);
                let p = if p >> 24 < 255 && p >> 24 > 0 { mix_over(self.get(x + dx, y + dy), p) } else { p };
                if p != 0 {
                    self.put(x + dx, y + dy, p);
                }
            }
        }
    }

    /// The picture with every pixel `n` times as large.
    pub fn enlarged(&self, n: i32) -> Picture {
        let mut e = Picture::new(self.w * n, self.h * n);
        for y in 0..e.h {
            for x in 0..e.w {
                e.put(x, y, self.get(x / n, y / n));
            }
        }
        e
    }

    /// Writes an indexed PNG.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut index: BTreeMap<u32, u8> = BTreeMap::new();
        for &p in &self.pixels {
            index.entry(p).or_insert(0);
        }
        assert!(index.len() <= 256, "{} has {} colours", path.display(), index.len());
        let (mut colours, mut alphas) = (Vec::new(), Vec::new());
        for (n, (p, i)) in index.iter_mut().enumerate() {
            *i = n as u8;
            colours.extend_from_slice(&[(p >> 16) as u8, (p >> 8) as u8, *p as u8]);
            alphas.push((p >> 24) as u8);
        }
        let depth = match index.len() {
            0..=2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => 8,
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut encoder = png::Encoder::new(BufWriter::new(fs::File::create(path)?), self.w as u32, self.h as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(match depth {
            1 => png::BitDepth::One,
            2 => png::BitDepth::Two,
            4 => png::BitDepth::Four,
            _ => png::BitDepth::Eight,
        });
        encoder.set_palette(colours);
        // Colours are in order of their alpha: only the see-through ones at the front need an entry.
        alphas.retain(|&a| a < 255);
        if !alphas.is_empty() {
            encoder.set_trns(alphas);
        }
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.packed(&index, depth)).map_err(io::Error::other)
    }

    /// The rows as indices of `depth` bits.
    fn packed(&self, index: &BTreeMap<u32, u8>, depth: i32) -> Vec<u8> {
        let each = 8 / depth;
        let mut bytes = Vec::new();
        for y in 0..self.h {
            for start in (0..self.w).step_by(each as usize) {
                let mut byte = 0u8;
                for i in 0..each {
                    let value = if start + i < self.w { index[&self.get(start + i, y)] } else { 0 };
                    byte |= value << (8 - depth * (i + 1));
                }
                bytes.push(byte);
            }
        }
        bytes
    }
}

/// A half transparent pixel over another.
fn mix_over(below: u32, over: u32) -> u32 {
    if below >> 24 == 0 {
        return over;
    }
    let a = over >> 24;
    let part = |shift: u32| (((over >> shift) & 255) * a + ((below >> shift) & 255) * (255 - a)) / 255;
    solid(part(16) << 16 | part(8) << 8 | part(0))
}

/// A colour between two colours, `t` of the way.
pub fn mix(a: Colour, b: Colour, t: f32) -> Colour {
    let part = |shift: u32| {
        let (p, q) = (((a >> shift) & 255) as f32, ((b >> shift) & 255) as f32);
        ((p + (q - p) * t) + 0.5) as u32
    };
    part(16) << 16 | part(8) << 8 | part(0)
}
