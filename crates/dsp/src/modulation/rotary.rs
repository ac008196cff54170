//! The rotary speaker: a horn and a drum that turn in a cabinet, heard by two microphones.
//!
//! ```text
//!            ┌─▶ highs ─▶ horn ─┬─▶ left mic   (path, distance, shadow)
//! L + R ─────┤                  └─▶ right mic
//!            └─▶ lows ──▶ drum ─┬─▶ left mic
//!                               └─▶ right mic
//! ```
//!
//! - **Crossover**: Linkwitz–Riley, 24 dB per octave, 800 Hz unless moved. Lows and highs add up to an all-pass.
//! - **Doppler**: the mouth turns on a circle of radius r; at the angle θ from a microphone at distance d the sound goes
//!   √(d² + r² − 2dr·cos θ). The path is a delay of that length at 343 m/s, and its level falls with the length.
//! - **Shadow**: turned away, the horn loses its treble (first order around 1.5 kHz, down to −12 dB), the drum a little level.
//! - **Inertia**: the rotors approach a new speed exponentially, the light horn in 0.35 s up and 0.5 s down, the heavy
//!   drum in 1.6 s and 1.2 s. The drum turns the other way, at 84 % of the horn's speed.
//!
//! Latency: 16 frames, the interpolator's half-length.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{modulation::Rotary, testing};
//!
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 48_000, seed: 1 };
//! let mut audio = testing::spread(&testing::sine(2000.0, 0.5, 48_000, 48_000), Layout::Stereo);
//! let rotary = Rotary::from_settings(&Settings::new(Rotary::SPEC).with("speed", 1.0)); // fast
//! rotary.build(&stream).unwrap().process(&mut audio.block(48_000), &Context::default());
//! // The horn comes toward one microphone while it leaves the other.
//! let level = |from: usize| audio.channel(0)[from..from + 480].iter().fold(0.0_f32, |a, y| a.max(y.abs()));
//! assert!((0..80).map(|k| level(600 * k)).fold(0.0, f32::max) > 2.0 * (8..80).map(|k| level(600 * k)).fold(9.0, f32::min));
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use std::f64::consts::{PI, SQRT_2};

use tonmeister_core::{
    Automatable, BuildError, Choice, Effect, EffectSpec, Family, Frames, Layout, ParamSpec, Processor, Settings,
    Stream, Tail, Unit,
};

use super::lfo::{Lfo, Offset, Shape};
use super::rig::{Knobs, Machine, Running, audible, flush};
use super::split::Split;
use crate::line::{self, Line, Tap};
use crate::math;

const SPEEDS: &[Choice] = &[
    Choice { id: "slow", doc: "the chorale: a gentle sway" },
    Choice { id: "fast", doc: "the tremolo: a whirl" },
    Choice { id: "brake", doc: "the rotors run down and stand where they stop" },
];

/// Of the two rotors.
const HORN: usize = 0;
const SOUND_M_PER_S: f64 = 343.0;
/// From the axis to the mouth, in meters.
const RADII: [f64; 2] = [0.19, 0.15];
/// Time constants toward more and toward less speed, in seconds.
const SPIN_UP: [f64; 2] = [0.35, 1.6];
const RUN_DOWN: [f64; 2] = [0.5, 1.2];
/// Speed against the horn's.
const RATIOS: [f64; 2] = [1.0, 0.84];
/// What is left of the shadowed part on the far side.
const SHADOWS: [f64; 2] = [0.25, 0.7];
const SHADOW_HZ: f64 = 1500.0;

