//! Prepare: from tables to everything that can be scored.

use std::path::Path;

use crate::abuse::SpamScore;
use crate::ads::{
    Audiences, ClickModel, Guard, HiddenBy, TrainReport, TrainingRow, UserProfile, train,
};
use crate::business::{self, Eligibility};
use crate::consent::{
    Abuse, AdRelevance, AsOf, BusinessMarketing, BusinessService, For, FriendSuggestions, Ledger,
    Permitted, Snapshot,
};
use crate::engine::accidents;
use crate::engine::ad_model::AdProvenance;
use crate::engine::apart::{KeptApart, end_matches, links_of_reports, standing_feedback};
use crate::engine::audiences::resolve;
use crate::engine::consent_source::{ConsentFrom, LedgerSource, Objections};
use crate::engine::contacts::{Book, Matcher, ReadBatch, default_regions, edges, friendships};
use crate::engine::friend_model::{self, RankedBy};
use crate::engine::inputs::Inputs;
use crate::engine::long_books::BookLengths;
use crate::engine::numbers::BookRefusals;
use crate::engine::outputs::LogState;
use crate::engine::spam;
use crate::engine::strangers::numbers_of_somebody;
use crate::engine::suggested::Suggested;
use crate::engine::view::{Gates, View, everyones_links};
use crate::engine::work::Work;
use crate::engine::{EngineError, GivenModels, Progress, Reading, Stage, Times, ValidRunParams};
use crate::graph::{Graph, GraphBuilder, GraphStats};
use crate::hash::{HashMap, HashSet};
use crate::identity::{Contact, E164, Link, Match, StrangersSaved, ValidIdentityParams};
use crate::ids::{AccountId, BusinessId, UserId};
use crate::signals::{Ad, AddressBookEntry, SignalsDir, Table};
use crate::suggest::{Apart, Desk, Exclusions, FriendModel, ValidSuggestParams, set_ties_aside};
use crate::time::Timestamp;

/// Everything that scores are made from, already permitted: what a backend holds in memory.
///
/// # Examples
/// ```no_run
/// use acquaint::engine::{Prepared, RunParams, Silent};
///
/// let params = RunParams::default().check()?;
/// let prepared = Prepared::open("data/quickstart".as_ref(), &params, None, None, &Silent)?;
/// println!("{} people may be suggested to each other", prepared.graph().n_users());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Prepared {
    pub(in crate::engine) params: ValidRunParams,
    pub(in crate::engine) as_of: AsOf,
    pub(in crate::engine) inputs: Inputs,
    /// As known when the gate is asked for what is published.
    pub(in crate::engine) published_known: Timestamp,
    /// The newest moment of any row, if some row is said to be from after the bound.
    pub(in crate::engine) latest: Option<Timestamp>,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) snapshot: Snapshot,
    pub(in crate::engine) suggest: View<FriendSuggestions>,
    pub(in crate::engine) ads: View<AdRelevance>,
    pub(in crate::engine) abuse: View<Abuse>,
    pub(in crate::engine) service: View<BusinessService>,
    pub(in crate::engine) marketing: View<BusinessMarketing>,
    pub(in crate::engine) desk: Desk,
    pub(in crate::engine) graph_stats: GraphStats,
    /// What the manifest says of the order.
    pub(in crate::engine) ranked_by: serde_json::Value,
    pub(in crate::engine) why_not_learned: Option<String>,
    pub(in crate::engine) abuse_scores: Vec<SpamScore>,
    pub(in crate::engine) eligibility: Eligibility,
    pub(in crate::engine) profiles: Vec<Permitted<UserProfile, AdRelevance>>,
    pub(in crate::engine) guard: Guard,
    pub(in crate::engine) model: ClickModel,
    pub(in crate::engine) train_report: TrainReport,
    pub(in crate::engine) stages: Vec<Stage>,
}

