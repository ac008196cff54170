//! Sample rates in headers that are not the audio's own, by what lengths tell.
//!
//! Files that are exported together end together. A wrong rate in a header makes a file longer or shorter by the ratio of
//! two rates, and between the family of 44.1 kHz and that of 48 kHz this is 147 : 160 (times a power of two): no length
//! of music is that to its siblings by chance, to within a few frames of millions.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::rules::WRONG_RATE;
use super::set::Member;

/// Rates that audio is made at.
const RATES: [u32; 7] = [32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// Files shorter than this are not judged: the shorter they are, the more lengths lie within a few frames of each other.
const LEAST_S: f64 = 10.0;

/// A rate, and a length in frames: what files that end together have in common.
type Length = (u32, u64);

/// Whether a rate is a multiple of a quarter of that of the Compact Disc.
fn is_of_discs(rate: u32) -> bool {
    rate.is_multiple_of(11_025)
}

/// The rate at which the first length would last as long as the second, where it is of the other family.
fn rate_that_fits((rate, frames): Length, (other_rate, other_frames): Length, limit: f64) -> Option<u32> {
    let seconds = other_frames as f64 / f64::from(other_rate);
    if seconds < LEAST_S {
        return None;
    }
    let fits = |candidate: &u32| {
        let apart = (frames as f64 / f64::from(*candidate) - seconds).abs();
        is_of_discs(*candidate) != is_of_discs(rate) && apart * f64::from((*candidate).min(other_rate)) <= limit
    };
    RATES.into_iter().find(fits)
}

/// The files that would end together with others if another rate stood in their header, by their places.
///
/// Where two lengths explain each other, the rate that more files have is right; of as many, the first file is accused,
/// and the message says that it may be the other way round.
pub(super) fn wrong_rates(members: &[&Member<'_>], limit: f64) -> Vec<(usize, Finding)> {
    let length = |m: &Member<'_>| (m.inspection.stats.sample_rate_hz, m.inspection.stats.frames);
    // How many have it, and the first that has it.
    let mut lengths: BTreeMap<Length, (usize, usize)> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        lengths.entry(length(member)).or_insert((0, at)).0 += 1;
    }
    let accused = |(at, member): (usize, &&Member<'_>)| {
        let own = length(member);
        let (many, first) = lengths[&own];
        let better = lengths.iter().filter_map(|(other, (others, first_of_others))| {
            let fits = rate_that_fits(own, *other, limit)?;
            let mutual = rate_that_fits(*other, own, limit).is_some();
            let is_more = *others > many || (*others == many && first < *first_of_others);
            (!mutual || is_more).then_some((*others, fits, *first_of_others, mutual && *others == many))
        });
        let (others, fits, sibling, either) = better.max_by_key(|(others, ..)| *others)?;
        Some((at, finding(member, members[sibling], others, fits, either)))
    };
    members.iter().enumerate().filter_map(accused).collect()
}

fn finding(member: &Member<'_>, sibling: &Member<'_>, others: usize, fits: u32, either: bool) -> Finding {
    let rate = member.inspection.stats.sample_rate_hz;
    let semitones = 12.0 * (f64::from(rate) / f64::from(fits)).log2();
    let whom = match others {
        1 => format!("`{}`", sibling.name),
        many => format!("{many} of its siblings"),
    };
    let turned = if either { ", or the other way round" } else { "" };
    let message = format!(
        "`{}` says {rate} Hz, but at {fits} Hz it would end together with {whom}: it seems to play {semitones:+.2} \
         semitones off{turned}",
        member.name
    );
    let names = if either { vec![member.name, sibling.name] } else { vec![member.name] };
    Finding::of(&WRONG_RATE, message)
        .files(names)
        .with("found", f64::from(rate), "Hz")
        .with("fits", f64::from(fits), "Hz")
        .with("off", semitones, "semitones")
}

#[cfg(test)]
mod tests {
    use super::rate_that_fits;

    #[test]
    fn only_the_ratio_of_the_two_families_is_a_wrong_rate() {
        let usual = (48_000, 2_880_000);
        let fits = |length| rate_that_fits(length, usual, 2.0);
        assert_eq!(fits((48_000, 2_646_000)), Some(44_100));
        assert_eq!(fits((48_000, 2_646_002)), Some(44_100));
        assert_eq!(fits((48_000, 2_646_003)), None);
        assert_eq!(fits((44_100, 2_880_000)), Some(48_000));
        assert_eq!(fits((44_100, 5_760_000)), Some(96_000));
        // Half, twice and two thirds as long is music; and so is what ends together.
        for frames in [1_440_000, 1_920_000, 2_880_000, 5_760_000, 2_700_000] {
            assert_eq!(fits((48_000, frames)), None);
        }
        assert_eq!(fits((44_100, 2_646_000)), None);
    }
}
