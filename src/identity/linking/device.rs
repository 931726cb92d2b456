//! Devices as codes: equal facts have equal codes, so that comparing two devices is comparing four integers.

use crate::hash::HashMap;
use crate::signals::DeviceFacts;

/// What is known of a device, each fact as a code; zero is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceCode {
    /// The device id.
    pub(super) id: u32,
    /// The model with its operating system and version.
    pub(super) build: u32,
    /// The model.
    pub(super) model: u32,
    /// The operating system.
    pub(super) os: u32,
    /// The operating system with its version.
    pub(super) software: u32,
}

impl DeviceCode {
    /// The code of the device id, if one is known: equal for equal ids.
    #[must_use]
    pub const fn id(self) -> Option<std::num::NonZeroU32> {
        std::num::NonZeroU32::new(self.id)
    }
}

/// Hands out codes, ascending in what they stand for: leaving rows out changes codes, but not which of two is smaller.
#[derive(Clone, Debug, Default)]
pub struct DeviceCodes<'a> {
    ids: HashMap<&'a crate::ids::DeviceId, u32>,
    builds: HashMap<[&'a str; 3], u32>,
    models: HashMap<&'a str, u32>,
    systems: HashMap<&'a str, u32>,
    software: HashMap<[&'a str; 2], u32>,
}

impl<'a> DeviceCodes<'a> {
    /// The codes of everything that some devices show.
    ///
    /// # Complexity
    /// O(n log n) for n distinct facts, and a few hash look-ups a device.
    #[must_use]
    pub fn of(devices: impl IntoIterator<Item = &'a DeviceFacts>) -> Self {
        let mut codes = Self::default();
        for device in devices {
            codes.learn(device);
        }
        number(&mut codes.ids);
        number(&mut codes.builds);
        number(&mut codes.models);
        number(&mut codes.systems);
        number(&mut codes.software);
        codes
    }

    fn learn(&mut self, device: &'a DeviceFacts) {
        if let Some(id) = &device.device_id {
            self.ids.insert(id, 0);
        }
        let shown = Shown::of(device);
        if let Some(build) = shown.build() {
            self.builds.insert(build, 0);
        }
        if let Some(model) = shown.model {
            self.models.insert(model, 0);
        }
        if let Some(os) = shown.os {
            self.systems.insert(os, 0);
        }
        if let Some(software) = shown.software() {
            self.software.insert(software, 0);
        }
    }

    /// The code of a device; what was never learned is not known.
    #[must_use]
    pub fn code(&self, device: &'a DeviceFacts) -> DeviceCode {
        let shown = Shown::of(device);
        DeviceCode {
            id: find(&self.ids, device.device_id.as_ref()),
            build: find(&self.builds, shown.build()),
            model: find(&self.models, shown.model),
            os: find(&self.systems, shown.os),
            software: find(&self.software, shown.software()),
        }
    }
}

/// The texts of a device.
#[derive(Clone, Copy)]
struct Shown<'a> {
    model: Option<&'a str>,
    os: Option<&'a str>,
    version: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(device: &'a DeviceFacts) -> Self {
        Self {
            model: device.device_type.as_deref(),
            os: device.os.as_deref(),
            version: device.os_version.as_deref(),
        }
    }

    fn build(self) -> Option<[&'a str; 3]> {
        Some([self.model?, self.os?, self.version?])
    }

    fn software(self) -> Option<[&'a str; 2]> {
        Some([self.os?, self.version?])
    }
}

fn find<K: std::hash::Hash + Eq>(codes: &HashMap<K, u32>, key: Option<K>) -> u32 {
    key.and_then(|key| codes.get(&key).copied()).unwrap_or(0)
}

/// Numbers the keys from one, in their own order.
fn number<K: Ord + Copy + std::hash::Hash + Eq>(codes: &mut HashMap<K, u32>) {
    let mut keys: Vec<K> = codes.keys().copied().collect();
    keys.sort_unstable();
    for (key, code) in keys.into_iter().zip(1_u32..) {
        codes.insert(key, code);
    }
}

