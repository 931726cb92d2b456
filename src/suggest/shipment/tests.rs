//! A shipment makes what its desk makes, and nothing else is taken for it.

use super::*;
use crate::graph::testing::{graph, user};
use crate::signals::FeedbackKind;
use crate::suggest::{
    Apart, Desk, Everybody, Exclusions, Heuristic, OnDevice, Said, SuggestParams, TieWeights,
    set_ties_aside,
};

/// User ids come after it: no count and no node number is as large.
const ID: u64 = 7_000_000_000;

/// Ties of so many people, drawn by a fixed formula: friends, mutual contacts and saved numbers, some of them old.
fn line(n: u64) -> String {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut line: Vec<String> = (1..=n).map(|id| (ID + id).to_string()).collect();
    for _ in 0..6 * n {
        // Half of all ties are among a tenth of the people, so that there are hubs.
        let of = if draw(2) == 0 { n } else { n / 10 };
        let (a, b) = (ID + 1 + draw(n), ID + 1 + draw(of));
        let kind = ["-", "=", ">"][usize::try_from(draw(3)).unwrap()];
        if a != b {
            line.push(format!("{a}{kind}{b}@{}", draw(100_000_000)));
        }
    }
    line.join(" ")
}

fn desk(params: &SuggestParams, n: u64) -> Desk {
    let params = params.clone().check().unwrap();
    let mut graph = graph(&line(n));
    set_ties_aside(&mut graph, &params);
    let of = |id: u64| user(&(ID + id).to_string());
    let said = (1..n / 3).map(|id| Said {
        by: of(id),
        about: of(if id % 7 == 0 { id } else { id * 2 }),
        what: [
            FeedbackKind::Block,
            FeedbackKind::Dismiss,
            FeedbackKind::Hide,
            FeedbackKind::Report,
        ][usize::try_from(id % 4).unwrap()],
    });
    let devices = (1..n).map(|id| OnDevice::new(u32::try_from(id % (n / 2)).unwrap(), of(id)));
    let apart = Apart::of(said, [], devices);
    let minors = (0..n).map(|node| node % 9 == 0).collect();
    let exclusions = Exclusions::new(&graph, &apart).with_minors(minors);
    let spam: Vec<f32> = (0..n)
        .map(|node| {
            if node % 11 == 0 {
                0.6
            } else {
                f32::from(u8::from(node % 31 == 0))
            }
        })
        .collect();
    Desk::new(graph, exclusions, &spam, &params, None).unwrap()
}

struct Sent {
    packed: Packed,
    bytes: Vec<u8>,
}

fn ship(desk: &Desk) -> Sent {
    let mut bytes = Vec::new();
    let packed = desk.ship(&mut bytes).unwrap();
    assert_eq!(packed.n_bytes, bytes.len() as u64);
    Sent { packed, bytes }
}

fn open(sent: &Sent) -> Result<Shipped, ShipmentError> {
    Shipped::open(
        &sent.bytes[..],
        sent.bytes.len() as u64,
        &sent.packed.digest,
    )
}

/// Frames, the last first.
fn frames(shipped: &Shipped) -> Vec<Vec<u8>> {
    let firsts = (0..shipped.n_people()).step_by(FRAME_PEOPLE as usize);
    let frame = |first: u32| {
        let last = (first + FRAME_PEOPLE).min(shipped.n_people());
        let frame = shipped.frame(first, last).unwrap();
        assert!(frame.len() <= shipped.frame_bytes_max(last - first));
        frame
    };
    firsts.rev().map(frame).collect()
}

fn joined(frames: &[Vec<u8>]) -> Vec<u8> {
    let with_length = |frame: &Vec<u8>| [&(frame.len() as u64).to_le_bytes()[..], frame].concat();
    frames.iter().flat_map(with_length).collect()
}

const SAMPLE: Sample = Sample {
    n_people: 50,
    seed: 3,
};

