//! From bars and beats to seconds and back.
//!
//! A ramp is a straight line of tempo over *time*: from `b₀` to `b₁` quarter notes per minute in `T` seconds the tempo is
//! `b₀ + (b₁ − b₀)·t/T`, so after `t` seconds `(b₀·t + (b₁ − b₀)·t²/(2T)) / 60` quarters have passed, and the whole ramp
//! holds `T·(b₀ + b₁)/120` of them. Sums, products and one square root: the same bits on every machine.

use std::sync::Arc;

use super::{BarBeat, Meter, Signature, TICKS, Tempo};

/// The tempo and the meter of a whole song. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct TempoMap {
    stretches: Arc<[Stretch]>,
    bars: Arc<[Bars]>,
}

/// The tempo from one change to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stretch {
    at_s: f64,
    /// Quarters from the song's start.
    quarters: f64,
    bpm: f64,
    /// What it gains in a second.
    slope: f64,
}

/// Bars of one meter.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bars {
    /// The first of them, counted from 1.
    bar: u32,
    /// Ticks before it.
    ticks: u64,
    signature: Signature,
}

impl Stretch {
    fn bpm_after(&self, seconds: f64) -> f64 {
        self.bpm + self.slope * seconds
    }

    fn quarters_in(&self, seconds: f64) -> f64 {
        (self.bpm * seconds + 0.5 * self.slope * seconds * seconds) / 60.0
    }

    fn seconds_of(&self, quarters: f64) -> f64 {
        if self.slope == 0.0 {
            return 60.0 * quarters / self.bpm;
        }
        // The root of the quadratic in the form that loses no digits where the slope is small.
        let root = (self.bpm * self.bpm + 120.0 * self.slope * quarters).max(0.0).sqrt();
        120.0 * quarters / (self.bpm + root)
    }
}

impl TempoMap {
    /// The map of a song that begins at that tempo. Changes are in order of place, the first may stand at the start;
    /// where they were written as bars and beats their seconds are computed, and returned in the same order.
    pub fn new(start_bpm: f64, changes: &[Tempo], meters: &[Meter]) -> (TempoMap, Vec<f64>) {
        let bars = bars(meters);
        let mut stretches = vec![Stretch { at_s: 0.0, quarters: 0.0, bpm: start_bpm, slope: 0.0 }];
        let mut goal: Option<f64> = None;
        let mut places = Vec::with_capacity(changes.len());
        for change in changes {
            let last = stretches.len() - 1;
            let before = stretches[last];
            // A ramp's slope is known once its end is.
            let mean = goal.map_or(before.bpm, |to| 0.5 * (before.bpm + to));
            let (at_s, quarters) = match change.written {
                Some(place) => {
                    let quarters = quarters(&bars, place);
                    (before.at_s + 60.0 * (quarters - before.quarters) / mean, quarters)
                }
                None => (change.at_s, before.quarters + mean * (change.at_s - before.at_s) / 60.0),
            };
            let length = at_s - before.at_s;
            if let Some(to) = goal.filter(|_| length > 0.0) {
                stretches[last].slope = (to - before.bpm) / length;
            }
            let next = Stretch { at_s, quarters, bpm: change.bpm, slope: 0.0 };
            if length > 0.0 {
                stretches.push(next);
            } else {
                stretches[last] = Stretch { at_s: before.at_s, ..next };
            }
            goal = change.ramp_to_bpm;
            places.push(at_s);
        }
        (TempoMap { stretches: stretches.into(), bars: bars.into() }, places)
    }

    /// One tempo and four quarters in each bar.
    pub fn constant(bpm: f64) -> TempoMap {
        TempoMap::new(bpm, &[], &[]).0
    }

