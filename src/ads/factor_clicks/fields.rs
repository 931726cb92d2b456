//! From features to entries with fields.

use crate::ads::features::{AdField, Feature, Field, HashedValue, Showing, UserField};
use crate::learn::factor::{FactorModel, FieldBatch, FieldEntry as Entry};

/// Fields of people: the first. Those of a profile stand alone; phone, messenger, person and history are one each, since each field
/// of a field-aware machine takes a vector more for every value.
pub(super) const N_PEOPLES: usize = 9;
/// Surface and position: between.
pub(super) const N_PLACES: usize = 2;
/// Fields of ads: the last.
const N_ADS: usize = 4;
/// All fields.
pub(in crate::ads) const N_FIELDS: usize = N_PEOPLES + N_PLACES + N_ADS;

/// The machine's number of a field; none for what the machine makes itself, an offset and crosses.
///
/// Own columns share the fields of interests, of surfaces and of categories: a field of their own would cost every other value a
/// vector.
///
/// Hour and weekday are left to the logistic model, and so is what is about one ad, advertiser or category: it belongs to no side of
/// a product of a person and an ad.
#[expect(clippy::cast_possible_truncation, reason = "fifteen fields")]
const fn number(field: Field) -> Option<u8> {
    Some(match field {
        Field::Bias | Field::Cross(..) | Field::Hour | Field::Weekday => return None,
        Field::User(field) => return number_of(field),
        Field::Surface | Field::OwnShown => N_PEOPLES as u8,
        Field::Position => N_PEOPLES as u8 + 1,
        Field::Ad(field) => (N_PEOPLES + N_PLACES) as u8 + number_of_ad(field),
    })
}

const fn number_of_ad(field: AdField) -> u8 {
    match field {
        AdField::Ad => 0,
        AdField::Advertiser => 1,
        AdField::Category | AdField::Own => 2,
        AdField::SpecialCategory => 3,
    }
}

const fn number_of(field: UserField) -> Option<u8> {
    Some(match field {
        UserField::Region => 0,
        UserField::AgeBand => 1,
        UserField::Gender => 2,
        UserField::Language => 3,
        UserField::Interest | UserField::Own => 4,
        UserField::DeviceType | UserField::Os | UserField::OsVersion => 5,
        UserField::AppVersion | UserField::Sessions | UserField::Groups => 6,
        UserField::Person => 7,
        UserField::Showings
        | UserField::OwnRate
        | UserField::LastShown
        | UserField::LastClicked => 8,
        UserField::OwnCategory
        | UserField::OwnAdvertiser
        | UserField::OwnAd
        | UserField::FriendsCategory
        | UserField::FriendsAdvertiser
        | UserField::FriendsHidCategory
        | UserField::FriendsHidAdvertiser
        | UserField::OnList => return None,
    })
}

/// Has the machine a side for a field of a person?
pub(super) const fn is_seen(field: UserField) -> bool {
    number_of(field).is_some()
}

/// The entries of features; each counts as 1.
pub(in crate::ads) fn entries(
    features: impl Iterator<Item = Feature>,
    bits: u8,
) -> impl Iterator<Item = Entry> {
    features.filter_map(move |feature| {
        Some(Entry {
            field: number(feature.field)?,
            slot: feature.slot(bits),
            value: 1.0,
        })
    })
}

/// The entries of a person's values, for an ad of a special category or for others.
pub(super) fn value_entries(
    values: &[HashedValue],
    is_special: bool,
    bits: u8,
) -> impl Iterator<Item = Entry> {
    let allowed = values
        .iter()
        .filter(move |value| !(is_special && value.field.is_protected()));
    let feature = |value: &HashedValue| Feature {
        field: Field::User(value.field),
        hash: value.hash,
    };
    entries(allowed.map(feature), bits)
}

/// The entries of a place.
pub(super) fn place_entries(
    showing: Showing<'_>,
    bits: u8,
) -> impl Iterator<Item = Entry> + use<'_> {
    entries(showing.features(), bits)
}

/// Rows for a machine.
///
/// # Panics
/// If an entry is not of the machine's.
pub(in crate::ads) fn batch(machine: &FactorModel, rows: &[Vec<Entry>]) -> FieldBatch {
    let mut batch = FieldBatch::new(machine.params().n_slots(), machine.n_fields());
    for row in rows {
        batch
            .push_row(row)
            .expect("slots have the machine's bits and shares are finite");
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_number_of_its_own() {
        let fields = UserField::ALL.into_iter().map(Field::User);
        let fields = fields.chain([Field::Surface, Field::Position]);
        let fields = fields.chain(AdField::ALL.into_iter().map(Field::Ad));
        let mut numbers: Vec<u8> = fields.filter_map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let expected: Vec<u8> = (0..15).collect();
        assert_eq!(numbers, expected);
        assert_eq!(N_FIELDS, 15);
    }
}
