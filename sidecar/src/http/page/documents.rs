//! The documents, filled with what the theme and the settings say of the realm, and the files of the theme.

use std::collections::BTreeMap;

use bytes::Bytes;
use realmgate_platform::http::escaped;
use realmgate_platform::theme::{Theme, ThemeFile};

use super::file::File;
use super::program::PROGRAM;

/// What `GET /`, `GET /play` and `GET /admin` answer.
pub struct Documents {
    landing: File,
    play: File,
    admin: File,
    /// Files of the theme, by their address without the leading `/theme/`.
    theme: BTreeMap<String, File>,
}

impl Documents {
    /// The documents of a realm.
    pub fn new(theme: &Theme, realm: &str) -> Self {
        let slots = Slots { theme, realm };
        let document = |name| PROGRAM.document(name, |slot| slots.value(slot));
        let files = [theme.style(), theme.style_beside(), theme.logo_file()].into_iter().flatten();
        let file = |file: ThemeFile| {
            let key = format!("{}/{}", file.hash(), file.name);
            Some((key, File::new(&file.name, Bytes::from(file.bytes))?))
        };
        Self {
            landing: document("page/index.html"),
            play: document("page/play.html"),
            admin: document("page/admin.html"),
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

    /// A file of the theme, if the hash that it is asked by is its own.
    pub(super) fn of_theme(&self, hash: &str, name: &str) -> Option<&File> {
        self.theme.get(&format!("{hash}/{name}"))
    }
}

/// What the documents leave open.
struct Slots<'a> {
    theme: &'a Theme,
    realm: &'a str,
}

impl Slots<'_> {
    /// The markup of a slot; `None` for what the document says itself.
    fn value(&self, slot: &str) -> Option<String> {
        let Self { theme, realm } = self;
        let text = |text: &Option<String>| text.as_deref().map(escaped);
        match slot {
            "name" => Some(escaped(realm)),
            "of-name" => theme.name.as_ref().map(|_| format!(" of {}", escaped(realm))),
            "description" => text(&theme.texts.description),
            "lead" => text(&theme.texts.lead),
            "play" => text(&theme.texts.play),
            "colour" => theme.background().map(|colour| colour.to_string()),
            "theme" => theme.style().map(|style| format!("<link rel=\"stylesheet\" href=\"{}\">", style.address())),
            "logo" => theme.logo_file().map(|logo| format!("<img class=\"logo\" src=\"{}\" alt=\"\">", logo.address())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::http::HeaderMap;

    use super::super::file::Caching;
    use super::*;

    async fn text(file: &File) -> String {
        let answer = file.answer(&HeaderMap::new(), Caching::Asks).await;
        String::from_utf8(to_bytes(answer.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn without_a_theme_documents_say_what_they_say_themselves() {
        let documents = Documents::new(&Theme::default(), "Realmgate");
        let landing = text(documents.landing()).await;
        for said in
            ["<title>Realmgate</title>", "A small world behind an old gate.", ">Play</a>", "content=\"#141a22\""]
        {
            assert!(landing.contains(said), "{said} in {landing}");
        }
        let admin = text(documents.admin()).await;
        assert!(admin.contains("<title>Administration</title>") && !admin.contains("<img"), "{admin}");
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
        let documents = Documents::new(&theme, "\"><script>");
        let landing = text(documents.landing()).await;
        assert!(landing.contains("name=\"description\" content=\"&quot;&gt;&lt;i&gt;\""), "{landing}");
        assert!(landing.contains(">&lt;u&gt;Go&lt;/u&gt;</a>"), "{landing}");
        assert!(landing.contains("{{play}} &lt;b&gt;&amp;amp;&lt;/b&gt; {{"), "{landing}");
        assert!(landing.contains("<title>&quot;&gt;&lt;script&gt;</title>"), "{landing}");
        assert!(text(documents.admin()).await.contains("Administration of &quot;&gt;&lt;script&gt;"));
    }
}
