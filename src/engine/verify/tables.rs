//! Every table as it was read, to be written again without some people.

use std::path::Path;

use rayon::prelude::*;

use super::erase::Gone;
use crate::consent::Overlay;
use crate::identity::normalise;
use crate::signals::{
    AbuseReport, Ad, AddressBookEntry, Business, BusinessOptIn, BusinessThread, ConsentEventRow,
    Feedback, Friendship, Impression, MessengerAccount, PolicyText, Record, SignalsDir,
    SignalsError, SocialAccount, TableForm, write_table,
};

/// The rows of every table, in the order in which they were read.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Tables {
    pub(in crate::engine) accounts: Vec<MessengerAccount>,
    pub(in crate::engine) book: Vec<AddressBookEntry>,
    pub(in crate::engine) social: Vec<SocialAccount>,
    pub(in crate::engine) friendships: Vec<Friendship>,
    pub(in crate::engine) feedback: Vec<Feedback>,
    events: Vec<ConsentEventRow>,
    policies: Vec<PolicyText>,
    overlays: Vec<Overlay>,
    ads: Vec<Ad>,
    pub(in crate::engine) impressions: Vec<Impression>,
    businesses: Vec<Business>,
    pub(in crate::engine) threads: Vec<BusinessThread>,
    pub(in crate::engine) opt_ins: Vec<BusinessOptIn>,
    pub(in crate::engine) reports: Vec<AbuseReport>,
}

impl Tables {
    pub(in crate::engine) fn read(dir: &SignalsDir) -> Result<Self, SignalsError> {
        Ok(Self {
            accounts: rows(dir)?,
            book: rows(dir)?,
            social: rows(dir)?,
            friendships: rows(dir)?,
            feedback: rows(dir)?,
            events: rows(dir)?,
            policies: rows(dir)?,
            overlays: rows(dir)?,
            ads: rows(dir)?,
            impressions: rows(dir)?,
            businesses: rows(dir)?,
            threads: rows(dir)?,
            opt_ins: rows(dir)?,
            reports: rows(dir)?,
        })
    }

    /// Writes every row that names nobody who is gone.
    pub(in crate::engine) fn write_without(
        &self,
        gone: &Gone,
        dir: &Path,
        with_consent: bool,
    ) -> Result<(), SignalsError> {
        let (user, account) = (|id| gone.keeps_user(id), |id| gone.keeps_account(id));
        write(dir, &self.accounts, |row| account(row.account_id))?;
        write_table(dir, TableForm::Parquet, &self.book_without(gone))?;
        write(dir, &self.social, |row| user(row.user_id))?;
        write(dir, &self.friendships, |row| {
            user(row.user_a) && user(row.user_b)
        })?;
        write(dir, &self.feedback, |row| {
            user(row.user_id) && user(row.other_id)
        })?;
        write(dir, &self.ads, |_| true)?;
        write(dir, &self.impressions, |row| row.user_id.is_none_or(user))?;
        write(dir, &self.businesses, |_| true)?;
        write(dir, &self.threads, |row| account(row.account_id))?;
        write(dir, &self.opt_ins, |row| account(row.account_id))?;
        write(dir, &self.reports, |row| {
            account(row.reporter) && account(row.reported)
        })?;
        if with_consent {
            write(dir, &self.policies, |_| true)?;
            write(dir, &self.overlays, |_| true)?;
            write(dir, &self.events, |row| match row {
                ConsentEventRow::Known(event) => gone.keeps_subject(&event.subject),
                ConsentEventRow::NonUser { .. } => true,
            })?;
        }
        Ok(())
    }

    /// Address books without theirs, and without their numbers in others'.
    fn book_without(&self, gone: &Gone) -> Vec<AddressBookEntry> {
        let column: Vec<_> = self
            .book
            .par_iter()
            .map(|row| (row.phone.clone(), gone.region(row.account_id)))
            .collect();
        let numbers = normalise(&column);
        let keeps = |(row, number): &(&AddressBookEntry, &Result<_, _>)| {
            let is_kept = |&number: &_| gone.keeps_number(number);
            gone.keeps_account(row.account_id) && number.as_ref().map_or(true, is_kept)
        };
        let rows = self.book.iter().zip(&numbers).filter(keeps);
        rows.map(|(row, _)| row.clone()).collect()
    }
}

fn rows<R: Record>(dir: &SignalsDir) -> Result<Vec<R>, SignalsError> {
    Ok(dir.read()?.records)
}

fn write<R: Record + Clone>(
    dir: &Path,
    rows: &[R],
    keeps: impl Fn(&R) -> bool,
) -> Result<(), SignalsError> {
    let kept: Vec<R> = rows.iter().filter(|row| keeps(row)).cloned().collect();
    write_table(dir, TableForm::Parquet, &kept).map(drop)
}
