//! Pages without a script, for a browser that knows nothing of the game: in the realm's look, as far as it has one.

use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use realmgate_platform::http::escaped;
use realmgate_platform::theme::Theme;

/// Nothing runs here, and forms go nowhere else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The same with a logo.
const POLICY_WITH_LOGO: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// What all pages have in common.
pub(crate) struct Pages {
    policy: HeaderValue,
    /// What stands behind each title.
    of_realm: String,
    /// The theme's style.
    style: String,
    /// What stands above each page.
    header: String,
}

impl Pages {
    /// The pages of a realm. Without a theme they do not say which.
    pub(crate) fn new(theme: &Theme, realm: &str) -> Self {
        let link = |file: &realmgate_platform::theme::ThemeFile| {
            format!("<link rel=\"stylesheet\" href=\"{}\">\n", file.address())
        };
        let realm = escaped(realm);
        let logo = theme.logo_file().map(|file| file.address());
        let says_name = theme.logo.as_ref().is_some_and(|logo| logo.says_name);
        let header = match (&logo, says_name) {
            (Some(logo), true) => format!("<header><img src=\"{logo}\" alt=\"{realm}\"></header>"),
            (Some(logo), false) => format!("<header><img src=\"{logo}\" alt=\"\"><p>{realm}</p></header>"),
            (None, _) if theme.name.is_some() => format!("<header><p>{realm}</p></header>"),
            (None, _) => String::new(),
        };
        Self {
            policy: HeaderValue::from_static(if logo.is_some() { POLICY_WITH_LOGO } else { POLICY }),
            of_realm: if header.is_empty() { String::new() } else { format!(" · {realm}") },
            style: theme.style_beside().as_ref().map(link).unwrap_or_default(),
            header,
        }
    }

    /// For an address at which there is no page.
    pub(crate) fn not_found(&self) -> Response {
        let content = r#"<p>There is no page at this address.</p><p><a href="/">About this world</a></p>"#;
        self.page(StatusCode::NOT_FOUND, "Page not found", content)
    }

    /// A page. `content` is markup.
    pub(super) fn page(&self, status: StatusCode, title: &str, content: &str) -> Response {
        self.page_as(status, title, "", content)
    }

    /// The same of a class of the style.
    pub(super) fn page_as(&self, status: StatusCode, title: &str, class: &str, content: &str) -> Response {
        let Self { policy, of_realm, style, header } = self;
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}{of_realm}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"stylesheet\" href=\"/account/style.css\">\n{style}</head>\n<body class=\"{class}\">{header}<main><h1>{title}</h1>{content}</main></body></html>\n"
        );
        (status, [(CONTENT_SECURITY_POLICY, policy.clone())], Html(html)).into_response()
    }
}

/// A paragraph of text.
pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}
