//! Tiles that Tiled packs into Base64: four bytes each, the lowest first, often compressed.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::bufread::{GzDecoder, ZlibDecoder};

/// What the bytes of a layer are compressed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    Uncompressed,
    Gzip,
    Zlib,
}

/// The numbers of `count` tiles; or what is wrong with the text. A longer stream is expanded by one byte more alone.
pub(super) fn unpack(text: &str, compression: Compression, count: usize) -> Result<Vec<u32>, String> {
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let packed = STANDARD.decode(text).map_err(|error| format!("the tiles are not valid Base64: {error}"))?;
    let expected = count * size_of::<u32>();
    let bytes = match compression {
        Compression::Uncompressed => packed,
        Compression::Gzip => {
            let mut decoder = GzDecoder::new(packed.as_slice());
            let bytes =
                expand(&mut decoder, expected).map_err(|error| format!("the tiles are not valid gzip: {error}"));
            whole(bytes?, decoder.into_inner(), expected, "gzip")?
        }
        Compression::Zlib => {
            let mut decoder = ZlibDecoder::new(packed.as_slice());
            let bytes =
                expand(&mut decoder, expected).map_err(|error| format!("the tiles are not valid zlib: {error}"));
            whole(bytes?, decoder.into_inner(), expected, "zlib")?
        }
    };
    match bytes.len() {
        length if length > expected => Err(format!("the tiles have more than {expected} bytes")),
        length if length < expected => Err(format!("the tiles have {length} bytes")),
        _ => Ok(bytes.chunks_exact(4).map(|tile| u32::from_le_bytes([tile[0], tile[1], tile[2], tile[3]])).collect()),
    }
}

/// Reads a stream to its end, or one byte beyond what is expected.
fn expand(decoder: &mut impl Read, expected: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.take(expected as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses what follows the end of a stream, as browsers do.
fn whole(bytes: Vec<u8>, rest: &[u8], expected: usize, format: &str) -> Result<Vec<u8>, String> {
    if bytes.len() <= expected && !rest.is_empty() {
        return Err(format!("the tiles are not valid {format}: {} bytes follow their end", rest.len()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression as Level;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    fn bytes(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Level::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_numbers_are_what_was_packed() {
        let numbers = [0, 1, 0x8000_0007, u32::MAX];
        let plain = bytes(&numbers);
        for (packed, compression) in [
            (plain.clone(), Compression::Uncompressed),
            (gzip(&plain), Compression::Gzip),
            (zlib(&plain), Compression::Zlib),
        ] {
            let text = format!("\n   {}\n  ", STANDARD.encode(packed));
            assert_eq!(unpack(&text, compression, 4).unwrap(), numbers, "{compression:?}");
        }
    }

    #[test]
    fn a_stream_that_ends_early_or_goes_on_is_refused() {
        let plain = bytes(&[1, 2]);
        for (packed, compression, name) in
            [(gzip(&plain), Compression::Gzip, "gzip"), (zlib(&plain), Compression::Zlib, "zlib")]
        {
            let says = |bytes: &[u8], count| unpack(&STANDARD.encode(bytes), compression, count).unwrap_err();
            let invalid = format!("the tiles are not valid {name}: ");
            assert!(says(&packed[..packed.len() - 1], 2).starts_with(&invalid), "{name}");
            assert_eq!(says(&[&packed[..], b"abc"].concat(), 2), format!("{invalid}3 bytes follow their end"));
            assert_eq!(says(&packed, 1), "the tiles have more than 4 bytes");
            assert_eq!(says(&packed, 3), "the tiles have 8 bytes");
        }
        assert!(
            unpack("AQAAAA=", Compression::Uncompressed, 1).unwrap_err().starts_with("the tiles are not valid Base64")
        );
    }

    #[test]
    fn a_stream_is_expanded_by_one_byte_beyond_its_bound_alone() {
        let mut endless = std::io::repeat(7);
        assert_eq!(expand(&mut endless, 1_000).unwrap().len(), 1_001);
    }
}
