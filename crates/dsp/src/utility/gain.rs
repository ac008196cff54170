//! Gain, polarity and mute.
//!
//! ```
//! use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::{testing, utility::Gain};
//!
//! let settings = Settings::new(Gain::SPEC).with("gain_db", -6.0206).with("invert_right", 1.0);
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 64, seed: 1 };
//! let mut audio = testing::spread(&[0.5; 64], Layout::Stereo);
//! Gain::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! assert!((audio.channel(0)[0] - 0.25).abs() < 1e-6 && (audio.channel(1)[0] + 0.25).abs() < 1e-6);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, BuildError, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail, Unit,
};

use crate::math::amplitude_of_db;
use crate::modulation::rig::{Knobs, Machine, Running};
use crate::travel::Travel;

const SPEC: EffectSpec = EffectSpec {
    id: "gain",
    name: "Gain",
    family: Family::Utility,
    summary: "Louder or softer, silent, or upside down.",
    doc: "Between two effects to drive the second one harder, in front of a chain to bring a recording to level, or to \
          turn a microphone's polarity that was wired the other way round. Mute and polarity switch over 20 ms in a \
          raised cosine and do not click; an inverted channel passes through silence on its way. 0 dB with nothing \
          switched gives out exactly what came in.",
    params: &[
        ParamSpec::number("gain_db", "Gain", Unit::Db, (-60.0, 24.0), 0.0, "How much louder or softer."),
        ParamSpec::switch("mute", "Mute", false, "Silence, faded in and out.").automatable(Automatable::Stepped),
        ParamSpec::switch("invert_left", "Invert left", false, "Turns the left channel, or the only one, upside down.")
            .automatable(Automatable::Stepped),
        ParamSpec::switch("invert_right", "Invert right", false, "Turns the right channel upside down.")
            .automatable(Automatable::Stepped),
    ],
    groups: &[],
    files: &[],
    stereo_only: false,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

/// The effect `gain`.
#[derive(Clone, Debug)]
pub struct Gain(Settings);

impl Effect for Gain {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Gain(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        let switches = [1.0; 3].map(|value| Switch::new(value, stream.sample_rate));
        Ok(Running::boxed(&self.0, stream, Level { gain: 1.0, switches }))
    }
}

/// A gain that is switched, eased over 20 ms.
#[derive(Clone, Copy)]
pub(crate) struct Switch {
    travel: Travel,
    sample_rate: u32,
    /// It was told where it stands.
    told: bool,
}

impl Switch {
    pub(crate) fn new(value: f64, sample_rate: u32) -> Self {
        Switch { travel: Travel::new(value, sample_rate), sample_rate, told: false }
    }

    /// Goes to that value; at once when it is the first that it is told.
    pub(crate) fn to(&mut self, value: f64) {
        if !self.told {
            self.travel = Travel::new(value, self.sample_rate);
            self.told = true;
        } else if self.travel.target() != value {
            self.travel.to(value, 0);
        }
    }

    /// One frame on.
    #[inline(always)]
    pub(crate) fn step(&mut self) -> f64 {
        self.travel.step()
    }

    /// Goes at once where it is told next.
    pub(crate) fn reset(&mut self) {
        self.told = false;
    }
}

struct Level {
    gain: f64,
    /// Sounding or mute, and the polarity of each channel.
    switches: [Switch; 3],
}

impl Machine for Level {
    fn turn(&mut self, knobs: &[f64]) {
        let &[gain_db, mute, invert_left, invert_right] = knobs else { return };
        self.gain = amplitude_of_db(gain_db);
        for (switch, value) in
            self.switches.iter_mut().zip([1.0 - mute, 1.0 - 2.0 * invert_left, 1.0 - 2.0 * invert_right])
        {
            switch.to(value);
        }
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, mut frame: [f64; C]) -> [f64; C] {
        let [sounding, left, right] = &mut self.switches;
        let gain = self.gain * sounding.step();
        let (left, right) = (left.step(), right.step());
        for (x, polarity) in frame.iter_mut().zip([left, right]) {
            *x *= gain * polarity;
        }
        frame
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Frames(0)
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.switches.iter_mut().for_each(Switch::reset);
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::{Event, Layout};

    use super::*;
    use crate::delay::probe::band_energy_db;
    use crate::modulation::bench;
    use crate::testing::{run, sine, spread, stereo_noise};

    #[test]
    fn nothing_is_nothing_and_decibels_are_decibels() {
        let input = stereo_noise(3, 0.9, 5000);
        assert_eq!(run(&mut *bench::stereo::<Gain>(&Settings::new(&SPEC)), &input, &[512], &[]), input);
        for db in [-60.0_f64, -20.0, 6.0, 24.0] {
            let settings = Settings::new(&SPEC).with("gain_db", db).with("invert_left", 1.0);
            let out = run(&mut *bench::stereo::<Gain>(&settings), &input, &[512], &[]);
            // Reached: within 1e-5 dB.
            let gain = 10.0_f64.powf(db / 20.0);
            for (c, gain) in [-gain, gain].into_iter().enumerate() {
                let near = |(y, x): (&f32, &f32)| (f64::from(*y) - gain * f64::from(*x)).abs() < 1e-6 * gain.abs();
                assert!(out.channel(c).iter().zip(input.channel(c)).all(near), "{db} dB");
            }
        }
        let muted = Settings::new(&SPEC).with("mute", 1.0);
        let out = run(&mut *bench::stereo::<Gain>(&muted), &input, &[512], &[]);
        assert!((0..2).all(|c| out.channel(c).iter().all(|y| *y == 0.0)));
    }

    #[test]
    fn switches_do_not_click() {
        // Asked: −100 dB above 3 kHz while a 1 kHz tone is muted, let in again, and turned upside down.
        let input = spread(&sine(1000.0, 0.5, 48_000, 24_000), Layout::Stereo);
        let settings = Settings::new(&SPEC);
        for switch in ["mute", "invert_left", "invert_right"] {
            let param = settings.index_of(switch).unwrap();
            let events = [(8000, 1.0), (14_000, 0.0)].map(|(at, value)| Event { at, param, value, glide: 0 });
            let out = run(&mut *bench::stereo::<Gain>(&settings), &input, &[512], &events);
            let c = usize::from(switch == "invert_right");
            let dirt = band_energy_db(&out.channel(c)[2000..22_000], 48_000, 3000.0, 20_000.0);
            assert!(dirt < -100.0, "{switch}: {dirt:.1} dB");
            // 20 ms and the rounding of the corner later it is there.
            let gain = f64::from(out.channel(c)[12_012] / input.channel(c)[12_012]);
            assert!((gain - if switch == "mute" { 0.0 } else { -1.0 }).abs() < 1e-6, "{switch}: {gain}");
        }
        bench::assert_no_zipper::<Gain>(&settings, &[("gain_db", -40.0, 6.0)], -100.0);
    }
}
