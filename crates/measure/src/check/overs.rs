//! Peaks between the samples.

use tonmeister_core::{SourceInfo, View};
use tonmeister_dsp::truepeak::TruePeakMeter;

use super::config::Config;
use super::finder::{Finder, Sheet, Tile};
use super::finding::Finding;
use super::rules;

/// Counts the places where the waveform exceeds a ceiling.
pub(super) struct Overs {
    meter: TruePeakMeter,
    window: u32,
    ceiling: f32,
}

impl Overs {
    pub(super) fn new(info: SourceInfo, config: &Config) -> Self {
        let window = (info.sample_rate / 100).max(1);
        let ceiling = 10f64.powf(config.limit(&rules::TRUE_PEAK) / 20.0) as f32;
        Overs { meter: TruePeakMeter::with_windows(info.layout, window), window, ceiling }
    }
}

impl Finder for Overs {
    fn hear(&mut self, tile: &Tile<'_>) {
        match *tile.channels {
            [mono] => self.meter.push(View::mono(mono)),
            [left, right, ..] => self.meter.push(View::stereo(left, right)),
            [] => {}
        }
    }

    fn conclude(mut self: Box<Self>, sheet: &mut Sheet<'_>) {
        self.meter.finish();
        let decibels = |peak: f32| 20.0 * f64::from(peak).log10();
        let max = self.meter.max();
        sheet.stats.true_peak_dbtp = (max > 0.0).then(|| 20.0 * max.log10());
        for c in 0..sheet.info.layout.channels() {
            let windows = self.meter.windows(c);
            let is_over = |n: usize| windows.get(n).is_some_and(|p| *p > self.ceiling);
            let over: Vec<usize> = (0..windows.len()).filter(|n| is_over(*n)).collect();
            let (Some(first), Some(last)) = (over.first(), over.last()) else { continue };
            let events = over.iter().filter(|n| **n == 0 || !is_over(**n - 1)).count();
            let Some(worst) = over.iter().copied().max_by(|a, b| windows[*a].total_cmp(&windows[*b])) else { continue };
            let (peak, frame) = (decibels(windows[worst]), |n: usize| n as u64 * u64::from(self.window));
            let place = if events == 1 { "place" } else { "places" };
            let message = format!(
                "the true peak of the {} channel reaches {peak:+.2} dBTP at {:.2} s, and is too high at {events} {place}",
                sheet.name(c),
                sheet.seconds(frame(worst))
            );
            sheet.put([Finding::of(&rules::TRUE_PEAK, message)
                .graver(rules::TRUE_PEAK.severity_of(peak))
                .between(frame(*first), frame(*last + 1).min(sheet.stats.frames), sheet.info.sample_rate)
                .on(c)
                .with("count", events as f64, "")
                .with("peak", peak, "dBTP")
                .with("at", sheet.seconds(frame(worst)), "s")]);
        }
    }
}
