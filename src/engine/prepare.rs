//! Prepare: from tables to everything that can be scored, corridor by corridor.

use std::path::Path;

use crate::ads::{ModelWeights, SharedFacts, TrainingRow};
use crate::consent::{Abuse, AdRelevance, AsOf, FriendSuggestions, Permitted, Purpose};
use crate::engine::abuse::{AbuseBook, AbuseReader, SpamScores};
use crate::engine::ads::provenance::AdProvenance;
use crate::engine::ads::{Ads, Impressions, training_rows};
use crate::engine::books::reading::{Book, Matcher, Reader, read_address_book};
use crate::engine::business::books::BusinessReader;
use crate::engine::business::explain::BusinessExplained;
use crate::engine::business::{BusinessBooks, BusinessViews, Verdicts};
use crate::engine::friends::explain::SuggestionExplained;
use crate::engine::friends::{Friends, beside};
use crate::engine::opening::{Opened, Opening};
use crate::engine::world::World;
use crate::engine::world::accidents;
use crate::engine::world::view::View;
use crate::engine::{
    AdExplained, EngineError, GivenModels, LedgerSource, Progress, Reading, Stage, Times,
    ValidRunParams,
};
use crate::graph::{Dealings, EdgeKinds};
use crate::ids::{AccountId, AdId, BusinessId, TemplateId, UserId};
use crate::signals::{Ad, MessageKind, SignalsDir};
use crate::suggest::FriendModel;
use crate::time::Timestamp;

/// The purposes that have outputs, in the order in which they are looked at.
pub(in crate::engine) const PURPOSES: [Purpose; 5] = [
    Purpose::FriendSuggestions,
    Purpose::AdRelevance,
    Purpose::Abuse,
    Purpose::BusinessService,
    Purpose::BusinessMarketing,
];

