//! `acquaint plan`: what suggestions on a cluster would move, take and cost.

mod arithmetic;
mod rates;

use std::str::FromStr;

use clap::Args;

use self::arithmetic::{Plan, World};
use crate::exit::{Failure, Outcome, print};

/// Plan suggestions for more people than one machine scores.
#[derive(Debug, Args)]
#[command(after_help = "\
For `run --engine spark`, whose workers each hold the packed graph. Bytes follow from the form of a shipment and are within 10 % of those \
measured; hours follow from assumed rates, which benches/record/2026-12-01-spark.md names. A run's manifest.json says \
its own entries, saved numbers and two-paths under `graph`.

Example:
  acquaint plan --users 1e9 --entries 1e11 --workers 8 --cores 32 \\
    --price-per-hour 3.20")]
pub(crate) struct PlanArgs {
    /// People in the graph
    #[arg(long, value_name = "N")]
    pub(crate) users: Count,
    /// Entries of all adjacency lists: every tie counts twice
    #[arg(long, value_name = "N")]
    pub(crate) entries: Count,
    /// Saved numbers between people in the graph [default: half the entries]
    #[arg(long, value_name = "N")]
    pub(crate) saved: Option<Count>,
    /// Two-paths, the sum of all squared degrees [default: 2.5 times entries × entries / users]
    #[arg(long, value_name = "N")]
    pub(crate) two_paths: Option<Count>,
    /// Machines
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) workers: u32,
    /// Cores of each
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) cores: u32,
    /// Suggestions of each person
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) k: u32,
    /// Speed of each machine's network, Gbit/s
    #[arg(long, value_name = "X", default_value_t = 10.0)]
    pub(crate) gigabits: f64,
    /// Price of a machine for an hour
    #[arg(long, value_name = "P")]
    pub(crate) price_per_hour: Option<f64>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// A number of things, as people write it: `1000000000` or `1e9`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Count(f64);

impl FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: f64 = text.parse().map_err(|_| "write a number such as 1e9")?;
        if (0.0..=1e24).contains(&number) {
            Ok(Self(number.round()))
        } else {
            Err("write a number from 0 to 1e24")
        }
    }
}

pub(crate) fn plan(args: &PlanArgs) -> Result<Outcome, Failure> {
    let plan = Plan::of(&world(args)?);
    print(&if args.json {
        serde_json::to_string_pretty(&plan)?
    } else {
        plan.to_string()
    })?;
    Ok(Outcome::Done)
}

fn world(args: &PlanArgs) -> Result<World, Failure> {
    let (users, entries) = (args.users.0, args.entries.0);
    let refused = |flag: &str, why: &str| Err(Failure::new(flag.to_owned(), why.to_owned()));
    // Nodes are numbers of 32 bits.
    if !(1.0..f64::from(u32::MAX)).contains(&users) {
        return refused("--users", "from 1 to 4294967294");
    }
    if entries > users * (users - 1.0) {
        return refused("--entries", "more than there are pairs of people");
    }
    if !(args.gigabits > 0.0 && args.gigabits.is_finite()) {
        return refused("--gigabits", "a speed above 0");
    }
    let price = args.price_per_hour;
    if price.is_some_and(|price| !(price >= 0.0 && price.is_finite())) {
        return refused("--price-per-hour", "a price from 0");
    }
    Ok(World {
        users,
        entries,
        saved: args.saved.map_or(entries / 2.0, |saved| saved.0),
        two_paths: args.two_paths.map(|paths| paths.0),
        workers: f64::from(args.workers),
        cores: f64::from(args.cores),
        k: f64::from(args.k),
        gigabits: args.gigabits,
        price_per_hour: price,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_people_write_them() {
        assert_eq!("1e9".parse(), Ok(Count(1e9)));
        assert_eq!("20000".parse(), Ok(Count(20_000.0)));
        for text in ["", "-1", "nan", "inf", "1e30", "many"] {
            assert!(text.parse::<Count>().is_err(), "{text}");
        }
    }
}
