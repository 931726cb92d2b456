use std::collections::BTreeSet;

use rayon::ThreadPoolBuilder;

use super::*;
use crate::hash::mix;

/// A world of friends in which practices are planted.
struct World {
    n: u32,
    friends: Vec<(u32, u32)>,
    contacts: Vec<(u32, u32)>,
}

impl World {
    /// People who each know the next four, and three drawn from all.
    fn of(n: u32) -> Self {
        let draw = |u: u32, i: u32| {
            let hash = mix(u64::from(u) << 8 | u64::from(i)) % u64::from(n);
            u32::try_from(hash).unwrap()
        };
        let near = (0..n).flat_map(|u| (1..5).map(move |step| (u, (u + step) % n)));
        let far = (0..n).flat_map(|u| (0..3).map(move |i| (u, draw(u, i))));
        Self {
            n,
            friends: near.chain(far).filter(|(a, b)| a != b).collect(),
            contacts: Vec::new(),
        }
    }

    fn both_saved(&mut self, a: u32, b: u32) {
        self.contacts.extend([(a, b), (b, a)]);
    }

    fn all_saved(&mut self, a: u32, others: &[u32]) {
        for &b in others {
            self.both_saved(a, b);
        }
    }

    /// A practice's numbers are new people.
    fn numbers(&mut self, n: u32) -> Vec<u32> {
        self.n += n;
        (self.n - n..self.n).collect()
    }

    fn patients(&self, n: u32, seed: u64) -> Vec<u32> {
        let mut patients = BTreeSet::new();
        let mut i = 0;
        while patients.len() < n as usize {
            let hash = mix(seed << 32 | i) % (u64::from(self.n) / 2);
            patients.insert(u32::try_from(hash).unwrap());
            i += 1;
        }
        patients.into_iter().collect()
    }

    fn arrays(&self) -> (Csr, Vec<EdgeKinds>, Csr) {
        let n = self.n as usize;
        let contacts = Csr::from_pairs(n, self.contacts.clone()).unwrap();
        let friends = Csr::from_undirected(n, self.friends.clone()).unwrap();
        let mutual = self.contacts.iter().copied();
        let mutual = mutual.filter(|&(a, b)| contacts.find(b, a).is_some());
        let all = self.friends.iter().copied().chain(mutual).collect();
        let ties = Csr::from_undirected(n, all).unwrap();
        let kind = |u, v| match friends.find(u, v) {
            Some(_) => EdgeKinds::FRIENDSHIP,
            None => EdgeKinds::MUTUAL_CONTACT,
        };
        let rows = ties.nodes();
        let kinds = rows.flat_map(|u| ties.row(u).iter().map(move |&v| kind(u, v)));
        let kinds: Vec<EdgeKinds> = kinds.collect();
        (ties.clone(), kinds, contacts)
    }

    /// The ties that count nothing, the smaller end first.
    fn untied(&self) -> BTreeSet<(u32, u32)> {
        let (ties, kinds, contacts) = self.arrays();
        let people = People {
            ties: &ties,
            kinds: &kinds,
            contacts: &contacts,
        };
        let places: BTreeSet<usize> = practice_ties(people, 5).into_iter().collect();
        let entry = |u: u32| ties.range(u).map(move |at| (u, at));
        let out = ties.nodes().flat_map(entry);
        let out = out.filter(|(_, at)| places.contains(at));
        let pairs: Vec<_> = out.map(|(u, at)| (u, ties.neighbours()[at])).collect();
        assert!(pairs.iter().all(|&(u, v)| pairs.contains(&(v, u))));
        pairs.into_iter().filter(|(u, v)| u < v).collect()
    }
}

/// Which pairs of patients still have a number in common.
fn led_together(untied: &BTreeSet<(u32, u32)>, numbers: &[u32], tied: &[(u32, u32)]) -> usize {
    let of = |z: u32| {
        let own = tied.iter().filter(move |(number, _)| *number == z);
        own.filter(|&&(z, c)| !untied.contains(&(c.min(z), c.max(z))))
            .count()
    };
    numbers
        .iter()
        .map(|&z| of(z) * of(z).saturating_sub(1))
        .sum()
}

#[test]
fn practices_of_every_size_bring_no_two_patients_together() {
    for size in [5, 6, 7, 8, 9, 12, 20, 50, 100, 200] {
        for n_numbers in 1..=3 {
            let mut world = World::of(2_000);
            let numbers = world.numbers(n_numbers);
            let patients = world.patients(size, u64::from(size * 10 + n_numbers));
            let mut tied = Vec::new();
            for &z in &numbers {
                for &c in &patients {
                    world.both_saved(z, c);
                    tied.push((z, c));
                }
            }
            let untied = world.untied();
            assert_eq!(
                led_together(&untied, &numbers, &tied),
                0,
                "{size} {n_numbers}"
            );
        }
    }
}