    /// The numbers that it goes by: two maps of the same numbers turn the same beats into the same seconds.
    pub fn figures(&self) -> impl Iterator<Item = f64> + '_ {
        self.stretches.iter().flat_map(|stretch| [stretch.at_s, stretch.quarters, stretch.bpm, stretch.slope])
    }

    fn at(&self, time_s: f64) -> &Stretch {
        let place = self.stretches.partition_point(|stretch| stretch.at_s <= time_s);
        &self.stretches[place.saturating_sub(1)]
    }

    /// The tempo at a time, in quarter notes per minute.
    pub fn bpm(&self, time_s: f64) -> f64 {
        let stretch = self.at(time_s);
        stretch.bpm_after((time_s - stretch.at_s).max(0.0))
    }

    /// The fastest tempo of the song.
    pub fn fastest_bpm(&self) -> f64 {
        let ends = self.stretches.windows(2).map(|pair| pair[0].bpm_after(pair[1].at_s - pair[0].at_s));
        self.stretches.iter().map(|stretch| stretch.bpm).chain(ends).fold(0.0, f64::max)
    }

    /// How many quarter notes have passed at a time.
    pub fn quarters(&self, time_s: f64) -> f64 {
        let stretch = self.at(time_s);
        stretch.quarters + stretch.quarters_in(time_s - stretch.at_s)
    }

    /// When so many quarter notes have passed, in seconds.
    pub fn seconds(&self, quarters: f64) -> f64 {
        let place = self.stretches.partition_point(|stretch| stretch.quarters <= quarters);
        let stretch = &self.stretches[place.saturating_sub(1)];
        stretch.at_s + stretch.seconds_of(quarters - stretch.quarters)
    }

    /// Where a bar and beat is, in seconds. The error says why there is none.
    pub fn seconds_of(&self, place: BarBeat) -> Result<f64, String> {
        self.check(place)?;
        Ok(self.seconds(quarters(&self.bars, place)))
    }

    /// Whether there is such a bar and beat; the error says what there is.
    pub fn check(&self, place: BarBeat) -> Result<(), String> {
        check(&self.bars, place)
    }

    /// The signature of a bar, counted from 1.
    pub fn signature(&self, bar: u32) -> Signature {
        bars_of(&self.bars, bar).signature
    }

    /// The bar and beat at a time, and the ticks behind it with their fraction.
    pub fn place(&self, time_s: f64) -> (u32, u16, f64) {
        let ticks = (self.quarters(time_s) * f64::from(TICKS)).max(0.0);
        let place = self.bars.partition_point(|bars| bars.ticks as f64 <= ticks);
        let bars = &self.bars[place.saturating_sub(1)];
        let (within, bar) = (ticks - bars.ticks as f64, f64::from(bars.signature.bar_ticks()));
        let (passed, beat) = ((within / bar).floor(), f64::from(bars.signature.beat_ticks()));
        let rest = within - passed * bar;
        let number = (rest / beat).floor().min(f64::from(bars.signature.beats() - 1));
        (bars.bar + passed as u32, number as u16 + 1, rest - number * beat)
    }

    /// The time of the beat that is nearest to a time; of two as near, the later.
    pub fn nearest_beat(&self, time_s: f64) -> f64 {
        let (bar, beat, ticks) = self.place(time_s);
        let here = BarBeat { bar, beat, tick: 0 };
        let next = if beat < self.signature(bar).beats() {
            BarBeat { beat: beat + 1, ..here }
        } else {
            BarBeat { bar: bar + 1, beat: 1, tick: 0 }
        };
        let nearer = if ticks * 2.0 < f64::from(self.signature(bar).beat_ticks()) { here } else { next };
        self.seconds(quarters(&self.bars, nearer))
    }
}

/// The meters as bars; 4/4 until the first of them.
fn bars(meters: &[Meter]) -> Vec<Bars> {
    let mut all = vec![Bars { bar: 1, ticks: 0, signature: Signature::COMMON }];
    for meter in meters {
        let last = all[all.len() - 1];
        let bars = meter.bar.saturating_sub(last.bar);
        let ticks = last.ticks + u64::from(bars) * u64::from(last.signature.bar_ticks());
        if bars == 0 {
            all.pop();
        }
        all.push(Bars { bar: meter.bar, ticks, signature: meter.signature });
    }
    all
}

fn bars_of(bars: &[Bars], bar: u32) -> Bars {
    bars[bars.partition_point(|stretch| stretch.bar <= bar).saturating_sub(1)]
}

fn quarters(bars: &[Bars], place: BarBeat) -> f64 {
    let stretch = bars_of(bars, place.bar);
    let signature = stretch.signature;
    let whole = u64::from(place.bar.saturating_sub(stretch.bar)) * u64::from(signature.bar_ticks());
    let beats = u64::from(place.beat.saturating_sub(1)) * u64::from(signature.beat_ticks());
    (stretch.ticks + whole + beats + u64::from(place.tick)) as f64 / f64::from(TICKS)
}

