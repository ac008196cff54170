//! Distance: how far away a sound stands, on one knob.
//!
//! ```
//! # use tonmeister_core::{Context, Effect, Layout, Settings, Stream};
//! # use tonmeister_dsp::{distance::Distance, testing::{sine, spread}};
//! let level_at = |metres: f64| {
//!     let settings = Settings::new(Distance::SPEC).with("distance_m", metres).with("reflections_db", -60.0);
//!     let stream = Stream { sample_rate: 48_000, layout: Layout::Stereo, max_block: 4800, seed: 1 };
//!     let mut sound = spread(&sine(200.0, 0.5, 48_000, 4800), Layout::Stereo);
//!     Distance::from_settings(&settings).build(&stream).unwrap().process(&mut sound.block(4800), &Context::default());
//!     sound.channel(0).iter().fold(0.0_f32, |most, y| most.max(y.abs()))
//! };
//! // Twice as far is half as loud.
//! assert!((level_at(8.0) / level_at(4.0) - 0.5).abs() < 0.01);
//! ```
//!
//! ```text
//!       ┌──▶ air ──▶ level ────────────────────────────┐
//! dry ──┤                                              ├──▶ out
//!       └──▶ walls ──▶ reflections ──▶ level of both ──┘
//! ```
//!
//! - **Level** falls by 6 dB with each doubling of the distance; at one meter it is as it was.
//! - **Air** takes highs with the square of the frequency, as a low-pass of first order does above whose corner nothing
//!   is heard any more; it is held to ISO 9613-1 (20 °C, 50 % humidity) at 8 kHz.
//! - **Reflections** ([`room`]) come from the images of the source in the walls of a box (Allen and Berkley, *Image method
//!   for efficiently simulating small-room acoustics*, JASA 65(4), 1979), up to two walls deep: each from its own
//!   direction, at its own time and level. A near sound has them late and soft, a far one close behind and nearly as loud:
//!   that, more than anything, is heard as distance.
//!
//! The direct sound is never late: what a real one would need for its way is left out. When the distance moves, level and
//! air go along frame by frame, and reflections fade over to their new places in 50 ms, so nothing bends the pitch.

mod room;

#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use tonmeister_core::{
    Automatable, Block, BuildError, Context, Effect, EffectSpec, Event, Family, Layout, ParamSpec, Processor, Settings,
    Slot, Stream, Tail, Unit,
};

use crate::delay::cut::{Cut, Side};
use crate::math::{amplitude_of_db, exp2, log2};
use crate::reverb::ring::{CHUNK, Ring};
use crate::travel::Travel;
use room::{Box3, LATEST_MS, Tap};

const NEAREST_M: f64 = 0.3;
const FARTHEST_M: f64 = 50.0;
/// Reflections move to new places in this time.
const FADE_MS: f64 = 50.0;
/// The time constant by which the distance is rounded once more.
const ROUNDING_MS: f64 = 4.0;
/// Where the air is held to the standard.
const AIR_HZ: f64 = 8000.0;

