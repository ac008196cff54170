//! What sounds: pre-delay, early reflections, diffuser and network, put together and mixed.

use tonmeister_core::{Block, Context, Db, Event, Processor, Settings, Slot, Tail};

use super::decay::Losses;
use super::diffuser::{Diffuser, STEPS};
use super::gate::Gate;
use super::network::Network;
use super::ring::{CHUNK, Planes, Ring};
use super::swell::{self, Swell};
use super::tuning::{Draw, EARLY_TAPS, EarlyTap, early_taps};
use super::{LINES, SPEC, curve, tuning};
use crate::control::{Control, JUMP_MS};
use crate::delay::cut::{Cut, Side};
use crate::delay::duck::Duck;

/// The angle of the swing at a modulation of 100 %, against what a line loses on one pass (as a natural logarithm).
///
/// A loss of one pass is half the width of a resonance, so this moves resonances by a part of their own width, at any
/// decay. The sidebands that it gives a steady tone stand in proportion to it: at 1 Hz they reach −33 dB in the space
/// that shows them most, a plate of 1.8 s, and twice the angle would lift them by 6 dB, above the −30 that are allowed.
const WIDEST_SWING: f64 = 0.08;
/// Filter states are cleaned of denormals every so many frames of the processor's own life.
const FLUSH_EVERY: u64 = 256;
/// Frames of early reflections that are summed at once.
const BLOCK: usize = 16;

/// A reverb with its memory.
pub(super) struct Running {
    settings: Settings,
    rate: u32,
    space: Space,
    controls: Controls,
    frame: u64,
    tail: u64,
}

/// Everything with memory of sound.
#[derive(Debug)]
struct Space {
    pre: [Ring; 2],
    pre_delay: usize,
    early: [[EarlyTap; EARLY_TAPS]; 2],
    late: Late,
    /// Normalizations that make the wet sound as loud as the dry.
    early_gain: f64,
    late_gain: f64,
    /// The angle of the swing at full modulation, in radians.
    widest_swing: f64,
}

/// What makes the late reverberation.
#[derive(Debug)]
enum Late {
    Decay(Box<Lines>),
    Reverse(Swell),
}

/// Diffuser and network.
#[derive(Debug)]
struct Lines {
    diffuser: Diffuser,
    network: Network,
    planes: Planes,
}

/// Everything that may move.
#[derive(Debug)]
struct Controls {
    early_db: Control,
    late_db: Control,
    modulation: Control,
    modulation_hz: Control,
    width: Control,
    mix: Control,
    highpass: Option<Cut>,
    lowpass: Option<Cut>,
    duck: Option<Duck>,
    gate: Option<Gate>,
    /// How many frames a jump travels.
    jump: u32,
}

impl Controls {
    fn new(settings: &Settings, sample_rate: u32) -> Self {
        let travel = |id| Control::rounded(settings.get(id), sample_rate);
        let cut = |group, side| settings.items(group).first().map(|item| Cut::new(side, item[0], sample_rate));
        Controls {
            early_db: travel("early_db"),
            late_db: travel("late_db"),
            modulation: travel("modulation_percent"),
            modulation_hz: travel("modulation_hz"),
            width: travel("width_percent"),
            mix: travel("mix_percent"),
            highpass: cut("highpass", Side::High),
            lowpass: cut("lowpass", Side::Low),
            duck: settings.items("duck").first().map(|item| Duck::new(item[0], item[1], item[2], sample_rate)),
            gate: settings.items("gate").first().map(|item| Gate::new(item[0], item[1], item[2], sample_rate)),
            jump: (0.001 * JUMP_MS * f64::from(sample_rate)).ceil() as u32,
        }
    }

    /// What is fixed never comes here: the parameter table says so to whoever writes automation.
    fn apply(&mut self, slot: Option<Slot>, event: &Event) {
        let Event { value, glide, .. } = *event;
        let frames = if glide == 0 { self.jump } else { glide };
        match slot {
            Some(Slot::Scalar(place)) => match SPEC.params[place].id {
                "early_db" => self.early_db.to(value, frames),
                "late_db" => self.late_db.to(value, frames),
                "modulation_percent" => self.modulation.to(value, frames),
                "modulation_hz" => self.modulation_hz.to(value, frames),
                "width_percent" => self.width.to(value, frames),
                "mix_percent" => self.mix.to(value, frames),
                _ => {}
            },
            Some(Slot::Grouped { group, param, .. }) => {
                let (duck, gate) = (self.duck.iter_mut(), self.gate.iter_mut());
                match (SPEC.groups[group].id, SPEC.groups[group].params[param].id) {
                    ("highpass", _) => self.highpass.iter_mut().for_each(|cut| cut.to(value, glide)),
                    ("lowpass", _) => self.lowpass.iter_mut().for_each(|cut| cut.to(value, glide)),
                    ("duck", "threshold_db") => duck.for_each(|d| d.threshold_db.to(value, glide)),
                    ("duck", "depth_db") => duck.for_each(|d| d.depth_db.to(value, glide)),
                    ("duck", "release_ms") => duck.for_each(|d| d.release_ms.to(value, glide)),
                    ("gate", "threshold_db") => gate.for_each(|g| g.threshold_db.to(value, glide)),
                    ("gate", "hold_ms") => gate.for_each(|g| g.hold_ms.to(value, glide)),
                    ("gate", "release_ms") => gate.for_each(|g| g.release_ms.to(value, glide)),
                    _ => {}
                }
            }
            None => {}
        }
    }

