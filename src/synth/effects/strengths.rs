//! How strong each effect is, and how a command line says so.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::params::{ParamError, require};

/// The strongest an effect can be, in log-odds.
const STRONGEST: f64 = 3.0;
/// The names of the effects, as configuration files and `--effects` spell them.
const NAMES: [&str; 7] = [
    "device", "usage", "history", "friends", "fatigue", "time", "recency",
];

/// How strongly the shared signals shift true clicks: one strength in log-odds for each effect, 0 to 3, all 0 by default.
///
/// Every term below is multiplied by its strength and added to the log-odds of [`TrueClickModel`](super::super::TrueClickModel).
/// Everybody has these effects, whatever they consented to: the world does not know about consent. Of several
/// messenger accounts the first one counts; who has none has a phone and habits all the same, which no table tells.
///
/// ```
/// use acquaint::synth::Effects;
///
/// let effects: Effects = "all,fatigue=0".parse()?;
/// assert_eq!(effects, Effects { fatigue: 0.0, ..Effects::ALL });
/// # Ok::<(), acquaint::synth::EffectsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Effects {
    /// 0.6·(type of the phone) + 0.8·(its operating system, by category). Both are drawn for the world, with mean 0 and
    /// standard deviation 1 over phones.
    pub device: f64,
    /// 0.7·(sessions − 60) / 17.3 + 0.5·(groups − 6) / 1.75 + 0.5·(build − 269.5) / 40.4, for a messenger of version
    /// `2.16.build`.
    pub usage: f64,
    /// 0.8·(a person's own taste for the category) + 0.6·(a person's own readiness to click), all standard normal. No
    /// table tells them but through clicks.
    pub history: f64,
    /// A taste for the category that people have in common with those they know. All start with standard normal tastes;
    /// in each of three rounds everybody takes half of theirs from the mean of those they know (family four times,
    /// circle twice); it is then brought to mean 0 and standard deviation 1 over the categories of each person.
    pub friends: f64,
    /// −log₂(1 + earlier showings of the ad) − 0.5·log₂(1 + earlier showings of the advertiser), to this person.
    pub fatigue: f64,
    /// cos(2π·(hour − 20) / 24) + 0.5 on Saturdays and Sundays, by the clock of the person's region.
    pub time: f64,
    /// 2·2^(−d) − 1 for an account last seen d days before the world's moment.
    pub recency: f64,
}

/// Why a text names no effects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectsError {
    /// A word that is neither a preset nor an effect.
    #[error(
        "\"{word}\" is no effect; write none, all, or NAME=STRENGTH with a NAME of device, usage, history, friends, fatigue, \
         time or recency"
    )]
    Unknown {
        /// The word.
        word: String,
    },
    /// A strength that is no number from 0 to 3.
    #[error("the strength of {name} is \"{value}\", but must be a number from 0 to 3")]
    Strength {
        /// The effect.
        name: &'static str,
        /// What was given.
        value: String,
    },
}

impl Effects {
    /// No effect at all: the shared signals say nothing about clicks.
    pub const NONE: Self = Self {
        device: 0.0,
        usage: 0.0,
        history: 0.0,
        friends: 0.0,
        fatigue: 0.0,
        time: 0.0,
        recency: 0.0,
    };

    /// Every effect, moderate beside the 1.2 of an interest and the 0.5 of an ad's quality.
    pub const ALL: Self = Self {
        device: 0.3,
        usage: 0.3,
        history: 0.6,
        friends: 0.5,
        fatigue: 0.2,
        time: 0.3,
        recency: 0.3,
    };

    /// Whether every strength is 0.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    fn strength(&mut self, name: &str) -> Option<(&'static str, &mut f64)> {
        let i = NAMES.iter().position(|known| *known == name)?;
        let strengths = [
            &mut self.device,
            &mut self.usage,
            &mut self.history,
            &mut self.friends,
            &mut self.fatigue,
            &mut self.time,
            &mut self.recency,
        ];
        Some(NAMES[i]).zip(strengths.into_iter().nth(i))
    }

    /// Checks every strength.
    pub(in crate::synth) fn check(&self) -> Result<(), ParamError> {
        for (name, value) in [
            ("synth.effects.device", self.device),
            ("synth.effects.usage", self.usage),
            ("synth.effects.history", self.history),
            ("synth.effects.friends", self.friends),
            ("synth.effects.fatigue", self.fatigue),
            ("synth.effects.time", self.time),
            ("synth.effects.recency", self.recency),
        ] {
            require((0.0..=STRONGEST).contains(&value), name, value, "0 to 3")?;
        }
        Ok(())
    }
}

/// Reads `none`, `all` and `NAME=STRENGTH`, separated by commas; later words change what earlier ones said.
impl FromStr for Effects {
    type Err = EffectsError;

    fn from_str(text: &str) -> Result<Self, EffectsError> {
        let mut effects = Self::NONE;
        for word in text.split(',').map(str::trim) {
            match word {
                "none" => effects = Self::NONE,
                "all" => effects = Self::ALL,
                _ => effects.set(word)?,
            }
        }
        Ok(effects)
    }
}

impl Effects {
    fn set(&mut self, word: &str) -> Result<(), EffectsError> {
        let unknown = || EffectsError::Unknown {
            word: word.to_owned(),
        };
        let (name, value) = word.split_once('=').ok_or_else(unknown)?;
        let (name, strength) = self.strength(name.trim()).ok_or_else(unknown)?;
        let number = value.trim().parse().ok();
        *strength = number
            .filter(|number| (0.0..=STRONGEST).contains(number))
            .ok_or_else(|| EffectsError::Strength {
                name,
                value: value.to_owned(),
            })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_and_single_effects_are_read_in_order() {
        assert_eq!("none".parse(), Ok(Effects::NONE));
        assert_eq!("all".parse(), Ok(Effects::ALL));
        for (i, name) in NAMES.iter().enumerate() {
            let one: Effects = format!("all,none, {name} = 1.5").parse().unwrap();
            let mut expected = [0.0; 7];
            expected[i] = 1.5;
            let read = [
                one.device,
                one.usage,
                one.history,
                one.friends,
                one.fatigue,
                one.time,
                one.recency,
            ];
            assert_eq!(read, expected, "{name}");
        }
    }

    #[test]
    fn what_is_no_effect_is_refused_with_the_names() {
        for text in ["", "histroy=1", "history", "all,", "time:1"] {
            let error = text.parse::<Effects>().unwrap_err().to_string();
            assert!(error.contains("device, usage, history"), "{error}");
        }
        for text in ["time=", "time=-0.1", "time=3.1", "time=NaN", "time=much"] {
            let error = text.parse::<Effects>().unwrap_err().to_string();
            assert!(error.contains("from 0 to 3"), "{error}");
        }
    }

    #[test]
    fn bounds_of_strengths() {
        assert_eq!(Effects::ALL.check(), Ok(()));
        for bad in [-0.1, 3.1, f64::NAN, f64::INFINITY] {
            for name in NAMES {
                let mut effects = Effects::NONE;
                *effects.strength(name).unwrap().1 = bad;
                let error = effects.check().unwrap_err();
                assert_eq!(error.name, format!("synth.effects.{name}"));
            }
        }
    }
}
