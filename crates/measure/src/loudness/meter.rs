//! The meter itself: energies per hop, windows over hops, peaks.

use tonmeister_core::{Layout, View};
use tonmeister_dsp::truepeak::TruePeakMeter;

use super::blocks::{Blocks, MOMENTARY_STEPS, SHORT_TERM_STEPS};
use super::report::{ChannelLevels, History, Loudness};
use super::{decibels, lufs};
use crate::weighting::PairEnergy;

/// What a channel is for, and with it how much it counts (BS.1770-5, Annex 1, table 3; Annex 3 for other positions:
/// a channel at the side, 60° to 120° and near ear height, is a surround).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Left, right, centre, rear or overhead: counts once.
    Main,
    /// A surround at the side: counts 1.41 times (+1.5 dB).
    Surround,
    /// The low-frequency effects channel: does not count.
    Lfe,
    /// One channel that stands for two alike: counts twice (+3.01 dB).
    Doubled,
}

impl Role {
    /// The weight on the channel's energy.
    pub fn weight(self) -> f64 {
        match self {
            Role::Main => 1.0,
            Role::Surround => 1.41,
            Role::Lfe => 0.0,
            Role::Doubled => 2.0,
        }
    }
}

/// How a file of one channel is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mono {
    /// As the one channel that it is (BS.1770).
    #[default]
    AsOneChannel,
    /// As the same signal on left and right: 3.01 LU more, what a listener to two loudspeakers hears.
    AsBothSides,
}

/// Which peaks are read. The more, the longer it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peaks {
    /// Sample peaks alone: [`ChannelLevels::true_peak_dbtp`] and [`Loudness::plr_db`] stay empty.
    Sample,
    /// The greatest true peak of each channel as well.
    #[default]
    True,
    /// And the true peak of every 100 ms, from which the smallest PSR is found.
    TrueAndPsr,
}

/// What a meter is asked for. The default: mono is one channel, true peaks are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How a file of one channel is counted.
    pub mono: Mono,
    /// Which peaks are read.
    pub peaks: Peaks,
}

/// A sample rate that K-weighting is not defined for here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("loudness is measured from 8000 to 768000 Hz, not at {0} Hz; resample the audio first")]
pub struct UnsupportedRate(pub u32);

/// Measures the loudness of one programme. See [the module](super) for what it says and how.
///
/// The result has the same bits however the programme is cut into pushes.
#[derive(Clone, Debug)]
pub struct LoudnessMeter {
    sample_rate: u32,
    grid: Grid,
    channels: Vec<Channel>,
    /// One kernel for each two channels, and one for a last channel without a partner.
    pairs: Vec<PairEnergy>,
    frames: u64,
    /// Frames heard of the present hop.
    in_hop: usize,
    /// Hops heard of the present step.
    in_step: usize,
    windows: Windows,
    blocks: Blocks,
    non_finite: u64,
    /// Where a stretch with non-finite samples is mended before it is heard.
    mended: Vec<Vec<f32>>,
}

#[derive(Clone, Debug)]
struct Channel {
    weight: f64,
    /// Bits of the greatest magnitude so far.
    peak: u32,
    energy: f64,
    true_peak: Option<TruePeakMeter>,
}

/// How time is divided: a step is 100 ms, a hop is the tenth of it or less.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    hop_frames: usize,
    hops_per_step: usize,
}

impl Grid {
    /// The longest hop up to 10 ms that divides 100 ms into whole frames. Where 100 ms are not a whole number of
    /// frames themselves (11025 Hz) the hop is 10 ms rounded down, and the windows are up to 1 % short.
    fn at(sample_rate: u32) -> Grid {
        let step = sample_rate as usize / 10;
        let exact = (10..=40).find(|hops| step.is_multiple_of(*hops)).filter(|_| sample_rate.is_multiple_of(10));
        let hops_per_step = exact.unwrap_or(10);
        Grid { hop_frames: step / hops_per_step, hops_per_step }
    }

    fn step_frames(self) -> usize {
        self.hop_frames * self.hops_per_step
    }

    fn hops(self, steps: usize) -> usize {
        self.hops_per_step * steps
    }
}

