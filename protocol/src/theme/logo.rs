//! A realm's logo: where it lies, and what it may be.

/// Most bytes of a logo: it is loaded by everybody who comes.
pub const MAX_LOGO_BYTES: u64 = 256 * 1024;
/// Most characters of a path.
const MOST_SIGNS: usize = 100;

/// A kind of picture that every browser shows, and that cannot do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// WebP.
    Webp,
}

impl Picture {
    /// The kind that a file's name says; `None` for every other.
    pub fn of_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1 {
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// The kind that a file's content is; `None` for every other.
    pub fn of_content(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Self::Jpeg);
        }
        let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        is_webp.then_some(Self::Webp)
    }

    /// The usual ending of a name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// Whether a path leads to a picture below the folder that it begins in.
pub fn is_logo_path(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    path.len() <= MOST_SIGNS && path.split('/').all(is_name) && Picture::of_name(path).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_lies_below_the_folder() {
        for good in ["logo.png", "pictures/ui/my-logo_2.webp", "a.b.jpeg"] {
            assert!(is_logo_path(good), "{good}");
        }
        for bad in [
            "",
            "/etc/logo.png",
            "../logo.png",
            "a/../logo.png",
            "a//logo.png",
            ".logo.png",
            "logo.svg",
            "logo",
            "a\\b.png",
            "\u{e4}.png",
        ] {
            assert!(!is_logo_path(bad), "{bad}");
        }
    }

    #[test]
    fn content_says_what_it_is() {
        let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
        for (bytes, kind) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some(Picture::Png)),
            (&[0xff, 0xd8, 0xff, 0xe0][..], Some(Picture::Jpeg)),
            (&webp[..], Some(Picture::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg onload='x'/>", None),
            (b"RIFF", None),
            (b"", None),
        ] {
            assert_eq!(Picture::of_content(bytes), kind);
        }
        assert_eq!(Picture::of_name("a.jpg"), Some(Picture::Jpeg));
    }
}
