//! The documents, filled with what the theme and the settings say of the realm, and the files of the theme.

use std::collections::BTreeMap;

use bytes::Bytes;
use realmgate_platform::http::escaped;
use realmgate_platform::theme::{Theme, ThemeFile};

use serde_json::json;

use super::Pictures;
use super::file::File;
use super::program::PROGRAM;

/// What browsers show around a page of a realm whose theme names no colour; the documents have it too.
const COLOUR: &str = "#141a22";
/// Pictures for a screen full of programs, and how large they are.
const ICONS: [(&str, &str); 2] = [("pictures/ui/icon-192.png", "192x192"), ("pictures/ui/icon-512.png", "512x512")];
/// What is shown beside a link to the realm.
const TITLE: &str = "pictures/ui/title.png";

/// What `GET /`, `GET /play` and `GET /admin` answer, and what they load of it that is the realm's own.
pub struct Documents {
    landing: File,
    play: File,
    admin: File,
    manifest: File,
    /// Files of the theme, by their address without the leading `/theme/`.
    theme: BTreeMap<String, File>,
}

/// What the documents say of a realm.
#[derive(Clone, Copy)]
pub struct Realm<'a> {
    /// Its look, and some of its texts.
    pub theme: &'a Theme,
    /// What it is called.
    pub name: &'a str,
    /// Whether it can send mails: without, nobody is offered a new password by mail.
    pub sends_mails: bool,
    /// Its pictures.
    pub pictures: &'a Pictures,
    /// Where browsers reach it, as `https://HOST`; `None` where that is not known.
    pub public_url: Option<&'a str>,
}

impl Documents {
    /// The documents of a realm.
    pub fn new(realm: Realm<'_>) -> Self {
        let theme = realm.theme;
        let document = |name| PROGRAM.document(name, |slot| realm.value(slot));
        let files = [theme.style(), theme.style_beside(), theme.logo_file()].into_iter().flatten();
        let file = |file: ThemeFile| {
            let key = format!("{}/{}", file.hash(), file.name);
            Some((key, File::new(&file.name, Bytes::from(file.bytes))?))
        };
        Self {
            landing: document("index.html"),
            play: document("play.html"),
            admin: document("admin.html"),
            manifest: realm.manifest(),
            theme: files.filter_map(file).collect(),
        }
    }

    pub(super) fn landing(&self) -> &File {
        &self.landing
    }

    pub(super) fn play(&self) -> &File {
        &self.play
    }

    pub(super) fn admin(&self) -> &File {
        &self.admin
    }

    pub(super) fn manifest(&self) -> &File {
        &self.manifest
    }

    /// A file of the theme, if the hash that it is asked by is its own.
    pub(super) fn of_theme(&self, hash: &str, name: &str) -> Option<&File> {
        self.theme.get(&format!("{hash}/{name}"))
    }
}

