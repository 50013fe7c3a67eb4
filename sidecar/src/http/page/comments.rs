//! Modules without what only people read: comments are a third of what browsers would load.

/// The module without lines that are comments alone, blank lines, and the space around each line. What stands inside a
/// template of several lines is kept as it is. A comment behind code stays: finding it takes a parser.
pub(super) fn without_comments(module: &str) -> String {
    let mut out = String::with_capacity(module.len());
    let (mut in_comment, mut in_template) = (false, false);
    for line in module.lines() {
        let trimmed = line.trim();
        if in_comment {
            in_comment = !trimmed.ends_with("*/");
            continue;
        }
        let is_block = trimmed.starts_with("/*") && (trimmed.ends_with("*/") || !trimmed.contains("*/"));
        if in_template {
            out.push_str(line);
        } else if is_block {
            in_comment = !trimmed.ends_with("*/");
            continue;
        } else if trimmed.is_empty() || trimmed.starts_with("//") {
            continue;
        } else {
            out.push_str(trimmed);
        }
        out.push('\n');
        in_template ^= line.matches('`').count() % 2 == 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without_comments;

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let module = "// What it is.\n\n/**\n * Doubles.\n * @returns {number}\n */\nexport function twice(n) {\n  // Why.\n  /* Or so. */\n  return 2 * n; // kept\n}\n";
        assert_eq!(without_comments(module), "export function twice(n) {\nreturn 2 * n; // kept\n}\n");
    }

    #[test]
    fn code_behind_a_comment_stays() {
        assert_eq!(without_comments("/* a */ f();\n/* b\n c */\ng();"), "/* a */ f();\ng();\n");
    }

    #[test]
    fn a_template_of_several_lines_is_text() {
        let module =
            "const text = `a\n  // no comment\n\n  /* nor this */ ${b}`;\n  // one\nconst url = \"http://x\";\n";
        let shown = "const text = `a\n  // no comment\n\n  /* nor this */ ${b}`;\nconst url = \"http://x\";\n";
        assert_eq!(without_comments(module), shown);
    }
}
