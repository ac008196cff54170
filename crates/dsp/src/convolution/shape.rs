//! What is done to a recorded room before anything sounds in it.

use std::f64::consts::PI;

use rustfft::FftPlannerScalar;
use rustfft::num_complex::Complex;
use tonmeister_core::{Buffer, BuildError, Settings};

/// What lies this far before the first sound is kept, so that a soft beginning stays soft.
const LEAD_MS: f64 = 1.0;
/// Energies are looked at in stretches of this length.
const STRETCH_MS: f64 = 10.0;
/// A decay must be seen to fall this far before it can be changed.
const LEAST_FALL_DB: f64 = 20.0;

/// The impulse responses as they will sound: one for both sides, left and right, or of the left source to left and
/// right and of the right one.
pub(super) struct Room {
    pub(super) ways: Vec<Vec<f64>>,
}

impl Room {
    pub(super) fn new(settings: &Settings, rate: f64) -> Result<Room, BuildError> {
        let mut ways = recorded(settings)?;
        let onset = onset(&ways);
        let start = if settings.get("trim") == 1.0 { trim(&mut ways, onset, rate) } else { 0 };
        let onset = onset - start;
        let ratios = ["low_ratio", "decay_ratio", "high_ratio"].map(|id| settings.get(id));
        if ratios != [1.0; 3] {
            last(&mut ways, onset, rate, [settings.get("low_hz"), settings.get("high_hz")], ratios)?;
        }
        let [early_db, late_db] = ["early_db", "late_db"].map(|id| settings.get(id));
        if (early_db, late_db) != (0.0, 0.0) {
            balance(&mut ways, onset, 0.001 * settings.get("early_ms") * rate, early_db, late_db);
        }
        cut(&mut ways, (settings.get("length_s") * rate) as usize);
        if settings.get("reverse") == 1.0 {
            for way in &mut ways {
                way.reverse();
            }
        }
        if settings.get("level") == 0.0 {
            let gain = 1.0 / power(&ways, rate).sqrt();
            if !gain.is_finite() {
                return Err(BuildError("the convolution's `length_s` leaves only silence; make it longer".into()));
            }
            ways.iter_mut().flatten().for_each(|h| *h *= gain);
        }
        let silence = (0.001 * settings.get("pre_delay_ms") * rate).round() as usize;
        for way in &mut ways {
            way.splice(0..0, std::iter::repeat_n(0.0, silence));
        }
        Ok(Room { ways })
    }
}

/// The recordings' channels, all of one length.
fn recorded(settings: &Settings) -> Result<Vec<Vec<f64>>, BuildError> {
    let missing =
        "a convolution needs a recording of a room: write `ir = \"hall.wav\"`, the path of its impulse response";
    let first = settings.sound("ir").ok_or_else(|| BuildError(missing.into()))?;
    let channels = |buffer: &Buffer| -> Vec<Vec<f64>> {
        let channel = |k| buffer.channel(k).iter().copied().map(f64::from).collect();
        (0..buffer.layout().channels()).map(channel).collect()
    };
    let mut ways = channels(first);
    if settings.file("ir_right").is_some() {
        let unread = "the convolution's `ir_right` was named but not read";
        let second = settings.sound("ir_right").ok_or_else(|| BuildError(unread.into()))?;
        ways.extend(channels(second));
        // One for both sides twice is one for each.
        let both = [first, second].map(|buffer| buffer.layout().channels());
        if both[0] != both[1] {
            return Err(BuildError(format!(
                "the convolution's `ir` has {} and `ir_right` has {}; for true stereo both must have two",
                count(both[0]),
                count(both[1])
            )));
        }
    }
    let length = ways.iter().map(Vec::len).max().unwrap_or(0);
    for way in &mut ways {
        way.resize(length, 0.0);
    }
    let mut samples = ways.iter().flatten();
    if !samples.clone().all(|h| h.is_finite()) {
        return Err(BuildError("the convolution's recording holds samples that are no numbers".into()));
    }
    if samples.all(|h| *h == 0.0) {
        return Err(BuildError("the convolution's recording is silent; give it the impulse response of a room".into()));
    }
    Ok(ways)
}

fn count(channels: usize) -> &'static str {
    if channels == 1 { "one channel" } else { "two channels" }
}

/// Where the sound begins: at the first sample within 20 dB of the highest, on any way.
fn onset(ways: &[Vec<f64>]) -> usize {
    let highest = ways.iter().flatten().fold(0.0, |most: f64, h| most.max(h.abs()));
    let first = |way: &Vec<f64>| way.iter().position(|h| h.abs() >= 0.1 * highest);
    ways.iter().filter_map(first).min().unwrap_or(0)
}

