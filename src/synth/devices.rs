//! Devices: which account runs on which, and what the services see of them.

use rand::{Rng, SeedableRng};

use super::draw::{Stream, Topic, chance, index, pick, stream, weighted};
use super::params::ValidSynthParams;
use crate::ids::DeviceId;
use crate::signals::DeviceFacts;
use crate::time::Timestamp;

/// Share of people who use the device of the first of their family; for a third of them that is themselves.
const FAMILY_SHARE: f64 = 0.3;

/// A device, named by what it was bought for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    /// Somebody's own.
    Own(u32),
    /// One more, for the account or social account at a position.
    Spare(u32),
    /// A rack full of spammers' accounts.
    Farm(u32),
}

impl Device {
    /// Somebody's device: their own, or the one of the first of their family.
    pub(super) fn of_person(person: u32, family: u32, rng: &mut Stream) -> Self {
        Self::Own(if chance(rng, FAMILY_SHARE) {
            family
        } else {
            person
        })
    }

    /// A device for one account alone.
    pub(super) fn spare(position: usize) -> Self {
        Self::Spare(index(position))
    }

    /// The device of a spammers' farm.
    pub(super) fn of_farm(farm: u32) -> Self {
        Self::Farm(farm)
    }

    /// What the services see of a device: the same for every account on it.
    pub(super) fn facts(self, seed: u64) -> DeviceFacts {
        let text = match self {
            Self::Own(i) => format!("synth {seed} own {i}"),
            Self::Spare(i) => format!("synth {seed} spare {i}"),
            Self::Farm(i) => format!("synth {seed} farm {i}"),
        };
        let mut rng = Stream::from_seed(*blake3::hash(text.as_bytes()).as_bytes());
        let (os, models, versions) = MODELS[weighted(&mut rng, &[0.75, 0.2, 0.05])];
        DeviceFacts {
            device_id: DeviceId::of(&text),
            device_type: Some((*pick(&mut rng, models)).to_owned()),
            os: Some(os.to_owned()),
            os_version: Some((*pick(&mut rng, versions)).to_owned()),
        }
    }
}

/// What the services recorded: some of it is missing, some devices are another's.
pub(super) struct Recorder {
    noise: f64,
    undated: f64,
    rng: Stream,
}

impl Recorder {
    /// As a world's parameters say.
    pub(super) fn new(params: &ValidSynthParams) -> Self {
        Self {
            noise: params.device_noise(),
            undated: params.undated_share(),
            rng: stream(params.seed(), Topic::Records),
        }
    }

    /// What was recorded of the time somebody gave their number.
    pub(super) fn date(&mut self, given: Option<Timestamp>) -> Option<Timestamp> {
        let forgotten = chance(&mut self.rng, self.undated);
        given.filter(|_| !forgotten)
    }

    /// What was recorded of a device.
    pub(super) fn record(&mut self, facts: DeviceFacts, seed: u64) -> DeviceFacts {
        if !chance(&mut self.rng, self.noise) {
            return facts;
        }
        if chance(&mut self.rng, 0.5) {
            return DeviceFacts::default();
        }
        Device::Spare(self.rng.gen_range(1 << 31..u32::MAX)).facts(seed)
    }
}

type Models = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const MODELS: [Models; 3] = [
    (
        "android",
        &[
            "android-a5",
            "android-g4",
            "android-j7",
            "android-moto-g",
            "android-redmi-3",
        ],
        &["4.4", "5.1", "6.0", "7.0"],
    ),
    (
        "ios",
        &["iphone-5s", "iphone-6", "iphone-6s", "iphone-se"],
        &["9.3", "10.0", "10.1"],
    ),
    ("windows", &["lumia-640", "lumia-950"], &["8.1", "10"]),
];
