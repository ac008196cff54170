//! A singer: vocal folds, a vocal tract, and a mouth that moves between the sounds of a text.
//!
//! The folds give a pulse train (the glottal flow of Klatt and Klatt, JASA 87(2), 1990, as a band-limited wave) between
//! a soft and a firm one, as hard as the note is sung, with a cycle's natural jitter and shimmer. The pitch scoops into
//! a phrase, slides from note to note, drifts a little, and trembles only when a note is held. The tract is seven
//! resonances in series whose first four follow the text; consonants come before the beat, so that the vowel is on
//! it. A soprano's trick is here as well: when the note rises above the first formant, the mouth opens and takes the
//! formant along (Sundberg, *The Science of the Singing Voice*, ch. 5).

use std::sync::OnceLock;

use super::arithmetic::{RATE, cosine, ease, follow, pitch, sine};
use super::filter::{Formant, Svf};
use super::oscillator::{Wave, read};
use super::phones::{Gesture, INHALE, REST, Shape, consonant_of, vowel_of};
use super::track::Track;
use crate::chance::Random;

/// Control values move once in so many frames.
const BLOCK: usize = 32;

/// Who sings.
#[derive(Clone, Copy)]
pub(crate) struct Singer {
    /// Formants against a man's of average size.
    pub(crate) tract: f64,
    /// Noise of the breath in the vowels.
    pub(crate) breath: f64,
    /// Vibrato: its rate in Hz and its depth in cents when a note is held.
    pub(crate) vibrato_hz: f64,
    pub(crate) vibrato_cents: f64,
    /// Always this much out of tune, in cents, and late, in milliseconds.
    pub(crate) detune_cents: f64,
    pub(crate) late_ms: f64,
    pub(crate) seed: u64,
}

/// A note with its words, in frames.
pub(crate) struct Sung {
    pub(crate) from: f64,
    pub(crate) until: f64,
    pub(crate) note: f64,
    pub(crate) signs: &'static str,
    /// 0 to 1.
    pub(crate) effort: f64,
}

/// Something that is reached at a time and kept until the next.
struct Aim<T> {
    at: f64,
    travel: f64,
    value: T,
}

/// The timeline of a singer: what the mouth does, and which note.
struct Plan {
    mouth: Vec<Aim<Shape>>,
    notes: Vec<Aim<(f64, f64, bool)>>,
}

fn frames(ms: f64) -> f64 {
    ms * 0.001 * RATE
}

fn length(gestures: &[Gesture]) -> f64 {
    gestures.iter().map(|g| frames(g.ms)).sum()
}

/// The syllable's consonants before the vowel, its one or two vowels, and its consonants after.
fn parse(signs: &str) -> (Vec<Gesture>, Vec<Shape>, Vec<Gesture>) {
    let (mut onset, mut vowels, mut coda) = (Vec::new(), Vec::new(), Vec::new());
    for sign in signs.split(' ') {
        match vowel_of(sign) {
            Some(shape) => vowels.push(shape),
            None if vowels.is_empty() => onset.extend_from_slice(consonant_of(sign)),
            None => coda.extend_from_slice(consonant_of(sign)),
        }
    }
    (onset, vowels, coda)
}

fn plan(singer: &Singer, sung: &[Sung]) -> Plan {
    let mut plan = Plan { mouth: vec![Aim { at: 0.0, travel: 1.0, value: REST }], notes: Vec::new() };
    let mut end_before = 0.0;
    for (i, note) in sung.iter().enumerate() {
        let (onset, vowels, coda) = parse(note.signs);
        let hz = pitch(note.note);
        let fit = |shape: Shape| shape.fit(singer, hz);
        let start = note.from - length(&onset);
        let pause = start - end_before;
        if pause > 0.7 * RATE {
            let breath_at = start - frames(430.0);
            plan.mouth.push(Aim { at: breath_at, travel: frames(90.0), value: INHALE.fit(singer, hz) });
            plan.mouth.push(Aim { at: start - frames(140.0), travel: frames(90.0), value: REST.fit(singer, hz) });
        }
        let slur = pause < 0.12 * RATE && i > 0;
        plan.notes.push(Aim {
            at: note.from - frames(35.0),
            travel: frames(70.0),
            value: (note.note, note.effort, slur),
        });
        plan.say(&onset, start, &fit);
        let travel = if onset.is_empty() && slur { 70.0 } else { 55.0 };
        plan.mouth.push(Aim { at: note.from - frames(10.0), travel: frames(travel), value: fit(vowels[0]) });
        let next = sung.get(i + 1);
        let next_start = next.map_or(f64::INFINITY, |n| n.from - length(&parse(n.signs).0));
        let end = note.until.min(next_start);
        let coda_at = (end - length(&coda)).max(note.from + 0.4 * (end - note.from));
        if let Some(glide) = vowels.get(1) {
            let sung_for = coda_at - note.from;
            let travel = (0.42 * sung_for).min(frames(190.0));
            plan.mouth.push(Aim { at: coda_at - travel, travel, value: fit(*glide) });
        }
        plan.say(&coda, coda_at, &fit);
        end_before = coda_at + length(&coda);
        if next_start - end_before > frames(45.0) {
            let last = plan.mouth.last().map_or(REST, |aim| aim.value);
            let value = Shape { voice: 0.0, breath: 0.0, hiss: 0.0, pop: 0.0, ..last };
            plan.mouth.push(Aim { at: end_before, travel: frames(if coda.is_empty() { 130.0 } else { 70.0 }), value });
        }
    }
    // Rushed syllables may push a gesture before the one it follows.
    let mut latest = 0.0;
    for aim in &mut plan.mouth {
        aim.at = aim.at.max(latest);
        latest = aim.at + 1.0;
    }
    plan
}