/// The energies of the last 3 s, hop by hop, and the greatest means over them. Silence precedes the programme.
#[derive(Clone, Debug)]
struct Windows {
    /// Twice as long as needed, so that the last 3 s always lie in one piece.
    hops: Vec<f64>,
    longest: usize,
    greatest_momentary: f64,
    greatest_short_term: f64,
}

impl Windows {
    fn new(longest: usize) -> Self {
        let mut hops = Vec::with_capacity(2 * longest);
        hops.resize(longest, 0.0);
        Windows { hops, longest, greatest_momentary: 0.0, greatest_short_term: 0.0 }
    }

    fn push(&mut self, hop: f64) {
        if self.hops.len() == 2 * self.longest {
            self.hops.copy_within(self.longest.., 0);
            self.hops.truncate(self.longest);
        }
        self.hops.push(hop);
    }

    fn sum_of_last(&self, hops: usize) -> f64 {
        sum(&self.hops[self.hops.len() - hops..])
    }
}

/// A sum in eight interleaved parts: always in the same order, and quick.
fn sum(values: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    let chunks = values.chunks_exact(8);
    for (part, value) in parts.iter_mut().zip(chunks.remainder()) {
        *part = *value;
    }
    for chunk in chunks {
        for (part, value) in parts.iter_mut().zip(chunk) {
            *part += value;
        }
    }
    parts.iter().sum()
}

impl LoudnessMeter {
    /// A meter for mono or stereo with the default [`Options`]. Fails outside 8 to 768 kHz.
    pub fn new(sample_rate: u32, layout: Layout) -> Result<Self, UnsupportedRate> {
        LoudnessMeter::with_options(sample_rate, layout, Options::default())
    }

    /// A meter for mono or stereo. Fails outside 8 to 768 kHz.
    pub fn with_options(sample_rate: u32, layout: Layout, options: Options) -> Result<Self, UnsupportedRate> {
        let roles: &[Role] = match (layout, options.mono) {
            (Layout::Mono, Mono::AsOneChannel) => &[Role::Main],
            (Layout::Mono, Mono::AsBothSides) => &[Role::Doubled],
            (Layout::Stereo, _) => &[Role::Main; 2],
        };
        LoudnessMeter::with_roles(sample_rate, roles, options.peaks)
    }

    /// A meter for any number of channels. Fails outside 8 to 768 kHz.
    pub fn with_roles(sample_rate: u32, roles: &[Role], peaks: Peaks) -> Result<Self, UnsupportedRate> {
        if !(8_000..=768_000).contains(&sample_rate) {
            return Err(UnsupportedRate(sample_rate));
        }
        let grid = Grid::at(sample_rate);
        let true_peak = || match peaks {
            Peaks::Sample => None,
            Peaks::True => Some(TruePeakMeter::new(Layout::Mono)),
            Peaks::TrueAndPsr => Some(TruePeakMeter::with_windows(Layout::Mono, grid.step_frames() as u32)),
        };
        let channel = |role: &Role| Channel { weight: role.weight(), peak: 0, energy: 0.0, true_peak: true_peak() };
        Ok(LoudnessMeter {
            sample_rate,
            grid,
            channels: roles.iter().map(channel).collect(),
            pairs: roles.chunks(2).map(|roles| PairEnergy::new(sample_rate, pair_layout(roles.len()))).collect(),
            frames: 0,
            in_hop: 0,
            in_step: 0,
            windows: Windows::new(grid.hops(SHORT_TERM_STEPS)),
            blocks: Blocks::default(),
            non_finite: 0,
            mended: vec![Vec::new(); roles.len()],
        })
    }

    /// Hears more of the programme.
    ///
    /// # Panics
    /// When the view has fewer channels than the meter.
    pub fn push(&mut self, view: View<'_>) {
        match view.layout() {
            Layout::Mono => self.push_channels(&[view.channel(0)]),
            Layout::Stereo => self.push_channels(&[view.channel(0), view.channel(1)]),
        }
    }

