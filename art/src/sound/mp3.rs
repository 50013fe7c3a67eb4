//! Sounds as MP3, which every browser and Godot can read.

use std::io;
use std::num::NonZeroU32;

use mp3lame_encoder::{Builder, Encoder, FlushGap, Mode, MonoPcm, Quality, VbrMode, max_required_buffer_size};

use super::wave::{RATE, Wave};

/// Encodes a sound, with what players need to leave out the samples that the encoder adds at both ends.
pub fn encode(wave: &Wave, quality: Quality) -> io::Result<Vec<u8>> {
    let mut encoder = encoder(quality).ok_or_else(|| io::Error::other("LAME refuses these settings"))?;
    let mut bytes = Vec::with_capacity(max_required_buffer_size(wave.0.len()));
    encoder.encode_to_vec(MonoPcm(&wave.0), &mut bytes).map_err(io::Error::other)?;
    bytes.reserve(max_required_buffer_size(0));
    encoder.flush_to_vec::<FlushGap>(&mut bytes).map_err(io::Error::other)?;
    // Room for this frame was left at the beginning: only now it is known what stands in it.
    let mut tag = Vec::with_capacity(encoder.lame_tag_size());
    encoder.lame_tag_encode_to_vec(&mut tag).ok_or_else(|| io::Error::other("LAME writes no tag"))?;
    bytes[..tag.len()].copy_from_slice(&tag);
    Ok(bytes)
}

fn encoder(quality: Quality) -> Option<Encoder> {
    let builder = Builder::new()?.with_num_channels(1).ok()?.with_sample_rate(RATE as u32).ok()?;
    let builder = builder.with_output_sample_rate(NonZeroU32::new(RATE as u32)).ok()?.with_mode(Mode::Mono).ok()?;
    // Only files of a variable rate have room for the tag at rates as low as these.
    let builder = builder.with_vbr_mode(VbrMode::Mtrh).ok()?.with_vbr_quality(quality).ok()?;
    builder.with_quality(Quality::Best).ok()?.with_to_write_vbr_tag(true).ok()?.build().ok()
}