/// Everything that scores are made from, already permitted. A backend holds an [`Engine`](crate::Engine) instead.
///
/// # Examples
/// ```no_run
/// use acquaint::engine::{Prepared, RunParams, Silent};
///
/// let params = RunParams::default().check()?;
/// let prepared = Prepared::open("data/quickstart".as_ref(), &params, None, None, &Silent)?;
/// println!("{} friendships passed the gate", prepared.friendships().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Prepared {
    pub(in crate::engine) world: World,
    pub(in crate::engine) friends: Option<Friends>,
    pub(in crate::engine) ads: Option<Ads>,
    pub(in crate::engine) abuse: Option<SpamScores>,
    pub(in crate::engine) business: Option<Verdicts>,
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
            times,
            published_known: None,
        };
        let kept = Impressions::Kept;
        Self::of(&opening, params, models, (&PURPOSES, kept), progress)
    }

    /// Prepares what some purposes need, and does nothing for the others.
    pub(in crate::engine) fn of(
        opening: &Opening<'_>,
        params: &ValidRunParams,
        models: GivenModels<'_>,
        (purposes, impressions): (&[Purpose], Impressions),
        progress: &dyn Progress,
    ) -> Result<Self, EngineError> {
        let params = models.params(params)?;
        let Opened { dir, mut world } = opening.ask(&params, progress)?;
        let mut views = Views::new(&mut world, purposes);
        if let Some(model) = models.ad_model {
            model.check(&AdProvenance::of(&world.standing))?;
        }
        let books = views.read_books(&mut world, &dir, progress)?;
        views.forget_directories();
        views.prepare(world, books, (models, impressions), progress)
    }

    /// The moments it speaks of.
    #[must_use]
    pub fn as_of(&self) -> AsOf {
        self.world.standing.as_of
    }

    /// What became of the rows that were read, and what somebody has to look at.
    #[must_use]
    pub fn reading(&self) -> Reading {
        self.world.reading()
    }

    /// The learned order of suggestions, if the run has one.
    #[must_use]
    pub fn friend_model(&self) -> Option<&FriendModel> {
        self.friends.as_ref()?.desk.model()
    }

    /// Why there is no learned order although one was asked for.
    #[must_use]
    pub fn why_not_learned(&self) -> Option<&str> {
        self.friends.as_ref()?.why_not_learned.as_deref()
    }

    /// The friendships that passed the gate, as pairs of user ids, the smaller first.
    #[must_use]
    pub fn friendships(&self) -> Vec<(u64, u64)> {
        self.friends.as_ref().map_or_else(Vec::new, friendships)
    }

    /// Who saved whose number among permitted people, as pairs of user ids, from who saved.
    #[must_use]
    pub fn contacts(&self) -> Vec<(u64, u64)> {
        self.friends.as_ref().map_or_else(Vec::new, contacts)
    }

    /// Calls and groups that permitted people share.
    #[must_use]
    pub fn dealings(&self) -> Vec<Permitted<Dealings, FriendSuggestions>> {
        let of = |friends: &Friends| beside::dealings(&self.world.inputs, &friends.view);
        self.friends.as_ref().map_or_else(Vec::new, of)
    }

    /// The ads of the run.
    #[must_use]
    pub fn ads(&self) -> &[Ad] {
        &self.world.inputs.ads
    }

    /// The impressions that passed the gate for ad relevance, as rows to train on.
    #[must_use]
    pub fn training_rows(&self) -> Vec<Permitted<TrainingRow, AdRelevance>> {
        let rows = |ads: &Ads| training_rows(&self.world, &ads.view, &ads.profiles).value;
        self.ads.as_ref().map_or_else(Vec::new, rows)
    }

    /// What is shared about people besides their profiles, for ads.
    #[must_use]
    pub fn ad_facts(&self) -> Option<&SharedFacts> {
        self.ads.as_ref().map(|ads| &ads.facts)
    }

    /// Why somebody is suggested to a person, or why not.
    ///
    /// # Complexity
    /// One person's candidates, all kept; with `[suggest] shown_max` everybody's suggestions the first time.
    #[must_use]
    pub fn explain_suggestion(&self, user: UserId, candidate: UserId) -> SuggestionExplained {
        match &self.friends {
            Some(friends) => friends.explain(&self.world, user, candidate),
            None => SuggestionExplained::of(user, candidate),
        }
    }

    /// Why an ad is given to a person, or why not.
    ///
    /// # Errors
    /// By a factor model, if it has weights that are not finite or larger than 10¹², or a calibration that falls.
    ///
    /// # Complexity
    /// One ranking of the person's ads, two if it is not given out.
    pub fn explain_ad(&self, user: UserId, ad: AdId) -> Result<AdExplained, EngineError> {
        match &self.ads {
            Some(ads) => ads.explain(&self.world, user, ad),
            None => Ok(AdExplained::of(user, ad)),
        }
    }

    /// What every rule says of messages of a business to an account at the moment of the run.
    #[must_use]
    pub fn explain_business(
        &self,
        business: BusinessId,
        account: AccountId,
        kinds: &[MessageKind],
        template: Option<TemplateId>,
    ) -> BusinessExplained {
        let between = (business, account);
        match &self.business {
            Some(verdicts) => verdicts.explain(&self.world, between, kinds, template),
            None => BusinessExplained::nothing(&self.world, business, account),
        }
    }

    /// How far each field moves the log-odds of a click, over permitted people and ads that the policy lets them have. A value that
    /// fewer people have than `[ads.signals] friends_min` is not named. None without ads.
    ///
    /// # Complexity
    /// Up to 8 ads a person, each taken apart.
    #[must_use]
    pub fn explain_ad_model(&self) -> Option<ModelWeights> {
        self.ads.as_ref().map(|ads| ads.weights(&self.world))
    }
}

fn friendships(friends: &Friends) -> Vec<(u64, u64)> {
    let graph = friends.graph();
    let id = |node: u32| graph.users()[node as usize].0;
    let mut pairs = Vec::new();
    for u in graph.ties().nodes() {
        let range = graph.ties().range(u);
        for (&v, kinds) in graph.ties().row(u).iter().zip(&graph.tie_kinds()[range]) {
            if u < v && kinds.contains(EdgeKinds::FRIENDSHIP) {
                pairs.push((id(u), id(v)));
            }
        }
    }
    pairs
}

fn contacts(friends: &Friends) -> Vec<(u64, u64)> {
    let graph = friends.graph();
    let id = |node: u32| graph.users()[node as usize].0;
    let saved = graph.contacts();
    let of_one = |u: u32| saved.row(u).iter().map(move |&v| (id(u), id(v)));
    saved.nodes().flat_map(of_one).collect()
}

/// What the purposes that are asked for may see.
struct Views {
    friends: Option<View<FriendSuggestions>>,
    ads: Option<View<AdRelevance>>,
    abuse: Option<View<Abuse>>,
    business: Option<BusinessViews>,
}

/// What the address book says for each of them.
struct Books {
    friends: Option<Book<FriendSuggestions>>,
    abuse: Option<AbuseBook>,
    business: Option<BusinessBooks>,
    ads: Option<Book<AdRelevance>>,
}

