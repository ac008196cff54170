//! The timeline of both songs: tempo, meter, markers and ranges.

use std::collections::HashSet;

use super::words::{clock, number};
use super::{About, Pair};
use crate::model::{Marker, Meter, Range, Tempo};

impl Pair<'_> {
    pub(super) fn timeline(&mut self) {
        let (a, b) = (self.before, self.after);
        let tempo = |tempo: &Tempo| {
            let ramp = tempo.ramp_to_bpm.map_or(String::new(), |to| format!(", then to {}", number(to)));
            format!("{} BPM at {}{ramp}", number(tempo.bpm), clock(tempo.at_s))
        };
        let meter = |meter: &Meter| format!("{} from bar {} on", meter.signature, meter.bar);
        // What a marker or range is called tells it; where it is, how it changed.
        let marker = |marker: &Marker| format!("`{}` at {}", marker.id, clock(marker.at_s));
        let range = |range: &Range| format!("`{}`, {} to {}", range.id, clock(range.from_s), clock(range.to_s));
        self.list("tempo", 3.0, (&a.tempos, &b.tempos), tempo);
        self.list("meter", 0.0, (&a.meters, &b.meters), meter);
        self.list("marker", 0.0, (&a.markers, &b.markers), marker);
        self.list("range", 0.0, (&a.ranges, &b.ranges), range);
    }

    /// One sentence for each that came or went; one for all that are written otherwise.
    fn list<T: PartialEq>(&mut self, what: &str, weight: f64, (a, b): (&[T], &[T]), said: impl Fn(&T) -> String) {
        if a == b {
            return;
        }
        let address = format!("song/{what}");
        let (before, after): (Vec<String>, Vec<String>) = (a.iter().map(&said).collect(), b.iter().map(said).collect());
        let (old, new): (HashSet<&String>, HashSet<&String>) = (before.iter().collect(), after.iter().collect());
        let count = self.found.len();
        for gone in before.iter().filter(|one| !new.contains(one)) {
            self.add(About::Song, &address, weight, format!("{what} taken out: {gone}"));
        }
        for come in after.iter().filter(|one| !old.contains(one)) {
            self.add(About::Song, &address, weight, format!("{what} added: {come}"));
        }
        if self.found.len() == count {
            self.add(About::Song, &address, 0.0, format!("{what}s named, placed or ordered otherwise"));
        }
    }
}
