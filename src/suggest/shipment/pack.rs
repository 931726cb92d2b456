//! A desk as a file.

use std::io::{self, Write};

use super::wire::Writer;
use super::{BUILD, SHIPMENT, SHIPMENT_VERSION, ShipmentError};
use crate::graph::{Beside, Csr, EdgeKinds, TieAside};
use crate::suggest::candidates::Standing;
use crate::suggest::view::View;
use crate::suggest::{Desk, Exclusions, FriendModel};
use crate::time::Timestamp;

/// A shipment that was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// BLAKE3 of its bytes but for the digest itself, which ends it.
    pub digest: blake3::Hash,
    /// Its length.
    pub n_bytes: u64,
    /// How many people's lists are made from it.
    pub n_people: u32,
}

impl Desk {
    /// Packs everything that lists are made from, and nothing that says who anybody is. The same desk packs to the same bytes.
    ///
    /// # Errors
    /// If `out` cannot be written.
    ///
    /// # Complexity
    /// 10 to 15 bytes an entry of ties and contacts, 17 a person; with a model 8 more an entry of the ties. O(1) memory.
    pub fn ship(&self, out: impl Write) -> Result<Packed, ShipmentError> {
        let mut to = Writer::new(out);
        let graph = self.graph();
        let n_people = u32::try_from(graph.n_users()).expect("no more nodes than u32 counts");
        to.bytes(SHIPMENT)?;
        to.one(SHIPMENT_VERSION)?;
        text(&mut to, BUILD)?;
        to.one(n_people)?;
        let params = serde_json::to_string(self.tables().params());
        text(&mut to, &params.map_err(io::Error::from)?)?;
        let model = self.model().map(FriendModel::to_json).transpose()?;
        text(&mut to, model.as_deref().unwrap_or_default())?;
        ties(&mut to, View::of(graph))?;
        to.list(self.tables().strengths().iter().copied())?;
        to.list(self.tables().standings().iter().map(|&one| code(one)))?;
        let times = model.map_or(&[][..], |_| graph.tie_times());
        to.list(times.iter().copied().map(Timestamp::micros))?;
        exclusions(&mut to, self.exclusions())?;
        beside(&mut to, View::of(graph).beside)?;
        let (digest, n_bytes) = to.finish()?;
        Ok(Packed {
            digest,
            n_bytes,
            n_people,
        })
    }
}

fn text(to: &mut Writer<impl Write>, text: &str) -> io::Result<()> {
    to.list(text.bytes())
}

fn csr(to: &mut Writer<impl Write>, rows: &Csr, kinds: &[EdgeKinds]) -> io::Result<()> {
    to.list(rows.offsets().iter().copied())?;
    to.list(rows.neighbours().iter().copied())?;
    to.list(kinds.iter().map(|kinds| kinds.bits()))
}

fn ties(to: &mut Writer<impl Write>, view: View<'_>) -> io::Result<()> {
    csr(to, view.ties, view.tie_kinds)?;
    csr(to, view.contacts, view.contact_kinds)?;
    // Why they were set aside is for explanations, which are given here alone.
    let each = |of: fn(&TieAside) -> u32| view.aside.iter().map(of);
    to.list(each(|tie| tie.from))?;
    to.list(each(|tie| tie.to))?;
    to.list(view.aside.iter().map(|tie| tie.kinds.bits()))
}

/// What a standing is written as. Who hides is in the exclusions.
pub(super) const fn code(standing: Standing) -> u8 {
    match standing {
        Standing::Good | Standing::Hidden => 0,
        Standing::Demoted => 1,
        Standing::Removed => 2,
    }
}

fn exclusions(to: &mut Writer<impl Write>, exclusions: &Exclusions) -> io::Result<()> {
    let apart = exclusions.apart();
    to.list(apart.rows.iter().map(|row| row.person))?;
    to.list(apart.rows.iter().map(|row| row.candidate))?;
    to.list(apart.rows.iter().map(|row| row.why as u8))?;
    to.list(apart.hidden.iter().copied())?;
    let devices = &apart.devices.groups_of;
    to.list(devices.iter().map(|&(node, _)| node))?;
    to.list(devices.iter().map(|&(_, group)| group))?;
    to.list(exclusions.minors().iter().map(|&minor| u8::from(minor)))
}

fn beside(to: &mut Writer<impl Write>, beside: &Beside) -> io::Result<()> {
    to.list(beside.region_codes().into_iter())?;
    for pairs in beside.pairs() {
        to.list(pairs.iter().map(|&(u, _, _)| u))?;
        to.list(pairs.iter().map(|&(_, v, _)| v))?;
        to.list(pairs.iter().map(|&(_, _, worth)| worth))?;
    }
    Ok(())
}