impl Prepared {
    /// Reads a signals directory and prepares everything that can be scored.
    ///
    /// `as_of` is the moment to speak of, by default the newest the signals know; `known_at` is the moment whose
    /// knowledge counts, by default the same.
    ///
    /// # Errors
    /// If a table is missing or cannot be read.
    pub fn open(
        signals: &Path,
        params: &ValidRunParams,
        as_of: Option<Timestamp>,
        known_at: Option<Timestamp>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let times = Times {
            as_of,
            known_at,
            latest: None,
        };
        Self::open_with(
            signals,
            None,
            params,
            times,
            GivenModels::default(),
            progress,
        )
    }

    /// As [`open`](Self::open), asking a durable ledger if one is given and with models that were trained before.
    ///
    /// # Errors
    /// As [`open`](Self::open); if the ledger cannot be read, or a table it takes the place of is there too; and if a model was
    /// trained on another state of the ledger.
    pub fn open_with(
        signals: &Path,
        ledger: Option<&LedgerSource<'_>>,
        params: &ValidRunParams,
        times: Times,
        models: GivenModels<'_>,
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let opening = Opening {
            signals,
            consent: ledger.into(),
            params,
            times,
            published_known: None,
            models,
            work: Work::ALL,
        };
        opening.prepare(progress)
    }

    /// The durable ledger that was asked, if one was.
    pub(in crate::engine) fn log(&self) -> Option<LogState> {
        self.inputs.consent.log.map(|root| LogState {
            root,
            is_whole: !self.ledger.is_broken(),
        })
    }

    /// What became of the rows that were read, and what somebody has to look at.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.inputs.read.reading(self.params.given().max_rejects)
    }

    /// Permitted people and their ties.
    #[must_use]
    pub const fn graph(&self) -> &Graph<FriendSuggestions> {
        self.desk.graph()
    }

    /// Makes every list of suggestions: everybody's, one person's, and why.
    #[must_use]
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The learned order, if the run has one.
    #[must_use]
    pub fn friend_model(&self) -> Option<&FriendModel> {
        self.desk.model()
    }

    /// Why there is no learned order although one was asked for.
    #[must_use]
    pub fn why_not_learned(&self) -> Option<&str> {
        self.why_not_learned.as_deref()
    }

    /// Adds the first `k` suggestions for a person to `out`, as the run publishes them; none for somebody who is not in the
    /// graph.
    pub(in crate::engine) fn suggest_into(&self, user: UserId, k: usize, out: &mut Vec<Suggested>) {
        let users = self.graph().users();
        let gate = &self.suggest.gates.people;
        let passes = |one: &Suggested| gate.decision(one.candidate).is_allowed();
        if let Some(node) = self
            .graph()
            .node(user)
            .filter(|_| gate.decision(user).is_allowed())
        {
            self.desk.list(node, k, |list| {
                out.extend(Suggested::of(list, users).filter(passes));
            });
        }
    }

    /// The friendships that passed the gate, as pairs of user ids, the smaller first.
    #[must_use]
    pub fn friendships(&self) -> Vec<(u64, u64)> {
        let graph = self.graph();
        let id = |node: u32| graph.users()[node as usize].0;
        let mut pairs = Vec::new();
        for u in graph.ties().nodes() {
            let range = graph.ties().range(u);
            for (&v, kinds) in graph.ties().row(u).iter().zip(&graph.tie_kinds()[range]) {
                if u < v && kinds.contains(crate::graph::EdgeKinds::FRIENDSHIP) {
                    pairs.push((id(u), id(v)));
                }
            }
        }
        pairs
    }

    /// The ads of the run.
    #[must_use]
    pub fn ads(&self) -> &[crate::signals::Ad] {
        &self.inputs.ads
    }

    /// The impressions that passed the gate for ad relevance, as rows to train on.
    #[must_use]
    pub fn training_rows(&self) -> Vec<Permitted<TrainingRow, AdRelevance>> {
        training_rows(&self.inputs, &self.ads, &self.profiles).0
    }
}