const SPEC: EffectSpec = EffectSpec {
    id: "rotary",
    name: "Rotary speaker",
    family: Family::Modulation,
    summary: "Sends the sound through a turning horn and a turning drum, in front of two microphones.",
    doc: "For organ above all; also for guitar, electric piano and voices. Left and right are summed before the cabinet, \
          as it has one input. `speed` is automated by `hold` points; the rotors take their time to follow, the drum \
          longer than the horn. `slow_hz` and `fast_hz` may be written as note values. The cabinet's amplifier and its \
          distortion are not part of this: put a saturation before it.",
    params: &[
        ParamSpec::choice("speed", "Speed", SPEEDS, "What the rotors are told to do.")
            .automatable(Automatable::Stepped),
        ParamSpec::number("slow_hz", "Slow", Unit::Hz, (0.1, 3.0), 0.8, "Turns of the horn per second when slow.")
            .logarithmic(),
        ParamSpec::number("fast_hz", "Fast", Unit::Hz, (3.0, 12.0), 6.7, "Turns of the horn per second when fast.")
            .logarithmic(),
        ParamSpec::number(
            "inertia_percent",
            "Inertia",
            Unit::Percent,
            (5.0, 400.0),
            100.0,
            "How long the rotors take to follow: 100 is as heavy as the original's.",
        )
        .logarithmic(),
        ParamSpec::number(
            "crossover_hz",
            "Crossover",
            Unit::Hz,
            (200.0, 3000.0),
            800.0,
            "Lows below go to the drum, highs above to the horn.",
        )
        .logarithmic(),
        ParamSpec::number("horn_db", "Horn", Unit::Db, (-24.0, 12.0), 0.0, "Level of the horn against the drum."),
        ParamSpec::number(
            "distance_m",
            "Distance",
            Unit::None,
            (0.3, 3.0),
            0.6,
            "From the axis to each microphone, in meters: near ones hear more coming and going.",
        )
        .logarithmic(),
        ParamSpec::number(
            "mics_degrees",
            "Microphones",
            Unit::Degrees,
            (0.0, 180.0),
            120.0,
            "The angle between the two, seen from the axis: 0 is mono.",
        ),
        ParamSpec::number(
            "mix_percent",
            "Mix",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "0 is the dry sound alone, 100 the cabinet alone.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Smith, Serafin, Abel, Berners: Doppler simulation and the Leslie, DAFx 2002",
        "Linkwitz: Active crossover networks for noncoincident drivers, JAES 24(1), 1976",
    ],
};

/// The effect `rotary`.
#[derive(Clone, Debug)]
pub struct Rotary(Settings);

impl Effect for Rotary {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Rotary(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("a rotary speaker needs a stereo stream".into()));
        }
        let rate = f64::from(stream.sample_rate);
        let rotor = |which: usize| {
            let sway = 2.0 * RADII[which] / SOUND_M_PER_S * rate;
            let mut shadow = Split::new(stream.sample_rate);
            shadow.tune(SHADOW_HZ);
            Rotor {
                which,
                lfo: Lfo::new(Shape::Sine, stream.sample_rate, stream.seed),
                hz: None,
                line: Line::new(sway.ceil() as usize + 2 * line::HALF),
                taps: [const { Tap::resting() }; 2],
                shadow,
                gain: 1.0,
            }
        };
        let machine = Cabinet {
            rate,
            crossover: Crossover::default(),
            rotors: [rotor(0), rotor(1)],
            dry: [Line::new(line::HALF), Line::new(line::HALF)],
            waits: Tap::new(line::HALF as f64),
            wanted_hz: 0.0,
            inertia: 1.0,
            distance: 1.0,
            mics: [Offset::default(); 2],
            mix: 1.0,
        };
        Ok(Running::boxed(&self.0, stream, machine))
    }
}

/// Two Butterworth halves in a row on each side (Linkwitz–Riley), as trapezoidal state-variable filters. The first one
/// serves both sides.
#[derive(Clone, Debug, Default)]
struct Crossover {
    g: f64,
    scale: f64,
    states: [[f64; 2]; 3],
}

impl Crossover {
    fn tune(&mut self, hz: f64, rate: f64) {
        self.g = (PI * (hz / rate).min(0.49)).tan();
        self.scale = 1.0 / (1.0 + self.g * (self.g + SQRT_2));
    }

    /// Highs and lows of one filter.
    #[inline(always)]
    fn half(&mut self, which: usize, x: f64) -> [f64; 2] {
        let [s1, s2] = &mut self.states[which];
        let high = (x - (self.g + SQRT_2) * *s1 - *s2) * self.scale;
        let band = self.g * high + *s1;
        let low = self.g * band + *s2;
        *s1 = self.g * high + band;
        *s2 = self.g * band + low;
        [high, low]
    }

    /// Highs and lows of the next sample.
    #[inline(always)]
    fn frame(&mut self, x: f64) -> [f64; 2] {
        let [high, low] = self.half(0, x);
        [self.half(1, high)[0], self.half(2, low)[1]]
    }
}