impl Plan {
    fn say(&mut self, gestures: &[Gesture], from: f64, fit: &impl Fn(Shape) -> Shape) {
        let mut at = from;
        for gesture in gestures {
            self.mouth.push(Aim { at, travel: frames(gesture.travel_ms), value: fit(gesture.shape) });
            at += frames(gesture.ms);
        }
    }
}

const BANDWIDTHS: [f64; 4] = [75.0, 95.0, 140.0, 210.0];
const UPPER: [(f64, f64); 3] = [(4450.0, 320.0), (5900.0, 600.0), (8200.0, 1100.0)];

impl Shape {
    /// This shape in that singer's tract on that note: scaled, opened when the note is high, and leveled, so that
    /// vowels sound equally strong wherever the note's harmonics happen to fall.
    fn fit(mut self, singer: &Singer, hz: f64) -> Shape {
        for formant in &mut self.formants {
            *formant *= singer.tract;
        }
        self.formants[0] = self.formants[0].max(hz * 1.06);
        self.formants[1] = self.formants[1].max(self.formants[0] * 1.25);
        let mut tract = Tract::new();
        tract.shape(&self);
        let harmonics = (5000.0 / hz) as usize;
        let power: f64 = (1..=harmonics)
            .map(|h| tract.power_at(h as f64 * hz) / (h * h) as f64 / (1.0 + (h as f64 / 7.0) * (h as f64 / 7.0)))
            .sum();
        self.voice /= (0.5 * power).sqrt();
        self.breath *= 0.8 / (0.5 * power).sqrt();
        self
    }

    fn between(&self, other: &Shape, t: f64) -> Shape {
        let mix = |a: f64, b: f64| a + (b - a) * t;
        let mut formants = [0.0; 4];
        for (i, formant) in formants.iter_mut().enumerate() {
            *formant = mix(self.formants[i], other.formants[i]);
        }
        Shape {
            formants,
            damping: mix(self.damping, other.damping),
            voice: mix(self.voice, other.voice),
            breath: mix(self.breath, other.breath),
            hiss: mix(self.hiss, other.hiss),
            hiss_hz: mix(self.hiss_hz, other.hiss_hz),
            pop: mix(self.pop, other.pop),
            shut: mix(self.shut, other.shut),
        }
    }

    fn silent(&self) -> bool {
        self.voice + self.breath + self.hiss + self.pop < 1e-6
    }
}

/// A shelf of +11 dB above 2.5 kHz: the directivity of a mouth and the microphones made for it, and what the tract's
/// resonances beyond the seventh would contribute.
const PRESENCE: f64 = 2.6;
const PRESENCE_RATE: f64 = 0.28;
/// What escapes between the teeth without minding the formants: seven resonances stop short of the air above 6 kHz.
const AIR: f64 = 0.4;

/// The resonances in series.
struct Tract {
    formants: [Formant; 7],
    muffle: f64,
    behind: f64,
    /// What the head and the microphone add: presence from 2.5 kHz up.
    below: f64,
    teeth: Svf,
}

impl Tract {
    fn new() -> Self {
        let mut formants: [Formant; 7] = Default::default();
        for (formant, (hz, bandwidth)) in formants[4..].iter_mut().zip(UPPER) {
            formant.tune(hz, bandwidth);
        }
        Tract { formants, muffle: 1.0, behind: 0.0, below: 0.0, teeth: Svf::new(5200.0, 0.7) }
    }

    fn shape(&mut self, shape: &Shape) {
        for ((formant, hz), narrowest) in self.formants.iter_mut().zip(shape.formants).zip(BANDWIDTHS) {
            // Wider where the formant is higher, as walls and radiation take more.
            formant.tune(hz, narrowest.max(hz * 0.055) * shape.damping);
        }
        self.muffle = 1.0 - 0.93 * shape.shut;
    }