/// What to prepare, and for which outputs.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Opening<'a> {
    pub(in crate::engine) signals: &'a Path,
    pub(in crate::engine) consent: ConsentFrom<'a>,
    pub(in crate::engine) params: &'a ValidRunParams,
    pub(in crate::engine) times: Times,
    /// As known when rows are published; the newest the events know by default, but never before `known_at`.
    pub(in crate::engine) published_known: Option<Timestamp>,
    pub(in crate::engine) models: GivenModels<'a>,
    pub(in crate::engine) work: Work,
}

impl Opening<'_> {
    /// Reads the tables and prepares what the outputs asked for need.
    pub(in crate::engine) fn prepare(
        &self,
        progress: &dyn Progress,
    ) -> Result<Prepared, EngineError> {
        let params = self.models.params(self.params)?;
        let (dir, inputs, standing) = self.ask(progress)?;
        Preparation::new(inputs, standing, &params, self.work).finish(&dir, self.models, progress)
    }

    /// Reads every table but the address book, and asks the ledger.
    pub(in crate::engine) fn ask(
        &self,
        progress: &dyn Progress,
    ) -> Result<(SignalsDir, Inputs, Standing), EngineError> {
        let dir = SignalsDir::open(self.signals, &self.params.signals)?;
        let bound = self.times.bound(self.published_known);
        let mut inputs = Inputs::read(&dir, self.consent, bound, progress)?;
        let valid = match self.times.as_of {
            Some(as_of) => as_of,
            None => inputs.moment().unwrap_or(Timestamp::MIN),
        };
        inputs.forget_after(valid);
        inputs.read_numbers()?;
        let unknown = accidents::unknown_devices(&inputs, valid);
        inputs.read.findings.extend(unknown);
        let as_of = AsOf {
            valid,
            known: self.times.known_at.unwrap_or(valid),
        };
        progress.begin("asking the ledger", None);
        let standing = Standing::new(&mut inputs, as_of, self.published_known, self.params);
        let accidents = accidents::of_inputs(&inputs, &standing);
        inputs.read.findings.extend(accidents);
        Ok((dir, inputs, standing))
    }
}

/// What the ledger says, at the moment the run speaks of and again as known at publication.
///
/// Whoever is out at either is out of everything: what becomes known before publication leaves no more of a
/// person than what was known all along.
pub(in crate::engine) struct Standing {
    as_of: AsOf,
    published_known: Timestamp,
    /// The newest moment of any row, if some row is said to be from after the bound.
    latest: Option<Timestamp>,
    /// When the first and the last of its events happened.
    pub(in crate::engine) events: Option<(Timestamp, Timestamp)>,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) snapshot: Snapshot,
    at_publication: Snapshot,
    objections: Objections,
    identity: ValidIdentityParams,
    everyones_links: Vec<Link>,
    of_links: Stage,
}

impl Standing {
    /// Takes the events, policies and orders out of the inputs and asks.
    pub(in crate::engine) fn new(
        inputs: &mut Inputs,
        as_of: AsOf,
        published_known: Option<Timestamp>,
        params: &ValidRunParams,
    ) -> Self {
        let events = inputs.consent.events.iter();
        let newest = events.map(|event| event.known_time).max();
        let published_known = published_known
            .or(newest)
            .map_or(as_of.known, |known| known.max(as_of.known));
        let latest = inputs.read.has_future.then(|| {
            let asked = as_of.valid.max(published_known);
            inputs.newest().map_or(asked, |newest| newest.max(asked))
        });
        let events = accidents::span(inputs.consent.events.iter().map(|event| event.valid_time));
        let ledger = inputs.consent.ledger();
        let facts = inputs.facts();
        let published = AsOf {
            valid: as_of.valid.max(published_known),
            known: published_known,
        };
        let (everyones_links, of_links) = everyones_links(inputs, &params.identity);
        let snapshot = ledger.snapshot(as_of, &facts, &params.consent);
        // The signals end at the moment the run speaks of: silence after it says nothing of anybody.
        let at_publication =
            ledger.snapshot_seen_until(published, as_of.valid, &facts, &params.consent);
        Self {
            as_of,
            published_known,
            latest,
            events,
            objections: inputs.consent.objections(&[&snapshot, &at_publication]),
            snapshot,
            at_publication,
            ledger,
            identity: params.identity.clone(),
            everyones_links,
            of_links,
        }
    }

