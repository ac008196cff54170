//! The meter itself: energies per hop, windows over hops, peaks.

use tonmeister_core::{Layout, Speaker, View};
use tonmeister_dsp::truepeak::TruePeakMeter;

use super::blocks::{Blocks, MOMENTARY_STEPS, SHORT_TERM_STEPS};
use super::dynamics::{Dynamics, block_frames, programme_dr_db};
use super::grid::{Greatest, Grid, Windows};
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

    /// What each channel of a programme is for, by where its loudspeaker stands. A channel that stands nowhere known
    /// counts once.
    ///
    /// Where a programme has channels behind the listener and none at the sides, those behind are its surrounds: many
    /// files of 5.1 channels name them so.
    pub fn of_speakers(speakers: &[Speaker]) -> Vec<Role> {
        let sides = speakers.iter().any(|s| matches!(s, Speaker::SideLeft | Speaker::SideRight));
        let role = |speaker: &Speaker| match speaker {
            Speaker::Lfe => Role::Lfe,
            Speaker::SideLeft | Speaker::SideRight => Role::Surround,
            Speaker::BackLeft | Speaker::BackRight if !sides => Role::Surround,
            _ => Role::Main,
        };
        speakers.iter().map(role).collect()
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
    /// The same, [looked at closely](tonmeister_dsp::truepeak::close): right to 0.003 dB up to 0.965 of half the sample
    /// rate, for who must keep a ceiling.
    TrueClosely,
    /// The same, and by the usual taps the true peak of every 100 ms, from which the smallest PSR is found; and sample peak and
    /// RMS of every 100 ms.
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
    /// How long the blocks of dynamics are, and how many frames of the present one were heard.
    dynamics_frames: u64,
    in_dynamics: u64,
    windows: Windows,
    greatest_momentary: Greatest,
    greatest_short_term: Greatest,
    blocks: Blocks,
    /// Whether sample peak and RMS of every step are kept.
    over_time: bool,
    non_finite: u64,
    /// Where a stretch with non-finite samples is mended before it is heard.
    mended: Vec<Vec<f32>>,
}

