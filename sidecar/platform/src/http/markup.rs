//! Text in markup.

/// A text as markup has it, in elements and in attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn no_text_ends_an_attribute_or_begins_an_element() {
        assert_eq!(escaped("<a href=\"'x'\">&lt;"), "&lt;a href=&quot;&#39;x&#39;&quot;&gt;&amp;lt;");
    }
}
