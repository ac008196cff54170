//! A clip: its stretch of a file, how often and which way it is played, its gain and its fades.

use tonmeister_core::ParamSpec;

use super::{Reader, lanes};
use crate::keys::{
    CLIP, CLIP_GAIN_MOVES, CLIP_LENGTH, CLIP_MUTE, CLIP_NUMBERS, CROSSFADE, CROSSFADE_SHAPE, FADE_IN_SHAPE,
    FADE_OUT_SHAPE, FADE_SHAPE, LOOP_COUNT, LOOP_CROSSFADE, LOOP_LENGTH, REVERSE, WINDOW, WINDOW_NUMBERS,
    WINDOW_SHAPES,
};
use crate::model::{Clip, CrossfadeShape, FadeShape, Repeat, Until, Window};
use crate::tree::{Node, Table};

impl Reader<'_> {
    /// What a key holds, if it is there and right.
    pub(super) fn maybe(&mut self, table: &Table, spec: &'static ParamSpec) -> Option<f64> {
        table.get(spec.id).and_then(|node| self.param(spec, node))
    }

    pub(super) fn clip(&mut self, table: &Table) -> Option<Clip> {
        self.known("a clip", table, &CLIP.iter().map(|key| key.id).collect::<Vec<_>>());
        let audio = self.required("this clip", table, &CLIP[0]).and_then(|node| self.path("audio", node));
        let start = table.get(CLIP_NUMBERS[0].id).and_then(|node| self.place(&CLIP_NUMBERS[0], node));
        let (start_s, start_written) = start.unwrap_or_default();
        let mut numbers = [0.0; 4];
        for (value, spec) in numbers.iter_mut().zip(&CLIP_NUMBERS[1..]) {
            *value = self.maybe(table, spec).unwrap_or(spec.default);
        }
        let [offset_s, gain_db, fade_in_s, fade_out_s] = numbers;
        let length_s = self.maybe(table, &CLIP_LENGTH);
        let both = self.maybe(table, &FADE_SHAPE).unwrap_or(0.0);
        let fade_in_shape = FadeShape::ALL[self.maybe(table, &FADE_IN_SHAPE).unwrap_or(both) as usize];
        let fade_out_shape = FadeShape::ALL[self.maybe(table, &FADE_OUT_SHAPE).unwrap_or(both) as usize];
        let repeat = self.repeat(table, offset_s, length_s);
        let sounds_s = match (repeat.map(|repeat| repeat.until), length_s) {
            (Some(Until::Length(length)), _) => Some(length),
            (Some(Until::Count(count)), Some(length)) => Some(length * f64::from(count)),
            (None, length) => length,
            _ => None,
        };
        if let Some(length) = sounds_s.filter(|length| fade_in_s + fade_out_s > *length)
            && let Some(node) = longest_fade(table, fade_in_s, fade_out_s)
        {
            let label = format!("expected fades of at most {length} s together, found {} s", fade_in_s + fade_out_s);
            self.error("fades", "the fades are longer than their clip".into(), &node.span, label);
        }
        let gain = table.get("gain_points");
        let gain = gain.and_then(|node| self.points_of(node, &CLIP_GAIN_MOVES, lanes::Times::Own));
        let crossfade_s = self.maybe(table, &CROSSFADE).unwrap_or(0.0);
        let crossfade_shape = self.maybe(table, &CROSSFADE_SHAPE).unwrap_or(0.0);
        Some(Clip {
            audio: audio?,
            start_s,
            start_written,
            offset_s,
            length_s,
            reverse: self.maybe(table, &REVERSE) == Some(1.0),
            repeat,
            gain_db,
            gain: gain.unwrap_or_default(),
            fade_in_s,
            fade_out_s,
            fade_in_shape,
            fade_out_shape,
            crossfade_s,
            crossfade_shape: CrossfadeShape::ALL[crossfade_shape as usize],
            mute: self.maybe(table, &CLIP_MUTE) == Some(1.0),
            window: table.get("window").and_then(|node| self.window(node)),
        })
    }

    /// How often it plays.
    fn repeat(&mut self, table: &Table, offset_s: f64, length_s: Option<f64>) -> Option<Repeat> {
        let (count, length) = (table.get(LOOP_COUNT.id), table.get(LOOP_LENGTH.id));
        if let (Some(_), Some(node)) = (count, length) {
            let label = "expected either a count or a length, found both".to_string();
            let message = "the clip says twice how long it is repeated".into();
            let help = "take `loop_count` or `loop_length_s` out".to_owned();
            self.error_with_help("loop", message, (&node.span, label), Some(help));
        }
        let until = match (self.maybe(table, &LOOP_COUNT), self.maybe(table, &LOOP_LENGTH)) {
            (Some(count), _) => Some(Until::Count(count as u32)),
            (None, Some(length)) => Some(Until::Length(length)),
            (None, None) => None,
        };
        let crossfade = table.get(LOOP_CROSSFADE.id);
        let crossfade_s = self.maybe(table, &LOOP_CROSSFADE).unwrap_or(0.0);
        let Some(node) = crossfade else { return until.map(|until| Repeat { until, crossfade_s }) };
        if count.or(length).is_none() {
            let label = "expected no cross-fade without a loop, found one".to_string();
            let help = Some("add `loop_count` or `loop_length_s`".to_string());
            self.error_with_help("loop", "the clip is not repeated".into(), (&node.span, label), help);
        } else if table.get(REVERSE.id).is_none() && crossfade_s > offset_s {
            let label = format!("expected at most {offset_s} s, found {crossfade_s} s");
            let help = Some("it plays what comes before the stretch: `offset_s` is at least as long".to_string());
            self.error_with_help("loop", "the cross-fade has nothing to play".into(), (&node.span, label), help);
        } else if length_s.is_some_and(|length| crossfade_s > length) {
            let label = format!("expected at most {} s, found {crossfade_s} s", length_s.unwrap_or_default());
            self.error("loop", "the cross-fade is longer than the loop".into(), &node.span, label);
        }
        until.map(|until| Repeat { until, crossfade_s })
    }

    fn window(&mut self, node: &Node) -> Option<Window> {
        let table = self.table("track.clip.window", node)?;
        self.known("a window", table, &WINDOW.iter().map(|key| key.id).collect::<Vec<_>>());
        let [from, until, fade_in, fade_out] = &WINDOW_NUMBERS;
        let from_s = self.maybe(table, from).unwrap_or(0.0);
        let until_s = self.maybe(table, until);
        let fade_in_s = self.maybe(table, fade_in).unwrap_or(0.0);
        let fade_out_s = self.maybe(table, fade_out).unwrap_or(0.0);
        let [fade_in_shape, fade_out_shape] = [&WINDOW_SHAPES[0], &WINDOW_SHAPES[1]]
            .map(|spec| CrossfadeShape::ALL[self.maybe(table, spec).unwrap_or(0.0) as usize]);
        if let Some(node) = table.get(until.id).filter(|_| until_s.is_some_and(|until| until <= from_s)) {
            let label = format!("expected a time after {from_s} s, found {} s", until_s.unwrap_or_default());
            self.error("times", "the window ends before it begins".into(), &node.span, label);
        }
        if let Some(node) = table.get(fade_out.id).filter(|_| until_s.is_none() && fade_out_s > 0.0) {
            let label = "expected no fade without `until_s`, found one".to_string();
            let help = Some("a clip that plays to its end has `fade_out_s` of its own".to_string());
            self.error_with_help("fades", "the window has no end to fade".into(), (&node.span, label), help);
        }
        Some(Window { from_s, until_s, fade_in_s, fade_out_s, fade_in_shape, fade_out_shape })
    }

    /// Whether everything that takes over has something to take over from. Clips in the order of their starts.
    pub(super) fn check_crossfades(&mut self, clips: &[(Clip, &Table)]) {
        for (place, (clip, table)) in clips.iter().enumerate() {
            let Some(node) = table.get(CROSSFADE.id).filter(|_| clip.crossfade_s > 0.0) else { continue };
            let before = place.checked_sub(1).map(|before| &clips[before].0);
            let (why, help) = match before {
                None => ("no clip of the track starts before it", "give it a `fade_in_s`"),
                Some(_) if clip.fade_in_s > 0.0 => ("it also fades in", "take its `fade_in_s` out"),
                Some(b) if b.fade_out_s > 0.0 => {
                    ("the clip before it also fades out", "take that one's `fade_out_s` out")
                }
                Some(b) if b.start_s >= clip.start_s => ("the clip before it starts with it", "start it later"),
                _ => continue,
            };
            let label = format!("expected a clip to take over from, but {why}");
            let message = "the clip cannot cross-fade".to_string();
            self.error_with_help("fades", message, (&node.span, label), Some(help.to_string()));
        }
    }
}

fn longest_fade(table: &Table, fade_in: f64, fade_out: f64) -> Option<&Node> {
    table.get(if fade_in > fade_out { "fade_in_s" } else { "fade_out_s" })
}