impl Views {
    fn new(world: &mut World, purposes: &[Purpose]) -> Self {
        let asked = |purpose| purposes.contains(&purpose);
        let business = asked(Purpose::BusinessService) || asked(Purpose::BusinessMarketing);
        let friends = asked(Purpose::FriendSuggestions);
        let ads = asked(Purpose::AdRelevance);
        Self {
            friends: friends.then(|| world.view().noted(&mut world.stages)),
            ads: ads.then(|| world.view().noted(&mut world.stages)),
            abuse: asked(Purpose::Abuse).then(|| world.view().value),
            business: business.then(|| BusinessViews {
                service: world.view().value,
                marketing: world.view().value,
            }),
        }
    }

    /// Reads the address book once, for all of them.
    fn read_books(
        &self,
        world: &mut World,
        dir: &SignalsDir,
        progress: &dyn Progress,
    ) -> Result<Books, EngineError> {
        let budget = world.params.identity.budget();
        let inputs = &world.inputs;
        let friends = self.friends.as_ref();
        let mut friends = friends.map(|view| Matcher::new(inputs, view, budget));
        let mut abuse = self
            .abuse
            .as_ref()
            .map(|view| AbuseReader::new(inputs, view, budget));
        let has_businesses = !inputs.businesses.rows().is_empty();
        let business = self.business.as_ref().filter(|_| has_businesses);
        let mut service = business.map(|views| BusinessReader::new(inputs, &views.service, budget));
        let mut marketing =
            business.map(|views| BusinessReader::new(inputs, &views.marketing, budget));
        // Without ads nobody asks what friends did with them.
        let looks_at_friends = world.params.ads.signals().friends && !inputs.ads.is_empty();
        let ads = self.ads.as_ref().filter(|_| looks_at_friends);
        let mut ads = ads.map(|view| Matcher::new(inputs, view, budget));
        let mut readers: Vec<&mut dyn Reader> = Vec::new();
        readers.extend(ads.as_mut().map(|reader| reader as &mut dyn Reader));
        readers.extend(friends.as_mut().map(|reader| reader as &mut dyn Reader));
        readers.extend(service.as_mut().map(|reader| reader as &mut dyn Reader));
        readers.extend(marketing.as_mut().map(|reader| reader as &mut dyn Reader));
        readers.extend(abuse.as_mut().map(|reader| reader as &mut dyn Reader));
        let World {
            inputs, standing, ..
        } = world;
        read_address_book(dir, inputs, standing, budget, &mut readers, progress)?;
        drop(readers);
        let mut stages: Vec<Stage> = Vec::new();
        let friends = friends.map(|reader| reader.finish().noted(&mut stages));
        let abuse = abuse.map(|reader| reader.finish().noted(&mut stages));
        let ads = ads.map(|reader| reader.finish().noted(&mut stages));
        world.stages.append(&mut world.inputs.read.stages);
        let unread = stages.first().and_then(accidents::unread_book);
        world.inputs.read.findings.extend(unread);
        world.stages.extend(stages);
        let business = service
            .zip(marketing)
            .map(|(service, marketing)| BusinessBooks {
                service: service.finish(),
                marketing: marketing.finish(),
            });
        Ok(Books {
            friends,
            abuse,
            business,
            ads,
        })
    }

    /// Forgets what was looked up in the address book alone.
    fn forget_directories(&mut self) {
        if let Some(view) = &mut self.friends {
            view.forget_directory();
        }
        if let Some(view) = &mut self.ads {
            view.forget_directory();
        }
        if let Some(view) = &mut self.abuse {
            view.forget_directory();
        }
        if let Some(views) = &mut self.business {
            views.service.forget_directory();
            views.marketing.forget_directory();
        }
    }

    fn prepare(
        self,
        mut world: World,
        books: Books,
        (models, impressions): (GivenModels<'_>, Impressions),
        progress: &dyn Progress,
    ) -> Result<Prepared, EngineError> {
        let world_of = &mut world;
        let friends = match self.friends.zip(books.friends) {
            None => None,
            Some((view, book)) => {
                let given = models.friend_model;
                Some(Friends::prepare(world_of, view, book, given, progress)?)
            }
        };
        let abuse = self.abuse.zip(books.abuse);
        let abuse = abuse.map(|(view, book)| SpamScores::prepare(world_of, view, &book));
        let business_books = books.business.unwrap_or_default();
        let business = self.business;
        let business = business.map(|views| Verdicts::prepare(world_of, views, &business_books));
        let ads = match self.ads {
            None => None,
            Some(view) => {
                drop(business_books);
                let book = books.ads.unwrap_or_default();
                let given = (models, impressions);
                Some(Ads::prepare(world_of, view, book, given, progress)?)
            }
        };
        Ok(Prepared {
            world,
            friends,
            ads,
            abuse,
            business,
        })
    }
}
