//! The timeline: tempo, meter, markers and ranges, and places that are written as seconds or as bar and beat.

use tonmeister_core::ParamSpec;

use super::Reader;
use crate::keys::{
    AT, BPM, FROM, Key, MARKER, MAX_MARKERS, MAX_TEMPOS, METER, METER_BAR, RAMP, RANGE, TEMPO, TEMPO_CHANGE, TO,
};
use crate::model::{Marker, Meter, Range, Song, Tempo};
use crate::time::{BarBeat, Signature, TempoMap};
use crate::tree::{Kind, Node, Table, shortened};

/// A time, and the bar and beat that it was written as.
pub(super) type Place = (f64, Option<BarBeat>);

fn ids(keys: &[Key]) -> Vec<&'static str> {
    keys.iter().map(|key| key.id).collect()
}

impl Reader<'_> {
    /// Reads the clock before everything that is placed by it.
    pub(super) fn timeline(&mut self, tree: &Table, song: &mut Song) {
        song.meters = tree.get("meter").map_or_else(Vec::new, |node| self.meters(node));
        (self.tempo, _) = TempoMap::new(song.tempo_bpm, &[], &song.meters);
        if let Some(node) = tree.get("tempo") {
            let whole = tree.get("song").and_then(Node::table).and_then(|table| table.get(TEMPO.id));
            self.tempos(node, whole, song);
        }
        song.markers = tree.get("marker").map_or_else(Vec::new, |node| self.markers(node));
        song.ranges = tree.get("range").map_or_else(Vec::new, |node| self.ranges(node));
    }

    fn meters(&mut self, node: &Node) -> Vec<Meter> {
        let mut meters: Vec<Meter> = Vec::new();
        for table in self.tables("meter", node, MAX_TEMPOS) {
            self.known("a meter", table, &ids(METER));
            let bar = self.required("this meter", table, &METER[0]);
            let bar = bar.and_then(|node| Some((node, self.param(&METER_BAR, node)? as u32)));
            let signature = self.required("this meter", table, &METER[1]);
            let signature = signature.and_then(|node| self.signature(node));
            let Some(((node, bar), signature)) = bar.zip(signature) else { continue };
            if let Some(last) = meters.last().filter(|last| last.bar >= bar) {
                let label = format!("expected a bar after {}, found {bar}", last.bar);
                self.error("times", "the bars of the meters do not rise".into(), &node.span, label);
                continue;
            }
            meters.push(Meter { bar, signature });
        }
        meters
    }

    fn signature(&mut self, node: &Node) -> Option<Signature> {
        let text = self.text("signature", node)?;
        let signature = text.parse().ok();
        if signature.is_none() {
            let label = format!("expected a time signature such as \"6/8\", found \"{}\"", shortened(text));
            let parts: Vec<String> = Signature::PARTS.iter().map(u16::to_string).collect();
            let help = format!("1 to {} beats, each one of these: {}", Signature::MAX_BEATS, parts.join(", "));
            let message = format!("`signature` cannot be \"{}\"", shortened(text));
            self.error_with_help("no-signature", message, (&node.span, label), Some(help));
        }
        signature
    }

    /// The changes of the tempo; the map follows from them.
    fn tempos(&mut self, node: &Node, whole: Option<&Node>, song: &mut Song) {
        let mut read: Vec<(Tempo, &Node, Option<&Node>)> = Vec::new();
        for table in self.tables("tempo", node, MAX_TEMPOS) {
            self.known("a tempo", table, &ids(TEMPO_CHANGE));
            let at = self.required("this tempo", table, &TEMPO_CHANGE[0]);
            // Only where the bar is can be told yet, not when.
            let at = at.and_then(|node| Some((node, self.place_unresolved(&AT, node)?)));
            let bpm = self.required("this tempo", table, &TEMPO_CHANGE[1]).and_then(|node| self.param(&BPM, node));
            let ramp = table.get(RAMP.id);
            let ramp_to_bpm = ramp.and_then(|node| self.param(&RAMP, node));
            if let Some(((node, (at_s, written)), bpm)) = at.zip(bpm) {
                read.push((Tempo { at_s, written, bpm, ramp_to_bpm }, node, ramp));
            }
        }
        let changes: Vec<Tempo> = read.iter().map(|(tempo, ..)| *tempo).collect();
        let (map, places) = TempoMap::new(song.tempo_bpm, &changes, &song.meters);
        let mut last = None;
        for ((tempo, node, _), at_s) in read.iter_mut().zip(places) {
            tempo.at_s = at_s;
            if let Some(last) = last.filter(|last| *last >= at_s) {
                let label = format!("expected a time after {last} s, found {at_s} s");
                self.error("times", "the times of the tempos do not rise".into(), &node.span, label);
                return;
            }
            last = Some(at_s);
        }
        if let Some((_, _, Some(node))) = read.last() {
            let label = "expected no ramp behind the last change, found one".to_string();
            let help = Some("add the `[[tempo]]` that the ramp leads to".to_string());
            self.error_with_help("ramp", "the ramp leads nowhere".into(), (&node.span, label), help);
        }
        if let Some((first, ..)) = read.first().filter(|(tempo, ..)| tempo.at_s == 0.0) {
            if let Some(node) = whole {
                let label = "expected the tempo of the start once, found it a second time".to_string();
                let help = Some("take this out, or move the first `[[tempo]]` behind the start".to_string());
                let message = "the song starts with two tempos".to_string();
                self.error_with_help("tempo", message, (&node.span, label), help);
            }
            song.tempo_bpm = first.bpm;
        }
        song.tempos = read.into_iter().map(|(tempo, ..)| tempo).collect();
        self.tempo_bpm = song.tempo_bpm;
        self.tempo = map;
    }

    fn markers(&mut self, node: &Node) -> Vec<Marker> {
        let mut markers: Vec<Marker> = Vec::new();
        for table in self.tables("marker", node, MAX_MARKERS) {
            self.known("a marker", table, &ids(MARKER));
            let taken = |id: &str| markers.iter().any(|marker| marker.id == id);
            let id = self.named("marker", table, &MARKER[0], taken);
            let at = self.required("this marker", table, &MARKER[1]).and_then(|node| self.place(&AT, node));
            let name = table.get("name").and_then(|node| self.text("name", node)).unwrap_or_default().to_owned();
            if let Some((id, (at_s, written))) = id.zip(at) {
                markers.push(Marker { id, at_s, written, name });
            }
        }
        markers
    }

    fn ranges(&mut self, node: &Node) -> Vec<Range> {
        let mut ranges: Vec<Range> = Vec::new();
        for table in self.tables("range", node, MAX_MARKERS) {
            self.known("a range", table, &ids(RANGE));
            let taken = |id: &str| ranges.iter().any(|range| range.id == id);
            let id = self.named("range", table, &RANGE[0], taken);
            let from = self.required("this range", table, &RANGE[1]).and_then(|node| self.place(&FROM, node));
            let end = self.required("this range", table, &RANGE[2]);
            let to = end.and_then(|node| self.place(&TO, node));
            let Some(((id, (from_s, from_written)), (to_s, to_written))) = id.zip(from).zip(to) else { continue };
            if let Some(node) = end.filter(|_| to_s <= from_s) {
                let label = format!("expected a time after {from_s} s, found {to_s} s");
                let message = format!("the range `{id}` ends before it begins");
                self.error("times", message, &node.span, label);
                continue;
            }
            ranges.push(Range { id, from_s, from_written, to_s, to_written });
        }
        ranges
    }

    /// An id that no other table of the list has.
    fn named(&mut self, what: &str, table: &Table, key: &Key, taken: impl Fn(&str) -> bool) -> Option<String> {
        let node = self.required(&format!("this {what}"), table, key)?;
        let id = self.id(node, &[])?;
        if taken(id) {
            let label = format!("expected an id of its own, found that of a {what} above");
            self.error("duplicate-id", format!("the id \"{id}\" is taken"), &node.span, label);
            return None;
        }
        Some(id.to_owned())
    }

    /// A time on the timeline.
    pub(super) fn place(&mut self, spec: &'static ParamSpec, node: &Node) -> Option<Place> {
        let (seconds, written) = self.place_unresolved(spec, node)?;
        let Some(place) = written else { return Some((seconds, None)) };
        // Whether there is such a beat was told.
        let seconds = self.tempo.seconds_of(place).ok()?;
        if spec.check(seconds).is_err() {
            let label = format!("expected {}, found {seconds} s", spec.expected());
            let message = format!("`{}` cannot be \"{place}\"", spec.id);
            self.error("out-of-range", message, &node.span, label);
            return None;
        }
        Some((seconds, written))
    }

    /// The same; a bar and beat has no seconds yet, but it is one that the meter has.
    fn place_unresolved(&mut self, spec: &'static ParamSpec, node: &Node) -> Option<Place> {
        let Kind::Text(text) = &node.kind else {
            return self.param(spec, node).map(|seconds| (seconds, None));
        };
        let Ok(place) = text.parse::<BarBeat>() else {
            let help = self.note_help(spec, node).or_else(|| place_help(text));
            let label = format!("expected seconds or {}, found \"{}\"", BarBeat::EXPECTED, shortened(text));
            let message = format!("`{}` cannot be \"{}\"", spec.id, shortened(text));
            self.error_with_help("no-place", message, (&node.span, label), help);
            return None;
        };
        if let Err(why) = self.tempo.check(place) {
            let label = format!("expected a beat of the bar, found \"{place}\"");
            let message = format!("there is no \"{place}\": {why}");
            self.error("no-place", message, &node.span, label);
            return None;
        }
        Some((0.0, Some(place)))
    }
}

/// The bar and beat that a text may have meant, or its seconds.
fn place_help(text: &str) -> Option<String> {
    if let Ok(seconds) = text.trim().trim_end_matches(['s', ' ']).parse::<f64>()
        && text.trim().ends_with('s')
    {
        return Some(format!("write it without quotes: {seconds}"));
    }
    let parts: Vec<u32> = text.split(['.', ':', '|', ' ']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let place = match parts.as_slice() {
        [bar] => format!("{bar}|1"),
        [bar, beat] => format!("{bar}|{beat}"),
        [bar, beat, tick] => format!("{bar}|{beat}|{tick}"),
        _ => return None,
    };
    let place: BarBeat = place.parse().ok()?;
    Some(format!("a bar and beat is written \"{place}\""))
}
