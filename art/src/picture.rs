//! A picture in memory, and how it becomes a PNG.

use std::fs;
use std::io;
use std::path::Path;

use oxipng::Options;

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

    /// Writes a PNG, as short as it can be without loss: every player loads it before play, and it is made once.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.w as u32, self.h as u32);
        encoder.set_color(png::ColorType::Rgba);
        let mut writer = encoder.write_header().map_err(io::Error::other)?;
        writer.write_image_data(&self.rgba()).map_err(io::Error::other)?;
        writer.finish().map_err(io::Error::other)?;
        let shortest = oxipng::optimize_from_memory(&bytes, &Options::max_compression()).map_err(io::Error::other)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, shortest)
    }

    fn rgba(&self) -> Vec<u8> {
        let [red, green, blue, alpha] = [16, 8, 0, 24].map(|bits| move |pixel: u32| (pixel >> bits) as u8);
        self.pixels.iter().flat_map(|&pixel| [red(pixel), green(pixel), blue(pixel), alpha(pixel)]).collect()
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