/// Takes away what lies before the sound, fades the rest in, and tells how much it took.
fn trim(ways: &mut [Vec<f64>], onset: usize, rate: f64) -> usize {
    let lead = (0.001 * LEAD_MS * rate) as usize;
    let start = onset.saturating_sub(lead);
    for way in ways.iter_mut().filter(|_| start > 0) {
        way.drain(..start);
        for (n, h) in way.iter_mut().take(lead).enumerate() {
            *h *= rise((n as f64 + 0.5) / lead as f64);
        }
    }
    start
}

/// Half a cosine from 0 to 1.
fn rise(way: f64) -> f64 {
    0.5 - 0.5 * (PI * way.clamp(0.0, 1.0)).cos()
}

/// Ends the ways after so many frames, with a fade over the last tenth. Those that end before are left alone.
fn cut(ways: &mut [Vec<f64>], frames: usize) {
    for way in ways.iter_mut().filter(|way| way.len() > frames) {
        way.truncate(frames);
        let fade = frames / 10;
        for (n, h) in way.iter_mut().rev().take(fade).enumerate() {
            *h *= rise((n as f64 + 0.5) / fade as f64);
        }
    }
}

/// Gains before and after a time; between three and five quarters of it the level goes over.
fn balance(ways: &mut [Vec<f64>], onset: usize, early: f64, early_db: f64, late_db: f64) {
    for way in ways {
        for (n, h) in way.iter_mut().enumerate() {
            let time = (n as f64 - onset as f64) / early;
            let db = early_db + (late_db - early_db) * rise(2.0 * time - 1.5);
            *h *= 10f64.powf(0.05 * db);
        }
    }
}

/// The mean power at an output when pink noise of power one is at each input: 20 Hz to 20 kHz, each octave alike.
fn power(ways: &[Vec<f64>], rate: f64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for pair in ways.chunks(2) {
        let bins = spectrum(pair);
        let step = rate / bins.len() as f64;
        weights = 0.0;
        for k in (1..bins.len() / 2).filter(|k| (20.0..=20_000.0).contains(&(*k as f64 * step))) {
            // Both ways of the pair: they were the real and the imaginary part.
            sum += 0.5 * (bins[k].norm_sqr() + bins[bins.len() - k].norm_sqr()) / k as f64;
            weights += 1.0 / k as f64;
        }
    }
    // All ways end at two outputs, but one alone is heard on both.
    let outputs = if ways.len() == 1 { 1.0 } else { 2.0 };
    sum / weights / outputs
}

/// The spectrum of one way or two (the second as the imaginary part), with as much silence behind it.
fn spectrum(pair: &[Vec<f64>]) -> Vec<Complex<f64>> {
    // Half a second at 48 kHz is longer than any band's slope rings.
    let size = (pair[0].len() + 24_000).next_power_of_two();
    let mut bins = vec![Complex::default(); size];
    for (n, z) in bins.iter_mut().enumerate().take(pair[0].len()) {
        *z = Complex::new(pair[0][n], pair.get(1).map_or(0.0, |second| second[n]));
    }
    FftPlannerScalar::new().plan_fft_forward(size).process(&mut bins);
    bins
}

/// Makes lows, middle and highs last longer or shorter.
///
/// Each band is multiplied by an envelope that starts at one at the onset and falls (or rises) by what the wanted decay
/// differs from the recorded one. Where the recording has reached its noise, the noise falls as the wanted decay does.
fn last(ways: &mut [Vec<f64>], onset: usize, rate: f64, corners: [f64; 2], ratios: [f64; 3]) -> Result<(), BuildError> {
    let length = ways[0].len();
    let mut bands = [ways.to_vec(), Vec::new(), Vec::new()];
    for pair in ways.chunks(2) {
        let bins = spectrum(pair);
        for band in [1, 2] {
            for (which, part) in part(&bins, rate, corners, band, length).into_iter().enumerate().take(pair.len()) {
                // What is neither middle nor high is low.
                let way = bands[band].len();
                debug_assert_eq!(way % 2, which);
                bands[0][way].iter_mut().zip(&part).for_each(|(low, x)| *low -= x);
                bands[band].push(part);
            }
        }
    }
    let whole: f64 = ways.iter().flatten().map(|h| h * h).sum();
    for ((band, ratio), name) in bands.iter_mut().zip(ratios).zip(["low_ratio", "decay_ratio", "high_ratio"]) {
        let energy: Vec<f64> = (onset..length).map(|n| band.iter().map(|way| way[n] * way[n]).sum()).collect();
        // What is not there need not be changed.
        if ratio == 1.0 || energy.iter().sum::<f64>() < 1e-8 * whole {
            continue;
        }
        let Some(decay) = Decay::of(&energy, rate) else {
            return Err(BuildError(format!(
                "the convolution's recording does not fall by {LEAST_FALL_DB} dB in the band of `{name}`, so its decay \
                 cannot be measured; leave `{name}` at 1"
            )));
        };
        for n in 0..energy.len() {
            let gain = decay.envelope(n as f64, ratio);
            for way in band.iter_mut() {
                way[onset + n] *= gain;
            }
        }
    }
    for (k, way) in ways.iter_mut().enumerate() {
        for (n, h) in way.iter_mut().enumerate() {
            *h = bands[0][k][n] + bands[1][k][n] + bands[2][k][n];
        }
    }
    Ok(())
}

