//! The arithmetic of a plan.

use std::fmt;

use acquaint::suggest::FRAME_PEOPLE;
use serde::Serialize;

use super::rates;

/// What is planned for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct World {
    pub(super) users: f64,
    pub(super) entries: f64,
    pub(super) saved: f64,
    pub(super) two_paths: Option<f64>,
    pub(super) workers: f64,
    pub(super) cores: f64,
    pub(super) k: f64,
    pub(super) gigabits: f64,
    pub(super) price_per_hour: Option<f64>,
}

/// What it takes. Bytes are of 8 bits, hours are of the clock on the wall.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Plan {
    schema: &'static str,
    users: f64,
    entries: f64,
    saved_numbers: f64,
    two_paths: f64,
    workers: f64,
    cores: f64,
    /// The packed graph, once.
    pub(super) shipment_bytes: f64,
    /// Every worker's copy of it.
    shipped_bytes: f64,
    /// What comes back, if every list is full.
    pub(super) lists_bytes: f64,
    moved_bytes: f64,
    /// The graph, and room for every core to add up in.
    worker_memory_bytes: f64,
    frames: f64,
    core_hours: f64,
    hours: Hours,
    cost: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Hours {
    shipping: f64,
    opening: f64,
    scoring: f64,
    collecting: f64,
    fixed: f64,
    all: f64,
}

impl Plan {
    pub(super) fn of(world: &World) -> Self {
        let shipment_bytes = shipment_bytes(world);
        let lists_bytes = world.users * (rates::BYTES_A_LIST + world.k * rates::BYTES_A_SUGGESTION);
        let two_paths = world
            .two_paths
            .unwrap_or_else(|| rates::SKEW * world.entries * world.entries / world.users);
        let core_hours = two_paths / rates::TWO_PATHS_A_SECOND / 3600.0;
        let hours = Hours::of(world, shipment_bytes, lists_bytes, core_hours);
        let shipped_bytes = shipment_bytes * world.workers;
        let per_person = rates::TABLE_BYTES_A_PERSON + world.cores * rates::SCRATCH_BYTES_A_PERSON;
        Self {
            schema: "acquaint-plan/1",
            users: world.users,
            entries: world.entries,
            saved_numbers: world.saved,
            two_paths,
            workers: world.workers,
            cores: world.cores,
            shipment_bytes,
            shipped_bytes,
            lists_bytes,
            moved_bytes: shipped_bytes + lists_bytes,
            worker_memory_bytes: shipment_bytes + world.users * per_person,
            frames: (world.users / f64::from(FRAME_PEOPLE)).ceil(),
            core_hours,
            hours,
            cost: (world.price_per_hour).map(|price| price * world.workers * hours.all),
        }
    }
}

fn shipment_bytes(world: &World) -> f64 {
    world.users * rates::BYTES_A_PERSON
        + world.entries * rates::BYTES_AN_ENTRY
        + world.saved * rates::BYTES_A_SAVED_NUMBER
}

impl Hours {
    fn of(world: &World, shipment: f64, lists: f64, core_hours: f64) -> Self {
        let line = world.gigabits * 1e9 / 8.0;
        let hours = |seconds: f64| seconds / 3600.0;
        // The driver sends one copy after the other through its own line, unless a store that all reach holds it.
        let shipping = hours(shipment * world.workers / line);
        let opening = hours(shipment / rates::OPENED_BYTES_A_SECOND);
        let scoring = core_hours / (world.workers * world.cores);
        let collecting = hours(lists / line);
        let fixed = hours(rates::FIXED_SECONDS);
        Self {
            shipping,
            opening,
            scoring,
            collecting,
            fixed,
            all: shipping + opening + scoring + collecting + fixed,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row =
            |name: &str, value: String, why: &str| writeln!(f, "{name:<22}{value:>12}  {why}");
        row(
            "packed graph",
            bytes(self.shipment_bytes),
            "5 bytes an entry and a saved number, 18 a person",
        )?;
        row(
            "shipped",
            bytes(self.shipped_bytes),
            "a copy for each worker",
        )?;
        row(
            "lists",
            bytes(self.lists_bytes),
            "what comes back, if all are full",
        )?;
        row("moved", bytes(self.moved_bytes), "no shuffle")?;
        row(
            "memory of a worker",
            bytes(self.worker_memory_bytes),
            "graph, tables, room for each core",
        )?;
        row(
            "frames",
            format!("{:.0}", self.frames),
            "256 people each; any number of them is a task",
        )?;
        row("two-paths", format!("{:.2e}", self.two_paths), "")?;
        row(
            "core-hours",
            format!("{:.2}", self.core_hours),
            "50 M two-paths a second and core",
        )?;
        let Hours {
            shipping,
            opening,
            scoring,
            collecting,
            fixed,
            all,
        } = self.hours;
        for (name, hours) in [
            ("shipping", shipping),
            ("opening", opening),
            ("scoring", scoring),
            ("collecting", collecting),
            ("start and end", fixed),
        ] {
            row(name, duration(hours), "")?;
        }
        row("all", duration(all), "one after the other")?;
        match self.cost {
            Some(cost) => row("cost", format!("{cost:.2}"), "every worker for all of it"),
            None => Ok(()),
        }
    }
}

fn bytes(n: f64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let unit = units.into_iter().find(|(size, _)| n >= *size);
    unit.map_or_else(
        || format!("{n:.0} B"),
        |(size, name)| format!("{:.1} {name}", n / size),
    )
}

fn duration(hours: f64) -> String {
    if hours >= 1.0 {
        format!("{hours:.1} h")
    } else if hours >= 1.0 / 60.0 {
        format!("{:.0} min", hours * 60.0)
    } else {
        format!("{:.0} s", hours * 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(users: f64, entries: f64) -> World {
        World {
            users,
            entries,
            saved: entries / 2.0,
            two_paths: None,
            workers: 8.0,
            cores: 32.0,
            k: 10.0,
            gigabits: 10.0,
            price_per_hour: Some(3.0),
        }
    }

    #[test]
    fn a_billion_people() {
        let plan = Plan::of(&world(1e9, 1e11));
        assert!((plan.shipment_bytes - 768e9).abs() < 1e6);
        assert!((plan.two_paths - 2.5e13).abs() < 1e6);
        assert!((plan.core_hours - 138.9).abs() < 0.1);
        assert!((plan.cost.unwrap() - 24.0 * plan.hours.all).abs() < 1e-9);
        assert_eq!(plan.frames, (1e9_f64 / 256.0).ceil());
    }

    /// The shipments of synthetic worlds of 4,000 and 20,000 people, as the record has them.
    #[test]
    fn bytes_are_within_a_tenth_of_those_measured() {
        let measured = [
            (1_635.0, 8_242.0, 4_690.0, 98_150.0),
            (8_443.0, 44_212.0, 26_213.0, 526_224.0),
        ];
        for (users, entries, saved, bytes) in measured {
            let planned = shipment_bytes(&World {
                saved,
                ..world(users, entries)
            });
            assert!((planned / bytes - 1.0_f64).abs() < 0.1, "{planned} {bytes}");
        }
    }

    #[test]
    fn more_workers_score_sooner_and_move_more() {
        let few = Plan::of(&world(1e8, 1e10));
        let many = Plan::of(&World {
            workers: 64.0,
            ..world(1e8, 1e10)
        });
        assert!(many.hours.scoring < few.hours.scoring / 7.9);
        assert!(many.moved_bytes > few.moved_bytes);
        assert_eq!(many.worker_memory_bytes, few.worker_memory_bytes);
    }
}