    fn step(&mut self, source: f64) -> f64 {
        let out = self.formants.iter_mut().fold(source, |x, formant| formant.step(x));
        self.below += PRESENCE_RATE * (out - self.below);
        let out = out + PRESENCE * (out - self.below) + AIR * self.teeth.step(source).high;
        self.behind += self.muffle * (out - self.behind);
        self.behind
    }

    fn power_at(&self, hz: f64) -> f64 {
        let c = cosine(hz / RATE);
        let m = self.muffle;
        let lowpass = m * m / (1.0 + (1.0 - m) * (1.0 - m) - 2.0 * (1.0 - m) * c);
        self.formants.iter().map(|f| f.power_at(hz)).product::<f64>() * lowpass
    }

    fn rest(&mut self) {
        self.formants.iter_mut().for_each(Formant::rest);
        self.behind = 0.0;
        self.below = 0.0;
    }
}

/// The derivative of the flow through the glottis: open for a part of the cycle, shut suddenly; `mellow` is the
/// harmonic where the softness of the closure begins to tell. The first harmonic is 1.
fn glottis(open: f64, mellow: f64) -> Wave {
    const POINTS: usize = 1024;
    let harmonic = |h: usize| {
        let (mut sines, mut cosines) = (0.0, 0.0);
        for i in 0..POINTS {
            let t = (i as f64 + 0.5) / POINTS as f64 * open;
            let flow = 2.0 * t - 3.0 * t * t / open;
            sines += flow * sine(h as f64 * t);
            cosines += flow * cosine(h as f64 * t);
        }
        (sines, cosines)
    };
    let (s, c) = harmonic(1);
    let first = (s * s + c * c).sqrt();
    Wave::new(|h| {
        let soft = 1.0 / (first * (1.0 + (h as f64 / mellow) * (h as f64 / mellow)).sqrt());
        let (sines, cosines) = if h < 160 { harmonic(h) } else { (0.0, 0.0) };
        (sines * soft, cosines * soft)
    })
}

fn firm() -> &'static Wave {
    static WAVE: OnceLock<Wave> = OnceLock::new();
    WAVE.get_or_init(|| glottis(0.5, 26.0))
}

fn soft() -> &'static Wave {
    static WAVE: OnceLock<Wave> = OnceLock::new();
    WAVE.get_or_init(|| glottis(0.68, 5.0))
}

/// What is heard of a singer, before any microphone is chosen.
pub(crate) fn sing(singer: &Singer, sung: &[Sung], frames: usize) -> Track {
    let mut track = Track::new(frames);
    sing_into(&mut track.samples, singer, sung);
    track
}

/// [`sing`] into any stretch of time.
pub(crate) fn sing_into(out: &mut [f32], singer: &Singer, sung: &[Sung]) {
    let plan = plan(singer, sung);
    let mut mouth = Follower::new(&plan.mouth, REST);
    let mut throat = Throat::new(singer, &plan.notes);
    let mut lips = Lips::new(singer.seed);
    let mut tract = Tract::new();
    for (block, out) in out.chunks_mut(BLOCK).enumerate() {
        let now = (block * BLOCK) as f64;
        let shape = mouth.at(now, Shape::between);
        throat.aim(now);
        if shape.silent() && mouth.shape_before.silent() {
            tract.rest();
            mouth.shape_before = shape;
            continue;
        }
        tract.shape(&shape);
        lips.shape(&shape);
        let from = std::mem::replace(&mut mouth.shape_before, shape);
        for (i, sample) in out.iter_mut().enumerate() {
            let t = i as f64 / BLOCK as f64;
            let voice = from.voice + (shape.voice - from.voice) * t;
            let breath = (from.breath + (shape.breath - from.breath) * t) * singer.breath;
            let noise = lips.chance.signed();
            let source = throat.step(voice, breath, noise);
            *sample += (tract.step(source) + lips.step(noise, &from, &shape, t)) as f32;
        }
    }
}

/// Walks along a list of aims.
struct Follower<'a> {
    aims: &'a [Aim<Shape>],
    next: usize,
    from: Shape,
    shape_before: Shape,
}

impl<'a> Follower<'a> {
    fn new(aims: &'a [Aim<Shape>], start: Shape) -> Self {
        Follower { aims, next: 0, from: start, shape_before: start }
    }

    fn at(&mut self, now: f64, between: impl Fn(&Shape, &Shape, f64) -> Shape) -> Shape {
        while self.aims.get(self.next).is_some_and(|aim| aim.at <= now) {
            self.from = self.shape_before;
            self.next += 1;
        }
        match self.next.checked_sub(1).map(|i| &self.aims[i]) {
            Some(aim) => between(&self.from, &aim.value, ease((now - aim.at) / aim.travel)),
            None => self.from,
        }
    }
}