/// The middle (1) or the highs (2) of a pair of ways. The bands' slopes are two octaves wide, half a cosine over the
/// logarithm of frequency, without phase shift.
fn part(bins: &[Complex<f64>], rate: f64, [low, high]: [f64; 2], band: usize, length: usize) -> [Vec<f64>; 2] {
    let size = bins.len();
    let above = |hz: f64, corner: f64| if hz == 0.0 { 0.0 } else { rise(0.5 + 0.5 * (hz / corner).log2()) };
    let mut part: Vec<Complex<f64>> = bins.to_vec();
    for (k, z) in part.iter_mut().enumerate() {
        let hz = k.min(size - k) as f64 * rate / size as f64;
        let gain = above(hz, low) * if band == 2 { above(hz, high) } else { 1.0 - above(hz, high) };
        *z *= gain / size as f64;
    }
    FftPlannerScalar::new().plan_fft_inverse(size).process(&mut part);
    part.truncate(length);
    [part.iter().map(|z| z.re).collect(), part.iter().map(|z| z.im).collect()]
}

/// How a band falls.
struct Decay {
    /// Frames for a fall of 60 dB.
    t60: f64,
    /// The frame at which it has reached its noise.
    knee: f64,
}

impl Decay {
    /// From its energy per frame: a line through the levels of stretches of 10 ms, from 3 dB below the loudest to 6 dB
    /// above the noise, which is what the last tenth holds.
    fn of(energy: &[f64], rate: f64) -> Option<Decay> {
        let stretch = ((0.001 * STRETCH_MS * rate) as usize).max(1);
        let levels: Vec<f64> = energy.chunks_exact(stretch).map(|part| part.iter().sum()).collect();
        let last = levels.len().div_ceil(10);
        let noise = levels.iter().rev().take(last).sum::<f64>() / last as f64;
        let top = (0..levels.len()).max_by(|a, b| levels[*a].total_cmp(&levels[*b]))?;
        // Three stretches together do not dip below the noise by chance.
        let near =
            |k: usize| levels[k..(k + 3).min(levels.len())].iter().sum::<f64>() / (levels.len() - k).min(3) as f64;
        let knee = (top..levels.len()).find(|k| near(*k) < 4.0 * noise).unwrap_or(levels.len());
        let from = (top..knee).find(|k| near(*k) < 0.5 * levels[top]).unwrap_or(knee);
        let line: Vec<(f64, f64)> = (from..knee)
            .filter(|k| levels[*k] > noise)
            .map(|k| (k as f64, 10.0 * (levels[k] - noise).log10()))
            .collect();
        let count = line.len() as f64;
        let (mx, my) = line.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0 / count, y + p.1 / count));
        let (xy, xx) =
            line.iter().fold((0.0, 0.0), |(xy, xx), (x, y)| (xy + (x - mx) * (y - my), xx + (x - mx).powi(2)));
        let slope = xy / xx;
        let fall = -slope * (knee - from) as f64;
        let seen = line.len() >= 4 && slope < 0.0 && fall >= LEAST_FALL_DB - 9.0;
        let enough = 10.0 * (levels[top] / noise.max(f64::MIN_POSITIVE)).log10() >= LEAST_FALL_DB;
        (seen && enough).then(|| Decay { t60: -60.0 / slope * stretch as f64, knee: (knee * stretch) as f64 })
    }

    /// The gain that makes it last so many times as long.
    fn envelope(&self, frame: f64, ratio: f64) -> f64 {
        let wanted = 1.0 / (ratio * self.t60);
        let change = (wanted - 1.0 / self.t60) * frame.min(self.knee) + wanted * (frame - self.knee).max(0.0);
        10f64.powf(-3.0 * change)
    }
}
