//! Channels: swapped, doubled, summed, subtracted; each with its gain and delay.
//!
//! ```
//! use tonmeister_core::{Buffer, Context, Effect, Layout, Settings, Stream};
//! use tonmeister_dsp::utility::Channels;
//!
//! let settings = Settings::new(Channels::SPEC).with("route", 5.0); // what a mono loudspeaker would cancel
//! let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 64, seed: 1 };
//! let mut audio = Buffer::from_stereo(vec![0.5; 64], vec![0.25; 64]);
//! Channels::from_settings(&settings).build(&stream).unwrap().process(&mut audio.block(64), &Context::default());
//! assert!(audio.channel(0) == [0.125; 64] && audio.channel(1) == [0.125; 64]);
//! ```

#![allow(
    clippy::inline_always,
    reason = "left out of line they would be compiled without their caller's vector instructions"
)]

use tonmeister_core::{
    Automatable, BuildError, Choice, Effect, EffectSpec, Family, Memory, ParamSpec, Processor, Settings, Stream, Tail,
    Unit,
};

use super::gain::Switch;
use crate::math::amplitude_of_db;
use crate::modulation::rig::{Knobs, Machine, Running};
use crate::stereo::{frame, sides, two_sides};

const LATEST: i64 = 19_200;

const SPEC: EffectSpec = EffectSpec {
    id: "channels",
    name: "Channels",
    family: Family::Utility,
    summary: "Routes left and right: swap, one side alone, mono, side; with a gain and a delay for each.",
    doc: "To listen to a mix in mono or to its side alone, to take the good channel of a broken pair, to turn a stereo \
          recording the right way round, to bring two microphones into step. Changing the route fades over 20 ms. \
          Gains and delays are those of the outputs, behind the route. Delays are whole frames, exact, and part of the \
          sound: they are not made up for elsewhere.",
    params: &[
        ParamSpec::choice(
            "route",
            "Route",
            &[
                Choice { id: "stereo", doc: "left stays left, right stays right" },
                Choice { id: "swap", doc: "left and right change places" },
                Choice { id: "left", doc: "the left on both sides" },
                Choice { id: "right", doc: "the right on both sides" },
                Choice { id: "mono", doc: "(L + R)/2, the mid, on both sides" },
                Choice { id: "side", doc: "(L − R)/2, what mono cancels, on both sides" },
            ],
            "What each output hears.",
        )
        .automatable(Automatable::Stepped),
        ParamSpec::number("left_db", "Left", Unit::Db, (-60.0, 24.0), 0.0, "Gain of the left output."),
        ParamSpec::number("right_db", "Right", Unit::Db, (-60.0, 24.0), 0.0, "Gain of the right output."),
        ParamSpec::integer("left_frames", "Left delay", Unit::Frames, (0, LATEST), 0, "How late the left output is."),
        ParamSpec::integer(
            "right_frames",
            "Right delay",
            Unit::Frames,
            (0, LATEST),
            0,
            "How late the right output is.",
        ),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[],
};

/// What left and right take of left and right, route by route.
const ROUTES: [[f64; 4]; 6] = [
    [1.0, 0.0, 0.0, 1.0],
    [0.0, 1.0, 1.0, 0.0],
    [1.0, 0.0, 1.0, 0.0],
    [0.0, 1.0, 0.0, 1.0],
    [0.5, 0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5, -0.5],
];

/// The effect `channels`.
#[derive(Clone, Debug)]
pub struct Channels(Settings);

impl Effect for Channels {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Channels(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        two_sides(stream, "routing channels")?;
        let waits = ["left_frames", "right_frames"].map(|id| Wait::new(self.0.get(id) as usize));
        let route = [Switch::new(0.0, stream.sample_rate); 4];
        Ok(Running::boxed(&self.0, stream, Router { route, gains: [1.0; 2], waits }))
    }
}

/// So many frames of memory.
struct Wait {
    memory: Vec<f64>,
    at: usize,
}

impl Wait {
    fn new(frames: usize) -> Self {
        Wait { memory: vec![0.0; frames], at: 0 }
    }

    #[inline(always)]
    fn next(&mut self, x: f64) -> f64 {
        let Some(place) = self.memory.get_mut(self.at) else { return x };
        let old = std::mem::replace(place, x);
        self.at = if self.at + 1 == self.memory.len() { 0 } else { self.at + 1 };
        old
    }
}

struct Router {
    route: [Switch; 4],
    gains: [f64; 2],
    waits: [Wait; 2],
}

impl Machine for Router {
    fn turn(&mut self, knobs: &[f64]) {
        let &[route, left_db, right_db, ..] = knobs else { return };
        for (switch, value) in self.route.iter_mut().zip(ROUTES[(route as usize).min(ROUTES.len() - 1)]) {
            switch.to(value);
        }
        self.gains = [left_db, right_db].map(amplitude_of_db);
    }

    #[inline(always)]
    fn frame<const C: usize>(&mut self, input: [f64; C]) -> [f64; C] {
        let [l, r] = sides(input);
        let [ll, lr, rl, rr] = &mut self.route;
        let (ll, lr, rl, rr) = (ll.step(), lr.step(), rl.step(), rr.step());
        let [left, right] = &mut self.waits;
        frame([left.next(self.gains[0] * (ll * l + lr * r)), right.next(self.gains[1] * (rl * l + rr * r))])
    }

    fn tail(&self, _: &Knobs) -> Tail {
        Tail::Frames(self.waits.iter().map(|wait| wait.memory.len() as u64).max().unwrap_or(0))
    }

    fn memory(&self, knobs: &Knobs) -> Memory {
        Memory::of_ringing(self.tail(knobs))
    }

    fn reset(&mut self) {
        self.route.iter_mut().for_each(Switch::reset);
        for wait in &mut self.waits {
            wait.memory.fill(0.0);
            wait.at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use tonmeister_core::{Buffer, Event};

    use super::*;
    use crate::delay::probe::band_energy_db;
    use crate::modulation::bench;
    use crate::testing::{run, sine, stereo_noise};

    #[test]
    fn every_route_is_exact() {
        let input = stereo_noise(3, 0.5, 3000);
        let route = |route: usize| {
            let settings = Settings::new(&SPEC).with("route", route as f64);
            run(&mut *bench::stereo::<Channels>(&settings), &input, &[512], &[])
        };
        let (l, r) = (input.channel(0).to_vec(), input.channel(1).to_vec());
        assert_eq!(route(0), input);
        assert_eq!(route(1), Buffer::from_stereo(r.clone(), l.clone()));
        assert_eq!(route(2), Buffer::from_stereo(l.clone(), l.clone()));
        assert_eq!(route(3), Buffer::from_stereo(r.clone(), r.clone()));
        let both = |sign: f64| -> Vec<f32> {
            l.iter().zip(&r).map(|(l, r)| (0.5 * (f64::from(*l) + sign * f64::from(*r))) as f32).collect()
        };
        assert_eq!(route(4), Buffer::from_stereo(both(1.0), both(1.0)));
        assert_eq!(route(5), Buffer::from_stereo(both(-1.0), both(-1.0)));
    }

    #[test]
    fn delays_are_whole_frames_and_gains_decibels() {
        let input = stereo_noise(3, 0.5, 3000);
        let settings =
            Settings::new(&SPEC).with("left_frames", 7.0).with("right_frames", 1000.0).with("right_db", -20.0);
        let out = run(&mut *bench::stereo::<Channels>(&settings), &input, &[512], &[]);
        assert_eq!(out.channel(0)[7..], input.channel(0)[..2993]);
        assert!(out.channel(1)[1000..].iter().zip(input.channel(1)).all(|(y, x)| (y - 0.1 * x).abs() < 1e-7));
    }

    #[test]
    fn nothing_clicks() {
        // Asked: −100 dB above 3 kHz, while a 1 kHz tone on the left is routed to and fro and its gain moves.
        let input = Buffer::from_stereo(sine(1000.0, 0.5, 48_000, 48_000), sine(1000.0, 0.2, 48_000, 48_000));
        let settings = Settings::new(&SPEC);
        let param = settings.index_of("route").unwrap();
        let events: Vec<Event> =
            (1..6_u32).map(|k| Event { at: 8000 * k, param, value: f64::from(k), glide: 0 }).collect();
        let out = run(&mut *bench::stereo::<Channels>(&settings), &input, &[512], &events);
        for c in 0..2 {
            let dirt = band_energy_db(out.channel(c), 48_000, 3000.0, 20_000.0);
            assert!(dirt < -100.0, "channel {c}: {dirt:.1} dB");
        }
        bench::assert_no_zipper_on::<Channels>(
            &settings,
            &[("left_db", -24.0, 0.0), ("right_db", 0.0, 12.0)],
            -100.0,
            &input,
        );
    }
}
