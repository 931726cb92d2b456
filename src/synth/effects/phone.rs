//! What the phone has to do with clicks: its type, and its operating system by category.

use super::N_CATEGORIES;
use crate::synth::devices::{Kind, N_SYSTEMS, N_TYPES, kinds};
use crate::synth::draw::{Topic, normal, stream};

/// What types and systems of phones add to the log-odds, drawn for a world.
pub(super) struct PhoneTerms {
    by_type: [f64; N_TYPES],
    by_system: [[f64; N_SYSTEMS]; N_CATEGORIES],
}

impl PhoneTerms {
    /// Drawn for a seed; each list has mean 0 and standard deviation 1 over phones.
    pub(super) fn draw(seed: u64) -> Self {
        let mut rng = stream(seed, Topic::DeviceEffect);
        let (mut type_shares, mut system_shares) = ([0.0; N_TYPES], [0.0; N_SYSTEMS]);
        for (kind, share) in kinds() {
            type_shares[kind.device_type] += share;
            system_shares[kind.system] += share;
        }
        let by_type = standardised(std::array::from_fn(|_| normal(&mut rng)), &type_shares);
        let mut of_category =
            |_| standardised(std::array::from_fn(|_| normal(&mut rng)), &system_shares);
        Self {
            by_type,
            by_system: std::array::from_fn(&mut of_category),
        }
    }

    /// What a phone adds for ads of a category.
    pub(super) fn of(&self, kind: Kind, category: usize) -> f64 {
        0.6 * self.by_type[kind.device_type] + 0.8 * self.by_system[category][kind.system]
    }
}

/// Numbers with mean 0 and standard deviation 1 in the given shares.
fn standardised<const N: usize>(values: [f64; N], shares: &[f64; N]) -> [f64; N] {
    let mean_of =
        |values: &[f64; N]| -> f64 { values.iter().zip(shares).map(|(v, s)| v * s).sum() };
    let mean = mean_of(&values);
    let values = values.map(|value| value - mean);
    let deviation = mean_of(&values.map(|value| value * value)).sqrt();
    values.map(|value| value / deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_shift_no_category_as_a_whole() {
        for seed in 0..10 {
            let terms = PhoneTerms::draw(seed);
            for category in 0..N_CATEGORIES {
                let mean: f64 = kinds()
                    .map(|(k, share)| share * terms.of(k, category))
                    .sum();
                assert!(mean.abs() < 1e-12, "{mean}");
            }
        }
    }
}
