//! Makes a GIF of recorded frames: `moving <folder of PNG files> <file>`. The files are named by their time in
//! milliseconds. A pixel that does not change is left out, so that a still camera makes a small file.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use gif::{DisposalMethod, Encoder, Frame, Repeat};

/// Milliseconds between two frames of the GIF, at least.
const STEP_MS: u32 = 100;
/// How well colours are chosen: 1 is best, 30 fastest.
const SPEED: i32 = 10;

/// A frame in RGBA.
struct Shot {
    at_ms: u32,
    width: u16,
    height: u16,
    pixels: Vec<u8>,
}

fn main() -> io::Result<()> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, out] = arguments.as_slice() else {
        return Err(io::Error::other("give the folder of the frames, and the file to write"));
    };
    let shots =
        spaced(frames(folder)?).iter().map(|(at_ms, path)| read(*at_ms, path)).collect::<io::Result<Vec<_>>>()?;
    let first = shots.first().ok_or_else(|| io::Error::other("the folder has no frames"))?;
    let file = BufWriter::new(File::create(out)?);
    let mut encoder = Encoder::new(file, first.width, first.height, &[]).map_err(io::Error::other)?;
    encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
    for (index, shot) in shots.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &shots[before]);
        let until_ms = shots.get(index + 1).map_or(shot.at_ms + STEP_MS, |next| next.at_ms);
        let mut frame = changed(shot, before);
        frame.delay = ((until_ms - shot.at_ms) / 10) as u16;
        encoder.write_frame(&frame).map_err(io::Error::other)?;
    }
    println!("{}: {} frames, {} KB", out.display(), shots.len(), std::fs::metadata(out)?.len() / 1_000);
    Ok(())
}

/// The files with their times, in order.
fn frames(folder: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(at_ms) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok()) {
            found.push((at_ms, path));
        }
    }
    found.sort();
    Ok(found)
}

/// Those that are a step apart.
fn spaced(all: Vec<(u32, PathBuf)>) -> Vec<(u32, PathBuf)> {
    let mut next_ms = 0;
    let mut is_due = |at_ms: u32| {
        let is_due = at_ms >= next_ms;
        if is_due {
            next_ms = at_ms + STEP_MS;
        }
        is_due
    };
    all.into_iter().filter(|(at_ms, _)| is_due(*at_ms)).collect()
}

fn read(at_ms: u32, path: &Path) -> io::Result<Shot> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path)?));
    decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let size = reader.output_buffer_size().ok_or_else(|| io::Error::other("a frame is too large"))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels)?;
    let (width, height) = (info.width as u16, info.height as u16);
    Ok(Shot { at_ms, width, height, pixels })
}

/// The smallest rectangle that has all changes, with what is unchanged in it transparent.
fn changed(shot: &Shot, before: Option<&Shot>) -> Frame<'static> {
    let width = usize::from(shot.width);
    let same =
        |index: usize| before.is_some_and(|before| before.pixels[4 * index..][..4] == shot.pixels[4 * index..][..4]);
    let changes = (0..width * usize::from(shot.height)).filter(|index| !same(*index));
    let bounds = changes.map(|index| (index % width, index / width)).fold(None, |bounds, (x, y)| {
        let (left, top, right, bottom) = bounds.unwrap_or((x, y, x, y));
        Some((left.min(x), top.min(y), right.max(x), bottom.max(y)))
    });
    let (left, top, right, bottom) = bounds.unwrap_or((0, 0, 0, 0));
    let mut pixels = Vec::with_capacity(4 * (right - left + 1) * (bottom - top + 1));
    for y in top..=bottom {
        for index in y * width + left..=y * width + right {
            let pixel = &shot.pixels[4 * index..][..4];
            pixels.extend_from_slice(if same(index) { &[0; 4] } else { pixel });
        }
    }
    let (w, h) = ((right - left + 1) as u16, (bottom - top + 1) as u16);
    let mut frame = Frame::from_rgba_speed(w, h, &mut pixels, SPEED);
    (frame.left, frame.top) = (left as u16, top as u16);
    frame.dispose = DisposalMethod::Keep;
    frame
}