#[derive(Clone, Debug)]
struct Channel {
    weight: f64,
    /// Bits of the greatest magnitude so far.
    peak: u32,
    /// The first frame that has it.
    peak_at: u64,
    /// Bits of the greatest magnitude in the present block of dynamics.
    block_peak: u32,
    /// The same in the present step.
    step_peak: u32,
    /// Sum of squares of all blocks of dynamics that have ended.
    energy: f64,
    /// Sum of squares of the present block of dynamics, and of the present step.
    block_energy: f64,
    step_energy: f64,
    /// Weighted energy of the present step.
    step: f64,
    dynamics: Dynamics,
    true_peak: Option<TruePeakMeter>,
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
            Peaks::TrueClosely => Some(TruePeakMeter::close(Layout::Mono)),
            Peaks::TrueAndPsr => Some(TruePeakMeter::close_with_windows(Layout::Mono, grid.step_frames() as u32)),
        };
        let channel = |role: &Role| Channel {
            weight: role.weight(),
            peak: 0,
            peak_at: 0,
            block_peak: 0,
            step_peak: 0,
            energy: 0.0,
            block_energy: 0.0,
            step_energy: 0.0,
            step: 0.0,
            dynamics: Dynamics::default(),
            true_peak: true_peak(),
        };
        Ok(LoudnessMeter {
            sample_rate,
            grid,
            channels: roles.iter().map(channel).collect(),
            pairs: roles.chunks(2).map(|roles| PairEnergy::new(sample_rate, pair_layout(roles.len()))).collect(),
            frames: 0,
            in_hop: 0,
            in_step: 0,
            dynamics_frames: block_frames(sample_rate),
            in_dynamics: 0,
            windows: Windows::new(grid.hops(SHORT_TERM_STEPS)),
            greatest_momentary: Greatest::default(),
            greatest_short_term: Greatest::default(),
            blocks: Blocks::new(roles.len()),
            over_time: peaks == Peaks::TrueAndPsr,
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
            let block = (self.dynamics_frames - self.in_dynamics) as usize;
            let end = frames.min(at + (self.grid.hop_frames - self.in_hop).min(block));
            self.hear(channels, at, end);
            at = end;
        }
    }

    /// Hears a stretch that lies inside one hop and one block of dynamics.
    fn hear(&mut self, channels: &[&[f32]], from: usize, to: usize) {
        let mut mended = std::mem::take(&mut self.mended);
        for (c, channel) in self.channels.iter_mut().enumerate() {
            let part = &channels[c][from..to];
            mended[c].clear();
            let mut peak = greatest_bits(part);
            if peak >= INFINITE {
                self.non_finite += part.iter().filter(|s| !s.is_finite()).count() as u64;
                mended[c].extend(part.iter().map(|s| if s.is_finite() { *s } else { 0.0 }));
                peak = greatest_bits(&mended[c]);
            }
            channel.block_peak = channel.block_peak.max(peak);
            channel.step_peak = channel.step_peak.max(peak);
            if peak > channel.peak {
                channel.peak = peak;
                let first = part.iter().position(|s| s.abs().to_bits() == peak).unwrap_or(0);
                channel.peak_at = self.frames + first as u64;
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
        self.in_dynamics += (to - from) as u64;
        if self.in_dynamics == self.dynamics_frames {
            self.end_block();
        }
    }

    fn end_hop(&mut self) {
        let hop = self.take_energies();
        self.windows.push(hop);
        let (momentary, short_term) = (self.window(MOMENTARY_STEPS), self.window(SHORT_TERM_STEPS));
        self.windows.keep(&mut self.greatest_momentary, momentary);
        self.windows.keep(&mut self.greatest_short_term, short_term);
        self.in_step += 1;
        if self.in_step == self.grid.hops_per_step {
            self.in_step = 0;
            self.blocks.push(self.window(1));
            self.add_plain();
            let frames = self.grid.step_frames() as f64;
            for (c, channel) in self.channels.iter_mut().enumerate() {
                let energy = std::mem::take(&mut channel.step);
                self.blocks.push_channel(c, energy / frames);
                let square = std::mem::take(&mut channel.step_energy) / frames;
                let peak = f32::from_bits(std::mem::take(&mut channel.step_peak));
                if self.over_time {
                    self.blocks.push_levels(c, square as f32, peak);
                }
            }
        }
    }

    /// The weighted energy of all channels since the last hop.
    fn take_energies(&mut self) -> f64 {
        let mut hop = 0.0;
        for (pair, channels) in self.pairs.iter_mut().zip(self.channels.chunks_mut(2)) {
            for (channel, energy) in channels.iter_mut().zip(pair.take_weighted()) {
                channel.step += energy;
                hop += channel.weight * energy;
            }
        }
        hop
    }

    /// What was heard since the last time, added to the present step and the present block of dynamics.
    fn add_plain(&mut self) {
        for (pair, channels) in self.pairs.iter_mut().zip(self.channels.chunks_mut(2)) {
            for (channel, energy) in channels.iter_mut().zip(pair.take_plain()) {
                channel.block_energy += energy;
                channel.step_energy += energy;
            }
        }
    }

    /// A block of dynamics has ended, or the programme inside of one.
    fn end_block(&mut self) {
        self.add_plain();
        for channel in &mut self.channels {
            let energy = std::mem::take(&mut channel.block_energy);
            let peak = f64::from(f32::from_bits(std::mem::take(&mut channel.block_peak)));
            channel.energy += energy;
            channel.dynamics.push(energy, self.in_dynamics, peak);
        }
        self.in_dynamics = 0;
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

    /// [`LoudnessMeter::finish`], with loudness and peaks every 100 ms.
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
        // What is left of an unfinished hop counts for RMS and dynamics; the windows take whole hops alone.
        self.end_block();
        for (c, channel) in self.channels.iter_mut().enumerate() {
            if let Some(meter) = &mut channel.true_peak {
                meter.finish();
                self.blocks.set_peaks(c, meter.windows(0));
            }
        }
        let levels: Vec<ChannelLevels> = (0..self.channels.len()).map(|c| self.levels(c)).collect();
        let integrated_lufs = self.blocks.integrated_lufs();
        let true_peak = first_greatest(&levels, |c| (c.true_peak_dbtp, c.true_peak_at_s));
        let sample_peak = first_greatest(&levels, |c| (c.sample_peak_dbfs, c.sample_peak_at_s));
        let (true_peak_dbtp, sample_peak_dbfs) = (true_peak.map(|p| p.db), sample_peak.map(|p| p.db));
        let energy: f64 = self.channels.iter().map(|c| c.energy).sum();
        let rms_dbfs = decibels((energy / (self.frames.max(1) as f64 * levels.len().max(1) as f64)).sqrt());
        let min_psr = self.smallest_psr();
        let loudness = Loudness {
            sample_rate_hz: self.sample_rate,
            frames: self.frames,
            integrated_lufs,
            gate_lufs: self.blocks.gate_lufs(),
            range: self.blocks.range(),
            max_momentary_lufs: lufs(self.greatest_momentary.energy),
            max_momentary_at_s: self.beginning(self.greatest_momentary, MOMENTARY_STEPS),
            max_short_term_lufs: lufs(self.greatest_short_term.energy),
            max_short_term_at_s: self.beginning(self.greatest_short_term, SHORT_TERM_STEPS),
            true_peak_dbtp,
            true_peak_at_s: true_peak.and_then(|p| p.at_s),
            true_peak_channel: true_peak.map(|p| p.channel),
            sample_peak_dbfs,
            sample_peak_at_s: sample_peak.and_then(|p| p.at_s),
            sample_peak_channel: sample_peak.map(|p| p.channel),
            plr_db: true_peak_dbtp.zip(integrated_lufs).map(|(peak, loudness)| peak - loudness),
            min_psr_db: min_psr.map(|psr| psr.0),
            min_psr_at_s: min_psr.map(|psr| psr.1),
            rms_dbfs,
            crest_db: sample_peak_dbfs.zip(rms_dbfs).map(|(peak, rms)| peak - rms),
            dr_db: programme_dr_db(levels.iter().map(|c| c.dr_db)),
            gains: None,
            non_finite_samples: self.non_finite,
            channels: levels,
        };
        (loudness.with_gains(), self.blocks)
    }

    /// The time of a frame, in seconds, which lies inside the programme.
    fn seconds(&self, frame: u64) -> f64 {
        frame.min(self.frames.saturating_sub(1)) as f64 / f64::from(self.sample_rate)
    }

    /// Where the window began that was the greatest; what precedes the programme is not counted.
    fn beginning(&self, greatest: Greatest, steps: usize) -> Option<f64> {
        let hops = greatest.hops.saturating_sub(self.grid.hops(steps) as u64);
        (greatest.energy > 0.0).then(|| self.seconds(hops * self.grid.hop_frames as u64))
    }

    /// The smallest distance, over all whole windows of 3 s on the grid of 100 ms, between the true peak and the
    /// loudness of the window; and where that window begins.
    fn smallest_psr(&self) -> Option<(f64, f64)> {
        let ratios = self.blocks.psr_db().enumerate().filter_map(|(step, psr)| Some((psr?, step)));
        let (psr, step) = ratios.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some((psr, self.seconds((step * self.grid.step_frames()) as u64)))
    }

    fn levels(&self, c: usize) -> ChannelLevels {
        let channel = &self.channels[c];
        let peak = f64::from(f32::from_bits(channel.peak));
        let sample_peak_dbfs = decibels(peak);
        let rms_dbfs = decibels((channel.energy / self.frames.max(1) as f64).sqrt());
        let true_peak = channel.true_peak.as_ref();
        let true_peak_dbtp = true_peak.and_then(|m| decibels(m.max()));
        ChannelLevels {
            true_peak_dbtp,
            true_peak_at_s: true_peak
                .filter(|_| true_peak_dbtp.is_some())
                .map(|m| self.seconds(m.channel_max_frame(0))),
            sample_peak_dbfs,
            sample_peak_at_s: sample_peak_dbfs.map(|_| self.seconds(channel.peak_at)),
            integrated_lufs: self.blocks.channel_lufs(c),
            rms_dbfs,
            crest_db: sample_peak_dbfs.zip(rms_dbfs).map(|(peak, rms)| peak - rms),
            dr_db: channel.dynamics.dr_db(),
        }
    }
}

/// How many of the channels from here on run through one kernel.
fn pair_layout(channels: usize) -> Layout {
    if channels >= 2 { Layout::Stereo } else { Layout::Mono }
}

/// The greatest peak of all channels.
#[derive(Clone, Copy)]
struct Peak {
    db: f64,
    at_s: Option<f64>,
    channel: usize,
}

fn first_greatest(levels: &[ChannelLevels], peak: fn(&ChannelLevels) -> (Option<f64>, Option<f64>)) -> Option<Peak> {
    let peaks = levels.iter().enumerate().filter_map(|(channel, levels)| {
        let (db, at_s) = peak(levels);
        Some(Peak { db: db?, at_s, channel })
    });
    peaks.reduce(|first, next| if next.db > first.db { next } else { first })
}

/// The bits of +∞: magnitudes with these or greater bits are no numbers.
const INFINITE: u32 = 0x7f80_0000;

/// The greatest magnitude as bits: for floats without their sign, the order of the bits is the order of the values,
/// and what is not finite comes out on top.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn greatest_bits(samples: &[f32]) -> u32 {
    samples.iter().fold(0, |greatest, s| greatest.max(s.to_bits() & 0x7fff_ffff))
}

