//! Phone numbers: valid mobile numbers of a few countries, each handed out once, and the many ways people
//! write them down.
//!
//! Numbers come from ranges that numbering plans assign to subscribers, and are handed out in scrambled
//! order. None is taken from any record; a number that exists does so by chance.

use rand::Rng;

use super::draw::Stream;

/// What is needed of a country's numbering plan.
pub(super) struct Plan {
    /// ISO 3166 code.
    pub(super) region: &'static str,
    /// Country calling code.
    code: &'static str,
    /// Beginnings of national numbers that accounts get.
    prefixes: &'static [&'static str],
    /// Beginning of the numbers of people who use neither service.
    strangers: &'static str,
    /// Numbers after a beginning lie in `[base, base + span)`.
    base: u64,
    span: u64,
    /// Digits after a beginning.
    local: u32,
    /// What is dialled before a national number.
    trunk: &'static str,
    /// What is dialled before a country calling code, where it is the same for every network.
    exit: Option<&'static str>,
    /// How people group the national number.
    groups: &'static [usize],
    /// Whether the first group is written in parentheses.
    area: bool,
    /// Numbers that reach a service and are in many address books.
    services: &'static [&'static str],
    /// Share of the world's people.
    pub(super) weight: f64,
}

/// The countries of every synthetic world.
pub(super) const PLANS: [Plan; 6] = [
    Plan {
        region: "US",
        code: "1",
        prefixes: &["212", "415", "312", "617", "206", "713", "303", "404"],
        strangers: "503",
        base: 2_220_000,
        span: 2_700_000,
        local: 7,
        trunk: "",
        exit: Some("011"),
        groups: &[3, 3, 4],
        area: true,
        services: &["911", "411", "*611", "611"],
        weight: 0.4,
    },
    Plan {
        region: "IN",
        code: "91",
        prefixes: &["981", "982", "983", "984"],
        strangers: "989",
        base: 0,
        span: 10_000_000,
        local: 7,
        trunk: "0",
        exit: Some("00"),
        groups: &[5, 5],
        area: false,
        services: &["112", "100", "198"],
        weight: 0.1,
    },
    Plan {
        region: "BR",
        code: "55",
        prefixes: &["1198", "1199", "2198", "2199"],
        strangers: "3198",
        base: 0,
        span: 10_000_000,
        local: 7,
        trunk: "",
        exit: None,
        groups: &[2, 5, 4],
        area: true,
        services: &["190", "192", "*144"],
        weight: 0.25,
    },
    Plan {
        region: "DE",
        code: "49",
        prefixes: &["1512", "1515", "1516", "1517"],
        strangers: "1511",
        base: 0,
        span: 10_000_000,
        local: 7,
        trunk: "0",
        exit: Some("00"),
        groups: &[4, 3, 4],
        area: false,
        services: &["112", "110", "22922"],
        weight: 0.1,
    },
    Plan {
        region: "GB",
        code: "44",
        prefixes: &["771", "772", "773", "774"],
        strangers: "775",
        base: 0,
        span: 10_000_000,
        local: 7,
        trunk: "0",
        exit: Some("00"),
        groups: &[4, 6],
        area: false,
        services: &["999", "101", "121"],
        weight: 0.05,
    },
    Plan {
        region: "IT",
        code: "39",
        prefixes: &["347", "348", "349"],
        strangers: "338",
        base: 0,
        span: 10_000_000,
        local: 7,
        trunk: "",
        exit: Some("00"),
        groups: &[3, 3, 4],
        area: false,
        services: &["112", "118", "187"],
        weight: 0.1,
    },
];

/// Has no divisor in common with any plan's span, so multiplying by it permutes the numbers of a span.
const SCRAMBLE: u64 = 7_368_787;

/// A phone number of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Number {
    /// Position in [`PLANS`].
    pub(super) plan: u8,
    national: u64,
}

impl Number {
    /// The number with a plus sign and its country code, without spaces.
    pub(super) fn international(self) -> String {
        format!("+{}{}", self.plan().code, self.national)
    }

    /// The number as somebody may have typed it whose phone reads national numbers in plan `home`, if in any.
    pub(super) fn written(self, home: Option<u8>, rng: &mut Stream) -> String {
        if Some(self.plan) == home && rng.gen_range(0..10) < 6 {
            self.written_at_home(rng)
        } else {
            let exit = home.and_then(|home| PLANS[usize::from(home)].exit);
            self.written_abroad(exit, rng)
        }
    }

    fn written_at_home(self, rng: &mut Stream) -> String {
        let plan = self.plan();
        match rng.gen_range(0..4) {
            0 => format!("{}{}", plan.trunk, self.national),
            1 => format!("{}{}", plan.trunk, self.grouped("-")),
            2 if plan.area => self.with_area(),
            _ => format!("{}{}", plan.trunk, self.grouped(" ")),
        }
    }

