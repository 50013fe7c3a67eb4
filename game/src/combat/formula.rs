//! Amounts of damage and healing, in integer arithmetic that does not wrap.

/// Adds `power_per_mille` thousandths of `power` to an amount.
pub fn with_power(amount: u32, power: u32, power_per_mille: u32) -> u32 {
    let more = u64::from(power) * u64::from(power_per_mille) / 1_000;
    u32::try_from(u64::from(amount) + more).unwrap_or(u32::MAX)
}

/// Changes an amount by `roll` thousandths. Rolls below -1,000 count as -1,000.
pub fn spread(amount: u32, roll: i32) -> u32 {
    let factor = (1_000 + i64::from(roll)).max(0);
    u32::try_from(i64::from(amount) * factor / 1_000).unwrap_or(u32::MAX)
}

/// The part of an amount that armour lets through: half of it at `half` armour, and at least 1 unless the amount is 0.
pub fn armoured(amount: u32, armour: u32, half: u32) -> u32 {
    let half = u64::from(half.max(1));
    let through = u64::from(amount) * half / (half + u64::from(armour));
    (through as u32).max(amount.min(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn armour_halves_at_its_half() {
        assert_eq!((armoured(100, 0, 80), armoured(100, 80, 80), armoured(1, 9_999, 80)), (100, 50, 1));
        assert_eq!(armoured(0, 10, 80), 0, "what does not hurt is not made to");
    }

    proptest! {
        #[test]
        fn armour_only_ever_lessens(amount: u32, armour: u32, half in 1u32..100_000) {
            let through = armoured(amount, armour, half);
            prop_assert!(through <= amount);
            prop_assert!(armoured(amount, armour.saturating_add(1), half) <= through, "more armour never hurts more");
            prop_assert_eq!(through == 0, amount == 0);
            prop_assert!(armour < half || through <= amount.div_ceil(2), "{through} of {amount}");
        }

        #[test]
        fn power_and_chance_never_wrap(amount: u32, power: u32, share: u32, roll in -3_000i32..=3_000) {
            let bounded = |amount: i128| amount.clamp(0, u32::MAX.into()) as u32;
            let strong = i128::from(amount) + i128::from(power) * i128::from(share) / 1_000;
            prop_assert_eq!(with_power(amount, power, share), bounded(strong));
            let spread_out = i128::from(amount) * (1_000 + i128::from(roll)) / 1_000;
            prop_assert_eq!(spread(amount, roll), bounded(spread_out), "a roll of {}", roll);
        }
    }
}
