//! Model files that a verb is given.

use std::path::Path;

use acquaint::engine::{AdModel, GivenModels};
use acquaint::publish::{read_plain_text, shown};
use acquaint::suggest::FriendModel;

use crate::exit::Failure;

/// No model is larger.
pub(crate) const MAX_MODEL_BYTES: u64 = 4 << 30;

/// The models of `--friend-model` and `--ad-model`.
pub(crate) struct Models {
    friends: Option<FriendModel>,
    ads: Option<AdModel>,
}

impl Models {
    pub(crate) fn read(friends: Option<&Path>, ads: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self {
            friends: friends
                .map(|path| parse(path, FriendModel::from_json))
                .transpose()?,
            ads: ads
                .map(|path| parse(path, AdModel::from_json))
                .transpose()?,
        })
    }

    pub(crate) const fn given(&self) -> GivenModels<'_> {
        GivenModels {
            friend_model: self.friends.as_ref(),
            ad_model: self.ads.as_ref(),
            resume: None,
        }
    }
}

/// Reads a model file.
pub(crate) fn parse<M, E>(
    path: &Path,
    from_json: impl Fn(&str) -> Result<M, E>,
) -> Result<M, Failure>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let reading = || format!("reading {}", shown(path));
    let text =
        read_plain_text(path, MAX_MODEL_BYTES).map_err(|error| Failure::new(reading(), error))?;
    from_json(&text).map_err(|error| Failure::new(reading(), error))
}
