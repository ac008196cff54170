//! How the spectrum of a mix is balanced: whether a whole band stands out as in no release (harshness, mud).
//!
//! The spectrum of the file, in thirds of an octave from 63 Hz to 12.8 kHz, is held against that of released songs
//! ([`norm`]). Songs differ from one another by much, but not in any manner: what makes one brighter or fuller makes
//! neighbouring thirds so too, and a band that is filled for a while only says something else than one that is always
//! full. So a song is described by eight [views](VIEWS) of its thirds (mean, median, and how far each third stands over its
//! neighbours in a tenth, half and nine tenths of the moments), and from many released songs it is known how these vary
//! together. The height of a bell of Q 1 in the middle of the band is what differs from their mean in the manner of that
//! bell and not in the manner of songs: the weights that read a bell of 1 dB as 1 and a change of level as nothing, and that
//! vary least from one released song to the next (the matched filter, or minimum variance estimate: Kay, *Fundamentals of
//! Statistical Signal Processing*, vol. I, §6.5, with the covariance shrunk towards its diagonal). That height, in dB, is
//! what the rules count.
//!
//! Only mixes are asked: all seven octaves from 100 Hz to 12.8 kHz filled nearly all the time, as they would be without
//! that bell; a low end; and a spectrum that moves, as that of one held synthesizer does not.

use super::finder::Sheet;
use super::finding::Finding;
use super::histogram::Histogram;
use super::resonance::{OCTAVES, OCTAVES_FROM_HZ, db};
use super::rules::{HARSH, MUDDY, Rule};

pub mod norm;

/// Thirds of octaves that are compared.
pub const THIRDS: usize = 23;
/// The lower edge of the first.
const FROM_HZ: f64 = 63.0;
const TO_HZ: f64 = 12_800.0;

/// In how many ways each third is looked at: the mean of its power and the median of its level; then how far it stands
/// over the mean of its neighbours three thirds away, in dB, in a tenth, half and nine tenths of the moments; and the same
/// of its next neighbours.
pub const VIEWS: usize = 8;
/// How far the neighbours are away, in thirds,
const NEIGHBOURS: [usize; 2] = [3, 1];
/// and in which part of the moments a third stands less far over them.
const PARTS: [f64; 3] = [0.1, 0.5, 0.9];

/// The thirds of a song in every view, dB.
pub type Views = [[f64; THIRDS]; VIEWS];

/// Moments of a section, at first; where there are too many sections, two become one.
const SECTION: u64 = 64;
const MOST_SECTIONS: usize = 512;
/// A file has so many moments at least (10 s),
const LEAST_MOMENTS: u64 = 60;
/// octaves that are filled: three quarters of their moments no further below the mean of the loudest, dB;
const FILLED_DB: f64 = -43.0;
/// thirds below 200 Hz no further below the loudest, dB;
const LOW_END_DB: f64 = -12.0;
const LOW_THIRDS: usize = 5;
/// and octaves whose share of a moment moves by so much (the deviation over time, on the mean), dB.
const MOVES_DB: f64 = 1.2;
/// What stands out by more is one sound in that band, and no mix, dB: the greatest of a mix with a bell of 18 dB is 24.
const MOST_DB: f64 = 26.0;
/// Moments further below the loudest so far do not count for that, dB.
const SOUNDS_DB: f64 = 30.0;
/// A finding that holds in so much of the sounding sections is of the whole.
const WHOLE: f64 = 0.8;
/// A stretch that stands out on its own is so long, as a part of them,
const LEAST_STRETCH: f64 = 0.3;
/// and must stand higher by so much than a whole song, dB: parts of a song differ from one another (half of the released
/// songs by 1 dB and more, a tenth by 3).
const MARGIN_DB: f64 = 2.0;

/// A band that may stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Band {
    /// 2 to 5 kHz.
    Harsh,
    /// 200 to 500 Hz.
    Muddy,
}

impl Band {
    /// Both.
    pub const ALL: [Band; 2] = [Band::Harsh, Band::Muddy];

    /// Its edges, Hz.
    pub const fn edges_hz(self) -> (f64, f64) {
        match self {
            Band::Harsh => (2000.0, 5000.0),
            Band::Muddy => (200.0, 500.0),
        }
    }

    /// Its middle, Hz.
    pub fn middle_hz(self) -> f64 {
        let (low, high) = self.edges_hz();
        (low * high).sqrt()
    }