    /// The gates of a purpose.
    pub(in crate::engine) fn gates<P: For>(&self, inputs: &Inputs) -> Gates<P> {
        let moments = [&self.snapshot, &self.at_publication];
        Gates::new(inputs, &moments, &self.everyones_links, &self.identity)
    }

    /// The moment the run speaks of.
    pub(in crate::engine) const fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// What a purpose may see; nothing if no output asks for it.
    pub(in crate::engine) fn view<P: For>(
        &self,
        inputs: &Inputs,
        wanted: bool,
    ) -> (View<P>, Stage) {
        let gates = if wanted {
            self.gates(inputs)
        } else {
            Gates::closed(&self.snapshot)
        };
        View::new(inputs, gates)
    }

    /// Is this the number of somebody without an account who objected, as known at either moment?
    pub(in crate::engine) fn objected(&self, number: E164) -> bool {
        self.objections.contains(number)
    }
}

/// What is known before the address book is read.
pub(in crate::engine) struct Preparation<'p> {
    inputs: Inputs,
    params: &'p ValidRunParams,
    work: Work,
    standing: Standing,
    suggest: View<FriendSuggestions>,
    ads: View<AdRelevance>,
    abuse: View<Abuse>,
    service: View<BusinessService>,
    marketing: View<BusinessMarketing>,
    stages: Vec<Stage>,
}

impl<'p> Preparation<'p> {
    pub(in crate::engine) fn new(
        mut inputs: Inputs,
        standing: Standing,
        params: &'p ValidRunParams,
        work: Work,
    ) -> Self {
        let (suggest, s1) = standing.view(&inputs, work.suggest);
        let (ads, s2) = standing.view(&inputs, work.ads);
        let (abuse, _) = standing.view(&inputs, work.abuse);
        let (service, _) = standing.view(&inputs, work.business);
        let (marketing, _) = standing.view(&inputs, work.business);
        let mut stages = std::mem::take(&mut inputs.read.stages);
        stages.extend([standing.of_links.clone(), s1, s2]);
        Self {
            inputs,
            params,
            work,
            standing,
            suggest,
            ads,
            abuse,
            service,
            marketing,
            stages,
        }
    }

    fn finish(
        mut self,
        dir: &SignalsDir,
        models: GivenModels<'_>,
        progress: &dyn Progress,
    ) -> Result<Prepared, EngineError> {
        if let Some(model) = models.ad_model {
            model.check(&self.provenance())?;
        }
        let (book, graph, exclusions) = self.tied(dir, progress)?;
        let graph_stats = GraphStats::of(&graph);
        let over = (&graph, &exclusions);
        let ranked_by = self.ranked_by(over, models.friend_model, progress)?;
        let (suggest_scores, s1) = self.spam(&self.suggest, &book.suggest, &[], self.work.suggest);
        let (abuse_scores, s2) =
            self.spam(&self.abuse, &book.abuse, &book.strangers, self.work.abuse);
        self.stages.extend(s1.into_iter().chain(s2));
        let spam = spam::by_node(&graph, &self.suggest, &suggest_scores);
        let (of_order, why_not_learned) =
            (ranked_by.summary(), ranked_by.why_not().map(str::to_owned));
        let desk = Desk::new(
            graph,
            exclusions,
            &spam,
            &self.params.suggest,
            ranked_by.into_model(),
        )?;
        if self.work.suggest {
            let n_people = self.suggest.users.len();
            let unlinked = accidents::nobody_linked(&self.inputs, &self.standing, n_people);
            self.inputs.read.findings.extend(unlinked);
        }
        let eligibility = self.eligibility(&book);
        let profiles = self.profiles();
        let (rows, of_rows) = self.training_rows(&profiles);
        self.stages.push(of_rows);
        let guard = self.guard(&profiles, &rows);
        let (model, train_report) = if let Some(given) = models.ad_model {
            (given.model().clone(), given.training().clone())
        } else {
            progress.begin("training the ad model", None);
            train(&rows, &self.inputs.ads, &self.params.ads)?
        };
        Ok(Prepared {
            params: self.params.clone(),
            as_of: self.standing.as_of,
            published_known: self.standing.published_known,
            latest: self.standing.latest,
            inputs: self.inputs,
            ledger: self.standing.ledger,
            snapshot: self.standing.snapshot,
            suggest: self.suggest,
            ads: self.ads,
            abuse: self.abuse,
            service: self.service,
            marketing: self.marketing,
            desk,
            graph_stats,
            ranked_by: of_order,
            why_not_learned,
            abuse_scores,
            eligibility,
            profiles,
            guard,
            model,
            train_report,
            stages: self.stages,
        })
    }

