//! Two sides in one process, against plain sets.

use std::collections::{BTreeMap, BTreeSet};

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;

use super::points::{Point, is_canonical, wide};
use super::*;
use crate::consent::{Abuse, For, FriendSuggestions, Gate, Permitted, testing::gate_of};
use crate::identity::E164;
use crate::ids::AccountId;
use crate::time::Timestamp;

const HEAD: usize = 88;

fn secret(seed: u8) -> PsiSecret {
    PsiSecret::from_seed(&mut [seed; 32])
}

fn held((account, digits): (u64, u64)) -> Held {
    Held {
        account: AccountId(account),
        number: E164::from_digits(4_915_100_000_000 + digits).unwrap(),
        collected_at: Timestamp::from_secs(0),
    }
}

fn permitted<P: For>(held: &[Held]) -> Vec<Permitted<Held, P>> {
    let gate: Gate<P, AccountId> = gate_of(held.iter().map(|one| one.account));
    held.iter().map(|one| gate.permit(*one).unwrap()).collect()
}

fn side(secret: &PsiSecret, rows: &[(u64, u64)]) -> OwnSide {
    let held: Vec<Held> = rows.iter().copied().map(held).collect();
    OwnSide::blind(secret, &permitted::<FriendSuggestions>(&held))
}

type Pairs = Vec<(AccountId, AccountId)>;

/// Everything both sides send, and what each learns.
struct Session {
    messages: [Vec<u8>; 6],
    learned: [Pairs; 2],
}

fn session(a: &[(u64, u64)], b: &[(u64, u64)]) -> Session {
    let secrets = [secret(1), secret(2)];
    let sides = [side(&secrets[0], a), side(&secrets[1], b)];
    let replies = [
        sides[0].reply(&secrets[0], sides[1].message()).unwrap(),
        sides[1].reply(&secrets[1], sides[0].message()).unwrap(),
    ];
    let ids = [
        sides[0].share(&replies[0], &replies[1]).unwrap(),
        sides[1].share(&replies[1], &replies[0]).unwrap(),
    ];
    let learned = [
        pairs(&ids[0], &ids[1]).unwrap(),
        pairs(&ids[1], &ids[0]).unwrap(),
    ];
    let [of_a, of_b] = sides.map(|side| side.message().to_vec());
    let [reply_a, reply_b] = replies;
    let [ids_a, ids_b] = ids;
    Session {
        messages: [of_a, of_b, reply_a, reply_b, ids_a, ids_b],
        learned,
    }
}

/// The numbers that exactly one account of a side holds.
fn single(rows: &[(u64, u64)]) -> BTreeMap<u64, u64> {
    let mut holders: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for (account, number) in rows {
        holders.entry(*number).or_default().insert(*account);
    }
    let alone = |(number, accounts): (u64, BTreeSet<u64>)| {
        (accounts.len() == 1).then(|| (number, *accounts.first().unwrap()))
    };
    holders.into_iter().filter_map(alone).collect()
}

fn plain(a: &[(u64, u64)], b: &[(u64, u64)]) -> Pairs {
    let (a, b) = (single(a), single(b));
    let both = |(number, account): (&u64, &u64)| {
        let peer = b.get(number)?;
        Some((AccountId(*account), AccountId(*peer)))
    };
    let mut pairs: Pairs = a.iter().filter_map(both).collect();
    pairs.sort_unstable();
    pairs
}

fn turned(pairs: &Pairs) -> Pairs {
    let mut turned: Pairs = pairs.iter().map(|(a, b)| (*b, *a)).collect();
    turned.sort_unstable();
    turned
}

fn rows() -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((0_u64..30, 0_u64..40), 0..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn oracle_the_intersection_of_plain_sets(a in rows(), b in rows()) {
        let session = session(&a, &b);
        prop_assert_eq!(&session.learned[0], &plain(&a, &b));
        prop_assert_eq!(&session.learned[1], &turned(&session.learned[0]));
    }

    #[test]
    fn deny_any_bytes_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), kind in 1_u8..4, n in 0_u8..9) {
        let own = side(&secret(1), &[(1, 1), (2, 2)]);
        let reply = own.reply(&secret(1), side(&secret(2), &[(9, 2)]).message()).unwrap();
        let mut headed = own.message()[..HEAD].to_vec();
        headed[7] = kind;
        headed[16] = n;
        headed.extend_from_slice(&bytes);
        for bytes in [&bytes, &headed] {
            // Random points are almost never canonical, on the curve and ascending; none at all is fine.
            let _ = own.reply(&secret(1), bytes);
            let _ = pairs(bytes, bytes);
            prop_assert!(own.share(&reply, bytes).is_err());
            prop_assert!(own.share(bytes, &reply).is_err());
        }
    }
}