const SPEC: EffectSpec = EffectSpec {
    id: "distance",
    name: "Distance",
    family: Family::Space,
    summary: "Puts a sound near or far: level, air and the first reflections of a room on one knob.",
    doc: "For single tracks, to stage them one behind another. Turn `distance_m`; the level follows, so set the fader \
          first. Late reverberation is the same everywhere in a room: give it from a bus whose send is taken before this \
          effect, so that far sounds have less direct sound against the same reverb. There is no latency.",
    params: &[
        ParamSpec::number(
            "distance_m",
            "Distance",
            Unit::None,
            (NEAREST_M, FARTHEST_M),
            3.0,
            "Meters between the sound and the listener; at 1 the level is as it was.",
        )
        .logarithmic(),
        ParamSpec::number(
            "level_percent",
            "Level",
            Unit::Percent,
            (0.0, 100.0),
            100.0,
            "How far the level follows the distance: 100 is 6 dB for each doubling, 0 leaves it alone.",
        ),
        ParamSpec::number(
            "air_ratio",
            "Air",
            Unit::None,
            (0.0, 20.0),
            3.0,
            "How much the air takes from the highs: 1 is real air, more is heard at a room's distances.",
        ),
        ParamSpec::number(
            "reflections_db",
            "Reflections",
            Unit::Db,
            (-60.0, 12.0),
            0.0,
            "Level of the reflections against what the room gives.",
        ),
        ParamSpec::number(
            "room_m",
            "Room",
            Unit::None,
            (3.0, 40.0),
            12.0,
            "Size of the room in meters, beside the way to the sound.",
        )
        .logarithmic()
        .automatable(Automatable::Fixed),
        ParamSpec::number(
            "walls_percent",
            "Walls",
            Unit::Percent,
            (5.0, 95.0),
            70.0,
            "How much of the sound a wall gives back.",
        )
        .automatable(Automatable::Fixed),
        ParamSpec::number(
            "walls_hz",
            "Wall damping",
            Unit::Hz,
            (500.0, 20_000.0),
            6000.0,
            "Above this, 12 dB per octave, walls give nothing back.",
        )
        .logarithmic(),
    ],
    groups: &[],
    files: &[],
    stereo_only: true,
    key: tonmeister_core::KeyUse::None,
    sources: &[
        "Allen, Berkley: Image method for efficiently simulating small-room acoustics, JASA 65(4), 1979",
        "ISO 9613-1:1993, Attenuation of sound during propagation outdoors, equations 3 to 5",
        "Zahorik, Brungart, Bronkhorst: Auditory distance perception in humans, Acta Acustica 91, 2005",
    ],
};

/// The effect `distance`.
#[derive(Clone, Debug)]
pub struct Distance(Settings);

impl Effect for Distance {
    const SPEC: &'static EffectSpec = &SPEC;

    fn from_settings(settings: &Settings) -> Self {
        Distance(settings.clone())
    }

    fn build(&self, stream: &Stream) -> Result<Box<dyn Processor>, BuildError> {
        if stream.layout != Layout::Stereo {
            return Err(BuildError("the distance needs a stereo stream".into()));
        }
        Ok(Box::new(Running::new(&self.0, stream.sample_rate)))
    }
}

/// What air takes from a frequency over one meter, in decibels: 20 °C, 50 % humidity, at sea level.
fn air_db_per_m(hz: f64) -> f64 {
    let kelvin = 293.15_f64;
    // Percent of water molecules: 50 % of saturation (annex B of the standard), 1.153.
    let water = 50.0 * 10f64.powf(4.6151 - 6.8346 * (273.16 / kelvin).powf(1.261));
    // Relaxation frequencies of oxygen and nitrogen: 35.4 kHz and 332 Hz.
    let oxygen = 24.0 + 4.04e4 * water * (0.02 + water) / (0.391 + water);
    let nitrogen = 9.0 + 280.0 * water;
    let relaxed = |part: f64, theta: f64, at: f64| part * (-theta / kelvin).exp() / (at + hz * hz / at);
    8.686 * hz * hz * (1.84e-11 + relaxed(0.012_75, 2239.1, oxygen) + relaxed(0.1068, 3352.0, nitrogen))
}

/// The low-pass of the direct sound.
#[derive(Clone, Debug)]
struct Air {
    /// What air takes at the frequency where it is measured, in dB per meter, and the tangent of that frequency.
    per_m: f64,
    tangent: f64,
    part: f64,
    states: [f64; 2],
}

impl Air {
    fn new(rate: f64) -> Air {
        let hz = AIR_HZ.min(0.25 * rate);
        Air { per_m: air_db_per_m(hz), tangent: (PI * hz / rate).tan(), part: 1.0, states: [0.0; 2] }
    }

    /// For so many meters of an air so thick.
    fn tune(&mut self, meters: f64, ratio: f64) {
        let power = exp2(log2(10.0) * 0.1 * self.per_m * meters * ratio);
        self.part = 1.0 / (1.0 + (power - 1.0).max(0.0).sqrt() / self.tangent);
    }

    #[inline]
    fn frame(&mut self, frame: [f64; 2]) -> [f64; 2] {
        let part = self.part;
        let mut out = frame;
        for (y, state) in out.iter_mut().zip(&mut self.states) {
            let step = (*y - *state) * part;
            *y = *state + step;
            *state = *y + step;
        }
        out
    }

