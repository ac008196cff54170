//! The rules of the Red Book, as named findings with remedies.

use tonmeister_core::Diagnostic;

use super::{
    Disc, FIRST_PAUSE, LAST_ADDRESS, MOST_INDEXES, MOST_TRACKS, PRACTICAL_END, SHORTEST_TRACK, Sectors, Track,
};

impl Disc {
    /// Whether the disc keeps the rules. An error means that it must not be written; a warning, that a plant or a player
    /// may refuse or misread it.
    ///
    /// The limits are those of IEC 60908 as plants and independent writers keep them; that a track is measured from its
    /// index 1 to the next one's was found out on `cue2ddp` by the black-box experiments of ddp-reverse-eng (`spec/ddp2.md`,
    /// sections 8 and N2). The practical 79:57 stands in pressing guides.
    #[must_use]
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.check_extent(&mut found);
        let mut last = Sectors(0);
        for (place, track) in self.tracks.iter().enumerate() {
            check_track(self, place, track, &mut last, &mut found);
        }
        if !self.tracks.is_empty() && self.end <= last {
            let message = format!("the lead-out stands at {}, not behind the last index at {last}", self.end);
            found.push(Diagnostic::error("lead-out-order", message).help("give the disc's whole length"));
        }
        self.check_codes(&mut found);
        found
    }

    fn check_extent(&self, found: &mut Vec<Diagnostic>) {
        if self.tracks.is_empty() {
            found.push(Diagnostic::error("no-tracks", "the disc has no track").help("a disc has 1 to 99 tracks"));
        }
        if self.tracks.len() > MOST_TRACKS {
            let message = format!("the disc has {} tracks; {MOST_TRACKS} can be addressed", self.tracks.len());
            let help = "join tracks and mark the places inside by indexes, or make two discs";
            found.push(Diagnostic::error("too-many-tracks", message).help(help));
        }
        if self.end > LAST_ADDRESS {
            let message = format!("the program ends at {}; addresses end at {LAST_ADDRESS}", self.end);
            found.push(Diagnostic::error("disc-too-long", message).help("leave songs out, or make two discs"));
        } else if self.end > PRACTICAL_END {
            let message =
                format!("the program ends at {}; plants press up to {PRACTICAL_END} without asking", self.end);
            let help = "ask the plant whether it takes a longer disc, shorten the pauses, or leave a song out";
            found.push(Diagnostic::warning("disc-long", message).help(help));
        }
    }

    fn check_codes(&self, found: &mut Vec<Diagnostic>) {
        let mut with_code = self.tracks.iter().enumerate().filter_map(|(n, t)| Some((n + 1, t.isrc?)));
        let mut seen: Vec<(usize, tonmeister_core::codes::Isrc)> = Vec::new();
        for (number, code) in with_code.by_ref() {
            if let Some((first, _)) = seen.iter().find(|(_, other)| *other == code) {
                let message = format!("tracks {first} and {number} both have the ISRC {}", code.hyphenated());
                let help =
                    "an ISRC belongs to one recording; give the other track its own code, unless both play the same";
                found.push(Diagnostic::warning("isrc-repeated", message).help(help));
            }
            seen.push((number, code));
        }
        if !seen.is_empty() && seen.len() < self.tracks.len() {
            let without: Vec<String> = (1..=self.tracks.len())
                .filter(|n| seen.iter().all(|(number, _)| number != n))
                .map(|n| n.to_string())
                .collect();
            let message = format!("no ISRC on track {}, though others have one", without.join(", "));
            found.push(
                Diagnostic::warning("isrc-missing", message).help("add the missing codes, or release without any"),
            );
        }
    }
}