#[test]
fn oracle_empty_equal_and_disjoint_sets() {
    let some: Vec<(u64, u64)> = (0..700).map(|i| (i, 3 * i)).collect();
    let others: Vec<(u64, u64)> = (0..300).map(|i| (i, 3 * i + 1)).collect();
    for (a, b, n) in [
        (&[][..], &[][..], 0),
        (&some, &[], 0),
        (&some, &some, 700),
        (&some, &others, 0),
        (&some, &some[100..500], 400),
    ] {
        let session = session(a, b);
        assert_eq!(session.learned[0], plain(a, b));
        assert_eq!(session.learned[0].len(), n);
        assert_eq!(session.learned[1], turned(&session.learned[0]));
    }
}

#[test]
fn numbers_of_several_accounts_are_dropped_and_counted() {
    let secret = secret(1);
    let own = side(&secret, &[(1, 5), (2, 5), (3, 6), (3, 6), (4, 7), (4, 8)]);
    assert_eq!(
        own.dropped(),
        Dropped {
            repeated: 1,
            ambiguous: 2
        }
    );
    let mut ids = own.ids().to_vec();
    ids.sort_unstable();
    assert_eq!(ids, [3, 4, 4].map(AccountId));
}

#[test]
fn same_bytes_for_one_thread_and_for_two_and_in_any_order() {
    let a: Vec<(u64, u64)> = (0..1500).map(|i| (i, 2 * i)).collect();
    let b: Vec<(u64, u64)> = (0..1000).map(|i| (i, 3 * i)).collect();
    let backwards: Vec<(u64, u64)> = a.iter().rev().copied().collect();
    let pool = |n| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap()
    };
    let one = pool(1).install(|| session(&a, &b));
    let two = pool(2).install(|| session(&backwards, &b));
    assert!(one.messages == two.messages);
    assert_eq!(one.learned, two.learned);
}

#[test]
fn same_points_as_one_multiplication_at_a_time() {
    let mut digits = [0; 8];
    let wide_secret = wide(
        "acquaint 2016-08-25 private set intersection: secret",
        &[&[1; 32]],
    );
    let scalar = Scalar::from_bytes_mod_order_wide(&wide_secret);
    let mut expected: Vec<Point> = (0..600)
        .map(|i| {
            digits.copy_from_slice(&held((0, i)).number.expose().to_le_bytes());
            let context = "acquaint 2016-08-25 private set intersection: number";
            let point = RistrettoPoint::from_uniform_bytes(&wide(context, &[&digits]));
            (point * scalar).compress().to_bytes()
        })
        .collect();
    expected.sort_unstable();
    let rows: Vec<(u64, u64)> = (0..600).map(|i| (i, i)).collect();
    let own = side(&secret(1), &rows);
    assert!(own.message()[HEAD..] == *expected.as_flattened());
}

#[test]
fn a_side_sends_ids_of_common_numbers_and_of_no_others() {
    let a = [(101, 1), (102, 2), (103, 3)];
    let b = [(201, 2), (202, 3), (203, 4)];
    let [.., ids_a, ids_b] = session(&a, &b).messages;
    assert_eq!(ids_a.len(), message_len(MessageKind::Ids, 2));
    let holds = |message: &[u8], id: u64| message.windows(8).any(|w| w == id.to_le_bytes());
    assert!(holds(&ids_a, 102) && holds(&ids_a, 103) && !holds(&ids_a, 101));
    assert!(holds(&ids_b, 201) && holds(&ids_b, 202) && !holds(&ids_b, 203));
}

#[test]
fn who_is_not_permitted_is_in_no_message() {
    let rows: Vec<(u64, u64)> = (0..50).map(|i| (i, i)).collect();
    let held: Vec<Held> = rows.iter().copied().map(held).collect();
    let allowed = |one: &Held| !one.account.0.is_multiple_of(7);
    let gate: Gate<Abuse, AccountId> =
        gate_of(held.iter().filter(|h| allowed(h)).map(|h| h.account));
    let through: Vec<_> = held.iter().filter_map(|h| gate.permit(*h).ok()).collect();
    let deleted: Vec<Held> = held.iter().filter(|h| allowed(h)).copied().collect();
    let with = OwnSide::blind(&secret(1), &through);
    assert_eq!(
        with,
        OwnSide::blind(&secret(1), &permitted::<Abuse>(&deleted))
    );
    assert_eq!(with.ids().len(), 42);
}

#[test]
fn a_side_resumes_as_it_was() {
    let own = side(&secret(1), &[(1, 1), (2, 2)]);
    let resumed = OwnSide::resume(own.message().to_vec(), own.ids().to_vec()).unwrap();
    assert_eq!(resumed, own);
    let short = OwnSide::resume(own.message().to_vec(), vec![AccountId(1)]);
    assert_eq!(
        short,
        Err(PsiError::Count {
            expected: 2,
            found: 1
        })
    );
}

