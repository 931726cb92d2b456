//! The expressions of the metadata, and how libphonenumber puts their answers together.

#![expect(
    deprecated,
    reason = "the fields are empty only in libphonenumber's own copy of the metadata"
)]

use rlibphonenumber::{PhoneMetadata, PhoneNumberDesc};

use crate::identity::metadata::{UTIL, of_region};
use crate::identity::number_type::NumberType;
use crate::ids::Region;

/// How the numbers of one region are told apart.
#[derive(Debug)]
pub(super) struct RegionPlan {
    pub(super) region: Option<Region>,
    same_mobile_and_fixed_line: bool,
}

/// The types in the order libphonenumber asks for them, before fixed lines and mobiles.
const SPECIAL: [NumberType; 8] = [
    NumberType::PremiumRate,
    NumberType::TollFree,
    NumberType::SharedCost,
    NumberType::Voip,
    NumberType::PersonalNumber,
    NumberType::Pager,
    NumberType::Uan,
    NumberType::Voicemail,
];

impl RegionPlan {
    pub(super) fn kind(&self, region: usize, fits: &impl Fn(Part) -> bool) -> Option<NumberType> {
        let is = |kind| fits(Part::Of { region, kind });
        if !fits(Part::Any { region }) {
            return None;
        }
        if let Some(special) = SPECIAL.into_iter().find(|&kind| is(kind)) {
            return Some(special);
        }
        let same = self.same_mobile_and_fixed_line;
        match (is(NumberType::FixedLine), is(NumberType::Mobile)) {
            (true, mobile) if same || mobile => Some(NumberType::FixedLineOrMobile),
            (true, _) => Some(NumberType::FixedLine),
            (false, true) if !same => Some(NumberType::Mobile),
            (false, _) => None,
        }
    }
}

/// What an expression of the metadata speaks of. Regions are counted in the order libphonenumber asks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    NationalPrefix,
    LeadingDigits { region: usize },
    Any { region: usize },
    Of { region: usize, kind: NumberType },
}

#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) part: Part,
    text: String,
    /// The lengths that count; all do if there are none.
    lengths: Vec<i32>,
}

impl Expression {
    /// An expression without lengths; none if the metadata has none.
    fn new(part: Part, wrapped: Option<&str>) -> Option<Self> {
        // The metadata wraps each expression so that it matches a whole number.
        let text = wrapped?.strip_prefix("^(?:")?.strip_suffix(")$")?;
        Some(Self {
            part,
            text: text.to_owned(),
            lengths: Vec::new(),
        })
    }

    fn of(part: Part, description: &PhoneNumberDesc) -> Option<Self> {
        Some(Self {
            lengths: description.possible_length.clone(),
            ..Self::new(part, description.national_number_pattern.as_deref())?
        })
    }

    pub(super) fn allows(&self, len: usize) -> bool {
        self.lengths.is_empty()
            || self
                .lengths
                .iter()
                .any(|&allowed| usize::try_from(allowed) == Ok(len))
    }

    pub(super) fn pattern(&self) -> String {
        match self.part {
            // Matches as long as what follows the first digits is read.
            Part::LeadingDigits { .. } => format!("(?:{})[0-9]*", self.text),
            Part::NationalPrefix | Part::Any { .. } | Part::Of { .. } => self.text.clone(),
        }
    }
}

/// Everything the metadata says of the numbers of one country calling code.
pub(super) fn expressions_of(code: i32) -> (Vec<RegionPlan>, Vec<Expression>) {
    let mut plans = Vec::new();
    let mut expressions = Vec::new();
    let regions = UTIL.get_regions_for_country_calling_code(code);
    for (region, of) in regions.into_iter().flatten().enumerate() {
        let name = of.as_region_str();
        let Some(data) = of_region(code, &name) else {
            continue;
        };
        // The main region's national prefix is the one that may be stripped.
        if region == 0 {
            expressions.extend(Expression::new(
                Part::NationalPrefix,
                data.national_prefix_for_parsing.as_deref(),
            ));
        }
        expressions.extend(Expression::new(
            Part::LeadingDigits { region },
            data.leading_digits.as_deref(),
        ));
        for (part, description) in descriptions(data, region) {
            expressions
                .extend(description.and_then(|description| Expression::of(part, description)));
        }
        plans.push(RegionPlan {
            region: Region::parse(&name),
            same_mobile_and_fixed_line: data.same_mobile_and_fixed_line_pattern(),
        });
    }
    (plans, expressions)
}

fn descriptions(data: &PhoneMetadata, region: usize) -> [(Part, Option<&PhoneNumberDesc>); 11] {
    let of = |kind| Part::Of { region, kind };
    [
        (Part::Any { region }, data.general_desc.as_ref()),
        (of(NumberType::PremiumRate), data.premium_rate.as_ref()),
        (of(NumberType::TollFree), data.toll_free.as_ref()),
        (of(NumberType::SharedCost), data.shared_cost.as_ref()),
        (of(NumberType::Voip), data.voip.as_ref()),
        (
            of(NumberType::PersonalNumber),
            data.personal_number.as_ref(),
        ),
        (of(NumberType::Pager), data.pager.as_ref()),
        (of(NumberType::Uan), data.uan.as_ref()),
        (of(NumberType::Voicemail), data.voicemail.as_ref()),
        (of(NumberType::FixedLine), data.fixed_line.as_ref()),
        (of(NumberType::Mobile), data.mobile.as_ref()),
    ]
}

/// The national numbers the metadata gives as examples.
#[cfg(test)]
pub(super) fn examples(code: i32, region: &str) -> Vec<String> {
    let data = of_region(code, region).expect("the region has metadata");
    let of_types = descriptions(data, 0).into_iter();
    of_types
        .filter_map(|(_, description)| description?.example_number.clone())
        .collect()
}
