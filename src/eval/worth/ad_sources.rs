//! What the click model is told besides profiles, source by source.

use super::NotMeasured;
use crate::ads::SharedParams;

/// A source, as it joins those before it.
struct Source {
    name: &'static str,
    /// Keys of `[ads.signals]` that switch it on.
    keys: &'static str,
    is_on: fn(&SharedParams) -> bool,
    /// Takes it from what is given.
    join: fn(&mut SharedParams, given: &SharedParams),
}

/// In the order in which a person gives more away.
const SOURCES: [Source; 6] = [
    Source {
        name: "time of day",
        keys: "`[ads.signals] time` is",
        is_on: |s| s.time,
        join: |s, _| s.time = true,
    },
    Source {
        name: "phone",
        keys: "`[ads.signals] device` is",
        is_on: |s| s.device,
        join: |s, _| s.device = true,
    },
    Source {
        name: "messenger usage",
        keys: "`[ads.signals] usage` is",
        is_on: |s| s.usage,
        join: |s, _| s.usage = true,
    },
    Source {
        name: "own history",
        keys: "`[ads.signals] history` and `person` are",
        is_on: |s| s.history || s.person,
        join: |s, given| (s.history, s.person) = (given.history, given.person),
    },
    Source {
        name: "friends' history",
        keys: "`[ads.signals] friends` is",
        is_on: |s| s.friends,
        join: |s, _| s.friends = true,
    },
    Source {
        name: "customer lists",
        keys: "`[ads.signals] lists` is",
        is_on: |s| s.lists,
        join: |s, _| s.lists = true,
    },
];

/// What is looked at in each step, the last as configured, and what is switched off.
pub(super) struct Steps {
    pub(super) steps: Vec<(String, SharedParams)>,
    pub(super) not_measured: Vec<NotMeasured>,
}

/// Sources as they join each other; how many friends have to stand behind a value is as given.
pub(super) fn steps(given: SharedParams, has_lists: bool) -> Steps {
    let mut looks_at = SharedParams {
        friends_min: given.friends_min,
        ..SharedParams::none()
    };
    let mut found = Steps {
        steps: vec![("profile".to_owned(), looks_at)],
        not_measured: Vec::new(),
    };
    for source in SOURCES {
        if source.name == "customer lists" && !has_lists {
            continue;
        }
        if (source.is_on)(&given) {
            (source.join)(&mut looks_at, &given);
            found.steps.push((format!("+ {}", source.name), looks_at));
        } else {
            found.not_measured.push(NotMeasured {
                source: source.name.to_owned(),
                why: format!("{} false", source.keys),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_told_and_no_step() {
        let given = SharedParams {
            time: false,
            history: false,
            person: true,
            ..SharedParams::default()
        };
        let found = steps(given, true);
        let named: Vec<&str> = found.steps.iter().map(|(name, _)| name.as_str()).collect();
        let wanted = [
            "profile",
            "+ phone",
            "+ messenger usage",
            "+ own history",
            "+ friends' history",
        ];
        assert_eq!(named, wanted);
        assert_eq!(
            found.steps[4].1, given,
            "the last step is the configuration"
        );
        let off: Vec<String> = found
            .not_measured
            .iter()
            .map(|of| format!("{}: {}", of.source, of.why))
            .collect();
        assert_eq!(
            off,
            [
                "time of day: `[ads.signals] time` is false",
                "customer lists: `[ads.signals] lists` is false"
            ]
        );
    }

    #[test]
    fn lists_nobody_is_on_are_not_spoken_of() {
        assert!(
            steps(SharedParams::default(), false)
                .not_measured
                .is_empty()
        );
    }
}