/// Message 1 of one side with its points replaced.
fn with_points(points: &[Point]) -> Vec<u8> {
    let mut bytes = side(&secret(2), &[]).message().to_vec();
    bytes[16..24].copy_from_slice(&(points.len() as u64).to_le_bytes());
    bytes.extend_from_slice(points.as_flattened());
    bytes
}

fn reply_to(message: &[u8]) -> PsiError {
    let secret = secret(1);
    let own = side(&secret, &[(1, 1), (2, 2)]);
    own.reply(&secret, message).unwrap_err()
}

#[test]
fn deny_the_neutral_element() {
    assert_eq!(
        reply_to(&with_points(&[[0; 32]])),
        PsiError::NeutralElement { at: 0 }
    );
}

/// The bad encodings of RFC 9496, appendix A.3, and a point that does not lie on the curve.
#[test]
fn deny_encodings_that_are_not_canonical() {
    let mut modulus = [0xff; 32];
    (modulus[0], modulus[31]) = (0xed, 0x7f);
    let mut above = modulus;
    above[0] = 0xee;
    let mut high_bit = [0; 32];
    (high_bit[0], high_bit[31]) = (2, 0x80);
    let mut negative = [0; 32];
    negative[0] = 1;
    for bad in [modulus, above, high_bit, negative, [0xff; 32]] {
        assert!(!is_canonical(&bad));
        assert_eq!(
            reply_to(&with_points(&[bad])),
            PsiError::NotAPoint { at: 0 }
        );
    }
}

/// Of many, the first is named, whichever thread finds one first.
#[test]
fn deny_what_is_canonical_but_no_point() {
    let ascending = (1_u8..=100).map(|i| {
        let mut bytes = [0; 32];
        bytes[0] = 2 * i;
        bytes
    });
    let (points, no_points): (Vec<Point>, Vec<Point>) = ascending
        .inspect(|bytes| assert!(is_canonical(bytes)))
        .partition(|bytes| CompressedRistretto(*bytes).decompress().is_some());
    assert_eq!(
        reply_to(&with_points(&no_points)),
        PsiError::NotAPoint { at: 0 }
    );
    let mut mixed = [&points[..1], &no_points[..]].concat();
    mixed.sort_unstable();
    let at = mixed.iter().position(|point| *point != points[0]).unwrap();
    assert_eq!(reply_to(&with_points(&mixed)), PsiError::NotAPoint { at });
}

#[test]
fn deny_a_message_cut_off_anywhere_or_longer() {
    let [one, _, reply_a, reply_b, ids_a, ids_b] = session(&[(1, 1), (2, 2)], &[(3, 2)]).messages;
    let own = side(&secret(1), &[(1, 1), (2, 2)]);
    assert_eq!(own.message(), one);
    let other = side(&secret(2), &[(3, 2)]);
    let longer = |bytes: &[u8]| [bytes, &[0]].concat();
    for n in 0..other.message().len() {
        assert!(own.reply(&secret(1), &other.message()[..n]).is_err(), "{n}");
    }
    assert!(own.reply(&secret(1), &longer(other.message())).is_err());
    for n in 0..reply_b.len() {
        assert!(own.share(&reply_a, &reply_b[..n]).is_err(), "{n}");
    }
    assert!(own.share(&reply_a, &longer(&reply_b)).is_err());
    for n in 0..ids_b.len() {
        assert!(pairs(&ids_a, &ids_b[..n]).is_err(), "{n}");
    }
    assert!(pairs(&ids_a, &longer(&ids_b)).is_err());
    assert!(pairs(&ids_a, &ids_b).is_ok());
}

#[test]
fn deny_another_version_kind_or_purpose() {
    let mut message = side(&secret(2), &[(3, 2)]).message().to_vec();
    message[6] ^= 1;
    assert_eq!(reply_to(&message), PsiError::Version { found: 0 });
    message[6] ^= 1;
    message[7] = 2;
    assert_eq!(
        reply_to(&message),
        PsiError::Kind {
            expected: MessageKind::Blinded
        }
    );
    message[7] = 1;
    message[8] = 2;
    assert!(matches!(reply_to(&message), PsiError::Purpose { .. }));
    message[8] = 0;
    message[9] = 1;
    assert_eq!(reply_to(&message), PsiError::NotAMessage);
    message[9] = 0;
    message[0] = b'A';
    assert_eq!(reply_to(&message), PsiError::NotAMessage);
}

