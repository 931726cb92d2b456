//! Stages by subject: forty of them, one after another, are a list that nobody reads.

use crate::engine::Stage;

/// The subjects, in the order of the page.
pub(in crate::report) const SUBJECTS: [&str; 10] = [
    "Reading the tables",
    "Links and consent",
    "The address book",
    "The graph",
    "Suggestions",
    "Ads",
    "Spam and abuse",
    "Business messages",
    "Publishing",
    "Everything else",
];

/// Parts of names of stages, and the subject they belong to; the first that is in the name counts.
const PARTS: [(&str, usize); 23] = [
    ("→ published", 8),
    ("→ records", 0),
    ("→ numbers", 0),
    ("→ E.164", 0),
    ("→ happened by then", 0),
    ("→ links", 1),
    ("→ people (", 1),
    ("address book", 2),
    ("spam scores", 6),
    ("abuse", 6),
    ("trust", 6),
    ("business", 7),
    ("(ads)", 5),
    ("impressions", 5),
    ("ad scores", 5),
    ("ad feedback", 5),
    ("usage", 5),
    ("audience", 5),
    ("→ suggestions", 4),
    ("edges", 3),
    ("ties", 3),
    ("exclusions", 3),
    ("graph", 3),
];

/// Which subject a stage is about, as a place in [`SUBJECTS`].
pub(in crate::report) fn subject(stage: &Stage) -> usize {
    let part = PARTS.iter().find(|(part, _)| stage.name.contains(part));
    part.map_or(SUBJECTS.len() - 1, |&(_, subject)| subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_a_run_have_a_subject() {
        for (name, expected) in [
            ("messenger_accounts → records", "Reading the tables"),
            (
                "social accounts → people (ad_relevance)",
                "Links and consent",
            ),
            ("address book → matches (abuse)", "The address book"),
            ("friendships → friend edges", "The graph"),
            ("candidates → suggestions", "Suggestions"),
            ("friendships and contacts → ties (ads)", "Ads"),
            ("messenger accounts → spam scores (abuse)", "Spam and abuse"),
            ("businesses × accounts → verdicts", "Business messages"),
            ("suggestions → published", "Publishing"),
            ("something new", "Everything else"),
        ] {
            assert_eq!(SUBJECTS[subject(&Stage::new(name))], expected, "{name}");
        }
    }
}