    /// What the views of a song are weighed by.
    const fn weights(self) -> &'static Views {
        match self {
            Band::Harsh => &norm::HARSH,
            Band::Muddy => &norm::MUDDY,
        }
    }

    const fn rule(self) -> &'static Rule {
        match self {
            Band::Harsh => &HARSH,
            Band::Muddy => &MUDDY,
        }
    }

    /// What a bell of Q 1 and 10 dB in its middle gives a frequency, as a part of those 10 dB (of the analog filter).
    fn bell(self, hz: f64) -> f64 {
        let x = hz / self.middle_hz();
        let (a, off) = (10f64.powf(0.5), (1.0 - x * x).powi(2));
        (off + a * x * x).log10() - (off + x * x / a).log10()
    }

    /// How much a third differs as the one before it does (correlation), and whether the tilt is free, in the plain reading.
    const fn walk(self) -> (f64, bool) {
        match self {
            Band::Harsh => (0.95, false),
            Band::Muddy => (0.7, true),
        }
    }

    /// The weights of a plain reading of the difference of two mean spectra: least squares for the bell where each third
    /// differs nearly as the one before it does (a first-order walk), whatever the level and, for mud, the tilt. It tells
    /// the stretches of one song from each other.
    pub fn plain_weights(self) -> [f64; THIRDS] {
        let (likeness, tilt_is_free) = self.walk();
        let fresh = (1.0 - likeness * likeness).sqrt();
        // What is new in each third after the one before it.
        let new = |x: [f64; THIRDS]| -> [f64; THIRDS] {
            std::array::from_fn(|n| if n == 0 { x[0] } else { (x[n] - likeness * x[n - 1]) / fresh })
        };
        let dot = |a: &[f64; THIRDS], b: &[f64; THIRDS]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let without = |x: [f64; THIRDS], b: &[f64; THIRDS]| -> [f64; THIRDS] {
            let part = dot(&x, b) / dot(b, b);
            std::array::from_fn(|n| x[n] - part * b[n])
        };
        let level = new([1.0; THIRDS]);
        let bell = new(std::array::from_fn(|n| self.bell(middle_hz(n))));
        let mut own = without(bell, &level);
        if tilt_is_free {
            let tilt = without(new(std::array::from_fn(|n| n as f64)), &level);
            own = without(own, &tilt);
        }
        // Weighing what is new weighs each third and the one before it.
        let scale = dot(&own, &bell);
        std::array::from_fn(|n| {
            let itself = if n == 0 { own[0] } else { own[n] / fresh };
            let before_the_next = own.get(n + 1).map_or(0.0, |next| likeness * next / fresh);
            (itself - before_the_next) / scale
        })
    }

    /// How high a bell in this band stands in the difference of two mean spectra, dB, by the plain reading.
    fn bump(self, difference: &[f64; THIRDS]) -> f64 {
        self.plain_weights().iter().zip(difference).map(|(w, x)| w * x).sum()
    }

    /// What a bell of 1 dB in the middle of the band changes in every view, dB.
    pub fn bell_in_views(self) -> Views {
        views_of_spectrum(&std::array::from_fn(|n| self.bell(middle_hz(n))))
    }

    /// How high a bell in this band stands in a song, dB over what released songs have.
    pub fn height(self, views: &Views) -> f64 {
        let differences = views.iter().flatten().zip(norm::RELEASES.iter().flatten());
        let weighed = differences.zip(self.weights().iter().flatten()).map(|((x, usual), weight)| (x - usual) * weight);
        weighed.sum()
    }
}

/// What a spectrum that stays as it is, in dB, has in every view.
pub fn views_of_spectrum(levels: &[f64; THIRDS]) -> Views {
    let over = NEIGHBOURS.map(|distance| std::array::from_fn(|n| over_neighbours(levels, n, distance)));
    let [far, near]: [[f64; THIRDS]; 2] = over;
    [*levels, *levels, far, far, far, near, near, near]
}

/// How far a third stands over the mean of its neighbours so many thirds away; beyond the ends the last one counts.
fn over_neighbours(levels: &[f64; THIRDS], n: usize, distance: usize) -> f64 {
    levels[n] - 0.5 * (levels[n.saturating_sub(distance)] + levels[(n + distance).min(THIRDS - 1)])
}

/// The middle of a third, Hz.
fn middle_hz(third: usize) -> f64 {
    FROM_HZ * ((third as f64 + 0.5) / 3.0).exp2()
}

/// The balance of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Every third of an octave from 63 Hz to 12.8 kHz, in every view, dB, at any scale.
    pub views: Views,
    /// Of every octave from 100 Hz on: what three quarters of its moments exceed, and its mean, dB.
    octaves: [(f64, f64); OCTAVES],
    /// Where each band stands highest over the rest of the song.
    stretches: [Option<Stretch>; 2],
    /// How much the octaves' shares of a moment move, dB.
    moves: f64,
}

