//! Who holds a number: the rows of a table, each with what its number and its device are read as.
//!
//! Whoever needs a number, a device and the row they stand in takes one [`Holder`]; nothing has to be kept in step with the
//! rows elsewhere.

use super::linking::{AccountClaim, DeviceCode, DeviceCodes, SocialClaim};
use super::{E164, NotANumber, Typed, count_ambiguous, normalise, number_region};
use crate::consent::AccountFacts;
use crate::ids::Region;
use crate::signals::{Business, DeviceFacts, MessengerAccount, Origin, RawPhone, SocialAccount};

/// A row in which somebody holds a number.
pub trait HoldsNumber {
    /// The number's text; none if the row gives none.
    fn phone(&self) -> Option<&RawPhone>;

    /// The region to read it in.
    fn region(&self) -> Option<Region>;
}

impl HoldsNumber for MessengerAccount {
    fn phone(&self) -> Option<&RawPhone> {
        Some(&self.phone)
    }

    fn region(&self) -> Option<Region> {
        self.region
    }
}

impl HoldsNumber for SocialAccount {
    fn phone(&self) -> Option<&RawPhone> {
        self.phone.as_ref()
    }

    fn region(&self) -> Option<Region> {
        self.region
    }
}

impl HoldsNumber for Business {
    fn phone(&self) -> Option<&RawPhone> {
        Some(&self.phone)
    }

    fn region(&self) -> Option<Region> {
        self.region
    }
}

/// A row whose device links it to others.
pub trait ShowsDevice {
    /// The device.
    fn device(&self) -> &DeviceFacts;
}

impl ShowsDevice for MessengerAccount {
    fn device(&self) -> &DeviceFacts {
        &self.device
    }
}

impl ShowsDevice for SocialAccount {
    fn device(&self) -> &DeviceFacts {
        &self.device
    }
}

/// One row, and what was read of it.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'h, R> {
    /// The row.
    pub row: &'h R,
    /// Its number; none if it gives none or its text is none.
    pub number: Option<E164>,
    /// Its device, as a code among those of the same run.
    pub device: DeviceCode,
}

impl Holder<'_, MessengerAccount> {
    /// That the account held its number; none if that cannot be read.
    #[must_use]
    pub fn claim(&self) -> Option<AccountClaim> {
        Some(AccountClaim::of(self.row, self.number?, self.device))
    }

    /// What consent has to know of the account.
    #[must_use]
    pub fn facts(&self) -> AccountFacts {
        account_facts(self.row, self.number)
    }
}

impl Holder<'_, SocialAccount> {
    /// That the person can be found by the number; none if it cannot be read or was given for security.
    #[must_use]
    pub fn claim(&self) -> Option<SocialClaim> {
        SocialClaim::of(self.row, self.number?, self.device)
    }
}

/// What consent has to know of an account, its number already read.
#[must_use]
pub fn account_facts(row: &MessengerAccount, number: Option<E164>) -> AccountFacts {
    AccountFacts {
        account: row.account_id,
        registered_at: row.registered_at,
        last_seen_at: row.last_seen_at,
        number_region: number.and_then(number_region),
        residence: row.region,
        device: row.device.device_id,
    }
}

/// The rows of one table, with what was read of each.
#[derive(Clone, Debug)]
pub struct Holders<R> {
    rows: Vec<R>,
    /// One a row.
    read: Vec<Read>,
}

/// What was read of a row, and where it stood.
#[derive(Clone, Copy, Debug)]
struct Read {
    origin: Origin,
    number: Option<E164>,
    device: DeviceCode,
}

/// What became of the numbers of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumbersRead {
    /// How many were read.
    pub n_read: u64,
    /// The rows whose text is no number.
    pub refused: Vec<Refused>,
    /// How many digits are valid in their region and internationally.
    pub n_ambiguous: u64,
}

/// A row whose text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where it stood.
    pub origin: Origin,
    /// Why it is none.
    pub why: NotANumber,
}

impl<R> Default for Holders<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            read: Vec::new(),
        }
    }
}

impl<R> Holders<R> {
    /// Rows of which nothing is read yet.
    ///
    /// # Panics
    /// If there is not one origin a row.
    #[must_use]
    pub fn new(rows: Vec<R>, origins: &[Origin]) -> Self {
        assert_eq!(rows.len(), origins.len(), "every row stood somewhere");
        let unread = |&origin: &Origin| Read {
            origin,
            number: None,
            device: DeviceCode::default(),
        };
        Self {
            read: origins.iter().map(unread).collect(),
            rows,
        }
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// The rows, to be changed before anything is read of them.
    pub fn rows_mut(&mut self) -> &mut [R] {
        &mut self.rows
    }

    /// Every row with what was read of it.
    pub fn iter(&self) -> impl Iterator<Item = Holder<'_, R>> + Clone {
        let all = self.rows.iter().zip(&self.read);
        all.map(|(row, read)| Holder {
            row,
            number: read.number,
            device: read.device,
        })
    }