    /// Hears more of a programme of any number of channels: one slice each, in the order of the roles, all of one
    /// length.
    ///
    /// # Panics
    /// When there are fewer slices than roles, or the slices differ in length: faults of the caller.
    pub fn push_channels(&mut self, channels: &[&[f32]]) {
        assert!(channels.len() >= self.channels.len(), "a slice for every channel of the meter");
        let frames = channels.first().map_or(0, |c| c.len());
        assert!(channels.iter().all(|c| c.len() == frames), "channels of one push have one length");
        let mut at = 0;
        while at < frames {
            let end = frames.min(at + self.grid.hop_frames - self.in_hop);
            self.hear(channels, at, end);
            at = end;
        }
    }

    /// Hears a stretch that lies inside one hop.
    fn hear(&mut self, channels: &[&[f32]], from: usize, to: usize) {
        let mut mended = std::mem::take(&mut self.mended);
        for (c, channel) in self.channels.iter_mut().enumerate() {
            let part = &channels[c][from..to];
            mended[c].clear();
            let peak = greatest_bits(part);
            if peak < INFINITE {
                channel.peak = channel.peak.max(peak);
            } else {
                self.non_finite += part.iter().filter(|s| !s.is_finite()).count() as u64;
                mended[c].extend(part.iter().map(|s| if s.is_finite() { *s } else { 0.0 }));
                channel.peak = channel.peak.max(greatest_bits(&mended[c]));
            }
        }
        let heard = |c: usize| if mended[c].is_empty() { &channels[c][from..to] } else { &mended[c][..] };
        for (p, pair) in self.pairs.iter_mut().enumerate() {
            let partner = 2 * p + 1;
            pair.push(match pair_layout(self.channels.len() - 2 * p) {
                Layout::Mono => View::mono(heard(2 * p)),
                Layout::Stereo => View::stereo(heard(2 * p), heard(partner)),
            });
        }
        for (c, channel) in self.channels.iter_mut().enumerate() {
            if let Some(meter) = &mut channel.true_peak {
                meter.push(View::mono(heard(c)));
            }
        }
        self.mended = mended;
        self.frames += (to - from) as u64;
        self.in_hop += to - from;
        if self.in_hop == self.grid.hop_frames {
            self.in_hop = 0;
            self.end_hop();
        }
    }

    fn end_hop(&mut self) {
        let hop = self.take_energies();
        self.windows.push(hop);
        let momentary = self.window(MOMENTARY_STEPS);
        let short_term = self.window(SHORT_TERM_STEPS);
        self.windows.greatest_momentary = self.windows.greatest_momentary.max(momentary);
        self.windows.greatest_short_term = self.windows.greatest_short_term.max(short_term);
        self.in_step += 1;
        if self.in_step == self.grid.hops_per_step {
            self.in_step = 0;
            self.blocks.push(self.window(1));
        }
    }

    /// The weighted energy of all channels since the last hop.
    fn take_energies(&mut self) -> f64 {
        let mut hop = 0.0;
        for (pair, channels) in self.pairs.iter_mut().zip(self.channels.chunks_mut(2)) {
            let energy = pair.take();
            for (c, channel) in channels.iter_mut().enumerate() {
                channel.energy += energy.plain[c];
                hop += channel.weight * energy.weighted[c];
            }
        }
        hop
    }

    /// Weighted mean square over the last whole steps' worth of hops.
    fn window(&self, steps: usize) -> f64 {
        self.windows.sum_of_last(self.grid.hops(steps)) / (steps * self.grid.step_frames()) as f64
    }

    /// Momentary loudness now: of the last 400 ms, to the last whole hop. `None` in silence.
    pub fn momentary_lufs(&self) -> Option<f64> {
        lufs(self.window(MOMENTARY_STEPS))
    }

    /// Short-term loudness now: of the last 3 s, to the last whole hop. `None` in silence.
    pub fn short_term_lufs(&self) -> Option<f64> {
        lufs(self.window(SHORT_TERM_STEPS))
    }

    /// The energies heard so far, for gating together with other programmes.
    pub fn blocks(&self) -> &Blocks {
        &self.blocks
    }

