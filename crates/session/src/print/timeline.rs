//! Clips, lanes and the timeline, as a document writes them.

use tonmeister_core::ParamSpec;

use super::{Names, Part, decimal, list, points, quoted, written};
use crate::keys::{
    AT, ATTACK, BPM, CEILING, CLIP_GAIN_MOVES, CLIP_MUTE, CLIP_NUMBERS, CROSSFADE, DETECTOR, FLOOR, FOLLOW_DEPTH, FROM,
    KEY_MUTED, KEY_TAP, LFO_DEPTH, LFO_PHASE, LFO_RATE, LFO_SEED, LOOP_COUNT, LOOP_CROSSFADE, METER_BAR, RAMP, RELEASE,
    REVERSE, TO, WINDOW_NUMBERS,
};
use crate::model::{
    Clip, CrossfadeShape, Curve, FadeShape, Follower, KeySource, Lfo, LfoShape, Marker, Meter, Point, Range, Rate,
    Tempo, Until, Window,
};
use crate::time::BarBeat;

/// A time as it was written.
pub(crate) fn place(seconds: f64, written: Option<BarBeat>) -> String {
    written.map_or_else(|| decimal(seconds), |place| quoted(&place.to_string()))
}

/// A curve: a word, or a table of its numbers.
pub(super) fn curve(curve: Curve) -> String {
    match curve {
        Curve::Bend(bend) => format!("{{ bend = {} }}", decimal(bend)),
        Curve::Bezier(handles) => {
            let handles: Vec<String> = handles.iter().map(|handle| decimal(*handle)).collect();
            format!("{{ bezier = {} }}", list(&handles))
        }
        word => quoted(word.word().unwrap_or_default()),
    }
}

/// A clip.
pub(crate) fn clip(clip: &Clip) -> Part {
    let mut part = Part::default();
    part.put("audio", quoted(&clip.audio));
    let [start, offset, gain, fade_in, fade_out] = &CLIP_NUMBERS;
    if clip.start_s != 0.0 || clip.start_written.is_some() {
        part.put(start.id, place(clip.start_s, clip.start_written));
    }
    part.param(offset, clip.offset_s);
    if let Some(length) = clip.length_s {
        part.put("length_s", decimal(length));
    }
    part.param(&REVERSE, f64::from(u8::from(clip.reverse)));
    if let Some(repeat) = clip.repeat {
        match repeat.until {
            Until::Count(count) => part.put(LOOP_COUNT.id, count.to_string()),
            Until::Length(length) => part.put("loop_length_s", decimal(length)),
        }
        part.param(&LOOP_CROSSFADE, repeat.crossfade_s);
    }
    part.param(gain, clip.gain_db);
    if !clip.gain.is_empty() {
        part.put("gain_points", points(&CLIP_GAIN_MOVES, &clip.gain));
    }
    part.param(fade_in, clip.fade_in_s);
    part.param(fade_out, clip.fade_out_s);
    match (clip.fade_in_shape, clip.fade_out_shape) {
        (FadeShape::EqualPower, FadeShape::EqualPower) => {}
        (a, b) if a == b => part.put("fade_shape", quoted(a.word())),
        (a, b) => {
            for (key, shape) in [("fade_in_shape", a), ("fade_out_shape", b)] {
                if shape != FadeShape::EqualPower {
                    part.put(key, quoted(shape.word()));
                }
            }
        }
    }
    part.param(&CROSSFADE, clip.crossfade_s);
    if clip.crossfade_shape != CrossfadeShape::EqualPower {
        part.put("crossfade_shape", quoted(clip.crossfade_shape.word()));
    }
    part.param(&CLIP_MUTE, f64::from(u8::from(clip.mute)));
    if let Some(window) = &clip.window {
        part.put("window", self::window(window).inline());
    }
    part
}

fn window(window: &Window) -> Part {
    let mut part = Part::default();
    let [from, until, fade_in, fade_out] = &WINDOW_NUMBERS;
    part.param(from, window.from_s);
    if let Some(until_s) = window.until_s {
        part.put(until.id, decimal(until_s));
    }
    part.param(fade_in, window.fade_in_s);
    part.param(fade_out, window.fade_out_s);
    for (key, shape) in [("fade_in_shape", window.fade_in_shape), ("fade_out_shape", window.fade_out_shape)] {
        if shape != CrossfadeShape::EqualPower {
            part.put(key, quoted(shape.word()));
        }
    }
    part
}

