//! From a file to what lists are made from. Nothing is believed before the digest of everything was seen.

use std::io::Read;

use super::wire::Reader;
use super::{BUILD, SHIPMENT, SHIPMENT_VERSION, ShipmentError};
use crate::graph::{Beside, Csr, EdgeKinds, TieAside, WhyAside};
use crate::suggest::apart::{Apart, KeptFrom};
use crate::suggest::view::View;
use crate::suggest::{
    Direct, Exclusion, Exclusions, FriendModel, OnDevice, RankerError, SuggestParams,
    ValidSuggestParams,
};
use crate::time::Timestamp;

/// Everything a shipment holds.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) digest: blake3::Hash,
    pub(super) n_people: u32,
    pub(super) params: ValidSuggestParams,
    pub(super) model: Option<FriendModel>,
    ties: Csr,
    tie_kinds: Vec<EdgeKinds>,
    contacts: Csr,
    contact_kinds: Vec<EdgeKinds>,
    aside: Vec<TieAside>,
    beside: Beside,
    pub(super) strengths: Vec<u16>,
    pub(super) standings: Vec<u8>,
    pub(super) times: Vec<Timestamp>,
    pub(super) exclusions: Exclusions,
}

impl Parts {
    /// Reads a shipment of so many bytes.
    pub(super) fn read(input: impl Read, n_bytes: u64) -> Result<Self, ShipmentError> {
        let mut from = Reader::new(input, n_bytes)?;
        head(&mut from)?;
        let raw = Raw::read(&mut from)?;
        let digest = from.finish()?;
        raw.fit(digest)
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            ties: &self.ties,
            tie_kinds: &self.tie_kinds,
            contacts: &self.contacts,
            contact_kinds: &self.contact_kinds,
            aside: &self.aside,
            // The scorer sets what its parameters say.
            direct: Direct::default(),
            beside: &self.beside,
        }
    }
}

fn head(from: &mut Reader<impl Read>) -> Result<(), ShipmentError> {
    let mut magic = [0; SHIPMENT.len()];
    from.bytes(&mut magic)?;
    if &magic != SHIPMENT {
        return Err(ShipmentError::NotOne);
    }
    let version: u32 = from.one()?;
    let build = if version == SHIPMENT_VERSION {
        text(from.list()?)?
    } else {
        String::from("of another form")
    };
    if build != BUILD {
        return Err(ShipmentError::Build {
            found: build,
            expected: BUILD.to_owned(),
        });
    }
    Ok(())
}

fn text(bytes: Vec<u8>) -> Result<String, ShipmentError> {
    String::from_utf8(bytes).map_err(|_| ShipmentError::Damaged)
}

/// Rows as they are written.
struct RawRows {
    offsets: Vec<u64>,
    neighbours: Vec<u32>,
    kinds: Vec<u8>,
}

impl RawRows {
    fn read(from: &mut Reader<impl Read>) -> Result<Self, ShipmentError> {
        Ok(Self {
            offsets: from.list()?,
            neighbours: from.list()?,
            kinds: from.list()?,
        })
    }

    fn fit(self, n_people: usize) -> Result<(Csr, Vec<EdgeKinds>), ShipmentError> {
        let rows = Csr::from_parts(self.offsets, self.neighbours)?;
        let kinds = kinds(&self.kinds)?;
        if rows.n_nodes() != n_people || kinds.len() != rows.n_entries() {
            return Err(ShipmentError::Unfit("ties"));
        }
        Ok((rows, kinds))
    }
}

fn kinds(bits: &[u8]) -> Result<Vec<EdgeKinds>, ShipmentError> {
    let kinds: Option<Vec<_>> = bits
        .iter()
        .map(|&bits| EdgeKinds::from_bits(bits))
        .collect();
    kinds.ok_or(ShipmentError::Unfit("kinds of ties"))
}

/// Numbers as they are written, in that order.
struct Raw {
    n_people: u32,
    params: Vec<u8>,
    model: Vec<u8>,
    ties: RawRows,
    contacts: RawRows,
    aside: [Vec<u32>; 2],
    aside_kinds: Vec<u8>,
    strengths: Vec<u16>,
    standings: Vec<u8>,
    times: Vec<i64>,
    kept: [Vec<u32>; 2],
    why: Vec<u8>,
    hidden: Vec<u32>,
    devices: [Vec<u32>; 2],
    minors: Vec<u8>,
    regions: Vec<u16>,
    pairs: [RawPairs; 2],
}

/// Pairs of people, and what something they share is worth.
struct RawPairs {
    ends: [Vec<u32>; 2],
    worth: Vec<f32>,
}

impl Raw {
    fn read(from: &mut Reader<impl Read>) -> Result<Self, ShipmentError> {
        Ok(Self {
            n_people: from.one()?,
            params: from.list()?,
            model: from.list()?,
            ties: RawRows::read(from)?,
            contacts: RawRows::read(from)?,
            aside: [from.list()?, from.list()?],
            aside_kinds: from.list()?,
            strengths: from.list()?,
            standings: from.list()?,
            times: from.list()?,
            kept: [from.list()?, from.list()?],
            why: from.list()?,
            hidden: from.list()?,
            devices: [from.list()?, from.list()?],
            minors: from.list()?,
            regions: from.list()?,
            pairs: [RawPairs::read(from)?, RawPairs::read(from)?],
        })
    }