    /// How many frames the windows move on at a time (at most 10 ms).
    pub fn hop_frames(&self) -> usize {
        self.grid.hop_frames
    }

    /// The programme has ended: what it measured.
    pub fn finish(self) -> Loudness {
        self.conclude().0
    }

    /// [`LoudnessMeter::finish`], with momentary and short-term loudness every 100 ms.
    pub fn finish_with_history(self) -> (Loudness, History) {
        let (loudness, blocks) = self.conclude();
        let history = History::of(&blocks);
        (loudness, history)
    }

    /// [`LoudnessMeter::finish`], with the energies for gating together with other programmes.
    pub fn finish_with_blocks(self) -> (Loudness, Blocks) {
        self.conclude()
    }

    fn conclude(mut self) -> (Loudness, Blocks) {
        // What is left of an unfinished hop counts for RMS; the windows take whole hops alone.
        self.take_energies();
        for channel in &mut self.channels {
            if let Some(meter) = &mut channel.true_peak {
                meter.finish();
            }
        }
        let levels: Vec<ChannelLevels> = self.channels.iter().map(|c| c.levels(self.frames)).collect();
        let integrated_lufs = self.blocks.integrated_lufs();
        let true_peak_dbtp = greatest(levels.iter().map(|c| c.true_peak_dbtp));
        let loudness = Loudness {
            sample_rate_hz: self.sample_rate,
            frames: self.frames,
            integrated_lufs,
            gate_lufs: self.blocks.gate_lufs(),
            range: self.blocks.range(),
            max_momentary_lufs: lufs(self.windows.greatest_momentary),
            max_short_term_lufs: lufs(self.windows.greatest_short_term),
            true_peak_dbtp,
            sample_peak_dbfs: greatest(levels.iter().map(|c| c.sample_peak_dbfs)),
            plr_db: true_peak_dbtp.zip(integrated_lufs).map(|(peak, loudness)| peak - loudness),
            min_psr_db: self.smallest_psr(),
            non_finite_samples: self.non_finite,
            channels: levels,
        };
        (loudness, self.blocks)
    }

    /// The smallest distance, over all whole windows of 3 s on the grid of 100 ms, between the true peak and the
    /// loudness of the window. Windows at or below −70 LUFS do not count.
    fn smallest_psr(&self) -> Option<f64> {
        let peaks: Vec<&[f32]> =
            self.channels.iter().map(|c| c.true_peak.as_ref().map_or(&[][..], |m| m.windows(0))).collect();
        let psr = |(step, loudness): (usize, Option<f64>)| {
            let loudness = loudness.filter(|l| *l > -70.0)?;
            let window = peaks.iter().filter_map(|p| p.get(step..step + SHORT_TERM_STEPS)).flatten();
            let peak = window.fold(0.0_f32, |a, b| a.max(*b));
            decibels(f64::from(peak)).map(|peak| peak - loudness)
        };
        self.blocks.short_term_lufs().enumerate().filter_map(psr).min_by(f64::total_cmp)
    }
}

impl Channel {
    fn levels(&self, frames: u64) -> ChannelLevels {
        let peak = f64::from(f32::from_bits(self.peak));
        let sample_peak_dbfs = decibels(peak);
        let rms_dbfs = decibels((self.energy / frames.max(1) as f64).sqrt());
        ChannelLevels {
            true_peak_dbtp: self.true_peak.as_ref().and_then(|m| decibels(m.max())),
            sample_peak_dbfs,
            rms_dbfs,
            crest_db: sample_peak_dbfs.zip(rms_dbfs).map(|(peak, rms)| peak - rms),
        }
    }
}

/// How many of the channels from here on run through one kernel.
fn pair_layout(channels: usize) -> Layout {
    if channels >= 2 { Layout::Stereo } else { Layout::Mono }
}

fn greatest(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().max_by(f64::total_cmp)
}

/// The bits of +∞: magnitudes with these or greater bits are no numbers.
const INFINITE: u32 = 0x7f80_0000;