fn check_track(disc: &Disc, place: usize, track: &Track, last: &mut Sectors, found: &mut Vec<Diagnostic>) {
    let number = place + 1;
    if track.indexes.is_empty() {
        let message = format!("track {number} has no index 1");
        found.push(Diagnostic::error("index-missing", message).help("say where the track begins"));
        return;
    }
    if track.indexes.len() > MOST_INDEXES {
        let message = format!("track {number} has {} indexes; 99 can be addressed", track.indexes.len());
        found.push(Diagnostic::error("too-many-indexes", message).help("leave out indexes, or split the track"));
    }
    // A pause may begin where the track before it ends; each index stands behind the one before it.
    let points = track.pause.into_iter().chain(track.indexes.iter().copied());
    for (nth, point) in points.enumerate() {
        let index = nth + usize::from(track.pause.is_none());
        let first_point = place == 0 && nth == 0;
        if point <= *last && !first_point {
            let message = format!("index {index} of track {number} stands at {point}, not behind {last} before it");
            let help = "put indexes in rising order, at least one sector (1/75 s) apart";
            found.push(Diagnostic::error("index-order", message).help(help));
        }
        *last = (*last).max(point);
    }
    if place == 0 {
        if track.begin() != Sectors(0) {
            let message = format!("track 1 begins at {}; the program begins with it at 00:00:00", track.begin());
            found.push(Diagnostic::error("first-begin", message).help("give track 1 an index 0 at 00:00:00"));
        }
        if track.start() < FIRST_PAUSE {
            let message = format!("the pause before track 1 lasts {}; it must last 00:02:00 or more", track.start());
            let help = "put two seconds of silence before the first song";
            found.push(Diagnostic::error("first-pause-short", message).help(help));
        }
    }
    let end_is_known = disc.tracks.get(number).is_none_or(|next| !next.indexes.is_empty());
    let length = disc.length(number).unwrap_or_default();
    if end_is_known && length < SHORTEST_TRACK {
        let message = format!("track {number} lasts {length}; a track must last 00:04:00 or more");
        let help = "join it with a neighbor and mark the place by an index, or add silence";
        found.push(Diagnostic::error("track-short", message).help(help));
    }
    if track.flags.four_channel {
        let message = format!("track {number} is flagged as four channels, which no player has");
        found.push(Diagnostic::warning("four-channel", message).help("take the flag 4CH away"));
    }
    if track.flags.pre_emphasis {
        let message = format!("track {number} is flagged as pre-emphasized: players cut its treble (50/15 µs)");
        let help = "keep the flag PRE only if the audio was recorded with pre-emphasis; today's is not";
        found.push(Diagnostic::warning("pre-emphasis", message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Copy, Flags};
    use super::*;

    fn disc() -> Disc {
        Disc::of_lengths(&[(Sectors(0), 588 * 4500), (Sectors(150), 588 * 9000), (Sectors(0), 588 * 300)])
    }

    fn codes(disc: &Disc) -> Vec<&'static str> {
        let found = disc.check();
        assert!(found.iter().all(|f| f.help.is_some()), "every finding has a remedy");
        found.into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_disc_in_order_has_nothing_to_say() {
        let disc = disc();
        assert_eq!(codes(&disc), [""; 0]);
        assert_eq!(disc.tracks[0].pause, Some(Sectors(0)));
        assert_eq!(disc.tracks[1].pause, Some(Sectors(4650)));
        assert_eq!(disc.track(1), Some(Sectors(150)..Sectors(4650)));
        assert_eq!(disc.track_to_next(1), Some(Sectors(150)..Sectors(4800)));
        assert_eq!(disc.hidden(), None);
        assert_eq!(disc.track(0), None);
        assert_eq!(disc.track(4), None);
    }

    #[test]
    fn every_rule_is_kept_on_either_side_of_its_limit() {
        let with = |change: fn(&mut Disc)| {
            let mut disc = disc();
            change(&mut disc);
            codes(&disc)
        };
        assert_eq!(with(|d| d.tracks.clear()), ["no-tracks"]);
        assert_eq!(with(|d| d.end = PRACTICAL_END), [""; 0]);
        assert_eq!(with(|d| d.end = PRACTICAL_END + Sectors(1)), ["disc-long"]);
        assert_eq!(with(|d| d.end = LAST_ADDRESS), ["disc-long"]);
        assert_eq!(with(|d| d.end = LAST_ADDRESS + Sectors(1)), ["disc-too-long"]);
        assert_eq!(with(|d| d.end = d.end - Sectors(1)), ["track-short"]);
        assert_eq!(with(|d| d.end = d.tracks[2].start()), ["track-short", "lead-out-order"]);
        assert_eq!(with(|d| d.tracks[0].indexes[0] = Sectors(149)), ["first-pause-short"]);
        assert_eq!(with(|d| d.tracks[0].pause = Some(Sectors(1))), ["first-begin"]);
        assert_eq!(with(|d| d.tracks[0].pause = None), ["first-begin"]);
        assert_eq!(with(|d| d.tracks[1].indexes.clear()), ["index-missing"]);
        assert_eq!(with(|d| d.tracks[1].pause = Some(Sectors(150))), ["index-order"]);
        assert_eq!(with(|d| d.tracks[1].pause = Some(Sectors(151))), [""; 0]);
        assert_eq!(with(|d| d.tracks[1].indexes.push(Sectors(4801))), [""; 0]);
        assert_eq!(with(|d| d.tracks[1].indexes.push(Sectors(4800))), ["index-order"]);
        assert_eq!(with(|d| d.tracks[1].indexes = (0..99).map(|i| Sectors(4800 + i)).collect()), [""; 0]);
        assert_eq!(with(|d| d.tracks[1].indexes = (0..100).map(|i| Sectors(4800 + i)).collect()), ["too-many-indexes"]);
        assert_eq!(with(|d| d.tracks[1].flags.pre_emphasis = true), ["pre-emphasis"]);
        assert_eq!(with(|d| d.tracks[1].flags.four_channel = true), ["four-channel"]);
        assert_eq!(with(|d| d.tracks[1].flags.copy = Copy::Once), [""; 0]);
        assert_eq!(with(|d| d.tracks[0].isrc = "USABC1234567".parse().ok()), ["isrc-missing"]);
        let same = |d: &mut Disc| d.tracks.iter_mut().for_each(|t| t.isrc = "USABC1234567".parse().ok());
        assert_eq!(with(same), ["isrc-repeated", "isrc-repeated"]);
        let many = |n: usize| Disc::of_lengths(&vec![(Sectors(0), 588 * 300); n]);
        assert_eq!(codes(&many(99)), [""; 0]);
        assert_eq!(codes(&many(100)), ["too-many-tracks"]);
    }

    #[test]
    fn a_long_first_pause_may_hide_a_song() {
        let disc = Disc::of_lengths(&[(Sectors(9000), 588 * 4500)]);
        assert_eq!(codes(&disc), [""; 0]);
        assert_eq!(disc.hidden(), Some(Sectors(0)..Sectors(9000)));
    }

    #[test]
    fn flags_become_the_control_nibble() {
        let flags = Flags { pre_emphasis: true, copy: Copy::Permitted, four_channel: true };
        assert_eq!((flags.control(), flags.words()), (0xB, vec!["PRE", "DCP", "4CH"]));
        let once = Flags { copy: Copy::Once, ..Flags::default() };
        assert_eq!((once.control(), once.words()), (0, vec!["SCMS"]));
    }
}
