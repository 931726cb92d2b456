//! Values that stand in a table by name.

/// A value out of a closed list, each with one name.
pub(super) trait Named: Copy + PartialEq + 'static {
    /// The names, in lower case, and what they mean.
    const NAMES: &'static [(&'static str, Self)];

    /// The name of the value.
    fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, value)| *value == self);
        found
            .map(|(name, _)| *name)
            .expect("every value has a name")
    }
}

/// The value of a name, in whatever case.
pub(super) fn parse<T: Named>(name: &str) -> Option<T> {
    let found = T::NAMES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| *value)
}
