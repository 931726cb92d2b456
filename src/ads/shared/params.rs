//! Which shared signals the click model looks at.

use serde::{Deserialize, Serialize};

use crate::ads::features::UserField;
use crate::params::{ParamError, require};

/// Which shared signals the click model looks at, unchecked; all of them but customer lists by default.
///
/// Each rests on the purpose of ad relevance alone: what was permitted for friend suggestions is not looked at.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the configuration"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedParams {
    /// Model and system of the phone behind the linked account.
    pub device: bool,
    /// The messenger's version, sessions and groups of the linked account.
    pub usage: bool,
    /// What the person was shown and clicked before.
    pub history: bool,
    /// What friends and mutual contacts clicked, as sums over at least [`friends_min`](Self::friends_min) of them.
    pub friends: bool,
    /// The person themselves: a bias of their own.
    pub person: bool,
    /// Hour of the day and day of the week where the person lives.
    pub time: bool,
    /// On how many customer lists of the advertiser the person is. Default false: a list says who is to be shown an ad.
    pub lists: bool,
    /// How many friends have to stand behind a value. Default 5, at least 2.
    pub friends_min: u32,
}

impl Default for SharedParams {
    fn default() -> Self {
        Self {
            device: true,
            usage: true,
            history: true,
            friends: true,
            person: true,
            time: true,
            lists: false,
            friends_min: 5,
        }
    }
}

impl SharedParams {
    /// None of them: the model looks at profiles alone.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            device: false,
            usage: false,
            history: false,
            friends: false,
            person: false,
            time: false,
            lists: false,
            friends_min: 5,
        }
    }

    pub(in crate::ads) fn check(self) -> Result<Self, ParamError> {
        let n = self.friends_min;
        require(n >= 2, "ads.signals.friends_min", n, "at least 2")?;
        Ok(self)
    }

    /// Does it look at a fact?
    pub(in crate::ads) const fn looks_at(&self, field: UserField) -> bool {
        match field {
            UserField::DeviceType | UserField::Os | UserField::OsVersion => self.device,
            UserField::AppVersion | UserField::Sessions | UserField::Groups => self.usage,
            UserField::Person => self.person,
            _ => true,
        }
    }

    /// Does it look at what happened?
    pub(in crate::ads) const fn looks_back(&self) -> bool {
        self.history || self.friends || self.lists
    }
}