/// The greatest magnitude as bits: for floats without their sign, the order of the bits is the order of the values,
/// and what is not finite comes out on top.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512dq+avx512vl+avx512bw"))]
fn greatest_bits(samples: &[f32]) -> u32 {
    samples.iter().fold(0, |greatest, s| greatest.max(s.to_bits() & 0x7fff_ffff))
}

#[cfg(test)]
mod tests {
    use super::{Grid, LoudnessMeter, Options, Peaks, UnsupportedRate};
    use tonmeister_core::{Buffer, Layout};
    use tonmeister_dsp::testing::{sine, spread, stereo_noise};

    #[test]
    fn hops_last_ten_milliseconds_at_most() {
        for rate in [8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000, 768_000] {
            let grid = Grid::at(rate);
            assert_eq!(grid.step_frames() as u32 * 10, rate, "{rate}");
            assert!(grid.hop_frames as u32 * 100 <= rate, "{rate}");
        }
        let odd = Grid::at(11_025);
        assert_eq!((odd.hop_frames, odd.hops_per_step), (110, 10));
        assert!(LoudnessMeter::new(7_999, Layout::Mono).is_err_and(|e| e == UnsupportedRate(7_999)));
    }

    #[test]
    fn the_cut_does_not_matter() {
        let mut audio = stereo_noise(3, 0.8, 250_007);
        audio.channel_mut(0)[100_000..150_000].fill(0.0);
        audio.channel_mut(1)[1234] = f32::NAN;
        let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
        let run = |sizes: &[usize]| {
            let mut meter = LoudnessMeter::with_options(44_100, Layout::Stereo, options).unwrap();
            let mut at = 0;
            for size in sizes.iter().cycle() {
                let end = (at + size).min(audio.frames());
                meter.push(audio.view(audio.frames()).part(at, end));
                at = end;
                if at == audio.frames() {
                    break;
                }
            }
            meter.finish_with_blocks()
        };
        let whole = run(&[usize::MAX >> 1]);
        assert_eq!(whole.0.non_finite_samples, 1);
        for sizes in [&[1_usize][..], &[64], &[441], &[7, 4096, 1, 333, 100_000]] {
            assert_eq!(run(sizes), whole, "blocks of {sizes:?}");
        }
    }

    #[test]
    fn crest_factors_of_known_waves() {
        let measure = |samples: Vec<f32>| {
            let mut meter = LoudnessMeter::new(48_000, Layout::Mono).unwrap();
            meter.push(Buffer::from_mono(samples).view(48_000));
            meter.finish().channels[0]
        };
        let tone = measure(sine(1000.0, 0.5, 48_000, 48_000));
        assert!((tone.crest_db.unwrap() - 3.0103).abs() < 0.0005);
        let square = measure((0..48_000).map(|n| if n % 48 < 24 { 0.5 } else { -0.5 }).collect());
        assert!(square.crest_db.unwrap().abs() < 1e-6);
    }

    #[test]
    fn silence_and_nothing_have_no_loudness() {
        for frames in [0, 1, 100_000] {
            let mut meter = LoudnessMeter::new(48_000, Layout::Stereo).unwrap();
            meter.push(Buffer::new(Layout::Stereo, frames).view(frames));
            let loudness = meter.finish();
            assert_eq!(loudness.frames, frames as u64);
            assert_eq!(
                (loudness.integrated_lufs, loudness.max_momentary_lufs, loudness.sample_peak_dbfs, loudness.plr_db),
                (None, None, None, None)
            );
        }
    }

    #[test]
    fn peak_to_loudness_ratios_of_a_tone() {
        let audio = spread(&sine(1000.0, 0.5, 48_000, 240_000), Layout::Stereo);
        let options = Options { peaks: Peaks::TrueAndPsr, ..Options::default() };
        let mut meter = LoudnessMeter::with_options(48_000, Layout::Stereo, options).unwrap();
        meter.push(audio.view(240_000));
        let loudness = meter.finish();
        // A stereo tone of peak −6.02 dBFS is −6.02 LUFS; peak and loudness are the same number.
        assert!(loudness.plr_db.unwrap().abs() < 0.02, "{loudness:?}");
        assert!(loudness.min_psr_db.unwrap().abs() < 0.02, "{loudness:?}");
    }
}