    fn flush(&mut self) {
        self.states.iter_mut().filter(|state| state.abs() < 1e-25).for_each(|state| *state = 0.0);
    }
}

/// Everything that may move.
struct Controls {
    distance: Travel,
    /// The distance that is heard: near the listener a straight line of meters is a sharp turn of the level, so it is
    /// rounded once more.
    meters: f64,
    /// How much of the way to the distance is covered per frame.
    part: f64,
    level: Travel,
    air_ratio: Travel,
    reflections_db: Travel,
    air: Air,
    walls: Cut,
}

impl Controls {
    fn new(settings: &Settings, sample_rate: u32) -> Controls {
        let travel = |id| Travel::new(settings.get(id), sample_rate);
        let mut air = Air::new(f64::from(sample_rate));
        air.tune(settings.get("distance_m"), settings.get("air_ratio"));
        Controls {
            distance: travel("distance_m"),
            meters: settings.get("distance_m"),
            part: -(-1000.0 / (ROUNDING_MS * f64::from(sample_rate))).exp_m1(),
            level: travel("level_percent"),
            air_ratio: travel("air_ratio"),
            reflections_db: travel("reflections_db"),
            air,
            walls: Cut::new(Side::Low, settings.get("walls_hz"), sample_rate),
        }
    }

    fn apply(&mut self, slot: Option<Slot>, event: &Event) {
        let Event { value, glide, .. } = *event;
        let Some(Slot::Scalar(place)) = slot else { return };
        match SPEC.params[place].id {
            "distance_m" => self.distance.to(value, glide),
            "level_percent" => self.level.to(value, glide),
            "air_ratio" => self.air_ratio.to(value, glide),
            "reflections_db" => self.reflections_db.to(value, glide),
            "walls_hz" => self.walls.to(value, glide),
            _ => {}
        }
    }

    fn moving(&self) -> bool {
        [&self.distance, &self.level, &self.air_ratio, &self.reflections_db].into_iter().any(Travel::moving)
            || self.meters != self.distance.value()
    }

    /// The distance one frame on.
    #[inline]
    fn walk(&mut self) {
        let aim = self.distance.step();
        self.meters += self.part * (aim - self.meters);
        // The last hair of the way, far below anything audible, so that it arrives at all.
        if !self.distance.moving() && (self.meters - aim).abs() <= 1e-7 * aim {
            self.meters = aim;
        }
    }

    /// Gains of everything and of the reflections.
    fn gains(&self) -> (f64, f64) {
        let level = exp2(-0.01 * self.level.value() * log2(self.meters));
        (level, level * amplitude_of_db(self.reflections_db.value()))
    }

    /// Direct sound and reflections put together.
    fn finish(&mut self, reflections: &[[f32; CHUNK]; 2], left: &mut [f32], right: &mut [f32]) {
        let (mut level, mut reflected) = self.gains();
        for (n, (l, r)) in left.iter_mut().zip(right).enumerate() {
            if self.moving() {
                self.walk();
                self.level.step();
                self.reflections_db.step();
                self.air.tune(self.meters, self.air_ratio.step());
                (level, reflected) = self.gains();
            }
            let direct = self.air.frame([f64::from(*l), f64::from(*r)]);
            *l = (level * direct[0] + reflected * f64::from(reflections[0][n])) as f32;
            *r = (level * direct[1] + reflected * f64::from(reflections[1][n])) as f32;
        }
    }
}

/// Where the reflections are read, and where they will be read.
struct Places {
    taps: [Vec<Tap>; 2],
    /// Meters that each set was made for.
    meters: [f64; 2],
    /// Which set is heard, and how far the other has faded in, in frames; 0 is not at all.
    heard: usize,
    faded: usize,
    fade: usize,
}

/// A sound at a distance, with its memory.
struct Running {
    settings: Settings,
    rate: u32,
    controls: Controls,
    rings: [Ring; 2],
    shape: Box3,
    places: Places,
    frame: u64,
}

