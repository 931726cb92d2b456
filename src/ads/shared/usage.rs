//! What the messenger and the network know of a person's phone and friends.

use crate::ads::features::{UserField, UserValue};
use crate::ads::shared::level::Level;
use crate::consent::About;
use crate::hash::HashMap;
use crate::ids::UserId;
use crate::signals::Hidden;
use crate::time::Timestamp;

/// Device and usage of the account behind a person, as the account's owner permits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Whose.
    pub user: UserId,
    /// The model of the phone.
    pub device_type: Option<String>,
    /// Its system.
    pub os: Option<String>,
    /// The system's version.
    pub os_version: Option<String>,
    /// The messenger's version.
    pub app_version: Option<String>,
    /// Sessions in the last 30 days.
    pub sessions_30d: Option<u32>,
    /// Groups the account is in.
    pub groups: Option<u32>,
}

impl About for Usage {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    /// What the messenger knows now.
    fn collected_at(&self) -> Timestamp {
        Timestamp::MAX
    }
}

/// Two people are friends, or have each other's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// One of them.
    pub a: UserId,
    /// The other.
    pub b: UserId,
    /// Since when.
    pub since: Timestamp,
}

impl About for Tie {
    type Id = UserId;
    type Ids = [UserId; 2];

    fn about(&self) -> [UserId; 2] {
        [self.a, self.b]
    }

    fn collected_at(&self) -> Timestamp {
        self.since
    }
}

/// Somebody hid an ad or an advertiser, as their friends' ads may know it: in a number of people, never alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hid {
    /// Who.
    pub user: UserId,
    /// What.
    pub hidden: Hidden,
    /// When.
    pub at: Timestamp,
}

impl About for Hid {
    type Id = UserId;
    type Ids = [UserId; 1];

    fn about(&self) -> [UserId; 1] {
        [self.user]
    }

    fn collected_at(&self) -> Timestamp {
        self.at
    }
}

/// The values of somebody's usage, by field.
pub(super) fn values(usage: &Usage) -> Vec<UserValue> {
    let text = |field, value: Option<&str>| {
        let value = value?.trim().to_lowercase();
        (!value.is_empty()).then_some(UserValue { field, value })
    };
    let count = |field, n: Option<u32>| Some(Level::count(field, u64::from(n?)).into());
    let device = [
        text(UserField::DeviceType, usage.device_type.as_deref()),
        text(UserField::Os, usage.os.as_deref()),
        text(UserField::OsVersion, os_version(usage).as_deref()),
    ];
    let app = usage.app_version.as_deref().map(major_minor);
    let messenger = [
        text(UserField::AppVersion, app.as_deref()),
        count(UserField::Sessions, usage.sessions_30d),
        count(UserField::Groups, usage.groups),
    ];
    device.into_iter().chain(messenger).flatten().collect()
}

/// The person themselves.
pub(super) fn person(user: UserId) -> UserValue {
    UserValue {
        field: UserField::Person,
        value: user.0.to_string(),
    }
}

/// The system with its major version: 10 of one is not 10 of another.
fn os_version(usage: &Usage) -> Option<String> {
    let version = usage.os_version.as_deref()?.trim();
    let major = version.split('.').next().unwrap_or(version);
    Some(format!("{} {major}", usage.os.as_deref()?.trim()))
}

/// The first two numbers of a version.
fn major_minor(version: &str) -> String {
    let mut parts = version.trim().splitn(3, '.');
    let first_two: Vec<&str> = parts.by_ref().take(2).collect();
    first_two.join(".")
}

/// By person, friends by id, each once with the earliest tie.
pub(super) fn friends<'a>(
    ties: impl Iterator<Item = &'a Tie>,
) -> HashMap<UserId, Vec<(UserId, Timestamp)>> {
    let mut friends: HashMap<UserId, Vec<(UserId, Timestamp)>> = HashMap::default();
    for tie in ties.filter(|tie| tie.a != tie.b) {
        friends.entry(tie.a).or_default().push((tie.b, tie.since));
        friends.entry(tie.b).or_default().push((tie.a, tie.since));
    }
    for of_one in friends.values_mut() {
        of_one.sort_unstable();
        of_one.dedup_by_key(|(friend, _)| *friend);
    }
    friends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Usage {
        Usage {
            user: UserId(7),
            device_type: Some(" Pixel 4 ".into()),
            os: Some("Android".into()),
            os_version: Some("10.0.1".into()),
            app_version: Some("2.16.225".into()),
            sessions_30d: Some(40),
            groups: Some(0),
        }
    }

    #[test]
    fn versions_are_cut_and_counts_are_levels() {
        let values = values(&usage()).into_iter();
        let words = values.map(|value| format!("{} {}", value.field.as_str(), value.value));
        assert_eq!(
            words.collect::<Vec<_>>(),
            [
                "phone pixel 4",
                "system android",
                "system version android 10",
                "messenger version 2.16",
                "sessions 32 to 63",
                "groups none"
            ]
        );
    }

    #[test]
    fn friends_are_known_from_both_sides_once() {
        let tie = |a, b, since| Tie {
            a: UserId(a),
            b: UserId(b),
            since: Timestamp::from_secs(since),
        };
        let ties = [tie(1, 2, 9), tie(2, 1, 5), tie(3, 3, 1), tie(1, 3, 4)];
        let found = friends(ties.iter());
        let at = Timestamp::from_secs;
        assert_eq!(found[&UserId(1)], [(UserId(2), at(5)), (UserId(3), at(4))]);
        assert_eq!(found[&UserId(2)], [(UserId(1), at(5))]);
        assert_eq!(found.len(), 3);
    }
}