impl Balance {
    /// How far a band stands over what released songs have there, dB, in the whole song or, less a [margin](MARGIN_DB), in a
    /// good part of it, whichever is more; `None` when the file is no full mix.
    pub fn over(&self, band: Band) -> Option<f64> {
        let whole = band.height(&self.views);
        // How much of that a full mix is given for being full without it: what a plain reading of its mean spectrum says.
        let mean = std::array::from_fn(|n| self.views[0][n] - norm::RELEASES[0][n]);
        let plain = band.bump(&mean);
        let is_judged = whole.max(plain) <= MOST_DB && self.is_mix_without(band, plain.max(0.0));
        is_judged.then(|| whole.max(self.over_there(band, whole)))
    }

    /// The same for the stretch where it stands highest; below the whole where there is none.
    fn over_there(&self, band: Band, whole: f64) -> f64 {
        self.stretches[band as usize].map_or(f64::NEG_INFINITY, |s| whole + s.above_the_whole() - MARGIN_DB)
    }

    /// Where it stands out, when that is not the whole song.
    fn stretch(&self, band: Band) -> Option<Stretch> {
        let whole = band.height(&self.views);
        self.stretches[band as usize].filter(|_| self.over_there(band, whole) > whole)
    }

    /// Whether it is a full mix: only such are judged.
    pub fn is_mix(&self) -> bool {
        Band::ALL.iter().all(|band| self.is_mix_without(*band, 0.0))
    }

    /// Whether it is a full mix, as it would be without a bell of that height.
    fn is_mix_without(&self, band: Band, height: f64) -> bool {
        let octave = |n: usize| height * band.bell(OCTAVES_FROM_HZ * (n as f64 + 0.5).exp2());
        let loudest = self.octaves.iter().enumerate().map(|(n, o)| o.1 - octave(n)).fold(f64::NEG_INFINITY, f64::max);
        let is_full = self.octaves.iter().enumerate().all(|(n, o)| o.0 - octave(n) - loudest >= FILLED_DB);
        let third = |n: usize| self.views[0][n] - height * band.bell(middle_hz(n));
        let top = |to: usize| (0..to).map(third).fold(f64::NEG_INFINITY, f64::max);
        is_full && top(LOW_THIRDS) - top(THIRDS) >= LOW_END_DB && self.moves >= MOVES_DB
    }
}

/// A stretch of time: moments, and their power in every third.
#[derive(Clone, Copy, Default)]
struct Section {
    moments: u64,
    power: [f32; THIRDS],
}

impl Section {
    fn add(&mut self, moments: u64, power: &[f32; THIRDS]) {
        self.moments += moments;
        self.power.iter_mut().zip(power).for_each(|(sum, p)| *sum += p);
    }

    fn total(&self) -> f64 {
        db(self.power.iter().map(|p| f64::from(*p)).sum::<f64>() / self.moments.max(1) as f64)
    }

    /// The mean level of a third, dB.
    fn level(&self, third: usize) -> f64 {
        db(f64::from(self.power[third]) / self.moments.max(1) as f64)
    }

    /// Nothing of what is below that level.
    fn heard_from(&self, level: f64) -> Section {
        if self.total() >= level { *self } else { Section::default() }
    }

    fn without(&self, part: &Section) -> Section {
        let moments = self.moments - part.moments;
        Section { moments, power: std::array::from_fn(|n| (self.power[n] - part.power[n]).max(0.0)) }
    }
}

/// A part of a song, in sections; how far a band stands over the rest there, dB, and its part of what sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    from: usize,
    to: usize,
    rise: f64,
    part: f64,
}

impl Stretch {
    /// How far it stands over the whole there, dB: the whole lies between the stretch and the rest, as their parts have it.
    fn above_the_whole(&self) -> f64 {
        self.rise * (1.0 - self.part)
    }
}

/// Hears the moments of a file, all channels together.
pub(super) struct Balances {
    /// Edges of the thirds, in bins from the lower edge of bin 0; empty where the file ends below 12.8 kHz.
    edges: Vec<f64>,
    sections: Vec<Section>,
    /// Moments of a section.
    length: u64,
    loudest: f64,
    /// How often each third had which level, dB, and stood how far over its neighbours.
    often: Vec<Histogram>,
    standing: Vec<Histogram>,
    /// Of the octaves' shares in dB: how many, sums, sums of squares.
    shares: (u64, [(f64, f64); OCTAVES]),
}