/// The horn (0) or the drum (1).
struct Rotor {
    which: usize,
    lfo: Lfo,
    /// Turns per second, once it was told.
    hz: Option<f64>,
    line: Line,
    taps: [Tap; 2],
    shadow: Split,
    gain: f64,
}

impl Rotor {
    /// A frame nearer to the wanted speed.
    #[inline(always)]
    fn spin(&mut self, horn_hz: f64, inertia: f64, rate: f64) {
        let wanted = horn_hz * RATIOS[self.which];
        match self.hz {
            Some(hz) if hz == wanted => {}
            Some(hz) => {
                let seconds = if wanted > hz { SPIN_UP[self.which] } else { RUN_DOWN[self.which] };
                let next = hz + (wanted - hz) / (seconds * inertia * rate);
                // The last hair of the way, so that it arrives at all.
                let next = if (wanted - next).abs() < 1e-6 { wanted } else { next };
                self.hz = Some(next);
                self.lfo.set_hz(next);
            }
            None => {
                self.hz = Some(wanted);
                self.lfo.set_hz(wanted);
            }
        }
        self.lfo.step();
    }

    /// What the two microphones hear of it.
    #[inline(always)]
    fn frame(&mut self, x: f64, distance: f64, mics: [Offset; 2], frames_per_m: f64) -> [f64; 2] {
        let radius = RADII[self.which];
        let mut heard = [0.0; 2];
        for (mic, (y, tap)) in heard.iter_mut().zip(&mut self.taps).enumerate() {
            let toward = self.lfo.at(mics[mic]);
            let path = (distance * distance + radius * radius - 2.0 * distance * radius * toward).sqrt();
            tap.set(line::HALF as f64 + (path - (distance - radius)) * frames_per_m);
            let x = f64::from(tap.read(&self.line)) * self.gain * distance / path;
            let shade = 0.5 * (1.0 + toward) + 0.5 * (1.0 - toward) * SHADOWS[self.which];
            // The horn's shadow takes the treble alone.
            let low = if self.which == HORN { self.shadow.low(mic, x) } else { 0.0 };
            *y = low + (x - low) * shade;
        }
        self.line.push(audible(x));
        heard
    }
}

struct Cabinet {
    rate: f64,
    crossover: Crossover,
    rotors: [Rotor; 2],
    dry: [Line; 2],
    /// Where the dry sound is read.
    waits: Tap,
    wanted_hz: f64,
    inertia: f64,
    distance: f64,
    /// How far before the microphones of the horn a rotor stands, a quarter turn added: a sine there is a cosine.
    mics: [Offset; 2],
    mix: f64,
}

impl Machine for Cabinet {
    fn turn(&mut self, knobs: &[f64]) {
        let &[speed, slow_hz, fast_hz, inertia_percent, crossover_hz, horn_db, distance_m, mics_degrees, mix_percent] =
            knobs
        else {
            return;
        };
        self.wanted_hz = [slow_hz, fast_hz, 0.0][(speed as usize).min(2)];
        self.inertia = 0.01 * inertia_percent;
        self.crossover.tune(crossover_hz, self.rate);
        self.rotors[HORN].gain = math::amplitude_of_db(horn_db);
        self.distance = distance_m;
        let half = mics_degrees / 720.0;
        self.mics = [0.25 + half, 1.25 - half].map(Offset::turns);
        self.mix = 0.01 * mix_percent;
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        let mut wet = [0.0; 2];
        let bands = self.crossover.frame(0.5 * (frame[0] + frame[C - 1]));
        let frames_per_m = self.rate / SOUND_M_PER_S;
        let [left, right] = self.mics;
        // The drum turns the other way: its microphones are mirrored.
        for ((rotor, band), mics) in self.rotors.iter_mut().zip(bands).zip([[left, right], [right, left]]) {
            rotor.spin(self.wanted_hz, self.inertia, self.rate);
            let heard = rotor.frame(band, self.distance, mics, frames_per_m);
            wet[0] += heard[0];
            wet[1] += heard[1];
        }
        for ((x, wet), line) in frame.iter_mut().zip(wet).zip(&mut self.dry) {
            let dry = f64::from(self.waits.read(line));
            line.push(*x as f32);
            *x = dry * (1.0 - self.mix) + wet * self.mix;
        }
        frame
    }

