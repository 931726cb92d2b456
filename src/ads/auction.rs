//! The auction: what an impression is worth, and what the winner of a place pays.
//!
//! ```text
//! value = bid × p + quality
//! price of rank r = max(reserve, (value of rank r + 1 − quality) / p),  at most the bid
//! ```
//!
//! in currency units: bid, price and reserve per click, value and quality per impression. The price is the least bid with
//! which the ad keeps its rank, the generalised second-price auction with a weight for each pair (here p) and a term that
//! does not depend on the bid. Whoever ranks last pays the reserve. The one who follows rank K is the best that did not
//! get a place. At equal values the smaller id ranks first, so the price is what the bid must not fall below for the
//! smaller id, and what it has to exceed for the larger.
//!
//! As in any generalised second-price auction, bidding one's true value is not always best.
//!
//! # References
//! B. Edelman, M. Ostrovsky and M. Schwarz, "Internet Advertising and the Generalized Second-Price Auction", American
//! Economic Review 97(1), 2007. H. R. Varian, "Position auctions", International Journal of Industrial Organization 25, 2007.

use crate::signals::Ad;

/// What an impression is expected to be worth, in currency units; never −0, which would order below 0.
#[must_use]
pub fn value(ad: &Ad, p_click: f64) -> f64 {
    ad.bid * p_click + ad.quality + 0.0
}

/// What a click costs whoever is followed by an ad of this value, if by any.
pub(super) fn price(ad: &Ad, p_click: f64, next_value: Option<f64>, reserve: f64) -> f64 {
    let least = next_value.map_or(reserve, |next| (next - ad.quality) / p_click);
    least.max(reserve).min(ad.bid)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ads::testing;

    fn ad(bid: f64, quality: f64) -> Ad {
        let mut ad = testing::ad(1, "food", bid);
        ad.quality = quality;
        ad
    }

    #[test]
    fn the_second_price_is_what_keeps_the_rank() {
        // 2 × 0.1 + 0.05 = 0.25, followed by 0.15: (0.15 − 0.05) / 0.1.
        assert!((value(&ad(2.0, 0.05), 0.1) - 0.25).abs() < 1e-15);
        assert!((price(&ad(2.0, 0.05), 0.1, Some(0.15), 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nobody_pays_less_than_the_reserve_nor_more_than_the_bid() {
        assert_eq!(price(&ad(2.0, 0.0), 0.1, None, 0.3), 0.3);
        assert_eq!(price(&ad(2.0, 0.0), 0.1, Some(0.001), 0.3), 0.3);
        assert_eq!(
            price(&ad(2.0, 9.0), 0.1, Some(0.2), 0.0),
            0.0,
            "quality alone wins"
        );
        assert_eq!(price(&ad(2.0, 0.0), 0.1, Some(0.2), 0.0), 2.0, "a tie");
    }

    proptest! {
        /// With a bid at the price the ad is worth what follows it, with less it is not.
        #[test]
        fn prop_the_price_is_the_least_bid(
            bid in 0.01..10.0_f64,
            quality in -0.05..0.05_f64,
            p in 1e-5..0.5_f64,
            share in 0.0..1.0_f64,
            reserve in 0.0..0.01_f64,
        ) {
            let next = share * value(&ad(bid, quality), p);
            let paid = price(&ad(bid, quality), p, Some(next), reserve);
            prop_assert!((reserve..=bid).contains(&paid));
            if next <= value(&ad(bid, quality), p) {
                let kept = value(&ad(paid, quality), p);
                prop_assert!(kept >= next - 1e-12, "{kept} {next}");
                if paid > reserve {
                    let less = value(&ad(paid * 0.999, quality), p);
                    prop_assert!(less < next, "{less} {next}");
                }
            }
        }
    }
}