impl Balances {
    pub(super) fn new(bins: usize, hz: f64) -> Self {
        let reaches = hz * (bins - 1) as f64 > TO_HZ * 1.02;
        let edge = |n: usize| FROM_HZ * (n as f64 / 3.0).exp2() / hz + 0.5;
        Balances {
            edges: if reaches { (0..=THIRDS).map(edge).collect() } else { Vec::new() },
            sections: Vec::new(),
            length: SECTION,
            loudest: f64::NEG_INFINITY,
            often: vec![Histogram::new(-140.0, 40.0, 0.5); if reaches { THIRDS } else { 0 }],
            standing: vec![Histogram::new(-40.0, 40.0, 0.25); if reaches { NEIGHBOURS.len() * THIRDS } else { 0 }],
            shares: (0, [(0.0, 0.0); OCTAVES]),
        }
    }

    /// A moment: the power below any place in the spectrum, and in the octaves.
    pub(super) fn hear(&mut self, below: impl Fn(f64) -> f64, octaves: &[f64; OCTAVES]) {
        if self.edges.is_empty() {
            return;
        }
        let thirds = std::array::from_fn(|n| (below(self.edges[n + 1]) - below(self.edges[n])).max(0.0) as f32);
        if self.sections.last().is_none_or(|s| s.moments >= self.length) {
            if self.sections.len() == MOST_SECTIONS {
                let joined = |pair: &[Section]| {
                    let mut both = pair[0];
                    both.add(pair[1].moments, &pair[1].power);
                    both
                };
                self.sections = self.sections.chunks_exact(2).map(joined).collect();
                self.length *= 2;
            }
            self.sections.push(Section::default());
        }
        if let Some(section) = self.sections.last_mut() {
            section.add(1, &thirds);
        }
        let total = db(octaves.iter().sum());
        self.loudest = self.loudest.max(total);
        if total < self.loudest - SOUNDS_DB {
            return;
        }
        let levels = thirds.map(|p: f32| db(f64::from(p)));
        self.often.iter_mut().zip(levels).for_each(|(histogram, level)| histogram.add(level));
        for (histograms, distance) in self.standing.chunks_exact_mut(THIRDS).zip(NEIGHBOURS) {
            for (n, histogram) in histograms.iter_mut().enumerate() {
                histogram.add(over_neighbours(&levels, n, distance));
            }
        }
        let mean = octaves.iter().map(|p| db(*p)).sum::<f64>() / OCTAVES as f64;
        self.shares.0 += 1;
        for ((sum, squares), power) in self.shares.1.iter_mut().zip(octaves) {
            let share = db(*power) - mean;
            *sum += share;
            *squares += share * share;
        }
    }

    /// The whole; `None` of what is too short, or ends below 12.8 kHz.
    pub(super) fn balance(&self, octaves: &[(Histogram, f64)]) -> Option<Balance> {
        let mut all = Section::default();
        let mut power = [0.0_f64; THIRDS];
        for section in &self.sections {
            all.moments += section.moments;
            power.iter_mut().zip(&section.power).for_each(|(sum, p)| *sum += f64::from(*p));
        }
        if all.moments < LEAST_MOMENTS {
            return None;
        }
        let moments = all.moments as f64;
        let count = self.shares.0.max(1) as f64;
        let deviation = |(sum, squares): &(f64, f64)| (squares / count - (sum / count).powi(2)).max(0.0).sqrt();
        let mut views = [[0.0; THIRDS]; VIEWS];
        views[0] = power.map(|p| db(p / moments));
        views[1] = std::array::from_fn(|n| self.often[n].quantile(0.5));
        for (histograms, views) in self.standing.chunks_exact(THIRDS).zip(views[2..].chunks_exact_mut(PARTS.len())) {
            for (part, view) in PARTS.iter().zip(views) {
                *view = std::array::from_fn(|n| histograms[n].quantile(*part));
            }
        }
        Some(Balance {
            stretches: Band::ALL.map(|band| self.highest(band)),
            views,
            octaves: std::array::from_fn(|n| (octaves[n].0.quantile(0.25), db(octaves[n].1 / moments))),
            moves: self.shares.1.iter().map(deviation).sum::<f64>() / OCTAVES as f64,
        })
    }