/// How much rarer, or commoner, a model or build is than what two random devices share: the term-frequency adjustment
/// of a comparison's weight (Winkler, 1989).
///
/// A value with frequency f weighs Σf² / f times what the level weighs: two people with the same rare phone say more
/// than two with the phone everybody has. A frequency below [`RAREST`] counts as that, so that a value seen once
/// does not decide alone.
#[derive(Clone, Debug, Default)]
pub(super) struct TermFrequencies {
    builds: Vec<f64>,
    models: Vec<f64>,
}

/// The smallest frequency that counts.
const RAREST: f64 = 1e-3;

impl TermFrequencies {
    /// Counted over the devices that may be compared.
    pub(super) fn of(devices: impl Iterator<Item = DeviceCode>) -> Self {
        let (mut builds, mut models) = (Vec::new(), Vec::new());
        for device in devices {
            count(&mut builds, device.build);
            count(&mut models, device.model);
        }
        Self {
            builds: adjustments(builds),
            models: adjustments(models),
        }
    }

    pub(super) fn of_build(&self, build: u32) -> f64 {
        self.builds.get(build as usize).copied().unwrap_or(1.0)
    }

    pub(super) fn of_model(&self, model: u32) -> f64 {
        self.models.get(model as usize).copied().unwrap_or(1.0)
    }
}

fn count(counts: &mut Vec<u64>, code: u32) {
    let code = code as usize;
    if counts.len() <= code {
        counts.resize(code + 1, 0);
    }
    counts[code] += 1;
}

fn adjustments(mut counts: Vec<u64>) -> Vec<f64> {
    if let Some(unknown) = counts.first_mut() {
        *unknown = 0;
    }
    let n = counts.iter().sum::<u64>() as f64;
    let agreement: f64 = counts.iter().map(|&count| (count as f64 / n).powi(2)).sum();
    counts
        .iter()
        .map(|&count| match count {
            0 => 1.0,
            _ => agreement / (count as f64 / n).max(RAREST),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DeviceId;

    fn facts(id: &str, model: &str, version: &str) -> DeviceFacts {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        DeviceFacts {
            device_id: DeviceId::of(id),
            device_type: text(model),
            os: Some("android".into()),
            os_version: text(version),
        }
    }

    #[test]
    fn equal_facts_have_equal_codes() {
        let devices = [
            facts("a", "pixel", "11"),
            facts("b", "pixel", "12"),
            facts("", "", ""),
            facts("a", "pixel", "11"),
        ];
        let codes = DeviceCodes::of(&devices);
        let [a, b, c, d] = devices.each_ref().map(|device| codes.code(device));
        assert_eq!(a, d);
        assert_eq!((a.model, a.os), (b.model, b.os));
        assert!(a.id != b.id && a.build != b.build && a.software != b.software);
        assert_eq!(
            c,
            DeviceCode {
                os: c.os,
                ..DeviceCode::default()
            }
        );
        assert_eq!(
            codes.code(&DeviceFacts::default()),
            DeviceCode::default(),
            "nothing is known of it"
        );
    }

    #[test]
    fn leaving_rows_out_keeps_the_order_of_codes() {
        let devices = ["a", "b", "c", "d"].map(|model| facts(model, model, model));
        let (all, few) = (
            DeviceCodes::of(&devices),
            DeviceCodes::of([&devices[3], &devices[1]]),
        );
        let order = |codes: &DeviceCodes<'_>| {
            let (b, d) = (codes.code(&devices[1]), codes.code(&devices[3]));
            [
                b.id.cmp(&d.id),
                b.build.cmp(&d.build),
                b.software.cmp(&d.software),
            ]
        };
        assert_eq!(order(&all), order(&few));
    }

    #[test]
    fn rare_models_weigh_more() {
        let code = |model| DeviceCode {
            model,
            ..DeviceCode::default()
        };
        let devices = [1, 1, 1, 2].map(code);
        let found = TermFrequencies::of(devices.into_iter());
        let agreement = 0.75 * 0.75 + 0.25 * 0.25;
        assert_eq!(found.of_model(1), agreement / 0.75);
        assert_eq!(found.of_model(2), agreement / 0.25);
        assert_eq!((found.of_model(0), found.of_model(9)), (1.0, 1.0));
        assert_eq!(found.of_build(1), 1.0, "no build is known");
    }
}