impl Running {
    fn new(settings: &Settings, sample_rate: u32) -> Running {
        let rate = f64::from(sample_rate);
        let shape = Box3 { size: settings.get("room_m"), given_back: 0.01 * settings.get("walls_percent"), rate };
        let longest = (0.001 * LATEST_MS * rate).ceil() as usize + 2 * CHUNK;
        let mut running = Running {
            settings: settings.clone(),
            rate: sample_rate,
            controls: Controls::new(settings, sample_rate),
            rings: [0, 1].map(|_| Ring::new(longest)),
            shape,
            places: Places {
                taps: [room::no_taps(), room::no_taps()],
                meters: [0.0; 2],
                heard: 0,
                faded: 0,
                fade: (0.001 * FADE_MS * rate).ceil() as usize,
            },
            frame: 0,
        };
        running.settle();
        running
    }

    /// Reflections where the distance is now.
    fn settle(&mut self) {
        let meters = self.controls.distance.value();
        self.shape.taps(meters, &mut self.places.taps[0]);
        (self.places.meters, self.places.heard, self.places.faded) = ([meters; 2], 0, 0);
    }

    /// At most [`CHUNK`] frames.
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len();
        let mut damped = [[0.0_f32; CHUNK]; 2];
        for (n, (l, r)) in left.iter_mut().zip(right.iter_mut()).enumerate() {
            for x in [&mut *l, &mut *r] {
                if x.is_nan() || x.abs() >= 1e15 {
                    *x = 0.0;
                }
            }
            self.controls.walls.step();
            let [a, b] = self.controls.walls.frame([f64::from(*l), f64::from(*r)]);
            let audible = |x: f64| if x.abs() >= 1e-30 { x as f32 } else { 0.0 };
            (damped[0][n], damped[1][n]) = (audible(a), audible(b));
        }
        for (ring, damped) in self.rings.iter_mut().zip(&damped) {
            ring.write(&damped[..frames]);
        }
        let places = &mut self.places;
        let mut out = [[0.0_f32; CHUNK]; 2];
        room::reflect(&self.rings, &places.taps[places.heard], frames, &mut out);
        if places.faded > 0 {
            let mut coming = [[0.0_f32; CHUNK]; 2];
            room::reflect(&self.rings, &places.taps[1 - places.heard], frames, &mut coming);
            for n in 0..frames {
                let way = (places.faded + n) as f64 / places.fade as f64;
                let part = (0.5 - 0.5 * (PI * way.min(1.0)).cos()) as f32;
                for (out, coming) in out.iter_mut().zip(&coming) {
                    out[n] += part * (coming[n] - out[n]);
                }
            }
            places.faded += frames;
        }
        self.controls.finish(&out, left, right);
    }

    /// On the grid: a fade that is over makes room for the next, if the distance has moved on.
    fn look(&mut self) {
        let meters = self.controls.distance.value();
        let places = &mut self.places;
        if places.faded >= places.fade {
            places.heard = 1 - places.heard;
            places.faded = 0;
        }
        if places.faded == 0 && places.meters[places.heard] != meters {
            let next = 1 - places.heard;
            self.shape.taps(meters, &mut places.taps[next]);
            places.meters[next] = meters;
            // The first frame of the fade is one step into it.
            places.faded = 1;
        }
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let mut events = context.events.iter().peekable();
        let mut at = 0;
        while at < frames {
            while let Some(event) = events.next_if(|e| e.at as usize <= at) {
                self.controls.apply(self.settings.slot(event.param), event);
            }
            if self.frame.is_multiple_of(CHUNK as u64) {
                self.look();
                self.controls.walls.flush();
                self.controls.air.flush();
            }
            let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
            let end = event.min(at + CHUNK - (self.frame % CHUNK as u64) as usize);
            if let Some((left, right)) = block.part(at, end).pair_mut() {
                self.run(left, right);
            }
            self.frame += (end - at) as u64;
            at = end;
        }
    }

    /// The last reflection, and what rings on in the filters.
    fn tail(&self) -> Tail {
        Tail::Frames(((0.001 * LATEST_MS + 0.05) * f64::from(self.rate)).ceil() as u64)
    }

    fn reset(&mut self) {
        self.controls = Controls::new(&self.settings, self.rate);
        self.rings.iter_mut().for_each(Ring::clear);
        self.frame = 0;
        self.settle();
    }
}