    /// The stretch, of a third to four fifths of what sounds, in which a band stands highest over the rest: from which
    /// section to which, by how much, dB, and its part of what sounds.
    fn highest(&self, band: Band) -> Option<Stretch> {
        let loudest = self.sections.iter().map(Section::total).fold(f64::NEG_INFINITY, f64::max);
        let heard: Vec<Section> = self.sections.iter().map(|s| s.heard_from(loudest - SOUNDS_DB)).collect();
        let mut all = Section::default();
        for section in &heard {
            all.add(section.moments, &section.power);
        }
        let mut highest: Option<Stretch> = None;
        for from in 0..heard.len() {
            let mut sum = Section::default();
            for (n, section) in heard.iter().enumerate().skip(from) {
                sum.add(section.moments, &section.power);
                let part = sum.moments as f64 / all.moments.max(1) as f64;
                if part > WHOLE {
                    break;
                }
                if part < LEAST_STRETCH {
                    continue;
                }
                let rest = all.without(&sum);
                let rise = band.bump(&std::array::from_fn(|n| sum.level(n) - rest.level(n)));
                let found = Stretch { from, to: n + 1, rise, part };
                if highest.is_none_or(|h| h.above_the_whole() < found.above_the_whole()) {
                    highest = Some(found);
                }
            }
        }
        highest
    }

    /// Tells what stands out; `moment` is the frames of one.
    pub(super) fn conclude(&self, sheet: &mut Sheet<'_>, octaves: &[(Histogram, f64)], moment: u64) {
        let Some(balance) = self.balance(octaves) else { return };
        for band in Band::ALL {
            let rule = band.rule();
            let limit = sheet.limit(rule);
            let Some(over) = balance.over(band).filter(|over| *over >= limit) else { continue };
            let (low, high) = band.edges_hz();
            let named = match band {
                Band::Harsh => "2 to 5 kHz",
                Band::Muddy => "200 to 500 Hz",
            };
            let stretch = balance.stretch(band);
            let there = stretch.map(|_| over + MARGIN_DB);
            let how_long = if stretch.is_some() { ", in a part of the song" } else { "" };
            let message = format!(
                "{named} stand {:.1} dB over what releases have there, next to the rest{how_long}",
                there.unwrap_or(over)
            );
            let mut finding = Finding::of(rule, message)
                .graver(rule.severity_of(over))
                .with("over", over, "dB")
                .with("from", low, "Hz")
                .with("to", high, "Hz");
            if let Some(stretch) = stretch {
                let at = |section: usize| self.sections[..section].iter().map(|s| s.moments).sum::<u64>() * moment;
                let (from, to) = (at(stretch.from), at(stretch.to).min(sheet.stats.frames));
                finding = finding.between(from, to, sheet.info.sample_rate);
            }
            sheet.put([finding]);
        }
        sheet.balance = Some(balance);
    }
}

#[cfg(test)]
mod tests {
    use super::norm::RELEASES;
    use super::{Balance, Band, MOST_DB, OCTAVES, THIRDS, VIEWS, Views, middle_hz, views_of_spectrum};

    /// Released songs' views and others on top.
    fn with(extra: &Views) -> Views {
        std::array::from_fn(|v| std::array::from_fn(|n| RELEASES[v][n] + extra[v][n]))
    }

    #[test]
    fn a_bell_is_read_as_high_as_it_is_and_level_as_nothing() {
        for band in Band::ALL {
            for height in [-6.0, 3.0, 12.0] {
                let bell = views_of_spectrum(&std::array::from_fn(|n| 17.0 + height * band.bell(middle_hz(n))));
                assert!((band.height(&with(&bell)) - height).abs() < 0.01, "{band:?} {}", band.height(&with(&bell)));
                assert!((band.bump(&bell[0]) - height).abs() < 1e-9, "{band:?}");
            }
            assert!((band.bell(band.middle_hz()) - 1.0).abs() < 1e-12 && band.bell(2.0 * band.middle_hz()) < 0.5);
        }
    }

    /// One held sound in the band is no mix, however far it stands out.
    #[test]
    fn what_stands_out_by_more_than_any_mix_is_not_judged() {
        for band in Band::ALL {
            let with = |height: f64| Balance {
                views: with(&band.bell_in_views().map(|view| view.map(|x| height * x))),
                octaves: [(height - 1.0, height); OCTAVES],
                stretches: [None; 2],
                moves: 3.0,
            };
            let told = |height: f64| with(height).over(band);
            assert!((told(12.0).unwrap() - 12.0).abs() < 0.01);
            assert_eq!(told(MOST_DB + 1.0), None);
        }
    }

    #[test]
    fn the_views_of_a_spectrum_that_stays_are_its_own() {
        let tilt = std::array::from_fn(|n| 3.0 * n as f64);
        let views = views_of_spectrum(&tilt);
        assert_eq!((views.len(), views[1]), (VIEWS, tilt));
        // A tilt stands over nobody but at the ends.
        assert!(views[3][3..THIRDS - 3].iter().chain(&views[6][1..THIRDS - 1]).all(|x| x.abs() < 1e-12));
    }
}