    /// Who is tied to whom and who is kept apart, and nothing else.
    pub(in crate::engine) fn ties(
        mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
    ) -> Result<(Graph<FriendSuggestions>, Exclusions), EngineError> {
        let (_, graph, exclusions) = self.tied(dir, progress)?;
        Ok((graph, exclusions))
    }

    fn tied(
        &mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
    ) -> Result<(Books, Graph<FriendSuggestions>, Exclusions), EngineError> {
        let mut book = self.read_address_book(dir, progress)?;
        progress.begin("packing the graph", None);
        let apart = self.apart();
        let of_matches = end_matches(&mut book.suggest.matches, &self.suggest, &apart);
        if of_matches.n_dropped() > 0 {
            self.stages.push(of_matches);
        }
        let graph = self.graph(&book.suggest.matches, &apart)?;
        let exclusions = Exclusions::new(&graph, &apart).with_minors(self.minors(&graph));
        Ok((book, graph, exclusions))
    }

    /// The spam scores of a view; none if no output asks for them.
    fn spam<P: For>(
        &self,
        view: &View<P>,
        book: &Book<P>,
        strangers: &[(AccountId, u32)],
        wanted: bool,
    ) -> (Vec<SpamScore>, Vec<Stage>) {
        if wanted {
            spam::scores(&self.inputs, view, book, strangers, &self.params.abuse)
        } else {
            (Vec::new(), Vec::new())
        }
    }

    /// The ads there are.
    pub(in crate::engine) fn ads_table(&self) -> &[Ad] {
        &self.inputs.ads
    }

    /// On whose consent an ad model of this run rests.
    pub(in crate::engine) fn provenance(&self) -> AdProvenance {
        AdProvenance::of(&self.standing.ledger, &self.standing.snapshot)
    }

    /// What the ad model learns from; nothing if no ads are asked for, not even sums over many people.
    pub(in crate::engine) fn training_rows(
        &self,
        profiles: &[Permitted<UserProfile, AdRelevance>],
    ) -> (Vec<Permitted<TrainingRow, AdRelevance>>, Stage) {
        if self.work.ads {
            training_rows(&self.inputs, &self.ads, profiles)
        } else {
            (Vec::new(), Stage::default())
        }
    }
}

/// What the address book said, for each purpose that may know.
struct Books {
    suggest: Book<FriendSuggestions>,
    abuse: Book<Abuse>,
    service: Book<BusinessService>,
    marketing: Book<BusinessMarketing>,
    /// How many different numbers that are nobody's account each account saved: counts only.
    strangers: Vec<(AccountId, u32)>,
}