fn gather(desk: &Desk, sent: &Sent, frames: &[Vec<u8>]) -> Result<Everybody, ShipmentError> {
    desk.gather(&sent.packed, &joined(frames)[..], SAMPLE)
}

#[test]
fn what_comes_back_is_what_the_desk_makes() {
    let aged = TieWeights {
        half_life_days: Some(300),
        ..TieWeights::default()
    };
    let default = SuggestParams::default;
    let each = [
        default(),
        default().min_intermediaries(1).k(3),
        default().score(Heuristic::Cosine),
        default().score(Heuristic::CommonNeighbours).near(true),
        default().shown_max(Some(12)).k(4),
        default().weights(aged),
    ];
    for params in each {
        let desk = desk(&params, 600);
        let sent = ship(&desk);
        let shipped = open(&sent).unwrap();
        let made = gather(&desk, &sent, &frames(&shipped)).unwrap();
        assert_eq!(made, desk.everybody(&|_| ()), "{params:?}");
        assert!(made.suggestions.len() > 600, "{params:?}");
        assert_eq!(ship(&desk).bytes, sent.bytes);
    }
}

#[test]
fn nobody_is_there_to_list() {
    let params = SuggestParams::default().check().unwrap();
    let desk = Desk::new(graph(""), Exclusions::none(), &[], &params, None).unwrap();
    let sent = ship(&desk);
    assert_eq!(open(&sent).unwrap().n_people(), 0);
    assert!(gather(&desk, &sent, &[]).unwrap().suggestions.is_empty());
}

#[test]
fn a_shipment_says_of_nobody_who_they_are() {
    let sent = ship(&desk(&SuggestParams::default(), 400));
    let holds = |bytes: &[u8]| sent.bytes.windows(bytes.len()).any(|part| part == bytes);
    for id in (1..=400).step_by(7).map(|id| ID + id) {
        assert!(
            !holds(&id.to_le_bytes()[..5]) && !holds(id.to_string().as_bytes()),
            "{id}"
        );
    }
}

#[test]
fn deny_a_damaged_shipment() {
    let sent = ship(&desk(&SuggestParams::default(), 60));
    for at in 0..sent.bytes.len() {
        let mut bytes = sent.bytes.clone();
        bytes[at] ^= 1;
        let changed = Sent { bytes, ..sent };
        assert!(open(&changed).is_err(), "byte {at}");
    }
    for n in 0..sent.bytes.len() {
        let bytes = sent.bytes[..n].to_vec();
        assert!(open(&Sent { bytes, ..sent }).is_err(), "{n} bytes");
    }
}

#[test]
fn deny_another_shipment_than_was_asked_for() {
    let (sent, other) = (
        ship(&desk(&SuggestParams::default(), 60)),
        ship(&desk(&SuggestParams::default(), 61)),
    );
    let mixed = Sent {
        packed: other.packed,
        bytes: sent.bytes.clone(),
    };
    assert!(matches!(open(&mixed), Err(ShipmentError::Other { .. })));
}

#[test]
fn deny_people_of_no_frame() {
    let n = FRAME_PEOPLE + 76;
    let shipped = open(&ship(&desk(&SuggestParams::default(), u64::from(n)))).unwrap();
    assert!(shipped.frame(FRAME_PEOPLE, n).is_ok());
    let none = [
        (0, 1),
        (0, FRAME_PEOPLE + 1),
        (1, FRAME_PEOPLE + 1),
        (FRAME_PEOPLE, n + 1),
        (FRAME_PEOPLE, FRAME_PEOPLE),
        (2 * FRAME_PEOPLE, 3 * FRAME_PEOPLE),
        (u32::MAX, 0),
    ];
    for (first, last) in none {
        let refused = shipped.frame(first, last);
        assert!(matches!(refused, Err(ShipmentError::Range { .. })));
    }
}