/// Larynx: pitch, effort, and the pulses themselves.
struct Throat<'a> {
    singer: &'a Singer,
    notes: &'a [Aim<(f64, f64, bool)>],
    next: usize,
    note: f64,
    from: f64,
    effort: f64,
    tremble: f64,
    vibrato: f64,
    drift: f64,
    drift_aim: f64,
    chance: Random,
    phase: f64,
    turns: f64,
    tables: (&'static [f32], &'static [f32]),
    jitter: f64,
    shimmer: f64,
}

impl<'a> Throat<'a> {
    fn new(singer: &'a Singer, notes: &'a [Aim<(f64, f64, bool)>]) -> Self {
        let first = notes.first().map_or(60.0, |n| n.value.0);
        Throat {
            singer,
            notes,
            next: 0,
            note: first,
            from: first,
            effort: 0.5,
            tremble: 0.0,
            vibrato: 0.0,
            drift: 0.0,
            drift_aim: 0.0,
            chance: Random::new(singer.seed),
            phase: 0.0,
            turns: 0.0,
            tables: (soft().below(500.0), firm().below(500.0)),
            jitter: 1.0,
            shimmer: 1.0,
        }
    }

    /// Pitch and effort of the coming block.
    fn aim(&mut self, now: f64) {
        let block = BLOCK as f64;
        while self.notes.get(self.next).is_some_and(|aim| aim.at <= now) {
            let (note, _, slur) = self.notes[self.next].value;
            // After a pause the voice comes from below; bound notes come from where the last one was.
            self.from = if slur { self.note } else { note - 0.9 };
            self.next += 1;
            let top = pitch(note.max(self.from) + 0.8);
            self.tables = (soft().below(top), firm().below(top));
        }
        let Some(aim) = self.next.checked_sub(1).map(|i| &self.notes[i]) else { return };
        let (note, effort, slur) = aim.value;
        let held = (now - aim.at - aim.travel) / RATE;
        let travel = if slur { aim.travel } else { aim.travel * 1.7 };
        self.note = self.from + (note - self.from) * ease((now - aim.at) / travel);
        // A held note swells a little; vibrato grows into it.
        let swell = 0.1 * ease((held - 0.15) / 0.8);
        self.effort += follow(0.05) * block * (effort + swell - self.effort);
        let depth = ease((held - 0.14) / 0.4) * self.singer.vibrato_cents;
        self.tremble += follow(0.05) * block * (depth - self.tremble);
        self.vibrato += self.singer.vibrato_hz * (1.0 + 0.06 * self.drift_aim) * block / RATE;
        if self.chance.unit() < block / (0.13 * RATE) {
            self.drift_aim = self.chance.signed();
        }
        self.drift += follow(0.16) * block * (self.drift_aim * 9.0 - self.drift);
        let cents = self.tremble * sine(self.vibrato) + self.drift + self.singer.detune_cents;
        self.turns = pitch(self.note + cents / 100.0) / RATE;
    }

    #[inline]
    fn step(&mut self, voice: f64, breath: f64, noise: f64) -> f64 {
        let (softly, firmly) = (read(self.tables.0, self.phase), read(self.tables.1, self.phase));
        let firmness = 0.25 + 0.75 * self.effort;
        let pulse = softly + (firmly - softly) * firmness;
        // Breath blows mostly while the folds are apart.
        let open = if self.phase < 0.6 { 1.0 } else { 0.45 };
        self.phase += self.turns * self.jitter;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
            self.jitter = 1.0 + 0.0035 * self.chance.signed();
            self.shimmer = 1.0 + 0.035 * self.chance.signed();
        }
        let level = 0.35 + 0.65 * self.effort;
        (pulse * voice * self.shimmer + noise * breath * open * 0.09) * level
    }
}

/// What happens in front of the tract: hiss, bursts, and the wind that hits the microphone.
struct Lips {
    chance: Random,
    teeth: Svf,
    edge: Svf,
    wind: Svf,
}

impl Lips {
    fn new(seed: u64) -> Self {
        Lips {
            chance: Random::new(seed ^ 0x77),
            teeth: Svf::new(5000.0, 1.5),
            edge: Svf::new(3000.0, 0.8),
            wind: Svf::new(75.0, 0.9),
        }
    }

    fn shape(&mut self, shape: &Shape) {
        self.teeth.tune(shape.hiss_hz, 1.5);
        self.edge.tune(shape.hiss_hz * 0.7, 0.8);
    }

    #[inline]
    fn step(&mut self, noise: f64, from: &Shape, to: &Shape, t: f64) -> f64 {
        let hiss = from.hiss + (to.hiss - from.hiss) * t;
        let pop = from.pop + (to.pop - from.pop) * t;
        let blown = self.wind.step(noise * pop * 30.0).low;
        self.edge.step(self.teeth.step(noise).band).high * hiss + blown
    }
}