    fn fit(self, digest: blake3::Hash) -> Result<Parts, ShipmentError> {
        let n_people = self.n_people as usize;
        self.check_lengths(n_people)?;
        let exclusions = self.exclusions(n_people)?;
        let aside = self.aside()?;
        let beside = self.beside();
        let (ties, tie_kinds) = self.ties.fit(n_people)?;
        let (contacts, contact_kinds) = self.contacts.fit(n_people)?;
        let is_each = |n: usize| n == 0 || n == ties.n_entries();
        if !is_each(self.strengths.len()) || !is_each(self.times.len()) {
            return Err(ShipmentError::Unfit("strengths or times"));
        }
        Ok(Parts {
            digest,
            n_people: self.n_people,
            params: params(&self.params)?,
            model: model(self.model)?,
            ties,
            tie_kinds,
            contacts,
            contact_kinds,
            aside,
            beside,
            strengths: self.strengths,
            standings: self.standings,
            times: self.times.into_iter().map(Timestamp::from_micros).collect(),
            exclusions,
        })
    }

    /// Whoever is named is there, and lists that run side by side are as long as each other.
    fn check_lengths(&self, n_people: usize) -> Result<(), ShipmentError> {
        let is_there = |nodes: &[u32]| nodes.iter().all(|&node| (node as usize) < n_people);
        let side_by_side = |[a, b]: &[Vec<u32>; 2], n: usize| {
            a.len() == n && b.len() == n && is_there(a) && is_there(b)
        };
        let each = |n: usize| n == 0 || n == n_people;
        let [calls, groups] = &self.pairs;
        let checks = [
            (
                "ties set aside",
                side_by_side(&self.aside, self.aside_kinds.len()),
            ),
            ("exclusions", side_by_side(&self.kept, self.why.len())),
            ("hidden people", is_there(&self.hidden)),
            (
                "devices",
                self.devices[0].len() == self.devices[1].len() && is_there(&self.devices[0]),
            ),
            ("age bands", each(self.minors.len())),
            ("standings", each(self.standings.len())),
            ("regions", each(self.regions.len())),
            ("calls", side_by_side(&calls.ends, calls.worth.len())),
            ("groups", side_by_side(&groups.ends, groups.worth.len())),
        ];
        let wrong = checks.into_iter().find(|(_, fits)| !fits);
        wrong.map_or(Ok(()), |(what, _)| Err(ShipmentError::Unfit(what)))
    }

    fn aside(&self) -> Result<Vec<TieAside>, ShipmentError> {
        let [from, to] = &self.aside;
        let ends = from.iter().zip(to).zip(kinds(&self.aside_kinds)?);
        let tie = |((&from, &to), kinds)| TieAside {
            from,
            to,
            kinds,
            why: WhyAside::NoWeight,
        };
        Ok(ends.map(tie).collect())
    }

    fn exclusions(&self, n_people: usize) -> Result<Exclusions, ShipmentError> {
        let [persons, candidates] = &self.kept;
        let row = |((&person, &candidate), &why): ((&u32, &u32), &u8)| {
            let why = Exclusion::from_code(why)?;
            Some(KeptFrom {
                person,
                candidate,
                why,
            })
        };
        let rows: Option<Vec<_>> = persons
            .iter()
            .zip(candidates)
            .zip(&self.why)
            .map(row)
            .collect();
        let [nodes, groups] = &self.devices;
        let devices = groups.iter().zip(nodes);
        let devices = devices.map(|(&group, &node)| OnDevice::new(group, node));
        let rows = rows.ok_or(ShipmentError::Unfit("exclusions"))?;
        let apart = Apart::of_rows(rows, self.hidden.clone(), devices);
        let minors = self.minors.iter().map(|&minor| minor != 0).collect();
        Ok(Exclusions::by_node(n_people, apart).with_minors(minors))
    }

    fn beside(&self) -> Beside {
        let [calls, groups] = &self.pairs;
        Beside::from_codes(&self.regions, [calls.each(), groups.each()])
    }
}

impl RawPairs {
    fn read(from: &mut Reader<impl Read>) -> Result<Self, ShipmentError> {
        Ok(Self {
            ends: [from.list()?, from.list()?],
            worth: from.list()?,
        })
    }

    fn each(&self) -> Vec<(u32, u32, f32)> {
        let [u, v] = &self.ends;
        let pairs = u.iter().zip(v).zip(&self.worth);
        pairs.map(|((&u, &v), &worth)| (u, v, worth)).collect()
    }
}

fn params(json: &[u8]) -> Result<ValidSuggestParams, ShipmentError> {
    let given: SuggestParams = serde_json::from_slice(json).map_err(RankerError::from)?;
    given
        .check()
        .map_err(|_| ShipmentError::Unfit("parameters"))
}

fn model(json: Vec<u8>) -> Result<Option<FriendModel>, ShipmentError> {
    let json = text(json)?;
    let model = (!json.is_empty()).then(|| FriendModel::from_json(&json));
    Ok(model.transpose()?)
}