    fn flush(&mut self) {
        self.crossover.states.as_flattened_mut().iter_mut().for_each(flush);
        self.rotors.iter_mut().for_each(|rotor| rotor.shadow.flush());
    }

    fn latency(&self) -> Frames {
        Frames(line::HALF as u64)
    }

    /// The crossover rings on: two damped pairs of poles in a row, e^(−ω₀t/√2)·t at the slowest.
    fn tail(&self, knobs: &Knobs) -> Tail {
        let sway = 2.0 * RADII[HORN] / SOUND_M_PER_S * self.rate;
        let ringing = 25.0 * self.rate / (std::f64::consts::TAU * knobs.least(4));
        let shadow = self.rotors[HORN].shadow.tail(SHADOW_HZ);
        Tail::Frames((sway + ringing).ceil() as u64 + shadow + line::HALF as u64)
    }

    fn reset(&mut self) {
        self.crossover.states = Default::default();
        for rotor in &mut self.rotors {
            rotor.lfo.reset();
            rotor.hz = None;
            rotor.line.clear();
            rotor.shadow.reset();
        }
        self.dry.iter_mut().for_each(Line::clear);
    }

    fn begin_at(&mut self, frame: u64) {
        for rotor in &mut self.rotors {
            let hz = self.wanted_hz * RATIOS[rotor.which];
            rotor.hz = Some(hz);
            rotor.lfo.set_hz(hz);
            rotor.lfo.begin_at(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use tonmeister_core::{Buffer, Event};

    use super::*;
    use crate::modulation::bench::{self, RATE as FS};
    use crate::testing::{impulse, run, sine, spread};

    fn settings() -> Settings {
        Settings::new(&SPEC)
    }

    fn tone(hz: f64, frames: usize) -> Buffer {
        spread(&sine(hz, 0.5, FS, frames), Layout::Stereo)
    }

    /// Peaks in pieces of 5 ms.
    fn envelope(samples: &[f32]) -> Vec<f32> {
        samples.chunks(240).map(|piece| piece.iter().fold(0.0_f32, |a, y| a.max(y.abs()))).collect()
    }

    #[test]
    fn the_crossover_adds_up_to_an_all_pass() {
        let mut crossover = Crossover::default();
        crossover.tune(800.0, 48_000.0);
        let sum: Vec<[f64; 2]> = (0..9600).map(|n| crossover.frame(if n == 0 { 1.0 } else { 0.0 })).collect();
        let level = |hz: f64, pick: &dyn Fn(&[f64; 2]) -> f64| {
            let (mut re, mut im) = (0.0, 0.0);
            for (n, both) in sum.iter().enumerate() {
                let angle = TAU * hz / 48_000.0 * n as f64;
                re += pick(both) * angle.cos();
                im += pick(both) * angle.sin();
            }
            10.0 * (re * re + im * im).log10()
        };
        for hz in [50.0, 300.0, 800.0, 2000.0, 15_000.0] {
            assert!(level(hz, &|[high, low]| high + low).abs() < 1e-6, "{hz}");
        }
        assert!(
            (level(800.0, &|both| both[0]) + 6.02).abs() < 0.01 && (level(800.0, &|both| both[1]) + 6.02).abs() < 0.01
        );
    }

    #[test]
    fn the_doppler_bends_as_far_as_the_speed_of_the_mouth() {
        // The mouth moves at 2π·0.19 m·6.7 Hz = 8.0 m/s; from 3 m away it comes and goes at up to nearly that, 2.33 % of
        // the speed of sound. Reached: 2.3 % within a twentieth, by the times between zero crossings.
        let settings = settings().with("speed", 1.0).with("distance_m", 3.0).with("mics_degrees", 0.0);
        let out = run(&mut *bench::stereo::<Rotary>(&settings), &tone(6000.0, 48_000), &[512], &[]);
        let samples = &out.channel(0)[4800..];
        let zeros: Vec<f64> = (1..samples.len())
            .filter(|n| samples[n - 1] < 0.0 && samples[*n] >= 0.0)
            .map(|n| n as f64 - f64::from(samples[n]) / f64::from(samples[n] - samples[n - 1]))
            .collect();
        // Over 20 periods of 8 frames.
        let speeds: Vec<f64> = zeros.windows(21).map(|w| 160.0 / (w[20] - w[0]) - 1.0).collect();
        let most = speeds.iter().copied().fold(0.0, f64::max);
        let expected = TAU * RADII[0] * 6.7 / SOUND_M_PER_S;
        println!("{most:.5} against {expected:.5}");
        assert!((most / expected - 1.0).abs() < 0.05, "{most:.5} against {expected:.5}");
    }

    #[test]
    fn the_rotors_turn_at_their_speeds_and_take_their_time() {
        // Comings and goings of a high tone in ten seconds: 8 when slow, 67 when fast.
        for (speed, turns) in [(0.0, 8.0), (1.0, 67.0)] {
            let settings = settings().with("speed", speed);
            let out = run(&mut *bench::stereo::<Rotary>(&settings), &tone(4000.0, 480_000), &[4096], &[]);
            let levels = envelope(out.channel(0));
            let middle = levels.iter().sum::<f32>() / levels.len() as f32;
            let ups = levels.windows(2).filter(|w| w[0] < middle && w[1] >= middle).count();
            assert!((ups as f64 - turns).abs() <= 1.0, "{ups} against {turns}");
        }
        let mut rotor = [0, 1].map(|which| Rotor {
            which,
            lfo: Lfo::new(Shape::Sine, FS, 0),
            hz: None,
            line: Line::new(64),
            taps: [const { Tap::resting() }; 2],
            shadow: Split::new(FS),
            gain: 1.0,
        });
        for rotor in &mut rotor {
            rotor.spin(0.8, 1.0, 48_000.0);
            // After one time constant, 63 % of the way.
            let frames = (SPIN_UP[rotor.which] * 48_000.0) as usize;
            (0..frames).for_each(|_| rotor.spin(6.7, 1.0, 48_000.0));
            let way = (rotor.hz.unwrap() / RATIOS[rotor.which] - 0.8) / 5.9;
            assert!((way - 0.632).abs() < 0.001, "{way}");
        }
    }

    #[test]
    fn a_brake_stops_the_sway() {
        let settings = settings().with("speed", 1.0).with("inertia_percent", 20.0);
        let speed = settings.index_of("speed").unwrap();
        let brake = [Event { at: 24_000, param: speed, value: 2.0, glide: 0 }];
        let out = run(&mut *bench::stereo::<Rotary>(&settings), &tone(4000.0, 240_000), &[4096], &brake);
        let spread = |levels: &[f32]| {
            let most = levels.iter().copied().fold(0.0, f32::max);
            most / levels.iter().copied().fold(9.0, f32::min)
        };
        let levels = envelope(out.channel(0));
        assert!(spread(&levels[20..100]) > 2.0 && spread(&levels[900..]) < 1.001);
    }

    #[test]
    fn microphones_together_hear_the_same_and_the_latency_is_true() {
        let input = crate::testing::stereo_noise(4, 0.5, 24_000);
        let out = run(&mut *bench::stereo::<Rotary>(&settings().with("mics_degrees", 0.0)), &input, &[512], &[]);
        bench::assert_near(
            &Buffer::from_mono(out.channel(0).to_vec()),
            &Buffer::from_mono(out.channel(1).to_vec()),
            1e-6,
        );
        let dry = settings().with("mix_percent", 0.0);
        let out = run(&mut *bench::stereo::<Rotary>(&dry), &impulse(Layout::Stereo, 3, 100), &[512], &[]);
        assert_eq!(out.channel(1).iter().position(|y| *y != 0.0), Some(19));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB. `distance_m` bends the pitch, as a microphone that is carried does.
        let moves = [
            ("speed", 0.0, 1.0),
            ("mix_percent", 0.0, 100.0),
            ("slow_hz", 0.5, 2.0),
            ("horn_db", -24.0, 6.0),
            ("crossover_hz", 400.0, 2500.0),
            ("distance_m", 0.3, 2.0),
            ("mics_degrees", 0.0, 180.0),
        ];
        bench::assert_no_zipper::<Rotary>(&settings(), &moves, -100.0);
    }

    #[test]
    fn house_rules() {
        bench::assert_house_rules::<Rotary>(&settings().with("mix_percent", 80.0));
        bench::assert_house_rules::<Rotary>(&settings().with("speed", 1.0).with("crossover_hz", 200.0));
    }
}