fn check(bars: &[Bars], place: BarBeat) -> Result<(), String> {
    let signature = bars_of(bars, place.bar).signature;
    if place.bar == 0 || place.beat == 0 {
        return Err("bars and beats are counted from 1".into());
    }
    if place.beat > signature.beats() {
        return Err(format!("bar {} is in {signature}, so it has {} beats", place.bar, signature.beats()));
    }
    if u32::from(place.tick) >= signature.beat_ticks() {
        return Err(format!("bar {} is in {signature}, so a beat has {} ticks", place.bar, signature.beat_ticks()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tempo(at: &str, bpm: f64, ramp_to_bpm: Option<f64>) -> Tempo {
        let written = at.parse::<BarBeat>().ok();
        Tempo { at_s: at.parse().unwrap_or(0.0), written, bpm, ramp_to_bpm }
    }

    fn place(text: &str) -> BarBeat {
        text.parse().unwrap()
    }

    #[test]
    fn bars_are_seconds_exactly() {
        let map = TempoMap::constant(120.0);
        assert_eq!(map.seconds_of(place("17|1")), Ok(32.0));
        assert_eq!(map.seconds_of(place("5|2|240")), Ok(8.625));
        assert_eq!(map.place(8.625), (5, 2, 240.0));
        assert!(map.seconds_of(place("1|5")).unwrap_err().contains("4/4"));
    }

    #[test]
    fn meters_change_the_bars_and_not_the_quarters() {
        let meters = [
            Meter { bar: 3, signature: Signature::new(6, 8).unwrap() },
            Meter { bar: 5, signature: Signature::new(7, 8).unwrap() },
        ];
        let (map, _) = TempoMap::new(60.0, &[], &meters);
        assert_eq!(map.seconds_of(place("3|1")), Ok(8.0));
        assert_eq!(map.seconds_of(place("4|2")), Ok(11.5));
        assert_eq!(map.seconds_of(place("6|7")), Ok(8.0 + 6.0 + 3.5 + 3.0));
        assert!(map.check(place("4|2|480")).unwrap_err().contains("480 ticks"));
        assert_eq!(map.place(11.5), (4, 2, 0.0));
        assert_eq!(map.nearest_beat(11.7), 11.5);
        assert_eq!(map.nearest_beat(11.75), 12.0);
        assert_eq!(map.nearest_beat(13.9), 14.0);
    }

    /// A ritardando over four bars from 120 to 60, then a tempo: 16 quarters at 90 on average.
    #[test]
    fn a_ramp_holds_its_mean_and_a_step_follows() {
        let changes = [tempo("5|1", 120.0, Some(60.0)), tempo("9|1", 120.0, None)];
        let (map, places) = TempoMap::new(120.0, &changes, &[]);
        assert_eq!(places[0], 8.0);
        assert!((places[1] - (8.0 + 16.0 * 60.0 / 90.0)).abs() < 1e-12);
        assert!((map.bpm(8.0 + 16.0 / 3.0) - 90.0).abs() < 1e-9, "half way in time");
        assert_eq!(map.bpm(places[1]), 120.0);
        assert_eq!(map.fastest_bpm(), 120.0);
        for i in 0..=400 {
            let time = f64::from(i) * 0.1;
            assert!((map.seconds(map.quarters(time)) - time).abs() < 1e-9, "{time}");
        }
        // The integral of the tempo, summed in small steps, is what the formula says: 16 quarters.
        let steps = 100_000;
        let dt = (places[1] - 8.0) / f64::from(steps);
        let sum: f64 = (0..steps).map(|i| map.bpm(8.0 + (f64::from(i) + 0.5) * dt) * dt / 60.0).sum();
        assert!((sum - 16.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn changes_in_seconds_and_in_bars_mix() {
        let changes = [tempo("4", 60.0, None), tempo("4|1", 240.0, None)];
        let (map, places) = TempoMap::new(120.0, &changes, &[]);
        // 8 quarters in 4 s, then 4 more of a second each.
        assert_eq!(places, [4.0, 8.0]);
        assert_eq!(map.seconds_of(place("5|1")), Ok(9.0));
        let (map, places) = TempoMap::new(100.0, &[tempo("0", 50.0, Some(150.0)), tempo("6", 150.0, None)], &[]);
        assert_eq!((places.as_slice(), map.bpm(0.0), map.bpm(3.0)), ([0.0, 6.0].as_slice(), 50.0, 100.0));
        assert_eq!(map.quarters(6.0), 10.0);
    }
}