/// A lane: points, what swings around them, and what it follows.
pub(crate) fn automation(
    address: &str,
    spec: &ParamSpec,
    points: &[Point],
    lfos: &[Lfo],
    follow: Option<String>,
) -> Part {
    let mut part = Part::default();
    part.put("target", quoted(address));
    if !points.is_empty() {
        part.put("points", self::points(spec, points));
    }
    if !lfos.is_empty() {
        part.put("lfo", self::lfos(lfos));
    }
    if let Some(follow) = follow {
        part.put("follow", follow);
    }
    part
}

impl Names {
    /// Whose signal it is.
    pub(crate) fn signal(&self, of: KeySource) -> &str {
        match of {
            KeySource::Track(track) => &self.tracks[track],
            KeySource::Bus(bus) => &self.buses[bus],
        }
    }

    /// A level that is followed.
    pub(crate) fn follow(&self, follow: &Follower, spec: &ParamSpec) -> String {
        let mut part = Part::default();
        part.put("key", quoted(self.signal(follow.of.from)));
        part.param(&KEY_TAP, f64::from(follow.of.tap as u8));
        part.param(&KEY_MUTED, f64::from(u8::from(follow.of.muted)));
        part.param(&DETECTOR, f64::from(follow.detector as u8));
        part.param(&ATTACK, follow.attack_ms);
        part.param(&RELEASE, follow.release_ms);
        part.param(&FLOOR, follow.floor_db);
        part.param(&CEILING, follow.ceiling_db);
        part.put("at_floor", written(spec, follow.at_floor));
        part.put("at_ceiling", written(spec, follow.at_ceiling));
        part.param(&FOLLOW_DEPTH, follow.depth);
        part.inline()
    }
}

/// A list of generators.
pub(crate) fn lfos(lfos: &[Lfo]) -> String {
    list(&lfos.iter().map(|one| lfo(one).inline()).collect::<Vec<_>>())
}

fn lfo(lfo: &Lfo) -> Part {
    let mut part = Part::default();
    if lfo.shape != LfoShape::Sine {
        part.put("shape", quoted(lfo.shape.word()));
    }
    let rate = match &lfo.rate {
        Rate::Hz(hz) => decimal(*hz),
        Rate::Note { note, .. } => quoted(&note.to_string()),
    };
    part.put(LFO_RATE.id, rate);
    part.put(LFO_DEPTH.id, decimal(lfo.depth));
    part.param(&LFO_PHASE, lfo.phase);
    part.param(&LFO_SEED, f64::from(lfo.seed));
    if lfo.from_s != 0.0 || lfo.from_written.is_some() {
        part.put(FROM.id, place(lfo.from_s, lfo.from_written));
    }
    if let Some(to_s) = lfo.to_s {
        part.put(TO.id, place(to_s, lfo.to_written));
    }
    part
}

/// A change of the tempo.
pub(crate) fn tempo(tempo: &Tempo) -> Part {
    let mut part = Part::default();
    part.put(AT.id, place(tempo.at_s, tempo.written));
    part.put(BPM.id, written(&BPM, tempo.bpm));
    if let Some(bpm) = tempo.ramp_to_bpm {
        part.put(RAMP.id, written(&RAMP, bpm));
    }
    part
}

/// A change of the meter.
pub(crate) fn meter(meter: Meter) -> Part {
    let mut part = Part::default();
    part.put(METER_BAR.id, meter.bar.to_string());
    part.put("signature", quoted(&meter.signature.to_string()));
    part
}

/// A marker.
pub(crate) fn marker(marker: &Marker) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&marker.id));
    part.put(AT.id, place(marker.at_s, marker.written));
    if !marker.name.is_empty() {
        part.put("name", quoted(&marker.name));
    }
    part
}

/// A range.
pub(crate) fn range(range: &Range) -> Part {
    let mut part = Part::default();
    part.put("id", quoted(&range.id));
    part.put(FROM.id, place(range.from_s, range.from_written));
    part.put(TO.id, place(range.to_s, range.to_written));
    part
}