impl Realm<'_> {
    /// The markup of a slot; `None` for what the document says itself.
    fn value(&self, slot: &str) -> Option<String> {
        let Self { theme, name, sends_mails, .. } = *self;
        let text = |text: &Option<String>| text.as_deref().map(escaped);
        match slot {
            "name" => Some(escaped(name)),
            "of-name" => theme.name.as_ref().map(|_| format!(" of {}", escaped(name))),
            "description" => text(&theme.texts.description),
            "lead" => text(&theme.texts.lead),
            "play" => text(&theme.texts.play),
            "colour" => theme.background().map(|colour| colour.to_string()),
            "theme" => theme.style().map(|style| format!("<link rel=\"stylesheet\" href=\"{}\">", style.address())),
            "logo" => theme.logo_file().map(|logo| format!("<img class=\"logo\" src=\"{}\" alt=\"\">", logo.address())),
            "icon" => self
                .pictures
                .address(ICONS[0].0)
                .map(|icon| format!("<link rel=\"apple-touch-icon\" href=\"{}\">", escaped(icon))),
            "picture" => {
                self.title().map(|title| format!("<meta property=\"og:image\" content=\"{}\">", escaped(&title)))
            }
            "mails" => Some(if sends_mails { "yes" } else { "no" }.to_owned()),
            _ => None,
        }
    }

    /// The whole address of the title picture: programs that show links have no document that it could be a part of.
    fn title(&self) -> Option<String> {
        let address = self.pictures.address(TITLE)?;
        let host = if address.starts_with('/') { self.public_url?.trim_end_matches('/') } else { "" };
        Some(format!("{host}{address}"))
    }

    /// What a browser needs that puts the game among a device's programs.
    fn manifest(&self) -> File {
        let colour = self.theme.background().map_or_else(|| COLOUR.to_owned(), |colour| colour.to_string());
        let icon = |(name, sizes): (&str, &str)| {
            let src = self.pictures.address(name)?;
            Some(json!({ "src": src, "sizes": sizes, "type": "image/png", "purpose": "any maskable" }))
        };
        let manifest = json!({
            "name": self.name,
            "start_url": "/play",
            "scope": "/",
            "display": "fullscreen",
            "background_color": colour,
            "theme_color": colour,
            "icons": ICONS.into_iter().filter_map(icon).collect::<Vec<_>>(),
        });
        File::new("manifest.webmanifest", Bytes::from(manifest.to_string())).expect("files of this kind are known")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use axum::body::to_bytes;
    use axum::http::HeaderMap;

    use super::super::file::Caching;
    use super::*;

    fn realm<'a>(theme: &'a Theme, name: &'a str) -> Realm<'a> {
        static NONE: LazyLock<Pictures> = LazyLock::new(Pictures::default);
        Realm { theme, name, sends_mails: false, pictures: &NONE, public_url: Some("https://realm.example/") }
    }

    async fn text(file: &File) -> String {
        let answer = file.answer(&HeaderMap::new(), Caching::Asks).await;
        String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn without_a_theme_documents_say_what_they_say_themselves() {
        let theme = Theme::default();
        let documents = Documents::new(realm(&theme, "Realmgate"));
        let landing = text(documents.landing()).await;
        for said in
            ["<title>Realmgate</title>", "A small world behind an old gate.", ">Play</a>", "content=\"#141a22\""]
        {
            assert!(landing.contains(said), "{said} in {landing}");
        }
        let admin = text(documents.admin()).await;
        assert!(admin.contains("<title>Administration</title>") && !admin.contains("<img"), "{admin}");
        assert!(text(documents.play()).await.contains("data-mails=\"no\""), "it cannot send mails");
        for document in [landing, admin, text(documents.play()).await] {
            assert!(!document.contains("{{") && !document.contains("/theme/"), "{document}");
        }
    }

    #[tokio::test]
    async fn a_text_is_text_whatever_is_in_it() {
        let mut theme = Theme::default();
        theme.name = Some("\"><script>".to_owned());
        theme.texts.lead = Some("{{play}} <b>&amp;</b> {{".to_owned());
        theme.texts.description = Some("\"><i>".to_owned());
        theme.texts.play = Some("<u>Go</u>".to_owned());
        let documents = Documents::new(realm(&theme, "\"><script>"));
        let landing = text(documents.landing()).await;
        assert!(landing.contains("name=\"description\" content=\"&quot;&gt;&lt;i&gt;\""), "{landing}");
        assert!(landing.contains(">&lt;u&gt;Go&lt;/u&gt;</a>"), "{landing}");
        assert!(landing.contains("{{play}} &lt;b&gt;&amp;amp;&lt;/b&gt; {{"), "{landing}");
        assert!(landing.contains("<title>&quot;&gt;&lt;script&gt;</title>"), "{landing}");
        assert!(text(documents.admin()).await.contains("Administration of &quot;&gt;&lt;script&gt;"));
    }
}
