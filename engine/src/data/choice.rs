//! Faults in a place where a schema offers alternatives (`oneOf`, `anyOf`): which one was meant?

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::nearest::one_of;
use super::schema::{Report, called};
use super::spanned::member;
use super::wording::{alternatives, describe, follow, keys, kind_of, literals, shown};

type Branch = Vec<ValidationError<'static>>;

/// Explains why none of several alternatives fits: reports the faults of the one that was meant, or lists what would be
/// legal.
pub(super) fn explain(report: &mut Report<'_>, at: &str, rule: &Value, branches: &[Branch]) {
    let value = report.document.value.pointer(at).unwrap_or(&Value::Null);
    if let Some(legal) = literals(report.schema, rule) {
        let texts: Vec<_> = legal.iter().filter_map(|literal| literal.as_str()).collect();
        let expected = one_of(value.as_str().unwrap_or_default(), texts);
        report.faults.push(report.document.fault(at, format!("{} is {}", called(at), shown(value)), expected));
        return;
    }
    if let Some(tags) = Tags::of(report.schema, rule)
        && tags.explain(report, at, value)
    {
        return;
    }
    match branches.iter().min_by_key(|branch| misfit(branch, at)) {
        Some(meant) if !misfit(meant, at).0 => meant.iter().for_each(|error| report.explain(error)),
        _ => {
            let message = format!("{} is {}", called(at), kind_of(value));
            report.faults.push(report.document.fault(at, message, describe(report.schema, rule)));
        }
    }
}

/// How far a value is from an alternative: another kind of value, another tag, other keys, any other fault.
fn misfit(branch: &Branch, at: &str) -> (bool, bool, usize, usize) {
    let here: Vec<_> = branch.iter().filter(|error| error.instance_path().as_str() == at).collect();
    let other_kind = here.iter().any(|error| matches!(error.kind(), Kind::Type { .. }));
    let other_tag = branch.iter().any(|error| matches!(error.kind(), Kind::Constant { .. }));
    (other_kind, other_tag, here.len(), branch.len())
}

/// How tables of several kinds are told apart.
enum Tags<'s> {
    /// By the value of one key: `kind = "melee"`.
    Value { key: &'s str, legal: Vec<&'s str> },
    /// By which key there is: `melee = { … }`.
    Key { legal: Vec<&'s str> },
}

impl<'s> Tags<'s> {
    fn of(schema: &'s Value, rule: &'s Value) -> Option<Self> {
        // A branch may add its tag to a table that is declared elsewhere.
        let own = |branch: &'s Value| if branch.get("properties").is_some() { branch } else { follow(schema, branch) };
        let branches = alternatives(follow(schema, rule))?.iter().map(own);
        let tables: Vec<_> = branches.filter(|branch| branch.get("properties").is_some()).collect();
        let tag = |table: &&'s Value| {
            let properties = table.get("properties")?.as_object()?;
            properties.iter().find_map(|(key, rule)| Some((key.as_str(), rule.get("const")?.as_str()?)))
        };
        let tagged: Vec<_> = tables.iter().filter_map(tag).collect();
        if tables.is_empty() {
            return None;
        }
        if let Some((key, _)) = tagged.first().filter(|_| tagged.len() == tables.len()) {
            return Some(Self::Value { key, legal: tagged.iter().map(|(_, value)| *value).collect() });
        }
        let legal: Vec<_> = tables.iter().flat_map(|table| keys(schema, table)).collect();
        let one_key_each = tables.len() > 1 && legal.len() == tables.len();
        one_key_each.then_some(Self::Key { legal })
    }

    /// Reports the tag if that is what is wrong. Returns whether it was.
    fn explain(&self, report: &mut Report<'_>, at: &str, value: &Value) -> bool {
        let Some(table) = value.as_object() else { return false };
        match self {
            Self::Value { key, legal } => {
                let (message, fault_at) = match table.get(*key) {
                    Some(Value::String(given)) if legal.contains(&given.as_str()) => return false,
                    Some(given) => (format!("`{key}` is {}", shown(given)), member(at, key)),
                    None => (format!("missing key `{key}` in {}", called(at)), at.to_owned()),
                };
                let given = table.get(*key).and_then(Value::as_str).unwrap_or_default();
                let legal = one_of(given, legal.iter().copied());
                let expected = if table.contains_key(*key) { legal } else { format!("`{key}`: {legal}") };
                report.faults.push(report.document.fault(&fault_at, message, expected));
            }
            Self::Key { legal } => {
                let known = |key: &&String| legal.contains(&key.as_str());
                if table.keys().filter(known).count() == 1 && table.len() == 1 {
                    return false;
                }
                if let Some(given) = table.keys().find(|key| !known(key)) {
                    report.unknown_key(at, given, legal);
                } else {
                    let message = format!("{} has {} keys", called(at), table.len());
                    let expected = format!("exactly {}", one_of("", legal.iter().copied()));
                    report.faults.push(report.document.fault(at, message, expected));
                }
            }
        }
        true
    }
}