impl Preparation<'_> {
    fn read_address_book(
        &mut self,
        dir: &SignalsDir,
        progress: &dyn Progress,
    ) -> Result<Books, EngineError> {
        progress.begin("matching the address book", None);
        let regions = default_regions(&self.inputs);
        let taken = numbers_of_somebody(&self.inputs, &self.abuse);
        let objected = |number| self.standing.objected(number);
        let (work, budget) = (self.work, self.params.identity.budget());
        let mut suggest = work
            .suggest
            .then(|| Matcher::new(&self.inputs, &self.suggest, budget));
        let mut abuse = work
            .abuse
            .then(|| Matcher::new(&self.inputs, &self.abuse, budget));
        let mut service = work
            .business
            .then(|| Matcher::new(&self.inputs, &self.service, budget));
        let mut marketing = work
            .business
            .then(|| Matcher::new(&self.inputs, &self.marketing, budget));
        let (mut lengths, mut strangers) = (BookLengths::default(), StrangersSaved::default());
        let as_of = self.standing.as_of.valid;
        let mut refusals = BookRefusals::default();
        let mut numbers = std::mem::take(&mut self.inputs.read.numbers);
        let summary = dir.stream::<AddressBookEntry, EngineError>(|mut rows| {
            lengths.add(&rows.records);
            let batch = ReadBatch::new(&rows.records, as_of, &regions, &objected);
            if let Some(matcher) = &mut suggest {
                matcher.add(&batch);
            }
            if let Some(matcher) = &mut service {
                matcher.add(&batch);
            }
            if let Some(matcher) = &mut marketing {
                matcher.add(&batch);
            }
            if let Some(abuse) = &mut abuse {
                count_strangers(&abuse.add(&batch), &taken, &mut strangers);
            }
            progress.advance(rows.records.len() as u64);
            numbers.add_ambiguous(Table::AddressBook, batch.n_ambiguous());
            numbers.refuse(
                Table::AddressBook,
                batch.refused().iter().map(|(_, why)| (*why).into()),
            );
            refusals.add(&mut rows, batch.refused());
            Ok(())
        })?;
        lengths.reread_longer_than(budget.always_allowed(), dir, progress, |rows| {
            let batch = ReadBatch::new(rows, as_of, &regions, &objected);
            count(&mut suggest, &batch);
            count(&mut abuse, &batch);
            count(&mut service, &batch);
            count(&mut marketing, &batch);
        })?;
        let (suggest, s1) = matches_of(suggest);
        let (abuse, s2) = matches_of(abuse);
        let (service, _) = matches_of(service);
        let (marketing, _) = matches_of(marketing);
        let (rejections, n_unlisted) = refusals.finish(&summary);
        let read = &mut self.inputs.read;
        read.rejections.extend(rejections);
        read.n_unlisted += n_unlisted;
        read.numbers = numbers;
        read.take(summary);
        self.stages.append(&mut self.inputs.read.stages);
        let unread = s1.as_ref().or(s2.as_ref()).and_then(accidents::unread_book);
        self.inputs.read.findings.extend(unread);
        self.stages.extend([s1, s2].into_iter().flatten());
        Ok(Books {
            suggest,
            abuse,
            service,
            marketing,
            strangers: strangers.by_account(),
        })
    }

    fn graph(
        &mut self,
        matches: &[Permitted<Match, FriendSuggestions>],
        apart: &Apart,
    ) -> Result<Graph<FriendSuggestions>, EngineError> {
        let (contacts, of_contacts) = edges(&self.suggest, matches);
        let (friends, of_friends) = friendships(&self.inputs, &self.suggest, apart);
        let mut builder = GraphBuilder::new(self.suggest.users.iter().copied())?;
        builder.add_edges(&contacts);
        builder.add_edges(&friends);
        let mut built = builder.build();
        let counts = built.counts;
        let mut packed = Stage::new("edges → graph");
        packed.pass(counts.contacts + counts.friendships);
        packed.drop("duplicate", counts.duplicates);
        packed.drop("self", counts.self_edges);
        packed.drop("unknown_endpoint", counts.unknown_endpoints);
        let of_ties = untie(&mut built.graph, &self.params.suggest);
        self.stages
            .extend([of_contacts, of_friends, packed, of_ties]);
        Ok(built.graph)
    }

    /// Who is kept apart. Feedback counts only between people who both pass the gate.
    fn apart(&mut self) -> Apart {
        let mut stage = Stage::new("feedback → exclusions");
        let days = self.params.suggest.dismiss_days();
        let as_of = self.standing.as_of.valid;
        let (rows, n_over) = standing_feedback(&self.inputs.feedback, days, as_of);
        let gates = &self.suggest.gates;
        let passes = |user| gates.people.decision(user).is_allowed();
        let (counted, others): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| passes(row.user_id) && passes(row.other_id));
        stage.pass(counted.len() as u64);
        stage.drop("not_in_graph", others.len() as u64);
        stage.drop("dismissal_over", n_over);
        let of_reports = links_of_reports(&self.inputs, gates, &self.params.identity);
        let apart = KeptApart {
            inputs: &self.inputs,
            feedback: &counted,
            of_reports: &of_reports,
            of_devices: &self.suggest.links,
            accounts: &gates.accounts,
            people: &gates.people,
        }
        .apart();
        self.stages.push(stage);
        apart
    }

    fn ranked_by(
        &self,
        over: (&Graph<FriendSuggestions>, &Exclusions),
        given: Option<&FriendModel>,
        progress: &dyn Progress,
    ) -> Result<RankedBy, EngineError> {
        if !self.work.suggest {
            return Ok(RankedBy::Score);
        }
        let (ledger, snapshot) = (&self.standing.ledger, &self.standing.snapshot);
        let provenance = friend_model::provenance(ledger, snapshot);
        friend_model::ranked_by(over, self.params, given, provenance, progress)
    }

    /// By node, whether they are a minor: whoever may not have turned 18 in the year that is spoken of.
    fn minors(&self, graph: &Graph<FriendSuggestions>) -> Vec<bool> {
        if !self.params.suggest.age_bands() {
            return Vec::new();
        }
        let year = self.standing.as_of.valid.year();
        let mut minors = vec![false; graph.n_users()];
        for account in &self.inputs.social {
            let born = account.birth_year.and_then(|year| i16::try_from(year).ok());
            if let (Some(node), Some(born)) = (graph.node(account.user_id), born) {
                minors[node as usize] |= year.saturating_sub(born) <= ADULT_AFTER_YEARS;
            }
        }
        minors
    }

    fn eligibility(&mut self, book: &Books) -> Eligibility {
        if !self.work.business {
            return Eligibility::default();
        }
        let service_spam = self.business_spam(&self.service, &book.service);
        let marketing_spam = self.business_spam(&self.marketing, &book.marketing);
        let signals = business::Signals {
            businesses: &self.inputs.businesses,
            threads: &self.inputs.threads,
            opt_ins: &self.inputs.opt_ins,
            service_spam: &service_spam,
            marketing_spam: &marketing_spam,
        };
        let eligibility = business::reach(
            &signals,
            &self.service.gates.accounts,
            &self.marketing.gates.accounts,
            self.standing.as_of.valid,
            &self.params.business,
        );
        let mut stage = Stage::new("businesses × accounts → verdicts");
        stage.pass(eligibility.rows.len() as u64);
        for (reason, n) in &eligibility.denied {
            stage.drop(reason.as_str(), *n);
        }
        stage.drop("unknown_business", eligibility.n_unknown_business);
        stage.drop("not_yet", eligibility.n_not_yet);
        self.stages.push(stage);
        eligibility
    }

    /// The spam score of each business that has an account, resting on what may be used for that purpose: a
    /// number counts as held by whom the purpose allows, whoever else names it.
    fn business_spam<P: For>(&self, view: &View<P>, book: &Book<P>) -> HashMap<BusinessId, f64> {
        let (scores, _) = spam::scores(&self.inputs, view, book, &[], &self.params.abuse);
        let score_of: HashMap<AccountId, f64> =
            scores.iter().map(|s| (s.account, s.score)).collect();
        let accounts: HashMap<E164, AccountId> = self
            .inputs
            .account_claims()
            .map(|claim| (claim.binding.number, claim.binding.account))
            .filter(|(_, account)| view.gates.accounts.decision(*account).is_allowed())
            .collect();
        let businesses = self
            .inputs
            .businesses
            .iter()
            .zip(&self.inputs.of_businesses);
        businesses
            .filter_map(|(row, number)| {
                let account = accounts.get(number.as_ref()?)?;
                Some((row.business_id, *score_of.get(account)?))
            })
            .collect()
    }

    /// Who may get which ad; nobody any, but for what everybody may, if no ads are asked for.
    fn guard(
        &mut self,
        profiles: &[Permitted<UserProfile, AdRelevance>],
        rows: &[Permitted<TrainingRow, AdRelevance>],
    ) -> Guard {
        let as_of = self.standing.as_of.valid;
        let policy = self.params.ads.policy();
        let guard = Guard::new(as_of, policy);
        if !self.work.ads {
            return guard;
        }
        let hidden = self.hidden();
        let key = self.params.audience_key.as_deref();
        let lists = resolve(&self.inputs, &self.ads, key, as_of);
        self.stages.extend(lists.stage);
        let ads = &self.inputs.ads;
        let audiences = Audiences::judge(&lists.known, &lists.members, profiles, ads, policy);
        guard
            .with_hidden(&hidden)
            .with_showings(rows, ads)
            .with_audiences(audiences)
    }

    /// What people hid; nothing of people who are out, who get no ads anyway.
    fn hidden(&mut self) -> Vec<Permitted<HiddenBy, AdRelevance>> {
        let mut stage = Stage::new("ad feedback → hidden");
        let gate = &self.ads.gates.people;
        let rows = self.inputs.ad_feedback.iter();
        let hidden = stage.keep(rows.map(|row| gate.permit(HiddenBy::from(row))));
        if stage.rows_in > 0 {
            self.stages.push(stage);
        }
        hidden
    }

    pub(in crate::engine) fn profiles(&self) -> Vec<Permitted<UserProfile, AdRelevance>> {
        let year = self.standing.as_of.valid.year();
        let profile = |account| {
            self.ads
                .gates
                .people
                .permit(UserProfile::new(account, year))
                .ok()
        };
        self.inputs.social.iter().filter_map(profile).collect()
    }
}

