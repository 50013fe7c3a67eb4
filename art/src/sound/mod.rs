//! Makes the sounds of the game: `assets/sounds/**`.

mod ambience;
mod effects;
#[cfg(test)]
mod measure;
mod mp3;
mod wave;

use std::path::Path;
use std::{fs, io};

use mp3lame_encoder::Quality;

use wave::Wave;

/// No sample is larger before it is encoded: MP3 adds a little.
const PEAK: f32 = 0.75;

/// A sound: what it is called, how loud it is where it is loudest (decibels below full scale), and how it is made.
struct Sound {
    name: &'static str,
    decibels: f32,
    make: fn() -> Wave,
}

impl Sound {
    fn wave(&self) -> Wave {
        let made = (self.make)();
        // An ambience has no ends.
        let made = if self.is_ambience() { made } else { made.clean(0.004, 0.02) };
        made.levelled(self.decibels, PEAK)
    }

    fn is_ambience(&self) -> bool {
        self.name.starts_with("ambience/")
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        mp3::encode(&self.wave(), if self.is_ambience() { Quality::Worst } else { Quality::Good })
    }
}

fn all() -> impl Iterator<Item = &'static Sound> {
    effects::EFFECTS.iter().chain(&ambience::AMBIENCE)
}

/// Writes all sounds below a folder.
pub fn save(folder: &Path) -> io::Result<()> {
    for sound in all() {
        let path = folder.join(format!("{}.mp3", sound.name));
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, sound.bytes()?)?;
    }
    Ok(())
}
