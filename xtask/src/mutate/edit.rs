//! One change of one source file.

use anyhow::{Result, ensure};

/// Puts one text in the place of another, which the file has exactly once.
pub struct Edit {
    /// From the root.
    pub file: &'static str,
    /// What is there.
    pub from: &'static str,
    /// What is there without the rule.
    pub to: &'static str,
}

impl Edit {
    /// The source after it. Where the text to replace is not there, or more than once, nobody knows what would be left
    /// out.
    pub fn apply(&self, mutation: &str, source: &str) -> Result<String> {
        let found = source.matches(self.from).count();
        ensure!(
            found == 1,
            "the mutation {mutation} no longer applies: {} has this {found} times instead of once:\n{}\n\
             Bring xtask/src/mutate/list.rs up to date.",
            self.file,
            self.from
        );
        Ok(source.replacen(self.from, self.to, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDIT: Edit = Edit { file: "a.rs", from: "a && b", to: "a" };

    #[test]
    fn what_is_there_once_is_replaced() {
        assert_eq!(EDIT.apply("no-b", "if a && b {}").unwrap(), "if a {}");
    }

    #[test]
    fn what_is_not_there_or_twice_is_refused_by_name() {
        for (source, times) in [("if a {}", "0 times"), ("a && b; a && b", "2 times")] {
            let error = EDIT.apply("no-b", source).unwrap_err().to_string();
            assert!(error.contains("no-b no longer applies") && error.contains(times), "{error}");
        }
    }
}
