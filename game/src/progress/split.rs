//! How much each share of a kill's experience is.

use crate::data::ProgressRules;

/// The experience that each of `members` of a party gets for a kill: the party's part by its damage, raised for each
/// further member, divided equally.
pub(super) fn each(whole: u64, damage: u32, all_damage: u32, members: usize, rules: &ProgressRules) -> u64 {
    let members = members.max(1) as u128;
    let part = u128::from(whole) * u128::from(damage) / u128::from(all_damage.max(1));
    let raised = part * (1_000 + u128::from(rules.party_bonus_per_mille) * (members - 1)) / 1_000;
    u64::try_from(raised / members).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> ProgressRules {
        serde_json::from_value(serde_json::json!({
            "levels": [0, 100], "party_share_tiles": 20, "party_bonus_per_mille": 100,
        }))
        .unwrap()
    }

    #[test]
    fn a_party_gets_more_in_all_and_less_each() {
        let rules = rules();
        assert_eq!(each(100, 10, 10, 1, &rules), 100);
        assert_eq!(each(100, 10, 10, 2, &rules), 55, "110 in all for two");
        assert_eq!(each(100, 10, 10, 4, &rules), 32, "130 in all for four, rounded down");
    }

    #[test]
    fn strangers_share_by_damage() {
        assert_eq!(each(90, 200, 300, 1, &rules()), 60);
        assert_eq!(each(90, 100, 300, 1, &rules()), 30);
    }
}