    fn written_abroad(self, exit: Option<&str>, rng: &mut Stream) -> String {
        let plan = self.plan();
        match (rng.gen_range(0..6), exit) {
            (0 | 1, _) => self.international(),
            (2, Some(exit)) => format!("{exit}{}{}", plan.code, self.national),
            (3, Some(exit)) => format!("{exit} {} {}", plan.code, self.grouped(" ")),
            (4, _) => format!("+{}-{}", plan.code, self.grouped("-")),
            _ => format!("+{} {}", plan.code, self.grouped(" ")),
        }
    }

    fn with_area(self) -> String {
        let groups = self.groups();
        format!("({}) {}", groups[0], groups[1..].join("-"))
    }

    fn grouped(self, separator: &str) -> String {
        self.groups().join(separator)
    }

    fn groups(self) -> Vec<String> {
        let digits = self.national.to_string();
        let mut rest = digits.as_str();
        let cut = |&size: &usize| {
            let (group, tail) = rest.split_at(size.min(rest.len()));
            rest = tail;
            group.to_owned()
        };
        self.plan().groups.iter().map(cut).collect()
    }

    /// The number so many further, within its hundred.
    pub(super) fn beside(self, step: u64) -> Self {
        let national = self.national / 100 * 100 + (self.national + step) % 100;
        Self { national, ..self }
    }

    /// A number of its thousand, by place.
    pub(super) fn in_block(self, place: u64) -> Self {
        let national = self.national / 1_000 * 1_000 + place % 1_000;
        Self { national, ..self }
    }

    fn plan(self) -> &'static Plan {
        &PLANS[usize::from(self.plan)]
    }
}

/// Hands out the numbers of every plan, each once.
pub(super) struct Exchange {
    next: [u64; PLANS.len()],
    start: u64,
}

impl Exchange {
    /// An exchange that starts at a place of the seed's.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            next: [0; PLANS.len()],
            start: seed % 1_000_003,
        }
    }

    /// A number that nobody had yet.
    ///
    /// # Panics
    /// If a plan runs out, which takes more people than a world may have.
    pub(super) fn assign(&mut self, plan: u8) -> Number {
        let (i, p) = (self.next[usize::from(plan)], &PLANS[usize::from(plan)]);
        self.next[usize::from(plan)] += 1;
        let n_prefixes = p.prefixes.len() as u64;
        let prefix = p.prefixes[usize::try_from(i % n_prefixes).expect("a handful of prefixes")];
        let turn = i / n_prefixes;
        assert!(turn < p.span, "a numbering plan has run out");
        number(plan, prefix, turn + self.start)
    }
}

/// A number of one of `n` people who use neither service and are in many address books.
pub(super) fn stranger(plan: u8, n: usize, rng: &mut Stream) -> Number {
    let p = &PLANS[usize::from(plan)];
    number(
        plan,
        p.strangers,
        rng.gen_range(0..p.span.min(n as u64).max(1)),
    )
}

/// A number of a service, as people have it in their address books.
pub(super) fn service(plan: u8, rng: &mut Stream) -> &'static str {
    let services: &[&'static str] = PLANS[usize::from(plan)].services;
    services[rng.gen_range(0..services.len())]
}

fn number(plan: u8, prefix: &str, turn: u64) -> Number {
    let p = &PLANS[usize::from(plan)];
    let local = p.base + turn.wrapping_mul(SCRAMBLE) % p.span;
    let prefix: u64 = prefix.parse().expect("prefixes are digits");
    let national = prefix * 10u64.pow(p.local) + local;
    Number { plan, national }
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Topic, stream};
    use super::*;
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

    fn e164(text: &str, region: &str) -> Option<String> {
        let parsed = PHONE_NUMBER_UTIL
            .parse(text, region.parse::<Region>().ok())
            .ok()?;
        let written = || parsed.format_as(PhoneNumberFormat::E164).to_string();
        parsed.is_valid().then(written)
    }

    #[test]
    fn every_way_of_writing_is_read_back() {
        let mut rng = stream(3, Topic::Books);
        let mut exchange = Exchange::new(3);
        for plan in 0..6u8 {
            for _ in 0..150 {
                for number in [exchange.assign(plan), stranger(plan, 1_000_000, &mut rng)] {
                    let home = rng.gen_range(0..6u8);
                    for home in [plan, home] {
                        let text = number.written(Some(home), &mut rng);
                        let read = e164(&text, PLANS[usize::from(home)].region);
                        assert_eq!(read, Some(number.international()), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_number_is_given_twice() {
        for seed in [0, u64::MAX] {
            let mut exchange = Exchange::new(seed);
            for plan in 0..6u8 {
                let mut given: Vec<Number> = (0..50_000).map(|_| exchange.assign(plan)).collect();
                given.sort_unstable();
                given.dedup();
                assert_eq!(given.len(), 50_000);
            }
        }
    }

    #[test]
    fn the_scramble_divides_no_span() {
        let gcd = |mut a: u64, mut b: u64| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        assert!(PLANS.iter().all(|p| gcd(p.span, SCRAMBLE) == 1));
    }

    #[test]
    fn services_are_no_valid_numbers() {
        for plan in &PLANS {
            for text in plan.services {
                assert_eq!(e164(text, plan.region), None, "{text}");
            }
        }
    }
}
