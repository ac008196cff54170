//! Test signals: tones, sweeps, noises, clicks and line-up tones.
//!
//! Everything is counted from the first frame of the song and drawn from its seed, so a test signal is the same each
//! time.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{testing, utility::TestSignal};
//!
//! let settings = Settings::new(TestSignal::SPEC).with("hz", 440.0).with("level_dbfs", -6.0206);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 4800, seed: 1 };
//! let mut audio = testing::spread(&[0.0; 4800], Layout::Stereo);
//! TestSignal::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(4800), &Context::default());
//! let wanted = testing::sine(440.0, 0.5, 48_000, 4800);
//! assert!(audio.channel(0).iter().zip(&wanted).all(|(y, x)| (y - x).abs() < 1e-6));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::FRAC_1_SQRT_2;

use tonmeister_core::{
    Automatable, BuildError, Choice, Effect, EffectSpec, Family, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use super::pink::{Pink, White};
use crate::math::amplitude_of_db;
use crate::modulation::lfo::{Lfo, Offset, Shape, sine_of_turns};
use crate::modulation::rig::{Knobs, Machine, Running};
use crate::stereo::two_sides;

/// Tones stay below this part of the sample rate.
const HIGHEST: f64 = 0.49;
/// Line-up tones have this frequency.
const LINE_UP_HZ: f64 = 1000.0;
/// An interruption, and each of its edges, in seconds.
const GAP: f64 = 0.25;
const GAP_EDGE: f64 = 0.005;
/// A sweep's ends are faded over this, in seconds.
const SWEEP_EDGE: f64 = 0.01;

const SPEC: EffectSpec = EffectSpec {
    id: "test_signal",
    name: "Test signal",
    family: Family::Utility,
    summary: "Plays a tone, a sweep, noise, clicks or a line-up tone, instead of what comes in or on top of it.",
    doc: "To line up levels, find out what a chain does, measure a room. `level_dbfs` is the peak of tones, sweeps and \
          clicks; noises have the power of a sine of that peak (AES17), so white noise peaks 4.8 dB above its own \
          RMS, 1.8 dB above the level written, and pink noise some 10 dB above. Pink noise falls by 3 dB an octave \
          within ±0.1 dB from 20 Hz to 20 kHz. The sweep rises exponentially, so many octaves a second, fades its \
          ends over 10 ms, and starts over. The line-up tones are interrupted so that channels can be told apart: \
          `ebu` takes the left away for 250 ms every 3 s; `glits`, every 4 s, the left once and 250 ms later the \
          right twice. −18 dBFS is the alignment level of EBU R 68.",
    params: &[
        ParamSpec::choice(
            "signal",
            "Signal",
            &[
                Choice { id: "sine", doc: "a tone at `hz`" },
                Choice { id: "sweep", doc: "a tone that glides from `from_hz` to `to_hz`, again and again" },
                Choice { id: "white", doc: "noise of equal power per hertz" },
                Choice { id: "pink", doc: "noise of equal power per octave" },
                Choice { id: "clicks", doc: "single samples, `clicks_hz` times a second" },
                Choice { id: "ebu", doc: "1 kHz on both sides, the left interrupted every 3 s" },
                Choice {
                    id: "glits",
                    doc: "1 kHz on both sides, every 4 s the left interrupted once, the right twice",
                },
            ],
            "What is played.",
        ),
        ParamSpec::choice(
            "mode",
            "Mode",
            &[
                Choice { id: "replace", doc: "what comes in is not heard" },
                Choice { id: "add", doc: "what comes in is heard beneath" },
            ],
            "What becomes of the input.",
        ),
        ParamSpec::number("level_dbfs", "Level", Unit::Db, (-120.0, 0.0), -18.0, "Relative to full scale."),
        ParamSpec::number(
            "hz",
            "Frequency",
            Unit::Hz,
            (10.0, 20_000.0),
            1000.0,
            "Of the sine. Automation is held below 0.49 of the sample rate.",
        )
        .logarithmic(),
        ParamSpec::number("from_hz", "Sweep from", Unit::Hz, (10.0, 20_000.0), 20.0, "Where the sweep begins.")
            .logarithmic()
            .automatable(Automatable::Fixed),
        ParamSpec::number("to_hz", "Sweep to", Unit::Hz, (10.0, 20_000.0), 20_000.0, "Where the sweep ends.")
            .logarithmic()
            .automatable(Automatable::Fixed),
        ParamSpec::number("sweep_s", "Sweep time", Unit::Seconds, (0.1, 60.0), 10.0, "How long a sweep takes.")
            .logarithmic()
            .automatable(Automatable::Fixed),
        ParamSpec::number("clicks_hz", "Clicks", Unit::Hz, (0.1, 100.0), 1.0, "How many clicks a second.")
            .logarithmic(),
        ParamSpec::switch(
            "independent",
            "Independent sides",
            false,
            "Each side has a noise of its own; otherwise both have the same.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "AES17-2020, section 3 (0 dBFS is the RMS of a sine that peaks at full scale)",
        "EBU Tech 3304, 2009 (the stereo line-up tone), and EBU R 68-2000 (the alignment level)",
        "A. Farina, \"Simultaneous measurement of impulse response and distortion with a swept-sine technique\", \
         AES 108th conv., 2000 (the exponential sweep)",
    ],
};

/// The effect `test_signal`.
#[derive(Clone, Debug)]
pub struct TestSignal(Settings);

impl Effect for TestSignal {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        TestSignal(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "a test signal")?;
        let rate = f64::from(stream.sample_rate);
        let get = |id| self.0.get(id);
        let fits = |what: &str, hz: f64| {
            let message = format!("{what} at {hz} Hz lies above {HIGHEST} of the sample rate, {rate} Hz");
            if hz <= HIGHEST * rate { Ok(()) } else { Err(BuildError(message)) }
        };
        let signal = match get("signal") as usize {
            0 => {
                fits("a sine", get("hz"))?;
                Signal::Sine
            }
            1 => {
                fits("a sweep", get("from_hz").max(get("to_hz")))?;
                let seconds = get("sweep_s");
                Signal::Sweep { from: get("from_hz"), growth: (get("to_hz") / get("from_hz")).ln() / seconds, seconds }
            }
            2 => Signal::White,
            3 => Signal::Pink(Pink::new(rate)),
            4 => Signal::Clicks { phase: 0, due: true },
            5 => Signal::LineUp { every: 3, gaps: EBU },
            _ => Signal::LineUp { every: 4, gaps: GLITS },
        };
        let machine = Generator {
            signal,
            add: get("mode") == 1.0,
            independent: get("independent") == 1.0,
            seed: stream.seed,
            rate: stream.sample_rate,
            level: 0.0,
            clicks: 0,
            tone: Lfo::new(Shape::Sine, stream.sample_rate, 0),
            noises: [0, 1].map(|channel| White::new(stream.seed, channel)),
            frame: 0,
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

/// Of each side, when its interruptions begin, in seconds.
type Gaps = [&'static [f64]; 2];
const EBU: Gaps = [&[2.75], &[]];
const GLITS: Gaps = [&[2.5], &[3.0, 3.5]];

enum Signal {
    Sine,
    Sweep {
        from: f64,
        /// Nepers per second.
        growth: f64,
        seconds: f64,
    },
    White,
    Pink(Pink),
    Clicks {
        /// In 2⁻⁶⁴ turns.
        phase: u64,
        due: bool,
    },
    LineUp {
        /// Seconds.
        every: u32,
        gaps: Gaps,
    },
}

struct Generator {
    signal: Signal,
    add: bool,
    independent: bool,
    seed: u64,
    rate: u32,
    level: f64,
    /// What a click's phase gains per frame.
    clicks: u64,
    tone: Lfo,
    noises: [White; 2],
    frame: u64,
}

/// 0 to 1 in half a cosine.
#[inline]
fn eased(part: f64) -> f64 {
    0.5 - 0.5 * sine_of_turns(0.25 + 0.5 * part.clamp(0.0, 1.0))
}

impl Generator {
    /// Both sides of the next frame, of level one.
    #[inline]
    fn next(&mut self) -> [f64; 2] {
        let rate = f64::from(self.rate);
        match &mut self.signal {
            Signal::Sine => [self.tone.at(Offset::default()); 2],
            Signal::Sweep { from, growth, seconds } => {
                let length = (*seconds * rate).round().max(1.0) as u64;
                let t = (self.frame % length) as f64 / rate;
                let turns = if *growth == 0.0 { *from * t } else { *from * (*growth * t).exp_m1() / *growth };
                let near = t.min((length - self.frame % length) as f64 / rate);
                [eased(near / SWEEP_EDGE) * sine_of_turns(turns.fract()); 2]
            }
            Signal::White | Signal::Pink(_) => {
                let first = self.noises[0].next();
                let second = if self.independent { self.noises[1].next() } else { first };
                let mut both = [first, second];
                if let Signal::Pink(pink) = &mut self.signal {
                    both = [pink.next(0, first), pink.next(1, second)];
                }
                both.map(|x| FRAC_1_SQRT_2 * x)
            }
            Signal::Clicks { phase, due } => {
                let now = f64::from(u8::from(*due));
                let (next, around) = phase.overflowing_add(self.clicks);
                (*phase, *due) = (next, around);
                [now; 2]
            }
            Signal::LineUp { every, gaps } => {
                let t = (self.frame % u64::from(*every * self.rate)) as f64 / rate;
                let tone = self.tone.at(Offset::default());
                gaps.map(|gaps| {
                    let inside = gaps.iter().map(|start| t - start).find(|t| (0.0..GAP).contains(t));
                    inside.map_or(tone, |t| tone * (1.0 - eased(t.min(GAP - t) / GAP_EDGE)))
                })
            }
        }
    }
}

impl Machine for Generator {
    fn turn(&mut self, knobs: &[f64]) {
        let &[_, _, level_dbfs, hz, _, _, _, clicks_hz, _] = knobs else { return };
        self.level = amplitude_of_db(level_dbfs);
        let rate = f64::from(self.rate);
        self.tone.set_hz(match self.signal {
            Signal::LineUp { .. } => LINE_UP_HZ,
            _ => hz.min(HIGHEST * rate),
        });
        // 2⁶⁴ is a turn. Rounded up, so that a whole number of frames per click is that.
        self.clicks = (clicks_hz / rate * 18_446_744_073_709_551_616.0) as u64 + 1;
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        let next = self.next();
        self.tone.step();
        self.frame += 1;
        for (x, signal) in frame.iter_mut().zip(next) {
            let y = self.level * signal;
            *x = if self.add { *x + y } else { y };
        }
        frame
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Endless
    }

    fn reset(&mut self) {
        self.tone.reset();
        self.noises = [0, 1].map(|channel| White::new(self.seed, channel));
        self.frame = 0;
        match &mut self.signal {
            Signal::Pink(pink) => pink.reset(),
            Signal::Clicks { phase, due } => (*phase, *due) = (0, true),
            _ => {}
        }
    }

    fn begin_at(&mut self, frame: u64) {
        self.frame = frame;
        self.tone.begin_at(frame);
        self.noises.iter_mut().for_each(|noise| noise.skip(frame));
        if let Signal::Clicks { phase, due } = &mut self.signal {
            *phase = self.clicks.wrapping_mul(frame);
            // A click is due where the turn began.
            *due = *phase < self.clicks;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use tonmeister_core::{Buffer, Layout};

    use super::*;
    use crate::delay::probe::powers;
    use crate::modulation::bench;
    use crate::stereo::probe::correlation;
    use crate::testing::{assert_block_size_does_not_matter, run, stereo_noise};

    fn signal(place: usize) -> Settings {
        Settings::new(&SPEC).with("signal", place as f64)
    }

    fn play(settings: &Settings, frames: usize) -> Buffer {
        run(&mut *bench::stereo::<TestSignal>(settings), &stereo_noise(3, 0.5, frames), &[512], &[])
    }

    fn rms_db(samples: &[f32]) -> f64 {
        10.0 * (samples.iter().map(|x| f64::from(x * x)).sum::<f64>() / samples.len() as f64).log10()
    }

    #[test]
    fn line_up_tones_are_interrupted_when_they_should() {
        // Levels in 100 ms windows in the middle of every quarter of a second; asked of a tone: −18 dBFS peak.
        for (place, every, left, right) in [(5, 12, &[11][..], &[][..]), (6, 16, &[10], &[12, 14])] {
            let out = play(&signal(place).with("level_dbfs", -18.0), 2 * every * 12_000);
            for quarter in 0..2 * every {
                for (c, gaps) in [left, right].into_iter().enumerate() {
                    let at = 12_000 * quarter + 3600;
                    let level = rms_db(&out.channel(c)[at..at + 4800]);
                    if gaps.contains(&(quarter % every)) {
                        assert!(level < -200.0, "{place}, channel {c}, quarter {quarter}: {level}");
                    } else {
                        assert!((level + 21.0103).abs() < 0.001, "{place}, channel {c}, quarter {quarter}: {level}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_sweep_follows_its_formula() {
        // Against the sum of f(t) = from·(to/from)^(t/T), frame by frame (midpoints): 1e-3 after 24 000 frames.
        let settings =
            signal(1).with("from_hz", 50.0).with("to_hz", 5000.0).with("sweep_s", 0.5).with("level_dbfs", 0.0);
        let out = play(&settings, 48_000);
        let mut turns = 0.0_f64;
        for n in 0..24_000 {
            if (480..23_520).contains(&n) {
                assert!((f64::from(out.channel(0)[n]) - (TAU * turns).sin()).abs() < 1e-3, "frame {n}");
            }
            turns += 50.0 * 100.0_f64.powf((n as f64 + 0.5) / 24_000.0) / 48_000.0;
        }
        assert_eq!(out.channel(0)[..24_000], out.channel(0)[24_000..]);
    }

    #[test]
    fn noises_have_their_level_and_color() {
        // Asked: pink flat within ±0.5 dB at a tilt of 3 dB. Reached, measured on the noise itself in half octaves from
        // 200 Hz: within 0.5 dB (its filter is within 0.1 dB, see there). White: within 0.5 dB without a tilt.
        for (place, tilt) in [(2, 0.0), (3, 1.0)] {
            let out = play(&signal(place).with("level_dbfs", -20.0), 1 << 18);
            let level = rms_db(out.channel(0));
            assert!((level + 23.01).abs() < if place == 2 { 0.05 } else { 0.5 }, "{level} dB");
            assert_eq!(out.channel(0), out.channel(1));
            let powers = powers(out.channel(0));
            let bin = |hz: f64| (hz / 48_000.0 * f64::from(1 << 18)) as usize;
            let levels: Vec<f64> = (0..13)
                .map(|k| {
                    let from = 200.0 * 2.0_f64.powf(0.5 * f64::from(k));
                    let band = bin(from)..bin(from * 2.0_f64.sqrt());
                    let hz = |bin: usize| bin as f64 * 48_000.0 / f64::from(1 << 18);
                    let mean = band.clone().map(|b| powers[b] * hz(b).powf(tilt)).sum::<f64>() / band.len() as f64;
                    10.0 * mean.log10()
                })
                .collect();
            let mean = levels.iter().sum::<f64>() / 13.0;
            let worst = levels.iter().map(|level| (level - mean).abs()).fold(0.0, f64::max);
            println!("{place}: {level:.2} dB, ±{worst:.2} dB");
            assert!(worst < 0.5, "{levels:?}");
            let apart = play(&signal(place).with("independent", 1.0), 1 << 16);
            assert!(correlation(&apart, 0).abs() < if place == 2 { 0.02 } else { 0.2 });
        }
    }

    #[test]
    fn clicks_are_single_and_in_time() {
        for hz in [2.0, 0.7, 31.0] {
            let out = play(&signal(4).with("clicks_hz", hz).with("level_dbfs", -6.0), 96_000);
            let found: Vec<usize> = (0..96_000).filter(|n| out.channel(1)[*n] != 0.0).collect();
            let wanted: Vec<usize> =
                (0..100).map(|k| (f64::from(k) * 48_000.0 / hz).ceil() as usize).filter(|n| *n < 96_000).collect();
            assert_eq!(found, wanted);
            assert!((out.channel(0)[0] - 0.501_187).abs() < 1e-6);
        }
    }

    #[test]
    fn it_is_added_or_heard_alone_and_the_same_each_time() {
        let input = stereo_noise(3, 0.5, 5000);
        for place in 0..7 {
            let alone = play(&signal(place), 5000);
            let added = play(&signal(place).with("mode", 1.0), 5000);
            for c in 0..2 {
                for ((sum, x), y) in added.channel(c).iter().zip(input.channel(c)).zip(alone.channel(c)) {
                    assert!((sum - (x + y)).abs() < 1e-6);
                }
            }
            assert_block_size_does_not_matter(|| bench::stereo::<TestSignal>(&signal(place)), &input, &[]);
        }
        let stream = Stream { sample_rate: 8000, layout: Layout::Stereo, max_block: 64, seed: 1 };
        let error = TestSignal(Settings::new(&SPEC).with("hz", 5000.0)).build(&stream).err().unwrap();
        assert_eq!(error.0, "a sine at 5000 Hz lies above 0.49 of the sample rate, 8000 Hz");
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB.
        let moves = [("level_dbfs", -40.0, -6.0), ("hz", 800.0, 1200.0)];
        bench::assert_no_zipper::<TestSignal>(&Settings::new(&SPEC), &moves, -100.0);
    }
}