#[test]
fn deny_frames_that_are_not_whole_and_there_once() {
    let desk = desk(&SuggestParams::default(), u64::from(2 * FRAME_PEOPLE) + 99);
    let sent = ship(&desk);
    let whole = frames(&open(&sent).unwrap());
    assert_eq!(whole.len(), 3);
    let missing = gather(&desk, &sent, &whole[..2]);
    assert!(matches!(
        missing,
        Err(ShipmentError::Missing {
            first: 0,
            n
        }) if n == FRAME_PEOPLE as usize
    ));
    let twice = [&whole[..], &whole[1..2]].concat();
    assert!(matches!(
        gather(&desk, &sent, &twice),
        Err(ShipmentError::Twice {
            first: FRAME_PEOPLE
        })
    ));
    for at in (0..whole[0].len()).step_by(97) {
        let mut changed = whole.clone();
        changed[0][at] ^= 1;
        assert!(
            matches!(
                gather(&desk, &sent, &changed),
                Err(ShipmentError::Frame { frame: 0 })
            ),
            "byte {at}"
        );
    }
    let cut = joined(&whole);
    let cut = desk.gather(&sent.packed, &cut[..cut.len() - 1], SAMPLE);
    assert!(matches!(cut, Err(ShipmentError::Frame { frame: 2 })));
}

#[test]
fn deny_frames_of_other_people() {
    let (here, there) = (
        desk(&SuggestParams::default(), 1_000),
        desk(&SuggestParams::default().k(9), 1_000),
    );
    let (sent, other) = (ship(&here), ship(&there));
    let foreign = frames(&open(&other).unwrap());
    assert!(matches!(
        gather(&here, &sent, &foreign),
        Err(ShipmentError::Wrong { frame: 0, .. })
    ));
}

/// A whole frame with a right digest, in which something is not what the desk makes: a worker that computes wrongly.
#[test]
fn deny_lists_that_are_not_made_here() {
    let desk = desk(&SuggestParams::default(), 250);
    let sent = ship(&desk);
    let of = |change: &dyn Fn(&mut [crate::suggest::everybody::Counted])| {
        let shipped = open(&sent).unwrap();
        let mut chunks = shipped.asked(0, 250);
        change(&mut chunks);
        let frame = frame::encode(&sent.packed.digest, 0, 250, &chunks);
        let all = Sample {
            n_people: 8_000,
            seed: 1,
        };
        desk.gather(&sent.packed, &joined(&[frame])[..], all)
    };
    assert!(of(&|_| ()).is_ok());
    let counts = of(&|chunks| {
        chunks[3].counts.blocked += 1;
        chunks[3].counts.dismissed += 1;
        chunks[3].counts.considered += 2;
    });
    assert!(matches!(counts, Err(ShipmentError::Counts { first: 0 })));
    let swapped = std::cell::Cell::new((0, 0));
    let lists = of(&|chunks| {
        let (of, at) = first_with_two(chunks);
        swapped.set((of, at));
        let mut one = chunks[of].chunk.list(at).suggestions.to_vec();
        one.swap(0, 1);
        let mut changed = crate::suggest::suggestion::Chunk::default();
        for here in 0..chunks[of].chunk.n_users() {
            let list = chunks[of].chunk.list(here);
            let suggestions = if here == at {
                &one[..]
            } else {
                list.suggestions
            };
            changed.push(crate::suggest::List {
                suggestions,
                ..list
            });
        }
        chunks[of].chunk = changed;
    });
    let (of, at) = swapped.get();
    let node = u32::try_from(of * 64 + at).unwrap();
    assert!(matches!(lists, Err(ShipmentError::Differs { node_idx }) if node_idx == node));
}

/// The first list that two people are in: its chunk, and its place there.
fn first_with_two(chunks: &[crate::suggest::everybody::Counted]) -> (usize, usize) {
    let lists = chunks.iter().enumerate().flat_map(|(of, one)| {
        let lists = (0..one.chunk.n_users()).map(|at| one.chunk.list(at));
        lists
            .enumerate()
            .map(move |(at, list)| (of, at, list.suggestions.len()))
    });
    let mut long = lists.filter(|&(.., n)| n > 1);
    let (of, at, _) = long.next().expect("somebody has two suggestions");
    (of, at)
}