#[test]
fn colleagues_who_saved_each_other_hide_nothing() {
    for size in [5, 8, 30] {
        let mut world = World::of(1_000);
        let numbers = world.numbers(3);
        let patients = world.patients(size, 3);
        let mut tied = Vec::new();
        for (i, &z) in numbers.iter().enumerate() {
            world.all_saved(z, &numbers[..i]);
            for &c in &patients {
                world.both_saved(z, c);
                tied.push((z, c));
            }
        }
        assert_eq!(led_together(&world.untied(), &numbers, &tied), 0, "{size}");
    }
}

#[test]
fn patients_who_were_not_saved_back_count_too() {
    // Five have the number and the practice has three of theirs.
    let mut world = World::of(1_000);
    let z = world.numbers(1)[0];
    let patients = world.patients(5, 4);
    world.contacts.extend(patients.iter().map(|&c| (c, z)));
    world.contacts.extend(patients[..3].iter().map(|&c| (z, c)));
    assert_eq!(world.untied().len(), 3);
}

#[test]
fn numbers_with_too_few_patients_each_count_together() {
    let mut world = World::of(1_000);
    let numbers = world.numbers(2);
    let patients = world.patients(5, 5);
    for (z, own) in [(numbers[0], &patients[..4]), (numbers[1], &patients[1..])] {
        world.all_saved(z, own);
    }
    assert_eq!(world.untied().len(), 8);
}

#[test]
fn a_doctor_with_a_circle_of_their_own_keeps_the_circle() {
    let mut world = World::of(1_000);
    let doctor = world.numbers(1)[0];
    // Everybody from 990 on knows the next ones: eight who are a circle.
    let circle: Vec<u32> = (500..508).collect();
    let patients: Vec<u32> = (0..6).map(|i| 40 * i).collect();
    for &c in circle.iter().chain(&patients) {
        world.both_saved(doctor, c);
    }
    let untied = world.untied();
    assert!(patients.iter().all(|&c| untied.contains(&(c, doctor))));
    assert!(circle.iter().all(|&c| !untied.contains(&(c, doctor))));
}

#[test]
fn couples_among_the_patients_hide_nobody() {
    let mut world = World::of(2_000);
    let z = world.numbers(1)[0];
    // Twenty couples from all over.
    let patients: Vec<u32> = (0..20).flat_map(|i| [90 * i, 90 * i + 1]).collect();
    world.all_saved(z, &patients);
    assert_eq!(world.untied().len(), 40);
}

#[test]
fn people_whose_contacts_know_each_other_keep_every_tie() {
    let mut world = World::of(1_000);
    // A circle that shares numbers only, a family of four, and somebody with four contacts from anywhere.
    let circle = world.numbers(7);
    for (i, &a) in circle.iter().enumerate() {
        world.all_saved(a, &circle[..i]);
    }
    let someone = world.numbers(1)[0];
    world.all_saved(someone, &[3, 203, 403, 603]);
    let neighbour = world.numbers(1)[0];
    (700..706).for_each(|c| world.both_saved(neighbour, c));
    assert!(world.untied().is_empty());
}

#[test]
fn people_whose_contacts_have_a_friend_of_theirs_in_common_keep_every_tie() {
    // The six know each other by nothing but a friend of the person whose number they have.
    let mut world = World::of(1_000);
    let pair = world.numbers(2);
    let [z, friend] = [pair[0], pair[1]];
    world.friends.push((z, friend));
    for i in 0..6 {
        world.both_saved(z, 90 * i);
        world.friends.push((friend, 90 * i));
    }
    assert!(world.untied().is_empty());
}

#[test]
fn friends_are_no_patients() {
    let mut world = World::of(1_000);
    let z = world.numbers(1)[0];
    for i in 0..20 {
        world.both_saved(z, 45 * i);
        world.friends.push((z, 45 * i));
    }
    assert!(world.untied().is_empty());
}

#[test]
fn none_are_looked_for_if_so_asked() {
    let mut world = World::of(200);
    let z = world.numbers(1)[0];
    (0..5).for_each(|i| world.both_saved(z, 20 * i));
    let (ties, kinds, contacts) = world.arrays();
    let people = People {
        ties: &ties,
        kinds: &kinds,
        contacts: &contacts,
    };
    assert_eq!(practice_ties(people, 5).len(), 10);
    assert!(practice_ties(people, 6).is_empty());
    assert!(practice_ties(people, 0).is_empty());
}

#[test]
fn same_ties_for_any_number_of_threads() {
    let mut world = World::of(3_000);
    for i in 0..40 {
        let numbers = world.numbers(1 + i % 3);
        for c in world.patients(5 + i, u64::from(i)) {
            world.all_saved(c, &numbers);
        }
    }
    let with = |n| {
        let pool = ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| world.untied())
    };
    let one = with(1);
    assert!(one.len() > 500);
    assert_eq!(with(3), one);
}