    fn moving(&self) -> bool {
        [&self.early_db, &self.late_db, &self.modulation, &self.modulation_hz, &self.width, &self.mix]
            .into_iter()
            .any(Control::moving)
    }

    /// Whether something has a memory of the frame before.
    fn filters(&self) -> bool {
        self.highpass.is_some() || self.lowpass.is_some() || self.duck.is_some() || self.gate.is_some()
    }

    /// What ducking and gate leave of the wet sound at this frame.
    #[inline]
    fn keyed(&mut self, dry: [f32; 2]) -> f64 {
        let dry = dry.map(f64::from);
        let ducked = self.duck.as_mut().map_or(1.0, |duck| duck.gain(dry));
        ducked * self.gate.as_mut().map_or(1.0, |gate| gate.gain(dry))
    }

    /// The gains one frame on.
    #[inline]
    fn step(&mut self, space: &Space) -> Gains {
        self.modulation.step();
        self.modulation_hz.step();
        Gains {
            early: space.early_gain * Db(self.early_db.step()).gain(),
            late: space.late_gain * Db(self.late_db.step()).gain(),
            side: self.width.step() * 0.01,
            mix: self.mix.step() * 0.01,
        }
    }

    fn flush(&mut self) {
        [&mut self.highpass, &mut self.lowpass].into_iter().flatten().for_each(Cut::flush);
        self.duck.iter_mut().for_each(Duck::flush);
    }
}

/// The gains at one frame.
#[derive(Clone, Copy, Debug)]
struct Gains {
    early: f64,
    late: f64,
    side: f64,
    mix: f64,
}

impl Gains {
    #[inline]
    fn wet(&self, early: [f32; 2], late: [f32; 2]) -> [f64; 2] {
        [0, 1].map(|c| self.early * f64::from(early[c]) + self.late * f64::from(late[c]))
    }

    #[inline]
    fn mixed(&self, dry: [f32; 2], wet: [f64; 2]) -> [f32; 2] {
        let (mid, across) = (0.5 * (wet[0] + wet[1]), 0.5 * self.side * (wet[0] - wet[1]));
        let mixed = |dry: f32, wet: f64| (f64::from(dry) * (1.0 - self.mix) + wet * self.mix) as f32;
        [mixed(dry[0], mid + across), mixed(dry[1], mid - across)]
    }
}

impl Space {
    fn new(settings: &Settings, sample_rate: u32) -> Space {
        let rate = f64::from(sample_rate);
        let (tuning, curve) = (tuning(settings), curve(settings));
        let size = settings.get("size_percent") * 0.01;
        let mut draw = Draw(tuning.seed);
        let lengths = tuning.lengths(size, rate);
        let mut early = early_taps(tuning, size, rate, &mut draw);
        let spans: [f64; STEPS] = tuning.diffuse_ms.map(|ms| 0.001 * ms * size * rate);
        let diffusion = settings.get("diffusion_percent") * 0.01;
        let pre_delay = (0.001 * settings.get("pre_delay_ms") * rate).round() as usize;
        let early_power = 10f64.powf(tuning.early_db / 10.0);
        let whole = (1.0 + early_power).sqrt();
        let reverse = settings.items("reverse").first();
        let (late, late_gain, widest_swing) = if let Some(item) = reverse {
            let frames = (item[0] * rate).round() as usize;
            early = swell::early(&early, frames);
            let swell = Swell::new(tuning, &curve, frames, size, diffusion, rate);
            // What is the same each time has nothing that could swing.
            (Late::Reverse(swell), 1.0, 0.0)
        } else {
            // Noise of power 1 on both sides puts 16 into the lines; what they keep of it comes back again and again.
            let kept = |length: &usize| 10f64.powf(-6.0 * *length as f64 / (rate * curve.at(1000.0)));
            let kept = lengths.iter().map(kept).sum::<f64>() / LINES as f64;
            let lines = Lines {
                diffuser: Diffuser::new(spans, diffusion, &mut draw),
                network: Network::new(lengths, Losses::new(&curve, &lengths, sample_rate), sample_rate),
                planes: [[0.0; CHUNK]; LINES],
            };
            // `kept` is a power: half its logarithm is that of the amplitude.
            let swing = (WIDEST_SWING * -0.5 * kept.ln()).min(0.5);
            (Late::Decay(Box::new(lines)), (1.0 - kept).sqrt() / 4.0, swing)
        };
        let reach = if let Late::Decay(lines) = &late { lines.diffuser.reach() } else { 0 };
        let last = last(&early);
        Space {
            pre: [0, 1].map(|_| Ring::new(pre_delay + last.max(reach) + CHUNK)),
            pre_delay,
            early,
            late,
            early_gain: early_power.sqrt() / whole,
            late_gain: late_gain / whole,
            widest_swing,
        }
    }

