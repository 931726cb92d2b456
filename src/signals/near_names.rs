//! Other names that people give to columns which may be absent, and whose absence gives somebody something.
//!
//! Without `opted_out_at` nobody has opted out, without `birth_year` nobody is a minor: a column of that meaning under
//! another name must not be passed over as one of no interest.

use super::names::{edit_distance, fold};

/// Columns whose absence gives, with words that mean the same. `fold` and [`bare`] make more of each.
const NEAR: [(&str, &[&str]); 9] = [
    (
        "opted_out_at",
        &[
            "opt_out",
            "opted_out",
            "optout",
            "opts_out",
            "out",
            "revoked",
            "revocation",
            "withdrawn",
            "withdrew",
            "withdrawal",
            "unsubscribed",
            "unsubscribe",
            "opt_out_day",
            "stopped",
            "cancelled",
            "canceled",
            "objected",
            "opt_in_ended",
            "opt_in_until",
            "opted_in_until",
            "consent_withdrawn",
            "consent_revoked",
        ],
    ),
    (
        "number_until",
        &[
            "number_to",
            "num_until",
            "number_end",
            "number_ended",
            "number_ends",
            "number_valid_until",
            "number_valid_to",
            "number_released",
            "number_changed",
            "number_left",
            "until",
            "valid_until",
            "valid_to",
            "ended",
            "phone_until",
            "phone_to",
            "phone_end",
            "phone_valid_until",
            "held_until",
            "until_number",
            "deactivated",
        ],
    ),
    (
        "birth_year",
        &[
            "year_of_birth",
            "birth",
            "birthday",
            "dob",
            "date_of_birth",
            "yob",
            "birthdate",
            "year_born",
            "born",
            "born_in",
            "age",
            "age_years",
            "born_year",
        ],
    ),
    (
        "phone_given_for",
        &[
            "given_for",
            "phone_for",
            "phone_purpose",
            "phone_use",
            "phone_reason",
            "phone_given_as",
        ],
    ),
    (
        "until",
        &[
            "end",
            "ends",
            "ended",
            "to",
            "valid_until",
            "valid_to",
            "until_when",
        ],
    ),
    (
        "cut_off",
        &["cutoff_from", "cut_off_from", "cut", "cutoff_for"],
    ),
    (
        "special_category",
        &[
            "special",
            "category_special",
            "special_ad_category",
            "special_category_of_ad",
        ],
    ),
    (
        "share",
        &[
            "sharing",
            "share_data",
            "shares",
            "shared",
            "sharing_on",
            "data_sharing",
        ],
    ),
    (
        "device_id",
        &[
            "deviceid",
            "device_uuid",
            "id_of_device",
            "device_identifier",
        ],
    ),
];

/// What is put behind a name and changes nothing: the kind of value.
const KINDS: [&str; 12] = [
    "timestamp",
    "datetime",
    "date",
    "time",
    "when",
    "utc",
    "flag",
    "day",
    "at",
    "on",
    "ts",
    "dt",
];

/// The column whose meaning another name has, of those that a table has.
pub(super) fn meant<'c>(name: &str, mut columns: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let is_meant = |column: &&str| is_near(name, column);
    columns.find(is_meant)
}

/// The column of any table whose absence gives somebody something, and whose meaning another name has.
pub(super) fn meant_of_any(name: &str) -> Option<&'static str> {
    meant(name, NEAR.iter().map(|(column, _)| *column))
}

fn is_near(name: &str, column: &str) -> bool {
    let Some((_, words)) = NEAR.iter().find(|(of, _)| *of == column) else {
        return false;
    };
    let name = fold(name);
    let (bare_name, bare_column) = (bare(&name), bare(&fold(column)).to_owned());
    let is_word = |word: &&str| {
        let word = fold(word);
        word == name || word == bare_name || bare(&word) == bare_name
    };
    bare_name == bare_column || words.iter().any(is_word) || is_misspelt(&name, &fold(column))
}