/// The difference between two years that leaves in doubt whether somebody is 18: only a greater one is an adult's.
const ADULT_AFTER_YEARS: i16 = 18;

/// Sets aside the ties that may lead to nobody, and counts the ties.
fn untie(graph: &mut Graph<FriendSuggestions>, params: &ValidSuggestParams) -> Stage {
    let mut stage = Stage::new("ties → two-paths");
    for (reason, n) in set_ties_aside(graph, params).by_reason() {
        stage.drop(reason, n);
    }
    stage.pass((graph.ties().n_entries() / 2) as u64);
    stage
}

/// A matcher's matches and sums; none if there is no matcher.
fn matches_of<P: For>(matcher: Option<Matcher<'_, P>>) -> (Book<P>, Option<Stage>) {
    matcher.map_or_else(
        || (Book::default(), None),
        |matcher| {
            let (found, stage) = matcher.finish();
            (found, Some(stage))
        },
    )
}

/// Counts the numbers of long books, if there is a matcher.
fn count<P: For>(matcher: &mut Option<Matcher<'_, P>>, batch: &ReadBatch) {
    if let Some(matcher) = matcher {
        matcher.count(batch);
    }
}

/// Counts the numbers that are nobody's account. A number of somebody who is out is not counted:
/// whoever is deleted from every table is deleted from address books too.
fn count_strangers(
    contacts: &[Permitted<Contact, Abuse>],
    taken: &HashSet<E164>,
    strangers: &mut StrangersSaved,
) {
    for contact in contacts.iter().map(Permitted::get) {
        if !taken.contains(&contact.number) {
            strangers.add(contact);
        }
    }
}

fn training_rows(
    inputs: &Inputs,
    view: &View<AdRelevance>,
    profiles: &[Permitted<UserProfile, AdRelevance>],
) -> (Vec<Permitted<TrainingRow, AdRelevance>>, Stage) {
    let profile_of: HashMap<UserId, &UserProfile> =
        profiles.iter().map(|p| (p.get().user, p.get())).collect();
    let mut stage = Stage::new("impressions → training rows");
    let row = |impression: &crate::signals::Impression| {
        let profile = impression
            .user_id
            .and_then(|user| profile_of.get(&user).copied());
        let row = TrainingRow::new(impression, profile);
        view.gates.people.permit(row)
    };
    let rows = stage.keep(inputs.impressions.iter().map(row));
    (rows, stage)
}
