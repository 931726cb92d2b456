//! Which models of clicks there are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of click model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Logistic regression on features and chosen crosses of them.
    #[default]
    Logistic,
    /// A factorisation machine: every two fields have something to say together.
    Factors,
}

impl ModelKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Logistic, Self::Factors];

    /// The name that configurations and files give it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Factors => "factors",
        }
    }
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
