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

    /// The device on which somebody without a messenger account uses the social network.
    pub(super) fn without_account(person: u32) -> Self {
        Self::Own(u32::MAX - person)
    }

    /// What the services see of a device: the same for every account on it.
    pub(super) fn facts(self, seed: u64) -> DeviceFacts {
        let text = self.text(seed);
        let (kind, mut rng) = kind_of(&text);
        let (os, models, versions) = MODELS[kind.system];
        DeviceFacts {
            device_id: DeviceId::of(&text),
            device_type: Some(models[kind.device_type - first_type(kind.system)].to_owned()),
            os: Some(os.to_owned()),
            os_version: Some((*pick(&mut rng, versions)).to_owned()),
        }
    }

    /// What kind of device it is.
    pub(super) fn kind(self, seed: u64) -> Kind {
        kind_of(&self.text(seed)).0
    }

    fn text(self, seed: u64) -> String {
        match self {
            Self::Own(i) => format!("synth {seed} own {i}"),
            Self::Spare(i) => format!("synth {seed} spare {i}"),
            Self::Farm(i) => format!("synth {seed} farm {i}"),
        }
    }
}

/// A type of device and its operating system, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) system: usize,
    /// Among all types, those of the first system first.
    pub(super) device_type: usize,
}

/// The kind of a device, and where its stream is after that.
fn kind_of(text: &str) -> (Kind, Stream) {
    let mut rng = Stream::from_seed(*blake3::hash(text.as_bytes()).as_bytes());
    let system = weighted(&mut rng, &SYSTEM_SHARES);
    let device_type = first_type(system) + rng.gen_range(0..MODELS[system].1.len());
    let kind = Kind {
        system,
        device_type,
    };
    (kind, rng)
}

fn first_type(system: usize) -> usize {
    MODELS[..system]
        .iter()
        .map(|(_, models, _)| models.len())
        .sum()
}

/// Every kind of device, with its share.
pub(super) fn kinds() -> impl Iterator<Item = (Kind, f64)> {
    (0..N_SYSTEMS).flat_map(|system| {
        let n = MODELS[system].1.len();
        let kind = move |model| Kind {
            system,
            device_type: first_type(system) + model,
        };
        (0..n).map(move |model| (kind(model), SYSTEM_SHARES[system] / n as f64))
    })
}

/// How many operating systems there are.
pub(super) const N_SYSTEMS: usize = MODELS.len();
/// How many types of devices there are.
pub(super) const N_TYPES: usize = MODELS[0].1.len() + MODELS[1].1.len() + MODELS[2].1.len();
/// How common each operating system is, in the order of [`MODELS`].
const SYSTEM_SHARES: [f64; N_SYSTEMS] = [0.75, 0.2, 0.05];

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