    /// A run of dry frames in, early and late wet frames out.
    fn run(&mut self, dry: [&[f32]; 2], place: usize, early: &mut [[f32; CHUNK]; 2], late: &mut [[f32; CHUNK]; 2]) {
        let frames = dry[0].len();
        for (ring, dry) in self.pre.iter_mut().zip(dry) {
            let mut clean = [0.0; CHUNK];
            for (clean, x) in clean.iter_mut().zip(dry) {
                *clean = if x.abs() < 1e15 { *x } else { 0.0 };
            }
            ring.write(&clean[..frames]);
        }
        let behind = self.pre_delay + frames;
        reflect(&self.pre, &self.early, behind, frames, early);
        match &mut self.late {
            Late::Decay(lines) => {
                lines.diffuser.run(&self.pre, behind, &mut lines.planes, frames);
                lines.network.run(&lines.planes, frames, place, late);
            }
            Late::Reverse(swell) => swell.run(&self.pre, behind, frames, late),
        }
    }

    fn reset(&mut self) {
        self.pre.iter_mut().for_each(Ring::clear);
        match &mut self.late {
            Late::Decay(lines) => {
                lines.diffuser.reset();
                lines.network.reset();
            }
            Late::Reverse(swell) => swell.reset(),
        }
    }
}

/// When the last early reflection comes, in frames.
fn last(early: &[[EarlyTap; EARLY_TAPS]; 2]) -> usize {
    early.iter().flatten().map(|tap| tap.delay).max().unwrap_or(0)
}

/// The early reflections of both inputs. What is written behind the run is of no use.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn reflect(
    pre: &[Ring; 2],
    taps: &[[EarlyTap; EARLY_TAPS]; 2],
    behind: usize,
    frames: usize,
    out: &mut [[f32; CHUNK]; 2],
) {
    let blocks = frames.div_ceil(BLOCK);
    let mut runs = [(&[][..], [0.0; 2]); 2 * EARLY_TAPS];
    for ((ring, taps), runs) in pre.iter().zip(taps).zip(runs.chunks_exact_mut(EARLY_TAPS)) {
        for (run, tap) in runs.iter_mut().zip(taps) {
            *run = (ring.run(behind + tap.delay, blocks * BLOCK).as_chunks::<BLOCK>().0, tap.gains);
        }
    }
    let [left, right] = out;
    let outs = left.as_chunks_mut::<BLOCK>().0.iter_mut().zip(right.as_chunks_mut::<BLOCK>().0);
    for (block, (left, right)) in outs.enumerate().take(blocks) {
        // The sums stay in registers while all reflections go by.
        let [mut l, mut r] = [[0.0_f32; BLOCK]; 2];
        for (run, gains) in &runs {
            let run = &run[block];
            for k in 0..BLOCK {
                l[k] += gains[0] * run[k];
                r[k] += gains[1] * run[k];
            }
        }
        (*left, *right) = (l, r);
    }
}

impl Running {
    pub(super) fn new(settings: &Settings, sample_rate: u32) -> Self {
        let space = Space::new(settings, sample_rate);
        let rate = f64::from(sample_rate);
        // Half a second for the filters.
        let sound = match &space.late {
            // Twice T60 for 120 dB, of at least a tenth more than asked for what the fit of the decay may be off.
            Late::Decay(lines) => {
                let cloud = lines.diffuser.length() + lines.network.longest();
                let decay = (2.0 * lines.network.slowest(1.1 * curve(settings).longest()) + 0.5) * rate;
                (last(&space.early) + cloud) as u64 + decay.ceil() as u64
            }
            Late::Reverse(swell) => swell.frames() as u64 + (0.5 * rate).ceil() as u64,
        };
        let tail = space.pre_delay as u64 + sound;
        Running {
            settings: settings.clone(),
            rate: sample_rate,
            space,
            controls: Controls::new(settings, sample_rate),
            frame: 0,
            tail,
        }
    }

