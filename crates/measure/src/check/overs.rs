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
        // The greatest as `measure` reads it, so that both say the same of one file.
        Overs { meter: TruePeakMeter::close_with_windows(info.layout, window), window, ceiling }
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

#[cfg(test)]
mod tests {
    use tonmeister_core::{Layout, SourceInfo};
    use tonmeister_dsp::testing::stereo_noise;

    use crate::check::Inspector;
    use crate::loudness::{LoudnessMeter, Options, Peaks};

    /// Noise to the edge of the spectrum, cut off flat, is where meters differ: here they do not.
    #[test]
    fn a_peak_is_told_as_it_is_measured() {
        let rate = 48_000;
        let mut sound = stereo_noise(3, 0.9, 2 * rate as usize);
        for channel in 0..2 {
            sound.channel_mut(channel).iter_mut().for_each(|s| *s = (4.0 * *s).clamp(-1.0, 1.0));
        }
        let view = sound.view(sound.frames());
        let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
        let mut meter = LoudnessMeter::with_options(rate, Layout::Stereo, options).unwrap();
        meter.push(view);
        let measured = meter.finish();
        let info = SourceInfo { sample_rate: rate, layout: Layout::Stereo, frames: sound.frames() as u64 };
        let mut inspector = Inspector::new(info);
        inspector.push(view);
        let inspection = inspector.finish();
        assert_eq!(inspection.stats.true_peak_dbtp, measured.true_peak_dbtp);
        for (c, channel) in measured.channels.iter().enumerate() {
            let mut of = inspection.findings.iter().filter(|f| f.rule == "true-peak" && f.channel == Some(c));
            let told = of.next().unwrap().evidence.iter().find(|e| e.name == "peak").unwrap().value;
            let measured = channel.true_peak_dbtp.unwrap();
            assert!((told - measured).abs() < 1e-5 && measured > 3.0, "{told} and {measured}");
        }
    }
}