#[cfg(test)]
mod tests {
    use super::{LoudnessMeter, Options, Peaks, Role, UnsupportedRate};
    use tonmeister_core::{Buffer, Layout, Speaker, View};
    use tonmeister_dsp::testing::{sine, spread, stereo_noise};

    #[test]
    fn surrounds_are_found_at_the_sides_or_behind() {
        let (five, seven) = (Speaker::of_mask(0x3F, 6), Speaker::of_mask(0x63F, 8));
        let weights = |speakers: &[Speaker]| Role::of_speakers(speakers).iter().map(|r| r.weight()).collect::<Vec<_>>();
        assert_eq!(weights(&five), [1.0, 1.0, 1.0, 0.0, 1.41, 1.41]);
        assert_eq!(weights(&five), weights(&Speaker::of_mask(0x60F, 6)));
        // BS.1770-5, Annex 3: at 135° behind, as in 7.1, a channel counts once.
        assert_eq!(weights(&seven), [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41]);
    }

    #[test]
    fn rates_beyond_the_standard_are_refused() {
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

    /// A tone near the edge of the band, as loud cymbals have: the usual taps read it 0.47 dB low.
    #[test]
    fn treble_at_the_edge_of_the_band_is_read_alike_by_every_verb() {
        let swell = |n: usize| (n.min(48_000 - n) as f32 / 20_000.0).min(1.0);
        let tone: Vec<f32> =
            sine(22_900.0, 0.5, 48_000, 48_000).into_iter().enumerate().map(|(n, x)| x * swell(n)).collect();
        let read = |peaks| {
            let options = Options { peaks, ..Options::default() };
            let mut meter = LoudnessMeter::with_options(48_000, Layout::Mono, options).unwrap();
            meter.push(View::mono(&tone));
            meter.finish_with_history()
        };
        let (limited, _) = read(Peaks::TrueClosely);
        let (measured, history) = read(Peaks::TrueAndPsr);
        assert!((measured.true_peak_dbtp.unwrap() + 6.0206).abs() < 0.01, "{measured:?}");
        assert_eq!(measured.true_peak_dbtp, limited.true_peak_dbtp);
        let greatest = history.true_peak_dbtp[0].iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((greatest - measured.true_peak_dbtp.unwrap()).abs() < 1e-6, "{greatest}");
    }

    #[test]
    fn the_greatest_are_found_in_their_places() {
        // A quiet tone on the left; from 7 s to 11 s a louder one on both; a click on the left at 5 s.
        let mut audio = spread(&sine(1000.0, 0.01, 48_000, 20 * 48_000), Layout::Stereo);
        audio.channel_mut(1).fill(0.0);
        let loud = sine(1000.0, 0.5, 48_000, 4 * 48_000);
        for c in 0..2 {
            audio.channel_mut(c)[7 * 48_000..11 * 48_000].copy_from_slice(&loud);
        }
        audio.channel_mut(0)[5 * 48_000] = -0.9;
        let mut meter = LoudnessMeter::with_options(
            48_000,
            Layout::Stereo,
            Options { peaks: Peaks::TrueAndPsr, ..Options::default() },
        )
        .unwrap();
        meter.push(audio.view(audio.frames()));
        let (loudness, history) = meter.finish_with_history();
        let within = |found: Option<f64>, from: f64, to: f64| {
            let at = found.unwrap();
            assert!((from..=to).contains(&at), "{at} s lies outside {from} to {to}: {loudness:?}");
        };
        within(loudness.max_short_term_at_s, 7.0, 8.01);
        within(loudness.max_momentary_at_s, 7.0, 10.61);
        within(loudness.min_psr_at_s, 7.0, 8.0);
        assert_eq!(loudness.sample_peak_at_s, Some(5.0));
        within(loudness.true_peak_at_s, 5.0 - 1.0 / 48_000.0, 5.0);
        assert_eq!((loudness.true_peak_channel, loudness.sample_peak_channel), (Some(0), Some(0)));
        within(loudness.channels[1].sample_peak_at_s, 7.0, 7.01);
        // The right channel alone: −6.02 dBFS on one channel is −9.03 LUFS; 37 blocks hear the tone whole, six in part,
        // together three more: −9.03 + 10 lg(40/43).
        assert!((loudness.channels[1].integrated_lufs.unwrap() + 9.345).abs() < 0.02, "{loudness:?}");
        assert_eq!(
            (history.momentary_lufs.len(), history.short_term_lufs.len(), history.psr_db.len()),
            (197, 171, 171)
        );
        assert!(history.true_peak_dbtp.iter().all(|peaks| peaks.len() == 200));
        // The tenth of a second from 5 s, and the one before it, into which the click rings between the samples.
        let clicks: Vec<usize> = (0..200).filter(|n| history.true_peak_dbtp[0][*n].unwrap() > -3.0).collect();
        assert_eq!(clicks, [49, 50]);
        let smallest = history.psr_db.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        assert_eq!(Some(smallest), loudness.min_psr_db);
    }

    /// Levels over time are those of the stretches, whatever the pushes, and do not disturb what is said of the whole.
    #[test]
    fn levels_over_time_are_those_of_their_stretches() {
        for rate in [44_100, 48_000] {
            let sound = tonmeister_dsp::testing::stereo_noise(5, 0.4, 4 * rate as usize + 1234);
            let roles = [Role::Main; 2];
            let mut meter = LoudnessMeter::with_roles(rate, &roles, Peaks::TrueAndPsr).unwrap();
            for from in (0..sound.frames()).step_by(777) {
                meter.push(sound.view(sound.frames()).part(from, (from + 777).min(sound.frames())));
            }
            let (loudness, history) = meter.finish_with_history();
            let step = rate as usize / 10;
            for c in 0..2 {
                let samples = sound.channel(c);
                let levels = |part: &[f32]| {
                    let square = part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / part.len() as f64;
                    let peak = part.iter().fold(0.0_f32, |most, s| most.max(s.abs()));
                    (20.0 * f64::from(peak).log10(), 10.0 * square.log10())
                };
                assert_eq!((history.rms_dbfs[c].len(), history.crest_db[c].len()), (40, 11));
                for (n, part) in samples.chunks_exact(step).enumerate() {
                    let (peak, rms) = levels(part);
                    assert!((history.sample_peak_dbfs[c][n].unwrap() - peak).abs() < 1e-9);
                    assert!((history.rms_dbfs[c][n].unwrap() - rms).abs() < 1e-5);
                }
                for (n, crest) in history.crest_db[c].iter().enumerate() {
                    let (peak, rms) = levels(&samples[n * step..n * step + 30 * step]);
                    assert!((crest.unwrap() - (peak - rms)).abs() < 1e-5);
                }
                let (peak, rms) = levels(samples);
                assert!((loudness.channels[c].crest_db.unwrap() - (peak - rms)).abs() < 1e-9);
            }
        }
    }
}