    /// A run within one pass of the network.
    fn run(&mut self, left: &mut [f32], right: &mut [f32]) {
        let place = (self.frame % CHUNK as u64) as usize;
        if place == 0
            && let Late::Decay(lines) = &mut self.space.late
        {
            let depth = self.controls.modulation.value() * 0.01 * self.space.widest_swing;
            lines.network.swing(depth, self.controls.modulation_hz.value());
        }
        let (mut early, mut late) = ([[0.0; CHUNK]; 2], [[0.0; CHUNK]; 2]);
        self.space.run([left, right], place, &mut early, &mut late);
        finish(&mut self.controls, &self.space, [&early, &late], left, right);
    }
}

/// Filters, ducking, gate, width and mix.
fn finish(controls: &mut Controls, space: &Space, wet: [&[[f32; CHUNK]; 2]; 2], left: &mut [f32], right: &mut [f32]) {
    // A step at rest gives the same again, so whether it is taken makes no difference to the sound.
    let gains = controls.step(space);
    if controls.moving() || controls.filters() {
        finish_moving(controls, space, gains, wet, left, right);
    } else {
        finish_still(gains, wet, left, right);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn finish_still(gains: Gains, [early, late]: [&[[f32; CHUNK]; 2]; 2], left: &mut [f32], right: &mut [f32]) {
    let early = early[0].iter().zip(&early[1]);
    let late = late[0].iter().zip(&late[1]);
    for (((l, r), early), late) in left.iter_mut().zip(right).zip(early).zip(late) {
        let wet = gains.wet([*early.0, *early.1], [*late.0, *late.1]);
        [*l, *r] = gains.mixed([*l, *r], wet);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq+avx512vl+avx512bw", "x86_64+avx2"))]
fn finish_moving(
    controls: &mut Controls,
    space: &Space,
    mut gains: Gains,
    [early, late]: [&[[f32; CHUNK]; 2]; 2],
    left: &mut [f32],
    right: &mut [f32],
) {
    let mut moving = controls.moving();
    let keyed = controls.duck.is_some() || controls.gate.is_some();
    for (n, (l, r)) in left.iter_mut().zip(right).enumerate().take(CHUNK) {
        if moving && n > 0 {
            gains = controls.step(space);
            moving = controls.moving();
        }
        let mut wet = gains.wet([early[0][n], early[1][n]], [late[0][n], late[1][n]]);
        for cut in [&mut controls.highpass, &mut controls.lowpass].into_iter().flatten() {
            cut.step();
            wet = cut.frame(wet);
        }
        if keyed {
            let gain = controls.keyed([*l, *r]);
            wet = wet.map(|wet| wet * gain);
        }
        [*l, *r] = gains.mixed([*l, *r], wet);
    }
}

impl Processor for Running {
    fn process(&mut self, block: &mut Block<'_>, context: &Context<'_>) {
        let frames = block.frames();
        let pass = if let Late::Decay(lines) = &self.space.late { lines.network.pass() } else { CHUNK };
        let mut events = context.events.iter().peekable();
        let mut at = 0;
        while at < frames {
            while let Some(event) = events.next_if(|e| e.at as usize <= at) {
                self.controls.apply(self.settings.slot(event.param), event);
            }
            let event = events.peek().map_or(frames, |e| (e.at as usize).min(frames));
            let rest = pass - (self.frame % pass as u64) as usize;
            let end = event.min(at + rest);
            if let Some((left, right)) = block.part(at, end).pair_mut() {
                self.run(left, right);
            }
            self.frame += (end - at) as u64;
            at = end;
            if self.frame.is_multiple_of(FLUSH_EVERY) {
                if let Late::Decay(lines) = &mut self.space.late {
                    lines.network.flush();
                }
                self.controls.flush();
            }
        }
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.tail)
    }

    fn reset(&mut self) {
        self.space.reset();
        self.controls = Controls::new(&self.settings, self.rate);
        self.frame = 0;
    }

    fn begin_at(&mut self, frame: u64) {
        if let Late::Decay(lines) = &mut self.space.late {
            lines.network.begin_at(frame / CHUNK as u64);
        }
    }
}