    /// How many numbers were read.
    #[must_use]
    pub fn n_numbers(&self) -> usize {
        self.read
            .iter()
            .filter(|read| read.number.is_some())
            .count()
    }

    /// Forgets the rows that `is_kept` says no of.
    pub fn retain(&mut self, is_kept: impl Fn(&R) -> bool) {
        let mut rows = self.rows.iter();
        self.read.retain(|_| rows.next().is_some_and(&is_kept));
        self.rows.retain(is_kept);
    }
}

impl<R: HoldsNumber> Holders<R> {
    /// Every text that may be a number.
    pub fn texts(&self) -> impl Iterator<Item = Typed<&RawPhone>> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some(Typed::new(row.phone()?, row.region())))
    }

    /// Reads every number.
    pub fn read_numbers(&mut self) -> NumbersRead {
        let texts: Vec<Typed<&RawPhone>> = self.texts().collect();
        let mut told = NumbersRead {
            n_ambiguous: count_ambiguous(&texts),
            ..NumbersRead::default()
        };
        let mut numbers = normalise(&texts).into_iter();
        // Rows without a text have no entry among the numbers.
        let with_text = self.rows.iter().zip(&mut self.read);
        let with_text = with_text.filter(|(row, _)| row.phone().is_some());
        for (_, read) in with_text {
            match numbers.next().expect("a number or a reason for each text") {
                Ok(number) => {
                    read.number = Some(number);
                    told.n_read += 1;
                }
                Err(why) => {
                    let origin = read.origin;
                    told.refused.push(Refused { origin, why });
                }
            }
        }
        told
    }
}

impl<R: ShowsDevice> Holders<R> {
    fn devices(&self) -> impl Iterator<Item = &DeviceFacts> {
        self.rows.iter().map(R::device)
    }

    fn take_codes(&mut self, codes: Vec<DeviceCode>) {
        for (read, device) in self.read.iter_mut().zip(codes) {
            read.device = device;
        }
    }
}

/// Codes the devices of both tables, so that equal ones have equal codes.
pub fn code_devices(accounts: &mut Holders<MessengerAccount>, social: &mut Holders<SocialAccount>) {
    let (of_accounts, of_social) = {
        let codes = DeviceCodes::of(accounts.devices().chain(social.devices()));
        let code = |device| codes.code(device);
        let of_accounts: Vec<_> = accounts.devices().map(code).collect();
        let of_social: Vec<_> = social.devices().map(code).collect();
        (of_accounts, of_social)
    };
    accounts.take_codes(of_accounts);
    social.take_codes(of_social);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::BusinessId;

    fn business(id: u64, phone: &str) -> Business {
        Business {
            business_id: BusinessId(id),
            phone: RawPhone::new(phone),
            region: Region::parse("DE"),
            category: String::new(),
            verified_at: None,
            portfolio_id: None,
            tier: None,
            tier_since: None,
        }
    }

    fn holders(texts: &[&str]) -> Holders<Business> {
        let rows = (1..).zip(texts).map(|(id, text)| business(id, text));
        let origins: Vec<Origin> = (1..=texts.len() as u64)
            .map(|row| Origin { file: 0, row })
            .collect();
        Holders::new(rows.collect(), &origins)
    }

    #[test]
    fn a_number_stays_with_its_row_when_others_are_forgotten() {
        let mut holders = holders(&["+4930123456", "nothing", "+4930654321"]);
        holders.retain(|row| row.business_id != BusinessId(1));
        let told = holders.read_numbers();
        assert_eq!((told.n_read, told.refused.len()), (1, 1));
        assert_eq!(told.refused[0].origin, Origin { file: 0, row: 2 });
        let read: Vec<_> = holders
            .iter()
            .map(|one| (one.row.business_id.0, one.number))
            .collect();
        let last = E164::canonical(&RawPhone::new("+4930654321"), None).unwrap();
        assert_eq!(read, [(2, None), (3, Some(last))]);
        holders.retain(|row| row.business_id != BusinessId(2));
        assert_eq!(holders.iter().next().unwrap().number, Some(last));
    }
}