#[test]
fn deny_a_count_that_is_not_the_number_of_points() {
    let mut message = side(&secret(2), &[(3, 2)]).message().to_vec();
    for n in [0, 2, u64::MAX, u64::MAX / 32 + 1] {
        message[16..24].copy_from_slice(&n.to_le_bytes());
        assert_eq!(reply_to(&message), PsiError::Length { len: HEAD + 32 });
    }
}

#[test]
fn deny_points_out_of_order_or_twice() {
    let message = side(&secret(2), &[(3, 2), (4, 3)]).message().to_vec();
    let (points, _) = message[HEAD..].as_chunks::<32>();
    assert_eq!(
        reply_to(&with_points(&[points[1], points[0]])),
        PsiError::NotAscending { at: 1 }
    );
    assert_eq!(
        reply_to(&with_points(&[points[0], points[0]])),
        PsiError::NotAscending { at: 1 }
    );
}

#[test]
fn deny_our_own_message_and_our_own_secret() {
    let own = side(&secret(1), &[(1, 1), (2, 2)]);
    assert_eq!(reply_to(own.message()), PsiError::Reflected);
    let (points, _) = own.message()[HEAD..].as_chunks::<32>();
    assert_eq!(reply_to(&with_points(&points[1..])), PsiError::Reflected);
}

#[test]
fn deny_replies_and_ids_of_another_session() {
    let here = session(&[(1, 1), (2, 2)], &[(3, 2)]).messages;
    let there = session(&[(1, 1), (2, 2)], &[(3, 2), (4, 5)]).messages;
    let own = side(&secret(1), &[(1, 1), (2, 2)]);
    assert_eq!(own.share(&here[2], &there[3]), Err(PsiError::WrongSession));
    assert_eq!(own.share(&here[2], &here[2]), Err(PsiError::WrongSession));
    assert_eq!(own.share(&here[3], &here[2]), Err(PsiError::WrongSession));
    assert_eq!(pairs(&here[4], &there[5]), Err(PsiError::WrongSession));
    assert_eq!(pairs(&here[4], &here[4]), Err(PsiError::WrongSession));
}

#[test]
fn deny_a_reply_with_points_missing_twice_or_changed() {
    let [_, message_b, reply_a, reply_b, ids_a, ids_b] =
        session(&[(1, 1), (2, 2)], &[(3, 2)]).messages;
    let own = side(&secret(1), &[(1, 1), (2, 2)]);
    let mut short = reply_b[..HEAD + 32].to_vec();
    short[16] = 1;
    assert_eq!(
        own.share(&reply_a, &short),
        Err(PsiError::Count {
            expected: 2,
            found: 1
        })
    );
    let mut twice = reply_b.clone();
    twice.copy_within(HEAD..HEAD + 32, HEAD + 32);
    assert_eq!(own.share(&reply_a, &twice), Err(PsiError::Repeated));
    let mut neutral = reply_b.clone();
    neutral[HEAD..HEAD + 32].fill(0);
    assert_eq!(
        own.share(&reply_a, &neutral),
        Err(PsiError::NeutralElement { at: 0 })
    );
    // A changed point finds nothing, and then the two sides do not agree.
    let mut changed = reply_b.clone();
    changed[HEAD] ^= 2;
    changed[HEAD + 32] ^= 2;
    let ids = own.share(&reply_a, &changed).unwrap();
    assert_eq!(pairs(&ids, &ids_b), Err(PsiError::DifferentIntersections));
    assert!(pairs(&ids_a, &ids_b).is_ok());
    assert_eq!(message_b.len(), message_len(MessageKind::Blinded, 1));
}

#[test]
fn nothing_prints() {
    let mut seed = [7; 32];
    let secret = PsiSecret::from_seed(&mut seed);
    assert_eq!(seed, [0; 32], "the seed is wiped");
    assert_eq!(format!("{secret:?}"), "PsiSecret(redacted)");
    let own = side(&secret, &[(1, 1)]);
    let shown = format!("{own:?} {:?}", held((1, 1)));
    assert!(shown.starts_with("OwnSide { len: 1,"));
    assert!(shown.contains("E164(redacted)") && !shown.contains("49151"));
}

/// What was sent under a version must be understood under it for ever. The values come from a separate implementation of
/// RFC 9496 and of BLAKE3.
#[test]
fn golden_messages() {
    let messages = session(&[(1, 1), (2, 2), (3, 3)], &[(11, 2), (12, 3), (13, 4)]).messages;
    let digests = messages.map(|bytes| blake3::hash(&bytes).to_hex()[..16].to_owned());
    let expected = [
        "02009c9a942d239a",
        "1afe6856bde69633",
        "5776766572a4dcc6",
        "a13f717417f97702",
        "8db61065f5d9b778",
        "921fcc791326406a",
    ];
    assert_eq!(digests, expected);
}