/// Two slips of the pen in a long name make no other name either.
fn is_misspelt(name: &str, column: &str) -> bool {
    const LONG: usize = 9;
    const SLIPS: usize = 2;
    let digits = |text: &str| text.chars().any(|c| c.is_ascii_digit());
    column.len() >= LONG && !digits(name) && edit_distance(name, column) <= SLIPS
}

/// Is this how a program writes the second of two columns of one name: `opted_out_at.1`? A number behind an underscore
/// makes a name of its own, unless the absence of the column gives something.
pub(super) fn is_second(name: &str, column: &str) -> bool {
    let name = name.trim();
    let name = name.strip_suffix(')').unwrap_or(name);
    let first = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_numbered = first.len() < name.len();
    let mark = first.chars().next_back();
    let is_mark = matches!(mark, Some('.' | '(' | ' ' | ':')) || mark == Some('_') && gives(column);
    is_numbered && is_mark && fold(first) == fold(column)
}

/// Does its absence give somebody something?
fn gives(column: &str) -> bool {
    NEAR.iter().any(|(of, _)| *of == column)
}

/// A folded name without the kinds of value behind it.
fn bare(name: &str) -> &str {
    let kind = KINDS.iter().find_map(|kind| name.strip_suffix(kind));
    kind.filter(|rest| rest.len() > 1).map_or(name, bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_what_takes_away_are_known() {
        for (column, names) in [
            (
                "opted_out_at",
                &[
                    "opt_out_at",
                    "opted_out",
                    "opt_out",
                    "opted_out_date",
                    "OptOut",
                    "revoked_at",
                    "withdrawn_at",
                    "unsubscribed on",
                    "opt-out-timestamp",
                    "optOutTime",
                    "opted_out_at_utc",
                    "opted_uot_at",
                ][..],
            ),
            (
                "number_until",
                &[
                    "number_end",
                    "numberEndDate",
                    "number_to",
                    "valid_until",
                    "phone_until",
                    "number_til",
                    "num_until",
                    "number_released_at",
                ],
            ),
            (
                "birth_year",
                &[
                    "year_of_birth",
                    "birth_date",
                    "yob",
                    "dob",
                    "date_of_birth",
                    "Birthday",
                    "age",
                ],
            ),
            ("until", &["valid_to", "end_date", "ends_at", "until_date"]),
            ("share", &["sharing", "share_data", "share_flag", "shared"]),
        ] {
            for name in names {
                assert_eq!(meant(name, [column].into_iter()), Some(column), "{name}");
            }
        }
    }

    #[test]
    fn names_of_something_else_are_not() {
        let columns = [
            "opted_out_at",
            "number_until",
            "birth_year",
            "until",
            "share",
            "device_id",
        ];
        for name in [
            "opted_in_at",
            "number_since",
            "zebra",
            "note",
            "created_at",
            "birth_place",
            "first_name",
            "device_type",
            "outcome",
            "shard",
            "ingest_date",
            "updated_at",
            "dt",
            "",
        ] {
            assert_eq!(meant(name, columns.into_iter()), None, "{name}");
        }
    }

    #[test]
    fn a_second_column_of_one_name_is_known() {
        for (name, column) in [
            ("opted_out_at.1", "opted_out_at"),
            ("opted_out_at.12", "opted_out_at"),
            ("Opted Out At (2)", "opted_out_at"),
            ("opted_out_at_1", "opted_out_at"),
            ("os.1", "os"),
            ("birth_year:1", "birth_year"),
        ] {
            assert!(is_second(name, column), "{name}");
        }
        for (name, column) in [
            ("opted_out_at", "opted_out_at"),
            ("sessions_90d", "sessions_30d"),
            ("os_2", "os"),
            ("opted_out_at.x", "opted_out_at"),
            ("1", "os"),
        ] {
            assert!(!is_second(name, column), "{name}");
        }
    }
}
